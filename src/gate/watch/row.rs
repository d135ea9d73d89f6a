//! Failures one after the other, in the order in which steps came to an end, whoever did them.

use std::time::Duration;

use super::super::NamedGate;
use super::prospect::Prospect;
use crate::metrics::Outcome;

const SECOND_NS: u64 = 1_000_000_000;

/// The outcomes of one gate's steps, put in order as they come.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Outcomes that an earlier one may still come before.
    waiting: Vec<Outcome>,
    /// The row that goes on, and when it began.
    current: u64,
    began_ns: u64,
    /// When the load ends, or was ended: what comes in later has been under way for long, and comes one after the other
    /// since nothing new is between.
    ends_ns: Option<u64>,
    seen: Rows,
}

/// What was seen of failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::gate) struct Rows {
    /// Steps that came to an end.
    pub(in crate::gate) outcomes: u64,
    /// The longest row, and when it began, in nanoseconds from the start of the load.
    pub(in crate::gate) longest: u64,
    pub(in crate::gate) began_ns: u64,
    /// When a failure first made a row too long.
    pub(in crate::gate) broken_ns: Option<u64>,
}

impl Row {
    pub(super) fn new(prospect: &Prospect) -> Self {
        Self { ends_ns: prospect.ends.map(|ends| ends.as_nanos() as u64), ..Self::default() }
    }

    /// Nothing more is asked for from `after` on.
    pub(super) fn load_ended(&mut self, after: Duration) {
        let after_ns = after.as_nanos() as u64;
        self.ends_ns = Some(self.ends_ns.map_or(after_ns, |ends_ns| ends_ns.min(after_ns)));
    }

    /// Takes what came out in `second`, and counts all that nothing can come before any more.
    ///
    /// A worker hands in what it noticed in a second, which may have come at the end of the one before: so the order is
    /// known a second later.
    pub(super) fn take(&mut self, named: &NamedGate, second: u64, outcomes: &[Outcome]) {
        let meant = |outcome: &&Outcome| named.series.as_ref().is_none_or(|series| series.contains(&outcome.series));
        self.waiting.extend(outcomes.iter().filter(meant));
        self.count_before(named, second.saturating_mul(SECOND_NS));
    }

    /// All of it, once no more will come.
    pub(super) fn finish(&mut self, named: &NamedGate) -> Rows {
        self.count_before(named, u64::MAX);
        self.seen
    }

    /// When a failure first made a row too long.
    pub(super) fn broken_ns(&self) -> Option<u64> {
        self.seen.broken_ns
    }

    fn count_before(&mut self, named: &NamedGate, end_ns: u64) {
        self.waiting.sort_unstable();
        let ready = self.waiting.partition_point(|outcome| outcome.done_ns < end_ns || end_ns == u64::MAX);
        let ends_ns = self.ends_ns.unwrap_or(u64::MAX);
        let in_load = |outcome: &Outcome| outcome.done_ns < ends_ns;
        for Outcome { done_ns, failed, .. } in self.waiting.drain(..ready).filter(in_load) {
            self.seen.outcomes += 1;
            if !failed {
                self.current = 0;
                continue;
            }
            if self.current == 0 {
                self.began_ns = done_ns;
            }
            self.current += 1;
            if self.current > self.seen.longest {
                (self.seen.longest, self.seen.began_ns) = (self.current, self.began_ns);
            }
            if self.seen.broken_ns.is_none() && !named.gate.holds(self.current as f64) {
                self.seen.broken_ns = Some(done_ns);
            }
        }
    }
}
