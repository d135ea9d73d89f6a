//! Gates against a finished run.

use super::budget::Budget;
use super::expression::{Gate, Metric};
use super::{NamedGate, validity};
use crate::failure::Failure;
use crate::metrics::{Requests, Summary};
use crate::units::{format_count, format_rate, format_share, format_us_f64};
use crate::verdict::{Finding, Kind, Status};

/// The status with which a target refuses what is beyond its rate limit.
const TOO_MANY_REQUESTS: u16 = 429;

/// One finding per gate, then those about the run's own validity.
pub fn judge(gates: &[NamedGate], summary: &Summary) -> Vec<Finding> {
    let mut findings: Vec<Finding> = gates.iter().map(|gate| judge_one(gate, summary)).collect();
    findings.extend(validity::findings(gates, summary));
    findings
}

fn judge_one(named: &NamedGate, summary: &Summary) -> Finding {
    let requests = summary.requests(named.series);
    let samples = samples(&named.gate, &requests, summary);
    let finding = Finding {
        name: named.name.clone(),
        kind: Kind::Gate,
        status: Status::NoData,
        wanted: named.gate.to_string(),
        observed: None,
        error_budget_us: None,
        samples,
        reason: None,
    };
    if let Some(reason) = &named.skip {
        return Finding { status: Status::Skipped, reason: Some(reason.clone()), ..finding };
    }
    let Some(observed) = observed(&named.gate, &requests, summary) else {
        let reason = match named.gate.metric {
            Metric::Journeys => "no journey was started",
            _ => "no request gave a figure to judge",
        };
        return Finding { reason: Some(reason.to_owned()), ..finding };
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
    let budget = Budget::of(&named.gate, observed, summary);
    let finding = Finding { error_budget_us: budget.map(|budget| budget.whole_us()), ..finding };
    if let Some(doubt) = budget.and_then(|budget| budget.doubt(&named.gate, observed)) {
        return Finding { status: Status::Invalid, reason: Some(doubt), ..finding };
    }
    let holds = named.gate.comparison.holds(observed, named.gate.bound_value());
    match holds {
        true => Finding { status: Status::Pass, ..finding },
        false => Finding { status: Status::Fail, reason: refused(named, summary), ..finding },
    }
}

/// That the target's rate limit kept requests out, if that has a part in what `named` has missed: whoever reads that a
/// tenth failed must not look for a fault in the service.
fn refused(named: &NamedGate, summary: &Summary) -> Option<String> {
    let counts_failures =
        matches!(named.gate.metric, Metric::ErrorRate | Metric::Checks | Metric::Journeys | Metric::Rate);
    let refused = summary.total.errors.get(&Failure::Http(TOO_MANY_REQUESTS)).filter(|_| counts_failures)?.count;
    let (refused, of) = (format_count(refused), format_count(summary.all_steps.requests));
    Some(format!(
        "{refused} of {of} requests were refused by a rate limit of the target (status 429): lower the rate, or have the limit raised for this address"
    ))
}

/// The figure, in the unit of [`Gate::bound_value`].
fn observed(gate: &Gate, requests: &Requests<'_>, summary: &Summary) -> Option<f64> {
    let response = &requests.tally.response;
    match gate.metric {
        Metric::Percentile(percentile) => response.quantile_us(percentile.quantile()).map(|us| us as f64),
        Metric::Max => response.quantile_us(1.0).map(|us| us as f64),
        Metric::Mean => (response.count() > 0).then(|| response.latency().mean),
        Metric::ErrorRate => requests.error_rate(),
        Metric::Checks => requests.checks(),
        Metric::Journeys => summary.judged_journeys().passed_share(),
        Metric::Rate => requests.passed_per_s(),
    }
}

fn samples(gate: &Gate, requests: &Requests<'_>, summary: &Summary) -> u64 {
    match gate.metric {
        Metric::Checks => requests.tally.checks_passed + requests.tally.checks_failed,
        Metric::Journeys => summary.judged_journeys().started(),
        Metric::ErrorRate | Metric::Rate => requests.tally.outcomes(),
        Metric::Percentile(_) | Metric::Max | Metric::Mean => requests.tally.requests,
    }
}

fn shown(metric: Metric, observed: f64) -> String {
    match metric {
        Metric::ErrorRate | Metric::Checks | Metric::Journeys => format_share(observed),
        Metric::Rate => format_rate(observed),
        Metric::Percentile(_) | Metric::Max | Metric::Mean => format_us_f64(observed),
    }
}
