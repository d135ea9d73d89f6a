//! The `result.json` of a release: what reports are made of and other programs read. Fields are only ever added.

use serde::{Deserialize, Serialize};

use crate::verdict::{Ending, Finding, Status, Verdict};

/// The value of `schema`.
pub const SCHEMA: &str = "mnload.release";
/// The value of `schema_version`: a field more is a new minor, a field less or another meaning a new major.
pub const SCHEMA_VERSION: &str = "1.0.0";

/// A whole release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseResult {
    /// Always `mnload.release`.
    pub schema: String,
    /// Semantic version of this shape.
    pub schema_version: String,
    /// The version of mnload.
    pub mnload_version: String,
    /// What is released.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The release file, as it was named.
    pub file: String,
    /// This run's own id, which commands get as `MNLOAD_RUN_ID`.
    pub run_id: String,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// pass, fail or inconclusive.
    pub verdict: Verdict,
    /// Whether the release may go: every gate was asked for, and the verdict is pass.
    pub go: bool,
    /// What the process exits with.
    pub exit_code: u8,
    /// Why it is no go; or what a go stands on.
    pub reasons: Vec<String>,
    /// One for each item, in order; then one more if what is released changed in mid-run.
    pub findings: Vec<Finding>,
    /// What is released; none without a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitResult>,
    /// Which gates and items were asked for, as on the command line; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked_for: String,
    /// The gates, in order.
    pub gates: Vec<GateResult>,
    /// Who answers for what.
    pub roles: Vec<RoleResult>,
    /// The command that repeats it.
    pub command: String,
    /// completed, interrupted or terminated; killed while it is still going on, and for ever if it was killed.
    pub ending: Ending,
    /// What went wrong beside the items, and changes no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The state of the repository that is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CommitResult {
    /// The commit.
    pub id: String,
    /// Whether the working tree differs from it.
    pub changed: bool,
    /// A hash of the commit and of all that differs from it: what sign-offs are for.
    pub tree: String,
    /// The tags of the commit.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A role and its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoleResult {
    /// The name that `owners` uses.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What it answers for.
    pub duty: String,
    /// Who may sign for it; empty if anybody may.
    pub people: Vec<String>,
    /// Whether the file lists people and the list came out empty, so that anybody may sign.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub names_nobody: bool,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GateResult {
    /// Its short name.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Why it is there.
    pub rationale: String,
    /// pass, fail or inconclusive, from its items alone; none if none of them was asked for.
    pub verdict: Option<Verdict>,
    /// Its items, in order.
    pub items: Vec<ItemResult>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ItemResult {
    /// Its short name.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Who answers for it: names of roles.
    pub owners: Vec<String>,
    /// Why it is there.
    pub rationale: String,
    /// How it came out.
    pub status: Status,
    /// Why it is no pass, or why it was not done; one sentence each, the most important first.
    pub reasons: Vec<String>,
    /// Whether it decides nothing.
    #[serde(default)]
    pub warn: bool,
    /// Whether it is a step of the rollback drill.
    #[serde(default)]
    pub drill: bool,
    /// When it started (RFC 3339, UTC); none if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// What was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandResult>,
    /// What was read.
    pub evidence: Vec<EvidenceResult>,
    /// What was compared.
    pub checks: Vec<CheckResult>,
    /// What a person had to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualResult>,
    /// The id of the earlier run that it passed in, if it was not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<String>,
    /// A hash of all that its outcome depends on; empty if that cannot be told.
    #[serde(default)]
    pub inputs: String,
    /// A hash of the files that were read as evidence, as they were then; empty if none were.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence_hash: String,
    /// The command that repeats this item alone.
    pub repeat: String,
    /// Files and folders that it leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
}

/// A command and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CommandResult {
    /// The command as a person would type it, without secrets.
    pub text: String,
    /// Where it ran.
    pub dir: String,
    /// What it exited with; none if it did not exit by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Whether it was ended because it took too long.
    #[serde(default)]
    pub timed_out: bool,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// The end of what it printed, both streams by themselves, without secrets.
    pub stdout: OutputResult,
    /// The end of what it complained about.
    pub stderr: OutputResult,
    /// What is worth knowing of how it ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a command printed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OutputResult {
    /// How much it was.
    pub bytes: u64,
    /// Its last lines.
    pub tail: String,
    /// The file in the run folder that holds all that was kept of it; none if it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether it was longer than what is kept.
    #[serde(default)]
    pub cut: bool,
}

/// What one reader found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EvidenceResult {
    /// The reader: coverage, tests, vulnerabilities, …
    pub reader: String,
    /// What was read.
    pub sources: Vec<EvidenceSource>,
    /// What it says.
    pub figures: Vec<FigureResult>,
    /// Why it says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What it says that must not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// What is worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A file, an output or an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EvidenceSource {
    /// Its path, `stdout`, or a URL.
    pub name: String,
    /// SHA-256 of what was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When it was made (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FigureResult {
    /// What it is called.
    pub name: String,
    /// With its unit, for people.
    pub text: String,
    /// As a number: a count, a share from 0 to 1, seconds, bytes; none of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckResult {
    /// What was wanted.
    pub wanted: String,
    /// What was found; none if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// pass, fail or no_data.
    pub status: Status,
}

/// What a person had to confirm, and who did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ManualResult {
    /// What is to be confirmed.
    pub ask: String,
    /// Who did; none if nobody did for this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignOff>,
    /// A sign-off that does not hold: for another state, or by somebody who may not sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<SignOff>,
}

/// A confirmation by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignOff {
    /// The item.
    pub item: String,
    /// Who confirms.
    pub by: String,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// The commit that it is for.
    pub commit: String,
    /// The hash of that commit and of what differed from it: it holds for nothing else.
    pub tree: String,
    /// A hash of what was asked, in which the facts of a run are left blank: it holds for no other question.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
    /// What the person adds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
