//! What a release says on a terminal, to standard output and to the build server.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::tell;
use crate::cli::{Format, ReleaseArgs};
use crate::commands::CommandError;
use crate::commands::ci::Ci;
use crate::release::Checklist;
use crate::release::result::{ItemResult, ReleaseResult};
use crate::report::{Detail, ReleaseKind, clean, render_release_console};
use crate::units::format_duration;
use crate::verdict::Status;

/// The one report that standard output is to get in place of the text for people.
///
/// # Errors
/// When there are several.
pub(super) fn on_stdout(args: &ReleaseArgs) -> Result<Option<ReleaseKind>, CommandError> {
    let is_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    let asked = args.report.iter().filter(|(_, path)| is_stdout(path)).map(|(kind, _)| *kind);
    let json = (args.format == Format::Json).then_some(ReleaseKind::Json);
    let kinds: Vec<ReleaseKind> = asked.chain(json).collect();
    match kinds[..] {
        [] => Ok(None),
        [kind] => Ok(Some(kind)),
        _ => Err(CommandError::Usage(
            "standard output takes one report: give the others a path, as in --report junit=junit.xml".to_owned(),
        )),
    }
}

/// Shows the result: the document on standard output and the text for people, on stderr if that is another.
pub(super) fn show(
    result: &ReleaseResult,
    checklist: &Checklist,
    args: &ReleaseArgs,
    document: Option<ReleaseKind>,
    folder: &Path,
) {
    let ci = Ci::around(!args.no_ci);
    let detail = if args.quiet { Detail::Quiet } else { Detail::Full };
    let issues = ci.issues_of_release(result, lines(checklist), folder);
    let text = format!("{}{issues}", ci.guard(&render_release_console(result, detail)));
    let mut out = anstream::stdout();
    // Nobody may be reading any more; the run folder and the exit code say the same.
    let _ = match document {
        None => write!(out, "{text}").map_err(anyhow::Error::from),
        Some(kind) => {
            let _ = write!(anstream::stderr(), "{text}");
            kind.render(result, &mut out).map_err(anyhow::Error::from)
        }
    };
    let _ = out.flush();
    ci.append_release(result, folder).iter().for_each(|trouble| tell(trouble));
    if !args.quiet {
        tell(&format!("  report     {}", folder.join(ReleaseKind::Html.file_name()).display()));
    }
}

/// The lines of items in the release file; those of files that it uses are left out.
fn lines(checklist: &Checklist) -> BTreeMap<String, usize> {
    let Some(file) = checklist.source.files().first() else { return BTreeMap::new() };
    let line = |at: usize| file.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let own = checklist.items().filter(|item| item.span.start < file.text.len());
    own.map(|item| (item.id.clone(), line(item.span.start))).collect()
}

/// One item in one line.
pub(super) fn line(gate: &str, item: &ItemResult) -> String {
    let took = match &item.reused_from {
        Some(_) => "  still holds".to_owned(),
        // Where no command was run there is no time that anybody asks for.
        None if item.command.is_some() && item.started_at.is_some() => {
            format!("  {}", format_duration(Duration::try_from_secs_f64(item.elapsed_s).unwrap_or_default()))
        }
        None => String::new(),
    };
    let reason = item.reasons.first().map(|reason| format!("  {reason}")).unwrap_or_default();
    clean(&format!("  {:8} {gate}/{}{took}{reason}", word(item.status), item.id))
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "PASS",
        Status::Fail => "FAIL",
        Status::NoData => "NO DATA",
        Status::Invalid => "INVALID",
        Status::Skipped => "skipped",
    }
}
