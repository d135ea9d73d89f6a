//! What samples weigh that know of each other, seen in how the stretches of a run differ: batch means.
//!
//! If samples were independent, the shares of the stretches would scatter as the binomial distribution has it. The design
//! effect is how many times larger their variance is; so many samples say as much as a single independent one.

use super::{normal, student};

/// With fewer stretches nothing is known of how they differ.
pub const LEAST_STRETCHES: usize = 5;
/// Stretches that are alike to their neighbours are put together, but not to fewer than this.
const FEWEST_GROUPS: usize = 4;
/// The normal quantile of the test for that: independent stretches are put together once in ten times.
const ALIKE: f64 = 1.2816;

/// What a stretch says about a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// The samples in it.
    pub samples: u64,
    /// Those among them that count.
    pub hits: u64,
}

impl std::ops::AddAssign for Part {
    fn add_assign(&mut self, other: Self) {
        self.samples += other.samples;
        self.hits += other.hits;
    }
}

/// How much a number of samples says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    samples: f64,
    /// One if the samples know nothing of each other; never less.
    design_effect: f64,
    /// Of the design effect; none where it was not estimated.
    freedom: Option<f64>,
}

impl Weight {
    /// Samples that are taken to know nothing of each other.
    pub fn independent(samples: u64) -> Self {
        Self { samples: samples as f64, design_effect: 1.0, freedom: None }
    }

    /// What `samples` say about a share, seen in the stretches that they came in, in the order of time.
    pub fn of(samples: u64, parts: &[Part]) -> Self {
        let seen: u64 = parts.iter().map(|part| part.samples).sum();
        let hits: u64 = parts.iter().map(|part| part.hits).sum();
        let share = hits as f64 / seen.max(1) as f64;
        let filled = parts.iter().filter(|part| part.samples > 0);
        let deviations = filled.map(|part| part.hits as f64 - share * part.samples as f64).collect();
        Self::scattered(samples, seen as f64 * share * (1.0 - share), deviations)
    }

    /// The weight of `samples` in stretches whose sums deviate by `deviations` from what the share or mean of all would
    /// give; the squares of these would add up to `expected` if the samples were independent.
    pub(super) fn scattered(samples: u64, expected: f64, deviations: Vec<f64>) -> Self {
        let independent = Self::independent(samples);
        // Where all are alike nothing can be seen of how they differ.
        if deviations.len() < LEAST_STRETCHES || expected <= 0.0 {
            return independent;
        }
        let groups = unlike_their_neighbours(deviations);
        let freedom = groups.len() as f64 - 1.0;
        let seen = squares(&groups) * groups.len() as f64 / freedom;
        Self { design_effect: (seen / expected).max(1.0), freedom: Some(freedom), ..independent }
    }

    /// How many samples that know nothing of each other would say as much.
    pub fn effective_samples(self) -> f64 {
        self.samples / self.design_effect
    }

    /// The same less what is paid for not knowing the design effect itself (Korn and Graubard).
    pub(super) fn counted(self) -> f64 {
        let paid = self.freedom.map_or(1.0, |freedom| (normal() / student(freedom)).powi(2));
        self.effective_samples() * paid
    }

    /// So many standard errors to either side hold the true figure.
    pub(super) fn standard_errors(self) -> f64 {
        student(self.freedom.unwrap_or(self.samples - 1.0))
    }
}

/// Puts every two stretches together as long as neighbours are alike (von Neumann's ratio, as Fishman uses it).
fn unlike_their_neighbours(mut stretches: Vec<f64>) -> Vec<f64> {
    while stretches.len() >= 2 * FEWEST_GROUPS && are_alike(&stretches) {
        stretches = stretches.chunks(2).map(|pair| pair.iter().sum()).collect();
    }
    stretches
}

fn are_alike(stretches: &[f64]) -> bool {
    let steps: f64 = stretches.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    let count = stretches.len() as f64;
    let correlation = 1.0 - steps / (2.0 * squares(stretches));
    correlation > ALIKE * ((count - 2.0) / (count * count - 1.0)).sqrt()
}

fn squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}
