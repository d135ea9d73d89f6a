//! One load from its start to its end: shown while it is under way, stopped when somebody asks for it.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::CommandError;
use super::onlookers::Onlookers;
use super::outputs::Outputs;
use super::signals::Signals;
use crate::client::Connector;
use crate::engine::{self, EngineError, Finished, Stop, View};
use crate::gate;
use crate::metrics::{Live, Second};
use crate::plan::Plan;
use crate::report::{self, Occasion, Progress, Report, Subject};
use crate::verdict::{Ending, ExitCode};

/// How a load came to its end.
pub(super) enum Carried {
    /// With figures.
    Out(Box<Finished>),
    /// Somebody did not want to wait for any.
    Left(ExitCode),
}

/// The target, ready and connected to once.
pub(super) async fn reached(plan: &Plan) -> Result<Connector, CommandError> {
    engine::reach(plan).await.map_err(|error| unreachable(plan, error))
}

/// Carries `plan` out; the files of `outputs` are gone again if nothing can stand in them.
pub(super) async fn carry_out(
    plan: &Arc<Plan>,
    connector: Connector,
    outputs: &Outputs,
    signals: &mut Signals,
    progress: &mut Progress,
    onlookers: &mut Onlookers,
) -> Result<Carried, CommandError> {
    let stop = Stop::default();
    let (live, mut watched) = watch::channel(Live::default());
    let (said, mut to_say) = mpsc::unbounded_channel();
    let most_samples = onlookers.most_samples;
    let mut second = |second: &Second| {
        // Whoever says it is this function.
        onlookers.see(second).into_iter().for_each(|trouble| drop(said.send(trouble)));
    };
    let view = View { live: &live, second: &mut second, most_samples };
    let mut running = pin!(engine::run(plan, connector, view, &stop));
    let ended = loop {
        tokio::select! {
            ended = &mut running => match ended {
                Ok(finished) => break Carried::Out(Box::new(finished)),
                Err(EngineError::Stopped) => {
                    outputs.discard();
                    break Carried::Left(left_at_once(stop.ending()));
                }
                Err(error) => {
                    leave(outputs, &watched.borrow(), progress);
                    return Err(broken(plan, error));
                }
            },
            Some(trouble) = to_say.recv() => progress.say(&trouble),
            Ok(()) = watched.changed() => progress.update(&watched.borrow_and_update()),
            ending = signals.next() => {
                if stop.is_asked() {
                    leave(outputs, &watched.borrow(), progress);
                    return Ok(Carried::Left(left_at_once(stop.ending())));
                }
                stop.ask(ending);
                progress.say("stopping: requests under way may finish; once more leaves at once");
            }
        }
    };
    // What was said in the last moment.
    while let Ok(trouble) = to_say.try_recv() {
        progress.say(&trouble);
    }
    progress.finish();
    Ok(ended)
}

/// Nobody waits for the rest of the run; what is counted already stands in its journal.
fn leave(outputs: &Outputs, live: &Live, progress: &mut Progress) {
    progress.finish();
    match live.requests {
        0 => outputs.discard(),
        _ => progress
            .say(&format!("the run is not whole: mnload report {} shows what there is", outputs.folder().display())),
    }
}

/// The report of a run that is over, with what those who looked on have to say.
pub(super) fn judged(plan: &Plan, finished: Finished, mut occasion: Occasion, onlookers: Onlookers) -> Report {
    let Finished { mut summary, traces } = finished;
    let seen = onlookers.finish(summary.ending);
    occasion.commit = seen.commit;
    summary.warnings.extend(seen.warnings);
    let findings = gate::judge(&plan.gates, &summary, &traces);
    report::report_of(&Subject::of(plan), summary, findings, &occasion)
}

pub(super) fn left_at_once(ending: Ending) -> ExitCode {
    match ending {
        Ending::Terminated => ExitCode::Terminated,
        Ending::Completed | Ending::Aborted | Ending::Interrupted | Ending::Killed => ExitCode::Interrupted,
    }
}

/// A failing setup is the user's business like a target that is not there; the rest is ours.
pub(super) fn broken(plan: &Plan, error: EngineError) -> CommandError {
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
