//! How much may happen at one time, chosen so that the generator is not the limit unless the file asks for it.

use std::time::Duration;

use super::load::PlannedLoad;
use super::step::Step;
use crate::load::Load;

/// What the machine gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Cores.
    pub cores: usize,
    /// Sockets that may be open at one time.
    pub sockets: u64,
}

/// How much may happen at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Threads that send, each with a runtime of its own.
    pub workers: usize,
    /// Journeys under way at one time, all workers together.
    pub max_in_flight: u64,
    /// How long journeys under way may take to finish after the last arrival.
    pub drain: Duration,
}

/// One worker keeps up with this many journeys a second with ease; more workers than needed only cost wake-ups.
const JOURNEYS_PER_S_AND_WORKER: f64 = 2_000.0;
/// More connections than this from one address to one port come close to the ephemeral ports that there are.
const MOST_IN_FLIGHT: u64 = 16_000;
const LEAST_IN_FLIGHT: u64 = 64;

pub(super) fn resolve(planned: &PlannedLoad, steps: &[Step], workers: Option<usize>, machine: &Machine) -> Limits {
    let longest_journey: Duration = steps.iter().map(|step| step.timeout).sum();
    let (wanted_workers, fitting_in_flight) = match &planned.load {
        Load::Once => (1, 1),
        Load::Closed(closed) => (machine.cores.min(closed.users as usize), closed.users),
        Load::Open(open) => {
            let peak = open.profile.peak_per_s();
            // As many as there would be if every request took its whole timeout, so that a slow target is seen as slow.
            let most = (peak * longest_journey.as_secs_f64()).ceil() as u64;
            let workers = (peak / JOURNEYS_PER_S_AND_WORKER).ceil() as usize;
            (workers.min(machine.cores), most.clamp(LEAST_IN_FLIGHT, MOST_IN_FLIGHT.min(machine.sockets)))
        }
    };
    let workers = match planned.load {
        Load::Once => 1,
        _ => workers.unwrap_or(wanted_workers).max(1),
    };
    // Every worker has at least one journey under way, or its arrivals would never start.
    let max_in_flight = planned.max_in_flight.unwrap_or(fitting_in_flight).max(1);
    let workers = workers.min(max_in_flight as usize);
    let drain = planned.drain.unwrap_or(longest_journey + Duration::from_secs(1));
    Limits { workers, max_in_flight, drain }
}
