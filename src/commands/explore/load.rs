//! One load of an exploration: planned so that it cannot send more than is left, and what it sent.

use std::time::Duration;

use super::wishes::Wishes;
use crate::load::{Load, Shard};
use crate::metrics::{Accounting, Summary};
use crate::plan::{AtRate, Machine, Plan, Step};

/// So much before an arrival a load ends that must not have it.
const BEFORE: Duration = Duration::from_micros(1);

/// What bounds a load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Journeys per second.
    pub(super) per_s: f64,
    /// How long it is at the most.
    pub(super) longest: Duration,
    /// How many requests may still be sent.
    pub(super) requests_left: Option<u64>,
    /// Journeys of the loads before it.
    pub(super) journeys_before: u64,
}

/// A load that keeps its bounds whatever the target does.
#[derive(Debug)]
pub(super) struct Bounded {
    pub(super) plan: Plan,
    /// Whether it would be longer if more requests could be sent.
    pub(super) is_cut: bool,
}

/// The load within `bounds`; none if not one journey fits.
pub(super) fn within(bounds: &Bounds, wishes: &Wishes, machine: &Machine) -> Option<Bounded> {
    let at = |lasting: Duration| {
        let at =
            AtRate { per_s: bounds.per_s, lasting, journeys_before: bounds.journeys_before, workers: wishes.workers };
        wishes.plan.at_rate(&at, machine)
    };
    let whole = at(bounds.longest)?;
    let Some(left) = bounds.requests_left else { return Some(Bounded { plan: whole, is_cut: false }) };
    let journeys = (left as f64 / most_of_a_journey(&whole)).floor() as usize;
    let Load::Open(open) = &whole.streams.first()?.load else { return None };
    // When a journey is due follows from the schedule alone, so that of a shorter load is the same up to its end.
    let Some(one_too_many) = open.schedule(Shard::WHOLE).nth(journeys) else {
        return Some(Bounded { plan: whole, is_cut: false });
    };
    let lasting = one_too_many.due.checked_sub(BEFORE).filter(|_| journeys > 0)?;
    Some(Bounded { plan: at(lasting)?, is_cut: true })
}

/// The most requests that one journey can send.
fn most_of_a_journey(plan: &Plan) -> f64 {
    plan.flows.iter().map(|flow| most_of(&plan.steps[flow.steps.clone()])).fold(1.0, f64::max)
}

/// The most requests that `steps` can send, one after the other.
fn most_of(steps: &[Step]) -> f64 {
    steps.iter().map(Step::most_requests).sum()
}

/// The most requests of setup and teardown together.
pub(super) fn most_beside(plan: &Plan) -> u64 {
    (most_of(&plan.setup) + most_of(&plan.teardown)).ceil() as u64
}

/// How many numbers a load of so many `workers` has given to journeys: those that were never due have none. When it was
/// ended early, a worker may have been ahead of the others.
pub(super) fn numbered(summary: &Summary, workers: u64) -> u64 {
    let Accounting { scheduled, .. } = summary.accounting;
    (summary.total.journeys_due + workers).min(scheduled)
}

/// The most requests that a load sent: of a journey that was cut off, one may have been under way.
pub(super) fn sent(summary: &Summary) -> u64 {
    summary.total.all_steps().requests + summary.accounting.abandoned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Tally;

    #[test]
    fn only_journeys_that_were_due_have_used_up_numbers() {
        let ended_after = |journeys_due: u64| {
            let accounting = Accounting { scheduled: 900, ..Accounting::default() };
            Summary { accounting, total: Tally { journeys_due, ..Tally::new(1) }, ..Summary::default() }
        };
        assert_eq!(numbered(&ended_after(40), 2), 42);
        assert_eq!(numbered(&ended_after(900), 2), 900, "there are no more than those");
    }
}
