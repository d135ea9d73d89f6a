//! Waiting until a due time, with a finer clock than the runtime's timers, which have a grain of 1 ms.
//!
//! On Linux a timerfd wakes the worker within tens of microseconds. Each wake costs some 25 µs of CPU, so by default
//! arrivals that are closer together than [`GRAIN`] share one. To be there before the due time and wait awake is more
//! punctual and costs the waiting.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::Instant;

use crate::load::Pacing;

/// Below this rate every due time has a wake of its own.
const MOST_WAKES_PER_S: f64 = 2_000.0;
/// The least time between two wakes above it.
const GRAIN: Duration = Duration::from_micros(500);
/// The least time between two wakes when CPU is to be saved.
const ECONOMY_GRAIN: Duration = Duration::from_millis(1);
/// So long before a due time whoever must be precise is awake: most wakes are less late than that.
const AHEAD: Duration = Duration::from_micros(100);

/// Two looks at the clock that are so close together had nothing to do in between: a request costs more.
const NOTHING_BETWEEN: Duration = Duration::from_micros(4);

/// How long one worker waited awake with nothing else to do.
#[derive(Debug, Default)]
pub(super) struct Awake {
    total: Cell<Duration>,
    /// Until when it is counted: several pacers of one worker wait through the same time.
    until: Cell<Option<Instant>>,
}

impl Awake {
    /// All of it.
    pub(super) fn total(&self) -> Duration {
        self.total.get()
    }

    /// Notes two looks at the clock, one after the other.
    fn note(&self, before: Instant, now: Instant) {
        let before = self.until.get().map_or(before, |until| before.max(until));
        if now.saturating_duration_since(before) < NOTHING_BETWEEN {
            self.total.set(self.total.get() + now.saturating_duration_since(before));
        }
        self.until.set(Some(now));
    }
}

/// Waits for one due time after another.
#[derive(Debug)]
pub(super) struct Pacer {
    timer: timer::Timer,
    grain: Duration,
    ahead: Duration,
    last_wake: Option<Instant>,
    awake: Rc<Awake>,
}

impl Pacer {
    /// A pacer for so many due times per second at the most; what it waits without sleeping is noted in `awake`.
    pub(super) fn new(pacing: Pacing, peak_per_s: f64, awake: Rc<Awake>) -> io::Result<Self> {
        let (grain, ahead) = match pacing {
            Pacing::Default if peak_per_s > MOST_WAKES_PER_S => (GRAIN, Duration::ZERO),
            Pacing::Default => (Duration::ZERO, Duration::ZERO),
            Pacing::Precise => (Duration::ZERO, AHEAD),
            Pacing::Economy => (ECONOMY_GRAIN, Duration::ZERO),
        };
        Ok(Self { timer: timer::Timer::new()?, grain, ahead, last_wake: None, awake })
    }

    /// Returns at `due` or as soon after it as can be; at once if it has passed.
    pub(super) async fn until(&mut self, due: Instant) -> io::Result<()> {
        if Instant::now() >= due {
            return Ok(());
        }
        let wake = self.last_wake.map_or(due, |last| due.max(last + self.grain));
        loop {
            let left = wake.saturating_duration_since(Instant::now() + self.ahead);
            if left.is_zero() {
                break;
            }
            self.timer.wait(left).await?;
        }
        if !self.ahead.is_zero() {
            self.wait_awake(wake).await;
        }
        self.last_wake = Some(Instant::now());
        Ok(())
    }

    /// Lets the others work in the meantime: answers are read as they come.
    async fn wait_awake(&mut self, wake: Instant) {
        let mut now = Instant::now();
        while now < wake {
            yield_now().await;
            let next = Instant::now();
            self.awake.note(now, next);
            now = next;
        }
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A kernel timer that the runtime's own poll wakes for.
    #[derive(Debug)]
    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[expect(
            deprecated,
            reason = "an OwnedFd is the plain case that the deprecation is not about; its successor is unsafe"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self(AsyncFd::with_interest(timer, Interest::READABLE)?))
        }

        pub(super) async fn wait(&mut self, left: Duration) -> io::Result<()> {
            let once = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            let never = Timespec { tv_sec: 0, tv_nsec: 0 };
            // Setting the timer clears an expiry that nobody read, so none is ever read.
            timerfd_settime(
                self.0.get_ref(),
                TimerfdTimerFlags::empty(),
                &Itimerspec { it_interval: never, it_value: once },
            )?;
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timer {
    use std::io;
    use std::time::Duration;

    /// The runtime's timer up to its grain, then yielding until the moment has come.
    #[derive(Debug)]
    pub(super) struct Timer;

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn wait(&mut self, left: Duration) -> io::Result<()> {
            match left.checked_sub(Duration::from_millis(2)).filter(|sleep| !sleep.is_zero()) {
                Some(sleep) => tokio::time::sleep(sleep).await,
                None => tokio::task::yield_now().await,
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_between_two_looks_is_no_waiting_and_nothing_is_waited_twice() {
        let start = Instant::now();
        let at = |us: u64| start + Duration::from_micros(us);
        let awake = Awake::default();
        awake.note(at(0), at(1));
        // A request was sent in between.
        awake.note(at(1), at(21));
        awake.note(at(21), at(23));
        // Another pacer of the same worker looks, too.
        awake.note(at(22), at(24));
        assert_eq!(awake.total(), Duration::from_micros(1 + 2 + 1));
    }
}
