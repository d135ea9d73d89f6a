//! Gates while a run goes on: what only the order of things in time can tell.
//!
//! A [`Watcher`] is shown every second of a run that is complete, and gives a [`Trace`] of each gate at its end. It says
//! as well when a gate that asks for it can no longer hold. It knows no clock and no socket: whoever merges the seconds
//! of many workers, or of many machines, can feed it.

mod counted;
mod prospect;
mod row;
mod sliding;
#[cfg(test)]
mod tests;
mod window;

use std::time::Duration;

use super::NamedGate;
use super::language::{Bound, Metric, Span};
use crate::metrics::{Second, Tally};
use counted::Counted;
pub(super) use prospect::fewest;
use prospect::{Progress, is_broken};
pub use prospect::{Prospect, Supply};
use row::Row;
pub(super) use row::Rows;
use window::Window;
pub(super) use window::{Windows, Worst};

/// What was seen of one gate over time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// The second at whose end it was first broken, from the start of the load.
    pub first_broken_s: Option<u64>,
    /// When it ended the run, in seconds from the start of the load; none if it did not.
    pub aborted_s: Option<u64>,
    /// What else there was to see.
    pub(super) seen: Seen,
}

/// What was seen of a gate that is not about the run as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Seen {
    /// Nothing.
    #[default]
    Nothing,
    /// Its windows.
    Windows(Box<Windows>),
    /// Its failures in a row.
    Rows(Rows),
}

/// Evaluates gates second by second.
#[derive(Debug, Default)]
pub struct Watcher {
    gates: Vec<Option<Watched>>,
    /// The second that comes next.
    next: u64,
    ended: bool,
    /// The gate that ended the run, and after how many seconds.
    aborted: Option<(usize, u64)>,
}

#[derive(Debug)]
struct Watched {
    named: NamedGate,
    prospect: Prospect,
    progress: Progress,
    state: State,
}

#[derive(Debug)]
enum State {
    Whole { so_far: Box<Counted>, broken_since_s: Option<u64> },
    Window(Box<Window>),
    Row(Row),
}

/// For each of `series` series, whether a gate asks how its steps came out one by one; empty if none does.
pub fn logged(gates: &[NamedGate], series: usize) -> Vec<bool> {
    let in_a_row = |named: &&NamedGate| named.skip.is_none() && named.gate.metric == Metric::Failures;
    let asking: Vec<&NamedGate> = gates.iter().filter(in_a_row).collect();
    let is_meant =
        |number: usize| asking.iter().any(|named| named.series.as_ref().is_none_or(|series| series.contains(&number)));
    if asking.is_empty() { Vec::new() } else { (0..series).map(is_meant).collect() }
}

impl Watcher {
    /// A watcher of `gates`, with what the plan says of the load of each.
    pub fn new(gates: &[NamedGate], prospects: Vec<Prospect>) -> Self {
        let mut prospects = prospects.into_iter();
        let gates = gates.iter().map(|named| Watched::of(named, prospects.next().unwrap_or_default())).collect();
        Self { gates, ..Self::default() }
    }

    /// Nothing more is asked for from `after` on.
    pub fn load_ended(&mut self, after: Duration) {
        self.ended = true;
        for watched in self.gates.iter_mut().flatten() {
            match &mut watched.state {
                State::Window(window) => window.load_ended(after),
                State::Row(row) => row.load_ended(after),
                State::Whole { .. } => {}
            }
        }
    }

    /// Takes the next complete second; seconds come in order, and one that is left out had nothing. Gives the number of
    /// the gate that asks for the end of the run, since it can no longer hold.
    pub fn see(&mut self, second: &Second) -> Option<usize> {
        for number in self.next..second.number {
            self.gates.iter_mut().flatten().for_each(|watched| watched.take(number, None));
        }
        self.next = second.number + 1;
        self.gates.iter_mut().flatten().for_each(|watched| watched.take(second.number, Some(second)));
        if self.ended {
            return None;
        }
        let over = Duration::from_secs(self.next);
        self.gates.iter().position(|watched| watched.as_ref().is_some_and(|watched| watched.asks_for_the_end(over)))
    }

    /// Notes that the run is ended for the gate number `gate`.
    pub fn aborted_by(&mut self, gate: usize) {
        self.aborted = Some((gate, self.next));
    }

    /// What was seen of each gate.
    pub fn finish(self) -> Vec<Trace> {
        let aborted = self.aborted;
        let aborted_s = |number: usize| aborted.filter(|(gate, _)| *gate == number).map(|(_, seconds)| seconds);
        let each = self.gates.into_iter().enumerate();
        each.map(|(number, watched)| {
            let trace = watched.map(Watched::finish).unwrap_or_default();
            Trace { aborted_s: aborted_s(number), ..trace }
        })
        .collect()
    }
}

impl Watched {
    /// None for a gate that is not judged, or not by this run alone.
    fn of(named: &NamedGate, prospect: Prospect) -> Option<Self> {
        if named.skip.is_some() || matches!(named.gate.bound, Bound::Baseline(_)) {
            return None;
        }
        let state = match named.gate.span {
            Span::Whole => State::Whole { so_far: Box::default(), broken_since_s: None },
            Span::Over(length) => State::Window(Box::new(Window::new(length, &prospect))),
            Span::InARow => State::Row(Row::new(&prospect)),
        };
        Some(Self { named: named.clone(), prospect, progress: Progress::default(), state })
    }

    fn take(&mut self, number: u64, second: Option<&Second>) {
        let (named, tally) = (&self.named, second.map(|second| &*second.tally));
        let ended = |tally: &Tally| tally.journeys_passed + tally.journeys_failed;
        self.progress.seconds = number + 1;
        self.progress.journeys_ended += tally.map_or(0, ended);
        match &mut self.state {
            State::Whole { so_far, broken_since_s } => {
                if let Some(tally) = tally {
                    let counted = Counted::of(named, tally);
                    self.progress.busiest = self.progress.busiest.max(counted.samples(&named.gate));
                    so_far.merge(&counted);
                }
                let over = Duration::from_secs(number + 1);
                let over = self.prospect.ends.map_or(over, |ends| over.min(ends));
                match is_broken(&named.gate, so_far, over.saturating_sub(self.prospect.judged_from)) {
                    true => drop(broken_since_s.get_or_insert(number + 1)),
                    false => *broken_since_s = None,
                }
            }
            State::Window(window) => window.take(named, number, tally),
            State::Row(row) => row.take(named, number, second.map_or(&[], |second| &*second.outcomes)),
        }
    }

    /// Whether so much time is `over` that the run may be ended, and the gate can no longer hold.
    fn asks_for_the_end(&self, over: Duration) -> bool {
        let Some(grace) = self.named.gate.options.abort else { return false };
        // A load that is over has nothing to be stopped.
        let ends = self.prospect.ends.or(self.prospect.ends_at_the_latest);
        let nothing_comes = !self.prospect.supplies.is_empty() && self.prospect.remaining(self.progress) == 0;
        let is_over = nothing_comes || ends.is_some_and(|ends| over >= ends);
        if is_over || over < self.prospect.judged_from.saturating_add(grace) {
            return false;
        }
        match &self.state {
            State::Whole { so_far, broken_since_s } => {
                broken_since_s.is_some() && self.prospect.is_lost(&self.named, so_far, self.progress)
            }
            State::Window(window) => window.is_surely_broken(),
            State::Row(row) => row.broken_ns().is_some(),
        }
    }

    fn finish(self) -> Trace {
        let (first_broken_s, seen) = match self.state {
            State::Whole { broken_since_s, .. } => (broken_since_s, Seen::Nothing),
            State::Window(mut window) => {
                let windows = window.finish(&self.named.gate);
                (windows.first_broken_s, Seen::Windows(Box::new(windows)))
            }
            State::Row(mut row) => {
                let rows = row.finish(&self.named);
                (rows.broken_ns.map(|ns| ns / 1_000_000_000), Seen::Rows(rows))
            }
        };
        Trace { first_broken_s, aborted_s: None, seen }
    }
}
