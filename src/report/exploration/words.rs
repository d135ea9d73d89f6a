//! An exploration in words that all its views share: the capacity with its interval, what limits it, how a rate came out.

use std::cmp::Ordering;

pub(super) use super::limit::{limit, limited_by};
use crate::explore::{Ended, ExplorationResult, Knee, Outcome, Phase, Point, Scalability};
use crate::gate::{Bound, Clock, Gate, Metric, Of};
use crate::report::html;
use crate::report::statement::counted;
use crate::units::{format_count, format_rate, format_share, format_us};
use crate::verdict::{Ending, Verdict};

/// What stands where there is no figure.
pub(super) const NONE: &str = "–";
/// No answer takes longer: some ten days.
const LONGEST_US: u64 = 1_000_000_000_000;
/// An error as large as this stands for "nothing is known".
const NO_ERROR: f64 = 1e8;

/// The points from the lowest rate to the highest, those of one rate in the order of time.
pub(super) fn by_rate(points: &[Point]) -> Vec<&Point> {
    let mut sorted: Vec<&Point> = points.iter().collect();
    sorted.sort_by(|a, b| match a.rate_per_s.total_cmp(&b.rate_per_s) {
        Ordering::Equal => a.number.cmp(&b.number),
        other => other,
    });
    sorted
}

/// How a rate came out, in a word.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::Breaks => "breaks",
        Outcome::Unclear => "unclear",
        Outcome::Generator => "generator",
        Outcome::Interrupted => "stopped",
    }
}

/// What a rate was tried for, in a word.
pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Climb => "climb",
        Phase::Descend => "descend",
        Phase::Bisect => "bisect",
        Phase::Repeat => "repeat",
    }
}

/// Why a load was no longer, in a few words.
pub(super) fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::Decided => "enough was seen",
        Ended::Time => "its time was over",
        Ended::Spared => "the target was spared the rest",
        Ended::Refused => "the target asked for less",
        Ended::Requests => "no more requests were allowed",
        Ended::Interrupted => "stopped by a signal",
    }
}

/// Why a load was no longer, as it stands in `result.json`.
pub(super) fn ended_name(ended: Ended) -> &'static str {
    match ended {
        Ended::Decided => "decided",
        Ended::Time => "time",
        Ended::Spared => "spared",
        Ended::Refused => "refused",
        Ended::Requests => "requests",
        Ended::Interrupted => "interrupted",
    }
}

/// The middle of the interval, unless that is far wider than was asked for: then it is no figure to go by.
pub(super) fn middle(result: &ExplorationResult) -> Option<f64> {
    result.capacity.per_s.filter(|_| !is_wide(result))
}

/// Whether the interval is far wider than was asked for.
fn is_wide(result: &ExplorationResult) -> bool {
    result.capacity.precision.is_some_and(|precision| precision > result.asked.precision * 1.001)
}

/// The capacity as one figure, as far as there is one: `297/s`, `20.7/s to 40/s`, `at least 240/s`, `unknown`.
pub(super) fn capacity(result: &ExplorationResult) -> String {
    match (middle(result), result.capacity.low_per_s, result.capacity.high_per_s) {
        (Some(per_s), ..) => rate(per_s),
        (None, Some(low), Some(high)) => format!("{} to {}", rate(low), rate(high)),
        (None, Some(low), None) => format!("at least {}", rate(low)),
        (None, None, Some(high)) => format!("below {}", rate(high)),
        (None, None, None) => "unknown".to_owned(),
    }
}

/// Its interval in words; empty if there is no more to say than [`capacity`] does.
pub(super) fn interval(result: &ExplorationResult) -> String {
    let capacity = &result.capacity;
    let sure = format!("with {} confidence", percent(capacity.confidence));
    match (middle(result), capacity.low_per_s, capacity.high_per_s) {
        (Some(_), Some(low), Some(high)) => {
            format!("between {} and {} {sure}", rate(low), rate(high))
        }
        (Some(_), Some(low), None) => format!("no lower than {} {sure}", rate(low)),
        (Some(_), None, Some(high)) => format!("no higher than {} {sure}", rate(high)),
        (None, Some(_), Some(_)) => sure,
        _ => String::new(),
    }
}

/// How far the ends of the interval are from the capacity: `±4.5%`, `±31%, wanted ±5%`; empty without it.
pub(super) fn precision(result: &ExplorationResult) -> String {
    let wanted = match is_wide(result) {
        true => format!(", wanted ±{}", percent(result.asked.precision)),
        false => String::new(),
    };
    result.capacity.precision.map(|share| format!("±{}{wanted}", percent(share))).unwrap_or_default()
}

/// Requests per second at the capacity, where that is one figure.
pub(super) fn requests_per_s(result: &ExplorationResult) -> Option<f64> {
    result.capacity.requests_per_s.filter(|_| middle(result).is_some())
}

/// Where more load begins to cost more than it brings, as a sentence without an end.
pub(super) fn knee(knee: &Knee) -> String {
    let (at, low, high) = (rate(knee.per_s), rate(knee.low_per_s), rate(knee.high_per_s));
    match knee.low_per_s < knee.high_per_s {
        true => format!("{at}, somewhere from {low} to {high}: beyond it more load costs more than it brings"),
        false => format!("{at}: beyond it more load costs more than it brings"),
    }
}

/// What the law of scalability says, as a sentence without an end.
pub(super) fn scalability(law: &Scalability) -> String {
    let one = format!("{} requests/s of one at a time", bare(law.gamma));
    let shares = format!("{} cannot be done side by side", percent(law.alpha));
    let peak = match (law.peak_per_s, law.peak_in_flight) {
        (Some(per_s), Some(at_once)) => {
            format!("at most {} requests/s, with {} at one time", bare(per_s), bare(at_once))
        }
        (Some(per_s), None) => format!("at most {} requests/s", bare(per_s)),
        _ => "no peak".to_owned(),
    };
    format!("{peak}; {one}, of which {shares}; R² {:.3} over {}", law.fit.r_squared, counted(law.fit.points, "point"))
}

/// A rate: `297/s`.
pub(super) fn rate(per_s: f64) -> String {
    if is_measured(per_s) { format_rate(per_s) } else { format!("{per_s:.0e}/s") }
}

/// A rate, or another figure, without its unit.
pub(super) fn bare(value: f64) -> String {
    let text = rate(value);
    text.strip_suffix("/s").unwrap_or(&text).to_owned()
}

/// A share of one: `2.9%`.
pub(super) fn percent(share: f64) -> String {
    if is_measured(share) { format_share(share) } else { NONE.to_owned() }
}

/// A span of time in seconds: `1m 40s`.
pub(super) fn seconds(seconds: f64) -> String {
    if is_measured(seconds) { html::seconds(seconds) } else { NONE.to_owned() }
}

/// Whether `value` is one that somebody may have measured: a broken file has any number, and some have 300 digits.
fn is_measured(value: f64) -> bool {
    value.abs() < 1e9
}

/// A standard error, unless it stands for there being none.
pub(super) fn error(value: f64) -> Option<f64> {
    (value.abs() < NO_ERROR).then_some(value)
}

/// Whether the target was not as fast as before when a rate was tried: what broke there may have been broken before.
pub(super) fn target_was_away(points: &[Point]) -> bool {
    points.iter().any(|point| point.recovery.as_ref().is_some_and(|recovery| !recovery.recovered))
}

/// `text` with quotes for backticks, which are marks of code only to those who write it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            out.push(if at % 2 == 1 { '“' } else { '”' });
        }
        out.push_str(part);
    }
    out
}

/// A time in microseconds of so many samples.
pub(super) fn time(count: u64, us: u64) -> String {
    if count == 0 || us > LONGEST_US { NONE.to_owned() } else { format_us(us) }
}

/// A share of one, where there is one.
pub(super) fn share(share: Option<f64>) -> String {
    share.map_or_else(|| NONE.to_owned(), percent)
}

/// How much was done in all.
pub(super) fn effort(result: &ExplorationResult) -> String {
    let requests = match result.requests {
        1 => "1 request".to_owned(),
        requests => format!("{} requests", format_count(requests)),
    };
    format!("{requests} at {} in {}", counted(rates(&result.points), "rate"), seconds(result.elapsed_s))
}

/// How many different rates were tried.
pub(super) fn rates(points: &[Point]) -> u64 {
    rates_of(&by_rate(points))
}

/// The same of points that are sorted by rate.
pub(super) fn rates_of(sorted: &[&Point]) -> u64 {
    sorted.chunk_by(|a, b| same_rate(a.rate_per_s, b.rate_per_s)).count() as u64
}

/// Whether two rates are the same but for rounding.
pub(super) fn same_rate(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

/// What the generator says of itself over all points, as sentences.
pub(super) fn generator(points: &[Point]) -> Vec<String> {
    let busiest = points
        .iter()
        .filter_map(|point| point.generator.busy_share)
        .fold(None, |most: Option<f64>, share| Some(most.map_or(share, |most| most.max(share))));
    let latest = points.iter().map(|point| point.generator.send_lag_p99_us).max();
    let mut said = Vec::new();
    if let (Some(busiest), Some(latest)) = (busiest, latest) {
        said.push(format!(
            "its busiest worker was busy for {} of the time, and sent 99% of requests within {} of their time",
            percent(busiest),
            format_us(latest)
        ));
    }
    let short = by_rate(points).into_iter().filter(|point| !point.generator.short_of.is_empty());
    said.extend(short.map(|point| format!("at {}: {}", rate(point.rate_per_s), point.generator.short_of.join("; "))));
    said
}

/// Whether the generator may have been what broke a gate at any rate.
pub(super) fn generator_was_short(points: &[Point]) -> bool {
    points.iter().any(|point| point.outcome == Outcome::Generator || !point.generator.short_of.is_empty())
}

/// The bounds of the gates about response times of all steps, as written and in microseconds, the lowest first.
pub(super) fn time_bounds(result: &ExplorationResult) -> Vec<(String, f64)> {
    let timed = result.asked.gates.iter().filter_map(|(_, wanted)| {
        let gate: Gate = wanted.parse().ok()?;
        let drawn = gate.of == Of::All
            && matches!(gate.metric, Metric::Time(Clock::Response, _))
            && matches!(gate.bound, Bound::Time(_));
        drawn.then(|| (gate.plain().to_string(), gate.bound_value()))
    });
    let mut bounds: Vec<_> = timed.filter(|(_, us)| us.is_finite() && *us > 0.0).collect();
    bounds.sort_by(|a, b| a.1.total_cmp(&b.1));
    bounds
}

/// What the verdict stands on, where no reason is written.
pub(super) fn reasons(result: &ExplorationResult) -> Vec<String> {
    match result.reasons.is_empty() {
        true => vec![format!("the highest rate at which the gates hold: {}", capacity(result))],
        false => result.reasons.clone(),
    }
}

/// What an exploration that did not come to its end is called; none if it did.
pub(super) fn partial(ending: Ending) -> Option<&'static str> {
    match ending {
        Ending::Completed => None,
        Ending::Interrupted => Some("stopped by Ctrl-C"),
        Ending::Terminated => Some("stopped by SIGTERM"),
        Ending::Aborted => Some("stopped before its end"),
        Ending::Killed => Some("still going on, or killed"),
    }
}

/// The verdict in capitals.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Inconclusive => "INCONCLUSIVE",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_capacity_says_what_is_known_of_it_and_no_more() {
        let of = |per_s, low_per_s, high_per_s| {
            let mut result = fixture::found();
            (result.capacity.per_s, result.capacity.low_per_s, result.capacity.high_per_s) =
                (per_s, low_per_s, high_per_s);
            (capacity(&result), interval(&result))
        };
        let sure = "with 95% confidence";
        let texts = |a: &str, b: String| (a.to_owned(), b);
        assert_eq!(
            of(Some(297.0), Some(285.0), Some(309.5)),
            texts("297/s", format!("between 285/s and 309.5/s {sure}"))
        );
        assert_eq!(of(None, Some(285.0), Some(309.0)), texts("285/s to 309/s", sure.to_owned()));
        assert_eq!(of(None, Some(285.0), None), texts("at least 285/s", String::new()));
        assert_eq!(of(None, None, Some(10.0)), texts("below 10/s", String::new()));
        assert_eq!(of(None, None, None), texts("unknown", String::new()));
    }

    #[test]
    fn an_interval_far_wider_than_asked_has_no_middle_to_go_by() {
        let mut result = fixture::found();
        result.asked.precision = 0.02;
        assert_eq!(capacity(&result), "288.4/s to 304.9/s");
        assert_eq!(interval(&result), "with 95% confidence");
        assert_eq!(precision(&result), "±2.9%, wanted ±2%");
        assert_eq!((middle(&result), requests_per_s(&result)), (None, None));
        result.asked.precision = 0.029;
        assert_eq!((capacity(&result), precision(&result)), ("297/s".to_owned(), "±2.9%".to_owned()));
        assert!(requests_per_s(&result).is_some());
    }

    #[test]
    fn backticks_become_quotes_in_pairs() {
        assert_eq!(
            quoted("beyond that `latency` is broken, not `errors`"),
            "beyond that “latency” is broken, not “errors”"
        );
        assert_eq!(quoted("none"), "none");
    }

    #[test]
    fn rates_are_counted_once_however_often_they_were_tried() {
        let points = fixture::found().points;
        assert!(rates(&points) < points.len() as u64, "{}", rates(&points));
        assert_eq!(rates(&[]), 0);
        assert!(by_rate(&points).is_sorted_by(|a, b| a.rate_per_s <= b.rate_per_s));
    }
}
