//! The closed model on one worker: users who start their next journey when the last one is over.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::{Quota, RateLimiter};
use tokio::task::JoinSet;

use super::journey::{Stage, perform};
use super::stop::Stop;
use super::worker::{Assignment, WorkerReport};
use crate::client::{Channel, Connector};
use crate::load::{Closed, Until};
use crate::metrics::Accounting;

/// A cap on journeys per second that all users of all workers share.
pub(super) type Cap = RateLimiter<governor::state::NotKeyed, governor::state::InMemoryState, MonotonicClock>;

/// The cap that `load` asks for, if it does.
pub(super) fn cap(load: &Closed) -> Option<Arc<Cap>> {
    let period = load.max_rate.and_then(|per_s| Duration::try_from_secs_f64(1.0 / per_s).ok())?;
    // One at a time: a burst after a pause would be above the rate.
    let quota = Quota::with_period(period)?.allow_burst(NonZeroU32::MIN);
    Some(Arc::new(RateLimiter::direct_with_clock(quota, MonotonicClock)))
}

/// The books of one worker's users.
struct Books {
    /// Journeys that may still be started; none if there is no such limit.
    left: Cell<Option<u64>>,
    started: Cell<u64>,
    ended: Cell<u64>,
}

/// Runs this worker's share of the users until the load's end and reports where their journeys went.
pub(super) async fn run(
    load: &Closed,
    cap: Option<Arc<Cap>>,
    stage: &Rc<Stage>,
    assignment: &Assignment,
) -> WorkerReport {
    let shard = assignment.shard;
    let (quota, time) = match load.until {
        Until::Elapsed(time) => (None, Some(time)),
        Until::Iterations(journeys, time) => (Some(shard.share(journeys)), time),
    };
    let books = Rc::new(Books { left: Cell::new(quota), started: Cell::new(0), ended: Cell::new(0) });
    let users = shard.share(load.users);
    let ends_ns = time.map_or(u64::MAX, |time| time.as_nanos() as u64);
    let mut all = JoinSet::new();
    for _ in 0..users {
        let user = User {
            stage: Rc::clone(stage),
            books: Rc::clone(&books),
            stop: assignment.stop.clone(),
            cap: cap.clone(),
            ends_ns,
        };
        all.spawn_local(user.live(assignment.connector.clone()));
    }
    let finished = async { while all.join_next().await.is_some() {} };
    match ends_ns {
        u64::MAX => until_done(finished, stage, &assignment.stop).await,
        _ => until_end(finished, stage, ends_ns).await,
    }
    let left = books.left.get().unwrap_or(0);
    let (started, ended) = (books.started.get(), books.ended.get());
    let accounting = Accounting {
        scheduled: quota.unwrap_or(started),
        abandoned: started - ended,
        unstarted: left,
        ..Accounting::default()
    };
    WorkerReport { accounting, due_in_window: started, peak_in_flight: users.min(started), ..WorkerReport::default() }
}

/// Waits for users who have no end in time, but no longer than the drain after a stop.
async fn until_done(finished: impl Future<Output = ()>, stage: &Stage, stop: &Stop) {
    let drained = async {
        stop.asked().await;
        tokio::time::sleep(stage.plan.limits.drain).await;
    };
    tokio::select! { () = finished => {}, () = drained => {} }
}

/// Waits for users who end in time, but no longer than the drain after that.
async fn until_end(finished: impl Future<Output = ()>, stage: &Stage, ends_ns: u64) {
    let last = stage.clock.instant(ends_ns) + stage.plan.limits.drain;
    let _ = tokio::time::timeout_at(last, finished).await;
}

struct User {
    stage: Rc<Stage>,
    books: Rc<Books>,
    stop: Stop,
    cap: Option<Arc<Cap>>,
    ends_ns: u64,
}

impl User {
    async fn live(self, connector: Connector) {
        let mut channel = Channel::new(connector, self.stage.clock);
        while self.may_start().await {
            self.books.started.set(self.books.started.get() + 1);
            perform(&self.stage, &mut channel, self.stage.clock.now_ns()).await;
            self.books.ended.set(self.books.ended.get() + 1);
        }
    }

    /// Waits for the cap's leave, and says whether there is time and a journey left.
    async fn may_start(&self) -> bool {
        loop {
            if self.stop.is_asked() || self.stage.clock.now_ns() >= self.ends_ns || self.books.left.get() == Some(0) {
                return false;
            }
            match self.cap.as_ref().map(|cap| cap.check()) {
                Some(Err(refused)) => {
                    let pause = refused.wait_time_from(MonotonicClock.now());
                    tokio::select! { () = tokio::time::sleep(pause) => {}, () = self.stop.asked() => {} }
                }
                Some(Ok(())) | None => break,
            }
        }
        self.books.left.set(self.books.left.get().map(|left| left - 1));
        true
    }
}
