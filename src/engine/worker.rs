//! One worker: a thread with a runtime of its own, its part of the load, and a snapshot every second.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime::LocalRuntime;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval_at};

use super::calls::CallLog;
use super::heartbeat::{Pulse, beat};
use super::journey::Stage;
use super::session::Base;
use super::stop::Stop;
use super::users::Cap;
use super::{dispatch, users};
use crate::client::{Clock, Connector};
use crate::gate;
use crate::load::{Closed, Load, Shard, Until};
use crate::metrics::{Accounting, Calls, Punctuality, Recorder, Snapshot, WorkerUse};
use crate::plan::{Plan, Stream};
use crate::system::thread_cpu;

const SECOND: Duration = Duration::from_secs(1);

/// What one worker is to do.
pub(super) struct Assignment {
    pub(super) shard: Shard,
    pub(super) plan: Arc<Plan>,
    pub(super) connector: Connector,
    pub(super) clock: Clock,
    pub(super) snapshots: UnboundedSender<Snapshot>,
    pub(super) stop: Stop,
    /// For each stream, the cap that all workers share.
    pub(super) caps: Vec<Option<Arc<Cap>>>,
    /// What journeys start from.
    pub(super) base: Base,
    /// How many requests are handed on one by one.
    pub(super) most_samples: u64,
}

/// What one worker says at its end, beside its snapshots.
#[derive(Debug, Default)]
pub(super) struct WorkerReport {
    /// Scheduled, abandoned and unstarted journeys, each counted where it happened.
    pub(super) accounting: Accounting,
    /// Arrivals that were due after the warm-up, and before the end of the schedule or the stop.
    pub(super) due_in_window: u64,
    pub(super) peak_in_flight: u64,
    /// How punctual each open load was, by its number.
    pub(super) streams: BTreeMap<usize, Punctuality>,
    pub(super) cpu: Duration,
    /// What it had of a core while the load lasted; nothing in a once run.
    pub(super) used: Option<WorkerUse>,
    /// How late its event loop came round; nothing in a once run.
    pub(super) pulse: Pulse,
    /// What was kept call by call.
    pub(super) calls: Calls,
}

/// Starts a worker on a thread of its own.
pub(super) fn spawn(assignment: Assignment) -> io::Result<JoinHandle<io::Result<WorkerReport>>> {
    let name = format!("mnload-worker-{}", assignment.shard.index);
    Builder::new().name(name).spawn(move || {
        let runtime = LocalRuntime::new()?;
        let report = runtime.block_on(work(&Rc::new(assignment)))?;
        Ok(WorkerReport { cpu: thread_cpu(), ..report })
    })
}

async fn work(assignment: &Rc<Assignment>) -> io::Result<WorkerReport> {
    let Assignment { shard, plan, clock, snapshots, .. } = &**assignment;
    let window_ns = plan.duration().map_or(u64::MAX, |window| window.as_nanos() as u64);
    let window = plan.judged_from().as_nanos() as u64..window_ns;
    let logged = gate::logged(&plan.gates, plan.series.count());
    let recorder = RefCell::new(
        Recorder::new(shard.index, plan.series.clone(), window).logging(logged).sampling(assignment.most_samples),
    );
    let (base, stop) = (assignment.base.clone(), assignment.stop.clone());
    let stage = Rc::new(Stage::new(plan, base, *clock, recorder, stop, &assignment.connector));
    let next = Rc::new(Cell::new(0));
    let ticker = spawn_local(hand_in_every_second(Rc::clone(&stage), snapshots.clone(), Rc::clone(&next)));
    let pulse = Rc::new(RefCell::new(Pulse::default()));
    // One pass through the steps has no rate that a late loop could spoil.
    let beating = (!plan.is_once()).then(|| spawn_local(beat(*clock, window_ns, Rc::clone(&pulse))));
    tokio::time::sleep_until(clock.instant(0)).await;
    let report = carry_all(&stage, assignment).await?;
    ticker.abort();
    let used = beating.map(|beating| {
        beating.abort();
        pulse.borrow().used(clock, stage.awake.total())
    });
    // The load may be over before the tick at its end is noticed: what was counted until then belongs to its last second.
    let now = clock.now_ns() / SECOND.as_nanos() as u64;
    (next.get()..now).for_each(|second| hand_in(&stage, snapshots, second, false));
    hand_in(&stage, snapshots, now.max(next.get()), true);
    let calls = stage.calls.as_ref().map(CallLog::take).unwrap_or_default();
    let pulse = pulse.take();
    Ok(WorkerReport { calls, used, pulse, ..report })
}

/// Carries all streams side by side.
async fn carry_all(stage: &Rc<Stage>, assignment: &Rc<Assignment>) -> io::Result<WorkerReport> {
    let streams = stage.plan.streams.len();
    if streams == 1 {
        return carry(0, stage, assignment).await;
    }
    let mut all = JoinSet::new();
    for stream in 0..streams {
        let (stage, assignment) = (Rc::clone(stage), Rc::clone(assignment));
        all.spawn_local(async move { carry(stream, &stage, &assignment).await });
    }
    let mut report = WorkerReport::default();
    while let Some(ended) = all.join_next().await {
        report.add(ended.map_err(io::Error::other)??);
    }
    Ok(report)
}

/// Carries this worker's part of one stream.
async fn carry(stream: usize, stage: &Rc<Stage>, assignment: &Assignment) -> io::Result<WorkerReport> {
    let planned = &stage.plan.streams[stream];
    match &planned.load {
        Load::Open(open) => dispatch::run(open, stream, stage, assignment).await,
        Load::Closed(closed) => Ok(users::run(closed, stream, stage, assignment).await),
        Load::Once => Ok(users::run(&once(planned), stream, stage, assignment).await),
    }
}

/// Once through every flow: one user with a journey for each.
fn once(stream: &Stream) -> Closed {
    Closed { users: 1, until: Until::Iterations(stream.flows.len() as u64, None), max_rate: None, keep_state: false }
}

impl WorkerReport {
    /// Adds what another stream's journeys came to; the highest numbers at one time may not have been at the same one.
    fn add(&mut self, other: Self) {
        self.accounting.merge(&other.accounting);
        self.due_in_window += other.due_in_window;
        self.peak_in_flight += other.peak_in_flight;
        self.streams.extend(other.streams);
    }
}

/// `next` is the first second that is still to be handed in.
async fn hand_in_every_second(stage: Rc<Stage>, snapshots: UnboundedSender<Snapshot>, next: Rc<Cell<u64>>) {
    let mut ticks = interval_at(stage.clock.instant(SECOND.as_nanos() as u64), SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        // A loop that stood still came to no tick of the seconds in between; nothing happened in them, and that is said.
        let over = stage.clock.now_ns() / SECOND.as_nanos() as u64;
        (next.get()..over).for_each(|second| hand_in(&stage, &snapshots, second, false));
        next.set(over.max(next.get()));
        stage.pool.sweep(stage.clock.now_ns());
    }
}

fn hand_in(stage: &Stage, snapshots: &UnboundedSender<Snapshot>, second: u64, last: bool) {
    let snapshot = stage.recorder.borrow_mut().snapshot(second, last);
    // Nobody listens any more only when the run is being given up.
    let _ = snapshots.send(snapshot);
}
