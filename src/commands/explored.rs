//! `mnload report` of the folder of an exploration: its views anew, from its `result.json` alone.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::CommandError;
use super::ci::Ci;
use super::files::{complained, place, text_of};
use super::verify::{self, manifest_of};
use crate::cli::{Format, ReportArgs};
use crate::explore::{ExplorationResult, SCHEMA};
use crate::report::{Detail, ExplorationKind, MANIFEST, Wanted, render_exploration_console};
use crate::verdict::{Ending, ExitCode};

/// What tells an exploration from a run.
#[derive(Deserialize)]
struct Head {
    schema: String,
    schema_version: String,
}

/// The exploration that `folder` holds; none if it holds something else, or nothing that can be told.
pub(super) fn result_of(folder: &Path) -> anyhow::Result<Option<ExplorationResult>> {
    let path = folder.join(ExplorationKind::Json.file_name());
    // What cannot be read here is told about by whoever asks for a run.
    let Ok(text) = text_of(&path) else { return Ok(None) };
    let Ok(head) = serde_json::from_slice::<Head>(&text) else { return Ok(None) };
    if head.schema != SCHEMA {
        return Ok(None);
    }
    let named = || format!("cannot read {}", path.display());
    if !head.schema_version.starts_with("1.") {
        return Err(anyhow::Error::msg("it is no result of an exploration that this version knows"))
            .with_context(named);
    }
    serde_json::from_slice(&text).with_context(named).map(Some)
}

/// Makes what is asked for of `result`, and shows it.
pub(super) fn run(args: &ReportArgs, result: &ExplorationResult) -> Result<ExitCode, CommandError> {
    let folder = &args.run;
    if args.verify {
        return match manifest_of(folder)? {
            Some(_) => Ok(verify::run(folder)?),
            None => Err(CommandError::Other(anyhow::Error::msg(format!(
                "{} is the folder of an exploration, which has no {MANIFEST}: there is nothing to verify it by",
                folder.display()
            )))),
        };
    }
    let wanted = wanted(args)?;
    let mut failed = false;
    for (kind, path) in &wanted {
        failed |= complained(written(folder, *kind, *path, result, args.overwrite));
    }
    let ci = Ci::around(!args.no_ci);
    let detail = if args.quiet { Detail::Quiet } else { Detail::Full };
    let text = ci.guard(&render_exploration_console(result, detail));
    // Standard output has one document; nobody may be reading any more.
    let is_taken = wanted.iter().any(|(_, path)| *path == Some(Path::new("-")));
    match (is_taken, args.format) {
        (true, _) => drop(write!(anstream::stderr(), "{text}")),
        (false, Format::Text) => drop(write!(anstream::stdout(), "{text}")),
        (false, Format::Json) => {
            drop(write!(anstream::stderr(), "{text}"));
            failed |= complained(to_stdout(ExplorationKind::Json, result));
        }
    }
    if args.format == Format::Text && !args.quiet && !failed && args.report.is_empty() {
        let page = folder.join(ExplorationKind::Html.file_name());
        let _ = writeln!(anstream::stderr(), "  report     {}", page.display());
    }
    Ok(match (failed, result.ending) {
        (true, _) => ExitCode::Internal,
        (false, Ending::Killed) => ExitCode::Inconclusive,
        (false, _) => ExitCode::Passed,
    })
}

/// What is asked for: everything that follows from the result, unless something is named.
fn wanted(args: &ReportArgs) -> Result<Vec<(ExplorationKind, Option<&Path>)>, CommandError> {
    if args.report.is_empty() {
        let all = ExplorationKind::ALL.into_iter().filter(|kind| *kind != ExplorationKind::Json);
        return Ok(all.map(|kind| (kind, None)).collect());
    }
    let named = |wanted: &'_ Wanted<String>| wanted.kind.parse::<ExplorationKind>();
    let kinds = args.report.iter().map(|wanted| Ok((named(wanted)?, wanted.path.as_deref())));
    kinds.collect::<Result<_, crate::report::UnknownExplorationKind>>().map_err(|error| {
        CommandError::Usage(format!("{} is the folder of an exploration: {error}", args.run.display()))
    })
}

fn written(
    folder: &Path,
    kind: ExplorationKind,
    path: Option<&Path>,
    result: &ExplorationResult,
    replace: bool,
) -> anyhow::Result<()> {
    if path == Some(Path::new("-")) {
        return to_stdout(kind, result);
    }
    let mut content = Vec::new();
    kind.render(result, &mut content).with_context(|| format!("cannot make {kind}"))?;
    let place_of = path.map_or_else(|| folder.join(kind.file_name()), Path::to_path_buf);
    place(&place_of, &content, replace)
}

fn to_stdout(kind: ExplorationKind, result: &ExplorationResult) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    kind.render(result, &mut out).context("cannot write to standard output")?;
    out.flush().context("cannot write to standard output")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    /// A result as it is written: what is compared with what it looked like before.
    const GOLDEN: &str =
        include_str!("../report/exploration/snapshots/mnload__report__exploration__goldens__one-point-json.snap");

    /// A folder with a result alone, and what `mnload report` says of it with these options.
    fn reported(result: &str, options: &[&str]) -> (tempfile::TempDir, Result<ExitCode, CommandError>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("result.json"), result).unwrap();
        let path = folder.path().to_str().unwrap();
        let cli = Cli::try_parse_from(["mnload", "report", path, "--quiet"].iter().chain(options)).unwrap();
        let Command::Report(args) = cli.command else { panic!("another command") };
        let said = result_of(folder.path()).unwrap().map(|result| run(&args, &result));
        (folder, said.unwrap_or_else(|| Err(CommandError::Usage("no exploration".to_owned()))))
    }

    fn golden() -> &'static str {
        GOLDEN.split("\n---\n").nth(1).unwrap()
    }

    #[test]
    fn everything_that_follows_from_the_result_is_made_and_the_result_is_left_alone() {
        let (folder, said) = reported(golden(), &[]);
        assert_eq!(said.unwrap(), ExitCode::Passed);
        for kind in ExplorationKind::ALL {
            let text = std::fs::read_to_string(folder.path().join(kind.file_name())).unwrap();
            assert!(!text.is_empty() && (kind != ExplorationKind::Json || text == golden()), "{kind}");
        }
        let killed = golden().replace("\"ending\": \"interrupted\"", "\"ending\": \"killed\"");
        assert_eq!(reported(&killed, &[]).1.unwrap(), ExitCode::Inconclusive);
    }

    #[test]
    fn one_kind_goes_where_it_is_asked_for() {
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join("x");
        let (folder, said) = reported(golden(), &["--report", &format!("csv={}", path.display())]);
        assert_eq!(said.unwrap(), ExitCode::Passed);
        assert!(std::fs::read_to_string(path).unwrap().starts_with("point,phase,rate_per_s"));
        assert!(!folder.path().join("report.html").exists());
    }

    #[test]
    fn what_is_none_of_its_reports_is_refused_and_there_is_nothing_to_verify() {
        let refused = |options: &[&str]| reported(golden(), options).1.unwrap_err().to_string();
        assert!(refused(&["--report", "junit"]).contains("there are json, csv, html, markdown"));
        assert!(refused(&["--report", "pdf=x"]).contains("not a kind of report of an exploration"));
        assert!(refused(&["--verify"]).contains("which has no manifest.json"));
    }

    #[test]
    fn a_run_is_no_exploration_and_another_version_is_told_about() {
        let folder = tempfile::tempdir().unwrap();
        let put = |text: &str| std::fs::write(folder.path().join("result.json"), text).unwrap();
        assert!(result_of(folder.path()).unwrap().is_none());
        put("{\"schema\": \"mnload.result\", \"schema_version\": \"1.0.0\"}");
        assert!(result_of(folder.path()).unwrap().is_none());
        put("{\"schema\": \"mnload.exploration\", \"schema_version\": \"2.0.0\"}");
        assert!(result_of(folder.path()).is_err());
    }
}
