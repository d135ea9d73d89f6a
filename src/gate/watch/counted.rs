//! What one gate needs of a second, and no more: hours of seconds are kept for the longest windows.

use std::time::Duration;

use super::super::figure::Part;
use super::super::language::{Clock, Metric};
use super::super::{Gate, NamedGate};
use crate::metrics::{Histogram, StepTally, Tally};

/// What was counted of one gate's requests in some seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::gate) struct Counted {
    /// Counts, and the one time that is judged.
    pub(super) requests: StepTally,
    /// How late requests were sent, where a time from the due moment is judged.
    pub(super) lag: Histogram,
    journeys_passed: u64,
    /// Journeys that came to an end.
    journeys: u64,
}

impl Counted {
    /// What `named` needs of `tally`.
    pub(super) fn of(named: &NamedGate, tally: &Tally) -> Self {
        let metric = named.gate.metric;
        let mut counted = Self::default();
        match &named.series {
            None => tally.steps.iter().for_each(|step| counted.add(metric, step)),
            Some(series) => {
                series.iter().filter_map(|series| tally.steps.get(*series)).for_each(|step| counted.add(metric, step));
            }
        }
        match metric {
            Metric::Time(Clock::Response | Clock::Lag, _) => counted.lag.merge(&tally.send_lag),
            Metric::Journeys => (counted.journeys_passed, counted.journeys) = tally.judged_journeys(),
            _ => {}
        }
        counted
    }

    fn add(&mut self, metric: Metric, step: &StepTally) {
        let own = &mut self.requests;
        own.merge_counts(step);
        match metric {
            Metric::Time(Clock::Response, _) => own.response.merge(&step.response),
            Metric::Time(Clock::Service, _) => own.service.merge(&step.service),
            Metric::Time(Clock::FirstByte, _) => own.first_byte.merge(&step.first_byte),
            Metric::Time(Clock::Connect, _) => own.connect.merge(&step.connect),
            Metric::Time(Clock::Tls, _) => own.tls.merge(&step.tls),
            Metric::ErrorRate(Some(_)) | Metric::Errors(Some(_)) => own.merge_errors(step),
            Metric::Time(Clock::Lag, _)
            | Metric::ErrorRate(None)
            | Metric::Errors(None)
            | Metric::Failures
            | Metric::Checks
            | Metric::Journeys
            | Metric::Rate
            | Metric::Capacity => {}
        }
    }

    /// Adds all that `other` counted; exact, and in any order.
    pub(super) fn merge(&mut self, other: &Self) {
        self.requests.merge(&other.requests);
        self.lag.merge(&other.lag);
        self.journeys_passed += other.journeys_passed;
        self.journeys += other.journeys;
    }

    /// The same with `more` samples of `metric` that are as good as can be.
    pub(super) fn with_good(&self, metric: Metric, more: u64) -> Self {
        let mut counted = self.clone();
        let requests = &mut counted.requests;
        match metric {
            Metric::Time(clock, _) => {
                let times = match clock {
                    Clock::Response => &mut requests.response,
                    Clock::Service => &mut requests.service,
                    Clock::FirstByte => &mut requests.first_byte,
                    Clock::Connect => &mut requests.connect,
                    Clock::Tls => &mut requests.tls,
                    Clock::Lag => &mut counted.lag,
                };
                times.record_n(0, more);
            }
            Metric::Checks => requests.checks_passed += more,
            Metric::Journeys => {
                counted.journeys += more;
                counted.journeys_passed += more;
            }
            Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures | Metric::Rate => requests.requests += more,
            Metric::Capacity => {}
        }
        counted
    }

    /// It all, counted in so long a `time`.
    pub(in crate::gate) fn part(&self, time: Duration) -> Part<'_> {
        use std::borrow::Cow;
        Part {
            requests: Cow::Borrowed(&self.requests),
            lag: Cow::Borrowed(&self.lag),
            journeys_passed: self.journeys_passed,
            journeys: self.journeys,
            time,
        }
    }

    /// The figure of `gate` in so long a `time`; none of nothing.
    pub(super) fn figure(&self, gate: &Gate, time: Duration) -> Option<f64> {
        match gate.metric {
            // Nothing at all in some seconds is a rate, too.
            Metric::Rate => Some(self.requests.passed_in_window as f64 / time.as_secs_f64().max(1e-9)),
            metric => self.part(time).figure(metric),
        }
    }

    /// How many samples the figure of `gate` stands on.
    pub(super) fn samples(&self, gate: &Gate) -> u64 {
        self.part(Duration::ZERO).samples(gate.metric)
    }
}
