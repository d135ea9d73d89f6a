//! The open model: a schedule of due times that follows from (profile, arrivals, seed) alone.

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_pcg::Pcg64Mcg;

use super::profile::{Cursor, RateProfile};
use super::{Arrival, Shard};

/// More random arrivals than this are not counted beforehand.
const MOST_COUNTED: f64 = 1e6;

/// How arrivals are spread around the planned rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// One after each equal share of the planned total.
    Even,
    /// As independent people arrive: a Poisson process of the planned rate.
    Poisson,
}

/// How much CPU punctuality is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// A wake for every due time; at high rates those that are close together share one.
    #[default]
    Default,
    /// Awake a little before every due time, waiting for it without sleeping.
    Precise,
    /// At most a thousand wakes a second, whatever the rate.
    Economy,
}

/// A load on a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The planned rate over time.
    pub profile: RateProfile,
    /// How arrivals are spread around it.
    pub arrivals: Arrivals,
    /// What a random spread follows.
    pub seed: u64,
    /// How much CPU punctuality is worth.
    pub pacing: Pacing,
}

impl Open {
    /// The arrivals that belong to `shard`, in order.
    pub fn schedule(&self, shard: Shard) -> Schedule<'_> {
        let draws = match self.arrivals {
            Arrivals::Even => None,
            Arrivals::Poisson => Some((Pcg64Mcg::seed_from_u64(self.seed), 0.0)),
        };
        Schedule { open: self, shard, draws, cursor: Cursor::default(), next: 0 }
    }

    /// How many arrivals there are, and whether they were counted: random ones are drawn one by one for that, which a
    /// great many are not worth.
    pub fn foreseen(&self) -> (u64, bool) {
        match self.arrivals {
            Arrivals::Poisson if self.profile.expected() > MOST_COUNTED => (self.profile.expected() as u64, false),
            Arrivals::Even | Arrivals::Poisson => (self.count(), true),
        }
    }

    /// How many arrivals there are in all.
    pub fn count(&self) -> u64 {
        match self.arrivals {
            // The tolerance is the cursor's: an arrival at the very end is not part of the load.
            Arrivals::Even => (self.profile.expected() * (1.0 - 1e-12)).ceil() as u64,
            Arrivals::Poisson => self.schedule(Shard::WHOLE).count() as u64,
        }
    }
}

/// The arrivals of one shard, in order.
#[derive(Debug, Clone)]
pub struct Schedule<'a> {
    open: &'a Open,
    shard: Shard,
    /// The generator and the sum of the unit-exponential gaps so far; none for even arrivals.
    draws: Option<(Pcg64Mcg, f64)>,
    cursor: Cursor,
    next: u64,
}

impl Schedule<'_> {
    /// How many arrivals are still to come.
    pub fn remaining(self) -> u64 {
        match self.open.arrivals {
            Arrivals::Even => {
                let taken = (self.next + self.shard.of - 1).saturating_sub(self.shard.index) / self.shard.of;
                self.shard.share(self.open.count()).saturating_sub(taken)
            }
            Arrivals::Poisson => self.count() as u64,
        }
    }

    fn next_of_all(&mut self) -> (u64, f64) {
        let index = self.next;
        self.next += 1;
        let area = match &mut self.draws {
            None => index as f64,
            Some((random, sum)) => {
                let gap: f64 = Exp1.sample(random);
                *sum += gap;
                *sum
            }
        };
        (index, area)
    }
}

impl Iterator for Schedule<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        // Every shard draws every gap, so that arrival k is due at the same time however many shards there are.
        loop {
            let (index, area) = self.next_of_all();
            if self.shard.owns(index) {
                let due = self.cursor.time_of(&self.open.profile, area)?;
                return Some(Arrival { index, due });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::load::Segment;

    fn open(arrivals: Arrivals, per_s: f64, seconds: u64) -> Open {
        Open {
            profile: RateProfile::constant(per_s, Duration::from_secs(seconds)),
            arrivals,
            seed: 7,
            pacing: Pacing::Default,
        }
    }

    #[test]
    fn even_arrivals_are_the_rate_times_the_duration() {
        let load = open(Arrivals::Even, 1000.0, 20);
        assert_eq!(load.count(), 20_000);
        let last = load.schedule(Shard::WHOLE).last().unwrap();
        assert_eq!((last.index, last.due.as_millis()), (19_999, 19_999));
    }

    #[test]
    fn poisson_arrivals_have_the_rate_on_average_and_exponential_gaps() {
        let load = open(Arrivals::Poisson, 1000.0, 60);
        let due: Vec<f64> = load.schedule(Shard::WHOLE).map(|arrival| arrival.due.as_secs_f64()).collect();
        // Five standard deviations of a Poisson count.
        assert!((due.len() as f64 - 60_000.0).abs() < 5.0 * 60_000f64.sqrt(), "{}", due.len());
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.03, "an exponential's deviation equals its mean");
    }

    #[test]
    fn a_rate_of_zero_has_no_arrivals() {
        for arrivals in [Arrivals::Even, Arrivals::Poisson] {
            assert_eq!(open(arrivals, 0.0, 5).count(), 0);
            assert_eq!(open(arrivals, 0.0, 5).schedule(Shard::WHOLE).next(), None);
        }
    }

    fn any_open() -> impl Strategy<Value = Open> {
        let segment = (1u64..3_000, 0.0..300.0, 0.0..300.0);
        (prop::collection::vec(segment, 1..5), any::<bool>(), any::<u64>()).prop_map(|(segments, even, seed)| {
            let segments = segments
                .into_iter()
                .map(|(ms, from_per_s, to_per_s)| Segment { over: Duration::from_millis(ms), from_per_s, to_per_s })
                .collect();
            let arrivals = if even { Arrivals::Even } else { Arrivals::Poisson };
            Open { profile: RateProfile::new(segments), arrivals, seed, pacing: Pacing::Default }
        })
    }

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_due_times(load in any_open()) {
            let again = load.clone();
            prop_assert!(load.schedule(Shard::WHOLE).eq(again.schedule(Shard::WHOLE)));
        }

        #[test]
        fn shards_are_disjoint_and_complete(load in any_open(), of in 1u64..9) {
            let whole: Vec<Arrival> = load.schedule(Shard::WHOLE).collect();
            let mut dealt: Vec<Arrival> = Shard::all(of).flat_map(|shard| load.schedule(shard)).collect();
            dealt.sort_by_key(|arrival| arrival.index);
            prop_assert_eq!(dealt, whole);
        }

        #[test]
        fn what_remains_is_what_is_still_to_come(load in any_open(), of in 1u64..9, index in 0u64..9, taken in 0usize..50) {
            let mut schedule = load.schedule(Shard { index: index % of, of });
            schedule.by_ref().take(taken).for_each(drop);
            prop_assert_eq!(schedule.clone().remaining(), schedule.count() as u64);
        }

        #[test]
        fn due_times_are_in_order_and_within_the_duration(load in any_open()) {
            let due: Vec<Duration> = load.schedule(Shard::WHOLE).map(|arrival| arrival.due).collect();
            prop_assert!(due.is_sorted());
            prop_assert!(due.last().is_none_or(|last| *last <= load.profile.duration()));
            prop_assert_eq!(due.len() as u64, load.count());
        }

        #[test]
        fn shares_add_up(total in 0u64..1_000_000, of in 1u64..64) {
            prop_assert_eq!(Shard::all(of).map(|shard| shard.share(total)).sum::<u64>(), total);
        }
    }
}
