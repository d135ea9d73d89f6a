//! One worker's book: everything since the last snapshot, handed on once a second.

use std::ops::Range;
use std::time::Duration;

use super::accounting::JourneyEnding;
use super::outcome::Outcome;
use super::sample::{Role, Sample};
use super::series::Series;
use super::tally::{Tally, Unsent};

/// What one worker counted in one interval: plain data that merges with any other's.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The worker.
    pub worker: u64,
    /// The interval: seconds from the start of the load.
    pub second: u64,
    /// What was counted.
    pub tally: Tally,
    /// How steps came out one by one, of the series that are logged.
    pub outcomes: Vec<Outcome>,
    /// Its requests one by one, if they are asked for.
    pub samples: Vec<Sample>,
    /// Whether the worker is done and this is its last.
    pub last: bool,
}

/// Counts on the hot path, without locks or sharing.
#[derive(Debug)]
pub struct Recorder {
    worker: u64,
    series: Series,
    current: Tally,
    /// By series, whether outcomes are kept one by one; empty if none are.
    logged: Vec<bool>,
    outcomes: Vec<Outcome>,
    samples: Vec<Sample>,
    /// How many more requests are kept one by one.
    room: u64,
    /// From the end of the warm-up to that of the schedule, in nanoseconds from its start.
    window: Range<u64>,
}

impl Recorder {
    /// A recorder for `worker`, of the steps of `series`; `window` is the time that rates are of, in nanoseconds.
    pub fn new(worker: u64, series: Series, window: Range<u64>) -> Self {
        let current = Tally::new(series.count());
        Self { worker, current, logged: Vec::new(), outcomes: Vec::new(), samples: Vec::new(), room: 0, series, window }
    }

    /// The same, which besides keeps how steps came out one by one, of those series for which `logged` says so.
    pub fn logging(self, logged: Vec<bool>) -> Self {
        Self { logged, ..self }
    }

    /// The same, which besides keeps the first `room` requests one by one.
    pub fn sampling(self, room: u64) -> Self {
        Self { room, ..self }
    }

    /// Counts one request; see [`Tally::record`].
    pub fn record(&mut self, sample: &Sample, example: impl FnOnce() -> String) {
        let series = self.series.of(sample.step);
        self.current.record(sample, series, self.window.contains(&sample.done_ns), example);
        if self.room > 0 {
            self.room -= 1;
            self.samples.push(*sample);
        }
        if !self.logged.is_empty() && sample.role == Role::Final && !sample.warm_up {
            self.log(series, sample.done_ns, sample.failure.is_some());
        }
    }

    fn log(&mut self, series: usize, done_ns: u64, failed: bool) {
        if self.logged.get(series).is_some_and(|logged| *logged) {
            self.outcomes.push(Outcome { done_ns, series, failed });
        }
    }

    /// Counts a request that could not be made; see [`Tally::not_sent`].
    pub fn not_sent(&mut self, step: usize, at_ns: u64, warm_up: bool, message: String) {
        let at = Unsent { at_ns, in_window: self.window.contains(&at_ns), warm_up };
        let series = self.series.of(step);
        self.current.not_sent(step, series, at, message);
        if !warm_up {
            self.log(series, at_ns, true);
        }
    }

    /// Ends the window at `at_ns` if it would end later.
    pub fn close_window(&mut self, at_ns: u64) {
        self.window.end = self.window.end.min(at_ns);
    }

    /// Counts a journey whose time has come.
    pub fn journey_due(&mut self) {
        self.current.journeys_due += 1;
    }

    /// Counts a journey that was taken up at `now_ns`, of a stream that ends at `ends_ns`.
    pub fn journey_started(&mut self, now_ns: u64, ends_ns: u64, warm_up: bool) {
        self.current.journeys_started += 1;
        self.current.warm_up.journeys_started += u64::from(warm_up);
        self.current.started_in_window += u64::from(!warm_up && now_ns < self.window.end.min(ends_ns));
    }

    /// Counts a journey's end.
    pub fn journey_ended(&mut self, ending: JourneyEnding, warm_up: bool) {
        self.current.journey_ended(ending, warm_up);
    }

    /// Counts connections that one request opened, whether it used one that was there, and whether it speaks HTTP/2.
    pub fn connections(&mut self, opened: u64, reused: bool, http2: bool) {
        self.current.connections_http2 += if http2 { opened } else { 0 };
        self.current.connections_opened += opened;
        self.current.connections_reused += u64::from(reused);
    }

    /// Counts an answer that refuses; see [`Tally::note_refusal`].
    pub fn refused(&mut self, retry_after: Option<Duration>) {
        self.current.note_refusal(retry_after);
    }

    /// Hands on everything since the last call, as what happened in `second`.
    pub fn snapshot(&mut self, second: u64, last: bool) -> Snapshot {
        let empty = Tally::new(self.current.steps.len());
        let tally = std::mem::replace(&mut self.current, empty);
        Snapshot {
            worker: self.worker,
            second,
            tally,
            outcomes: std::mem::take(&mut self.outcomes),
            samples: std::mem::take(&mut self.samples),
            last,
        }
    }
}
