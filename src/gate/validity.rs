//! Whether a run can be judged at all: the generator is a suspect too.
//!
//! Each property of a sound run gives a finding only where it does not hold; [`crate::verdict::Verdict::of`] then
//! says INCONCLUSIVE, whatever the gates say.

use super::language::{Bound, Clock, Metric, Statistic};
use super::{NamedGate, strain};
use crate::metrics::{LATE, StreamSummary, Summary};
use crate::units::{format_count, format_duration, format_rate, format_us, format_us_f64};
use crate::verdict::{Ending, Finding, Kind, Status};

/// A worker that computes for more than this share of the time is short of CPU rather than kept from it.
const BUSY: f64 = 0.7;
/// The share of the offered rate that may be missed.
const MISSED_LIMIT: f64 = 0.02;

/// What speaks against judging the run; `ended_by_gate` if it was ended because a gate could no longer hold.
pub(super) fn findings(gates: &[NamedGate], summary: &Summary, ended_by_gate: bool) -> Vec<Finding> {
    [accounting(summary), ending(summary), aborted(summary).filter(|_| !ended_by_gate)]
        .into_iter()
        .flatten()
        .chain(strain::findings(gates, summary))
        .chain(lateness(gates, summary))
        .chain([rate_missed(summary), cut_off(summary), unstarted(summary)].into_iter().flatten())
        .collect()
}

pub(super) fn invalid(name: &str, wanted: String, observed: String, samples: u64, reason: String) -> Finding {
    let (observed, reason) = (Some(observed), Some(reason));
    Finding { status: Status::Invalid, observed, samples, reason, ..Finding::new(name, Kind::Validity, wanted) }
}

fn accounting(summary: &Summary) -> Option<Finding> {
    let accounting = &summary.accounting;
    (!accounting.balances()).then(|| {
        let wanted = "scheduled = passed + failed + abandoned + unstarted".to_owned();
        let reason = "mnload lost count of its own journeys: please report this".to_owned();
        invalid("accounting", wanted, format!("{accounting:?}"), accounting.scheduled, reason)
    })
}

fn ending(summary: &Summary) -> Option<Finding> {
    let stopped = match summary.ending {
        Ending::Completed | Ending::Aborted => return None,
        Ending::Interrupted => "stopped by Ctrl-C",
        Ending::Terminated => "stopped by SIGTERM",
        Ending::Killed => "killed",
    };
    // Of a run that was killed only whole seconds are known.
    let when = match summary.elapsed.is_zero() {
        true => "within its first second".to_owned(),
        false => format!("after {}", format_duration(summary.elapsed)),
    };
    let reason = format!("the run was {stopped} {when}: what is missing cannot be judged");
    Some(invalid(
        "completed",
        "the whole plan".to_owned(),
        format!("stopped {when}"),
        summary.accounting.started(),
        reason,
    ))
}

/// A step that must not fail failed: that is known, whatever was left out.
fn aborted(summary: &Summary) -> Option<Finding> {
    (summary.ending == Ending::Aborted).then(|| Finding {
        status: Status::Fail,
        kind: Kind::Gate,
        ..invalid(
            "abort_run",
            "no failure of a step with on_failure = \"abort_run\"".to_owned(),
            format!("stopped after {}", format_duration(summary.elapsed)),
            summary.accounting.started(),
            "a step failed whose failure ends the run".to_owned(),
        )
    })
}

/// A generator without time is late for that reason, which is said already.
fn lateness(gates: &[NamedGate], summary: &Summary) -> Vec<Finding> {
    if strain::exhausted(summary).is_some() {
        return Vec::new();
    }
    let each = summary.streams.iter().filter_map(|stream| one_of_several(stream, summary.ending));
    [late(gates, summary), late_in_the_tail(gates, summary)].into_iter().flatten().chain(each).collect()
}

/// Lag beyond p99 matters where a gate looks beyond p99.
fn late_in_the_tail(gates: &[NamedGate], summary: &Summary) -> Option<Finding> {
    let tightest = gates.iter().filter_map(|named| {
        let (_, statistic) = named.gate.metric.time()?;
        let quantile = match statistic {
            Statistic::Percentile(percentile) => percentile.quantile(),
            Statistic::Max => 1.0,
            Statistic::Mean => return None,
        };
        let bound_us = upper_bound_us(named).filter(|_| quantile > 0.99)?;
        let lag_us = summary.total.send_lag.quantile_us(quantile)?;
        (lag_us as f64 > bound_us / 10.0).then_some((named, lag_us, bound_us))
    });
    tightest.min_by(|a, b| a.2.total_cmp(&b.2)).map(|(named, lag_us, bound_us)| {
        let metric = named.gate.metric;
        let reason =
            format!("the generator was late by {} in the tail that `{}` looks at", format_us(lag_us), named.gate);
        let wanted = format!("send lag {metric} <= {}", format_us_f64(bound_us / 10.0));
        invalid("punctual in the tail", wanted, format_us(lag_us), summary.total.send_lag.count(), reason)
    })
}

/// The bound of a gate that a lag could break.
pub(super) fn upper_bound_us(named: &NamedGate) -> Option<f64> {
    let upper = named.gate.comparison.is_upper();
    // Whoever judges the lag itself says what it may be.
    let is_lag = matches!(named.gate.metric, Metric::Time(Clock::Lag, _));
    match named.gate.bound {
        Bound::Time(time) if upper && !is_lag && !time.is_zero() => Some(time.as_secs_f64() * 1e6),
        Bound::Time(_) | Bound::Percent(_) | Bound::PerSecond(_) | Bound::Count(_) | Bound::Baseline(_) => None,
    }
}

/// The send lag that would move the tightest time gate, or any.
fn lag_limit_us(gates: &[NamedGate]) -> f64 {
    let bounds = gates.iter().filter_map(upper_bound_us).map(|bound_us| bound_us / 10.0);
    bounds.fold(LATE.as_secs_f64() * 1e6, f64::min)
}

pub(super) fn late(gates: &[NamedGate], summary: &Summary) -> Option<Finding> {
    let limit_us = lag_limit_us(gates);
    let lag_us = summary.total.send_lag.quantile_us(0.99)?;
    (lag_us as f64 > limit_us).then(|| {
        let generator = &summary.generator;
        let why = match generator.waited_for_slot {
            0 if summary.ending == Ending::Killed => {
                "the generator was late; how busy it was is not known, since the run was killed".to_owned()
            }
            0 => match generator.worked_share() > BUSY {
                true => format!(
                    "the generator was late: it was busy {:.0} % of the time; use more --workers, a smaller rate, or a larger machine",
                    generator.worked_share() * 100.0
                ),
                false => format!(
                    "the generator was late although it was busy only {:.0} % of the time: something else kept this machine busy; run it where it is quiet",
                    generator.worked_share() * 100.0
                ),
            },
            waited => format!(
                "{} arrivals waited because max_in_flight = {} journeys were already under way: the target is too slow for this rate, or raise max_in_flight",
                format_count(waited),
                format_count(generator.max_in_flight)
            ),
        };
        let wanted = format!("send lag p99 <= {}", format_us_f64(limit_us));
        invalid("punctual", wanted, format_us(lag_us), summary.total.send_lag.count(), why)
    })
}

fn rate_missed(summary: &Summary) -> Option<Finding> {
    let (offered, achieved) = (summary.offered_per_s, summary.achieved_per_s);
    // One journey at the very end may start late without the rate being missed.
    let one = 1.0 / summary.window.as_secs_f64().max(1e-9);
    let missed = summary.ending == Ending::Completed && offered - achieved > (offered * MISSED_LIMIT).max(one);
    missed.then(|| {
        let reason = format!("the offered rate was not reached: {} of {}", format_rate(achieved), format_rate(offered));
        let wanted = format!("at least {} started", format_rate(offered * (1.0 - MISSED_LIMIT)));
        invalid("rate reached", wanted, format_rate(achieved), summary.accounting.scheduled, reason)
    })
}

/// One of several loads may be late or short of its rate where all together are not.
fn one_of_several(stream: &StreamSummary, ending: Ending) -> Option<Finding> {
    let StreamSummary { name, punctuality, max_in_flight } = stream;
    let missed = punctuality.due.saturating_sub(punctuality.in_time);
    let misses_rate =
        ending == Ending::Completed && missed > 1 && missed as f64 > punctuality.due as f64 * MISSED_LIMIT;
    let is_late = punctuality.late as f64 > punctuality.due as f64 * 0.01;
    (misses_rate || is_late).then(|| {
        let due = format_count(punctuality.due);
        let observed = format!("{} of {due} late, {} too late", format_count(punctuality.late), format_count(missed));
        let why = match punctuality.waited {
            0 => "the generator or this machine was busy with something else".to_owned(),
            waited => format!(
                "{} of its arrivals waited because its max_in_flight = {} journeys were under way",
                format_count(waited),
                format_count(*max_in_flight)
            ),
        };
        let reason = format!("the load of `{name}` was not punctual: {observed}; {why}");
        let wanted = format!("at most 1% later than {}", format_duration(LATE));
        invalid(&format!("punctual: {name}"), wanted, observed, punctuality.due, reason)
    })
}

fn cut_off(summary: &Summary) -> Option<Finding> {
    let cut = summary.accounting.abandoned;
    (cut > 0 && summary.ending == Ending::Completed).then(|| {
        let reason = format!(
            "{} did not come to an end before the drain limit: their times are unknown; raise [load] drain, or lower the rate",
            plural(cut, "journey")
        );
        invalid("all finished", "every journey ends".to_owned(), format!("{cut} cut off"), summary.accounting.scheduled, reason)
    })
}

fn unstarted(summary: &Summary) -> Option<Finding> {
    let unstarted = summary.accounting.unstarted;
    (unstarted > 0 && summary.ending == Ending::Completed).then(|| {
        // A generator without time to spare must not call the target slow.
        let why = match strain::exhausted(summary) {
            Some(_) => "the generator had no time to start them".to_owned(),
            None => format!(
                "as many as allowed ({}) were under way until the end; the target is too slow for this rate, or raise max_in_flight",
                format_count(summary.generator.max_in_flight)
            ),
        };
        let reason = format!("{} never started: {why}", plural(unstarted, "journey"));
        invalid("all started", "every journey starts".to_owned(), format!("{unstarted} did not"), summary.accounting.scheduled, reason)
    })
}

fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", format_count(count), if count == 1 { "" } else { "s" })
}
