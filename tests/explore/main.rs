//! `mnload explore` through the binary: what is found, what is never exceeded, how it stops, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod found;
mod generator;
mod recovers;
mod refused;
mod setup;
mod stopped;

use mnload::explore::ExplorationResult;

use support::{Outcome, Running, Workspace};

/// A load on one route, whose rate and duration an exploration replaces.
const LOAD: &str = "[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\n";
const STEP: &str = "[[step]]\nname = \"one\"\nget = \"/health\"\n";
/// What a target on this machine holds easily.
const GATES: &str = "[gates]\nlatency = \"p90 < 1s\"\nerrors = \"error_rate < 20%\"\n";

/// A scenario against `base_url` with `more` in it.
fn scenario(base_url: &str, more: &str) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{base_url}\"\n{LOAD}{STEP}{more}"))
}

/// `mnload explore scenario.toml --out run …`, under way.
fn start(workspace: &Workspace, more: &[&str]) -> Running {
    workspace.spawn(&[&["explore", "scenario.toml", "--out", "run"], more].concat())
}

/// The same, to its end.
fn explore(workspace: &Workspace, more: &[&str]) -> Outcome {
    start(workspace, more).finish()
}

/// The `result.json` that was left.
fn result_of(outcome: &Outcome) -> ExplorationResult {
    let text = std::fs::read_to_string(outcome.run_folder.join("result.json"));
    let text = text.unwrap_or_else(|error| panic!("{error}\n{}\n{}", outcome.stdout, outcome.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}
