//! `mnload schema`: the JSON Schema of scenario files, as the file that editors are pointed at.

use std::io::Write as _;

use anyhow::Context as _;

use super::CommandError;
use crate::scenario;
use crate::verdict::ExitCode;

/// What the file is called beside scenarios, as their first line says.
pub(super) const FILE: &str = "scenario.schema.json";

pub(super) fn run() -> Result<ExitCode, CommandError> {
    let mut out = anstream::stdout().lock();
    out.write_all(text().as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(ExitCode::Passed)
}

/// The schema as text.
pub(super) fn text() -> String {
    format!("{:#}\n", scenario::schema())
}

/// Whether `text` is a schema of ours, of whatever version.
pub(super) fn is_ours(text: &str) -> bool {
    let schema: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let id = schema.as_ref().and_then(|schema| schema["$id"].as_str());
    id.is_some_and(|id| id.starts_with("urn:mnload:scenario:"))
}
