//! What the generator knows of itself: its own part in what was measured.

use std::time::Duration;

/// What the generator knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Generator {
    /// Workers, each with a core of its own if the machine has it.
    pub workers: usize,
    /// CPU time of the workers per elapsed time and worker: 1.0 is a full core each.
    pub cpu_share: f64,
    /// CPU time of all workers.
    pub cpu: Duration,
    /// The process's highest resident memory; zero where the system does not tell.
    pub peak_rss_bytes: u64,
    /// Journeys under way at one time, at the most (the sum over workers of each one's highest).
    pub peak_in_flight: u64,
    /// What `peak_in_flight` was allowed to be.
    pub max_in_flight: u64,
    /// Arrivals that waited because as many journeys as allowed were under way.
    pub waited_for_slot: u64,
}
