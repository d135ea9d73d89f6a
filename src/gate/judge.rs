//! Gates against a finished run.

use super::budget::Budget;
use super::figure::{Part, least_samples, shown};
use super::language::{Bound, Metric, Span};
use super::watch::Trace;
use super::{NamedGate, over_time, validity};
use crate::failure::Failure;
use crate::metrics::Summary;
use crate::units::format_count;
use crate::verdict::{Finding, Kind, Status};

/// The status with which a target refuses what is beyond its rate limit.
const TOO_MANY_REQUESTS: u16 = 429;

/// One finding per gate, then those about the run's own validity; `traces` tell what was seen of each gate over time.
pub fn judge(gates: &[NamedGate], summary: &Summary, traces: &[Trace]) -> Vec<Finding> {
    let nothing = Trace::default();
    let with_traces = gates.iter().zip(traces.iter().chain(std::iter::repeat(&nothing)));
    let mut findings: Vec<Finding> =
        with_traces.map(|(named, trace)| told_of_its_end(judge_one(named, summary, trace), trace)).collect();
    let ended_by = gates.iter().zip(traces).find_map(|(named, trace)| Some((named, trace.aborted_s?)));
    if let Some((named, aborted_s)) = ended_by {
        findings.iter_mut().for_each(|finding| cut_short(finding, named, aborted_s));
    }
    findings.extend(validity::findings(gates, summary, ended_by.is_some()));
    findings
}

/// That the run was ended for this gate, if it was.
fn told_of_its_end(finding: Finding, trace: &Trace) -> Finding {
    let Some(aborted_s) = trace.aborted_s else { return finding };
    let ended = format!("the run was ended after {}, since this could no longer hold", over_time::at(aborted_s));
    let reason = match &finding.reason {
        Some(reason) => format!("{ended}; {reason}"),
        None => ended,
    };
    Finding { reason: Some(reason), ..finding }
}

/// What a run that was ended for `named` has too little of is not asked of it: how it came out is known.
fn cut_short(finding: &mut Finding, named: &NamedGate, aborted_s: u64) {
    if finding.status == Status::NoData {
        let reason = format!("the run was ended after {} for the gate `{}`", over_time::at(aborted_s), named.name);
        *finding = Finding { status: Status::Skipped, first_broken_s: None, reason: Some(reason), ..finding.clone() };
    }
}

fn judge_one(named: &NamedGate, summary: &Summary, trace: &Trace) -> Finding {
    let finding = Finding {
        warn: named.gate.options.warn,
        ..Finding::new(named.name.as_str(), Kind::Gate, named.gate.to_string())
    };
    let skipped =
        |reason: &str| Finding { status: Status::Skipped, reason: Some(reason.to_owned()), ..finding.clone() };
    match (&named.skip, named.gate.bound, named.gate.span) {
        (Some(reason), _, _) => skipped(reason),
        (None, Bound::Baseline(_), _) => skipped("no baseline was given: name one with --baseline RUN"),
        (None, _, Span::Whole) => whole(named, summary, Finding { first_broken_s: trace.first_broken_s, ..finding }),
        (None, _, Span::Over(_) | Span::InARow) => over_time::judge(named, summary, trace, finding),
    }
}

/// Judges the figure of the whole run.
fn whole(named: &NamedGate, summary: &Summary, finding: Finding) -> Finding {
    let (gate, metric) = (&named.gate, named.gate.metric);
    let part = Part::whole(named, summary);
    let samples = part.samples(metric);
    let finding = Finding { samples, ..finding };
    let Some(observed) = part.figure(metric) else {
        let reason = match metric {
            Metric::Journeys => "no journey was started",
            _ => "no request gave a figure to judge",
        };
        return Finding { reason: Some(reason.to_owned()), ..finding };
    };
    let finding = Finding { observed: Some(shown(metric, observed)), ..finding };
    let least = least_samples(metric).max(gate.options.at_least.unwrap_or(0));
    if samples < least {
        let reason = format!("{metric} needs at least {least} samples, there were {samples}");
        return Finding { reason: Some(reason), ..finding };
    }
    let budget = Budget::of(gate, observed, summary);
    let finding = Finding { error_budget_us: budget.map(|budget| budget.whole_us()), ..finding };
    if let Some(doubt) = budget.and_then(|budget| budget.doubt(gate, observed)) {
        return Finding { status: Status::Invalid, reason: Some(doubt), ..finding };
    }
    match gate.holds(observed) {
        true => Finding { status: Status::Pass, first_broken_s: None, ..finding },
        false => Finding { status: Status::Fail, reason: refused(named, summary), ..finding },
    }
}

/// That the target's rate limit kept requests out, if that has a part in what `named` has missed: whoever reads that a
/// tenth failed must not look for a fault in the service.
fn refused(named: &NamedGate, summary: &Summary) -> Option<String> {
    let counts_failures = match named.gate.metric {
        Metric::ErrorRate(class) | Metric::Errors(class) => {
            class.is_none_or(|class| class.has(Failure::Http(TOO_MANY_REQUESTS)))
        }
        Metric::Checks | Metric::Journeys | Metric::Rate | Metric::Failures => true,
        Metric::Time(..) => false,
    };
    let refused = summary.total.errors.get(&Failure::Http(TOO_MANY_REQUESTS)).filter(|_| counts_failures)?.count;
    let (refused, of) = (format_count(refused), format_count(summary.all_steps.requests));
    Some(format!(
        "{refused} of {of} requests were refused by a rate limit of the target (status 429): lower the rate, or have the limit raised for this address"
    ))
}
