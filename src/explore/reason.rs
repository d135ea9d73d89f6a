//! How a rate comes out, and why, in a sentence.

use std::time::Duration;

use super::keeping;
use super::point::{Ended, Evidence, Outcome, Point};
use crate::units::{format_count, format_duration, format_rate, format_share};

/// So many standard errors make an outcome at its end: one in ten would be beyond by chance.
const OUTCOME: f64 = 1.28;
/// A margin of so much is far from the bound, if it is so many standard errors.
pub(super) const FAR: f64 = 0.5;
const FAR_Z: f64 = 0.4;
/// A target at which at least this share fails is failing.
pub(super) const FAILING: f64 = 0.5;

/// How a rate comes out by what is known of it. What is far within its bound need not be proved to hold: a few requests
/// without a failure prove little of an error rate.
pub(super) fn leaning_of(evidence: &Evidence) -> Outcome {
    let (z, margin) = (evidence.z(), evidence.margin);
    let is_far = margin >= FAR && z >= FAR_Z && evidence.gate != keeping::KEEPS_UP;
    match z {
        z if z >= OUTCOME || is_far => Outcome::Holds,
        z if z <= -OUTCOME => Outcome::Breaks,
        _ => Outcome::Unclear,
    }
}

/// Why a point came out as it did.
pub(super) fn reason(point: &Point, most_behind_s: f64) -> String {
    let why = match &point.evidence {
        Some(own) if own.gate != keeping::KEEPS_UP => {
            let at = point.gates.iter().find(|gate| gate.name == own.gate);
            at.and_then(|at| Some(format!("{}: {} (wanted {})", at.name, at.observed.as_ref()?, at.wanted)))
        }
        _ => None,
    };
    let piles_up = || match point.growth.per_s {
        per_s if per_s > 0.0 => format!("{} more journeys pile up", format_rate(per_s)),
        _ => "whether it keeps up takes longer to see".to_owned(),
    };
    let why = why.unwrap_or_else(piles_up);
    let is_ill = point.recovery.is_some_and(|recovery| !recovery.recovered);
    let mostly_fails = point.failed as f64 >= point.requests as f64 * FAILING && point.failed > 0;
    let said = match (point.ended, point.outcome) {
        (Ended::Refused, _) => format!(
            "the target refused {} of {} requests with status 429 or 503",
            format_count(point.refused),
            format_count(point.requests)
        ),
        (Ended::Spared, _) if mostly_fails => {
            format!("stopped early: {} failed", format_share(point.failed as f64 / point.requests as f64))
        }
        (Ended::Spared, _) => format!(
            "stopped early: it fell behind by more than {}",
            format_duration(Duration::from_secs_f64(most_behind_s))
        ),
        (Ended::Interrupted, _) => "interrupted".to_owned(),
        (_, Outcome::Generator) => point.generator.short_of.first().cloned().unwrap_or(why),
        (_, Outcome::Holds) => figure_closest(point).unwrap_or_else(|| "every gate held".to_owned()),
        (_, Outcome::Unclear) => match &point.evidence {
            None => "too few samples to judge the gates".to_owned(),
            Some(own) if own.margin >= FAR => format!("too few requests to be sure: {why}"),
            Some(_) => format!("too close to tell: {why}"),
        },
        (_, Outcome::Breaks | Outcome::Interrupted) => why,
    };
    match is_ill && point.evidence.is_none() {
        true => format!("the target had not come back from the rate before: {said}"),
        false => said,
    }
}

/// The gate that is nearest to its bound, in words.
fn figure_closest(point: &Point) -> Option<String> {
    let nearest = point.gates.iter().filter_map(|own| Some((own, own.value? / own.bound)));
    let (own, _) = nearest.filter(|(_, share)| share.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(format!("{}: {} (wanted {})", own.name, own.observed.as_ref()?, own.wanted))
}
