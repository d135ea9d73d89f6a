//! The run second by second: one row per second and step, and one for all steps together.

use super::histogram::Latency;
use super::tally::{StepTally, Tally};

/// One second of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineRow {
    /// Seconds from the start of the load.
    pub second: u64,
    /// The step; none for all together.
    pub step: Option<usize>,
    /// Requests that came to an end in it.
    pub requests: u64,
    /// Of those, the failed ones.
    pub failed: u64,
    /// Journeys that started in it (only where `step` is none).
    pub started: u64,
    /// Their response times.
    pub response: Latency,
    /// Their service times.
    pub service: Latency,
}

/// The rows, in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// All steps together first, then each step, for every second.
    pub rows: Vec<TimelineRow>,
}

impl Timeline {
    /// Adds what was counted in `second`.
    pub fn push(&mut self, second: u64, tally: &Tally) {
        self.rows.push(row(second, None, tally.journeys_started, &tally.all_steps()));
        for (step, counted) in tally.steps.iter().enumerate() {
            self.rows.push(row(second, Some(step), 0, counted));
        }
    }

    /// The rows of all steps together.
    pub fn overall(&self) -> impl Iterator<Item = &TimelineRow> {
        self.rows.iter().filter(|row| row.step.is_none())
    }
}

fn row(second: u64, step: Option<usize>, started: u64, counted: &StepTally) -> TimelineRow {
    let (requests, failed) = (counted.requests, counted.failed);
    let (response, service) = (counted.response.latency(), counted.service.latency());
    TimelineRow { second, step, requests, failed, started, response, service }
}
