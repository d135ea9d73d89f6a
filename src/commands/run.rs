//! `mnload run`: plan, load, judge, report.

use std::io::Write as _;
use std::sync::Arc;

use super::CommandError;
use super::baseline::Earlier;
use super::carry::{Carried, carry_out, judged, left_at_once, reached};
use super::inputs::plan_of;
use super::onlookers::{Onlookers, occasion};
use super::outputs::Outputs;
use super::repeat::repeated;
use super::signals::Signals;
use crate::cli::{Format, RunArgs};
use crate::demo::{Demo, DemoOptions};
use crate::plan::Plan;
use crate::report::{self, Detail, Kind, Progress, Report};
use crate::verdict::ExitCode;
use anyhow::Context as _;

pub(super) fn run(args: &RunArgs) -> Result<ExitCode, CommandError> {
    let demo = match args.demo {
        true => Some(Demo::start(DemoOptions::default()).context("cannot start the built-in target")?),
        false => None,
    };
    let plan = Arc::new(plan_of(&args.scenario, demo.as_ref().map(Demo::base_url))?);
    // What cannot be compared is known before anything is sent.
    let earlier = Earlier::of(args, &plan)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    runtime.block_on(load_and_judge(args, &plan, earlier.as_ref()))
}

async fn load_and_judge(args: &RunArgs, plan: &Arc<Plan>, earlier: Option<&Earlier>) -> Result<ExitCode, CommandError> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    if let Some(waiting) = report::waiting(plan).filter(|_| !args.quiet) {
        // A stderr that is gone must not end the run.
        let _ = writeln!(anstream::stderr(), "{waiting}");
    }
    let connector = tokio::select! {
        reached = reached(plan) => reached?,
        ending = signals.next() => return Ok(left_at_once(ending)),
    };
    let started_at = jiff::Timestamp::now();
    let outputs = Outputs::create(args.out.as_deref(), &plan.name, &started_at, args.overwrite)?;
    let mut progress = Progress::new(plan.duration(), args.quiet);
    if !args.quiet {
        progress.say(&format!("{}: {}", report::clean(&plan.name), report::statement(plan)));
    }
    let occasion = occasion(&started_at, repeated(args, plan));
    let onlookers = Onlookers::start(plan, &outputs, &occasion, &args.scenario.scenario);
    let onlookers = onlookers.and_then(|onlookers| onlookers.asked_for(args, plan, outputs.folder(), &started_at));
    // Empty files would look like a run.
    let mut onlookers = onlookers.inspect_err(|_| outputs.discard())?;
    let finished = match carry_out(plan, connector, &outputs, &mut signals, &mut progress, &mut onlookers).await? {
        Carried::Out(finished) => *finished,
        Carried::Left(code) => return Ok(code),
    };
    let mut report = judged(plan, finished, occasion, onlookers);
    if let Some(earlier) = earlier {
        earlier.compare_with(&mut report, outputs.folder())?;
    }
    // The evidence first: a reader of standard output may have gone away.
    let written = outputs.write(&report);
    show(args.format, if args.quiet { Detail::Quiet } else { Detail::Full }, &report);
    written?;
    if !args.quiet {
        progress.say(&format!("  report     {}", outputs.folder().join("report.html").display()));
    }
    Ok(exit_code(&report))
}

/// The asked-for document on stdout; the report for people too, on stderr, if that is another.
pub(super) fn show(format: Format, detail: Detail, report: &Report) {
    let text = report::render_console(report, detail);
    let mut out = anstream::stdout();
    // Nobody may be reading any more; the run folder and the exit code say the same.
    let _ = match format {
        Format::Text => write!(out, "{text}").map_err(anyhow::Error::from),
        Format::Json => {
            let _ = write!(anstream::stderr(), "{text}");
            Kind::Json.render(report, &mut out).map_err(anyhow::Error::from)
        }
    };
    let _ = out.flush();
}

fn exit_code(report: &Report) -> ExitCode {
    report.result.verdict.exit_code(report.result.ending, report.result.accounting.started())
}
