//! `mnload compare` of two explorations.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::CommandError;
use super::baseline::{MOST_BYTES, incomparable, result_of};
use super::comparing::{shown, write};
use crate::cli::CompareArgs;
use crate::explore::{self, CompareOptions, ExplorationResult, Side};
use crate::gate::Metric;
use crate::report::{CapacityDocument, render_capacities};
use crate::verdict::{Ending, ExitCode};

/// What a result says that it is; all else of it is passed over.
#[derive(Debug, Deserialize)]
struct Head {
    schema: Option<String>,
}

/// Compares the explorations at `base` and `new`; none if these are no explorations.
///
/// # Errors
/// When they cannot be compared, with each other or with anything.
pub(super) fn compared(args: &CompareArgs, base: &[String], new: &[String]) -> Result<Option<ExitCode>, CommandError> {
    let (explorations, others): (Vec<&String>, Vec<&String>) =
        base.iter().chain(new).partition(|path| is_exploration(Path::new(path)));
    let ([base], [new]) = (base, new) else {
        return match explorations.first() {
            Some(path) => Err(incomparable(
                Path::new(path),
                "is an exploration, and those are compared one with one",
                "name one on each side: mnload compare BASE NEW",
            )),
            None => no_capacity(args),
        };
    };
    match (&explorations[..], &others[..]) {
        ([], _) => no_capacity(args),
        (_, []) => compare(args, base, new).map(Some),
        ([exploration, ..], [other, ..]) => Err(incomparable(
            Path::new(exploration),
            &format!("is an exploration, and {other} is not"),
            "an exploration is compared with another one: mnload explore FILE makes them",
        )),
    }
}

/// Runs have no capacity.
fn no_capacity(args: &CompareArgs) -> Result<Option<ExitCode>, CommandError> {
    match args.gate.iter().find(|gate| gate.metric == Metric::Capacity) {
        None => Ok(None),
        Some(gate) => Err(CommandError::Usage(format!(
            "`{gate}` is about explorations, and these are runs: name two explorations, or judge `rate`"
        ))),
    }
}

fn compare(args: &CompareArgs, base: &str, new: &str) -> Result<ExitCode, CommandError> {
    let [of_base, of_new] = [base, new].map(|path| read(Path::new(path)));
    let (of_base, of_new) = (of_base?, of_new?);
    let options = match args.gate.is_empty() {
        true => CompareOptions::within(args.margin),
        false => CompareOptions::judging(&args.gate),
    };
    let options = CompareOptions { different_scenarios: args.different_scenarios, ..options };
    let sides = (Side { origin: base, result: &of_base }, Side { origin: new, result: &of_new });
    let document = CapacityDocument::of(explore::compare(sides.0, sides.1, &options)?);
    if let Some(path) = &args.out {
        write(&document, path)?;
    }
    shown(args, &document, render_capacities)?;
    Ok(document.verdict.exit_code(Ending::Completed, 1))
}

/// Whether the folder or file at `path` is one; whoever reads it says what is wrong with it.
fn is_exploration(path: &Path) -> bool {
    let head = File::open(result_of(path)).ok().and_then(|file| {
        let bounded = BufReader::new(file).take(MOST_BYTES);
        serde_json::from_reader::<_, Head>(bounded).ok()
    });
    head.is_some_and(|head| head.schema.as_deref() == Some(explore::SCHEMA))
}

fn read(path: &Path) -> Result<ExplorationResult, CommandError> {
    let file: PathBuf = result_of(path);
    let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let result: ExplorationResult = serde_json::from_slice(&text).map_err(|error| {
        incomparable(path, &format!("is no exploration that can be read: {error}"), "explore again")
    })?;
    match result.schema_version.starts_with("1.") {
        true => Ok(result),
        false => Err(incomparable(
            path,
            "is an exploration of another major version",
            "compare it with the mnload that wrote it",
        )),
    }
}
