//! The closed model on one worker: users who start their next journey when the last one is over.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::{Quota, RateLimiter};
use tokio::task::JoinSet;

use super::journey::{Course, Stage, Ticket, perform};
use super::session::Session;
use super::worker::{Assignment, WorkerReport};
use crate::client::Connector;
use crate::load::{Closed, Shard, Until};
use crate::metrics::Accounting;
use crate::plan::Per;

/// The time whose share of journeys may start at once.
const BURST: Duration = Duration::from_millis(10);
/// A user whose journey failed, or asked for nothing, waits so long before the next: a target that refuses at once is not
/// hammered.
const PAUSE: Duration = Duration::from_millis(10);

/// A cap on journeys per second that all users of all workers share.
pub(super) type Cap = RateLimiter<governor::state::NotKeyed, governor::state::InMemoryState, MonotonicClock>;

/// The cap that `load` asks for, if it does.
pub(super) fn cap(load: &Closed) -> Option<Arc<Cap>> {
    let period = load.max_rate.and_then(|per_s| Duration::try_from_secs_f64(1.0 / per_s).ok())?;
    // Only what the runtime's timers, with their grain of 1 ms, would otherwise lose.
    let burst = NonZeroU32::new((load.max_rate? * BURST.as_secs_f64()) as u32).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(period)?.allow_burst(burst);
    Some(Arc::new(RateLimiter::direct_with_clock(quota, MonotonicClock)))
}

/// The books of one worker's users.
#[derive(Default)]
struct Books {
    /// Journeys that may still be started; none if there is no such limit.
    left: Cell<Option<u64>>,
    started: Cell<u64>,
    /// Of those, the ones after the warm-up.
    judged: Cell<u64>,
    ended: Cell<u64>,
    peak: Cell<u64>,
}

/// Runs this worker's share of the users of stream number `stream` until its end and reports where their journeys went.
pub(super) async fn run(load: &Closed, stream: usize, stage: &Rc<Stage>, assignment: &Assignment) -> WorkerReport {
    let start_after = stage.plan.streams[stream].start_after;
    // A load of few users is carried by as few workers: a share of journeys without a user would never start.
    let of = assignment.shard.of.min(load.users).max(1);
    let shard = Shard { index: assignment.shard.index, of };
    if shard.index >= of {
        return WorkerReport::default();
    }
    let (quota, time) = match load.until {
        Until::Elapsed(time) => (None, Some(time)),
        Until::Iterations(journeys, time) => (Some(shard.share(journeys)), time),
    };
    let books = Rc::new(Books { left: Cell::new(quota), ..Books::default() });
    let ends_ns = time.map_or(u64::MAX, |time| (start_after + time).as_nanos() as u64);
    let mut all = JoinSet::new();
    for local in 0..shard.share(load.users) {
        let number = local * shard.of + shard.index;
        let user = User {
            stage: Rc::clone(stage),
            books: Rc::clone(&books),
            cap: assignment.caps[stream].clone(),
            stream,
            number,
            shard,
            ends_ns,
        };
        all.spawn_local(user.live(assignment.connector.clone()));
    }
    let finished = async { while all.join_next().await.is_some() {} };
    tokio::select! { () = finished => {}, () = limit(stage, stream, ends_ns) => {} }
    let (started, ended) = (books.started.get(), books.ended.get());
    // With an end in time, the number of journeys is a bound and no promise.
    let unstarted = if time.is_none() { books.left.get().unwrap_or(0) } else { 0 };
    let accounting =
        Accounting { scheduled: started + unstarted, abandoned: started - ended, unstarted, ..Accounting::default() };
    WorkerReport {
        accounting,
        due_in_window: books.judged.get(),
        peak_in_flight: books.peak.get(),
        ..WorkerReport::default()
    }
}

/// Waits until journeys under way have had their time to finish, after the end or a stop.
async fn limit(stage: &Stage, stream: usize, ends_ns: u64) {
    let end = async {
        match ends_ns {
            u64::MAX => std::future::pending().await,
            _ => tokio::time::sleep_until(stage.clock.instant(ends_ns)).await,
        }
    };
    tokio::select! {
        () = end => {}
        () = stage.stop.asked() => stage.recorder.borrow_mut().close_window(stage.clock.now_ns()),
    }
    tokio::time::sleep(stage.plan.streams[stream].drain).await;
}

struct User {
    stage: Rc<Stage>,
    books: Rc<Books>,
    cap: Option<Arc<Cap>>,
    stream: usize,
    /// This user.
    number: u64,
    shard: Shard,
    ends_ns: u64,
}

impl User {
    async fn live(self, connector: Connector) {
        let mut session = Session::new(&self.stage, &connector, Per::User);
        let mut iteration = 0;
        self.wait_for_start().await;
        while let Some(now_ns) = self.may_start().await {
            // In the order in which they start, so that no number is left out: rows are dealt by it.
            let journey = self.books.started.get() * self.shard.of + self.shard.index;
            let (started, ended) = (self.books.started.get() + 1, self.books.ended.get());
            self.books.started.set(started);
            self.books.peak.set(self.books.peak.get().max(started - ended));
            let seat = self.stage.plan.streams[self.stream].seat(self.number, iteration, journey);
            let judged = !self.stage.plan.streams[self.stream].is_warm_up(now_ns);
            self.books.judged.set(self.books.judged.get() + u64::from(judged));
            let ticket =
                Ticket { due_ns: now_ns, taken_ns: now_ns, scheduled: false, stream: self.stream, journey, seat };
            let sent_before = session.sent;
            let course = perform(&self.stage, &mut session, ticket).await;
            if course == Course::CutOff {
                return;
            }
            self.books.ended.set(self.books.ended.get() + 1);
            iteration += 1;
            // A journey that asked for nothing took no time: without a pause nobody else would get any.
            if course == Course::Failed || session.sent == sent_before {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn wait_for_start(&self) {
        let start = self.stage.plan.streams[self.stream].start_after;
        if !start.is_zero() {
            let start = self.stage.clock.instant(start.as_nanos() as u64);
            tokio::select! { () = tokio::time::sleep_until(start) => {}, () = self.stage.stop.asked() => {} }
        }
    }

    /// Waits for the cap's leave; says when the next journey starts, if there is time and a journey left.
    async fn may_start(&self) -> Option<u64> {
        let now_ns = loop {
            let now_ns = self.stage.clock.now_ns();
            if self.stage.stop.is_asked() || now_ns >= self.ends_ns || self.books.left.get() == Some(0) {
                return None;
            }
            match self.cap.as_ref().map(|cap| cap.check()) {
                Some(Err(refused)) => {
                    let pause = refused.wait_time_from(MonotonicClock.now());
                    tokio::select! { () = tokio::time::sleep(pause) => {}, () = self.stage.stop.asked() => {} }
                }
                Some(Ok(())) | None => break now_ns,
            }
        };
        self.books.left.set(self.books.left.get().map(|left| left - 1));
        Some(now_ns)
    }
}
