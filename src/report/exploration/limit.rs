//! What keeps the capacity from being higher, or from being known, in words that all views share.

use super::words::rate;
use crate::explore::{Ended, ExplorationResult, KEEPS_UP, LimitedBy, Outcome, Point};
use crate::verdict::Ending;

/// What is as near to what was allowed has used it up: the rest is too little for one more rate.
const NEARLY_ALL: f64 = 0.9;

/// What the limit is, as a sentence without an end.
pub(super) fn limited_by(result: &ExplorationResult) -> String {
    let capacity = &result.capacity;
    if was_cut_short(result) {
        return "nothing that is known: it was stopped before the limit was found".to_owned();
    }
    let gate = match capacity.gate.as_deref() {
        Some(KEEPS_UP) => "beyond it journeys pile up".to_owned(),
        Some(gate) => format!("beyond it the gate {gate} is broken first"),
        None => "beyond it a gate is broken, or journeys pile up".to_owned(),
    };
    match capacity.limited_by {
        LimitedBy::Target => format!("the target: {gate}"),
        LimitedBy::Refusal => "the target: it refuses what is beyond it, with status 429 or 503".to_owned(),
        LimitedBy::Generator => {
            "the generator: what the target would bear beyond the rates that hold is not known".to_owned()
        }
        LimitedBy::Range => "the range that was asked for: every rate up to its end was borne".to_owned(),
        LimitedBy::Budget => match used_up(result) {
            Some(what) => format!("{what} before the limit was found"),
            None => format!("nothing that is known: {}", unfound(result)),
        },
    }
}

/// What was used up, if anything was.
fn used_up(result: &ExplorationResult) -> Option<&'static str> {
    let asked = &result.asked;
    let requests = asked.max_requests.is_some_and(|most| result.requests as f64 >= NEARLY_ALL * most as f64)
        || result.points.iter().any(|point| point.ended == Ended::Requests);
    let time = result.elapsed_s >= NEARLY_ALL * asked.budget_s;
    match (time, requests) {
        (true, true) => Some("the time and the requests that were allowed, which were used up"),
        (true, false) => Some("the time that was allowed, which was used up"),
        (false, true) => Some("the requests that were allowed, which were used up"),
        (false, false) => None,
    }
}

/// Why no limit is known although there was time for more.
fn unfound(result: &ExplorationResult) -> String {
    let (points, capacity) = (&result.points, &result.capacity);
    let broken = points.iter().filter(|point| point.outcome == Outcome::Breaks).map(|point| point.rate_per_s);
    let has_samples =
        |point: &Point| point.evidence.is_some() || point.gates.iter().any(|gate| gate.observed.is_some());
    match (capacity.low_per_s, broken.reduce(f64::min)) {
        _ if points.is_empty() => "no rate was tried".to_owned(),
        (None, Some(lowest)) => format!("nothing held, and {} is the lowest rate that broke a gate", rate(lowest)),
        _ if !points.iter().any(has_samples) => "there were too few samples to judge by".to_owned(),
        (None, None) => "it is not sure yet of any rate whether it holds".to_owned(),
        (Some(low), _) => format!("{} holds, and it is not sure yet which rate is too much", rate(low)),
    }
}

/// Whether a signal used up the budget, so to speak.
fn was_cut_short(result: &ExplorationResult) -> bool {
    result.capacity.limited_by == LimitedBy::Budget && result.ending != Ending::Completed
}

/// The limit in a word or two.
pub(super) fn limit(result: &ExplorationResult) -> &'static str {
    match result.capacity.limited_by {
        LimitedBy::Budget if was_cut_short(result) || used_up(result).is_none() => "not known",
        LimitedBy::Target => "the target",
        LimitedBy::Refusal => "refusal",
        LimitedBy::Generator => "the generator",
        LimitedBy::Range => "the range",
        LimitedBy::Budget => "the budget",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn nothing_is_said_to_be_used_up_that_was_not() {
        let mut result = fixture::budget();
        (result.requests, result.elapsed_s) = (100, 57.0);
        let told = |result: &ExplorationResult| (limited_by(result), limit(result));
        assert_eq!(told(&result).0, "the time that was allowed, which was used up before the limit was found");
        assert_eq!(told(&result).1, "the budget");
        result.elapsed_s = 20.0;
        let unknown = |why: &str| (format!("nothing that is known: {why}"), "not known");
        assert_eq!(told(&result), unknown("160/s holds, and it is not sure yet which rate is too much"));
        result.requests = 39_000;
        assert_eq!(told(&result).0, "the requests that were allowed, which were used up before the limit was found");
        result.requests = 100;
        result.capacity.low_per_s = None;
        assert_eq!(told(&result), unknown("nothing held, and 452.5/s is the lowest rate that broke a gate"));
        result.points.retain(|point| point.outcome == Outcome::Unclear);
        assert_eq!(told(&result), unknown("it is not sure yet of any rate whether it holds"));
        for point in &mut result.points {
            point.evidence = None;
            point.gates.iter_mut().for_each(|gate| gate.observed = None);
        }
        assert_eq!(told(&result), unknown("there were too few samples to judge by"));
        result.points.clear();
        assert_eq!(told(&result), unknown("no rate was tried"));
    }
}
