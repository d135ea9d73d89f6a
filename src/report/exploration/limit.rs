//! What keeps the capacity from being higher, or from being known, in words that all views share.

use super::words::rate;
use crate::explore::{ExplorationResult, KEEPS_UP, LimitedBy, Outcome, Point, UsedUp};
use crate::verdict::Ending;

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
        LimitedBy::Budget => match result.used_up {
            Some(UsedUp::Time) => "the time that was allowed, which was used up before the limit was found".to_owned(),
            Some(UsedUp::Requests) => {
                "the requests that were allowed, which were used up before the limit was found".to_owned()
            }
            None => format!("nothing that is known: {}", unfound(result)),
        },
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
        LimitedBy::Budget if was_cut_short(result) || result.used_up.is_none() => "not known",
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
        let told = |result: &ExplorationResult| (limited_by(result), limit(result));
        assert_eq!(told(&result).0, "the time that was allowed, which was used up before the limit was found");
        assert_eq!(told(&result).1, "the budget");
        result.used_up = None;
        let unknown = |why: &str| (format!("nothing that is known: {why}"), "not known");
        assert_eq!(told(&result), unknown("160/s holds, and it is not sure yet which rate is too much"));
        result.used_up = Some(UsedUp::Requests);
        assert_eq!(told(&result).0, "the requests that were allowed, which were used up before the limit was found");
        result.used_up = None;
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
