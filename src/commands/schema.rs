//! `mnload schema`: the JSON Schemas of scenario and release files, which editors are pointed at, and those of results.

use std::io::Write as _;

use anyhow::Context as _;

use super::CommandError;
use crate::cli::{SchemaArgs, SchemaOf};
use crate::release;
use crate::report::{exploration_result_schema, release_result_schema, result_schema};
use crate::scenario;
use crate::verdict::ExitCode;

/// What the file is called beside scenarios, as their first line says.
pub(super) const FILE: &str = "scenario.schema.json";

pub(super) fn run(args: &SchemaArgs) -> Result<ExitCode, CommandError> {
    let text = match args.of {
        SchemaOf::Scenario => text(),
        SchemaOf::Result => format!("{:#}\n", result_schema()),
        SchemaOf::Release => release_text(),
        SchemaOf::ReleaseResult => format!("{:#}\n", release_result_schema()),
        SchemaOf::ExplorationResult => format!("{:#}\n", exploration_result_schema()),
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(ExitCode::Passed)
}

/// What the other one is called beside release files.
pub(super) const RELEASE_FILE: &str = "release.schema.json";

/// The schema of scenarios as text.
pub(super) fn text() -> String {
    format!("{:#}\n", scenario::schema())
}

/// The schema of release files as text.
pub(super) fn release_text() -> String {
    format!("{:#}\n", release::schema())
}

/// Whether `text` is a schema of ours, of whatever version.
pub(super) fn is_ours(text: &str) -> bool {
    let schema: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let id = schema.as_ref().and_then(|schema| schema["$id"].as_str());
    id.is_some_and(|id| ["urn:mnload:scenario:", "urn:mnload:release:"].iter().any(|ours| id.starts_with(ours)))
}
