//! Which stretches a run could have had instead: drawn with replacement, whole, so that what is alike within one stays
//! together.

use std::ops::Range;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// The stretches of all runs of one side, one run after the other, and how often each is drawn in each replicate.
#[derive(Debug, Clone)]
pub(super) struct Resamples {
    /// The stretches of each run.
    pub(super) runs: Vec<Range<usize>>,
    /// Every run once, its stretches drawn anew.
    pub(super) within: Vec<Vec<u32>>,
    /// Runs drawn anew, and then their stretches; the same as `within` if there is one run.
    pub(super) of_runs: Vec<Vec<u32>>,
}

impl Resamples {
    /// `replicates` of runs with so many `stretches` each; the same for the same `seed`.
    pub(super) fn draw(stretches: &[usize], replicates: usize, seed: u64) -> Self {
        let mut next = 0;
        let runs: Vec<Range<usize>> = stretches
            .iter()
            .map(|count| {
                next += count;
                next - count..next
            })
            .collect();
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut drawn = |weights: &mut Vec<u32>, run: &Range<usize>| {
            for _ in run.clone() {
                weights[random.random_range(run.clone())] += 1;
            }
        };
        let every_run = |_| {
            let mut weights = vec![0; next];
            runs.iter().for_each(|run| drawn(&mut weights, run));
            weights
        };
        let within: Vec<Vec<u32>> = (0..replicates).map(every_run).collect();
        if runs.len() < 2 {
            return Self { of_runs: within.clone(), within, runs };
        }
        let mut pick = Pcg64Mcg::seed_from_u64(seed ^ 0x5bd1_e995);
        let of_runs = (0..replicates).map(|_| {
            let mut weights = vec![0; next];
            for _ in 0..runs.len() {
                drawn(&mut weights, &runs[pick.random_range(0..runs.len())]);
            }
            weights
        });
        Self { of_runs: of_runs.collect(), within, runs }
    }

    /// Every stretch once.
    pub(super) fn all(&self) -> Vec<u32> {
        vec![1; self.runs.last().map_or(0, |run| run.end)]
    }

    /// Every stretch of one run once.
    pub(super) fn only(&self, run: usize) -> Vec<u32> {
        let mut weights = vec![0; self.runs.last().map_or(0, |run| run.end)];
        self.runs[run].clone().for_each(|stretch| weights[stretch] = 1);
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_stretches_are_drawn_as_there_are_and_runs_keep_their_own() {
        let resamples = Resamples::draw(&[3, 5], 50, 7);
        for weights in &resamples.within {
            assert_eq!(weights[..3].iter().sum::<u32>(), 3);
            assert_eq!(weights[3..].iter().sum::<u32>(), 5);
        }
        let sums: Vec<u32> = resamples.of_runs.iter().map(|weights| weights.iter().sum()).collect();
        assert!(sums.iter().all(|sum| [6, 8, 10].contains(sum)) && sums.contains(&6) && sums.contains(&10));
        assert_eq!(Resamples::draw(&[3, 5], 50, 7).of_runs, resamples.of_runs, "the same seed draws the same");
        assert_eq!((resamples.only(1)[2], resamples.only(1)[3], resamples.all().len()), (0, 1, 8));
    }
}
