//! Gates against a finished run.

use super::budget::Budget;
use super::figure::{Part, least_samples, shown};
use super::language::{Bound, Metric, Span};
use super::watch::Trace;
use super::{NamedGate, interval, over_time, validity};
use crate::failure::Failure;
use crate::metrics::{Accounting, Summary};
use crate::units::format_count;
use crate::verdict::{Finding, Kind, Status};

/// The status with which a target refuses what is beyond its rate limit.
const TOO_MANY_REQUESTS: u16 = 429;

/// One finding per gate, then those about the run's own validity; `traces` tell what was seen of each gate over time.
pub fn judge(gates: &[NamedGate], summary: &Summary, traces: &[Trace]) -> Vec<Finding> {
    let ended_by = gates.iter().zip(traces).find_map(|(named, trace)| Some((named, trace.aborted_s?)));
    let ended = ended_by.is_some();
    let nothing = Trace::default();
    let with_traces = gates.iter().zip(traces.iter().chain(std::iter::repeat(&nothing)));
    let mut findings: Vec<Finding> =
        with_traces.map(|(named, trace)| told_of_its_end(judge_one(named, summary, trace, ended), trace)).collect();
    if let Some((named, aborted_s)) = ended_by {
        let each = gates.iter().zip(&mut findings);
        let too_little = each.filter(|(own, finding)| is_for_its_end(own, finding, summary));
        let reason = format!("the run was ended after {} for the gate `{}`", over_time::at(aborted_s), named.name);
        too_little.for_each(|(_, finding)| cut_short(finding, &reason));
    }
    // What a warning, or a gate that is skipped, would need of the generator must not decide either.
    let decide = |named: &&NamedGate| !named.gate.options.warn && named.skip.is_none();
    let deciding: Vec<NamedGate> = gates.iter().filter(decide).cloned().collect();
    findings.extend(validity::findings(&deciding, summary, ended));
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

/// Whether what speaks against a gate is that the run was ended early: it has too little, or its journeys were cut off.
fn is_for_its_end(named: &NamedGate, finding: &Finding, summary: &Summary) -> bool {
    let whole = Accounting { abandoned: 0, ..summary.judged_journeys() };
    let held_until_then = || whole.passed_share().is_none_or(|share| named.gate.holds(share));
    match finding.status {
        Status::NoData => true,
        Status::Fail => named.gate.metric == Metric::Journeys && named.gate.span == Span::Whole && held_until_then(),
        Status::Pass | Status::Invalid | Status::Skipped => false,
    }
}

/// How the run came out is known: what it has too little of is not asked of it.
fn cut_short(finding: &mut Finding, reason: &str) {
    (finding.status, finding.first_broken_s, finding.reason) = (Status::Skipped, None, Some(reason.to_owned()));
}

/// Judges one gate of a run that was `ended` for it or for another one, or was not.
fn judge_one(named: &NamedGate, summary: &Summary, trace: &Trace, ended: bool) -> Finding {
    let finding = Finding {
        warn: named.gate.options.warn,
        ..Finding::new(named.name.as_str(), Kind::Gate, named.gate.to_string())
    };
    let skipped =
        |reason: &str| Finding { status: Status::Skipped, reason: Some(reason.to_owned()), ..finding.clone() };
    match (&named.skip, named.gate.bound, named.gate.span) {
        (Some(reason), _, _) => skipped(reason),
        (None, Bound::Baseline(_), _) => skipped("no baseline was given: name one with --baseline RUN"),
        (None, _, Span::Whole) => {
            let undecided = match (trace.aborted_s, ended) {
                // The rest of the run could not have saved it, whatever these samples say by themselves.
                (Some(_), _) => None,
                (None, true) => Some(Status::NoData),
                (None, false) => Some(Status::Invalid),
            };
            whole(named, summary, undecided, Finding { first_broken_s: trace.first_broken_s, ..finding })
        }
        (None, _, Span::Over(_) | Span::InARow) => over_time::judge(named, summary, trace, finding),
    }
}

/// Judges the figure of the whole run; `undecided` is what a strict gate is whose bound lies within the interval, if it
/// is not decided all the same.
fn whole(named: &NamedGate, summary: &Summary, undecided: Option<Status>, finding: Finding) -> Finding {
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
    if let Some(reason) = too_few(named, samples) {
        return Finding { reason: Some(reason), ..finding };
    }
    let interval = interval::of(named, summary, &part, observed);
    let close = interval.as_ref().and_then(|interval| interval::closeness(named, observed, interval));
    let budget = Budget::of(gate, observed, summary);
    let finding = Finding { error_budget_us: budget.map(|budget| budget.whole_us()), interval, ..finding };
    if let Some(doubt) = budget.and_then(|budget| budget.doubt(gate, observed)) {
        return Finding { status: Status::Invalid, reason: Some(doubt), ..finding };
    }
    let has_none = finding.interval.is_none() && matches!(metric, Metric::Time(..));
    if let (true, true, Some(undecided)) = (gate.options.strict, has_none, undecided) {
        let reason = format!("there are too few samples to say where {metric} lies: a longer run would tell");
        return Finding { status: undecided, reason: Some(reason), ..finding };
    }
    if let (Some(close), true, Some(undecided)) = (&close, gate.options.strict, undecided) {
        return Finding { status: undecided, reason: Some(close.clone()), ..finding };
    }
    match gate.holds(observed) {
        true => Finding { status: Status::Pass, first_broken_s: None, reason: close, ..finding },
        false => Finding { status: Status::Fail, reason: refused(named, &part, summary).or(close), ..finding },
    }
}

/// That there are fewer samples than the figure needs, or than the gate wants.
fn too_few(named: &NamedGate, samples: u64) -> Option<String> {
    let metric = named.gate.metric;
    let (needed, wanted) = (least_samples(metric), named.gate.options.at_least.unwrap_or(0));
    if samples < wanted.max(needed) && wanted > needed {
        let (wanted, samples) = (format_count(wanted), format_count(samples));
        return Some(format!("the gate wants at least {wanted} samples, there were {samples}"));
    }
    (samples < needed).then(|| format!("{metric} needs at least {needed} samples, there were {samples}"))
}

/// That the target's rate limit kept requests out, if that has a part in what `named` has missed: whoever reads that a
/// tenth failed must not look for a fault in the service.
fn refused(named: &NamedGate, part: &Part<'_>, summary: &Summary) -> Option<String> {
    let counts_failures = match named.gate.metric {
        Metric::ErrorRate(class) | Metric::Errors(class) => {
            class.is_none_or(|class| class.has(Failure::Http(TOO_MANY_REQUESTS)))
        }
        Metric::Checks | Metric::Journeys | Metric::Rate | Metric::Failures => true,
        Metric::Time(..) | Metric::Capacity => false,
    };
    // Journeys are of all steps.
    let requests = if named.gate.metric == Metric::Journeys { &summary.all_steps } else { &*part.requests };
    let refused = requests.errors.get(&Failure::Http(TOO_MANY_REQUESTS)).filter(|_| counts_failures)?;
    let (refused, of) = (format_count(*refused), format_count(requests.requests));
    Some(format!(
        "{refused} of {of} requests were refused by a rate limit of the target (status 429): lower the rate, or have the limit raised for this address"
    ))
}
