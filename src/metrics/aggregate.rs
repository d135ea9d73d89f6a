//! All workers as one: merges snapshots as they come, wherever they come from.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::batches::Batches;
use super::histogram::Latency;
use super::history::History;
use super::outcome::Outcome;
use super::recorder::Snapshot;
use super::sample::Sample;
use super::tally::{StepTally, Tally};
use super::timeline::Timeline;

/// The run so far.
#[derive(Debug)]
pub struct Aggregate {
    total: Tally,
    /// All requests of the complete seconds as one, those of the warm-up included.
    all: StepTally,
    history: History,
    batches: Batches,
    /// The last complete second: its number, the journeys started and the requests finished in it.
    last: Option<(u64, u64, u64)>,
    /// Seconds that not every worker has handed in yet.
    open: BTreeMap<u64, (Tally, Vec<Outcome>, Vec<Sample>)>,
    /// For each worker, the first second that it has not handed in yet.
    awaited: Vec<u64>,
}

/// A second that every worker has handed in; whoever looks at it may keep it.
#[derive(Debug, Clone, Default)]
pub struct Second {
    /// Which it is, from the start of the load.
    pub number: u64,
    /// What was counted in it.
    pub tally: Arc<Tally>,
    /// How steps came out one by one in it, of the series that are logged; in no order.
    pub outcomes: Arc<[Outcome]>,
    /// Its requests one by one, if they are asked for and there is room for them; in no order.
    pub samples: Arc<[Sample]>,
}

/// The run so far, in the figures that a live view shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Seconds from the start that are complete.
    pub seconds: u64,
    /// Requests that came to an end in them.
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
    /// Nothing yet, of `workers` workers and `series` series of steps.
    pub fn new(workers: usize, series: usize) -> Self {
        Self {
            total: Tally::new(series),
            all: StepTally::default(),
            history: History::new(series),
            batches: Batches::new(series),
            last: None,
            open: BTreeMap::new(),
            awaited: vec![0; workers],
        }
    }

    /// Takes one worker's second; shows `seen` the seconds that became complete by it, in order, and says whether there
    /// was one.
    pub fn take(&mut self, snapshot: Snapshot, seen: impl FnMut(&Second)) -> bool {
        self.total.merge(&snapshot.tally);
        match self.open.entry(snapshot.second) {
            Entry::Vacant(place) => drop(place.insert((snapshot.tally, snapshot.outcomes, snapshot.samples))),
            Entry::Occupied(mut open) => {
                let (tally, outcomes, samples) = open.get_mut();
                tally.merge(&snapshot.tally);
                outcomes.extend(snapshot.outcomes);
                samples.extend(snapshot.samples);
            }
        }
        if let Some(awaited) = self.awaited.get_mut(snapshot.worker as usize) {
            *awaited = if snapshot.last { u64::MAX } else { snapshot.second + 1 };
        }
        let complete_before = self.awaited.iter().copied().min().unwrap_or(u64::MAX);
        self.close(complete_before, seen)
    }

    /// The figures for a live view.
    pub fn live(&self) -> Live {
        let (seconds, started_per_s, requests_per_s) =
            self.last.map_or((0, 0, 0), |(second, started, requests)| (second + 1, started, requests));
        let all = &self.all;
        let (requests, failed, response) = (all.requests, all.failed, all.response.latency());
        Live { seconds, requests, failed, started_per_s, requests_per_s, response }
    }

    /// The run as a whole, once no more will come.
    pub fn finish(mut self) -> (Tally, Timeline, Batches) {
        self.close(u64::MAX, |_| {});
        (self.total, self.history.finish(), self.batches)
    }

    /// Moves the seconds before `end` to the history, in order.
    fn close(&mut self, end: u64, mut seen: impl FnMut(&Second)) -> bool {
        let mut closed = false;
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() < end) {
            let (second, (tally, outcomes, samples)) = entry.remove_entry();
            let mut all = tally.all_steps();
            all.merge(&tally.warm_up.requests);
            self.history.push(second, &tally, &all);
            self.batches.push(second, &tally);
            self.last = Some((second, tally.journeys_started, all.requests));
            self.all.merge(&all);
            seen(&Second {
                number: second,
                tally: Arc::new(tally),
                outcomes: outcomes.into(),
                samples: samples.into(),
            });
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
        Snapshot { worker, second, tally, outcomes: Vec::new(), samples: Vec::new(), last }
    }

    #[test]
    fn a_second_is_shown_when_every_worker_has_handed_it_in() {
        let mut aggregate = Aggregate::new(2, 1);
        assert!(!aggregate.take(snapshot(0, 0, 3, false), |_| {}));
        assert!(!aggregate.take(snapshot(0, 1, 5, false), |_| {}));
        assert!(aggregate.take(snapshot(1, 0, 4, false), |_| {}));
        assert_eq!((aggregate.live().seconds, aggregate.live().started_per_s), (1, 7));
        let (total, timeline, _) = aggregate.finish();
        assert_eq!(total.journeys_started, 12);
        assert_eq!(timeline.overall().map(|row| row.started).collect::<Vec<_>>(), [7, 5]);
    }

    #[test]
    fn an_hour_of_two_workers_stay_small_and_lose_nothing() {
        let mut aggregate = Aggregate::new(2, 2);
        let (mut requests, mut most) = (0, 0);
        for second in 0..3_600u64 {
            for worker in 0..2 {
                let mut tally = Tally::new(2);
                tally.journeys_started = 1;
                for (step, counted) in (0..2u64).zip(&mut tally.steps) {
                    counted.requests = 2;
                    (0..2).for_each(|k| counted.response.record(100 + (second * 31 + step * 977 + k * 89) % 1_500));
                    requests += counted.requests;
                }
                aggregate.take(
                    Snapshot { worker, second, tally, outcomes: Vec::new(), samples: Vec::new(), last: false },
                    |_| {},
                );
            }
            if second % 97 > 0 {
                continue;
            }
            let histograms = aggregate.total.steps.iter().map(|step| step.response.bytes()).sum::<usize>();
            most = most.max(histograms + aggregate.all.response.bytes() + aggregate.history.bytes());
            assert!(aggregate.open.len() <= 1);
        }
        assert!(most < 4 << 20, "{most} bytes");
        let (total, timeline, _) = aggregate.finish();
        assert_eq!((total.all_steps().requests, total.all_steps().response.count()), (requests, requests));
        assert_eq!(timeline.overall().map(|row| row.requests).sum::<u64>(), requests);
        for step in 0..2 {
            let of_step =
                timeline.rows.iter().filter(|row| row.step == Some(step)).map(|row| row.requests).sum::<u64>();
            assert_eq!(of_step, total.steps[step].requests);
        }
    }

    #[test]
    fn a_worker_that_is_done_early_leaves_no_second_twice() {
        let mut aggregate = Aggregate::new(2, 1);
        for (worker, second, last) in [(0, 0, true), (1, 0, false), (1, 1, false), (1, 2, true)] {
            aggregate.take(snapshot(worker, second, 1, last), |_| {});
        }
        let (_, timeline, _) = aggregate.finish();
        assert_eq!(
            timeline.overall().map(|row| (row.second, row.started)).collect::<Vec<_>>(),
            [(0, 2), (1, 1), (2, 1)]
        );
    }
}
