//! Where a share lies: Wilson's score interval.

use super::stretches::Weight;
use super::{Ends, normal};

/// The interval of a share that was seen to be `share` in samples that weigh `weight`; none of nothing.
pub fn share(share: f64, weight: Weight) -> Option<Ends> {
    let samples = weight.counted();
    if samples <= 0.0 {
        return None;
    }
    let squared = normal().powi(2);
    let centre = share + squared / (2.0 * samples);
    let reach = (squared * (share * (1.0 - share) / samples + squared / (4.0 * samples * samples))).sqrt();
    let whole = 1.0 + squared / samples;
    // What rounding leaves of a difference must not hide that none, or all, may be the truth.
    let low = if share <= 0.0 { 0.0 } else { ((centre - reach) / whole).max(0.0) };
    let high = if share >= 1.0 { 1.0 } else { ((centre + reach) / whole).min(1.0) };
    Some(Ends { low, high })
}
