//! A timeout for one call after another that costs next to nothing while calls are in time.
//!
//! Moving a timer for each call is a lock and a walk through the wheel. So one timer is left where it is and looked at
//! when it fires: only then is it moved to the call that is under way by then.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Poll, Waker};

use tokio::time::{Instant, Sleep, sleep_until};

/// A reusable timeout.
#[derive(Debug)]
pub(super) struct Deadline {
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes; none if it has to be told first.
    told: Option<Waker>,
}

impl Deadline {
    pub(super) fn new(now: Instant) -> Self {
        Self { timer: Box::pin(sleep_until(now)), told: None }
    }

    /// What `future` gives, or none if it is not there by `until`.
    pub(super) async fn bound<T>(&mut self, until: Instant, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(value));
            }
            if self.timer.deadline() > until {
                self.move_to(until);
            }
            let is_told = self.told.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
            if is_told && !self.timer.is_elapsed() {
                return Poll::Pending;
            }
            while self.timer.as_mut().poll(cx).is_ready() {
                if Instant::now() >= until {
                    return Poll::Ready(None);
                }
                self.move_to(until);
            }
            self.told = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn move_to(&mut self, until: Instant) {
        self.timer.as_mut().reset(until);
        self.told = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_in_time_pass_and_late_ones_end_at_their_own_deadline() {
        let mut deadline = Deadline::new(Instant::now());
        let start = Instant::now();
        for _ in 0..5 {
            let until = Instant::now() + Duration::from_millis(100);
            assert_eq!(deadline.bound(until, sleep(Duration::from_millis(90))).await, Some(()));
        }
        let until = Instant::now() + Duration::from_millis(50);
        assert_eq!(deadline.bound(until, sleep(Duration::from_secs(9))).await, None);
        assert_eq!(start.elapsed().as_millis(), 5 * 90 + 50);
    }
}
