//! One run as far as it is compared: its stretches, by step, and what it was a run of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gate::{Clock, Of};

/// A machine, as far as figures depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MachineFacts {
    /// Cores that mnload may use; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u64>,
    /// The model of the processor; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Its architecture.
    #[serde(default)]
    pub architecture: String,
    /// The operating system.
    #[serde(default)]
    pub system: String,
    /// The version of its kernel; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// All of its memory; absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// Where it was read from.
    pub origin: String,
    /// What the scenario is called.
    pub scenario: String,
    /// The hash of what it sends.
    pub scenario_hash: String,
    /// When it started.
    pub started_at: String,
    /// The version of mnload that ran.
    pub mnload_version: String,
    /// Where requests went.
    pub base_url: String,
    /// The machine that sent.
    pub machine: MachineFacts,
    /// The time that is judged, in seconds.
    pub window_s: f64,
    /// Why its figures cannot be trusted; nothing if they can.
    pub doubts: Vec<String>,
    /// How long each stretch was, in seconds within the window.
    pub stretch_s: Vec<f64>,
    /// The steps that are kept one by one.
    pub steps: Vec<StepRun>,
    /// The requests of all other steps.
    pub others: Option<StepRun>,
}

/// What was counted of one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepRun {
    /// What it is called.
    pub name: String,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// Its tags by name.
    pub tags: BTreeMap<String, String>,
    /// Failed requests by class, stretch by stretch.
    pub errors: BTreeMap<String, Vec<u64>>,
    /// Stretch by stretch.
    pub counts: Vec<Counts>,
    /// Times by clock (`response`, `service` …), stretch by stretch: each time in microseconds and how often it came.
    pub times: BTreeMap<String, Vec<Vec<(u64, u64)>>>,
}

/// What was counted of a step in one stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// How often it came to an end.
    pub outcomes: u64,
    /// How often it failed.
    pub failed: u64,
    /// How often it passed within the window.
    pub passed: u64,
}

impl Run {
    /// The steps that `of` means; none if there is none of that name.
    pub(super) fn steps_of(&self, of: &Of) -> Vec<&StepRun> {
        match of {
            Of::All => self.steps.iter().chain(&self.others).collect(),
            Of::Step(name) => self.steps.iter().filter(|step| step.name == *name).collect(),
            Of::Group(group) => self.steps.iter().filter(|step| step.group.as_ref() == Some(group)).collect(),
            Of::Tag(name, value) => self.steps.iter().filter(|step| step.tags.get(name) == Some(value)).collect(),
        }
    }

    /// Failed requests of all steps by class.
    pub(super) fn errors(&self) -> BTreeMap<&str, u64> {
        let mut all = BTreeMap::new();
        for (class, count) in self.steps.iter().chain(&self.others).flat_map(|step| &step.errors) {
            *all.entry(class.as_str()).or_default() += count.iter().sum::<u64>();
        }
        all
    }

    /// How many requests are behind it.
    pub fn outcomes(&self) -> u64 {
        self.steps_of(&Of::All).iter().flat_map(|step| &step.counts).map(|counts| counts.outcomes).sum()
    }
}

impl StepRun {
    /// How often the step came to an end.
    pub(super) fn outcomes(&self) -> u64 {
        self.counts.iter().map(|counts| counts.outcomes).sum()
    }

    /// How often it failed in a stretch with an error of `class`, which may be `5xx`.
    pub(super) fn failed_with(&self, class: &str, stretch: usize) -> u64 {
        let is_meant = |name: &str| match class.strip_suffix("xx") {
            Some(hundred) => name.strip_prefix("http_").is_some_and(|status| status.starts_with(hundred)),
            None => name == class,
        };
        let meant = self.errors.iter().filter(|(name, _)| is_meant(name));
        meant.filter_map(|(_, counts)| counts.get(stretch)).sum()
    }

    /// Whether times of `clock` were kept.
    pub(super) fn has(&self, clock: Clock) -> bool {
        self.times.contains_key(clock.name())
    }
}
