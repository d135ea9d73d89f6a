//! The knee: where more load begins to cost more than it brings.
//!
//! L. Kleinrock ("Power and deterministic rules of thumb for probabilistic problems in computer communications", ICC 1979)
//! calls throughput divided by response time the *power* of a system; it is highest at the knee of the curve, where one
//! more per cent of load costs one more per cent of time.

use super::point::{Outcome, Point};
use super::result::Knee;

/// What was seen for less than this says little, in seconds.
pub(super) const LEAST_S: f64 = 3.0;
/// Fewer rates make no curve.
const FEWEST: usize = 4;

/// The knee of the curve that `points` make; none if they are too few, or if it lies at their end and not between them.
pub fn knee(points: &[Point]) -> Option<Knee> {
    let mut curve: Vec<(f64, f64)> = points
        .iter()
        .filter(|own| !matches!(own.outcome, Outcome::Interrupted | Outcome::Generator) && own.judged_s >= LEAST_S)
        .filter(|own| own.response_us.count > 0)
        // What fails is no throughput, however fast it is.
        .map(|own| (own.rate_per_s, own.passed_per_s() / own.response_us.mean.max(1.0)))
        .collect();
    curve.sort_by(|one, other| one.0.total_cmp(&other.0));
    if curve.len() < FEWEST {
        return None;
    }
    let (at, _) = curve.iter().enumerate().max_by(|one, other| one.1.1.total_cmp(&other.1.1))?;
    let per_s = curve[at].0;
    let low_per_s = curve[..at].iter().rfind(|own| own.0 < per_s)?.0;
    let high_per_s = curve[at..].iter().find(|own| own.0 > per_s)?.0;
    Some(Knee { per_s, low_per_s, high_per_s })
}
