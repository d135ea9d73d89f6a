//! Whether the target is itself again after a rate that was too much for it: a trickle of requests tells.
//!
//! Pure: it says whether a wait is [`needed`], how long to leave the target alone ([`Respite`]), at which [`rate`] to
//! trickle then and for how [`longest`], and, of each second of that trickle, whether it is enough ([`Recovering`]).

use std::time::Duration;

use super::point::{Ended, Outcome, Point, Recovery};
use crate::metrics::{Second, StepTally};

/// As slow as this times its floor is as fast as ever: medians of a few requests are not exact.
const AS_FAST: f64 = 1.5;
/// …and so is this much above it, for a target that answers in no time.
const NO_MATTER_US: u64 = 2_000;
/// A median of fewer requests says nothing.
const FEWEST: u64 = 3;
/// The rate of the trickle, in journeys per second, where nothing speaks against it.
const TRICKLE_PER_S: std::ops::RangeInclusive<f64> = 2.0..=10.0;
/// A target that refuses, but does not say for how long, is left alone for this long.
const SHORTEST_RESPITE: Duration = Duration::from_secs(1);
/// A target that is not itself again by then is not waited for any longer.
const LONGEST: Duration = Duration::from_secs(30);
/// No wait takes more than this share of the time that is left.
const SHARE_OF_LEFT: f64 = 0.2;

/// Whether the target has to recover from `before`, the point before the one that comes next.
pub fn needed(before: Option<&Point>) -> bool {
    before.is_some_and(|point| point.outcome != Outcome::Holds || is_refused(point))
}

/// How long to send nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Respite {
    /// So long.
    pub wait: Duration,
    /// Whether the target said so.
    pub is_asked: bool,
}

impl Respite {
    /// None at all.
    pub const NONE: Self = Self { wait: Duration::ZERO, is_asked: false };

    /// That after `point`: as long as the target asked for.
    pub fn after(point: &Point) -> Self {
        if is_refused(point) { Self::asked_for(point.retry_after_s.unwrap_or_default()) } else { Self::NONE }
    }

    /// That after a refusal whose longest `Retry-After` was of so many seconds; zero if there was none.
    pub fn asked_for(seconds: f64) -> Self {
        if seconds > 0.0 {
            // What no clock could wait for is longer than any budget.
            Self { wait: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX), is_asked: true }
        } else {
            Self { wait: SHORTEST_RESPITE, is_asked: false }
        }
    }

    /// Whether a load that takes at `least` so long still fits behind it where so much time is `left`.
    pub fn leaves_room(&self, left: Duration, least: Duration) -> bool {
        self.wait.saturating_add(least) <= left
    }
}

/// Journeys per second of the trickle before a load of `next_per_s`; nothing may be sent faster than `to_per_s`.
///
/// A tenth of the next rate, from 2/s to 10/s; but no more than half of it, for a target that bears next to nothing.
pub fn rate(next_per_s: f64, to_per_s: f64) -> f64 {
    let tenth = (next_per_s / 10.0).clamp(*TRICKLE_PER_S.start(), *TRICKLE_PER_S.end());
    tenth.min(next_per_s / 2.0).min(to_per_s)
}

/// How long to trickle at the longest where so much time is `left`: half a minute, and no more than a fifth of it.
/// Whole seconds, as a load is seen in them; zero if there is no time for it.
pub fn longest(left: Duration) -> Duration {
    Duration::from_secs(left.mul_f64(SHARE_OF_LEFT).min(LONGEST).as_secs())
}

/// The median service time of the quietest load that the target has borne so far, in microseconds.
///
/// Not the lowest median of all: many a target is faster when it has more to do, and a trickle would never be as fast.
pub fn floor_us(points: &[Point]) -> Option<u64> {
    let borne = points.iter().filter(|point| point.outcome == Outcome::Holds && point.service_us.count > 0);
    borne.min_by(|a, b| a.rate_per_s.total_cmp(&b.rate_per_s)).map(|point| point.service_us.p50)
}

/// What a trickle says so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The target is as fast as at its floor: the next rate can be tried.
    Recovered {
        /// The median service time, in microseconds.
        median_us: u64,
    },
    /// Not yet.
    GoOn,
    /// It is not, and has had its time or asks to be left alone.
    GivenUp,
}

/// Looks at a trickle second by second.
///
/// Judged is the last second with at least three requests; of a slower trickle, the last seconds that have as many
/// together. Without a floor, nothing is known of how fast the target can be: then it has recovered when it no longer
/// gets faster.
#[derive(Debug, Clone)]
pub struct Recovering {
    floor_us: Option<u64>,
    longest: Duration,
    seconds: u64,
    /// What is not enough to be judged yet.
    look: StepTally,
    /// Answers in it that refuse: one that is expected has not failed, and the target is not itself all the same.
    refused: u64,
    /// The median of the last look, whatever came of it.
    median_us: Option<u64>,
    progress: Progress,
}

impl Recovering {
    /// Nothing seen yet of a trickle that may go on for `longest`; `floor_us` as [`floor_us`] has it.
    pub fn new(floor_us: Option<u64>, longest: Duration) -> Self {
        let look = StepTally::default();
        Self { floor_us, longest, seconds: 0, look, refused: 0, median_us: None, progress: Progress::GoOn }
    }

    /// Takes the next second of the trickle. What was said once, that it is over, stays.
    pub fn see(&mut self, second: &Second) -> Progress {
        if self.progress != Progress::GoOn {
            return self.progress;
        }
        self.seconds += 1;
        self.look.merge(&second.tally.all_steps());
        self.refused += second.tally.refused;
        if second.tally.retry_after_s > 0 {
            // It asks to be left alone, by a trickle as well.
            self.progress = Progress::GivenUp;
            return self.progress;
        }
        if self.look.requests >= FEWEST {
            self.judge();
        }
        if self.progress == Progress::GoOn && Duration::from_secs(self.seconds) >= self.longest {
            self.progress = Progress::GivenUp;
        }
        self.progress
    }

    /// What is kept of it, if it took `waited` in all, with what was waited before the trickle.
    pub fn finish(self, waited: Duration) -> Recovery {
        let recovered = matches!(self.progress, Progress::Recovered { .. });
        Recovery { waited_s: waited.as_secs_f64(), median_us: self.median_us, recovered }
    }

    fn judge(&mut self) {
        let (look, refused) = (std::mem::take(&mut self.look), std::mem::take(&mut self.refused));
        let median_us = look.service.latency().p50;
        let before_us = self.median_us.replace(median_us);
        let is_fast = match self.floor_us {
            Some(floor_us) => median_us <= highest_of(floor_us),
            // Neither slower than the last look nor faster.
            None => before_us.is_some_and(|before_us| {
                median_us <= highest_of(before_us) && before_us <= median_us + NO_MATTER_US.max(median_us / 10)
            }),
        };
        if is_fast && look.failed == 0 && refused == 0 {
            self.progress = Progress::Recovered { median_us };
        }
    }
}

/// The highest median that is as fast as `floor_us`.
fn highest_of(floor_us: u64) -> u64 {
    ((floor_us as f64 * AS_FAST) as u64).max(floor_us.saturating_add(NO_MATTER_US))
}

fn is_refused(point: &Point) -> bool {
    point.refused > 0 || point.ended == Ended::Refused
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::point::{GeneratorAt, Growth, Phase};
    use super::*;
    use crate::metrics::{Latency, Tally};

    fn point(rate_per_s: f64, outcome: Outcome, median_us: u64) -> Point {
        Point {
            number: 1,
            phase: Phase::Climb,
            rate_per_s,
            outcome,
            reason: String::new(),
            started_s: 0.0,
            lasted_s: 10.0,
            ended: Ended::Decided,
            steady_from_s: None,
            judged_s: 10.0,
            achieved_per_s: rate_per_s,
            requests_per_s: rate_per_s,
            requests: 100,
            failed: 0,
            error_rate: Some(0.0),
            response_us: Latency::default(),
            service_us: Latency { count: 100, p50: median_us, ..Latency::default() },
            in_flight: 1.0,
            growth: Growth::default(),
            evidence: None,
            gates: Vec::new(),
            generator: GeneratorAt::default(),
            refused: 0,
            retry_after_s: None,
            recovery: None,
        }
    }

    fn refused(retry_after_s: Option<f64>) -> Point {
        Point { refused: 3, retry_after_s, ..point(100.0, Outcome::Breaks, 900) }
    }

    /// A second in which requests took so long, the last `failed` of them in vain.
    fn second(times_us: &[u64], failed: u64) -> Second {
        // Two steps, as both are looked at.
        let mut tally = Tally::new(2);
        for (number, us) in times_us.iter().enumerate() {
            let step = &mut tally.steps[number % 2];
            step.requests += 1;
            step.service.record(*us);
        }
        tally.steps[0].failed = failed;
        Second { tally: Arc::new(tally), ..Second::default() }
    }

    fn calm(us: u64) -> Second {
        second(&[us; 5], 0)
    }

    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn it_is_waited_for_after_what_was_too_much_and_not_between_two_that_held() {
        assert!(!needed(None), "nothing was sent yet");
        assert!(!needed(Some(&point(100.0, Outcome::Holds, 900))));
        for outcome in [Outcome::Breaks, Outcome::Unclear, Outcome::Generator] {
            assert!(needed(Some(&point(100.0, outcome, 900))), "{outcome:?}");
        }
        assert!(needed(Some(&Point { outcome: Outcome::Holds, ..refused(None) })));
    }

    #[test]
    fn a_retry_after_is_respected_whole_or_not_waited_for_at_all() {
        assert_eq!(Respite::after(&point(100.0, Outcome::Breaks, 900)), Respite::NONE);
        let ended = Point { ended: Ended::Refused, ..point(100.0, Outcome::Breaks, 900) };
        let held = Point { outcome: Outcome::Holds, ..refused(Some(3.0)) };
        for (point, wanted_ms, is_asked) in [
            (ended, 1_000, false),
            (refused(None), 1_000, false),
            (refused(Some(0.0)), 1_000, false),
            (refused(Some(-4.0)), 1_000, false),
            (refused(Some(f64::NAN)), 1_000, false),
            (refused(Some(4.5)), 4_500, true),
            (refused(Some(86_400.0)), 86_400_000, true),
            (held, 3_000, true),
        ] {
            let wait = Duration::from_millis(wanted_ms);
            assert_eq!(Respite::after(&point), Respite { wait, is_asked }, "{:?}", point.retry_after_s);
        }
        let (five, forever) = (Duration::from_secs(5), Respite::after(&refused(Some(f64::INFINITY))));
        assert!(!forever.leaves_room(TEN, five) && forever.is_asked);
        assert!(Respite::asked_for(5.0).leaves_room(TEN, five));
        assert!(!Respite::asked_for(6.0).leaves_room(TEN, five), "no load fits behind it");
    }

    #[test]
    fn a_trickle_that_is_asked_to_wait_ends_at_once() {
        let mut trickle = Recovering::new(Some(1_000), TEN);
        let mut tally = Tally::clone(&calm(900).tally);
        tally.note_refusal(Some(Duration::from_secs(7)));
        assert_eq!(trickle.see(&Second { tally: Arc::new(tally), ..Second::default() }), Progress::GivenUp);
        assert_eq!(trickle.see(&calm(900)), Progress::GivenUp, "it stays");
    }

    #[test]
    fn a_trickle_is_a_tenth_of_what_comes_next_within_bounds() {
        for (next, to, wanted) in [
            (50.0, 2_000.0, 5.0),
            (4_000.0, 5_000.0, 10.0),
            (12.0, 2_000.0, 2.0),
            (4.0, 2_000.0, 2.0),
            (1.0, 2_000.0, 0.5),
            (20.0, 1.5, 1.5),
        ] {
            assert_eq!(rate(next, to), wanted, "{next}/s of at most {to}/s");
        }
    }

    #[test]
    fn a_trickle_takes_half_a_minute_and_a_fifth_of_what_is_left_at_the_most() {
        for (left_s, wanted_s) in [(300, 30), (60, 12), (9, 1), (4, 0), (0, 0)] {
            assert_eq!(longest(Duration::from_secs(left_s)), Duration::from_secs(wanted_s), "{left_s}s left");
        }
    }

    #[test]
    fn the_floor_is_that_of_the_quietest_load_that_was_borne() {
        assert_eq!(floor_us(&[]), None);
        let refusing = point(5.0, Outcome::Breaks, 100);
        let silent = Point { service_us: Latency::default(), ..point(4.0, Outcome::Holds, 0) };
        assert_eq!(floor_us(&[refusing.clone(), silent.clone()]), None, "neither says how fast it is");
        let warmer = point(40.0, Outcome::Holds, 700);
        let points = [refusing, silent, warmer, point(10.0, Outcome::Holds, 1_500), point(20.0, Outcome::Holds, 1_400)];
        assert_eq!(floor_us(&points), Some(1_500));
    }

    #[test]
    fn a_target_has_recovered_when_it_is_as_fast_as_at_its_floor() {
        // Half as much again, and two milliseconds more for one that answers in no time.
        for (floor_us, highest_us) in [(20_000, 30_000), (500, 2_500), (0, 2_000)] {
            let mut trickle = Recovering::new(Some(floor_us), TEN);
            assert_eq!(trickle.see(&calm(highest_us + 1)), Progress::GoOn, "{floor_us}");
            assert_eq!(trickle.see(&calm(highest_us)), Progress::Recovered { median_us: highest_us });
            assert_eq!(trickle.see(&calm(9_000_000)), Progress::Recovered { median_us: highest_us }, "it stays");
            let waited = Duration::from_millis(3_500);
            let kept = Recovery { waited_s: 3.5, median_us: Some(highest_us), recovered: true };
            assert_eq!(trickle.finish(waited), kept);
        }
    }

    #[test]
    fn one_slow_request_of_several_does_not_matter_and_a_failed_one_does() {
        let mut trickle = Recovering::new(Some(1_000), TEN);
        assert_eq!(trickle.see(&second(&[900, 900, 900], 1)), Progress::GoOn);
        assert_eq!(trickle.see(&second(&[900, 901, 80_000], 0)), Progress::Recovered { median_us: 901 });
    }

    #[test]
    fn a_target_that_still_refuses_has_not_recovered_though_nothing_fails() {
        let mut trickle = Recovering::new(Some(1_000), TEN);
        let mut tally = Tally::clone(&calm(900).tally);
        tally.note_refusal(None);
        assert_eq!(trickle.see(&Second { tally: Arc::new(tally), ..Second::default() }), Progress::GoOn);
        assert_eq!(trickle.see(&calm(900)), Progress::Recovered { median_us: 900 });
    }

    #[test]
    fn seconds_with_too_few_requests_are_looked_at_together() {
        let mut trickle = Recovering::new(Some(1_000), TEN);
        assert_eq!(trickle.see(&second(&[], 0)), Progress::GoOn);
        assert_eq!(trickle.see(&second(&[900, 900], 1)), Progress::GoOn);
        assert_eq!(trickle.see(&second(&[900], 0)), Progress::GoOn, "one of these three failed");
        assert_eq!(trickle.see(&second(&[900, 900], 0)), Progress::GoOn, "the three before are no part of it");
        assert_eq!(trickle.see(&second(&[900], 0)), Progress::Recovered { median_us: 900 });
    }

    #[test]
    fn it_is_given_up_when_its_time_is_over_and_not_before() {
        let silent = || Recovering::new(Some(1_000), Duration::from_secs(3));
        let mut trickle = silent();
        assert_eq!([0; 3].map(|_| trickle.see(&second(&[], 0))), [Progress::GoOn, Progress::GoOn, Progress::GivenUp]);
        assert_eq!(trickle.see(&calm(900)), Progress::GivenUp, "it stays");
        let nothing = Recovery { waited_s: 3.0, median_us: None, recovered: false };
        assert_eq!(trickle.finish(Duration::from_secs(3)), nothing);
        let mut trickle = silent();
        assert_eq!([0; 2].map(|_| trickle.see(&calm(90_000))), [Progress::GoOn; 2]);
        assert_eq!(trickle.see(&calm(900)), Progress::Recovered { median_us: 900 }, "the last second counts");
        let mut trickle = silent();
        assert_eq!([0; 3].map(|_| trickle.see(&calm(90_000)))[2], Progress::GivenUp);
        let slow = Recovery { waited_s: 3.0, median_us: Some(90_000), recovered: false };
        assert_eq!(trickle.finish(Duration::from_secs(3)), slow);
    }

    #[test]
    fn without_a_floor_it_has_recovered_when_it_no_longer_gets_faster() {
        let mut trickle = Recovering::new(None, TEN);
        for us in [900_000, 500_000, 250_000, 60_000, 600_000] {
            assert_eq!(trickle.see(&calm(us)), Progress::GoOn, "{us}");
        }
        assert_eq!(trickle.see(&calm(50_000)), Progress::GoOn, "it was slower just before");
        assert_eq!(trickle.see(&calm(48_000)), Progress::Recovered { median_us: 48_000 });
    }
}
