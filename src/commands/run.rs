//! `mnload run`: plan, load, judge, report.

use std::io::Write as _;
use std::sync::Arc;

use super::CommandError;
use super::baseline::Earlier;
use super::carry::{Carried, carry_out, judged, left_at_once, reached};
use super::ci::Ci;
use super::inputs::plan_of;
use super::onlookers::{Onlookers, occasion};
use super::outputs::Outputs;
use super::repeat::repeated;
use super::signals::Signals;
use super::wanted::{WantedReports, on_stdout};
use crate::cli::{Format, RunArgs};
use crate::demo::{Demo, DemoOptions};
use crate::export;
use crate::plan::Plan;
use crate::report::{self, Detail, Kind, Progress, Report, Wanted};
use crate::verdict::ExitCode;
use anyhow::Context as _;

pub(super) fn run(args: &RunArgs) -> Result<ExitCode, CommandError> {
    let document = document(args)?;
    let exports = exports(args)?;
    let demo = match args.demo {
        true => Some(Demo::start(DemoOptions::default()).context("cannot start the built-in target")?),
        false => None,
    };
    let plan = Arc::new(plan_of(&args.scenario, demo.as_ref().map(Demo::base_url))?);
    // What cannot be compared is known before anything is sent.
    let earlier = Earlier::of(args, &plan)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    runtime.block_on(load_and_judge(args, document, &exports, &plan, earlier.as_ref()))
}

/// What is exported while the run goes on, with the token from the environment, which is in no list of processes.
fn exports(args: &RunArgs) -> Result<Vec<export::Wanted>, CommandError> {
    let token = std::env::var("MNLOAD_EXPORT_TOKEN").ok();
    let wanted = |text: &String| Ok(text.parse::<export::Wanted>()?.with_token(token.as_deref()));
    let all: Result<Vec<_>, export::WantedError> = args.export.iter().map(wanted).collect();
    all.map_err(|error| CommandError::Usage(format!("--export: {error}")))
}

/// What standard output gets; none for the text for people.
fn document(args: &RunArgs) -> Result<Option<Kind>, CommandError> {
    match (on_stdout(&args.report)?, args.format) {
        (Some(_), Format::Json) => Err(CommandError::Usage(
            "standard output takes one report: leave --format json out, or give the report a path".to_owned(),
        )),
        (Some(kind), Format::Text) => Ok(Some(kind)),
        (None, Format::Json) => Ok(Some(Kind::Json)),
        (None, Format::Text) => Ok(None),
    }
}

async fn load_and_judge(
    args: &RunArgs,
    document: Option<Kind>,
    exports: &[export::Wanted],
    plan: &Arc<Plan>,
    earlier: Option<&Earlier>,
) -> Result<ExitCode, CommandError> {
    let ci = Ci::around(!args.no_ci);
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    if let Some(waiting) = report::waiting(plan).filter(|_| !args.quiet) {
        // A stderr that is gone must not end the run.
        let _ = writeln!(anstream::stderr(), "{}", report::inert(&waiting));
    }
    let connector = tokio::select! {
        reached = reached(plan) => reached?,
        ending = signals.next() => return Ok(left_at_once(ending)),
    };
    let started_at = jiff::Timestamp::now();
    let outputs = Outputs::create(args.out.as_deref(), &plan.name, &started_at, args.overwrite)?;
    let because = ci.kinds().iter().map(|kind| Wanted { kind: *kind, path: None });
    let wanted: Vec<Wanted> = args.report.iter().cloned().chain(because).collect();
    let wanted = WantedReports::open(&wanted, outputs.folder()).inspect_err(|_| outputs.discard())?;
    let mut progress = Progress::new(plan.duration(), args.quiet);
    if !args.quiet {
        progress.say(&report::inert(&format!("{}: {}", report::clean(&plan.name), report::statement(plan))));
    }
    let occasion = occasion(&started_at, repeated(args, plan));
    let onlookers = Onlookers::start(plan, &outputs, &occasion, &args.scenario.scenario);
    let onlookers =
        onlookers.and_then(|onlookers| onlookers.asked_for(args, exports, plan, outputs.folder(), &started_at));
    // Empty files would look like a run.
    let mut onlookers = onlookers.inspect_err(|_| {
        wanted.discard();
        outputs.discard();
    })?;
    let carried = carry_out(plan, connector, &outputs, &mut signals, &mut progress, &mut onlookers).await;
    let finished = match carried {
        Ok(Carried::Out(finished)) => *finished,
        Ok(Carried::Left(code)) => {
            wanted.discard();
            outputs.forget_if_empty();
            return Ok(code);
        }
        Err(error) => {
            wanted.discard();
            outputs.forget_if_empty();
            return Err(error);
        }
    };
    let mut report = judged(plan, finished, occasion, onlookers);
    if let Some(earlier) = earlier {
        earlier.compare_with(&mut report, outputs.folder())?;
    }
    // The evidence first: a reader of standard output may have gone away.
    let asked = wanted.write(&report);
    let written = outputs.write(&report).and(asked);
    let detail = if args.quiet { Detail::Quiet } else { Detail::Full };
    show(document, detail, ci, &ci.issues(&report, outputs.folder()), &report);
    for trouble in ci.append(&report, outputs.folder()) {
        progress.say(&trouble);
    }
    written?;
    if !args.quiet {
        progress.say(&format!("  report     {}", outputs.folder().join("report.html").display()));
    }
    Ok(exit_code(&report, args.exit_zero))
}

/// The asked-for document on stdout; the report for people too, on stderr, if that is another. What the build server is
/// told goes where that report went: its log reads two streams in any order.
pub(super) fn show(document: Option<Kind>, detail: Detail, ci: Ci, issues: &str, report: &Report) {
    let text = format!("{}{issues}", ci.guard(&report::render_console(report, detail)));
    let mut out = anstream::stdout();
    // Nobody may be reading any more; the run folder and the exit code say the same.
    let _ = match document {
        None => write!(out, "{text}").map_err(anyhow::Error::from),
        Some(kind) => {
            let _ = write!(anstream::stderr(), "{text}");
            kind.render(report, &mut out).map_err(anyhow::Error::from)
        }
    };
    let _ = out.flush();
}

fn exit_code(report: &Report, exit_zero: bool) -> ExitCode {
    let code = report.result.verdict.exit_code(report.result.ending, report.result.accounting.started());
    match code {
        ExitCode::Failed | ExitCode::Inconclusive | ExitCode::NothingRan if exit_zero => ExitCode::Passed,
        code => code,
    }
}
