//! Where the figure of a gate lies, as far as the samples of the run tell, and what its bound has to do with that.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::NamedGate;
use super::figure::{Part, shown};
use super::language::{Clock, Metric, Statistic};
use crate::metrics::{Batch, Histogram, Summary};
use crate::stats::{self, Ends, Weight};
use crate::units::format_count;
use crate::verdict::Interval;

/// Beyond so many times as long a run nobody is told how long it would have to be.
const LONGEST_RUN: f64 = 50.0;

/// The interval of `observed`, the figure of the whole run `part` that `named` is about; none where it has none.
pub(super) fn of(named: &NamedGate, summary: &Summary, part: &Part, observed: f64) -> Option<Interval> {
    // A single pass is no sample of anything.
    if !summary.calls.list.is_empty() {
        return None;
    }
    match named.gate.metric {
        Metric::Time(clock, Statistic::Percentile(percentile)) => {
            Some(of_percentile(named, summary, part.times(clock), (percentile.quantile(), observed as u64)))
        }
        Metric::Time(clock, Statistic::Mean) => of_mean(named, summary, part.times(clock)),
        metric @ (Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys) => {
            let (_, all) = part.share(metric)?;
            let parts = stretches(named, summary, |part| {
                let (hits, samples) = part.share(metric).unwrap_or_default();
                stats::Part { samples, hits }
            });
            let weight = Weight::of(all, &parts);
            let ends = stats::share(observed, weight)?;
            Some(interval(metric, (Some(ends.low), Some(ends.high)), weight))
        }
        Metric::Time(_, Statistic::Max) | Metric::Errors(_) | Metric::Failures | Metric::Rate | Metric::Capacity => {
            None
        }
    }
}

fn of_percentile(named: &NamedGate, summary: &Summary, times: &Histogram, (quantile, us): (f64, u64)) -> Interval {
    let metric = named.gate.metric;
    let parts = stretches(named, summary, |part| {
        let times = times_of(part, metric);
        stats::Part { samples: times.count(), hits: times.at_most(us) }
    });
    let weight = Weight::of(times.count(), &parts);
    let ranks = stats::ranks(times.count(), quantile, weight);
    // What rounding hides lies within the interval.
    let low = ranks.low.and_then(|rank| times.at_rank(rank)).map(|(low, _)| low as f64);
    let high = ranks.high.and_then(|rank| times.at_rank(rank)).map(|(_, high)| high as f64);
    interval(metric, (low, high), weight)
}

fn of_mean(named: &NamedGate, summary: &Summary, times: &Histogram) -> Option<Interval> {
    let metric = named.gate.metric;
    let (mean, variance) = times.mean_and_variance()?;
    let sums = stretches(named, summary, |part| {
        let times = times_of(part, metric);
        stats::Sum { samples: times.count(), sum: times.sum_us() }
    });
    let (Ends { low, high }, weight) = stats::mean(mean, variance, times.count(), &sums)?;
    Some(interval(metric, (Some(low.max(0.0)), Some(high)), weight))
}

fn times_of<'a>(part: &'a Part, metric: Metric) -> &'a Histogram {
    part.times(metric.time().map_or(Clock::Response, |(clock, _)| clock))
}

/// What `count` finds in each stretch of the run that `named` is about, summed up over its steps.
fn stretches<Count: Default + std::ops::AddAssign>(
    named: &NamedGate,
    summary: &Summary,
    count: impl Fn(&Part) -> Count,
) -> Vec<Count> {
    let whole_run_only = matches!(named.gate.metric, Metric::Journeys | Metric::Time(Clock::Lag, _));
    let in_one = |batch: &Batch| {
        let mut sum = Count::default();
        let steps = batch.tally.steps.iter().enumerate();
        let meant = steps.filter(|(series, _)| named.series.as_ref().is_none_or(|meant| meant.contains(series)));
        let (journeys_passed, journeys) = batch.tally.judged_journeys();
        // Every step of the run lies beside the same lag and journeys.
        let most = if whole_run_only { 1 } else { usize::MAX };
        for (_, step) in meant.take(most) {
            sum += count(&Part {
                requests: Cow::Borrowed(step),
                lag: Cow::Borrowed(&batch.tally.send_lag),
                journeys_passed,
                journeys,
                time: std::time::Duration::from_secs(batch.seconds),
            });
        }
        sum
    };
    summary.batches.all().iter().map(in_one).collect()
}

fn interval(metric: Metric, (low, high): (Option<f64>, Option<f64>), weight: Weight) -> Interval {
    let text = match (low.map(|low| shown(metric, low)), high.map(|high| shown(metric, high))) {
        (Some(low), Some(high)) if low == high => low,
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => "unknown".to_owned(),
    };
    let effective_samples = weight.effective_samples().round() as u64;
    Interval { confidence: stats::CONFIDENCE, low, high, text, effective_samples }
}

/// What to know of a bound within the interval of `observed`; none if it lies outside, or asks for something else.
pub(super) fn closeness(named: &NamedGate, observed: f64, interval: &Interval) -> Option<String> {
    let (metric, bound) = (named.gate.metric, named.gate.bound_value());
    let is_share = matches!(metric, Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys);
    // None and all are about every single one that was seen, and no number of samples can prove them of the others.
    if is_share && (bound <= 0.0 || bound >= 1.0) {
        return None;
    }
    let within = interval.low.is_none_or(|low| low <= bound) && interval.high.is_none_or(|high| bound <= high);
    let end = if bound < observed { interval.low } else { interval.high };
    within.then(|| {
        format!("the bound lies within the interval {}: {}", interval.text, way_out(metric, observed, bound, end))
    })
}

/// What may tell, where the interval of `observed` reaches to `end` on the side of `bound`.
fn way_out(metric: Metric, observed: f64, bound: f64, end: Option<f64>) -> String {
    let Some(end) = end else {
        let fewest = metric.percentile().map_or(2, |percentile| stats::fewest_with_ends(percentile.quantile()));
        let fewest = format_count(fewest);
        return format!("it has no end there with fewer than {fewest} samples that know nothing of each other");
    };
    // An interval is half as wide with four times as many samples.
    let times = ((end - observed) / (bound - observed)).powi(2).ceil();
    match (2.0..=LONGEST_RUN).contains(&times) {
        true => format!("a run about {times} times as long may tell"),
        false => "a longer run may tell".to_owned(),
    }
}
