//! How much may happen at one time, chosen so that the generator is not the limit unless the file asks for it.

use std::time::Duration;

use super::flow::Flow;
use super::load::PlannedLoad;
use super::resolver::Resolver;
use super::step::Step;
use crate::load::Load;
use crate::scenario::{LoadSection, Spanned};

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
/// Nobody waits longer than this for the last answers.
const LONGEST_DRAIN: Duration = Duration::from_secs(3_600);

/// Refuses what this machine cannot hold: it would fail as if the target had.
pub(super) fn check(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<LoadSection>>,
    planned: &PlannedLoad,
    machine: &Machine,
) {
    let asked = match &planned.load {
        Load::Closed(closed) => closed.users,
        Load::Once | Load::Open(_) => planned.max_in_flight.unwrap_or(0),
    };
    if let Some(written) = written.filter(|_| asked > machine.sockets) {
        let message = format!("{asked} connections at one time are more than this machine allows: {}", machine.sockets);
        resolver.mistake(
            written.span(),
            message,
            "raise the limit on open files (ulimit -n), or lower users or max_in_flight",
        );
    }
}

pub(super) fn resolve(
    planned: &PlannedLoad,
    steps: &[Step],
    flows: &[Flow],
    workers: Option<usize>,
    machine: &Machine,
) -> Limits {
    let longest = |flow: &Flow| {
        steps[flow.steps.clone()].iter().map(Step::longest).fold(Duration::ZERO, Duration::saturating_add)
    };
    let longest_journey: Duration = flows.iter().map(longest).max().unwrap_or_default();
    let (wanted_workers, fitting_in_flight) = match &planned.load {
        Load::Once => (1, 1),
        Load::Closed(closed) => (machine.cores.min(closed.users as usize), closed.users),
        Load::Open(open) => {
            let peak = open.profile.peak_per_s();
            // As many as there would be if every request took its whole timeout, so that a slow target is seen as slow.
            let most = (peak * longest_journey.as_secs_f64().min(3_600.0)).ceil() as u64;
            let workers = (peak / JOURNEYS_PER_S_AND_WORKER).ceil() as usize;
            let allowed = MOST_IN_FLIGHT.min(machine.sockets).max(1);
            (workers.min(machine.cores), most.clamp(LEAST_IN_FLIGHT.min(allowed), allowed))
        }
    };
    let workers = match planned.load {
        Load::Once => 1,
        _ => workers.unwrap_or(wanted_workers).max(1),
    };
    // Every worker has at least one journey under way, or its arrivals would never start.
    let max_in_flight = planned.max_in_flight.unwrap_or(fitting_in_flight).max(1);
    let workers = workers.min(max_in_flight as usize);
    let drain = planned.drain.unwrap_or(longest_journey.saturating_add(Duration::from_secs(1))).min(LONGEST_DRAIN);
    Limits { workers, max_in_flight, drain }
}
