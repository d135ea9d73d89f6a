//! How far the figure of a gate is from its bound, in standard errors: what a rate says for or against the target.

use super::point::{Evidence, GateAt};
use crate::gate::{Measured, Metric, NamedGate, measured};
use crate::metrics::Summary;

/// So many standard errors is an end of an interval of 95 % away.
const ENDS: f64 = 1.96;
/// No figure is surer than this share of its bound.
const LEAST_ERROR: f64 = 0.005;
/// What is said of a figure whose interval has no end on the side of the bound: about as much as nothing.
const WITHOUT_END: f64 = 1.0;
/// A bound of none or all is met by every sample or not at all, which no interval knows of.
const ALL_OR_NONE: f64 = 2.0;

/// One gate over the judged part of a load.
pub(super) fn gate_at(named: &NamedGate, summary: &Summary) -> (GateAt, Option<Evidence>) {
    let gate = &named.gate;
    let measured = measured(named, summary);
    let ends = measured.as_ref().and_then(|measured| measured.interval.as_ref());
    let at = GateAt {
        name: named.name.clone(),
        wanted: gate.plain().to_string(),
        observed: measured.as_ref().map(|measured| measured.text.clone()),
        value: measured.as_ref().map(|measured| measured.observed),
        bound: gate.bound_value(),
        low: ends.and_then(|ends| ends.low),
        high: ends.and_then(|ends| ends.high),
        holds: measured.as_ref().map(|measured| gate.holds(measured.observed)),
    };
    let evidence = measured.map(|measured| {
        let (margin, error) = distance(named, &measured);
        Evidence { gate: named.name.clone(), margin, error }
    });
    (at, evidence)
}

/// How far `measured` is within the bound, and the standard error of that.
fn distance(named: &NamedGate, measured: &Measured) -> (f64, f64) {
    let (gate, observed) = (&named.gate, measured.observed);
    let bound = gate.bound_value();
    let ends = measured.interval.as_ref();
    let (low, high) = (ends.and_then(|ends| ends.low), ends.and_then(|ends| ends.high));
    if let Metric::Time(..) = gate.metric {
        let (observed, bound) = (observed.max(1.0), bound.max(1.0));
        let margin = (bound / observed).ln();
        let end = if margin > 0.0 { high } else { low };
        let reach = end.map(|end| (end.max(1.0) / observed).ln().abs() / ENDS);
        return (margin, reach.map_or(margin.abs() / WITHOUT_END, |reach| reach.max(LEAST_ERROR)));
    }
    // Of what must be much, the rest must be little.
    let (observed, bound, low, high) = match gate.comparison.is_upper() {
        true => (observed, bound, low, high),
        false => (1.0 - observed, 1.0 - bound, high.map(|high| 1.0 - high), low.map(|low| 1.0 - low)),
    };
    if bound <= 0.0 || bound >= 1.0 {
        let margin = if gate.holds(measured.observed) { 1.0 } else { -1.0 };
        return (margin, 1.0 / ALL_OR_NONE);
    }
    let margin = (bound - observed) / bound;
    let end = if margin > 0.0 { high } else { low };
    let reach = end.map(|end| ((end - observed) / bound).abs() / ENDS);
    (margin, reach.map_or(margin.abs() / WITHOUT_END, |reach| reach.max(LEAST_ERROR)))
}

/// The evidence that speaks most against the target's bearing a rate: every gate must hold.
pub(super) fn worst(all: impl IntoIterator<Item = Evidence>) -> Option<Evidence> {
    all.into_iter().min_by(|one, other| one.z().total_cmp(&other.z()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Origin;
    use crate::verdict::Interval;

    fn named(text: &str) -> NamedGate {
        let gate = text.parse().unwrap();
        NamedGate { name: "own".to_owned(), gate, series: None, origin: Origin::File, skip: None }
    }

    fn z(text: &str, observed: f64, low: Option<f64>, high: Option<f64>) -> f64 {
        let interval = Interval { confidence: 0.95, low, high, text: String::new(), effective_samples: 100 };
        let measured = Measured { observed, text: String::new(), samples: 100, interval: Some(interval) };
        let (margin, error) = distance(&named(text), &measured);
        margin / error
    }

    #[test]
    fn the_end_on_the_side_of_the_bound_says_how_sure_it_is() {
        let slow = |low, high| z("p95 < 600ms", 300_000.0, low, high);
        assert!((slow(None, Some(600_000.0)) - 1.96).abs() < 0.01, "its end is at the bound");
        assert!(slow(Some(299_000.0), Some(900_000.0)) < 1.96);
        assert_eq!(slow(Some(299_000.0), None), 1.0, "too few samples for an end");
        assert!(z("p95 < 600ms", 900_000.0, Some(600_000.0), None) < -1.9);
    }

    #[test]
    fn shares_count_from_either_side() {
        assert!((z("error_rate < 1%", 0.0, Some(0.0), Some(0.01)) - 1.96).abs() < 0.01);
        assert!((z("checks >= 99%", 1.0, Some(0.99), Some(1.0)) - 1.96).abs() < 0.01);
        assert!(z("error_rate < 1%", 0.04, Some(0.03), Some(0.05)) < -5.0);
        assert_eq!(z("checks >= 100%", 1.0, Some(0.99), Some(1.0)), 2.0);
        assert_eq!(z("checks >= 100%", 0.999, Some(0.99), Some(1.0)), -2.0);
    }
}
