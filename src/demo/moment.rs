//! One point in time, as the demo's pure parts see it: taken once per request and passed down.

use std::time::Duration;

use jiff::Timestamp;

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since the demo started, on the monotonic clock.
    pub(super) elapsed: Duration,
    /// The wall clock, in milliseconds since 1970, when the demo started.
    started_epoch_ms: u64,
}

impl Moment {
    pub(super) const fn new(elapsed: Duration, started_epoch_ms: u64) -> Self {
        Self { elapsed, started_epoch_ms }
    }

    /// The moment `span` after this one.
    pub(super) fn later(self, span: Duration) -> Self {
        Self { elapsed: self.elapsed.saturating_add(span), ..self }
    }

    /// Milliseconds since 1970.
    pub(super) fn epoch_ms(self) -> u64 {
        let elapsed_ms = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        self.started_epoch_ms.saturating_add(elapsed_ms)
    }

    /// ISO 8601 in UTC, to the millisecond.
    pub(super) fn iso(self) -> String {
        let time = i64::try_from(self.epoch_ms())
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or(Timestamp::MAX);
        format!("{time:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_run_together() {
        let start = Moment::new(Duration::ZERO, 1_700_000_000_000);
        let later = start.later(Duration::from_millis(1_500));
        assert_eq!(later.epoch_ms(), 1_700_000_001_500);
        assert_eq!(later.iso(), "2023-11-14T22:13:21.500Z");
    }
}
