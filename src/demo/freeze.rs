//! The freeze: a server that answers nothing for a while, again and again, like one that stops for garbage collection.
//!
//! Pure arithmetic. Every time is a span since the first request that the demo received, so the answers can be
//! calculated by hand and a measuring tool can be checked against them.

use std::str::FromStr;
use std::time::Duration;

/// A stop of `lasts` at the end of every `every`: frozen in `[k·every − lasts, k·every)` for k = 1, 2, …, counted from
/// the first request received.
///
/// A request that arrives in a freeze, or whose answer would fall into one, is answered at that freeze's end plus its
/// normal latency. Should that moment lie in a later freeze, the answer leaves when the later one ends.
/// It is the head of an answer that is held back: a slow body that has begun goes on through a freeze, and connections
/// are accepted all the time, as a frozen process's system does for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze {
    lasts: Duration,
    every: Duration,
}

impl Freeze {
    /// Frozen for the last `lasts` of every `every`; both above zero and `lasts` below `every`, else an error.
    pub fn new(lasts: Duration, every: Duration) -> Result<Self, FreezeError> {
        if lasts.is_zero() || lasts >= every {
            return Err(FreezeError::Spans { lasts, every });
        }
        Ok(Self { lasts, every })
    }

    /// The end of the freeze that covers the moment `at`, or none if the server is awake then.
    #[must_use]
    pub fn frozen_until(&self, at: Duration) -> Option<Duration> {
        let every = self.every.as_nanos();
        let into_period = at.as_nanos() % every;
        let left = u64::try_from(every - into_period).unwrap_or(u64::MAX);
        let left = Duration::from_nanos(left);
        (left <= self.lasts).then(|| at.saturating_add(left))
    }

    /// When a request is answered that arrives at `arrival` and needs `latency` while the server is awake.
    #[must_use]
    pub fn answer_at(&self, arrival: Duration, latency: Duration) -> Duration {
        let normal = arrival.saturating_add(latency);
        let Some(thaw) = self.frozen_until(arrival).or_else(|| self.frozen_until(normal)) else {
            return normal;
        };
        let after_thaw = thaw.saturating_add(latency);
        self.frozen_until(after_thaw).unwrap_or(after_thaw)
    }
}

impl std::fmt::Display for Freeze {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (lasts, every) = (humantime::format_duration(self.lasts), humantime::format_duration(self.every));
        write!(f, "the last {lasts} of every {every}")
    }
}

/// Why a freeze cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FreezeError {
    /// Not of the form `LASTS/EVERY`.
    #[error("`{0}` is not a freeze; write how long and how often, as in `1s/5s`")]
    Form(String),
    /// One of the two durations cannot be read.
    #[error("`{text}` in a freeze is not a duration ({reason}); write it as in `1s/5s`")]
    Duration {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The freeze is empty or fills its whole period.
    #[error(
        "a freeze of {lasts:?} in every {every:?} is not possible; it must be above zero and shorter than its period"
    )]
    Spans {
        /// How long the freeze would last.
        lasts: Duration,
        /// How often it would happen.
        every: Duration,
    },
}

impl FromStr for Freeze {
    type Err = FreezeError;

    fn from_str(text: &str) -> Result<Self, FreezeError> {
        let (lasts, every) = text.split_once('/').ok_or_else(|| FreezeError::Form(text.to_owned()))?;
        let span = |part: &str| {
            humantime::parse_duration(part.trim())
                .map_err(|error| FreezeError::Duration { text: part.to_owned(), reason: error.to_string() })
        };
        Self::new(span(lasts)?, span(every)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn one_second_in_five() -> Freeze {
        "1s/5s".parse().unwrap()
    }

    #[test]
    fn the_freeze_is_the_last_part_of_each_period() {
        let freeze = one_second_in_five();
        assert_eq!(freeze.frozen_until(ms(0)), None);
        assert_eq!(freeze.frozen_until(ms(3_999)), None);
        assert_eq!(freeze.frozen_until(ms(4_000)), Some(ms(5_000)));
        assert_eq!(freeze.frozen_until(ms(4_999)), Some(ms(5_000)));
        assert_eq!(freeze.frozen_until(ms(5_000)), None);
        assert_eq!(freeze.frozen_until(ms(9_500)), Some(ms(10_000)));
    }

    #[test]
    fn a_request_in_the_freeze_is_answered_after_it_plus_its_latency() {
        let freeze = one_second_in_five();
        assert_eq!(freeze.answer_at(ms(4_200), ms(7)), ms(5_007));
        assert_eq!(freeze.answer_at(ms(3_998), ms(7)), ms(5_007), "its answer would have fallen into the freeze");
        assert_eq!(freeze.answer_at(ms(1_000), ms(7)), ms(1_007));
    }

    #[test]
    fn an_answer_never_falls_into_a_freeze() {
        let freeze = one_second_in_five();
        for arrival in (0..15_000).step_by(37) {
            for latency in [0, 1, 500, 3_999, 4_000, 4_500, 5_000, 9_300] {
                let answered = freeze.answer_at(ms(arrival), ms(latency));
                assert_eq!(freeze.frozen_until(answered), None, "arrival {arrival}, latency {latency}");
                assert!(answered >= ms(arrival + latency));
            }
        }
    }

    #[test]
    fn a_thousand_arrivals_a_second_see_the_documented_percentiles() {
        let freeze = one_second_in_five();
        let mut waits: Vec<u128> = (0..20_000).map(|k| (freeze.answer_at(ms(k), ms(1)) - ms(k)).as_millis()).collect();
        waits.sort_unstable();
        let percentile = |p: usize| waits[waits.len() * p / 100 - 1];
        assert_eq!(percentile(50), 1);
        assert!(percentile(90).abs_diff(501) <= 2, "{}", percentile(90));
        assert!(percentile(95).abs_diff(751) <= 2, "{}", percentile(95));
        assert!(percentile(99).abs_diff(951) <= 2, "{}", percentile(99));
        assert!(waits[waits.len() - 1].abs_diff(1_001) <= 2);
    }

    #[test]
    fn what_is_no_freeze_is_refused_with_an_example() {
        for text in ["1s", "5s/1s", "1s/1s", "0s/5s", "a/5s", ""] {
            let error = text.parse::<Freeze>().unwrap_err().to_string();
            assert!(error.contains("1s/5s") || error.contains("shorter than its period"), "{error}");
        }
    }
}
