//! A finished run in numbers.

use std::borrow::Cow;
use std::time::Duration;

use super::accounting::Accounting;
use super::batches::Batches;
use super::call::Calls;
use super::generator::Generator;
use super::punctuality::Punctuality;
use super::tally::{StepTally, Tally};
use super::timeline::Timeline;
use crate::verdict::Ending;

/// All that is known of a run when it is over.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How it ended.
    pub ending: Ending,
    /// Where every journey went.
    pub accounting: Accounting,
    /// The time in which journeys were due (open) or started (closed, once), without the warm-up: rates are divided by it.
    pub window: Duration,
    /// How long the warm-up was, from the start of the load.
    pub warm_up: Duration,
    /// The whole time, draining included.
    pub elapsed: Duration,
    /// Journeys per second that were due, within the window.
    pub offered_per_s: f64,
    /// Journeys per second that were started, within the window.
    pub achieved_per_s: f64,
    /// Everything that was counted.
    pub total: Tally,
    /// All steps as one.
    pub all_steps: StepTally,
    /// The run second by second.
    pub timeline: Timeline,
    /// The run in a few stretches, with all that was counted in each.
    pub batches: Batches,
    /// What the generator knows of itself.
    pub generator: Generator,
    /// The calls of a once run, one by one; nothing of any other.
    pub calls: Calls,
    /// The open loads one by one, where several run side by side.
    pub streams: Vec<StreamSummary>,
    /// What went wrong beside the load, without secrets.
    pub warnings: Vec<String>,
}

/// One of several open loads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamSummary {
    /// What it is called.
    pub name: String,
    /// How punctually its journeys were taken up.
    pub punctuality: Punctuality,
    /// Its journeys under way at one time, at the most.
    pub max_in_flight: u64,
}

/// What gates and reports ask of one step or all.
#[derive(Debug, Clone)]
pub struct Requests<'a> {
    /// The counted requests.
    pub tally: Cow<'a, StepTally>,
    window: Duration,
}

impl Summary {
    /// The requests of some series of steps, or of all.
    pub fn requests(&self, series: Option<&[usize]>) -> Requests<'_> {
        let tally = match series {
            None => Cow::Borrowed(&self.all_steps),
            Some([series]) => Cow::Borrowed(&self.total.steps[*series]),
            Some(several) => Cow::Owned(self.total.of_series(several)),
        };
        Requests { tally, window: self.window }
    }

    /// The journeys that are judged: without those of the warm-up.
    pub fn judged_journeys(&self) -> Accounting {
        let (all, warm_up) = (self.accounting, &self.total.warm_up);
        Accounting {
            scheduled: all.scheduled.saturating_sub(warm_up.journeys_started),
            passed: all.passed.saturating_sub(warm_up.journeys_passed),
            failed: all.failed.saturating_sub(warm_up.journeys_failed),
            abandoned: all.abandoned.saturating_sub(warm_up.abandoned()),
            unstarted: all.unstarted,
        }
    }
}

impl Requests<'_> {
    /// Failed steps of all; none of nothing. What was tried again or led on has not failed, and has not passed either.
    pub fn error_rate(&self) -> Option<f64> {
        share(self.tally.failed, self.tally.outcomes())
    }

    /// Expectations met of all; none of nothing.
    pub fn checks(&self) -> Option<f64> {
        share(self.tally.checks_passed, self.tally.checks_passed + self.tally.checks_failed)
    }

    /// Steps that passed within the window, per second; none of nothing.
    pub fn passed_per_s(&self) -> Option<f64> {
        let passed = self.tally.passed_in_window as f64;
        (self.tally.requests > 0 && !self.window.is_zero()).then(|| passed / self.window.as_secs_f64())
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
