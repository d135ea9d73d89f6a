//! Gates against a finished run.

use super::expression::{Gate, Metric};
use super::{NamedGate, validity};
use crate::metrics::{Requests, Summary};
use crate::units::{format_rate, format_share, format_us_f64};
use crate::verdict::{Finding, Kind, Status};

/// One finding per gate, then those about the run's own validity.
pub fn judge(gates: &[NamedGate], summary: &Summary) -> Vec<Finding> {
    let mut findings: Vec<Finding> = gates.iter().map(|gate| judge_one(gate, summary)).collect();
    findings.extend(validity::findings(gates, summary));
    findings
}

fn judge_one(named: &NamedGate, summary: &Summary) -> Finding {
    let requests = summary.requests(named.step);
    let samples = samples(&named.gate, &requests);
    let finding = Finding {
        name: named.name.clone(),
        kind: Kind::Gate,
        status: Status::NoData,
        wanted: named.gate.to_string(),
        observed: None,
        samples,
        reason: None,
    };
    if let Some(reason) = &named.skip {
        return Finding { status: Status::Skipped, reason: Some(reason.clone()), ..finding };
    }
    let Some(observed) = observed(&named.gate, &requests) else {
        return Finding { reason: Some("no request gave a figure to judge".to_owned()), ..finding };
    };
    let finding = Finding { observed: Some(shown(named.gate.metric, observed)), ..finding };
    if let Metric::Percentile(percentile) = named.gate.metric
        && samples < percentile.least_samples()
    {
        let (metric, least) = (named.gate.metric, percentile.least_samples());
        return Finding {
            reason: Some(format!("{metric} needs at least {least} requests, there were {samples}")),
            ..finding
        };
    }
    let holds = named.gate.comparison.holds(observed, named.gate.bound_value());
    Finding { status: if holds { Status::Pass } else { Status::Fail }, ..finding }
}

/// The figure, in the unit of [`Gate::bound_value`].
fn observed(gate: &Gate, requests: &Requests<'_>) -> Option<f64> {
    let response = &requests.tally.response;
    match gate.metric {
        Metric::Percentile(percentile) => response.quantile_us(percentile.quantile()).map(|us| us as f64),
        Metric::Max => response.quantile_us(1.0).map(|us| us as f64),
        Metric::Mean => (response.count() > 0).then(|| response.latency().mean),
        Metric::ErrorRate => requests.error_rate(),
        Metric::Checks => requests.checks(),
        Metric::Rate => requests.passed_per_s(),
    }
}

fn samples(gate: &Gate, requests: &Requests<'_>) -> u64 {
    match gate.metric {
        Metric::Checks => requests.tally.checks_passed + requests.tally.checks_failed,
        Metric::ErrorRate | Metric::Rate => requests.tally.outcomes(),
        Metric::Percentile(_) | Metric::Max | Metric::Mean => requests.tally.requests,
    }
}

fn shown(metric: Metric, observed: f64) -> String {
    match metric {
        Metric::ErrorRate | Metric::Checks => format_share(observed),
        Metric::Rate => format_rate(observed),
        Metric::Percentile(_) | Metric::Max | Metric::Mean => format_us_f64(observed),
    }
}
