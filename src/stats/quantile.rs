//! Between which of the ordered samples a quantile lies, whatever their distribution: how many samples lie below it is
//! binomial.

use statrs::distribution::{Binomial, DiscreteCDF};

use super::stretches::Weight;
use super::{TAIL, normal};

/// From so many samples on either side of the quantile on, the normal distribution is the binomial to less than a rank in
/// a thousand.
const MANY: f64 = 2_000.0;

/// Two of the ordered samples, counted from 1 for the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// The quantile is no lower than this sample; none if there are too few to say.
    pub low: Option<u64>,
    /// And no higher than this.
    pub high: Option<u64>,
}

/// The ranks of `samples` ordered samples between which `quantile` lies, if they weigh `weight`.
pub fn ranks(samples: u64, quantile: f64, weight: Weight) -> Ranks {
    let counted = (weight.counted() as u64).clamp(1, samples.max(1));
    let (low, high) = independent(counted, quantile);
    // A sample among the counted ones stands for several.
    let scaled = |rank: u64| (u128::from(rank) * u128::from(samples) / u128::from(counted)) as u64;
    let observed = ((samples as f64 * quantile).ceil() as u64).clamp(1, samples.max(1));
    Ranks {
        low: (low >= 1).then(|| scaled(low).min(observed)),
        high: (high <= counted).then(|| (samples + 1 - scaled(counted + 1 - high)).max(observed)),
    }
}

/// The ranks among samples that know nothing of each other: 0 and one more than there are where there is none.
fn independent(samples: u64, quantile: f64) -> (u64, u64) {
    let expected = samples as f64 * quantile;
    let rarer = expected.min(samples as f64 - expected);
    match Binomial::new(quantile, samples) {
        Ok(below) if rarer < MANY => {
            let low = first(samples, |rank| below.cdf(rank) > TAIL);
            (low, first(samples, |rank| below.cdf(rank) >= 1.0 - TAIL) + 1)
        }
        _ => {
            let reach = normal() * (expected * (1.0 - quantile)).sqrt();
            ((expected - reach).floor() as u64, (expected + reach).ceil() as u64 + 1)
        }
    }
}

/// The first number up to `last` for which `holds`, which goes on holding. The library's own search panics where the last
/// digit of its distribution function wavers.
fn first(last: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut to) = (0, last);
    while from < to {
        let middle = from.midpoint(to);
        match holds(middle) {
            true => to = middle,
            false => from = middle + 1,
        }
    }
    from
}

/// The fewest independent samples with which the interval of `quantile` has an upper and a lower end.
pub fn fewest_with_ends(quantile: f64) -> u64 {
    let nearest = quantile.max(1.0 - quantile);
    (TAIL.ln() / nearest.ln()).ceil() as u64
}
