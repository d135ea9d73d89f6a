//! How steps came out, one by one: only what a gate on failures in a row asks for.

use serde::{Deserialize, Serialize};

/// The end of one step: its last request, and whether it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u64, usize, bool)", into = "(u64, usize, bool)")]
pub struct Outcome {
    /// When it came, in nanoseconds from the start of the load.
    pub done_ns: u64,
    /// In which series of steps.
    pub series: usize,
    /// Whether it failed.
    pub failed: bool,
}

/// Written in few bytes: there is one of each step.
impl From<(u64, usize, bool)> for Outcome {
    fn from((done_ns, series, failed): (u64, usize, bool)) -> Self {
        Self { done_ns, series, failed }
    }
}

impl From<Outcome> for (u64, usize, bool) {
    fn from(outcome: Outcome) -> Self {
        (outcome.done_ns, outcome.series, outcome.failed)
    }
}
