//! The capacity: a server that serves one request after the other, so many a second and no more.
//!
//! Pure arithmetic. Every time is a span since the first request that the demo received, so what each request waits can
//! be calculated by hand, and a tool that looks for the limit can be checked against it.

use std::str::FromStr;
use std::time::Duration;

use crate::units::{format_duration, format_rate, parse_rate};

/// One server whose service takes exactly the same time for each request: first come, first served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    per_s: f64,
    /// Who would wait longer than this is refused; none lets everybody wait.
    queue: Option<Duration>,
}

impl Capacity {
    /// So many requests a second, above zero; else an error. Everybody may wait.
    pub fn new(per_s: f64) -> Result<Self, CapacityError> {
        // A service must be a time that a clock can hold.
        let service = Duration::try_from_secs_f64(per_s.recip());
        if per_s > 0.0 && per_s.is_finite() && service.is_ok() {
            Ok(Self { per_s, queue: None })
        } else {
            Err(CapacityError::Rate(per_s))
        }
    }

    /// The same, but who would wait longer than `longest` for its turn is refused; none lets everybody wait.
    #[must_use]
    pub fn with_queue(self, longest: Option<Duration>) -> Self {
        Self { queue: longest, ..self }
    }

    /// How long `requests` take one after the other.
    fn time_for(self, requests: u64) -> Duration {
        Duration::try_from_secs_f64(requests as f64 / self.per_s).unwrap_or(Duration::MAX)
    }
}

impl std::fmt::Display for Capacity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} one after the other", format_rate(self.per_s))?;
        match self.queue {
            Some(longest) => write!(f, "; who would wait longer than {} is refused", format_duration(longest)),
            None => Ok(()),
        }
    }
}

/// Why a capacity cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CapacityError {
    /// It is no rate.
    #[error("{problem}; write how many requests a second, as in `300/s`")]
    Form {
        /// What is wrong with it.
        problem: String,
    },
    /// It would serve nobody, or everybody at once.
    #[error("a capacity of {0} requests a second is not possible; it must be above zero, as in `300/s`")]
    Rate(f64),
}

impl FromStr for Capacity {
    type Err = CapacityError;

    fn from_str(text: &str) -> Result<Self, CapacityError> {
        Self::new(parse_rate(text).map_err(|error| CapacityError::Form { problem: error.problem })?)
    }
}

/// What a request is told when it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is served by then.
    ServedAt(Duration),
    /// It is not let in.
    Refused,
}

/// Who waits for the server, and until when it has something to do.
#[derive(Debug)]
pub(super) struct Turns {
    capacity: Capacity,
    /// When the server last began after having had nothing to do.
    busy_since: Duration,
    /// How many it took on since then: times are made of a count, so that no rounding adds up.
    taken: u64,
}

impl Turns {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self { capacity, busy_since: Duration::ZERO, taken: 0 }
    }

    /// Takes a turn for the request that arrives at `at`, after all that arrived before it.
    pub(super) fn take(&mut self, at: Duration) -> Turn {
        let free_at = self.busy_until();
        if self.capacity.queue.is_some_and(|longest| free_at.saturating_sub(at) > longest) {
            return Turn::Refused;
        }
        if free_at <= at {
            (self.busy_since, self.taken) = (at, 0);
        }
        self.taken += 1;
        Turn::ServedAt(self.busy_until())
    }

    /// When the server has done all that it took on.
    fn busy_until(&self) -> Duration {
        self.busy_since.saturating_add(self.capacity.time_for(self.taken))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn turns(rate: &str, queue: Option<Duration>) -> Turns {
        Turns::new(rate.parse::<Capacity>().unwrap().with_queue(queue))
    }

    fn served(turns: &mut Turns, at_ms: u64) -> Option<u128> {
        match turns.take(ms(at_ms)) {
            Turn::ServedAt(due) => Some(due.as_millis()),
            Turn::Refused => None,
        }
    }

    #[test]
    fn each_is_served_after_the_one_before_it_or_when_it_comes() {
        // A service takes 100 ms.
        let mut turns = turns("10/s", None);
        let seen = [0, 0, 50, 290, 300, 1_000].map(|at| served(&mut turns, at).unwrap());
        assert_eq!(seen, [100, 200, 300, 400, 500, 1_100]);
    }

    #[test]
    fn no_more_are_served_in_an_hour_than_it_can() {
        let mut turns = turns("300/s", None);
        let last = (0..300 * 3_600).map(|_| turns.take(Duration::ZERO)).last().unwrap();
        assert_eq!(last, Turn::ServedAt(Duration::from_secs(3_600)), "no rounding adds up");
    }

    #[test]
    fn more_than_it_can_waits_longer_and_longer_and_less_does_not_wait() {
        let waits = |per_s: u64| {
            let mut turns = turns("100/s", None);
            let wait = |k: u64| {
                let at = Duration::from_secs(k) / per_s as u32;
                match turns.take(at) {
                    Turn::ServedAt(due) => due - at,
                    Turn::Refused => panic!("nobody is refused"),
                }
            };
            (0..per_s * 10).map(wait).collect::<Vec<_>>()
        };
        assert!(waits(50).iter().all(|wait| *wait == ms(10)));
        // Ten seconds at twice what it can leave ten seconds of work.
        let over = waits(200);
        assert!(over.is_sorted() && over[over.len() - 1].abs_diff(ms(10_000)) <= ms(10), "{:?}", over.last());
    }

    #[test]
    fn who_would_wait_too_long_is_refused_and_takes_no_turn() {
        let mut turns = turns("10/s", Some(ms(250)));
        let seen = [0, 0, 0, 0, 0, 49, 50, 150].map(|at| served(&mut turns, at));
        // The fourth at 0 would wait 300 ms; at 49 it would still be 251 ms, at 50 it is 250.
        assert_eq!(seen, [Some(100), Some(200), Some(300), None, None, None, Some(400), Some(500)]);
    }

    #[test]
    fn with_a_queue_of_no_time_nobody_waits() {
        let mut turns = turns("10/s", Some(Duration::ZERO));
        assert_eq!([0, 99, 100].map(|at| served(&mut turns, at)), [Some(100), None, Some(200)]);
    }

    #[test]
    fn what_is_no_capacity_is_refused_with_an_example() {
        for text in ["", "300", "0/s", "-3/s", "fast/s", "NaN/s", "300/x", "1e-30/h"] {
            let error = text.parse::<Capacity>().unwrap_err().to_string();
            assert!(error.contains("`300/s`"), "{error}");
        }
        assert!(Capacity::new(f64::INFINITY).is_err() && Capacity::new(f64::NAN).is_err());
        let limited = "300/s".parse::<Capacity>().unwrap();
        assert_eq!(limited.to_string(), "300/s one after the other");
        let text = limited.with_queue(Some(ms(500))).to_string();
        assert_eq!(text, "300/s one after the other; who would wait longer than 500ms is refused");
    }

    proptest! {
        /// The recurrence by which the target is described, in whole nanoseconds.
        #[test]
        fn it_is_the_recurrence(gaps in prop::collection::vec(0u64..40, 1..200), per_s in 1u32..500, queue in prop::option::of(0u64..300)) {
            let queue = queue.map(|queue| ms(queue) + Duration::from_micros(500));
            let capacity = Capacity::new(f64::from(per_s)).unwrap().with_queue(queue);
            let mut turns = Turns::new(capacity);
            let (mut at, mut free_at) = (0.0f64, 0.0f64);
            for gap in gaps {
                at += gap as f64 / 1e3;
                let wait = (free_at - at).max(0.0);
                // At the very edge the two may round apart.
                if queue.is_some_and(|queue| (wait - queue.as_secs_f64()).abs() < 1e-6) {
                    break;
                }
                match turns.take(Duration::from_secs_f64(at)) {
                    Turn::Refused => prop_assert!(queue.is_some_and(|queue| wait > queue.as_secs_f64())),
                    Turn::ServedAt(due) => {
                        prop_assert!(queue.is_none_or(|queue| wait < queue.as_secs_f64()));
                        free_at = free_at.max(at) + 1.0 / f64::from(per_s);
                        prop_assert!((due.as_secs_f64() - free_at).abs() < 1e-6);
                    }
                }
            }
        }
    }
}
