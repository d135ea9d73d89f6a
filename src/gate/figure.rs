//! The figure that a gate judges, from what was counted in the part of a run that it is about.

use std::borrow::Cow;
use std::time::Duration;

use super::language::{Clock, ErrorClass, Metric, Statistic};
use super::{NamedGate, Percentile};
use crate::metrics::{Histogram, StepTally, Summary};
use crate::units::{format_count, format_rate, format_share, format_us_f64};

/// What was counted in a part of a run.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    /// The requests that are meant.
    pub(super) requests: Cow<'a, StepTally>,
    /// How late requests that had a scheduled time were sent.
    pub(super) lag: Cow<'a, Histogram>,
    /// Journeys that passed.
    pub(super) journeys_passed: u64,
    /// Journeys that were started.
    pub(super) journeys: u64,
    /// How long it is: rates are divided by it.
    pub(super) time: Duration,
}

impl<'a> Part<'a> {
    /// All of a finished run that `named` is about.
    pub(super) fn whole(named: &NamedGate, summary: &'a Summary) -> Self {
        let journeys = summary.judged_journeys();
        Self {
            requests: summary.requests(named.series.as_deref()).tally,
            lag: Cow::Borrowed(&summary.total.send_lag),
            journeys_passed: journeys.passed,
            journeys: journeys.started(),
            time: summary.window,
        }
    }

    /// The figure, in the unit of [`super::Gate::bound_value`]; none of nothing. Failures in a row are not counted here.
    pub(super) fn figure(&self, metric: Metric) -> Option<f64> {
        let requests = &*self.requests;
        let share = || self.share(metric).filter(|(_, all)| *all > 0).map(|(hits, all)| hits as f64 / all as f64);
        match metric {
            Metric::Time(clock, statistic) => {
                let times = self.times(clock);
                match statistic {
                    Statistic::Percentile(percentile) => times.quantile_us(percentile.quantile()).map(|us| us as f64),
                    Statistic::Max => times.quantile_us(1.0).map(|us| us as f64),
                    Statistic::Mean => (times.count() > 0).then(|| times.latency().mean),
                }
            }
            Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys => share(),
            // None of nothing is no evidence.
            Metric::Errors(class) => (requests.outcomes() > 0).then(|| self.failed(class) as f64),
            Metric::Failures | Metric::Capacity => None,
            Metric::Rate => {
                let counts = requests.requests > 0 && !self.time.is_zero();
                counts.then(|| requests.passed_in_window as f64 / self.time.as_secs_f64())
            }
        }
    }

    /// How many samples the figure stands on.
    pub(super) fn samples(&self, metric: Metric) -> u64 {
        let requests = &*self.requests;
        match metric {
            Metric::Checks => requests.checks_passed + requests.checks_failed,
            Metric::Journeys => self.journeys,
            Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures | Metric::Rate => requests.outcomes(),
            Metric::Time(clock, _) => self.times(clock).count(),
            Metric::Capacity => 0,
        }
    }

    /// What counts and what it is counted of, if `metric` is a share.
    pub(super) fn share(&self, metric: Metric) -> Option<(u64, u64)> {
        let requests = &*self.requests;
        match metric {
            Metric::ErrorRate(class) => Some((self.failed(class), requests.outcomes())),
            Metric::Checks => Some((requests.checks_passed, requests.checks_passed + requests.checks_failed)),
            Metric::Journeys => Some((self.journeys_passed, self.journeys)),
            Metric::Time(..) | Metric::Errors(_) | Metric::Failures | Metric::Rate | Metric::Capacity => None,
        }
    }

    /// The times of `clock`.
    pub(super) fn times(&self, clock: Clock) -> &Histogram {
        match clock {
            Clock::Response => &self.requests.response,
            Clock::Service => &self.requests.service,
            Clock::Lag => &self.lag,
            Clock::FirstByte => &self.requests.first_byte,
            Clock::Connect => &self.requests.connect,
            Clock::Tls => &self.requests.tls,
        }
    }

    /// Steps that failed, with an error of `class` if one is named.
    fn failed(&self, class: Option<ErrorClass>) -> u64 {
        match class {
            None => self.requests.failed,
            Some(class) => {
                self.requests.errors.iter().filter(|(failure, _)| class.has(**failure)).map(|(_, count)| count).sum()
            }
        }
    }
}

/// `observed` as people read it.
pub(super) fn shown(metric: Metric, observed: f64) -> String {
    match metric {
        Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys => format_share(observed),
        Metric::Rate | Metric::Capacity => format_rate(observed),
        Metric::Time(..) => format_us_f64(observed),
        Metric::Errors(_) | Metric::Failures => format_count(observed as u64),
    }
}

/// The fewest samples that `metric` can be judged by.
pub(super) fn least_samples(metric: Metric) -> u64 {
    metric.percentile().map_or(1, Percentile::least_samples)
}
