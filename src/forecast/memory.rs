//! What a run takes to remember: an estimate, from parts of which each is measured or follows from a type.
//!
//! How the measured ones were measured stands in `docs/plan.md`.

use std::time::Duration;

use crate::metrics::{RowDetail, Timeline, TimelineRow};
use crate::plan::Plan;

/// A journey under way with its connection: task, values, buffers for answers of a few KiB.
const CONNECTION_BYTES: u64 = 24 << 10;
/// The same with TLS.
const TLS_CONNECTION_BYTES: u64 = 34 << 10;
/// Response, service and first byte of the whole run, and response and service of three widths of rows.
const HISTOGRAMS_PER_STEP: u64 = 3 + 3 * 2;
/// What they take when a step's times lie between 1 ms and 100 ms, and every one of them has come.
const HISTOGRAM_BYTES: u64 = 56 << 10;
/// The same of one second of one worker: response, service and first byte, being written and handed in.
const SECOND_BYTES: u64 = 2 * 3 * (8 << 10);

/// What a row of all steps together has besides: classes of errors, and the bands of a heatmap.
const DETAIL_BYTES: u64 = size_of::<RowDetail>() as u64 + 24 * 16;

/// What a window keeps of one second: counts, and its times, of which there are two kinds for a time from the due moment.
const WINDOW_SECOND_BYTES: u64 = 1 << 10;
const WINDOW_TIMES_BYTES: u64 = 2 * (8 << 10);

/// Bytes, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// The program itself with this plan and its data files: what it takes now.
    pub program: u64,
    /// Journeys under way and their connections.
    pub connections: u64,
    /// Histograms of the steps, and what gates over time keep.
    pub figures: u64,
    /// A row for every second and step, wider ones for those long past.
    pub seconds: u64,
}

impl Memory {
    /// What `plan` takes with so many connections over so long, in a program that takes `program` already.
    pub(super) fn of(plan: &Plan, connections: u64, over: Duration, program: u64) -> Self {
        let each = match plan.target.endpoints.iter().any(|endpoint| endpoint.tls) {
            true => TLS_CONNECTION_BYTES,
            false => CONNECTION_BYTES,
        };
        let series = plan.series.count();
        let (steps, workers) = (series as u64, plan.limits.workers as u64);
        // One more is all steps together, and the send lag.
        let figures = (steps + 1) * (HISTOGRAMS_PER_STEP * HISTOGRAM_BYTES + workers * SECOND_BYTES);
        let windows: u64 = plan.windows().map(|(length, of_times)| window(length.min(over), of_times)).sum();
        let figures = figures.saturating_add(windows);
        let rows = Timeline::most_rows(series, over.as_secs());
        let details = (rows / (steps + 1)).saturating_mul(DETAIL_BYTES);
        Self {
            program,
            connections: connections.saturating_mul(each),
            figures,
            seconds: rows.saturating_mul(size_of::<TimelineRow>() as u64).saturating_add(details),
        }
    }

    /// All of it.
    pub fn whole(&self) -> u64 {
        [self.connections, self.figures, self.seconds].into_iter().fold(self.program, u64::saturating_add)
    }
}

/// A window's seconds, and its sums: two for each second of a block and one for each block, blocks being as long as the
/// root of it.
fn window(length: Duration, of_times: bool) -> u64 {
    let seconds = length.as_secs();
    let sums = 3 * ((seconds as f64).sqrt().ceil() as u64);
    match of_times {
        true => seconds * (WINDOW_SECOND_BYTES + WINDOW_TIMES_BYTES) + sums * 2 * HISTOGRAM_BYTES,
        false => (seconds + sums) * WINDOW_SECOND_BYTES,
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
        assert!(longer.seconds > 6 * small.seconds && longer.figures == small.figures);
        assert!(more_steps.figures > small.figures && more_steps.seconds > small.seconds);
        assert_eq!(small.whole(), small.program + small.connections + small.figures + small.seconds);
        let windows = |gate: &str| forecast(&format!("{}[gates]\ng = \"{gate}\"\n", load(2, "2h"))).memory.figures;
        assert!(windows("p95 < 1s over 1h") > 4 * windows("p95 < 1s over 10m") - 3 * windows("p95 < 1s"));
        assert!(windows("error_rate < 1% over 1h") - windows("p95 < 1s") < 8 << 20);
        let (hours, day) = (forecast(&load(2, "6h")).memory, forecast(&load(2, "24h")).memory);
        assert!(day.seconds < 2 * hours.seconds, "{hours:?} {day:?}");
    }
}
