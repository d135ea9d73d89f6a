//! `mnload run`: plan, load, judge, report.

use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::watch;

use super::CommandError;
use super::inputs::plan_of;
use super::machine::machine_facts;
use super::outputs::{Outputs, write_json};
use super::signals::Signals;
use crate::cli::{Format, RunArgs};
use crate::demo::{Demo, DemoOptions};
use crate::engine::{self, EngineError, Stop};
use crate::gate;
use crate::metrics::{Live, Summary};
use crate::plan::Plan;
use crate::report::{self, Detail, Occasion, Progress, Report};
use crate::verdict::{Ending, ExitCode};

pub(super) fn run(args: &RunArgs) -> Result<ExitCode, CommandError> {
    let demo = match args.demo {
        true => Some(Demo::start(DemoOptions::default()).context("cannot start the built-in target")?),
        false => None,
    };
    let plan = Arc::new(plan_of(&args.scenario, demo.as_ref().map(Demo::base_url))?);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    runtime.block_on(load_and_judge(args, &plan))
}

async fn load_and_judge(args: &RunArgs, plan: &Arc<Plan>) -> Result<ExitCode, CommandError> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    if let Some(waiting) = report::waiting(plan).filter(|_| !args.quiet) {
        // A stderr that is gone must not end the run.
        let _ = writeln!(anstream::stderr(), "{waiting}");
    }
    let connector = tokio::select! {
        reached = engine::reach(plan) => reached.map_err(|error| unreachable(plan, error))?,
        ending = signals.next() => return Ok(left_at_once(ending)),
    };
    let started_at = jiff::Timestamp::now();
    let outputs = Outputs::create(args.out.as_deref(), &plan.name, &started_at, args.overwrite)?;
    let mut progress = Progress::new(plan.duration(), args.quiet);
    if !args.quiet {
        progress.say(&format!("{}: {}", report::clean(&plan.name), report::statement(plan)));
    }
    let stop = Stop::default();
    let (live, mut watched) = watch::channel(Live::default());
    let mut running = pin!(engine::run(plan, connector, &live, &stop));
    let summary = loop {
        tokio::select! {
            ended = &mut running => match ended {
                Ok(summary) => break summary,
                Err(EngineError::Stopped) => {
                    outputs.discard();
                    progress.finish();
                    return Ok(left_at_once(stop.ending()));
                }
                Err(error) => {
                    outputs.discard();
                    progress.finish();
                    return Err(broken(plan, error));
                }
            },
            Ok(()) = watched.changed() => progress.update(&watched.borrow_and_update()),
            ending = signals.next() => {
                if stop.is_asked() {
                    outputs.discard();
                    return Ok(left_at_once(stop.ending()));
                }
                stop.ask(ending);
                progress.say("stopping: requests under way may finish; once more leaves at once");
            }
        }
    };
    progress.finish();
    let report = judged(plan, summary, started_at);
    // The evidence first: a reader of standard output may have gone away.
    let written = outputs.write(&report);
    show(args, &report);
    written?;
    if !args.quiet {
        progress.say(&format!("  report     {}", outputs.folder().join("report.html").display()));
    }
    Ok(exit_code(&report))
}

fn judged(plan: &Plan, summary: Summary, started_at: jiff::Timestamp) -> Report {
    let findings = gate::judge(&plan.gates, &summary, &[]);
    report::report_of(plan, summary, findings, &Occasion { started_at: format!("{started_at:.0}"), machine: machine_facts() })
}

/// The asked-for document on stdout; the report for people too, on stderr, if that is another.
fn show(args: &RunArgs, report: &Report) {
    let detail = if args.quiet { Detail::Quiet } else { Detail::Full };
    let text = report::render_console(report, detail);
    let mut out = anstream::stdout();
    // Nobody may be reading any more; the run folder and the exit code say the same.
    let _ = match args.format {
        Format::Text => write!(out, "{text}").map_err(anyhow::Error::from),
        Format::Json => {
            let _ = write!(anstream::stderr(), "{text}");
            write_json(report, &mut out)
        }
    };
    let _ = out.flush();
}

fn exit_code(report: &Report) -> ExitCode {
    report.result.verdict.exit_code(report.result.ending, report.result.accounting.started())
}

fn left_at_once(ending: Ending) -> ExitCode {
    match ending {
        Ending::Terminated => ExitCode::Terminated,
        Ending::Completed | Ending::Aborted | Ending::Interrupted => ExitCode::Interrupted,
    }
}

/// A failing setup is the user's business like a target that is not there; the rest is ours.
fn broken(plan: &Plan, error: EngineError) -> CommandError {
    match error {
        EngineError::Setup { ref step, ref call, .. } => {
            let seen = call.as_deref().and_then(|call| report::render_failed_call(step, call));
            let seen = seen.map(|seen| format!("\n\n{}", seen.trim_end())).unwrap_or_default();
            CommandError::Setup { error, seen }
        }
        error @ EngineError::Target(_) => unreachable(plan, error),
        error => CommandError::Other(anyhow::Error::new(error).context("the run broke down")),
    }
}

fn unreachable(plan: &Plan, error: EngineError) -> CommandError {
    use crate::client::PrepareError;
    use crate::failure::Failure;
    if let (EngineError::NotReady { .. }, Some(waited)) = (&error, report::waiting(plan)) {
        return CommandError::NotReady { error, waited };
    }
    if let EngineError::Target(PrepareError::LocalAddress { .. } | PrepareError::Kind { .. }) = error {
        return CommandError::LocalAddresses { error };
    }
    let hint = match &error {
        EngineError::Target(PrepareError::Unreachable { error, .. }) if error.failure == Failure::Tls => {
            "If it has a certificate of your own, name its authority in [target] ca"
        }
        _ => "To try mnload without a target, add --demo",
    };
    CommandError::Unreachable { target: plan.target.base_url.clone(), error, hint }
}
