//! The sections and keys of a release file, as written: texts are templates, nothing is checked but names and types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::evidence::ReadSection;
use crate::scenario::{Entries, Short, Spanned, Value};

/// A whole release file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseDocument {
    /// What is released, and to where; the file's name by default.
    pub name: Option<Spanned<String>>,
    /// What the release is for.
    pub description: Option<Spanned<String>>,
    /// Items that run at one time at the most; 2 by default.
    pub parallel: Option<Spanned<Value>>,
    /// A file of sign-offs, relative to this one.
    pub signoffs: Option<Spanned<String>>,
    /// Names and values for templates.
    pub vars: Option<Spanned<Entries>>,
    /// Environment variables of every command.
    pub env: Option<Spanned<Entries>>,
    /// Who answers for what, by the name that `owners` uses.
    #[serde(default)]
    pub roles: BTreeMap<String, Spanned<RoleSection>>,
    /// The gates, in order.
    #[serde(default)]
    pub gate: Vec<Spanned<GateSection>>,
    /// The drill that shows that there is a way back.
    pub rollback: Option<Spanned<RollbackSection>>,
}

/// `[roles.NAME]`: somebody who answers for items.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSection {
    /// What the role is called; its name by default.
    pub title: Option<Spanned<String>>,
    /// What it answers for.
    pub duty: Option<Spanned<String>>,
    /// Who may sign for it; anybody if it is left out.
    pub people: Option<Spanned<Vec<Spanned<String>>>>,
}

/// `[[gate]]`: items that are accepted together.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateSection {
    /// A short name that the command line and `needs` use: `A`.
    pub id: Option<Spanned<String>>,
    /// What the gate is called.
    pub title: Option<Spanned<String>>,
    /// Why it is there.
    pub rationale: Option<Spanned<String>>,
    /// Who answers for its items, if they do not say.
    pub owners: Option<Spanned<Vec<Spanned<String>>>>,
    /// Gates and items that must have passed before any of its items starts.
    pub needs: Option<Spanned<Vec<Spanned<String>>>>,
    /// Its items.
    #[serde(default)]
    pub item: Vec<Spanned<ItemSection>>,
}

/// `[[gate.item]]`: one thing that must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemSection {
    /// A short name, unique in the file: `typecheck`.
    pub id: Option<Spanned<String>>,
    /// What it is called; its id by default.
    pub title: Option<Spanned<String>>,
    /// Who answers for it: names of `[roles]`.
    pub owners: Option<Spanned<Vec<Spanned<String>>>>,
    /// Why it is there.
    pub rationale: Option<Spanned<String>>,
    /// A command: as text for a shell, or as a table.
    pub run: Option<Spanned<Short<RunSection>>>,
    /// A scenario that mnload runs: its file, or a table.
    pub scenario: Option<Spanned<Short<ScenarioSection>>>,
    /// The evidence that is read.
    pub read: Option<Spanned<ReadSection>>,
    /// What the evidence must show: `lines >= 65%`, or a list of such.
    pub accept: Option<Spanned<Value>>,
    /// Gates and items that must have passed before it starts.
    pub needs: Option<Spanned<Vec<Spanned<String>>>>,
    /// Items that must be over before it starts, however they came out.
    pub after: Option<Spanned<Vec<Spanned<String>>>>,
    /// Files and folders that its outcome depends on, relative to this file; all of the working tree by default.
    pub inputs: Option<Spanned<Vec<Spanned<String>>>>,
    /// How long a pass holds when a release is resumed.
    pub holds_for: Option<Spanned<String>>,
    /// What a person must confirm.
    pub manual: Option<Spanned<String>>,
    /// Only report it, and let it decide nothing.
    pub warn: Option<Spanned<bool>>,
    /// Files and folders that it leaves, which a build server keeps.
    pub artifacts: Option<Spanned<Vec<Spanned<String>>>>,
}

/// `run = { … }`: a command.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunSection {
    /// A text for a shell, or a list of a program and its arguments.
    pub command: Option<Spanned<Value>>,
    /// Where it runs, relative to this file; the folder of this file by default.
    pub dir: Option<Spanned<String>>,
    /// Environment variables of this command.
    pub env: Option<Spanned<Entries>>,
    /// How long it may take; 30m by default.
    pub timeout: Option<Spanned<String>>,
    /// The exit codes that are no failure by themselves; 0 by default.
    pub exit_codes: Option<Spanned<Vec<Spanned<Value>>>>,
    /// An environment variable that later commands get, with the first line that this one prints.
    pub sets: Option<Spanned<String>>,
}

/// `scenario = { … }`: a run of mnload itself.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSection {
    /// The scenario file, relative to this one.
    pub file: Option<Spanned<String>>,
    /// The profile of it.
    pub profile: Option<Spanned<String>>,
    /// Variables of it.
    pub set: Option<Spanned<Entries>>,
    /// Environment variables of this run.
    pub env: Option<Spanned<Entries>>,
    /// How long it may take; 30m by default.
    pub timeout: Option<Spanned<String>>,
    /// The item whose run this one is compared with: what passed there must pass here.
    pub baseline: Option<Spanned<String>>,
}

/// `[rollback]`: the drill, whose steps are items of a gate.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackSection {
    /// The gate that the drill belongs to.
    pub gate: Option<Spanned<String>>,
    /// What it is called.
    pub title: Option<Spanned<String>>,
    /// Who answers for it.
    pub owners: Option<Spanned<Vec<Spanned<String>>>>,
    /// Why it is there.
    pub rationale: Option<Spanned<String>>,
    /// Gates and items that must have passed before it starts.
    pub needs: Option<Spanned<Vec<Spanned<String>>>>,
    /// A command that prints the version to go back to.
    pub previous: Option<Spanned<Short<RunSection>>>,
    /// The command that deploys `$MNLOAD_PREVIOUS`.
    pub deploy: Option<Spanned<Short<RunSection>>>,
    /// The scenario that the deployed version must pass.
    pub smoke: Option<Spanned<Short<ScenarioSection>>>,
    /// The item whose run the drill's is compared with.
    pub baseline: Option<Spanned<String>>,
    /// The command that deploys the new version again.
    pub restore: Option<Spanned<Short<RunSection>>>,
}
