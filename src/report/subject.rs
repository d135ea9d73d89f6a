//! What reports need to know of a plan: plain data, so that a run can be reported long after its plan is gone.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::build::{OTHER, plan_result};
use super::result::PlanResult;
use crate::gate::{Bound, Clock, NamedGate, Origin};
use crate::load::Load;
use crate::plan::{Plan, Stream};

/// What a run is a run of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// What the run is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is one pass through the steps.
    pub once: bool,
    /// Whether its load is the same from start to end.
    pub steady: bool,
    /// Whether all of its loads are open, so that their schedule says when the load is over.
    pub all_open: bool,
    /// When what is judged begins, in microseconds from the start of the load.
    pub judged_from_us: u64,
    /// What was to be run.
    pub plan: PlanResult,
    /// A hash of what is sent and when.
    pub scenario_hash: String,
    /// The steps of all flows.
    pub steps: Vec<StepFacts>,
    /// The step that has each series to itself; none for the one that others share.
    pub series: Vec<Option<usize>>,
    /// How many steps share one.
    pub steps_folded: u64,
    /// The times that are kept for comparisons.
    pub clocks: Vec<String>,
    /// What the run must show.
    pub gates: Vec<GateFacts>,
}

/// What is known of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepFacts {
    /// What it is called.
    pub name: String,
    /// The flow that it belongs to; empty for the only one of a file.
    pub flow: String,
    /// The group that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its tags by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A gate as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateFacts {
    /// What it is called.
    pub name: String,
    /// What must hold.
    pub wanted: String,
    /// The series of the steps that it names; none for all.
    pub series: Option<Vec<usize>>,
    /// Whether mnload added it.
    pub added: bool,
    /// Why it is not judged; none if it is.
    pub skip: Option<String>,
}

impl Subject {
    /// What reports need to know of `plan`.
    pub fn of(plan: &Plan) -> Self {
        let flow_of = |step: usize| plan.flows.iter().find(|flow| flow.steps.contains(&step));
        let steps = plan.steps.iter().enumerate().map(|(number, step)| StepFacts {
            name: step.name.clone(),
            flow: flow_of(number).map(|flow| flow.name.clone()).unwrap_or_default(),
            group: step.group.clone(),
            tags: step.tags.clone(),
        });
        let gates = plan.gates.iter().map(|named| GateFacts {
            name: named.name.clone(),
            wanted: named.gate.to_string(),
            series: named.series.clone(),
            added: named.origin == Origin::Default,
            skip: named.skip.clone(),
        });
        Self {
            name: plan.name.clone(),
            description: plan.description.clone(),
            once: plan.is_once(),
            steady: is_steady(plan),
            all_open: plan.streams.iter().all(|stream| matches!(stream.load, Load::Open(_))),
            judged_from_us: plan.judged_from().as_micros() as u64,
            plan: plan_result(plan),
            scenario_hash: plan.scenario_hash.clone(),
            steps: steps.collect(),
            series: (0..plan.series.count()).map(|series| plan.series.step(series)).collect(),
            steps_folded: plan.series.folded() as u64,
            clocks: clocks(plan).iter().map(|clock| clock.name().to_owned()).collect(),
            gates: gates.collect(),
        }
    }

    /// The step that has `series` to itself.
    pub fn step_of(&self, series: usize) -> Option<&StepFacts> {
        self.steps.get((*self.series.get(series)?)?)
    }

    /// How long journeys are started, where that was known beforehand.
    pub fn ends_after(&self) -> Option<Duration> {
        // A span that no clock counts is a broken file.
        self.plan.load.duration_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// What `series` is called.
    pub fn name_of(&self, series: usize) -> &str {
        self.step_of(series).map_or(OTHER, |step| &step.name)
    }

    /// The gates, ready to judge by; none if one is written as this version does not know it.
    pub fn gates(&self) -> Option<Vec<NamedGate>> {
        let named = |gate: &GateFacts| {
            Some(NamedGate {
                name: gate.name.clone(),
                gate: gate.wanted.parse().ok()?,
                series: gate.series.clone(),
                origin: if gate.added { Origin::Default } else { Origin::File },
                skip: gate.skip.clone(),
            })
        };
        self.gates.iter().map(named).collect()
    }
}

/// Whether nothing in the plan makes one part of the load unlike another.
fn is_steady(plan: &Plan) -> bool {
    match &plan.streams[..] {
        [Stream { load: Load::Closed(_), .. }] => true,
        [Stream { load: Load::Open(open), .. }] => open.profile.is_constant(),
        _ => false,
    }
}

/// The times that are kept for comparisons: the two of every run, and those that gates compare with a baseline.
fn clocks(plan: &Plan) -> Vec<Clock> {
    let compared = plan.gates.iter().filter(|named| matches!(named.gate.bound, Bound::Baseline(_)));
    let mut clocks = vec![Clock::Response, Clock::Service];
    for (clock, _) in compared.filter_map(|named| named.gate.metric.time()) {
        if !clocks.contains(&clock) {
            clocks.push(clock);
        }
    }
    clocks
}
