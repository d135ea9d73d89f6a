//! How much may happen at one time, chosen so that the generator is not the limit unless the file asks for it.

use std::time::Duration;

use super::load::PlannedLoad;
use super::step::Step;
use super::stream::Stream;
use crate::load::Load;
use crate::scenario::{LoadSection, Spanned};
use crate::values::Resolver;

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
    /// Journeys under way at one time, all workers and streams together.
    pub max_in_flight: u64,
}

/// One worker keeps up with this many requests a second with ease; more workers than needed only cost wake-ups.
const REQUESTS_PER_S_AND_WORKER: f64 = 10_000.0;
/// More connections than this from one address to one port come close to the ephemeral ports that there are.
const MOST_IN_FLIGHT: u64 = 16_000;
const LEAST_IN_FLIGHT: u64 = 64;
/// Nobody waits longer than this for the last answers.
const LONGEST_DRAIN: Duration = Duration::from_secs(3_600);

/// Refuses what this machine cannot hold, beside the connections of other loads that are `taken`: it would fail as if the
/// target had. Gives what is taken then.
pub(super) fn check(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<LoadSection>>,
    planned: &PlannedLoad,
    taken: u64,
    machine: &Machine,
) -> u64 {
    let own = match &planned.load {
        Load::Closed(closed) => closed.users,
        Load::Once | Load::Open(_) => planned.max_in_flight.unwrap_or(0),
    };
    let asked = taken.saturating_add(own);
    if let Some(written) = written.filter(|_| asked > machine.sockets) {
        let message = format!("{asked} connections at one time are more than this machine allows: {}", machine.sockets);
        resolver.mistake(
            written.span(),
            message,
            "raise the limit on open files (ulimit -n), or lower users or max_in_flight",
        );
    }
    asked
}

/// The journeys of one stream under way at one time, and how long they may take to finish.
pub(super) fn of_stream<'s>(
    planned: &PlannedLoad,
    journeys: impl Iterator<Item = &'s [Step]>,
    machine: &Machine,
) -> (u64, Duration) {
    let longest_journey = journeys.map(Step::longest_of).max().unwrap_or_default();
    let fitting = match &planned.load {
        Load::Once => 1,
        Load::Closed(closed) => closed.users,
        Load::Open(open) => {
            // As many as there would be if every request took its whole timeout, so that a slow target is seen as slow.
            let most = (open.profile.peak_per_s() * longest_journey.as_secs_f64().min(3_600.0)).ceil() as u64;
            let allowed = MOST_IN_FLIGHT.min(machine.sockets).max(1);
            most.clamp(LEAST_IN_FLIGHT.min(allowed), allowed)
        }
    };
    let drain = planned.drain.unwrap_or(longest_journey.saturating_add(Duration::from_secs(1))).min(LONGEST_DRAIN);
    (planned.max_in_flight.unwrap_or(fitting).max(1), drain)
}

/// What all streams have together; `requests_of` says how many requests a journey of a stream has.
pub(super) fn resolve(
    streams: &[Stream],
    requests_of: impl Fn(&Stream) -> usize,
    workers: Option<usize>,
    machine: &Machine,
) -> Limits {
    let wanted = |stream: &Stream| match &stream.load {
        Load::Once => 1,
        Load::Closed(closed) => machine.cores.min(closed.users as usize),
        Load::Open(open) => {
            (open.profile.peak_per_s() * requests_of(stream) as f64 / REQUESTS_PER_S_AND_WORKER).ceil() as usize
        }
    };
    let max_in_flight = streams.iter().map(|stream| stream.max_in_flight).sum();
    let workers = match streams {
        [Stream { load: Load::Once, .. }] => 1,
        _ => workers.unwrap_or_else(|| streams.iter().map(wanted).sum::<usize>().min(machine.cores)).max(1),
    };
    // A worker without a journey of its own would only cost wake-ups.
    let useful = streams.iter().map(|stream| stream.max_in_flight).max().unwrap_or(1).max(1);
    Limits { workers: workers.min(useful as usize), max_in_flight }
}
