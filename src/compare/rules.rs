//! What is judged: the rules of a team's own, or those that hold where nobody wrote any.

use super::run::Run;
use crate::gate::{Bound, Clock, Comparison as Sign, Gate, Metric, Of, Options as GateOptions, Span, Statistic};

/// A statement about NEW in terms of BASE.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What reports call it.
    pub name: String,
    /// What must hold; its bound is a baseline.
    pub gate: Gate,
    /// What it has to say in the verdict.
    pub role: Role,
}

/// What a rule has to say in the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It must be decided: as long as it is not, the comparison is INCONCLUSIVE.
    Deciding,
    /// It can fail the comparison; undecided it counts only if NEW is shown to be worse, and not yet by how much.
    Watched,
    /// It is shown, and decides nothing.
    Shown,
}

/// Which rules.
#[derive(Debug, Clone, PartialEq)]
pub enum Rules {
    /// No figure worse by more than this share.
    Default {
        /// 0.1 for 10 %.
        margin: f64,
    },
    /// These.
    Own(Vec<Rule>),
}

/// The figures that are shown of all steps, with what they have to say by default.
const OF_ALL: [(Figure, Role); 7] = [
    (Figure::Percentile("p50"), Role::Deciding),
    (Figure::Percentile("p90"), Role::Shown),
    (Figure::Percentile("p95"), Role::Deciding),
    (Figure::Percentile("p99"), Role::Watched),
    (Figure::Mean, Role::Shown),
    (Figure::ErrorRate, Role::Deciding),
    (Figure::Rate, Role::Shown),
];
/// Those of each step.
const OF_STEP: [(Figure, Role); 4] = [
    (Figure::Percentile("p50"), Role::Watched),
    (Figure::Percentile("p95"), Role::Watched),
    (Figure::Percentile("p99"), Role::Shown),
    (Figure::ErrorRate, Role::Watched),
];

#[derive(Debug, Clone, Copy)]
enum Figure {
    Percentile(&'static str),
    Mean,
    ErrorRate,
    Rate,
}

impl Rule {
    /// A rule of somebody's own.
    pub fn own(name: impl Into<String>, gate: Gate) -> Self {
        Self { name: name.into(), gate, role: Role::Deciding }
    }

    /// What reports call `gate` if nobody gave it a name.
    pub fn name_of(gate: &Gate) -> String {
        format!("{}{}", gate.metric, gate.of)
    }
}

impl Rules {
    /// All of them, with the figures that are only shown; times are those of `clock`.
    pub(super) fn for_runs(&self, base: &[Run], new: &[Run], clock: Clock) -> Vec<Rule> {
        match self {
            Self::Own(rules) => {
                let shown = OF_ALL.iter().filter_map(|(figure, _)| rule(*figure, clock, Of::All, Role::Shown, 0.1));
                let judged = |rule: &Rule| rules.iter().any(|own| is_of_same(&own.gate, &rule.gate));
                rules.iter().cloned().chain(shown.filter(|rule| !judged(rule))).collect()
            }
            Self::Default { margin } => {
                let of_all = OF_ALL.iter().filter_map(|(figure, role)| rule(*figure, clock, Of::All, *role, *margin));
                let steps = common_steps(base, new);
                // What is said of the one step is said of all.
                let several = if steps.len() > 1 { steps } else { Vec::new() };
                let of_steps = several.into_iter().flat_map(|step| {
                    let of = Of::Step(step.to_owned());
                    OF_STEP.iter().filter_map(move |(figure, role)| rule(*figure, clock, of.clone(), *role, *margin))
                });
                of_all.chain(of_steps).collect()
            }
        }
    }
}

fn is_of_same(one: &Gate, other: &Gate) -> bool {
    one.metric == other.metric && one.of == other.of
}

/// The steps that every run of both sides has something of.
fn common_steps<'a>(base: &'a [Run], new: &[Run]) -> Vec<&'a str> {
    let has = |run: &Run, name: &str| run.steps.iter().any(|step| step.name == name && step.outcomes() > 0);
    let first = base.first().map_or(&[][..], |run| &run.steps);
    let names = first.iter().map(|step| step.name.as_str());
    names.filter(|name| base.iter().chain(new).all(|run| has(run, name))).collect()
}

fn rule(figure: Figure, clock: Clock, of: Of, role: Role, margin: f64) -> Option<Rule> {
    let rounded = |factor: f64| (factor * 1e9).round() / 1e9;
    let (metric, comparison, factor) = match figure {
        Figure::Percentile(name) => {
            let percentile = format!("{name} < 1s").parse::<Gate>().ok()?.metric.percentile()?;
            (Metric::Time(clock, Statistic::Percentile(percentile)), Sign::AtMost, 1.0 + margin)
        }
        Figure::Mean => (Metric::Time(clock, Statistic::Mean), Sign::AtMost, 1.0 + margin),
        Figure::ErrorRate => (Metric::ErrorRate(None), Sign::AtMost, 1.0 + margin),
        Figure::Rate => (Metric::Rate, Sign::AtLeast, 1.0 / (1.0 + margin)),
    };
    let (bound, span, options) = (Bound::Baseline(rounded(factor)), Span::Whole, GateOptions::default());
    let gate = Gate { metric, of, comparison, bound, span, options };
    Some(Rule { name: Rule::name_of(&gate), gate, role })
}
