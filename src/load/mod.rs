//! When journeys start: pure arithmetic, no clock, no I/O.
//!
//! Takes a load as planned and a seed, gives arrivals: arrival k's due time is a function of (load, seed, k) alone,
//! so nothing that a target does can move it, and any number of workers can share one schedule without talking.

mod open;
mod profile;
mod shard;

pub use open::{Arrivals, Open, Pacing, Schedule};
pub use profile::{RateProfile, Segment};
pub use shard::Shard;

use std::time::Duration;

/// The moment at which a journey is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Which arrival of the run this is, from zero, over all shards.
    pub index: u64,
    /// When it is due, from the start of the load.
    pub due: Duration,
}

/// When journeys start.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    /// Every flow once, in order.
    Once,
    /// On a schedule that the target cannot slow down.
    Open(Open),
    /// Whenever one of a fixed number of users is done with its last journey.
    Closed(Closed),
}

/// A load whose rate the target decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Virtual users, each with one journey under way at a time.
    pub users: u64,
    /// When users stop starting journeys.
    pub until: Until,
    /// Journeys started per second at the most, all users together.
    pub max_rate: Option<f64>,
    /// What a user's journeys extracted, and its cookies, are kept for its next journey.
    pub keep_state: bool,
}

/// The end of a closed load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this many journeys, or after the time if one is given.
    Iterations(u64, Option<Duration>),
}

impl Load {
    /// How long journeys are started, where that is known beforehand.
    pub fn duration(&self) -> Option<Duration> {
        match self {
            Self::Once => None,
            Self::Open(open) => Some(open.profile.duration()),
            Self::Closed(Closed { until: Until::Elapsed(duration), .. }) => Some(*duration),
            Self::Closed(Closed { until: Until::Iterations(_, duration), .. }) => *duration,
        }
    }

    /// How many journeys will be started, where that is known beforehand.
    pub fn journeys(&self) -> Option<u64> {
        match self {
            Self::Once => None,
            Self::Open(open) => Some(open.count()),
            Self::Closed(Closed { until: Until::Iterations(iterations, None), .. }) => Some(*iterations),
            Self::Closed(_) => None,
        }
    }

    /// One word for the model.
    pub fn model(&self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Open(_) => "open",
            Self::Closed(_) => "closed",
        }
    }
}
