//! `result.json`: what other programs read. Names are fixed, times are microseconds, fields are only ever added.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::statement::counted;
use super::stretches::{Identity, Stretches};
use crate::compare::Comparison;
use crate::metrics::{Accounting, Evidence, Latency, MachineUse, Phases, WorkerUse};
use crate::units::{format_count, format_duration};
use crate::verdict::{Ending, Finding, Verdict};

/// The value of `schema`.
pub(super) const SCHEMA: &str = "mnload.result";
/// The value of `schema_version`: a field more is a new minor, a field less or another meaning a new major.
pub(super) const SCHEMA_VERSION: &str = "1.1.0";

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunResult {
    /// Always `mnload.result`.
    pub schema: String,
    /// Semantic version of this shape.
    pub schema_version: String,
    /// The version of mnload that ran.
    pub mnload_version: String,
    /// What the run is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// pass, fail or inconclusive.
    pub verdict: Verdict,
    /// What the process exits with.
    pub exit_code: u8,
    /// Why the verdict is not pass; or what a pass stands on.
    pub reasons: Vec<String>,
    /// Every gate, and every property of the run that does not hold.
    pub findings: Vec<Finding>,
    /// Where every journey went.
    pub accounting: Accounting,
    /// Journeys and requests per second.
    pub rates: Rates,
    /// Times of all requests.
    pub times_us: Times,
    /// Errors by class, the most frequent first.
    pub errors: Vec<ErrorResult>,
    /// What belongs to the warm-up: it is in `accounting`, and in none of the other figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpResult>,
    /// Requests by step, in the order of the scenario.
    pub steps: Steps,
    /// How many steps are counted together as `(other)`, because there are too many to count each by itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub steps_folded: u64,
    /// The requests of all steps of a group, by group.
    #[serde(default, skip_serializing_if = "Steps::is_empty")]
    pub groups: Steps,
    /// The generator's own health.
    pub generator: GeneratorResult,
    /// What went wrong beside the load, and changes no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was to be run.
    pub plan: PlanResult,
    /// The command that repeats it, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// completed, aborted, interrupted, terminated or killed.
    pub ending: Ending,
    /// The time in which journeys were due, without the warm-up, in seconds: rates are divided by it.
    pub window_s: f64,
    /// The whole time, draining included, in seconds.
    pub elapsed_s: f64,
    /// A once run's calls in order; nothing of any other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallResult>,
    /// How many calls there were beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub calls_left_out: u64,
    /// What it was a run of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The run in stretches, from which it is compared with others; nothing of a once run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretches: Option<Stretches>,
    /// How it compares with the runs of `--baseline`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// One call of a once run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallResult {
    /// The step that asked for it.
    pub step: String,
    /// The flow that the step belongs to; empty for the only one of a file.
    pub flow: String,
    /// The status of the answer; none if no answer came.
    pub status: Option<u16>,
    /// Whether the answer was as expected.
    pub passed: bool,
    /// Whether the step was tried again, so that this was not its last word.
    #[serde(default)]
    pub tried_again: bool,
    /// Whether it was answered with a redirect that was followed.
    #[serde(default)]
    pub redirected: bool,
    /// Where the time went, in microseconds.
    pub phases_us: Phases,
    /// How long the body of the answer was.
    pub bytes: u64,
    /// Whether it went over a connection that was there already.
    pub reused: bool,
    /// What there is to see of it, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CallFailure>,
}

/// What there is to see of a call that failed, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallFailure {
    /// The class of error.
    pub class: String,
    /// The checks, the request and the response.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// Journeys and requests per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rates {
    /// Journeys that were due.
    pub offered_per_s: f64,
    /// Journeys that were started.
    pub achieved_per_s: f64,
    /// Requests that came to an end within the window.
    pub requests_per_s: f64,
}

/// Times of all requests, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Times {
    /// Done − due.
    pub response: Latency,
    /// Done − sent.
    pub service: Latency,
    /// First byte − sent.
    pub first_byte: Latency,
    /// Sent − due, of requests that had a scheduled time.
    pub send_lag: Latency,
    /// How long it took to connect, of requests that opened a connection.
    #[serde(default)]
    pub connect: Latency,
    /// The TLS handshake, of requests that did one.
    #[serde(default)]
    pub tls: Latency,
    /// Done − first byte.
    #[serde(default)]
    pub receive: Latency,
}

/// One class of error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ErrorResult {
    /// The class.
    pub class: String,
    /// How many.
    pub count: u64,
    /// Seconds from the start to the first.
    pub first_at_s: f64,
    /// Seconds from the start to the last.
    pub last_at_s: f64,
    /// The first few.
    pub examples: Vec<ExampleResult>,
}

/// One error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExampleResult {
    /// Seconds from the start.
    pub at_s: f64,
    /// In which step.
    pub step: String,
    /// What was said.
    pub message: String,
}

/// What was counted before anything was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WarmUpResult {
    /// How long journeys that were due, or started, belonged to it.
    pub seconds: f64,
    /// Those journeys.
    pub journeys: u64,
    /// Their requests.
    #[serde(flatten)]
    pub requests: StepResult,
    /// Their errors by class, the most frequent first.
    pub errors: Vec<ErrorResult>,
}

/// One step's requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepResult {
    /// Requests that came to an end.
    pub requests: u64,
    /// Of those, the failed ones.
    pub failed: u64,
    /// Of those, the ones whose step was tried again: they are not failed.
    #[serde(default)]
    pub tried_again: u64,
    /// Of those, the redirects that were followed.
    #[serde(default)]
    pub redirects: u64,
    /// Expectations met.
    pub checks_passed: u64,
    /// Expectations missed.
    pub checks_failed: u64,
    /// Done − due, in microseconds.
    pub response_us: Latency,
    /// Done − sent, in microseconds.
    pub service_us: Latency,
}

/// Steps by name, in the order of the scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Steps(pub Vec<(String, StepResult)>);

/// The generator's own health.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GeneratorResult {
    /// CPU time per elapsed time and worker: 1.0 is a full core each.
    pub cpu_share: f64,
    /// The process's highest resident memory.
    pub peak_rss_bytes: u64,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// Of those, the ones that speak HTTP/2; the others speak HTTP/1.1.
    #[serde(default)]
    pub connections_http2: u64,
    /// Requests that went over a connection that had carried others.
    #[serde(default)]
    pub connections_reused: u64,
    /// Threads that sent.
    pub workers: u64,
    /// Journeys under way at one time, at the most.
    pub peak_in_flight: u64,
    /// Arrivals that waited because as many journeys as allowed were under way.
    pub waited_for_slot: u64,
    /// Each worker for itself, while the load lasted; nothing of a once run.
    #[serde(default)]
    pub each_worker: Vec<WorkerUse>,
    /// How late the workers' event loops came round to something that was due, 20 times a second, in microseconds.
    #[serde(default)]
    pub loop_lag_us: Latency,
    /// How often one did not come round for more than 10 ms.
    #[serde(default)]
    pub stalls: u64,
    /// What the machine gave, and what else happened on it; null where the system does not tell.
    #[serde(default)]
    pub machine: MachineUse,
    /// The run was killed before all of this could be noted: `cpu_share`, `peak_rss_bytes`, `peak_in_flight`,
    /// `waited_for_slot`, `loop_lag_us` and `stalls` stand as zero, and are not known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown: bool,
}

/// What was to be run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanResult {
    /// The scenario file.
    pub file: String,
    /// Where requests went.
    pub base_url: String,
    /// Certificates were not checked.
    pub insecure: bool,
    /// The load.
    pub load: Load,
    /// The plan in one or two sentences.
    pub statement: String,
    /// The scenario as TOML, the files that it uses and the profile laid together; without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scenario: String,
    /// What every random draw followed.
    pub seed: u64,
    /// Journeys under way at one time, at the most.
    pub max_in_flight: u64,
    /// The names of gates that mnload added because the file judges too little.
    pub added_gates: Vec<String>,
}

/// The load in short.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Load {
    /// once, open or closed; `several` where flows have loads of their own, which are then in `flows`.
    pub model: String,
    /// The one flow that has this load; none for the load that flows share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// How long it waits after the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_after_s: Option<f64>,
    /// Open: the highest rate of journeys per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_per_s: Option<f64>,
    /// Closed: virtual users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<u64>,
    /// How long journeys are started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// The loads that run side by side, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<Load>,
}

impl RunResult {
    /// Whether this is a smoke check: one pass, whose calls are shown one by one.
    pub fn is_once(&self) -> bool {
        self.plan.load.model == crate::load::Load::Once.model()
    }

    /// Steps that no request was sent for: left out by a condition, or after one that failed.
    /// Of a run that was killed it is not known.
    pub fn steps_not_done(&self) -> Vec<&str> {
        if self.ending == Ending::Killed {
            return Vec::new();
        }
        self.steps.0.iter().filter(|(_, step)| step.requests == 0).map(|(name, _)| name.as_str()).collect()
    }

    /// All steps as one.
    pub fn all_steps(&self) -> StepResult {
        let sum = |count: fn(&StepResult) -> u64| self.steps.0.iter().map(|(_, step)| count(step)).sum();
        StepResult {
            requests: sum(|step| step.requests),
            failed: sum(|step| step.failed),
            tried_again: sum(|step| step.tried_again),
            redirects: sum(|step| step.redirects),
            checks_passed: sum(|step| step.checks_passed),
            checks_failed: sum(|step| step.checks_failed),
            response_us: self.times_us.response,
            service_us: self.times_us.service,
        }
    }
}

impl WarmUpResult {
    /// What was left out, in a sentence.
    pub(super) fn told(&self) -> String {
        let (requests, time) = (counted(self.requests.requests, "request"), Duration::from_secs_f64(self.seconds));
        let classes = self.errors.iter().map(|error| format!("{} {}", format_count(error.count), error.class));
        let classes = match self.errors.is_empty() {
            true => String::new(),
            false => format!(" ({})", classes.collect::<Vec<_>>().join(", ")),
        };
        let failed = format_count(self.requests.failed);
        format!("{requests} in {}, {failed} failed{classes}, not judged", format_duration(time))
    }
}

impl StepResult {
    /// Failed steps of all; none of nothing. What was tried again or led on has not failed, and has not passed either.
    pub fn error_rate(&self) -> Option<f64> {
        let outcomes = self.requests.saturating_sub(self.tried_again + self.redirects);
        (outcomes > 0).then(|| self.failed as f64 / outcomes as f64)
    }
}

impl Steps {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, step)| (name, step)))
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Steps;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("steps by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Steps, A::Error> {
                let mut steps = Vec::new();
                while let Some(step) = map.next_entry()? {
                    steps.push(step);
                }
                Ok(Steps(steps))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
