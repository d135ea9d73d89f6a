//! The right side of a gate: its bound, the part of the run that it is about, and its options.

use std::time::Duration;

use super::parse::EXAMPLES;
use super::part::Part;
use super::{Bound, Comparison, GateError, Metric, Options, Span};
use crate::diagnostic::nearest;
use crate::units;

const OPTIONS: [&str; 4] = ["at least N samples", "strict", "warn", "abort"];

/// `BOUND [over TIME | in a row]`
pub(super) fn right_side(
    (metric, comparison): (Metric, Comparison),
    part: Part<'_>,
    whole: Part<'_>,
) -> Result<(Bound, Span), GateError> {
    let over = part.text.find(" over ").or_else(|| part.text.strip_suffix(" over").map(str::len));
    let (bound_part, span) = if let Some(at) = over {
        let time = part.from(at + " over".len()).trimmed();
        let place = if time.text.is_empty() { part.from(at).trimmed() } else { time };
        let time = units::parse_duration(time.text).map_err(|error| place.wrong(error.problem, error.hint))?;
        (part.until(at), Span::Over(time))
    } else if let Some(bound) = part.text.strip_suffix("in a row") {
        (part.until(bound.len()), Span::InARow)
    } else {
        (part, Span::Whole)
    };
    let bound_part = bound_part.trimmed();
    let words = bound_part.text.match_indices(' ').map(|(at, _)| (at, bound_part.from(at + 1)));
    let mut options = words.filter(|(_, rest)| ["strict", "warn", "abort", "at"].contains(&rest.word().0.text));
    if let Some((at, option)) = options.next() {
        return Err(option.wrong(
            format!("`{}` needs a comma before it", option.text),
            format!("write: {metric} {comparison} {}, {}", bound_part.text[..at].trim_end(), option.text),
        ));
    }
    let place = if bound_part.text.is_empty() { whole } else { bound_part };
    let bound = bound(metric, bound_part.text).map_err(|(message, hint)| place.wrong(message, hint))?;
    Ok((bound, span))
}

/// The bound in the unit that `metric` needs, or what is wrong and what to write.
fn bound(metric: Metric, text: &str) -> Result<Bound, (String, String)> {
    if text.is_empty() {
        return Err(("the gate has no bound".to_owned(), EXAMPLES.to_owned()));
    }
    if let Some(factor) = text.strip_suffix("baseline") {
        let factor = factor.trim();
        let number = factor.strip_suffix(['x', '×']).and_then(|number| number.trim().parse::<f64>().ok());
        return number.filter(|factor| factor.is_finite() && *factor > 0.0).map(Bound::Baseline).ok_or_else(|| {
            let message = format!("`{factor}` is not a multiple of the baseline");
            (message, "write how many times the baseline it may be: p95 < 1.2x baseline".to_owned())
        });
    }
    let unit_error = |error: units::UnitError| (error.problem, error.hint);
    match metric {
        Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys => {
            units::parse_share(text).map_err(unit_error)?;
            // As written, so that printing gives the same text.
            let percent = text.trim_end_matches('%').trim().parse().unwrap_or_default();
            Ok(Bound::Percent(percent))
        }
        Metric::Rate | Metric::Capacity => units::parse_rate(text).map(Bound::PerSecond).map_err(unit_error),
        Metric::Time(..) => units::parse_duration(text).map(Bound::Time).map_err(unit_error),
        Metric::Errors(_) | Metric::Failures => text.parse().map(Bound::Count).map_err(|_| {
            let hint = match text.ends_with('%') {
                true => format!("`{metric}` is a number; for a share of all write error_rate: error_rate < {text}"),
                false => format!("write a whole number: {metric} < 5"),
            };
            (format!("`{text}` is not a number of events"), hint)
        }),
    }
}

/// One option, which may stand only once.
pub(super) fn option(part: Part<'_>, options: &mut Options) -> Result<(), GateError> {
    let (first, rest) = part.word();
    let was_there = match (first.text, rest.text) {
        ("strict", "") => std::mem::replace(&mut options.strict, true),
        ("warn", "") => std::mem::replace(&mut options.warn, true),
        ("abort", "") => options.abort.replace(Duration::ZERO).is_some(),
        ("abort", _) => options.abort.replace(grace(rest)?).is_some(),
        ("at", _) => options.at_least.replace(samples(part, rest)?).is_some(),
        ("", _) => return Err(part.wrong("there is nothing after the comma", options_hint())),
        ("over" | "in", _) => {
            return Err(part.wrong(
                format!("`{}` stands behind a comma", part.text),
                "leave the comma out: p95 < 600ms over 10m, failures of health < 3 in a row",
            ));
        }
        (text, _) => {
            let hint = match nearest(text, ["strict", "warn", "abort"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => options_hint(),
            };
            return Err(part.wrong(format!("unknown option `{}`", part.text), hint));
        }
    };
    match was_there {
        true => Err(part.wrong(format!("`{}` is said twice", first.text), "say it once")),
        false => Ok(()),
    }
}

fn options_hint() -> String {
    format!("the options are: {}", OPTIONS.join(", "))
}

/// `after TIME`
fn grace(rest: Part<'_>) -> Result<Duration, GateError> {
    let (after, time) = rest.word();
    if after.text != "after" || time.text.is_empty() {
        return Err(rest.wrong(
            format!("`{}` does not belong here", rest.text),
            "write how long nothing is stopped: abort after 30s",
        ));
    }
    units::parse_duration(time.text).map_err(|error| time.wrong(error.problem, error.hint))
}

/// `least N samples`
fn samples(whole: Part<'_>, rest: Part<'_>) -> Result<u64, GateError> {
    let words: Vec<&str> = rest.text.split_whitespace().collect();
    let number = match words[..] {
        ["least", number, "samples" | "sample"] => number.replace('_', "").parse().ok().filter(|number| *number > 0),
        _ => None,
    };
    number.ok_or_else(|| {
        whole.wrong(format!("`{}` is not a number of samples", whole.text), "write: at least 200 samples")
    })
}
