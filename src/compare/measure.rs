//! One rule measured: the figure on both sides, the ratio, and how far NEW is beyond the bound.

use std::cell::RefCell;
use std::rc::Rc;

use super::Baseline;
use super::estimate::{Estimate, Side};
use super::foreign::Summary;
use super::resample::Resamples;
use super::rules::Rule;
use super::run::Run;
use super::scope::{Tallies, Times};
use crate::gate::{Clock, Gate, Metric, Of, Statistic};

/// A run of fewer stretches says nothing of its own noise.
pub(super) const LEAST_STRETCHES: usize = 6;
/// So many times must lie beyond a percentile.
const LEAST_BEYOND: f64 = 10.0;

/// Both sides of a comparison, and what was drawn of each.
#[derive(Debug)]
pub(super) struct Sides<'a> {
    pub(super) base: &'a Baseline,
    pub(super) new: &'a [Run],
    pub(super) drawn_base: Resamples,
    pub(super) drawn_new: Resamples,
    /// The rise of an error rate, as a share, that is no failure.
    pub(super) least_rise: f64,
    /// The times that were asked for last, of each side: the next figure is mostly one of the same.
    pub(super) latest: RefCell<[Option<Gathered>; 2]>,
}

/// Times, and what they are of.
type Gathered = (Of, Clock, Option<Rc<Times>>);

/// Which of the two sides.
#[derive(Debug, Clone, Copy)]
enum Which {
    Base,
    New,
}

/// What one rule shows.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// The figure in BASE: microseconds, a share, or events per second.
    pub(super) base: Option<f64>,
    /// The figure in NEW.
    pub(super) new: Option<f64>,
    /// The samples of each.
    pub(super) samples: [u64; 2],
    /// The logarithm of the ratio, or the difference of two error rates.
    pub(super) change: Option<Estimate>,
    /// How far NEW is beyond the bound: above zero is worse than allowed.
    pub(super) excess: Option<Estimate>,
    /// How much change the bound allows, on the same scale.
    pub(super) slack: f64,
    /// Why there is nothing to judge, if there is not.
    pub(super) problem: Option<String>,
}

impl Sides<'_> {
    /// The times of `clock` of the steps that `of` means on one side.
    fn times(&self, which: Which, of: &Of, clock: Clock) -> Option<Rc<Times>> {
        let mut latest = self.latest.borrow_mut();
        let held = &mut latest[which as usize];
        if let Some((_, _, times)) = held.as_ref().filter(|held| (&held.0, held.1) == (of, clock)) {
            return times.clone();
        }
        let runs = match which {
            Which::Base => self.base.runs(),
            Which::New => self.new,
        };
        let times = Times::of(runs, of, clock).map(Rc::new);
        *held = Some((of.clone(), clock, times.clone()));
        times
    }

    /// The figure of `rule`'s gate on both sides.
    pub(super) fn measure(&self, rule: &Rule) -> Measured {
        let gate = &rule.gate;
        let is_folded = |run: &Run| run.others.is_some();
        if matches!(gate.of, Of::Group(_) | Of::Tag(..)) && self.base.runs().iter().chain(self.new).any(is_folded) {
            let problem = "some of its steps are kept together with others, since there are so many: name the steps";
            return Measured { problem: Some(problem.to_owned()), ..Measured::default() };
        }
        let mut measured = match (gate.metric, self.base) {
            (Metric::Time(clock, statistic), _) => self.time(gate, clock, statistic),
            (Metric::ErrorRate(class), _) => self.errors(gate, class.map(|class| class.to_string()).as_deref()),
            (Metric::Rate, _) => self.rate(gate),
            (metric, _) => Measured { problem: Some(format!("{metric} is not compared")), ..Measured::default() },
        };
        let least = gate.options.at_least.unwrap_or(0);
        let fewest = measured.samples[0].min(measured.samples[1]);
        if measured.problem.is_none() && fewest < least {
            measured.problem = Some(format!("{least} samples are asked for, there were {fewest}"));
        }
        measured
    }

    fn time(&self, gate: &Gate, clock: Clock, statistic: Statistic) -> Measured {
        // What another tool calls a duration begins when the request is taken up.
        let clock = match (self.base, clock) {
            (Baseline::Summary(_), Clock::Response) => Clock::Service,
            (_, clock) => clock,
        };
        let figure = |times: &Times, weights: &[u32]| match statistic {
            Statistic::Percentile(percentile) => times.quantile(percentile.quantile(), weights),
            Statistic::Mean => times.mean(weights),
            Statistic::Max => times.quantile(1.0, weights),
        };
        let side = |which: Which, drawn: &Resamples| {
            let not_kept = || {
                format!(
                    "the results keep no {} times: they are kept if a gate of the scenario compares them",
                    clock.name()
                )
            };
            let times = self.times(which, &gate.of, clock).ok_or_else(not_kept)?;
            let side = Side::of(drawn, times.stretches(), |weights| Some(figure(&times, weights)?.max(1.0).ln()));
            let beyond = match statistic {
                Statistic::Percentile(percentile) => (1.0 - percentile.quantile()) * times.samples() as f64,
                Statistic::Mean | Statistic::Max => times.samples() as f64,
            };
            Ok::<_, String>((side, times.samples(), times.stretches(), beyond))
        };
        let new = side(Which::New, &self.drawn_new);
        let base = match self.base {
            Baseline::Runs(_) => side(Which::Base, &self.drawn_base),
            // It has times of nothing else.
            Baseline::Summary(summary) => {
                foreign(summary, gate, summary.time_us(statistic).filter(|_| clock == Clock::Service)).map(|us| {
                    let us = us.max(1.0).ln();
                    (Some(Side::exact(us)), summary.requests.unwrap_or(0), usize::MAX, f64::INFINITY)
                })
            }
        };
        let ((base, base_samples, base_stretches, base_beyond), (new, new_samples, new_stretches, new_beyond)) =
            match (base, new) {
                (Ok(base), Ok(new)) => (base, new),
                (Err(problem), _) | (_, Err(problem)) => {
                    return Measured { problem: Some(problem), ..Measured::default() };
                }
            };
        let mut measured = Measured {
            base: base.as_ref().map(|side| side.point.exp()),
            new: new.as_ref().map(|side| side.point.exp()),
            samples: [base_samples, new_samples],
            ..Measured::default()
        };
        measured.problem = self.too_little(base_stretches.min(new_stretches)).or_else(|| {
            (base_beyond.min(new_beyond) < LEAST_BEYOND - 1e-9)
                .then(|| too_few(gate.metric, statistic, [base_samples, new_samples], self.base))
        });
        measured.compare_logs(gate, base.as_ref(), new.as_ref());
        measured
    }

    fn rate(&self, gate: &Gate) -> Measured {
        let side = |runs: &[Run], drawn: &Resamples| {
            let tallies = Tallies::of(runs, &gate.of, None);
            let log = |weights: &[u32]| Some(tallies.rate(weights)?.max(1e-9).ln());
            (Side::of(drawn, tallies.stretches(), log), tallies.samples(), tallies.stretches())
        };
        let (new, new_samples, new_stretches) = side(self.new, &self.drawn_new);
        let (base, base_samples, base_stretches) = match self.base {
            Baseline::Runs(runs) => side(runs, &self.drawn_base),
            Baseline::Summary(summary) => match foreign(summary, gate, summary.rate_per_s) {
                Ok(rate) => (Some(Side::exact(rate.max(1e-9).ln())), summary.requests.unwrap_or(0), usize::MAX),
                Err(problem) => return Measured { problem: Some(problem), ..Measured::default() },
            },
        };
        let mut measured = Measured {
            base: base.as_ref().map(|side| side.point.exp()),
            new: new.as_ref().map(|side| side.point.exp()),
            samples: [base_samples, new_samples],
            problem: self.too_little(base_stretches.min(new_stretches)),
            ..Measured::default()
        };
        measured.compare_logs(gate, base.as_ref(), new.as_ref());
        measured
    }

    fn errors(&self, gate: &Gate, class: Option<&str>) -> Measured {
        let side = |runs: &[Run], drawn: &Resamples| {
            let tallies = Tallies::of(runs, &gate.of, class);
            let side = Side::of(drawn, tallies.stretches(), |weights| tallies.error_rate(weights));
            (side, tallies.failed(), tallies.samples(), tallies.stretches())
        };
        let (new, new_failed, new_samples, new_stretches) = side(self.new, &self.drawn_new);
        let (base, base_variance, base_samples, base_stretches) = match self.base {
            Baseline::Runs(runs) => {
                let (side, failed, samples, stretches) = side(runs, &self.drawn_base);
                (side, binomial_variance(failed, samples), samples, stretches)
            }
            Baseline::Summary(summary) => {
                match foreign(summary, gate, summary.error_rate.filter(|_| class.is_none())) {
                    Ok(rate) => (Some(Side::exact(rate)), 0.0, summary.requests.unwrap_or(0), usize::MAX),
                    Err(problem) => return Measured { problem: Some(problem), ..Measured::default() },
                }
            }
        };
        let mut measured = Measured { samples: [base_samples, new_samples], ..Measured::default() };
        let (Some(base), Some(new)) = (base, new) else {
            return Measured { problem: Some("no request came to an end".to_owned()), ..measured };
        };
        let (factor, least_rise) = (gate.bound_value(), self.least_rise);
        let allowed = move |base: f64| (factor * base).max(base + least_rise);
        let slope = if factor * base.point > base.point + least_rise { factor } else { 1.0 };
        // Stretches without a failure do not vary, yet nobody knows that there never is one: Agresti and Caffo, 2000.
        let least = |slope: f64| (binomial_variance(new_failed, new_samples) + slope * slope * base_variance).sqrt();
        measured.base = Some(base.point);
        measured.new = Some(new.point);
        measured.slack = allowed(base.point) - base.point;
        measured.problem = self.too_little(base_stretches.min(new_stretches));
        let change = Estimate::joined(&base, &new, [1.0, 1.0], |base, new| new - base);
        let excess = Estimate::joined(&base, &new, [slope, 1.0], |base, new| new - allowed(base));
        measured.change = Some(change.with_least_error(least(1.0)));
        measured.excess = Some(excess.with_least_error(least(slope)));
        measured
    }

    /// That a run is too short to know its own noise.
    fn too_little(&self, stretches: usize) -> Option<String> {
        (stretches < LEAST_STRETCHES).then(|| {
            format!(
                "too short: {stretches} stretches of the run have anything of it, and its own noise is seen from {LEAST_STRETCHES} on"
            )
        })
    }
}

impl Measured {
    /// What two sides of logarithms show.
    fn compare_logs(&mut self, gate: &Gate, base: Option<&Side>, new: Option<&Side>) {
        let (Some(base), Some(new)) = (base, new) else {
            self.problem = Some("no request gave a figure to compare".to_owned());
            return;
        };
        let change = Estimate::joined(base, new, [1.0, 1.0], |base, new| new - base);
        let bound = gate.bound_value().ln();
        let beyond = change.clone().less(bound);
        self.slack = bound.abs();
        self.excess = Some(if gate.comparison.is_upper() { beyond } else { beyond.negated() });
        self.change = Some(change);
    }
}

/// What another tool's summary tells of all requests; nothing of steps.
fn foreign(summary: &Summary, gate: &Gate, told: Option<f64>) -> Result<f64, String> {
    let tool = summary.tool.name();
    match told.filter(|_| gate.of == Of::All) {
        Some(told) => Ok(told),
        None => Err(format!("the summary of {tool} does not tell {}{}", gate.metric, gate.of)),
    }
}

fn too_few(metric: Metric, statistic: Statistic, samples: [u64; 2], base: &Baseline) -> String {
    let least = match statistic {
        Statistic::Percentile(percentile) => (LEAST_BEYOND / (1.0 - percentile.quantile()) - 1e-6).ceil(),
        Statistic::Mean | Statistic::Max => LEAST_BEYOND,
    };
    match base {
        Baseline::Runs(_) => format!(
            "{metric} is compared from {least:.0} samples on each side on; there were {} and {}",
            samples[0], samples[1]
        ),
        Baseline::Summary(_) => format!("{metric} is compared from {least:.0} samples on; there were {}", samples[1]),
    }
}

/// The variance of a share of which `part` of `whole` were seen, with one more of each kind.
fn binomial_variance(part: u64, whole: u64) -> f64 {
    let share = (part + 1) as f64 / (whole + 2) as f64;
    share * (1.0 - share) / (whole + 2) as f64
}
