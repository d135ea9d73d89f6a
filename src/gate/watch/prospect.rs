//! What a run may still bring: whether a gate that is broken now can hold at the end.

use std::time::Duration;

use super::super::budget::Budget;
use super::super::figure::least_samples;
use super::super::{Gate, NamedGate};
use super::counted::Counted;

/// What a plan says of the load that a gate is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prospect {
    /// When what is judged begins, from the start of the load.
    pub judged_from: Duration,
    /// When its last journey is due or may start; none if that is not known beforehand.
    pub ends: Option<Duration>,
    /// The same, where it may be earlier.
    pub ends_at_the_latest: Option<Duration>,
    /// The loads whose journeys come to the gate's steps.
    pub supplies: Vec<Supply>,
    /// The journeys of all loads, if they are counted.
    pub all_journeys: Option<u64>,
    /// The most samples of the gate's figure that one journey can give.
    pub samples_per_journey: u64,
}

/// How much may come of one load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// So many journeys.
    Journeys(u64),
    /// Journeys of so many users until this time.
    Time {
        /// When users stop starting journeys.
        ends: Duration,
        /// How many there are.
        users: u64,
    },
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// The time that is over.
    pub(super) seconds: u64,
    /// Journeys that came to an end, those of the warm-up included.
    pub(super) journeys_ended: u64,
    /// Samples of the gate's figure in the second that had most.
    pub(super) busiest: u64,
}

impl Prospect {
    /// How many samples may still come, at the most; an estimate where a load is bounded by time alone.
    pub(super) fn remaining(&self, progress: Progress) -> u64 {
        let each = self.samples_per_journey;
        let of = |supply: &Supply| match supply {
            Supply::Journeys(journeys) => journeys.saturating_mul(each),
            Supply::Time { ends, users } => {
                let left = ends.saturating_sub(Duration::from_secs(progress.seconds));
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                seconds.saturating_mul(progress.busiest).saturating_add(users.saturating_mul(each))
            }
        };
        let at_most = self.supplies.iter().map(of).fold(0, u64::saturating_add);
        // Journeys that are over give nothing more, whichever load they were of.
        match self.all_journeys {
            Some(all) => at_most.min(all.saturating_sub(progress.journeys_ended).saturating_mul(each)),
            None => at_most,
        }
    }

    /// Whether `named`, of which so much was `counted` so far, is broken and stays so whatever may still come.
    pub(super) fn is_lost(&self, named: &NamedGate, counted: &Counted, progress: Progress) -> bool {
        let gate = &named.gate;
        let time = Duration::from_secs(progress.seconds).saturating_sub(self.judged_from);
        if !is_broken(gate, counted, time) {
            return false;
        }
        let best = counted.with_good(gate.metric, self.remaining(progress));
        best.figure(gate, time).is_some_and(|figure| is_surely_broken(gate, figure, counted))
    }
}

/// The fewest samples by which `gate` is judged.
pub(in crate::gate) fn fewest(gate: &Gate) -> u64 {
    least_samples(gate.metric).max(gate.options.at_least.unwrap_or(0))
}

/// Whether enough was counted in `time` to say that `gate` does not hold.
pub(super) fn is_broken(gate: &Gate, counted: &Counted, time: Duration) -> bool {
    let figure = counted.figure(gate, time).filter(|_| counted.samples(gate) >= fewest(gate));
    figure.is_some_and(|figure| !gate.holds(figure))
}

/// Whether `figure` breaks `gate` even if all that the generator was late is taken off it.
pub(super) fn is_surely_broken(gate: &Gate, figure: f64, counted: &Counted) -> bool {
    let is_in_doubt = || Budget::of_part(gate, figure, &counted.lag, None)?.doubt(gate, figure);
    !gate.holds(figure) && is_in_doubt().is_none()
}
