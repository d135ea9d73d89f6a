//! Which series each step is counted in: a file may name thousands of steps, and each series has histograms of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

/// So many steps are counted each by itself.
pub const MOST_SERIES: usize = 1_000;

/// A series for each of the first steps, and one for all others together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// The series of each step.
    of: Arc<[usize]>,
    /// The steps that are counted by themselves, in order.
    own: Arc<[usize]>,
}

impl Series {
    /// The series of `steps` steps; those that are `named` have their own, however many others there are.
    pub fn of_steps(steps: usize, named: &[usize]) -> Self {
        let named: BTreeSet<usize> = named.iter().copied().collect();
        let room = MOST_SERIES.saturating_sub(named.len());
        let has_own = |step: &usize, others: &mut usize| match named.contains(step) {
            true => true,
            false => {
                *others += 1;
                *others <= room
            }
        };
        let mut others = 0;
        let own: Arc<[usize]> = match steps <= MOST_SERIES {
            true => (0..steps).collect(),
            false => (0..steps).filter(|step| has_own(step, &mut others)).collect(),
        };
        let of = (0..steps).map(|step| own.binary_search(&step).unwrap_or(own.len())).collect();
        Self { of, own }
    }

    /// How many series there are.
    pub fn count(&self) -> usize {
        self.own.len() + usize::from(self.folded() > 0)
    }

    /// The series that `step` is counted in.
    pub fn of(&self, step: usize) -> usize {
        self.of[step]
    }

    /// The step that has `series` to itself; none for the one that others share.
    pub fn step(&self, series: usize) -> Option<usize> {
        self.own.get(series).copied()
    }

    /// How many steps share one.
    pub fn folded(&self) -> usize {
        self.of.len() - self.own.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_steps_have_each_their_own() {
        let series = Series::of_steps(3, &[2]);
        assert_eq!((series.count(), series.folded()), (3, 0));
        assert_eq!([0, 1, 2].map(|step| series.of(step)), [0, 1, 2]);
    }

    #[test]
    fn what_a_gate_names_is_never_counted_with_others() {
        let series = Series::of_steps(2_500, &[0, 1_400, 2_499, 1_400]);
        assert_eq!((series.count(), series.folded()), (MOST_SERIES + 1, 1_500));
        assert_eq!([1_400, 2_499].map(|step| series.step(series.of(step))), [Some(1_400), Some(2_499)]);
        let counted: Vec<usize> = (0..2_500).map(|step| series.of(step)).collect();
        assert_eq!(counted.iter().filter(|series| **series == MOST_SERIES).count(), 1_500);
        assert_eq!((series.step(MOST_SERIES), series.of(997), series.of(998)), (None, 997, MOST_SERIES));
    }
}
