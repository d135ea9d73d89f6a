//! Runs that others are compared with, read from where they were left.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use super::CommandError;
use crate::cli::RunArgs;
use crate::compare::{Baseline, Options, Refusal, Rule, Rules, Run, Summary, compare};
use crate::explore;
use crate::gate::{Bound, NamedGate};
use crate::plan::Plan;
use crate::report::{Report, RunResult, clean};
use crate::verdict::Ending;

/// No result or summary is larger.
pub(super) const MOST_BYTES: u64 = 64 << 20;
/// What `result.json` says it is.
const SCHEMA: &str = "mnload.result";

/// What a run is compared with when it is over.
pub(super) struct Earlier {
    baseline: Baseline,
    options: Options,
}

impl Earlier {
    /// What the command line names, if it can be compared with a run of `plan`.
    pub(super) fn of(args: &RunArgs, plan: &Plan) -> Result<Option<Self>, CommandError> {
        if args.baseline.is_empty() {
            return Ok(None);
        }
        if plan.is_once() {
            return Err(CommandError::Incomparable {
                message: "one pass through the steps has no figures to compare".to_owned(),
                hint: "leave --baseline out, or choose a profile with a load".to_owned(),
            });
        }
        let baseline = baseline(&args.baseline)?;
        let rules = rules_of(&plan.gates);
        let rules = if rules.is_empty() { Rules::Default { margin: Options::MARGIN } } else { Rules::Own(rules) };
        let options = Options { rules, different_scenarios: args.different_scenarios, ..Options::default() };
        let to_come = Run {
            origin: "this run".to_owned(),
            scenario: plan.name.clone(),
            scenario_hash: plan.scenario_hash.clone(),
            ..Run::default()
        };
        baseline.check(&to_come, &options)?;
        Ok(Some(Self { baseline, options }))
    }

    /// Adds to `report`, which goes to `folder`, how it compares.
    pub(super) fn compare_with(&self, report: &mut Report, folder: &Path) -> Result<(), CommandError> {
        if report.result.ending != Ending::Completed {
            let why = "the run is not compared with a baseline: it was ended early";
            report.result.warnings.push(why.to_owned());
            return Ok(());
        }
        match report.result.compared(&folder.display().to_string()) {
            Ok(run) => report.add_comparison(compare(&self.baseline, &[run], &self.options)?),
            // A run in which nothing was judged says so by its gates.
            Err(error) => report.result.warnings.push(format!("the run is not compared with a baseline: {error}")),
        }
        Ok(())
    }
}

/// What is read from one path.
enum Read {
    Run(Box<Run>),
    Summary(Summary),
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::Incomparable { message: clean(&refusal.message), hint: refusal.hint }
    }
}

/// The runs at `paths`, or the one summary of another tool.
pub(super) fn baseline(paths: &[impl AsRef<Path>]) -> Result<Baseline, CommandError> {
    let mut runs = Vec::new();
    for path in paths {
        match read(path.as_ref())? {
            Read::Run(run) => runs.push(*run),
            Read::Summary(summary) if paths.len() == 1 => return Ok(Baseline::Summary(summary)),
            Read::Summary(summary) => {
                return Err(incomparable(
                    path.as_ref(),
                    &format!("is a summary of {}", summary.tool.name()),
                    "such a summary stands alone: it cannot be pooled with other runs",
                ));
            }
        }
    }
    Ok(Baseline::Runs(runs))
}

/// The runs at `paths`, which must be mnload's.
pub(super) fn runs(paths: &[impl AsRef<Path>]) -> Result<Vec<Run>, CommandError> {
    let each = paths.iter().map(|path| match read(path.as_ref())? {
        Read::Run(run) => Ok(*run),
        Read::Summary(summary) => Err(incomparable(
            path.as_ref(),
            &format!("is a summary of {}", summary.tool.name()),
            "only BASE may be that: the run that is judged must be mnload's",
        )),
    });
    each.collect()
}

/// The gates of a scenario that compare, as rules; the ones that are left out of this run are no rules.
pub(super) fn rules_of(gates: &[NamedGate]) -> Vec<Rule> {
    let compared = gates.iter().filter(|named| named.skip.is_none() && matches!(named.gate.bound, Bound::Baseline(_)));
    compared.map(|named| Rule::own(named.name.as_str(), named.gate.clone())).collect()
}

fn read(path: &Path) -> Result<Read, CommandError> {
    let file = result_of(path);
    let size = std::fs::metadata(&file).with_context(|| format!("cannot read {}", file.display()));
    let size = size.map_err(|error| CommandError::Incomparable {
        message: format!("{error:#}"),
        hint: "name a run folder, or the result.json in it".to_owned(),
    })?;
    if size.len() > MOST_BYTES {
        return Err(incomparable(path, "is larger than any result", EXPECTED));
    }
    let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let document: Value = match serde_json::from_slice(&text) {
        Ok(document) => document,
        Err(_) if text.is_empty() => return Err(incomparable(path, "is empty: its run did not end", EXPECTED)),
        Err(_) => return Err(incomparable(path, "is no JSON", EXPECTED)),
    };
    if document["schema"] == explore::SCHEMA {
        let hint = "two explorations are compared by mnload compare BASE NEW";
        return Err(incomparable(path, "is an exploration, not a run", hint));
    }
    if document["schema"] != SCHEMA {
        let origin = path.display().to_string();
        return match Summary::of(&document, &origin) {
            Some(summary) => Ok(Read::Summary(summary)),
            None => Err(incomparable(path, "is no result of a run", EXPECTED)),
        };
    }
    if !document["schema_version"].as_str().is_some_and(|version| version.starts_with("1.")) {
        return Err(incomparable(
            path,
            "is a result of another major version",
            "compare it with the mnload that wrote it",
        ));
    }
    let result: RunResult = serde_json::from_value(document)
        .map_err(|error| incomparable(path, &format!("is no result that can be read: {error}"), EXPECTED))?;
    let run = result.compared(&path.display().to_string());
    run.map(|run| Read::Run(Box::new(run)))
        .map_err(|error| incomparable(path, &format!("cannot be compared: {error}"), "compare runs of a load"))
}

/// The file with the result: `path`, or the one in the folder that it is.
pub(super) fn result_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("result.json") } else { path.to_path_buf() }
}

const EXPECTED: &str =
    "expected a run folder or a result.json of mnload, k6's --summary-export, or vegeta's report -type=json";

pub(super) fn incomparable(path: &Path, problem: &str, hint: &str) -> CommandError {
    CommandError::Incomparable { message: format!("{} {problem}", path.display()), hint: hint.to_owned() }
}
