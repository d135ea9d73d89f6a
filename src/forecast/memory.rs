//! What a run takes to remember: an estimate, from parts of which each is measured or follows from a type.
//!
//! How the measured ones were measured stands in `docs/plan.md`.

use std::time::Duration;

use crate::metrics::{Histogram, TimelineRow};
use crate::plan::Plan;

/// A journey under way with its connection: task, values, buffers for answers of a few KiB.
const CONNECTION_BYTES: u64 = 24 << 10;
/// The same with TLS.
const TLS_CONNECTION_BYTES: u64 = 34 << 10;
/// Response, service and first byte.
const HISTOGRAMS_PER_STEP: u64 = 3;
/// Books that each worker has open at one time: the one it writes, and the one it has handed in.
const BOOKS_PER_WORKER: u64 = 2;
/// Books of the run: all of it, and the second that is being closed.
const BOOKS_OF_ALL: u64 = 2;

/// Bytes, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// The program itself with this plan and its data files: what it takes now.
    pub program: u64,
    /// Journeys under way and their connections.
    pub connections: u64,
    /// Histograms of the steps.
    pub figures: u64,
    /// A row for every second and step.
    pub seconds: u64,
}

impl Memory {
    /// What `plan` takes with so many connections over so long, in a program that takes `program` already.
    pub(super) fn of(plan: &Plan, connections: u64, over: Duration, program: u64) -> Self {
        let each = match plan.target.endpoints.iter().any(|endpoint| endpoint.tls) {
            true => TLS_CONNECTION_BYTES,
            false => CONNECTION_BYTES,
        };
        let steps = plan.steps.len() as u64;
        let books = BOOKS_PER_WORKER * plan.limits.workers as u64 + BOOKS_OF_ALL;
        let rows = over.as_secs().saturating_add(1).saturating_mul(steps + 1);
        Self {
            program,
            connections: connections.saturating_mul(each),
            // One more is for the send lag.
            figures: (steps * HISTOGRAMS_PER_STEP + 1) * books * Histogram::bytes_in_use(),
            seconds: rows.saturating_mul(size_of::<TimelineRow>() as u64),
        }
    }

    /// All of it.
    pub fn whole(&self) -> u64 {
        [self.connections, self.figures, self.seconds].into_iter().fold(self.program, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use crate::forecast::fixture::{HOST, forecast};

    #[test]
    fn every_part_grows_with_what_it_is_for() {
        let load = |users: u64, duration: &str| {
            format!(
                "[load]\nmodel = \"closed\"\nusers = {users}\nduration = \"{duration}\"\ndrain = \"0s\"\n[[step]]\nget = \"/a\"\n"
            )
        };
        let small = forecast(&load(2, "10s")).memory;
        let more_users = forecast(&load(200, "10s")).memory;
        let longer = forecast(&load(2, "100s")).memory;
        let more_steps = forecast(&format!("{}[[step]]\nget = \"/b\"\n", load(2, "10s"))).memory;
        assert_eq!(small.program, HOST.resident_bytes);
        assert_eq!(more_users.connections, 100 * small.connections);
        assert!(longer.seconds > 9 * small.seconds && longer.figures == small.figures);
        assert!(more_steps.figures > small.figures && more_steps.seconds > small.seconds);
        assert_eq!(small.whole(), small.program + small.connections + small.figures + small.seconds);
        // 23,552 counters of 8 bytes: see the bounds in metrics/histogram.rs.
        assert!((184..190).contains(&(crate::metrics::Histogram::bytes_in_use() >> 10)));
    }
}
