//! What an exploration says on a terminal, to standard output and to the build server.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::wishes::Wishes;
use crate::cli::{ExploreArgs, Format};
use crate::commands::CommandError;
use crate::commands::ci::Ci;
use crate::explore::{Asked, ExplorationResult};
use crate::plan::Plan;
use crate::report::{self, Detail, ExplorationKind, ExplorationProgress, clean, inert, render_exploration_console};
use crate::units::{format_count, format_duration, format_rate, format_share};

/// The one report that standard output is to get in place of the text for people.
///
/// # Errors
/// When there are several.
pub(super) fn on_stdout(args: &ExploreArgs) -> Result<Option<ExplorationKind>, CommandError> {
    let is_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    let asked = args.report.iter().filter(|one| is_stdout(&one.path)).map(|one| one.kind);
    let json = (args.format == Format::Json).then_some(ExplorationKind::Json);
    let kinds: Vec<ExplorationKind> = asked.chain(json).collect();
    match kinds[..] {
        [] => Ok(None),
        [kind] => Ok(Some(kind)),
        _ => Err(CommandError::Usage(
            "standard output takes one report: give the others a path, as in --report html=curve.html".to_owned(),
        )),
    }
}

/// Says what is waited for before anything is sent.
pub(super) fn waiting(wishes: &Wishes, quiet: bool) {
    if let Some(waiting) = report::waiting(&wishes.plan).filter(|_| !quiet) {
        tell(&waiting);
    }
}

/// Says what may be sent at the most.
pub(super) fn start(wishes: &Wishes, view: &RefCell<ExplorationProgress>, quiet: bool) {
    if quiet {
        return;
    }
    let secrets = &wishes.plan.secrets;
    for line in statement(&wishes.plan, &wishes.asked) {
        view.borrow().say(&inert(&clean(&secrets.redact(&line))));
    }
}

/// What may be sent at the most, what each rate must hold, and which gates are left out.
fn statement(plan: &Plan, asked: &Asked) -> Vec<String> {
    let requests = plan.streams.first().map_or(0, |stream| plan.requests_per_journey(stream));
    let plural = if requests == 1 { "" } else { "s" };
    let (from, to) = (format_rate(asked.from_per_s), format_rate(asked.to_per_s));
    let budget = format_duration(Duration::try_from_secs_f64(asked.budget_s).unwrap_or_default());
    let most = asked.max_requests.map(|most| format!(" and {} requests", format_count(most))).unwrap_or_default();
    let first = format!(
        "{}: how many journeys of {requests} request{plural} a second {} takes: from {from} to {to} at the most, until that is \
         known to {}; at most {budget}{most}",
        plan.name,
        plan.target.base_url,
        format_share(asked.precision),
    );
    let listed = |all: &[(String, String)]| {
        all.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("; ")
    };
    let left_out = (!asked.left_out.is_empty()).then(|| format!("  left out   {}", listed(&asked.left_out)));
    [first, format!("  holds if   {}", listed(&asked.gates))].into_iter().chain(left_out).collect()
}

/// Shows the result: the document on standard output and the text for people, on stderr if that is another.
pub(super) fn end(result: &ExplorationResult, args: &ExploreArgs, document: Option<ExplorationKind>, folder: &Path) {
    let ci = Ci::around(!args.no_ci);
    let detail = if args.quiet { Detail::Quiet } else { Detail::Full };
    let text = ci.guard(&render_exploration_console(result, detail));
    let mut out = anstream::stdout();
    // Nobody may be reading any more; the folder and the exit code say the same.
    let _ = match document {
        None => write!(out, "{text}").map_err(anyhow::Error::from),
        Some(kind) => {
            let _ = write!(anstream::stderr(), "{text}");
            kind.render(result, &mut out).map_err(anyhow::Error::from)
        }
    };
    let _ = out.flush();
    ci.append_exploration(result, folder).iter().for_each(|trouble| tell(trouble));
    if !args.quiet {
        tell(&format!("  report     {}", folder.join(ExplorationKind::Html.file_name()).display()));
    }
}

/// Says something to people; a stderr that is gone must not end the exploration.
fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", inert(text));
}
