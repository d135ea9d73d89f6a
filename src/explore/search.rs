//! Which rate comes next: up until something breaks, then between what holds and what breaks, then around the limit.
//!
//! Each point says by how many standard errors its rate holds or breaks. No single one decides: what it says is cut off so
//! that it takes two that agree. From all of them [`super::monotone`] makes an interval; the search goes on until that is
//! as narrow as asked, or time or requests are used up.

use std::time::Duration;

use super::keeping::PART_OF_PRECISION;
use super::monotone::{Crossing, Value, crossing};
use super::point::{Outcome, Phase, Point};
use super::result::Asked;
use super::watch::{Journey, Spell};

/// Each rate of the climb is so many times the one before it.
const CLIMB: f64 = 2.0;
/// So many loads in a row that say nothing are enough.
const MOST_IN_VAIN: usize = 12;
/// Below the first rate it is looked for no further down than to this part of it.
const LOWEST: f64 = 1.0 / 64.0;
/// A single point speaks for no more standard errors than this; two that agree are beyond [`THRESHOLD`].
const MOST_Z: f64 = 1.75;
/// What speaks for less says nothing.
const LEAST_Z: f64 = 0.05;
/// The 95 % quantile of the chi-squared distribution with one degree of freedom.
pub(super) const THRESHOLD: f64 = 3.84;
/// Rates are as far from the limit as this part of the precision when they are to prove it.
const PROOF: f64 = 0.85;
/// But no farther than this part of it.
const FARTHEST: f64 = 1.6;
/// What an end is moved by lest rounding decides.
const ROUNDING: f64 = 1e-3;
/// A gap that is so many times as wide as the precision is halved; a narrower one is proved.
const HALVED: f64 = 1.5;
/// No margin is smaller than this where one is divided by another.
const LEAST_MARGIN: f64 = 0.02;
/// No load is shorter when it climbs, halves and proves: near the limit times are alike for seconds.
const LEAST_S: [f64; 3] = [5.0, 10.0, 15.0];
/// A load has so many journeys, if its time allows.
const LEAST_JOURNEYS: f64 = 100.0;
/// The part of the budget that a load may take when it climbs, halves and proves, and the bounds of that.
const CLIMBING: (f64, f64, f64) = (0.04, 8.0, 40.0);
const HALVING: (f64, f64, f64) = (0.06, 12.0, 60.0);
const PROVING: (f64, f64, f64) = (0.1, 20.0, 180.0);
/// What a point takes besides its load: until the target is empty and as fast as before.
const BESIDES_S: f64 = 2.0;

/// What was used up so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spent {
    /// Seconds since the start.
    pub elapsed_s: f64,
    /// Requests that were sent.
    pub requests: u64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Another load.
    Try(Spell),
    /// Enough is known, or nothing more can be.
    Stop,
}

/// What is known so far, for a live view.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known {
    /// The highest rate that seems to hold below all that seem to break.
    pub holds_per_s: Option<f64>,
    /// The lowest rate that seems to break above it.
    pub breaks_per_s: Option<f64>,
    /// How long it may still take, in seconds; never longer than the budget.
    pub remaining_s: f64,
}

/// What comes after `points`.
pub fn next(asked: &Asked, points: &[Point], spent: &Spent) -> Next {
    let Some((rate_per_s, phase)) = next_rate(asked, points) else { return Next::Stop };
    let left_s = (asked.budget_s - spent.elapsed_s - BESIDES_S).floor();
    let (least, longest) = spell_of(asked, points, rate_per_s, phase);
    let most_requests = asked.max_requests.map(|most| most.saturating_sub(spent.requests));
    let journey = Journey { pauses_s: asked.pauses_s, requests: asked.requests_per_journey.max(1) };
    // What is too short says nothing, and costs requests.
    let needed = least.as_secs_f64() * rate_per_s * journey.requests as f64;
    let is_too_much = most_requests.is_some_and(|left| (left as f64) < needed);
    if left_s < least.as_secs_f64() || is_too_much && !points.is_empty() {
        return Next::Stop;
    }
    let longest = longest.min(Duration::from_secs_f64(left_s)).max(least);
    Next::Try(Spell { rate_per_s, phase, least, longest, most_requests, journey })
}

/// How long a load is at least and at the most.
fn spell_of(asked: &Asked, points: &[Point], rate_per_s: f64, phase: Phase) -> (Duration, Duration) {
    let enough = LEAST_JOURNEYS / rate_per_s;
    let [climbing, halving, proving] = LEAST_S;
    let ((part, low_s, most_s), shortest_s) = match phase {
        Phase::Climb | Phase::Descend => (CLIMBING, climbing),
        Phase::Bisect => (HALVING, halving),
        Phase::Repeat => (PROVING, proving),
    };
    // What stayed unclear before needs longer.
    let near = points.iter().filter(|own| (own.rate_per_s / rate_per_s).ln().abs() < asked.precision);
    let unclear = near.filter(|own| own.outcome == Outcome::Unclear).count() as f64;
    let longest_s = (asked.budget_s * part).clamp(low_s, most_s) * (1.0 + unclear);
    let longest_s = longest_s.max((enough * 1.5).min(asked.budget_s * 0.2));
    let least_s = shortest_s.max(enough.min(longest_s)) + asked.pauses_s;
    // Seconds count whole or not at all.
    let least_s = least_s.ceil();
    let longest_s = (longest_s + asked.pauses_s).floor().max(least_s);
    (Duration::from_secs_f64(least_s), Duration::from_secs_f64(longest_s))
}

/// What the points say of where the limit is; none before the first.
pub(super) fn limit<'p>(points: impl IntoIterator<Item = &'p Point>) -> Option<Crossing> {
    crossing(&points.into_iter().filter_map(value).collect::<Vec<_>>(), THRESHOLD)
}

/// The interval of the capacity: a target that falls behind by as little as passes for keeping up is beyond it.
pub(super) fn interval(asked: &Asked, found: &Crossing) -> (Option<f64>, Option<f64>) {
    let unnoticed = 1.0 + PART_OF_PRECISION * asked.precision;
    let (low, high) = found.interval;
    (low.map(|low| if high.is_some() { low / unnoticed } else { low }), high)
}

/// What a point says: its margin, with a weight that lets no single one decide.
fn value(point: &Point) -> Option<Value> {
    if point.outcome == Outcome::Interrupted {
        return None;
    }
    let evidence = point.evidence.as_ref().filter(|own| own.z().is_finite() && own.z().abs() >= LEAST_Z)?;
    let squared = evidence.margin * evidence.margin;
    let weight = (1.0 / (evidence.error * evidence.error)).min(MOST_Z * MOST_Z / squared.max(1e-12));
    Some(Value { at: point.rate_per_s, value: evidence.margin, weight })
}

/// The next rate and what it is for; none if the limit is known as well as asked, or cannot be.
fn next_rate(asked: &Asked, points: &[Point]) -> Option<(f64, Phase)> {
    let Some(found) = limit(points) else {
        // Nothing is known: a rate is tried twice, and then a higher one, which gives more samples in the same time.
        let rate = asked.from_per_s * CLIMB.powi((points.len() / 2) as i32);
        return (points.len() < MOST_IN_VAIN).then_some((rate.min(asked.to_per_s), Phase::Climb));
    };
    match found.best {
        (None, None) => None,
        (Some(holds), None) => up(asked, found, holds),
        (None, Some(breaks)) => down(asked, points, breaks),
        (Some(holds), Some(breaks)) => between(asked, points, found, (holds, breaks)),
    }
}

/// Everything held so far: a higher rate, or the highest once more.
fn up(asked: &Asked, found: Crossing, holds: f64) -> Option<(f64, Phase)> {
    if holds < asked.to_per_s {
        // What is tried again above the last break is no climb from the start.
        return Some(((holds * CLIMB).min(asked.to_per_s), Phase::Climb));
    }
    let is_proved = found.interval.0 == Some(holds);
    (!is_proved).then_some((holds, Phase::Repeat))
}

/// Everything broke so far: a lower rate, but not for ever.
fn down(asked: &Asked, points: &[Point], breaks: f64) -> Option<(f64, Phase)> {
    let lower = breaks / CLIMB;
    let lowest = asked.from_per_s * LOWEST;
    // A single point may have been bad luck.
    let tried = points.iter().filter(|own| own.rate_per_s <= breaks * 1.001).count();
    match lower >= lowest {
        true => Some((lower, Phase::Descend)),
        false => (tried < 2).then_some((breaks, Phase::Repeat)),
    }
}

/// The limit lies between `holds` and `breaks`, as it seems: closer to it, or proof on the side that lacks it.
fn between(asked: &Asked, points: &[Point], found: Crossing, (holds, breaks): (f64, f64)) -> Option<(f64, Phase)> {
    let interval = interval(asked, &found);
    if is_precise(interval, asked.precision) {
        return None;
    }
    let gap = (breaks / holds).ln();
    let middle = holds * (gap * part_of_gap(found.values)).exp();
    if gap > HALVED * asked.precision {
        return Some((middle, Phase::Bisect));
    }
    // How far the interval reaches to either side.
    let below = interval.0.map_or(f64::INFINITY, |low| (middle / low).ln());
    let above = interval.1.map_or(f64::INFINITY, |high| (high / middle).ln());
    let proves_above = above > below;
    // What stayed unclear is not asked again at once: the other side may leave this one more room.
    let is_stuck = points.last().is_some_and(|last| {
        last.outcome == Outcome::Unclear && last.phase == Phase::Repeat && (last.rate_per_s > middle) == proves_above
    });
    let rate = match (proves_above, is_stuck) {
        (true, false) => proof_above(asked, middle, interval.0),
        (false, false) => proof_below(asked, middle, interval.1),
        (true, true) => holds,
        (false, true) => breaks,
    };
    Some((rate.min(asked.to_per_s), Phase::Repeat))
}

/// The rate that is to prove that the limit is not above it: as far from it as the other end leaves room, for the farther
/// it is the sooner it is known.
fn proof_above(asked: &Asked, middle: f64, low: Option<f64>) -> f64 {
    let (near, precision) = (middle * (1.0 + PROOF * asked.precision), asked.precision);
    let room = low.map(|low| low * (1.0 + precision) / (1.0 - precision) * (1.0 - ROUNDING));
    room.map_or(near, |room| room.clamp(near, middle * (1.0 + FARTHEST * precision)))
}

/// The same below it.
fn proof_below(asked: &Asked, middle: f64, high: Option<f64>) -> f64 {
    let (near, precision) = (middle / (1.0 + PROOF * asked.precision), asked.precision);
    let unnoticed = (1.0 + PART_OF_PRECISION * precision) * (1.0 + ROUNDING);
    let room = high.map(|high| high * (1.0 - precision) / (1.0 + precision) * unnoticed);
    room.map_or(near, |room| room.clamp(middle / (1.0 + FARTHEST * precision), near))
}

/// Where between two rates with these margins a straight line would cross zero; a margin that is far from it is only that.
fn part_of_gap((holds, breaks): (f64, f64)) -> f64 {
    let (above, below) = (holds.clamp(LEAST_MARGIN, 1.0), (-breaks).clamp(LEAST_MARGIN, 1.0));
    (above / (above + below)).clamp(0.2, 0.8)
}

/// Whether the ends of `interval` are within `precision` of its middle.
pub(super) fn is_precise(interval: (Option<f64>, Option<f64>), precision: f64) -> bool {
    precision_of(interval).is_some_and(|own| own <= precision * (1.0 + 1e-9))
}

/// How far the ends are from the middle, as a share of it.
pub(super) fn precision_of(interval: (Option<f64>, Option<f64>)) -> Option<f64> {
    let (low, high) = interval.0.zip(interval.1)?;
    Some((high - low) / (high + low))
}

/// What is known after `points`.
pub fn known(asked: &Asked, points: &[Point], spent: &Spent) -> Known {
    let (holds_per_s, breaks_per_s) = limit(points).map_or((None, None), |found| found.best);
    let left_s = (asked.budget_s - spent.elapsed_s).max(0.0);
    let to_come_s = time_to_come(asked, holds_per_s, breaks_per_s);
    Known { holds_per_s, breaks_per_s, remaining_s: to_come_s.min(left_s) }
}

/// About how long it still takes: so many doublings, halvings and proofs, of which many are decided early.
fn time_to_come(asked: &Asked, holds: Option<f64>, breaks: Option<f64>) -> f64 {
    const PROOFS: f64 = 4.0;
    const EARLY: f64 = 0.6;
    let doublings = |from: f64, to: f64| ((to / from).ln() / CLIMB.ln()).max(0.0).ceil();
    let halvings = |gap: f64| (gap / (HALVED * asked.precision)).log2().max(0.0).ceil();
    let each =
        |(part, least_s, most_s): (f64, f64, f64)| (asked.budget_s * part).clamp(least_s, most_s) * EARLY + BESIDES_S;
    let (climbs, gap) = match (holds, breaks) {
        (Some(holds), Some(breaks)) => (0.0, (breaks / holds).ln()),
        (holds, _) => (doublings(holds.unwrap_or(asked.from_per_s), asked.to_per_s), CLIMB.ln()),
    };
    climbs * each(CLIMBING) + halvings(gap) * each(HALVING) + PROOFS * each(PROVING)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{asked, broken, held};
    use super::super::point::Evidence;
    use super::*;

    fn rate_after(asked: &Asked, points: &[Point]) -> Option<f64> {
        match next(asked, points, &Spent::default()) {
            Next::Try(spell) => Some(spell.rate_per_s),
            Next::Stop => None,
        }
    }

    #[test]
    fn it_climbs_and_never_above_what_is_allowed() {
        let asked = Asked { to_per_s: 50.0, ..asked() };
        assert_eq!(rate_after(&asked, &[]), Some(10.0));
        assert_eq!(rate_after(&asked, &[held(10.0)]), Some(20.0));
        assert_eq!(rate_after(&asked, &[held(10.0), held(20.0), held(40.0)]), Some(50.0));
        let all = [held(10.0), held(20.0), held(40.0), held(50.0)];
        assert_eq!(rate_after(&asked, &all), Some(50.0), "no single one decides");
        assert_eq!(rate_after(&asked, &[&all[..], &[held(50.0)]].concat()), None);
    }

    #[test]
    fn a_load_that_says_nothing_is_no_reason_to_stop() {
        let silent = |rate: f64, margin: f64| {
            let evidence = Some(Evidence { gate: "latency".to_owned(), margin, error: 1e9 });
            Point { outcome: Outcome::Unclear, evidence, ..held(rate) }
        };
        assert_eq!(rate_after(&asked(), &[silent(10.0, 0.0)]), Some(10.0), "again");
        assert_eq!(rate_after(&asked(), &[silent(10.0, 0.0), silent(10.0, 1.0)]), Some(20.0), "a higher one says more");
        let infinite = silent(10.0, f64::NEG_INFINITY);
        assert!(rate_after(&asked(), &[infinite]).is_some());
        let in_vain: Vec<Point> = (0..MOST_IN_VAIN).map(|_| silent(10.0, 0.0)).collect();
        assert_eq!(rate_after(&asked(), &in_vain), None, "but not for ever");
    }

    #[test]
    fn no_load_is_started_that_there_is_no_room_for() {
        let few = Asked { max_requests: Some(2_000), requests_per_journey: 2, ..asked() };
        let spent = |requests: u64, elapsed_s: f64| Spent { requests, elapsed_s };
        let after = |spent: Spent| next(&few, &[held(10.0)], &spent);
        assert!(matches!(after(spent(0, 0.0)), Next::Try(_)));
        assert_eq!(after(spent(1_900, 0.0)), Next::Stop, "20/s for 5 s are 200 requests");
        assert_eq!(after(spent(0, 296.0)), Next::Stop);
        let Next::Try(last) = after(spent(0, 290.5)) else { panic!("there is room for one") };
        assert_eq!((last.longest.as_secs_f64(), last.longest.subsec_nanos()), (7.0, 0), "whole seconds");
    }

    #[test]
    fn a_journey_with_pauses_gets_their_time_besides() {
        let slow = Asked { pauses_s: 8.0, ..asked() };
        let Next::Try(spell) = next(&slow, &[held(10.0)], &Spent::default()) else { panic!("nothing is known") };
        assert!(spell.least.as_secs_f64() >= 13.0, "{spell:?}");
    }

    #[test]
    fn where_all_breaks_it_goes_down_but_not_for_ever() {
        let mut points = vec![broken(10.0)];
        while let Some(rate) = rate_after(&asked(), &points) {
            assert!(rate >= 10.0 * LOWEST && points.len() < 10, "{rate}");
            points.push(broken(rate));
        }
        assert!(points.len() > 5);
    }
}
