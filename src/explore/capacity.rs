//! The capacity that the points of an exploration show.

use super::keeping::KEEPS_UP;
use super::point::{Ended, Outcome, Point};
use super::result::{Asked, Capacity, LimitedBy};
use super::search::{interval, limit, precision_of};

/// The share of intervals that hold the true capacity.
const CONFIDENCE: f64 = 0.95;
/// Points that are no more than this above the upper end say what the limit is.
const NEAR: f64 = 1.3;

/// What `points` show.
pub fn capacity(asked: &Asked, points: &[Point]) -> Capacity {
    // What broke through the generator's fault says nothing of the target, whatever the search made of it.
    let found = limit(points.iter().filter(|own| own.outcome != Outcome::Generator));
    let (low, high) = found.map_or((None, None), |found| interval(asked, &found));
    let (mut limiting, spoilt): (Vec<&Point>, Vec<&Point>) =
        limiting(points, low, high).into_iter().partition(|own| own.outcome != Outcome::Generator);
    let by_generator = !spoilt.is_empty() && high.is_none();
    if by_generator {
        limiting.clear();
    }
    let limited_by = match by_generator {
        true => LimitedBy::Generator,
        false => limited_by(asked, &limiting, (low, high)),
    };
    let middle = low.zip(high).map(|(low, high)| (low + high) / 2.0);
    let per_journey = points.iter().rfind(|own| own.achieved_per_s > 0.0 && own.outcome == Outcome::Holds);
    let per_journey = per_journey.map(|own| own.requests_per_s / own.achieved_per_s);
    let is_gate = |name: &&str| *name == KEEPS_UP || asked.gates.iter().any(|(gate, _)| gate == name);
    let mut named = limiting.iter().filter_map(|own| Some(own.evidence.as_ref()?.gate.as_str()));
    let gate = named.rfind(is_gate).map(str::to_owned);
    Capacity {
        per_s: middle,
        low_per_s: low,
        high_per_s: high,
        confidence: CONFIDENCE,
        precision: precision_of((low, high)),
        limited_by,
        gate: gate.filter(|_| matches!(limited_by, LimitedBy::Target | LimitedBy::Refusal)),
        requests_per_s: middle.zip(per_journey).map(|(rate, requests)| rate * requests),
    }
}

/// The points that broke nearest to the limit, the surest last.
fn limiting(points: &[Point], low: Option<f64>, high: Option<f64>) -> Vec<&Point> {
    let from = low.unwrap_or(0.0);
    let speaks_against = |own: &&Point| own.evidence.as_ref().is_some_and(|evidence| evidence.margin < 0.0);
    let mut broken: Vec<&Point> = points
        .iter()
        .filter(|own| own.outcome != Outcome::Interrupted && own.rate_per_s > from)
        .filter(speaks_against)
        .collect();
    let lowest = broken.iter().map(|own| own.rate_per_s).reduce(f64::min);
    let to = high.or(lowest).unwrap_or(f64::INFINITY) * NEAR;
    broken.retain(|own| own.rate_per_s <= to);
    let z = |own: &Point| own.evidence.as_ref().map_or(0.0, super::Evidence::z);
    broken.sort_by(|one, other| z(other).total_cmp(&z(one)));
    broken
}

fn limited_by(asked: &Asked, limiting: &[&Point], (low, high): (Option<f64>, Option<f64>)) -> LimitedBy {
    if limiting.is_empty() {
        return match low {
            Some(low) if low >= asked.to_per_s * (1.0 - 1e-6) => LimitedBy::Range,
            _ => LimitedBy::Budget,
        };
    }
    if low.is_none() || high.is_none() {
        return LimitedBy::Budget;
    }
    let refused = limiting.iter().filter(|own| own.ended == Ended::Refused).count();
    if refused * 2 >= limiting.len() { LimitedBy::Refusal } else { LimitedBy::Target }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{asked, broken, held, short_of_generator};
    use super::super::point::Evidence;
    use super::*;

    fn unclear(rate_per_s: f64) -> Point {
        let evidence = Some(Evidence { gate: "latency".to_owned(), margin: -0.1, error: 0.2 });
        Point { outcome: Outcome::Unclear, evidence, ..broken(rate_per_s) }
    }

    #[test]
    fn what_the_generator_spoilt_is_no_upper_end() {
        let holding = [held(99.0), held(100.0)];
        let spoilt = [unclear(104.0), short_of_generator(108.0), short_of_generator(109.0)];
        let found = capacity(&asked(), &[&holding[..], &spoilt].concat());
        assert_eq!((found.limited_by, found.per_s, found.high_per_s), (LimitedBy::Generator, None, None), "{found:?}");
        assert_eq!(found.low_per_s, Some(99.0));
        let broke = capacity(&asked(), &[&holding[..], &spoilt, &[broken(106.0), broken(107.0)]].concat());
        assert_eq!((broke.limited_by, broke.high_per_s), (LimitedBy::Target, Some(107.0)), "{broke:?}");
        assert_eq!(broke.gate.as_deref(), Some("latency"));
    }

    #[test]
    fn refusals_are_named_as_such_and_are_no_gate() {
        let refused = |rate: f64| {
            let evidence = Some(Evidence { gate: "refused".to_owned(), margin: -1.0, error: 0.3 });
            Point { ended: Ended::Refused, evidence, ..broken(rate) }
        };
        let found = capacity(&asked(), &[held(99.0), held(100.0), refused(105.0), refused(106.0)]);
        assert_eq!((found.limited_by, found.gate), (LimitedBy::Refusal, None));
    }
}
