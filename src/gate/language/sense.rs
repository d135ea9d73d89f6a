//! What does not go together in a gate, although each part of it can be read.

use std::ops::Range;
use std::time::Duration;

use super::{Bound, Clock, Comparison, Gate, GateError, Metric, Of, Options, Span, Statistic};

/// Windows move on by this; a window is some of them.
const STEP: Duration = Duration::from_secs(1);
/// The longest window: what was counted in it is kept second by second.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Finds what does not go together in `gate`, written as `text` with its comparison at `operator`.
pub(super) fn check(gate: &Gate, text: &str, operator: Range<usize>) -> Result<(), GateError> {
    let left = 0..text[..operator.start].trim_end().len();
    let right = text.len() - text[operator.end..].trim_start().len()..text.trim_end().len();
    let option = |word: &str| text.rfind(word).map_or(right.clone(), |at| at..at + word.len());
    let error =
        |span: Range<usize>, message: String, hint: &str| Err(GateError { message, span, hint: hint.to_owned() });
    let metric = gate.metric;
    if let (Some(word), true) = (whole_run_only(metric), gate.of != Of::All) {
        let of = left.start + text[left.clone()].find(" of ").map_or(0, |at| at + 1)..left.end;
        return error(of, format!("`{word}` is of the whole run, not of a part of its steps"), "leave this out");
    }
    if metric == Metric::Capacity {
        capacity(gate, operator.clone(), option)?;
    }
    if gate.comparison == Comparison::Equal
        && matches!(gate.bound, Bound::Time(_) | Bound::PerSecond(_) | Bound::Baseline(_))
    {
        return error(operator, "a figure that is measured is never exactly equal".to_owned(), "use <, <=, >= or >");
    }
    match (metric, gate.span) {
        (Metric::Failures, Span::InARow) => {
            if !(gate.comparison.is_upper()) || gate.bound_value() < 1.0 {
                return error(
                    operator.start..right.end,
                    "this says nothing about failures one after the other".to_owned(),
                    "say how many may come in a row: failures of health < 3 in a row",
                );
            }
        }
        (Metric::Failures, _) => {
            let hint = "write `in a row` at its end, or `errors` for their number: errors of health < 3";
            return error(left, "`failures` are counted one after the other".to_owned(), hint);
        }
        (_, Span::InARow) => {
            let hint = "only failures come in a row: failures of health < 3 in a row";
            return error(option("in a row"), format!("`{metric}` does not come in a row"), hint);
        }
        (_, Span::Over(window)) => {
            if window < STEP || window > LONGEST || window.subsec_nanos() > 0 {
                let message = "a window is a number of whole seconds, from 1s to 1h".to_owned();
                let place = text.find(" over ").map_or(right.clone(), |at| at + 6..at + 6);
                let end = text[place.start..].find(',').map_or(right.end, |comma| place.start + comma);
                return error(place.start..end, message, "write it as 30s, 10m or 1h");
            }
        }
        (_, Span::Whole) => {}
    }
    if let Bound::Baseline(_) = gate.bound {
        baseline(gate, right.clone())?;
    }
    if gate.options.strict && !has_interval(gate) {
        let hint = "percentiles, means and shares of the whole run have one; leave `strict` out";
        return error(
            option("strict"),
            "`strict` looks at an interval, which this figure does not have".to_owned(),
            hint,
        );
    }
    if gate.options.abort.is_some() && gate.options.warn {
        let hint = "leave one of them out: a gate that only warns ends no run";
        return error(option("warn"), "`warn` and `abort` contradict each other".to_owned(), hint);
    }
    if gate.options.abort.is_some() && !can_be_lost(gate) {
        let message = format!("it is not known before the end whether `{}` can still hold", gate.plain());
        return error(option("abort"), message, "judge it over a window, such as `over 30s`, or leave `abort` out");
    }
    Ok(())
}

/// What is found by an exploration is judged by its interval alone, and only in one direction.
fn capacity(gate: &Gate, operator: Range<usize>, option: impl Fn(&str) -> Range<usize>) -> Result<(), GateError> {
    let error =
        |span, message: &str, hint: &str| Err(GateError { message: message.to_owned(), span, hint: hint.to_owned() });
    if !matches!(gate.comparison, Comparison::AtLeast | Comparison::Above) {
        let message = "a capacity can be too low, and never too high";
        return error(operator, message, "use >= or >: capacity >= 200/s");
    }
    if let Span::Over(_) = gate.span {
        return error(option(" over "), "a capacity has no windows", "leave this out: capacity >= 200/s");
    }
    let Options { at_least, strict, warn: _, abort } = gate.options;
    let unknown = [("at least", at_least.is_some()), ("strict", strict), ("abort", abort.is_some())];
    match unknown.into_iter().find(|(_, is_there)| *is_there) {
        Some((word, _)) => {
            let hint = "leave it out: whether the interval is within the bound decides, and the only option is `warn`";
            error(option(word), &format!("a capacity knows no `{word}`"), hint)
        }
        None => Ok(()),
    }
}

/// What is counted for the run alone.
fn whole_run_only(metric: Metric) -> Option<&'static str> {
    match metric {
        Metric::Journeys => Some("journeys"),
        Metric::Capacity => Some("capacity"),
        Metric::Time(Clock::Lag, _) => Some("lag"),
        _ => None,
    }
}

/// Whether the figure comes with an interval.
fn has_interval(gate: &Gate) -> bool {
    let of_samples = match gate.metric {
        Metric::Time(_, statistic) => statistic != Statistic::Max,
        Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys => true,
        Metric::Errors(_) | Metric::Failures | Metric::Rate | Metric::Capacity => false,
    };
    of_samples && gate.span == Span::Whole
}

/// Whether a run can be past hope before its end.
fn can_be_lost(gate: &Gate) -> bool {
    let of_the_whole = match gate.metric {
        Metric::Time(_, Statistic::Percentile(_) | Statistic::Max) => gate.comparison.is_upper(),
        Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures => {
            gate.comparison.is_upper() || gate.comparison == Comparison::Equal && gate.bound_value() == 0.0
        }
        Metric::Checks | Metric::Journeys => match gate.comparison {
            Comparison::AtLeast | Comparison::Above => true,
            Comparison::Equal => gate.bound_value() == 1.0,
            Comparison::Below | Comparison::AtMost => false,
        },
        Metric::Time(_, Statistic::Mean) | Metric::Rate | Metric::Capacity => false,
    };
    let is_absolute = !matches!(gate.bound, Bound::Baseline(_));
    is_absolute && (of_the_whole || matches!(gate.span, Span::Over(_)))
}

/// What is compared with a baseline has a ratio, and an interval of that.
fn baseline(gate: &Gate, place: Range<usize>) -> Result<(), GateError> {
    let error = |message: String, hint: &str| Err(GateError { message, span: place.clone(), hint: hint.to_owned() });
    if gate.span != Span::Whole {
        return error("a baseline has no windows".to_owned(), "compare the whole run: p95 < 1.2x baseline");
    }
    let less_is_better = match gate.metric {
        Metric::Time(Clock::Lag, _) | Metric::Time(_, Statistic::Max) => None,
        Metric::Time(..) | Metric::ErrorRate(_) => Some(true),
        Metric::Rate | Metric::Capacity => Some(false),
        Metric::Errors(_) | Metric::Failures | Metric::Checks | Metric::Journeys => None,
    };
    match less_is_better {
        None => error(
            format!("`{}` is not compared with a baseline", gate.metric),
            "percentiles, means, error_rate, rate and capacity are: p95 < 1.2x baseline",
        ),
        Some(true) if !gate.comparison.is_upper() => {
            error(format!("more of `{}` is no better", gate.metric), "use < or <=: p95 < 1.2x baseline")
        }
        Some(false) if gate.comparison.is_upper() => {
            error(format!("less of `{}` is no better", gate.metric), "use >= or >: rate >= 0.9x baseline")
        }
        Some(_) => Ok(()),
    }
}
