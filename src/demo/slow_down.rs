//! The slow-down: a server whose answers take longer and longer, like one whose queue or heap grows.
//!
//! Pure arithmetic. Every time is a span since the first request that the demo received, so what each request waits can
//! be calculated by hand.

use std::str::FromStr;
use std::time::Duration;

/// Answers take `from` longer at the first request and `to` longer from `over` on; in between it grows in a straight
/// line with the time of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowDown {
    from: Duration,
    to: Duration,
    over: Duration,
}

impl SlowDown {
    /// From `from` to `to`, which is longer, over a time above zero; else an error.
    pub fn new(from: Duration, to: Duration, over: Duration) -> Result<Self, SlowDownError> {
        if over.is_zero() || from >= to {
            return Err(SlowDownError::Spans { from, to, over });
        }
        Ok(Self { from, to, over })
    }

    /// What is added to the latency of a request that arrives at `at`.
    #[must_use]
    pub fn at(&self, at: Duration) -> Duration {
        let share = at.div_duration_f64(self.over).min(1.0);
        let growth = self.to - self.from;
        // Only what no clock could wait for is too long for the calculation.
        self.from.saturating_add(Duration::try_from_secs_f64(growth.as_secs_f64() * share).unwrap_or(growth))
    }
}

impl std::fmt::Display for SlowDown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = humantime::format_duration;
        write!(f, "{} to {} over {}", text(self.from), text(self.to), text(self.over))
    }
}

/// Why a slow-down cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SlowDownError {
    /// Not of the form `FROM..TO/OVER`.
    #[error("`{0}` is not a slow-down; write from where to where and over what time, as in `1ms..200ms/20s`")]
    Form(String),
    /// One of the durations cannot be read.
    #[error("`{text}` in a slow-down is not a duration ({reason}); write it as in `1ms..200ms/20s`")]
    Duration {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It does not grow, or in no time.
    #[error("a slow-down from {from:?} to {to:?} over {over:?} is not possible; it must grow, over a time above zero")]
    Spans {
        /// Where it would start.
        from: Duration,
        /// Where it would end.
        to: Duration,
        /// How long it would take.
        over: Duration,
    },
}

impl FromStr for SlowDown {
    type Err = SlowDownError;

    fn from_str(text: &str) -> Result<Self, SlowDownError> {
        let form = || SlowDownError::Form(text.to_owned());
        let (growth, over) = text.split_once('/').ok_or_else(form)?;
        let (from, to) = growth.split_once("..").ok_or_else(form)?;
        let span = |part: &str| {
            humantime::parse_duration(part.trim())
                .map_err(|error| SlowDownError::Duration { text: part.to_owned(), reason: error.to_string() })
        };
        Self::new(span(from)?, span(to)?, span(over)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn it_grows_in_a_straight_line_and_stays() {
        let slow: SlowDown = "1ms..201ms/20s".parse().unwrap();
        for (at, more) in [(0, 1), (5_000, 51), (10_000, 101), (20_000, 201), (90_000, 201)] {
            assert_eq!(slow.at(ms(at)), ms(more), "{at}");
        }
        assert_eq!(slow.to_string(), "1ms to 201ms over 20s");
    }

    #[test]
    fn no_time_is_too_long_for_it() {
        let slow = SlowDown::new(ms(1), Duration::MAX, Duration::MAX).unwrap();
        assert!(slow.at(Duration::MAX) >= slow.at(ms(5)));
    }

    #[test]
    fn what_is_no_slow_down_is_refused_with_an_example() {
        for text in ["1ms..200ms", "200ms/20s", "200ms..1ms/20s", "1ms..1ms/1s", "1ms..200ms/0s", "a..200ms/1s", ""] {
            let error = text.parse::<SlowDown>().unwrap_err().to_string();
            assert!(error.contains("1ms..200ms/20s") || error.contains("it must grow"), "{error}");
        }
    }
}
