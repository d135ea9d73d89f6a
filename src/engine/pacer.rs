//! Waiting until a due time, with a finer clock than the runtime's timers, which have a grain of 1 ms.
//!
//! On Linux a timerfd wakes the worker within tens of microseconds. Each wake costs some 25 µs of CPU, so above
//! [`MOST_WAKES_PER_S`] arrivals that are closer together than [`GRAIN`] share one.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

/// Below this rate every due time has a wake of its own.
const MOST_WAKES_PER_S: f64 = 2_000.0;
/// The least time between two wakes above it.
const GRAIN: Duration = Duration::from_micros(200);

/// Waits for one due time after another.
#[derive(Debug)]
pub(super) struct Pacer {
    timer: timer::Timer,
    grain: Duration,
    last_wake: Option<Instant>,
}

impl Pacer {
    /// A pacer for so many due times per second at the most.
    pub(super) fn new(peak_per_s: f64) -> io::Result<Self> {
        let grain = if peak_per_s > MOST_WAKES_PER_S { GRAIN } else { Duration::ZERO };
        Ok(Self { timer: timer::Timer::new()?, grain, last_wake: None })
    }

    /// Returns at `due` or as soon after it as can be; at once if it has passed.
    pub(super) async fn until(&mut self, due: Instant) -> io::Result<()> {
        if Instant::now() >= due {
            return Ok(());
        }
        let wake = self.last_wake.map_or(due, |last| due.max(last + self.grain));
        loop {
            let left = wake.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.timer.wait(left).await?;
        }
        self.last_wake = Some(Instant::now());
        Ok(())
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
