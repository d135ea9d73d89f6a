//! Whether NEW is worse than BASE, given the noise of both.
//!
//! Takes runs in stretches, gives a [`Comparison`]: figures with their ratios and intervals, and findings that the verdict
//! follows from. Pure: the same runs give the same comparison, to the last digit. `docs/compare.md` has the method and
//! its sources.

mod alike;
mod estimate;
mod foreign;
mod judge;
mod measure;
mod resample;
mod rules;
mod run;
mod scope;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod words;

pub use foreign::{Summary, Tool};
pub use rules::{Role, Rule, Rules};
pub use run::{Counts, MachineFacts, Run, StepRun};
pub use words::{figure, times};

use serde::{Deserialize, Serialize};

use crate::gate::Clock;
use crate::verdict::{Finding, Status};
use measure::Sides;
use resample::Resamples;

/// What NEW is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Baseline {
    /// Runs of mnload.
    Runs(Vec<Run>),
    /// Another tool's summary.
    Summary(Summary),
}

/// How it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What is judged.
    pub rules: Rules,
    /// A rise of an error rate that is no failure, as a share: 0.005 is half a percentage point.
    pub least_rise: f64,
    /// Whether runs of different scenarios are compared all the same.
    pub different_scenarios: bool,
    /// How often stretches are drawn.
    pub replicates: usize,
}

impl Options {
    /// The margin of figures where nobody says another.
    pub const MARGIN: f64 = 0.1;
    /// The rise of an error rate that is no failure.
    pub const LEAST_RISE: f64 = 0.005;
    /// Enough that the ends of an interval hardly move with the seed.
    pub const REPLICATES: usize = 1_000;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rules: Rules::Default { margin: Self::MARGIN },
            least_rise: Self::LEAST_RISE,
            different_scenarios: false,
            replicates: Self::REPLICATES,
        }
    }
}

/// Why two sides are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What keeps them apart.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    /// The runs of BASE.
    pub base: Vec<Compared>,
    /// The runs of NEW.
    pub new: Vec<Compared>,
    /// The margin of the default rules, as a share; absent where other rules are judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// A rise of an error rate that is no failure, as a share.
    pub least_rise: f64,
    /// What a reader must keep in mind.
    pub warnings: Vec<String>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// Figure by figure.
    pub rows: Vec<Row>,
    /// Classes of errors that BASE does not have, with their number in NEW.
    pub errors_appeared: Vec<Appeared>,
    /// Steps that BASE has and NEW has not.
    pub steps_vanished: Vec<String>,
    /// Steps that only NEW has.
    pub steps_new: Vec<String>,
    /// What the verdict follows from.
    pub findings: Vec<Finding>,
}

/// One run of a side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Compared {
    /// Where it was read from.
    pub origin: String,
    /// The scenario; for another tool's summary the tool.
    pub scenario: String,
    /// When it started; empty if that is not known.
    pub started_at: String,
    /// Where requests went; empty if that is not known.
    pub base_url: String,
    /// Requests.
    pub requests: u64,
    /// How long it was judged, in seconds; zero if that is not known.
    pub window_s: f64,
}

/// One figure on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Row {
    /// `all steps`, a step, or a group in brackets.
    pub scope: String,
    /// `p95`, `error_rate` …
    pub figure: String,
    /// What it is in.
    pub unit: Unit,
    /// In BASE; absent if it has none.
    pub base: Option<f64>,
    /// In NEW.
    pub new: Option<f64>,
    /// The samples on each side: BASE, then NEW.
    pub samples: [u64; 2],
    /// NEW divided by BASE; absent if that is nothing.
    pub ratio: Option<f64>,
    /// Where the true change lies in 95 of 100 cases: of times and rates the ratio, of shares the difference.
    pub interval: Option<[f64; 2]>,
    /// The bound, in multiples of BASE; absent for what is only shown.
    pub bound: Option<f64>,
    /// What it has to say in the verdict.
    pub role: Role,
    /// Whether it is only reported, and decides nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warn: bool,
    /// How it came out.
    pub status: Status,
    /// Why, where the figures alone do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a figure is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A time, in microseconds.
    Us,
    /// A share, from 0 to 1.
    Share,
    /// Events per second.
    PerS,
}

/// A class of errors that BASE does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Appeared {
    /// The class.
    pub class: String,
    /// How often it came in NEW.
    pub count: u64,
}

impl Baseline {
    /// The runs, if it is runs.
    pub(crate) fn runs(&self) -> &[Run] {
        match self {
            Self::Runs(runs) => runs,
            Self::Summary(_) => &[],
        }
    }

    /// Whether `run`, as far as it is known beforehand, can be compared with it.
    ///
    /// # Errors
    /// When it is of another scenario, and `options` do not allow that.
    pub fn check(&self, run: &Run, options: &Options) -> Result<(), Refusal> {
        alike::refused(self, std::slice::from_ref(run), options).map_or(Ok(()), Err)
    }
}

/// Compares `new` with `base`.
///
/// # Errors
/// When they are of different scenarios, and `options` do not allow that.
pub fn compare(base: &Baseline, new: &[Run], options: &Options) -> Result<Comparison, Refusal> {
    if let Some(refusal) = alike::refused(base, new, options) {
        return Err(refusal);
    }
    // Another tool's times begin when a request is taken up.
    let clock = match base {
        Baseline::Runs(_) => Clock::Response,
        Baseline::Summary(_) => Clock::Service,
    };
    let rules = options.rules.for_runs(base.runs(), new, clock);
    let stretches = |runs: &[Run]| runs.iter().map(|run| run.stretch_s.len()).collect::<Vec<_>>();
    let sides = Sides {
        base,
        new,
        drawn_base: Resamples::draw(&stretches(base.runs()), options.replicates, 1),
        drawn_new: Resamples::draw(&stretches(new), options.replicates, 2),
        least_rise: options.least_rise,
        latest: Default::default(),
    };
    let (rows, mut findings) = judge::rules(&sides, &rules);
    let errors_appeared = judge::errors_appeared(base, new);
    let (steps_vanished, steps_new) = judge::steps_gone_and_come(base, new);
    findings.extend(judge::about_errors(&errors_appeared));
    findings.extend(judge::about_steps(&steps_vanished));
    findings.extend(judge::doubts(base, new));
    Ok(Comparison {
        base: base.compared(),
        new: new.iter().map(Compared::of).collect(),
        margin: match options.rules {
            Rules::Default { margin } => Some(margin),
            Rules::Own(_) => None,
        },
        least_rise: options.least_rise,
        warnings: alike::flags(base, new),
        notes: alike::notes(base, new),
        rows,
        errors_appeared,
        steps_vanished,
        steps_new,
        findings,
    })
}

impl Baseline {
    fn compared(&self) -> Vec<Compared> {
        match self {
            Self::Runs(runs) => runs.iter().map(Compared::of).collect(),
            Self::Summary(summary) => vec![Compared {
                origin: summary.origin.clone(),
                scenario: summary.tool.name().to_owned(),
                started_at: String::new(),
                base_url: String::new(),
                requests: summary.requests.unwrap_or(0),
                window_s: 0.0,
            }],
        }
    }
}

impl Compared {
    fn of(run: &Run) -> Self {
        Self {
            origin: run.origin.clone(),
            scenario: run.scenario.clone(),
            started_at: run.started_at.clone(),
            base_url: run.base_url.clone(),
            requests: run.outcomes(),
            window_s: run.window_s,
        }
    }
}
