//! The error budget of a time: what the generator itself can have added to it, and what rounding can have moved.
//!
//! A generator that is late makes a response time longer, never shorter. So a figure above its bound is in doubt by the
//! lateness and by the rounding, one below it only by the rounding. `docs/measuring.md` gives the reasons.

use super::language::{Clock, Gate, Statistic};
use super::strain;
use crate::metrics::{Histogram, Summary};
use crate::units::format_us_f64;

/// Three significant digits: a percentile or a mean is exact within this share.
const HISTOGRAM: f64 = 0.001;
/// Times are counted in whole microseconds.
const CLOCK_US: f64 = 1.0;
/// The timers of the runtime that tick the heartbeat are late by this much on the quietest machine.
const TIMER_GRAIN_US: f64 = 2_000.0;
/// Lateness is looked at no lower than here: what is rare at one moment may be frequent at the one that matters.
const LEAST_QUANTILE: f64 = 0.99;

/// By how much a time may be wrong, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Budget {
    /// What lateness can have added.
    late_us: f64,
    /// What rounding can have moved, to either side.
    rounded_us: f64,
}

impl Budget {
    /// The budget of the time `observed_us` that `gate` judges; none if it judges no time.
    pub(super) fn of(gate: &Gate, observed_us: f64, summary: &Summary) -> Option<Self> {
        Self::of_part(gate, observed_us, &summary.total.send_lag, Some(summary))
    }

    /// The same of a part of a run, whose requests were sent as late as `sending` says; what only the end of a run tells
    /// is left out where there is no `summary` yet.
    pub(super) fn of_part(
        gate: &Gate,
        observed_us: f64,
        sending: &Histogram,
        summary: Option<&Summary>,
    ) -> Option<Self> {
        let late = |clock: Clock, figure: &dyn Fn(&Histogram) -> f64| late(clock, sending, summary, figure);
        let histogram_us = observed_us * HISTOGRAM;
        let (late_us, histogram_us) = match gate.metric.time()? {
            // What is judged here is the lateness itself.
            (Clock::Lag, _) => return Some(Self { late_us: 0.0, rounded_us: histogram_us + CLOCK_US }),
            (clock, Statistic::Percentile(percentile)) => {
                let quantile = percentile.quantile().max(LEAST_QUANTILE);
                (late(clock, &|lag| lag.quantile_us(quantile).unwrap_or(0) as f64), histogram_us)
            }
            (clock, Statistic::Max) => (late(clock, &|lag| lag.quantile_us(1.0).unwrap_or(0) as f64), 0.0),
            // The mean of a sum is the sum of the means.
            (clock, Statistic::Mean) => (late(clock, &|lag| lag.latency().mean), histogram_us),
        };
        // Without time to spare the generator delays what it sends and what it notices: all of the figure may be its own.
        let exhausted = summary.is_some_and(|summary| strain::exhausted(summary).is_some());
        let late_us = if exhausted { late_us.max(observed_us) } else { late_us };
        Some(Self { late_us, rounded_us: histogram_us + CLOCK_US })
    }

    /// All of it, in microseconds.
    pub(super) fn whole_us(&self) -> f64 {
        self.late_us + self.rounded_us
    }

    /// Why `observed_us` decides nothing about `gate`; none if it does.
    pub(super) fn doubt(&self, gate: &Gate, observed_us: f64) -> Option<String> {
        let above_us = observed_us - gate.bound_value();
        let way_out = "measure longer or on a quieter machine, or choose a bound that is not so close";
        if above_us >= 0.0 {
            let (above, whole) = (format_us_f64(above_us), format_us_f64(self.whole_us()));
            let reason = format!(
                "it is {above} above its bound, and up to {whole} of it may be the measurement's own ({}): {way_out}",
                self.parts()
            );
            return (above_us <= self.whole_us()).then_some(reason);
        }
        let (below, rounded) = (format_us_f64(-above_us), format_us_f64(self.rounded_us));
        let reason = format!("it is {below} below its bound, and rounding may have moved it by {rounded}: {way_out}");
        (-above_us <= self.rounded_us).then_some(reason)
    }

    fn parts(&self) -> String {
        format!(
            "{} for the generator's lateness, {} for rounding",
            format_us_f64(self.late_us),
            format_us_f64(self.rounded_us)
        )
    }
}

/// How late the generator was, by `figure`: in sending where there is a schedule, in noticing where there is none.
/// A time that does not count from the due time knows nothing of late sending.
fn late(clock: Clock, sent: &Histogram, summary: Option<&Summary>, figure: &dyn Fn(&Histogram) -> f64) -> f64 {
    let sending = if clock == Clock::Response { figure(sent) } else { 0.0 };
    let Some(summary) = summary else { return sending };
    let noticing = (figure(&summary.generator.loop_lag) - TIMER_GRAIN_US).max(0.0);
    let all_scheduled = clock == Clock::Response && sent.count() > 0 && summary.streams.is_empty();
    if all_scheduled { sending } else { sending.max(noticing) }
}
