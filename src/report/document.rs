//! What `plan --format json` writes: the facts of the page, with names that stay.
//!
//! Fields are only ever added within a major version of the schema.

use std::time::Duration;

use serde::Serialize;

use super::build::model_of;
use super::forecast::words_of;
use super::target::{Asked, objection, refusing_now};
use crate::forecast::{Amount, Forecast, Host, Policy, Window, fit, obstacles};
use crate::plan::Plan;

/// A plan as a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanDocument {
    /// `mnload.plan`.
    pub schema: &'static str,
    /// The version of its form.
    pub schema_version: &'static str,
    /// What the run would be called.
    pub name: String,
    /// Where requests go by default.
    pub base_url: String,
    /// `once`, `open` or `closed`.
    pub model: &'static str,
    /// What every random draw follows.
    pub seed: u64,
    /// Names of the steps, in order.
    pub steps: Vec<String>,
    /// Journeys of the load.
    pub journeys: Count,
    /// Requests of the load, if no step fails.
    pub requests: Count,
    /// Requests of setup.
    pub setup_requests: Count,
    /// Requests of teardown.
    pub teardown_requests: Count,
    /// Journeys started per second at the highest; none where the target decides.
    pub peak_journeys_per_s: Option<f64>,
    /// Requests per second at the highest.
    pub peak_requests_per_s: Option<f64>,
    /// Journeys under way at one time at the most.
    pub max_in_flight: u64,
    /// Connections at one time at the most.
    pub connections: u64,
    /// Connections that this machine allows.
    pub connections_allowed: u64,
    /// Local ports to one address; none where the system does not say.
    pub ports: Option<u64>,
    /// The estimate of memory, in bytes.
    pub memory_bytes: u64,
    /// How long the load lasts, in seconds; none where there is no end in time.
    pub load_s: Option<f64>,
    /// The longest that everything can take, in seconds.
    pub longest_s: f64,
    /// What came of asking the target; none if nobody asked.
    pub target: Option<TargetDocument>,
    /// Everything that somebody should do something about.
    pub warnings: Vec<String>,
}

/// A number with what makes it uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Count {
    /// If no condition holds.
    pub least: f64,
    /// If every condition holds and nothing is tried again; none where the target decides.
    pub planned: Option<f64>,
    /// If everything is tried as often as it may; none where nothing bounds it.
    pub most: Option<f64>,
    /// Whether these are means of what chance decides.
    pub mean: bool,
}

/// What one request said about the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetDocument {
    /// What was asked.
    pub request: String,
    /// Why there was no answer.
    pub error: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The version of HTTP, such as `HTTP/1.1`.
    pub version: Option<String>,
    /// How long it took, connecting included, in microseconds.
    pub took_us: Option<u64>,
    /// How long the target asks to stay away, in seconds.
    pub retry_after_s: Option<f64>,
    /// The rate limits that the answer announces.
    pub limits: Vec<LimitDocument>,
}

/// One rate limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitDocument {
    /// The header that announces it.
    pub header: &'static str,
    /// What the target calls it.
    pub name: Option<String>,
    /// Requests in a window.
    pub limit: Option<u64>,
    /// The length of the window in seconds.
    pub window_s: Option<f64>,
    /// Whether the window may be longer than that.
    pub window_is_least: bool,
    /// Requests that are left in this window.
    pub remaining: Option<u64>,
    /// Seconds until this window ends.
    pub reset_s: Option<f64>,
    /// Why the plan does not stay within it; none if it does.
    pub refused: Option<String>,
}

impl PlanDocument {
    /// The document of `plan`.
    pub fn of(plan: &Plan, forecast: &Forecast, host: &Host, asked: &Asked) -> Self {
        let redacted = |text: &str| plan.secrets.redact(text).into_owned();
        let target = target_of(forecast, asked, &redacted);
        let refusals = target.iter().flat_map(|target| &target.limits).filter_map(|limit| limit.refused.clone());
        let now = match asked {
            Asked::Answer { status, limits, .. } => refusing_now(*status, limits),
            Asked::Nobody | Asked::NoAnswer { .. } => None,
        };
        let warnings = obstacles(forecast, host).into_iter().map(words_of).chain(now).chain(refusals).collect();
        let traffic = &forecast.traffic;
        Self {
            schema: "mnload.plan",
            schema_version: "1.0.0",
            name: redacted(&plan.name),
            base_url: redacted(&plan.target.base_url),
            model: model_of(plan),
            seed: plan.seed,
            steps: plan.steps.iter().map(|step| redacted(&step.name)).collect(),
            journeys: traffic.journeys().into(),
            requests: traffic.requests().into(),
            setup_requests: forecast.setup.into(),
            teardown_requests: forecast.teardown.into(),
            peak_journeys_per_s: traffic.peak_journeys_per_s(),
            peak_requests_per_s: traffic.peak_requests_per_s(),
            max_in_flight: forecast.at_once,
            connections: forecast.connections,
            connections_allowed: host.sockets(),
            ports: host.ports,
            memory_bytes: forecast.memory.whole(),
            load_s: plan.duration().map(|duration| duration.as_secs_f64()),
            longest_s: forecast.longest.whole().as_secs_f64(),
            target,
            warnings,
        }
    }
}

impl From<Amount> for Count {
    fn from(amount: Amount) -> Self {
        Self { least: amount.least, planned: amount.planned, most: amount.most, mean: amount.drawn }
    }
}

fn target_of(forecast: &Forecast, asked: &Asked, redacted: &impl Fn(&str) -> String) -> Option<TargetDocument> {
    let silent = |request: &str| TargetDocument {
        request: redacted(request),
        error: None,
        status: None,
        version: None,
        took_us: None,
        retry_after_s: None,
        limits: Vec::new(),
    };
    match asked {
        Asked::Nobody => None,
        Asked::NoAnswer { request, error, .. } => {
            Some(TargetDocument { error: Some(redacted(error)), ..silent(request) })
        }
        Asked::Answer { request, status, version, took, limits } => Some(TargetDocument {
            status: Some(*status),
            version: Some(version.clone()),
            took_us: Some(took.as_micros() as u64),
            retry_after_s: limits.retry_after.map(|time| time.as_secs_f64()),
            limits: limits.policies.iter().map(|policy| limit_of(policy, forecast, redacted)).collect(),
            ..silent(request)
        }),
    }
}

fn limit_of(policy: &Policy, forecast: &Forecast, redacted: &impl Fn(&str) -> String) -> LimitDocument {
    let (window, window_is_least) = match policy.window {
        Window::Known(window) => (Some(window), false),
        Window::AtLeast(window) => (Some(window), true),
        Window::Unknown => (None, false),
    };
    LimitDocument {
        header: policy.header,
        name: policy.name.as_deref().map(redacted),
        limit: policy.limit,
        window_s: window.as_ref().map(Duration::as_secs_f64),
        window_is_least,
        remaining: policy.remaining,
        reset_s: policy.resets_in.as_ref().map(Duration::as_secs_f64),
        refused: objection(policy, fit(policy, forecast), forecast),
    }
}
