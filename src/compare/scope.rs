//! What one side has of some steps, so that a figure of any choice of stretches is found without adding anything up anew.

use super::run::{Counts, Run};
use crate::gate::{Clock, Of};

/// The times of some steps on one side.
#[derive(Debug, Clone)]
pub(super) struct Times {
    /// Every time that came, in order.
    values: Vec<u64>,
    /// For each of them and each stretch: how many times of the stretch are not above it.
    not_above: Vec<u32>,
    /// For each stretch: how many there are.
    count: Vec<u64>,
    /// For each stretch: their sum.
    sum: Vec<f64>,
}

/// What is counted of some steps on one side.
#[derive(Debug, Clone, Default)]
pub(super) struct Tallies {
    /// Stretch by stretch.
    pub(super) counts: Vec<Counts>,
    /// How long each stretch was.
    pub(super) seconds: Vec<f64>,
}

impl Times {
    /// The times of `clock` of the steps that `of` means; none where they were not kept.
    pub(super) fn of(runs: &[Run], of: &Of, clock: Clock) -> Option<Self> {
        let mut stretches: Vec<Vec<(u64, u64)>> = Vec::new();
        for run in runs {
            let first = stretches.len();
            stretches.resize(first + run.stretch_s.len(), Vec::new());
            for step in run.steps_of(of) {
                if step.outcomes() > 0 && !step.has(clock) {
                    return None;
                }
                let bins = step.times.get(clock.name()).into_iter().flatten();
                stretches[first..].iter_mut().zip(bins).for_each(|(all, bins)| all.extend(bins));
            }
        }
        let mut values: Vec<u64> = stretches.iter().flatten().map(|(us, _)| *us).collect();
        values.sort_unstable();
        values.dedup();
        let width = stretches.len();
        let mut not_above = vec![0u32; values.len() * width];
        for (stretch, bins) in stretches.iter().enumerate() {
            for (us, count) in bins {
                let place = values.partition_point(|value| value < us);
                let held = &mut not_above[place * width + stretch];
                *held = held.saturating_add(u32::try_from(*count).unwrap_or(u32::MAX));
            }
        }
        for place in width..not_above.len() {
            not_above[place] = not_above[place].saturating_add(not_above[place - width]);
        }
        let count = stretches.iter().map(|bins| bins.iter().map(|(_, count)| count).sum()).collect();
        let sum =
            stretches.iter().map(|bins| bins.iter().map(|(us, count)| *us as f64 * *count as f64).sum()).collect();
        Some(Self { values, not_above, count, sum })
    }

    /// How many times there are.
    pub(super) fn samples(&self) -> u64 {
        self.count.iter().sum()
    }

    /// How many stretches have any.
    pub(super) fn stretches(&self) -> usize {
        self.count.iter().filter(|count| **count > 0).count()
    }

    /// The time that `quantile` of the stretches' times, each taken `weights` times, is not above.
    pub(super) fn quantile(&self, quantile: f64, weights: &[u32]) -> Option<f64> {
        let samples: u64 = self.count.iter().zip(weights).map(|(count, weight)| count * u64::from(*weight)).sum();
        if samples == 0 {
            return None;
        }
        // A product such as 0.95 × 20 may come out a hair above its whole number.
        let rank = ((samples as f64 * quantile - 1e-9).ceil() as u64).clamp(1, samples);
        let width = weights.len();
        let is_below = |place: usize| {
            let row = &self.not_above[place * width..(place + 1) * width];
            row.iter().zip(weights).map(|(count, weight)| u64::from(*count) * u64::from(*weight)).sum::<u64>() < rank
        };
        let (mut low, mut high) = (0, self.values.len() - 1);
        while low < high {
            let middle = (low + high) / 2;
            if is_below(middle) { low = middle + 1 } else { high = middle }
        }
        Some(self.values[low] as f64)
    }

    /// The mean of the same.
    pub(super) fn mean(&self, weights: &[u32]) -> Option<f64> {
        let samples: u64 = self.count.iter().zip(weights).map(|(count, weight)| count * u64::from(*weight)).sum();
        let sum: f64 = self.sum.iter().zip(weights).map(|(sum, weight)| sum * f64::from(*weight)).sum();
        (samples > 0).then(|| sum / samples as f64)
    }
}

impl Tallies {
    /// What is counted of the steps that `of` means; failures only of `class`, if one is named.
    pub(super) fn of(runs: &[Run], of: &Of, class: Option<&str>) -> Self {
        let mut all = Self::default();
        for run in runs {
            let first = all.counts.len();
            all.counts.resize(first + run.stretch_s.len(), Counts::default());
            all.seconds.extend(&run.stretch_s);
            for step in run.steps_of(of) {
                for (at, (sum, counts)) in all.counts[first..].iter_mut().zip(&step.counts).enumerate() {
                    sum.outcomes += counts.outcomes;
                    sum.failed += class.map_or(counts.failed, |class| step.failed_with(class, at));
                    sum.passed += counts.passed;
                }
            }
        }
        all
    }

    /// How many outcomes there are.
    pub(super) fn samples(&self) -> u64 {
        self.counts.iter().map(|counts| counts.outcomes).sum()
    }

    /// How many of them failed.
    pub(super) fn failed(&self) -> u64 {
        self.counts.iter().map(|counts| counts.failed).sum()
    }

    /// How many stretches have any.
    pub(super) fn stretches(&self) -> usize {
        self.counts.iter().filter(|counts| counts.outcomes > 0).count()
    }

    /// The share that failed, of the stretches taken `weights` times.
    pub(super) fn error_rate(&self, weights: &[u32]) -> Option<f64> {
        let sum = |count: fn(&Counts) -> u64| self.sum(weights, count);
        let outcomes = sum(|counts| counts.outcomes);
        (outcomes > 0.0).then(|| sum(|counts| counts.failed) / outcomes)
    }

    /// How many passed per second.
    pub(super) fn rate(&self, weights: &[u32]) -> Option<f64> {
        let seconds: f64 = self.seconds.iter().zip(weights).map(|(seconds, weight)| seconds * f64::from(*weight)).sum();
        (seconds > 0.0).then(|| self.sum(weights, |counts| counts.passed) / seconds)
    }

    fn sum(&self, weights: &[u32], count: fn(&Counts) -> u64) -> f64 {
        self.counts.iter().zip(weights).map(|(counts, weight)| (count(counts) * u64::from(*weight)) as f64).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compare::run::StepRun;

    fn run(stretches: &[Vec<u64>]) -> Run {
        let bins = |times: &Vec<u64>| times.iter().map(|us| (*us, 1)).collect::<Vec<_>>();
        let times = [("response".to_owned(), stretches.iter().map(bins).collect())].into();
        let counts = stretches.iter().map(|times| Counts { outcomes: times.len() as u64, ..Counts::default() });
        let step = StepRun { name: "a".to_owned(), counts: counts.collect(), times, ..StepRun::default() };
        Run { stretch_s: vec![1.0; stretches.len()], steps: vec![step], ..Run::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn figures_of_a_choice_are_those_of_its_times_sorted(
            stretches in prop::collection::vec(prop::collection::vec(1u64..40, 0..30), 1..6),
            weights in prop::collection::vec(0u32..4, 6),
        ) {
            let weights = &weights[..stretches.len()];
            let times = Times::of(&[run(&stretches)], &Of::All, Clock::Response).unwrap();
            let mut chosen: Vec<u64> = stretches.iter().zip(weights)
                .flat_map(|(times, weight)| (0..*weight).flat_map(|_| times.iter().copied())).collect();
            chosen.sort_unstable();
            for quantile in [0.5, 0.9, 0.95, 0.99] {
                let rank = (chosen.len() as f64 * quantile - 1e-9).ceil() as usize;
                let wanted = chosen.get(rank.max(1) - 1).map(|us| *us as f64);
                prop_assert_eq!(times.quantile(quantile, weights), wanted);
            }
            let mean = chosen.iter().sum::<u64>() as f64 / chosen.len() as f64;
            prop_assert!(times.mean(weights).is_none_or(|seen| (seen - mean).abs() < 1e-9));
        }
    }

    #[test]
    fn times_that_were_not_kept_have_no_figure() {
        assert!(Times::of(&[run(&[vec![1, 2]])], &Of::All, Clock::Tls).is_none());
        let none = Times::of(&[run(&[vec![1, 2]])], &Of::Step("b".to_owned()), Clock::Response).unwrap();
        assert_eq!((none.samples(), none.quantile(0.5, &[1])), (0, None));
    }
}
