//! Runs a plan: workers that start journeys when they are due, and one place where what they count comes together.
//!
//! Takes a [`Plan`] and a [`Stop`], gives a [`Summary`]; a live view can watch on the way. Each worker is a thread with a
//! runtime, connections and books of its own; nothing is shared while requests are sent.

mod calls;
mod chance;
mod dispatch;
mod evidence;
mod floor;
mod heartbeat;
mod hops;
mod journey;
mod judging;
mod lanes;
mod observer;
mod once;
mod pacer;
mod probe;
mod reaching;
mod session;
mod stop;
mod users;
mod wait;
mod worker;

pub use floor::pacing_floor;
pub use probe::{ProbeError, Probed, probe};
pub use stop::Stop;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::client::{Clock, Connector, PrepareError};
use crate::gate::{Trace, Watcher};
use crate::load::{Load, Shard};
use crate::metrics::{
    Accounting, Aggregate, Call, Generator, Live, Punctuality, Second, Snapshot, StreamSummary, Summary,
};
use crate::plan::{Plan, Stream};
use crate::system::peak_rss_bytes;
use crate::units::format_duration;
use crate::verdict::Ending;
use observer::Observer;
use reaching::connector_to;
use session::Base;
use worker::{Assignment, WorkerReport};

/// Time for all workers to be there before the first arrival is due.
const HEAD_START: Duration = Duration::from_millis(5);

/// A run that is over.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// All that was counted.
    pub summary: Summary,
    /// What was seen of each gate while it went on.
    pub traces: Vec<Trace>,
}

/// Who looks on while a run goes on. Neither may take long: the thread that merges waits for them.
pub struct View<'v> {
    /// The figures so far.
    pub live: &'v watch::Sender<Live>,
    /// Each second when it is complete.
    pub second: &'v mut dyn FnMut(&Second),
    /// How many requests each worker hands on one by one, the first ones.
    pub most_samples: u64,
}

/// Why a run could not take place.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The target cannot be worked with.
    #[error(transparent)]
    Target(#[from] PrepareError),
    /// A thread or its runtime could not be had.
    #[error("cannot start a worker: {0}")]
    Worker(#[from] std::io::Error),
    /// The target did not get ready in time.
    #[error("the target was not ready within {}: {seen}", format_duration(*deadline))]
    NotReady {
        /// How long was waited.
        deadline: Duration,
        /// What was seen last.
        seen: String,
    },
    /// A step of setup failed.
    #[error("the setup step `{step}` failed: {message}")]
    Setup {
        /// Its name.
        step: String,
        /// What happened.
        message: String,
        /// The call itself, in a once run.
        call: Option<Box<Call>>,
    },
    /// The run was stopped before its load started.
    #[error("stopped before the load started")]
    Stopped,
    /// A worker ended before its time.
    #[error("a worker broke down: {0}")]
    Broken(String),
}

/// Waits for the target if the plan says so; then looks it up and connects to it once, without sending anything.
///
/// # Errors
/// When it does not get ready, a name is unknown, nothing listens, or TLS fails.
pub async fn reach(plan: &Plan) -> Result<Connector, EngineError> {
    if let Some(wait) = &plan.target.wait_for {
        wait::until_ready(plan, wait).await?;
    }
    let reached = async {
        let connector = connector_to(plan, &plan.target.endpoints).await?;
        connector.probe().await?;
        Ok(connector)
    };
    let limit = plan.target.timeout;
    tokio::time::timeout(limit, reached).await.unwrap_or(Err(PrepareError::Silent(limit).into()))
}

/// A target that was reached, and what setup gave: journeys start from it, those of several loads too.
#[derive(Debug, Clone)]
pub struct Ground {
    connector: Connector,
    base: Base,
}

/// Runs `plan` to its end, until `stop` says so, or until a gate that asks for it can no longer hold.
///
/// # Errors
/// When workers cannot be started or break down. What the target does wrong is data, not an error.
pub async fn run(plan: &Arc<Plan>, connector: Connector, view: View<'_>, stop: &Stop) -> Result<Finished, EngineError> {
    let ground = prepare(plan, connector, stop).await?;
    let mut finished = load(plan, &ground, view, stop).await?;
    finished.summary.warnings = leave(plan, ground).await;
    Ok(finished)
}

/// Runs the setup of `plan`, once, whatever loads come after it.
///
/// # Errors
/// When one of its steps fails, or `stop` says so meanwhile.
pub async fn prepare(plan: &Arc<Plan>, connector: Connector, stop: &Stop) -> Result<Ground, EngineError> {
    let base = once::setup(plan, &connector, &plan.scope, stop).await;
    // What setup says then is no more than that it was stopped.
    if matches!(stop.ending(), Ending::Interrupted | Ending::Terminated) {
        return Err(EngineError::Stopped);
    }
    Ok(Ground { base: base?, connector })
}

/// Runs the teardown of `plan` when no more loads come; gives what went wrong beside them.
pub async fn leave(plan: &Arc<Plan>, ground: Ground) -> Vec<String> {
    let Ground { connector, base } = ground;
    let failed = once::teardown(plan, &connector, base).await;
    failed.into_iter().chain(connector.lookup_warnings()).collect()
}

/// Runs the load of `plan` from `ground`, without its setup and teardown; see [`run`].
///
/// # Errors
/// Those of [`run`].
pub async fn load(plan: &Arc<Plan>, ground: &Ground, view: View<'_>, stop: &Stop) -> Result<Finished, EngineError> {
    let Ground { connector, base } = ground;
    let workers = plan.limits.workers as u64;
    let head_start = if plan.is_once() { Duration::ZERO } else { HEAD_START };
    let start = Instant::now() + head_start;
    stop.load_starts_at(start);
    let clock = Clock::starting_at(start);
    let cap_of = |stream: &Stream| match &stream.load {
        Load::Closed(closed) => users::cap(closed),
        Load::Once | Load::Open(_) => None,
    };
    let caps: Vec<_> = plan.streams.iter().map(cap_of).collect();
    let (sender, receiver) = mpsc::unbounded_channel();
    let threads = Shard::all(workers)
        .map(|shard| {
            let (plan, connector, caps, base) = (Arc::clone(plan), connector.clone(), caps.clone(), base.clone());
            worker::spawn(Assignment {
                shard,
                plan,
                connector,
                clock,
                snapshots: sender.clone(),
                stop: stop.clone(),
                caps,
                base,
                most_samples: view.most_samples,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    drop(sender);
    // One pass through the steps is over before there is anything to see.
    let mut observer = (!plan.is_once()).then(Observer::start);
    let aggregate = Aggregate::new(workers as usize, plan.series.count());
    let mut watcher = Watcher::new(&plan.gates, plan.prospects());
    let watching = Watching { watcher: &mut watcher, stop, view };
    let aggregate = gather(receiver, aggregate, watching, observer.as_mut()).await;
    let mut reports = Vec::with_capacity(threads.len());
    for thread in threads {
        // Each has sent its last snapshot: joining does not wait.
        let report = thread.join().map_err(|panic| EngineError::Broken(words_of(&*panic)))??;
        reports.push(report);
    }
    let elapsed = start.elapsed();
    let mut summary = summarise(plan, aggregate, &reports, elapsed, stop);
    let opened = summary.total.connections_opened;
    summary.generator.on_machine(observer.map(|seen| seen.finish(opened)).unwrap_or_default());
    Ok(Finished { summary, traces: watcher.finish() })
}

/// Who looks at each second that is complete.
struct Watching<'w, 'v> {
    watcher: &'w mut Watcher,
    stop: &'w Stop,
    view: View<'v>,
}

impl Watching<'_, '_> {
    fn see(&mut self, second: &Second) {
        (self.view.second)(second);
        if let Some(after) = self.stop.stopped_after() {
            self.watcher.load_ended(after);
        }
        if let Some(gate) = self.watcher.see(second)
            && self.stop.ask(Ending::Aborted)
        {
            self.watcher.aborted_by(gate);
        }
    }
}

/// Merges snapshots until every worker has hung up.
async fn gather(
    mut snapshots: mpsc::UnboundedReceiver<Snapshot>,
    mut aggregate: Aggregate,
    mut watching: Watching<'_, '_>,
    mut observer: Option<&mut Observer>,
) -> Aggregate {
    loop {
        let snapshot = match &mut observer {
            None => snapshots.recv().await,
            Some(observer) => tokio::select! {
                snapshot = snapshots.recv() => snapshot,
                never = observer.look_every_second() => match never {},
            },
        };
        let Some(snapshot) = snapshot else { break };
        if aggregate.take(snapshot, |second| watching.see(second)) {
            watching.view.live.send_replace(aggregate.live());
        }
    }
    aggregate
}

fn summarise(plan: &Plan, aggregate: Aggregate, reports: &[WorkerReport], elapsed: Duration, stop: &Stop) -> Summary {
    let (total, timeline, batches) = aggregate.finish();
    let mut accounting = Accounting::default();
    let mut generator =
        Generator { workers: reports.len(), max_in_flight: plan.limits.max_in_flight, ..Generator::default() };
    let mut due_in_window = 0;
    for report in reports {
        accounting.merge(&report.accounting);
        due_in_window += report.due_in_window;
        generator.cpu += report.cpu;
        generator.each_worker.extend(report.used);
        generator.loop_lag.merge(&report.pulse.lag);
        generator.stalls += report.pulse.stalls;
        generator.peak_in_flight += report.peak_in_flight;
        generator.waited_for_slot += report.streams.values().map(|load| load.waited).sum::<u64>();
    }
    // A once run has one worker.
    let calls = reports.first().map(|report| report.calls.clone()).unwrap_or_default();
    accounting.passed = total.journeys_passed;
    accounting.failed = total.journeys_failed;
    let worker_time = elapsed.as_secs_f64() * reports.len() as f64;
    generator.cpu_share = if worker_time > 0.0 { generator.cpu.as_secs_f64() / worker_time } else { 0.0 };
    generator.peak_rss_bytes = peak_rss_bytes().unwrap_or_default();
    let stopped = stop.stopped_after().unwrap_or(Duration::MAX);
    let planned = stopped.min(plan.duration().unwrap_or(elapsed));
    // An open load offers until its schedule ends or is stopped; in the others journeys start until the last one does.
    let all_open = plan.streams.iter().all(|stream| matches!(stream.load, Load::Open(_)));
    let window = if all_open { planned } else { planned.min(elapsed) };
    // No longer than the run: one that was stopped in its warm-up has nothing after it.
    let warm_up = plan.judged_from().min(window);
    let window = window.saturating_sub(warm_up);
    let per_s = |count: u64| if window.is_zero() { 0.0 } else { count as f64 / window.as_secs_f64() };
    Summary {
        ending: stop.ending(),
        accounting,
        window,
        warm_up,
        elapsed,
        offered_per_s: per_s(due_in_window),
        achieved_per_s: per_s(total.started_in_window),
        all_steps: total.all_steps(),
        total,
        timeline,
        batches,
        generator,
        calls,
        streams: streams(plan, reports),
        warnings: Vec::new(),
    }
}

/// The open loads one by one, if there are several loads.
fn streams(plan: &Plan, reports: &[WorkerReport]) -> Vec<StreamSummary> {
    if plan.streams.len() < 2 {
        return Vec::new();
    }
    let of = |(number, stream): (usize, &Stream)| {
        let mut punctuality = Punctuality::default();
        reports.iter().filter_map(|report| report.streams.get(&number)).for_each(|part| punctuality.merge(part));
        let name = if stream.name.is_empty() { "the other flows".to_owned() } else { stream.name.clone() };
        StreamSummary { name, punctuality, max_in_flight: stream.max_in_flight }
    };
    plan.streams.iter().enumerate().map(of).filter(|stream| stream.punctuality.due > 0).collect()
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}
