//! The `result.json` of an exploration: what reports are made of and other programs read. Fields are only ever added.

use serde::{Deserialize, Serialize};

use super::point::Point;
use crate::compare::MachineFacts;
use crate::verdict::{Ending, Finding, Verdict};

/// The value of `schema`.
pub const SCHEMA: &str = "mnload.exploration";
/// The value of `schema_version`: a field more is a new minor, a field less or another meaning a new major.
pub const SCHEMA_VERSION: &str = "1.0.0";

/// A whole exploration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExplorationResult {
    /// Always `mnload.exploration`.
    pub schema: String,
    /// Semantic version of this shape.
    pub schema_version: String,
    /// The version of mnload.
    pub mnload_version: String,
    /// What was explored.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The scenario file, as it was named.
    pub file: String,
    /// Where requests went.
    pub base_url: String,
    /// A hash of what was sent: two explorations that share it can be compared.
    pub scenario_hash: String,
    /// The effective scenario as text, without secrets.
    pub scenario: String,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// pass, fail or inconclusive.
    pub verdict: Verdict,
    /// What the process exits with.
    pub exit_code: u8,
    /// What came out, in sentences, the most important first.
    pub reasons: Vec<String>,
    /// What the verdict follows from.
    pub findings: Vec<Finding>,
    /// What was asked for.
    pub asked: Asked,
    /// What came out.
    pub capacity: Capacity,
    /// What of all that was allowed was used up before enough was known; none if that is not why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_up: Option<UsedUp>,
    /// Where more load begins to cost more than it brings; none if it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<Knee>,
    /// How throughput goes with concurrency; none where no such law describes the points well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalability: Option<Scalability>,
    /// Every rate that was tried, in the order of time.
    pub points: Vec<Point>,
    /// Requests that were sent in all, between two rates as well; those of setup and teardown at the most that they can be.
    pub requests: u64,
    /// The machine that sent.
    pub machine: MachineFacts,
    /// The command that repeats it.
    pub command: String,
    /// completed, interrupted or terminated; killed while it is still going on, and for ever if it was killed.
    pub ending: Ending,
    /// What went wrong beside the load, and changes no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Asked {
    /// The first rate, in journeys per second.
    pub from_per_s: f64,
    /// The highest rate that may be tried.
    pub to_per_s: f64,
    /// How far the ends of the interval may be from the capacity, as a share of it.
    pub precision: f64,
    /// How long it may take, in seconds.
    pub budget_s: f64,
    /// How many requests may be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_requests: Option<u64>,
    /// The pauses of a journey at their longest, together, in seconds.
    #[serde(default)]
    pub pauses_s: f64,
    /// The most requests of a journey, if none is tried again.
    #[serde(default)]
    pub requests_per_journey: u64,
    /// The gates that must hold, as written, by name.
    pub gates: Vec<(String, String)>,
    /// Gates that were left out, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<(String, String)>,
}

/// The highest rate at which the gates hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Capacity {
    /// Journeys per second; none if only its ends, or one of them, are known.
    pub per_s: Option<f64>,
    /// No lower than this, with `confidence`; none if no rate is known for sure to hold.
    pub low_per_s: Option<f64>,
    /// No higher than this; none if no rate that was tried broke a gate through the target's own doing.
    pub high_per_s: Option<f64>,
    /// The share of such intervals that hold the true capacity.
    pub confidence: f64,
    /// How far the ends are from `per_s`, as a share of it; none without it.
    pub precision: Option<f64>,
    /// What the limit is.
    pub limited_by: LimitedBy,
    /// The gate that is broken first; none if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// Requests per second at that rate; none without `per_s`.
    pub requests_per_s: Option<f64>,
}

/// What keeps the rate from being higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// The target: beyond it a gate is broken, or journeys pile up.
    Target,
    /// The target refuses what is beyond it, with status 429 or 503.
    Refusal,
    /// The generator: what the target would bear is not known.
    Generator,
    /// The highest rate that may be tried.
    Range,
    /// None that was found: time or requests were used up before that, or it ended for what the reasons say.
    Budget,
}

/// What nothing more could be tried for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsedUp {
    /// The time of the budget.
    Time,
    /// The requests that may be sent.
    Requests,
}

/// Where more load begins to cost more than it brings: the rate with the highest ratio of rate to mean response time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Knee {
    /// Journeys per second.
    pub per_s: f64,
    /// The next lower rate that was tried.
    pub low_per_s: f64,
    /// The next higher one.
    pub high_per_s: f64,
}

/// The Universal Scalability Law: throughput at a concurrency of `n` is `gamma n / (1 + alpha (n - 1) + beta n (n - 1))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scalability {
    /// Requests per second of one at a time.
    pub gamma: f64,
    /// The share that cannot be done side by side.
    pub alpha: f64,
    /// What keeping in step costs.
    pub beta: f64,
    /// The highest throughput that the law gives, in requests per second; none if it has none.
    pub peak_per_s: Option<f64>,
    /// At which concurrency.
    pub peak_in_flight: Option<f64>,
    /// How well it describes the points.
    pub fit: Fit,
}

/// How well a law describes the points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fit {
    /// How many points.
    pub points: u64,
    /// The share of the variance of throughput that it explains (R²).
    pub r_squared: f64,
    /// How much better it is than a straight line, by the corrected information criterion of Akaike.
    pub better_by: f64,
}
