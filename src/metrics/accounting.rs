//! Where every journey went: `scheduled = passed + failed + abandoned + unstarted`, always.

use serde::{Deserialize, Serialize};

/// How a journey that started came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JourneyEnding {
    /// Every step passed.
    Passed,
    /// At least one step failed.
    Failed,
}

/// Journeys by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Accounting {
    /// Due by the plan.
    pub scheduled: u64,
    /// Every step passed.
    pub passed: u64,
    /// At least one step failed.
    pub failed: u64,
    /// Started, and cut off before their end.
    pub abandoned: u64,
    /// Never started.
    pub unstarted: u64,
}

impl Accounting {
    /// Journeys that were taken up.
    pub fn started(&self) -> u64 {
        self.passed + self.failed + self.abandoned
    }

    /// Journeys that passed, of all that were taken up; none of nothing. One that was cut off has not passed.
    pub fn passed_share(&self) -> Option<f64> {
        (self.started() > 0).then(|| self.passed as f64 / self.started() as f64)
    }

    /// Whether every scheduled journey is accounted for, once.
    pub fn balances(&self) -> bool {
        self.scheduled == self.started() + self.unstarted
    }

    /// Adds the journeys of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.passed += other.passed;
        self.failed += other.failed;
        self.abandoned += other.abandoned;
        self.unstarted += other.unstarted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_that_passed_is_of_those_that_started() {
        let of = |passed, failed, abandoned| {
            Accounting { scheduled: 100, passed, failed, abandoned, unstarted: 100 - passed - failed - abandoned }
                .passed_share()
        };
        assert_eq!(of(0, 0, 0), None, "nothing is no share");
        assert_eq!([of(19, 1, 0), of(19, 0, 1), of(0, 5, 0)], [Some(0.95), Some(0.95), Some(0.0)]);
    }
}
