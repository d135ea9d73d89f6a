//! Where a mean lies: batch means with Student's t, never narrower than independent samples would have it.

use super::Ends;
use super::stretches::Weight;

/// What a stretch says about a mean.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sum {
    /// The samples in it.
    pub samples: u64,
    /// Their sum.
    pub sum: f64,
}

impl std::ops::AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.samples += other.samples;
        self.sum += other.sum;
    }
}

/// The interval of `mean`, the mean of `samples` with the variance `variance` each, and what they weigh, seen in the
/// stretches that they came in, in the order of time; none of fewer than two samples.
pub fn mean(mean: f64, variance: f64, samples: u64, sums: &[Sum]) -> Option<(Ends, Weight)> {
    if samples < 2 {
        return None;
    }
    let seen: u64 = sums.iter().map(|part| part.samples).sum();
    let filled = sums.iter().filter(|part| part.samples > 0);
    let deviations = filled.map(|part| part.sum - mean * part.samples as f64).collect();
    let weight = Weight::scattered(samples, seen as f64 * variance, deviations);
    let reach = weight.standard_errors() * (variance / weight.effective_samples()).sqrt();
    Some((Ends { low: mean - reach, high: mean + reach }, weight))
}
