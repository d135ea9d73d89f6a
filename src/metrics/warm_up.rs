//! What belongs to the warm-up: counted apart, and judged by nobody.

use serde::{Deserialize, Serialize};

use super::accounting::JourneyEnding;
use super::errors::Errors;
use super::sample::Sample;
use super::tally::{StepTally, is_zero};

/// Requests of journeys that were due, or started, before the warm-up was over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WarmUp {
    /// The requests, all steps together.
    pub requests: StepTally,
    /// Their errors by class.
    #[serde(skip_serializing_if = "Errors::is_empty")]
    pub errors: Errors,
    /// Journeys that were taken up.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_started: u64,
    /// Journeys that ended with every step passed.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_passed: u64,
    /// Journeys that ended with a failed step.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_failed: u64,
}

impl WarmUp {
    pub(super) fn record(&mut self, sample: &Sample, example: impl FnOnce() -> String) {
        self.requests.record(sample, false);
        if let Some(failure) = sample.failure {
            self.errors.note(failure, sample.done_ns, sample.step, example);
        }
    }

    pub(super) fn journey_ended(&mut self, ending: JourneyEnding) {
        match ending {
            JourneyEnding::Passed => self.journeys_passed += 1,
            JourneyEnding::Failed => self.journeys_failed += 1,
        }
    }

    /// Whether nothing belongs to it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Journeys that did not come to an end.
    pub(super) fn abandoned(&self) -> u64 {
        self.journeys_started.saturating_sub(self.journeys_passed + self.journeys_failed)
    }

    /// Whether more than half of its requests failed.
    pub fn mostly_failed(&self) -> bool {
        self.requests.failed * 2 > self.requests.requests
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.requests.merge(&other.requests);
        self.errors.merge(&other.errors);
        self.journeys_started += other.journeys_started;
        self.journeys_passed += other.journeys_passed;
        self.journeys_failed += other.journeys_failed;
    }
}
