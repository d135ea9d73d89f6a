//! The figure of a gate as a number, for those who weigh several runs against each other.

use super::figure::{Part, least_samples, shown};
use super::language::{Bound, Metric, Span};
use super::{NamedGate, interval, strain, validity};
use crate::metrics::Summary;
use crate::verdict::{Finding, Interval};

/// The figure of a gate over a whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// In the unit of the bound: microseconds, a fraction of one, a number.
    pub observed: f64,
    /// As people read it.
    pub text: String,
    /// How many samples it stands on.
    pub samples: u64,
    /// Where it lies; none if it has no interval.
    pub interval: Option<Interval>,
}

/// The figure of `named` in the run `summary`; none if there are too few samples for one.
pub fn measured(named: &NamedGate, summary: &Summary) -> Option<Measured> {
    let metric = named.gate.metric;
    let part = Part::whole(named, summary);
    let samples = part.samples(metric);
    let observed = part.figure(metric).filter(|_| samples >= least_samples(metric))?;
    let interval = interval::of(named, summary, &part, observed);
    Some(Measured { observed, text: shown(metric, observed), samples, interval })
}

/// Whether `named` says how much load a target bears: a time or a share of the whole run, with a bound of its own, that
/// gets worse as the load grows.
pub fn bears_load(named: &NamedGate) -> bool {
    let gate = &named.gate;
    let is_absolute = !matches!(gate.bound, Bound::Baseline(_));
    let decides = !gate.options.warn && named.skip.is_none();
    let of_load = match gate.metric {
        Metric::Time(super::Clock::Lag, _) => false,
        Metric::Time(_, super::Statistic::Max) => false,
        Metric::Time(..) | Metric::ErrorRate(_) => gate.comparison.is_upper(),
        Metric::Checks | Metric::Journeys => !gate.comparison.is_upper(),
        Metric::Errors(_) | Metric::Failures | Metric::Rate | Metric::Capacity => false,
    };
    is_absolute && decides && of_load && gate.span == Span::Whole
}

/// What speaks against the generator itself in a run that may have been ended early; nothing of what a slow target
/// would explain as well.
pub fn of_generator(gates: &[NamedGate], summary: &Summary) -> Vec<Finding> {
    let late = validity::late(gates, summary).filter(|_| summary.generator.waited_for_slot == 0);
    let own = strain::findings(gates, summary);
    let late = late.filter(|_| strain::exhausted(summary).is_none());
    own.into_iter().chain(late).collect()
}
