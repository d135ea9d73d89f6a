//! Whether the target keeps up: journeys that are due must come to an end as often as they come.
//!
//! Beyond its capacity a target falls behind a little more every second, whatever the gates say by then. Each second more
//! or fewer journeys come to an end than are due; what piles up is the sum of these differences, and their scatter says
//! how much of it may be chance. Where the target keeps up they cancel each other out, so the error is too large rather
//! than too small, and chance is taken for growth less often than it seems.

use super::point::{Evidence, Growth};

/// What this evidence is called beside the names of gates.
pub const KEEPS_UP: &str = "keeps up";
/// What is broken where the target sends requests away, in place of the name of a gate.
pub const REFUSED: &str = "refused";
/// A target may fall behind by this part of the precision that is asked for: nobody could tell it from keeping up.
pub(super) const PART_OF_PRECISION: f64 = 0.25;
/// Growth by so many standard errors is no chance: one in a hundred.
const GROWS: f64 = 2.33;
/// Changes at random that cancel each other out stay within so many standard deviations of one.
const COMES_BACK: f64 = 4.0;
/// A line is drawn through the means of so many stretches.
const STRETCHES: usize = 10;
/// The error of what says nothing: divided by what is allowed it is still a number, which JSON can hold.
const ANYTHING: f64 = 1e9;
/// Half a journey is under way more or less at either end.
const ROUNDING: f64 = 0.5;

/// What piled up per second; `behind` is how many journeys were due and had not come to an end, after each second.
///
/// Two errors are estimated. The scatter of the changes takes every second for chance of its own, as it is beyond the
/// capacity; the scatter around a straight line takes the level for what comes back, as it does below it.
pub(super) fn growth(behind: &[f64]) -> Growth {
    let changes: Vec<f64> = behind.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let count = changes.len() as f64;
    if changes.len() < 2 {
        return Growth { per_s: 0.0, error: ANYTHING, level_per_s: 0.0, level_error: ANYTHING };
    }
    let mean = changes.iter().sum::<f64>() / count;
    let variance = changes.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt().max(ROUNDING / count);
    let lowest = behind.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = behind.iter().copied().fold(0.0, f64::max);
    // A level that comes back stays within a few of its changes; one that goes its way gets farther and farther.
    let comes_back = highest - lowest <= (COMES_BACK * variance.sqrt()).max(1.0);
    let (level_per_s, level_error) = if comes_back { slope(behind) } else { (0.0, ANYTHING) };
    Growth { per_s: mean, error, level_per_s, level_error: level_error.max(ROUNDING / count) }
}

/// The slope of a straight line through `levels`, one a second, by the means of a few stretches, and its standard error.
fn slope(levels: &[f64]) -> (f64, f64) {
    let width = levels.len().div_ceil(STRETCHES).max(1);
    let means: Vec<f64> = levels.chunks_exact(width).map(|part| part.iter().sum::<f64>() / part.len() as f64).collect();
    let count = means.len() as f64;
    if means.len() < 4 {
        return (0.0, ANYTHING);
    }
    let (x, y) = ((count - 1.0) / 2.0, means.iter().sum::<f64>() / count);
    let over: f64 = (0..means.len()).map(|k| (k as f64 - x).powi(2)).sum();
    let slope = means.iter().enumerate().map(|(k, own)| (k as f64 - x) * (own - y)).sum::<f64>() / over;
    let left: f64 = means.iter().enumerate().map(|(k, own)| (own - y - slope * (k as f64 - x)).powi(2)).sum();
    let error = (left / (count - 2.0) / over).sqrt();
    (slope / width as f64, error / width as f64)
}

/// What `growth` says at a rate of `rate_per_s`, where the capacity is wanted to within `precision`.
pub(super) fn evidence(growth: &Growth, rate_per_s: f64, precision: f64) -> Evidence {
    let allowed = rate_per_s * precision * PART_OF_PRECISION;
    let said = |per_s: f64, error: f64| Evidence {
        gate: KEEPS_UP.to_owned(),
        // Catching up by chance is no better than keeping up.
        margin: (allowed - per_s.max(0.0)) / allowed,
        error: error / allowed,
    };
    if growth.per_s > GROWS * growth.error {
        // It falls behind for certain, whatever is allowed.
        let margin = -(growth.per_s / allowed).min(1.0);
        return Evidence { gate: KEEPS_UP.to_owned(), margin, error: margin.abs() * growth.error / growth.per_s };
    }
    let (changes, level) = (said(growth.per_s, growth.error), said(growth.level_per_s, growth.level_error));
    if level.z() > changes.z() { level } else { changes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(changes: impl Iterator<Item = f64>) -> Vec<f64> {
        changes
            .scan(0.0, |level, change| {
                *level += change;
                Some(*level)
            })
            .collect()
    }

    #[test]
    fn falling_behind_is_told_from_going_up_and_down() {
        let steady = levels((0..20).map(|k| if k % 2 == 0 { 3.0 } else { -3.0 }));
        let kept = evidence(&growth(&steady), 300.0, 0.05);
        assert!(kept.z() > 2.5, "{kept:?}");
        let behind = levels((0..20).map(|k| if k % 2 == 0 { 15.0 } else { 9.0 }));
        let lost = evidence(&growth(&behind), 300.0, 0.05);
        assert!(lost.z() < -5.0, "{lost:?}");
        assert!((growth(&behind).per_s - 12.0).abs() < 0.5);
    }

    #[test]
    fn a_moment_says_nothing() {
        let said = evidence(&growth(&[40.0, 41.0]), 300.0, 0.05);
        assert!(said.z().abs() < 1e-6);
    }
}
