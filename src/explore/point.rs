//! One rate that was tried, and what came of it.

use serde::{Deserialize, Serialize};

use crate::metrics::Latency;

/// One rate that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Point {
    /// Counted from 1, in the order of time.
    pub number: u64,
    /// What it was tried for.
    pub phase: Phase,
    /// Journeys per second that were due.
    pub rate_per_s: f64,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// When it began, in seconds from the start of the exploration.
    pub started_s: f64,
    /// How long it was loaded, in seconds.
    pub lasted_s: f64,
    /// Why it was no longer.
    pub ended: Ended,
    /// When the load was steady, in seconds from its start; none if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_from_s: Option<f64>,
    /// How much of it is judged, in seconds: what follows is of that alone, where it says nothing else.
    pub judged_s: f64,
    /// Journeys per second that came to an end.
    pub achieved_per_s: f64,
    /// Requests per second that came to an end.
    pub requests_per_s: f64,
    /// Requests that came to an end, in all of the load.
    pub requests: u64,
    /// Of those, the failed ones.
    pub failed: u64,
    /// Steps that failed of all; none of nothing.
    pub error_rate: Option<f64>,
    /// Done − due, in microseconds.
    pub response_us: Latency,
    /// Done − sent, in microseconds.
    pub service_us: Latency,
    /// Requests at the target at one time, on average (Little's law: requests per second times mean service time).
    pub in_flight: f64,
    /// Whether the target kept up.
    pub growth: Growth,
    /// What the search makes of it; none where nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Gate by gate.
    pub gates: Vec<GateAt>,
    /// What the generator knows of itself.
    pub generator: GeneratorAt,
    /// Answers with status 429 or 503, in all of the load.
    #[serde(default)]
    pub refused: u64,
    /// The longest `Retry-After` among them, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<f64>,
    /// What was waited for before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
}

/// What a rate was tried for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// To find a rate that is too much: each twice the one before.
    Climb,
    /// To find one that is not, where the first was too much already.
    Descend,
    /// Between what holds and what breaks.
    Bisect,
    /// To be sure of the limit.
    Repeat,
}

/// How a rate came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every gate held, and the target kept up.
    Holds,
    /// A gate was broken, or journeys piled up.
    Breaks,
    /// It is too close to tell.
    Unclear,
    /// A gate was broken, and the generator may be why: it says nothing of the target.
    Generator,
    /// It was stopped by a signal.
    Interrupted,
}

/// Why a load was no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It was known how it comes out.
    Decided,
    /// Its time was over.
    Time,
    /// It was clearly too much, and the target was spared the rest.
    Spared,
    /// The target asked for less: status 429 or 503.
    Refused,
    /// As many requests were sent as are allowed.
    Requests,
    /// By a signal.
    Interrupted,
}

/// How strongly a rate speaks for or against the target's bearing it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// The gate that is closest to its bound, or farthest beyond it; `keeps up` if that is the target's keeping up.
    pub gate: String,
    /// How far within its bound it is, below zero beyond it: for times the logarithm of bound / figure, for shares the
    /// distance as a share of what is allowed.
    pub margin: f64,
    /// The standard error of `margin`.
    pub error: f64,
}

impl Point {
    /// Requests per second that came to a good end.
    pub fn passed_per_s(&self) -> f64 {
        self.requests_per_s * (1.0 - self.error_rate.unwrap_or(0.0))
    }
}

impl Evidence {
    /// So many standard errors within its bound, below zero beyond it.
    pub fn z(&self) -> f64 {
        self.margin / self.error
    }
}

/// How journeys pile up.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Growth {
    /// Journeys that were due and did not come to an end, per second: about zero where the target keeps up.
    pub per_s: f64,
    /// Its standard error, if every second were chance of its own.
    pub error: f64,
    /// The same by the slope of a straight line through the number that is behind.
    #[serde(default)]
    pub level_per_s: f64,
    /// Its standard error, if that number comes back to where it was.
    #[serde(default)]
    pub level_error: f64,
}

/// One gate at one rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GateAt {
    /// The gate's name.
    pub name: String,
    /// As written.
    pub wanted: String,
    /// The figure with its unit; none if there were too few samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// The figure, in microseconds or as a share of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its bound, in the same unit.
    pub bound: f64,
    /// Where the figure lies in 95 of 100 cases; none at an end that the samples are too few for.
    pub low: Option<f64>,
    /// Its other end.
    pub high: Option<f64>,
    /// Whether the figure is as the gate wants it; none without a figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
}

/// What the generator knows of itself at one rate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GeneratorAt {
    /// The share of the time in which its busiest worker had something to do.
    pub busy_share: Option<f64>,
    /// How late 99 of 100 requests were sent at the most, in microseconds.
    pub send_lag_p99_us: u64,
    /// What it was short of, a sentence each; empty if nothing speaks against it.
    pub short_of: Vec<String>,
}

/// The wait before a rate was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recovery {
    /// How long it was, in seconds: for what was still under way, and for a `Retry-After`.
    pub waited_s: f64,
    /// The median service time when it was over, in microseconds; none if nothing was asked.
    pub median_us: Option<u64>,
    /// Whether the target was as fast as at its floor again.
    pub recovered: bool,
}
