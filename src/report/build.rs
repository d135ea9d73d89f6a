//! From a finished run to its [`Report`]: names instead of numbers, sentences instead of states.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Report;
use super::finding;
use super::result::{
    CallFailure, CallResult, ErrorResult, ExampleResult, GeneratorResult, Load as LoadResult, PlanResult, Rates,
    RunResult, SCHEMA, SCHEMA_VERSION, StepResult, Steps, Times, WarmUpResult,
};
use super::statement::{counted, statement};
use super::stretches::{Identity, Stretches};
use super::subject::{StepFacts, Subject};
use crate::compare::{Comparison, MachineFacts};
use crate::failure::Failure;
use crate::gate::Origin;
use crate::load::Load;
use crate::metrics::{Call, ErrorTally, Errors, MOST_SERIES, Role, StepTally, Summary, Transient, transient};
use crate::plan::{Plan, Stream};
use crate::units::{format_count, format_duration, format_us_f64};
use crate::verdict::{Ending, Finding, Kind, Status, Verdict};

/// What the steps are called that are counted together, since there are too many.
pub(super) const OTHER: &str = "(other)";

/// A load that is shorter than this says too little about its start.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

/// What a run's figures do not say.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Occasion {
    /// When the run started (RFC 3339, UTC).
    pub started_at: String,
    /// The machine that it is made on.
    pub machine: MachineFacts,
    /// The command that repeats it, without secrets.
    #[serde(default)]
    pub command: String,
    /// The commit of the repository that the scenario lies in.
    #[serde(default)]
    pub commit: Option<Commit>,
}

/// A commit of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// Whether files of the repository had changed since.
    pub changed: bool,
}

/// The report of a run of `subject` that left `summary`, judged as `findings`.
pub fn report_of(subject: &Subject, summary: Summary, findings: Vec<Finding>, occasion: &Occasion) -> Report {
    let verdict = Verdict::of(&findings);
    let all = &summary.all_steps;
    let window_s = summary.window.as_secs_f64();
    let steps = summary
        .total
        .steps
        .iter()
        .enumerate()
        .map(|(series, tally)| (subject.name_of(series).to_owned(), step_result(tally)));
    let calls = summary.calls.list.iter().map(|call| call_result(subject, call)).collect();
    let result = RunResult {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        mnload_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: subject.name.clone(),
        description: subject.description.clone(),
        started_at: occasion.started_at.clone(),
        verdict,
        exit_code: verdict.exit_code(summary.ending, summary.accounting.started()) as u8,
        reasons: finding::reasons(&findings),
        accounting: summary.accounting,
        rates: Rates {
            offered_per_s: summary.offered_per_s,
            achieved_per_s: summary.achieved_per_s,
            requests_per_s: if window_s > 0.0 { all.in_window as f64 / window_s } else { 0.0 },
        },
        times_us: Times {
            response: all.response.latency(),
            service: all.service.latency(),
            first_byte: all.first_byte.latency(),
            send_lag: summary.total.send_lag.latency(),
            connect: all.connect.latency(),
            tls: all.tls.latency(),
            receive: summary.total.receive.latency(),
        },
        errors: error_results(subject, &summary.total.errors),
        warm_up: warm_up_result(subject, &summary),
        steps: Steps(steps.collect()),
        groups: groups(subject, &summary),
        warnings: warnings(subject, &summary, &findings),
        steps_folded: subject.steps_folded,
        generator: generator_result(&summary),
        plan: subject.plan.clone(),
        command: occasion.command.clone(),
        ending: summary.ending,
        window_s,
        elapsed_s: summary.elapsed.as_secs_f64(),
        findings,
        calls,
        calls_left_out: summary.calls.left_out,
        identity: Some(Identity {
            scenario_hash: subject.scenario_hash.clone(),
            machine: occasion.machine.clone(),
            commit: occasion.commit.clone(),
        }),
        stretches: Stretches::of(subject, &summary),
        comparison: None,
    };
    let (response_curve, service_curve) = (all.response.curve(), all.service.curve());
    Report { result, timeline: summary.timeline, response_curve, service_curve }
}

impl Report {
    /// Takes a comparison with earlier runs in: its findings stand beside the gates, in place of those that waited for it,
    /// and the verdict follows from all of them.
    pub fn add_comparison(&mut self, comparison: Comparison) {
        let result = &mut self.result;
        let answered = |finding: &Finding| {
            finding.status == Status::Skipped && comparison.findings.iter().any(|other| other.name == finding.name)
        };
        result.findings.retain(|finding| !answered(finding));
        let at = result.findings.iter().rposition(|finding| finding.kind == Kind::Gate).map_or(0, |last| last + 1);
        result.findings.splice(at..at, comparison.findings.iter().cloned());
        result.verdict = Verdict::of(&result.findings);
        result.exit_code = result.verdict.exit_code(result.ending, result.accounting.started()) as u8;
        result.reasons = finding::reasons(&result.findings);
        result.warnings.splice(0..0, finding::warnings(&comparison.findings));
        result.comparison = Some(comparison);
    }
}

fn warnings(subject: &Subject, summary: &Summary, findings: &[Finding]) -> Vec<String> {
    let warm_up = &summary.total.warm_up;
    let failed = warm_up.mostly_failed().then(|| {
        let (failed, all) = (format_count(warm_up.requests.failed), counted(warm_up.requests.requests, "request"));
        format!("{failed} of {all} of the warm-up failed: what was judged may not be a target that has warmed up")
    });
    finding::warnings(findings)
        .into_iter()
        .chain([folded(subject), failed, unlike_the_rest(subject, summary)].into_iter().flatten())
        .chain(summary.warnings.clone())
        .collect()
}

/// That the start of a load which should be alike from its start to its end is not.
fn unlike_the_rest(subject: &Subject, summary: &Summary) -> Option<String> {
    if !subject.steady || !summary.warm_up.is_zero() || summary.window < LONG_ENOUGH {
        return None;
    }
    let Transient { seconds, start_us, rest_us } = transient(&summary.timeline)?;
    let (first, start, rest) =
        (format_duration(Duration::from_secs(seconds)), format_us_f64(start_us), format_us_f64(rest_us));
    Some(format!(
        "the first {first} look unlike the rest (median service time {start} against {rest}), and are in the figures: consider warm_up = \"{first}\""
    ))
}

/// That there are more steps than are counted one by one.
fn folded(subject: &Subject) -> Option<String> {
    let (folded, most) = (subject.steps_folded, format_count(MOST_SERIES as u64));
    (folded > 0).then(|| {
        let verb = if folded == 1 { "is" } else { "are" };
        format!(
            "{} beyond the first {most} {verb} counted together as `{OTHER}`, and in no group",
            counted(folded, "step")
        )
    })
}

/// The steps of each group as one, in the order in which the groups first come.
fn groups(subject: &Subject, summary: &Summary) -> Steps {
    let mut groups: Vec<(&str, StepTally)> = Vec::new();
    for (series, tally) in summary.total.steps.iter().enumerate() {
        let Some(name) = subject.step_of(series).and_then(|step| step.group.as_deref()) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => sum.merge(tally),
            None => groups.push((name, tally.clone())),
        }
    }
    Steps(groups.into_iter().map(|(name, sum)| (name.to_owned(), step_result(&sum))).collect())
}

fn step_result(tally: &StepTally) -> StepResult {
    StepResult {
        requests: tally.requests,
        failed: tally.failed,
        tried_again: tally.tried_again,
        redirects: tally.redirects,
        checks_passed: tally.checks_passed,
        checks_failed: tally.checks_failed,
        response_us: tally.response.latency(),
        service_us: tally.service.latency(),
    }
}

fn call_result(subject: &Subject, call: &Call) -> CallResult {
    let step = subject.steps.get(call.step);
    let told = |of: fn(&StepFacts) -> &String| step.map(of).cloned().unwrap_or_default();
    CallResult {
        step: told(|step| &step.name),
        flow: told(|step| &step.flow),
        status: call.status,
        passed: call.passed(),
        tried_again: call.role == Role::TriedAgain,
        redirected: call.role == Role::Followed,
        phases_us: call.phases,
        bytes: call.bytes,
        reused: call.reused,
        failure: failure_of(call),
    }
}

/// What there is to see of a call, if it failed.
pub(super) fn failure_of(call: &Call) -> Option<CallFailure> {
    let evidence = call.evidence.as_deref().cloned().unwrap_or_default();
    call.failure.map(|failure| CallFailure { class: failure.to_string(), evidence })
}

/// What was counted before anything was judged, if the plan has a warm-up.
fn warm_up_result(subject: &Subject, summary: &Summary) -> Option<WarmUpResult> {
    let warm_up = &summary.total.warm_up;
    (!summary.warm_up.is_zero()).then(|| WarmUpResult {
        seconds: summary.warm_up.as_secs_f64(),
        journeys: warm_up.journeys_started,
        requests: step_result(&warm_up.requests),
        errors: error_results(subject, &warm_up.errors),
    })
}

fn error_results(subject: &Subject, errors: &Errors) -> Vec<ErrorResult> {
    errors.by_count().into_iter().map(|(failure, tally)| error_result(subject, failure, tally)).collect()
}

fn error_result(subject: &Subject, failure: Failure, tally: &ErrorTally) -> ErrorResult {
    let seconds = |ns: u64| Duration::from_nanos(ns).as_secs_f64();
    let examples = tally.examples.iter().map(|example| ExampleResult {
        at_s: seconds(example.at_ns),
        step: subject.steps.get(example.step).map(|step| step.name.clone()).unwrap_or_default(),
        message: example.message.clone(),
    });
    ErrorResult {
        class: failure.to_string(),
        count: tally.count,
        first_at_s: seconds(tally.first_ns),
        last_at_s: seconds(tally.last_ns),
        examples: examples.collect(),
    }
}

fn generator_result(summary: &Summary) -> GeneratorResult {
    let generator = &summary.generator;
    GeneratorResult {
        cpu_share: generator.cpu_share,
        peak_rss_bytes: generator.peak_rss_bytes,
        connections_opened: summary.total.connections_opened,
        connections_http2: summary.total.connections_http2,
        connections_reused: summary.total.connections_reused,
        workers: generator.workers as u64,
        peak_in_flight: generator.peak_in_flight,
        waited_for_slot: generator.waited_for_slot,
        each_worker: generator.each_worker.clone(),
        loop_lag_us: generator.loop_lag.latency(),
        stalls: generator.stalls,
        machine: generator.machine,
        unknown: summary.ending == Ending::Killed,
    }
}

pub(super) fn plan_result(plan: &Plan) -> PlanResult {
    let added = plan.gates.iter().filter(|named| named.origin == Origin::Default);
    PlanResult {
        file: plan.file.clone(),
        base_url: plan.target.base_url.clone(),
        insecure: plan.target.insecure,
        load: load_result(plan),
        statement: statement(plan),
        scenario: plan.scenario.clone(),
        seed: plan.seed,
        max_in_flight: plan.limits.max_in_flight,
        added_gates: added.map(|named| named.name.clone()).collect(),
    }
}

/// One word for the load: `several` where flows have loads of their own.
pub(super) fn model_of(plan: &Plan) -> &'static str {
    match &plan.streams[..] {
        [only] => only.load.model(),
        _ => "several",
    }
}

fn load_result(plan: &Plan) -> LoadResult {
    let duration_s = plan.duration().map(|duration| duration.as_secs_f64());
    match &plan.streams[..] {
        [only] => LoadResult { duration_s, ..stream_result(only) },
        several => LoadResult {
            model: model_of(plan).to_owned(),
            duration_s,
            flows: several.iter().map(stream_result).collect(),
            ..LoadResult::default()
        },
    }
}

fn stream_result(stream: &Stream) -> LoadResult {
    let (peak_per_s, users) = match &stream.load {
        Load::Once => (None, None),
        Load::Open(open) => (Some(open.profile.peak_per_s()), None),
        Load::Closed(closed) => (None, Some(closed.users)),
    };
    LoadResult {
        model: stream.load.model().to_owned(),
        flow: Some(stream.name.clone()).filter(|name| !name.is_empty()),
        start_after_s: (!stream.start_after.is_zero()).then_some(stream.start_after.as_secs_f64()),
        peak_per_s,
        users,
        duration_s: stream.load.duration().map(|duration| duration.as_secs_f64()),
        flows: Vec::new(),
    }
}
