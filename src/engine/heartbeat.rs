//! One worker's own pulse: how late its event loop comes round to something that is due, and what it had of a core.
//!
//! A tick every [`BEAT`] falls due whatever the load does. How late each one is taken up is a fair sample of how late
//! any answer is noticed: a loop that stands still for a tenth of the time is late for a tenth of the ticks.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::client::Clock;
use crate::metrics::{Histogram, LATE, WorkerUse};
use crate::system::{thread_cpu, thread_times};

/// Twenty wakes a second and worker are too few to be seen in its CPU time.
const BEAT: Duration = Duration::from_millis(50);

/// What the ticks of one worker have shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse {
    /// How late the ticks were taken up, in microseconds.
    pub(super) lag: Histogram,
    /// How often the loop did not come round for more than [`LATE`].
    pub(super) stalls: u64,
    /// When the loop came round last.
    last: Option<Instant>,
    /// What the worker had of a core until the end of the load, once that has come, and how long that was.
    used: Option<(WorkerUse, Duration)>,
}

impl Pulse {
    /// Notes that the tick that was due at `due` was taken up at `now`.
    fn note(&mut self, due: Instant, now: Instant) {
        let late = now.saturating_duration_since(due);
        self.lag.record(late.as_micros() as u64);
        // The ticks that a single stall has held up belong to one stall.
        let same_stall = self.last.is_some_and(|last| last >= due);
        self.stalls += u64::from(late > LATE && !same_stall);
        self.last = Some(now);
    }

    /// What the worker had of a core while the load lasted, of which it waited for `awake` without sleeping.
    pub(super) fn used(&self, clock: &Clock, awake: Duration) -> WorkerUse {
        let (used, elapsed) = self.used.unwrap_or_else(|| used_until_now(clock));
        let awake_share = awake.as_secs_f64() / elapsed.as_secs_f64().max(f64::EPSILON);
        WorkerUse { awake_share: awake_share.min(used.cpu_share), ..used }
    }
}

/// Ticks for ever; after `window_ns` from the start, waiting for the last answers is no part of a worker's load.
pub(super) async fn beat(clock: Clock, window_ns: u64, pulse: Rc<RefCell<Pulse>>) {
    let mut ticks = interval_at(clock.instant(BEAT.as_nanos() as u64), BEAT);
    // Every tick that was missed was late, too.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        let due = ticks.tick().await;
        let mut pulse = pulse.borrow_mut();
        pulse.note(due, Instant::now());
        if pulse.used.is_none() && clock.now_ns() >= window_ns {
            pulse.used = Some(used_until_now(&clock));
        }
    }
}

/// What the calling thread had of a core from the start of the load until now.
fn used_until_now(clock: &Clock) -> (WorkerUse, Duration) {
    let elapsed = Duration::from_nanos(clock.now_ns());
    if elapsed.is_zero() {
        return (WorkerUse::default(), elapsed);
    }
    let share = |time: Duration| time.as_secs_f64() / elapsed.as_secs_f64();
    let times = thread_times();
    let used = WorkerUse {
        cpu_share: share(thread_cpu()),
        awake_share: 0.0,
        waiting_share: times.waited.map(share),
        stolen_share: None,
        preempted: times.preempted,
    };
    (used, elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_one_stall_held_up_are_all_late_and_one_stall() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut pulse = Pulse::default();
        pulse.note(at(50), at(51));
        // The loop stands still from 90 to 210.
        for due in [100, 150, 200] {
            pulse.note(at(due), at(210));
        }
        pulse.note(at(250), at(250));
        pulse.note(at(300), at(320));
        assert_eq!((pulse.stalls, pulse.lag.count(), pulse.lag.latency().max), (2, 6, 110_000));
    }
}
