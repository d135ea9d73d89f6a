//! All workers as one: merges snapshots as they come, wherever they come from.

use std::collections::BTreeMap;

use super::histogram::Latency;
use super::recorder::Snapshot;
use super::tally::Tally;
use super::timeline::Timeline;

/// The run so far.
#[derive(Debug)]
pub struct Aggregate {
    total: Tally,
    timeline: Timeline,
    /// Seconds that not every worker has handed in yet.
    open: BTreeMap<u64, Tally>,
    /// For each worker, the first second that it has not handed in yet.
    awaited: Vec<u64>,
}

/// The run so far, in the figures that a live view shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Seconds from the start that are complete.
    pub seconds: u64,
    /// Requests that came to an end.
    pub requests: u64,
    /// Of those, the failed ones.
    pub failed: u64,
    /// Journeys started in the last complete second.
    pub started_per_s: u64,
    /// Requests finished in the last complete second.
    pub requests_per_s: u64,
    /// Response times so far.
    pub response: Latency,
}

impl Aggregate {
    /// Nothing yet, of `workers` workers and `steps` steps.
    pub fn new(workers: usize, steps: usize) -> Self {
        let (total, timeline) = (Tally::new(steps), Timeline::default());
        Self { total, timeline, open: BTreeMap::new(), awaited: vec![0; workers] }
    }

    /// Takes one worker's second; says whether a second became complete by it.
    pub fn take(&mut self, snapshot: &Snapshot) -> bool {
        self.total.merge(&snapshot.tally);
        self.open.entry(snapshot.second).or_default().merge(&snapshot.tally);
        if let Some(awaited) = self.awaited.get_mut(snapshot.worker as usize) {
            *awaited = if snapshot.last { u64::MAX } else { snapshot.second + 1 };
        }
        let complete_before = self.awaited.iter().copied().min().unwrap_or(u64::MAX);
        self.close(complete_before)
    }

    /// The figures for a live view.
    pub fn live(&self) -> Live {
        let all = self.total.all_steps();
        let last = self.timeline.overall().last();
        Live {
            seconds: last.map_or(0, |row| row.second + 1),
            requests: all.requests,
            failed: all.failed,
            started_per_s: last.map_or(0, |row| row.started),
            requests_per_s: last.map_or(0, |row| row.requests),
            response: all.response.latency(),
        }
    }

    /// The run as a whole, once no more will come.
    pub fn finish(mut self) -> (Tally, Timeline) {
        self.close(u64::MAX);
        (self.total, self.timeline)
    }

    /// Moves the seconds before `end` to the timeline, in order.
    fn close(&mut self, end: u64) -> bool {
        let mut closed = false;
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() < end) {
            let (second, tally) = entry.remove_entry();
            self.timeline.push(second, &tally);
            closed = true;
        }
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(worker: u64, second: u64, started: u64, last: bool) -> Snapshot {
        let mut tally = Tally::new(1);
        tally.journeys_started = started;
        Snapshot { worker, second, tally, last }
    }

    #[test]
    fn a_second_is_shown_when_every_worker_has_handed_it_in() {
        let mut aggregate = Aggregate::new(2, 1);
        assert!(!aggregate.take(&snapshot(0, 0, 3, false)));
        assert!(!aggregate.take(&snapshot(0, 1, 5, false)));
        assert!(aggregate.take(&snapshot(1, 0, 4, false)));
        assert_eq!((aggregate.live().seconds, aggregate.live().started_per_s), (1, 7));
        let (total, timeline) = aggregate.finish();
        assert_eq!(total.journeys_started, 12);
        assert_eq!(timeline.overall().map(|row| row.started).collect::<Vec<_>>(), [7, 5]);
    }

    #[test]
    fn a_worker_that_is_done_early_leaves_no_second_twice() {
        let mut aggregate = Aggregate::new(2, 1);
        for (worker, second, last) in [(0, 0, true), (1, 0, false), (1, 1, false), (1, 2, true)] {
            aggregate.take(&snapshot(worker, second, 1, last));
        }
        let (_, timeline) = aggregate.finish();
        assert_eq!(
            timeline.overall().map(|row| (row.second, row.started)).collect::<Vec<_>>(),
            [(0, 2), (1, 1), (2, 1)]
        );
    }
}
