//! `mnload report`: the reports of a run from what it left, whether it came to its end or was killed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::CommandError;
use super::ci::Ci;
use super::explored;
use super::files::{MOST_BYTES, complained, entries, place, put, text_of};
use super::replay::{Replayed, replay};
use super::run::show;
use super::verify::{self, manifest_of};
use crate::cli::{Format, ReportArgs};
use crate::journal::{FILE_NAME as JOURNAL, is_held_by_another};
use crate::report::{Detail, Kind, MANIFEST, Manifest, Report, RunResult, Wanted, clean, render_console};
use crate::verdict::{Ending, ExitCode};

/// No count of a run is larger, so that sums of them are numbers.
const MOST: f64 = 1e15;

pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, CommandError> {
    let folder = &args.run;
    if let Some(result) = explored::result_of(folder)? {
        return explored::run(args, &result);
    }
    if args.verify {
        return Ok(verify::run(folder)?);
    }
    let wanted = &wanted(args)?;
    if let Ok(journal) = File::open(folder.join(JOURNAL))
        && is_held_by_another(&journal)
    {
        let message = format!("the run in {} is still going on: wait for its end, or stop it", folder.display());
        return Err(CommandError::Other(anyhow::Error::msg(message)));
    }
    let Remade { report, lacking, was_killed } = remade(folder, args.overwrite)?;
    let can_be_made = |kind: Kind| lacking.is_none() || !kind.needs_seconds();
    let mut failed = false;
    for wanted in wanted {
        let made = match (can_be_made(wanted.kind), &lacking) {
            (false, Some(why)) => Err(anyhow::anyhow!("{} cannot be made: {why}", wanted.kind)),
            // What lies elsewhere was never a file of that run.
            _ => written(folder, wanted, &report, args.overwrite || (was_killed && wanted.path.is_none())),
        };
        failed |= complained(made);
    }
    if wanted.iter().any(|wanted| wanted.path.is_none()) {
        failed |= complained(manifest(folder, &report, args.overwrite || was_killed));
    }
    let detail = if args.quiet { Detail::Quiet } else { Detail::Full };
    // Standard output has one document.
    match wanted.iter().any(|wanted| wanted.path.as_deref() == Some(Path::new("-"))) {
        true => {
            let _ = write!(anstream::stderr(), "{}", Ci::around(!args.no_ci).guard(&render_console(&report, detail)));
        }
        false => {
            let document = (args.format == Format::Json).then_some(Kind::Json);
            show(document, detail, Ci::around(!args.no_ci), "", &report);
        }
    }
    if args.format == Format::Text && !args.quiet && !failed && args.report.is_empty() {
        let _ = writeln!(anstream::stderr(), "  report     {}", folder.join(Kind::Html.file_name()).display());
    }
    Ok(match (failed, report.result.ending) {
        (true, _) => ExitCode::Internal,
        (false, Ending::Killed) => ExitCode::Inconclusive,
        (false, _) => ExitCode::Passed,
    })
}

/// What is asked for: everything that a run has, unless something is named.
fn wanted(args: &ReportArgs) -> Result<Vec<Wanted>, CommandError> {
    if args.report.is_empty() {
        return Ok(Kind::OF_EVERY_RUN.map(|kind| Wanted { kind, path: None }).to_vec());
    }
    let named = args.report.iter().map(|Wanted { kind, path }| match kind.parse() {
        Ok(kind) => Ok(Wanted { kind, path: path.clone() }),
        Err(error) => Err(CommandError::Usage(format!("--report {}: {error}", clean(kind)))),
    });
    named.collect()
}

/// A run, as far as it can be had again.
struct Remade {
    report: Report,
    /// Why what needs its seconds cannot be made, if it cannot.
    lacking: Option<String>,
    /// Whether it left no result.
    was_killed: bool,
}

fn remade(folder: &Path, overwrite: bool) -> anyhow::Result<Remade> {
    let journal = replay(&folder.join(JOURNAL));
    match (result_of(folder), journal) {
        (Ok(result), Ok(journal)) => Ok(match journal.lacks(&result) {
            None => Remade { report: journal.finished(result), lacking: None, was_killed: false },
            Some(why) => of_result(result, format!("{JOURNAL}: {why}")),
        }),
        (Ok(result), Err(error)) => Ok(of_result(result, clean(&format!("{error:#}")))),
        (Err(_), Ok(journal)) if is_unfinished(folder) => Ok(of_killed(journal)),
        (Err(error), Ok(journal)) if overwrite => {
            complained(Err(error));
            Ok(of_killed(journal))
        }
        (Err(error), Ok(_)) => {
            Err(error.context("the result is there and cannot be read; --overwrite makes what it can from the journal"))
        }
        (Err(result), Err(journal)) => bail!(
            "{} holds no run that can be reported\n  {}\n  {}",
            folder.display(),
            clean(&format!("{result:#}")),
            clean(&format!("{journal:#}"))
        ),
    }
}

/// Whether the run was gone before its result was whole: it is not there, empty, or breaks off, and no manifest vouches for it.
fn is_unfinished(folder: &Path) -> bool {
    let text = match fs::read(folder.join(Kind::Json.file_name())) {
        Ok(text) => text,
        Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
    };
    let breaks_off = || serde_json::from_slice::<Value>(&text).is_err_and(|error| error.is_eof());
    text.is_empty() || (!folder.join(MANIFEST).exists() && breaks_off())
}

fn of_killed(journal: Replayed) -> Remade {
    Remade { report: journal.killed(), lacking: None, was_killed: true }
}

fn of_result(result: RunResult, why: String) -> Remade {
    let report = Report { result, timeline: Default::default(), response_curve: Vec::new(), service_curve: Vec::new() };
    Remade { report, lacking: Some(why), was_killed: false }
}

/// What the run left as its result, if it came so far.
fn result_of(folder: &Path) -> anyhow::Result<RunResult> {
    let path = folder.join(Kind::Json.file_name());
    let text = text_of(&path)?;
    let read = || {
        if text.is_empty() {
            bail!("it is empty");
        }
        if text.len() as u64 > MOST_BYTES {
            bail!("it is larger than any result");
        }
        let document: Value = serde_json::from_slice(&text)?;
        if document["schema"] != "mnload.result"
            || !document["schema_version"].as_str().is_some_and(|v| v.starts_with("1."))
        {
            bail!("it is no result of a run that this version knows");
        }
        if !fits(&document) {
            bail!("it has numbers that no run has");
        }
        // Not from the document, which has lost the order of the steps.
        Ok(serde_json::from_slice(&text)?)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Whether every number but a seed is one that times and sums can be made of.
fn fits(document: &Value) -> bool {
    match document {
        Value::Number(number) => number.as_f64().is_some_and(|number| (-MOST..=MOST).contains(&number)),
        Value::Array(items) => items.iter().all(fits),
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            let is_time = name.ends_with("_s") || name == "seconds";
            name == "seed" || (fits(value) && !(is_time && value.as_f64().is_some_and(|seconds| seconds < 0.0)))
        }),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// Makes one report and puts it where it belongs.
fn written(folder: &Path, wanted: &Wanted, report: &Report, replace: bool) -> anyhow::Result<()> {
    let mut content = Vec::new();
    wanted.kind.render(report, &mut content).with_context(|| format!("cannot make {}", wanted.kind))?;
    let path = match wanted.path.as_deref() {
        Some(path) if path == Path::new("-") => {
            // As it is: whoever reads a document wants no colours taken out of it.
            return std::io::stdout().write_all(&content).context("cannot write to standard output");
        }
        Some(path) => path.to_path_buf(),
        None => folder.join(wanted.kind.file_name()),
    };
    place(&path, &content, replace)
}

/// What the folder holds now; a file that is not as an earlier manifest says is not vouched for unless asked.
fn manifest(folder: &Path, report: &Report, replace: bool) -> anyhow::Result<()> {
    let new = Manifest::of(&report.result, entries(folder)?);
    let earlier = if replace { None } else { manifest_of(folder)? };
    let changed =
        |old: &Manifest| old.files.iter().find(|file| !new.files.contains(file)).map(|file| file.name.clone());
    if let Some(name) = earlier.as_ref().and_then(changed) {
        bail!("{} is not as {MANIFEST} says, which stays as it is: --overwrite replaces it", clean(&name));
    }
    put(&folder.join(MANIFEST), &new.text()?)
}
