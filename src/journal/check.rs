//! What no second of a run can have counted: a journal may be anybody's, and figures are made of it as of our own.

use serde_json::Value;

use super::note::SecondNote;
use crate::metrics::{StepTally, Tally};

/// Nothing is counted so often in a second: sums of as many seconds as a journal can hold still fit.
const MOST: u64 = u32::MAX as u64;
/// No time is longer, in microseconds: some thirty years.
const LONGEST_US: u64 = 1 << 50;
/// No run is longer, in seconds: a year.
const LAST_SECOND: u64 = 366 * 24 * 3_600;
/// No more seconds are left out between two.
const WIDEST_GAP: u64 = 24 * 3_600;

/// Why the counts of a comment cannot be, before anything is made of them.
pub(super) fn counts(document: &Value) -> Result<(), &'static str> {
    let fits = match document {
        Value::Number(number) => number.as_u64().is_some_and(|count| count <= MOST),
        Value::Array(items) => return items.iter().try_for_each(counts),
        // Points in time are not added up, and are looked at by themselves.
        Value::Object(fields) => {
            let counted =
                fields.iter().filter(|(name, _)| !name.ends_with("_ns") && *name != "times" && *name != "outcomes");
            return counted.map(|(_, value)| value).try_for_each(counts);
        }
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    };
    if fits { Ok(()) } else { Err("it counts more than can be") }
}

/// Why a second cannot be the next one behind those `before`, of a run with so many series.
pub(super) fn second(note: &SecondNote, before: Option<u64>, series: usize) -> Result<(), &'static str> {
    let gap = match before {
        Some(before) => note.number.checked_sub(before + 1).ok_or("its seconds are not in order")?,
        None => note.number,
    };
    if note.number > LAST_SECOND || gap > WIDEST_GAP {
        return Err("its seconds lie too far apart");
    }
    if note.times.iter().any(|(count, low, high)| *count > MOST || low > high || *high > LONGEST_US) {
        return Err("it has times that cannot be");
    }
    if note.steps.keys().chain(note.outcomes.iter().map(|outcome| &outcome.series)).any(|number| *number >= series) {
        return Err("it counts steps that the run has not");
    }
    Ok(())
}

/// Why the counts and times of a second do not belong together.
pub(super) fn tally(tally: &Tally) -> Result<(), &'static str> {
    let all = tally.steps.iter().chain([&tally.warm_up.requests]);
    match all.map(step).find(|sound| !sound) {
        Some(_) => Err("its counts do not add up"),
        None => Ok(()),
    }
}

fn step(step: &StepTally) -> bool {
    let times = [&step.response, &step.service, &step.first_byte, &step.connect, &step.tls];
    let errors: u64 = step.errors.values().sum();
    step.failed + step.tried_again + step.redirects <= step.requests
        && errors <= step.failed
        && step.passed_in_window <= step.in_window
        && times.iter().all(|times| times.count() <= step.requests)
}
