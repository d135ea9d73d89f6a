//! Every window of a run, one after the other: the worst, and the first that was broken.

use std::time::Duration;

use super::super::language::Metric;
use super::super::{Gate, NamedGate};
use super::counted::Counted;
use super::prospect::{Prospect, fewest, is_surely_broken};
use super::sliding::Sliding;
use crate::metrics::Tally;

/// The windows of one gate, as they come.
#[derive(Debug)]
pub(super) struct Window {
    sliding: Sliding,
    /// The first second that is wholly after the warm-up.
    from: u64,
    /// When the load ends, or was ended.
    ends: Option<Duration>,
    /// Whether that was planned.
    as_planned: bool,
    /// Whether a second has come from which on there are windows.
    began: bool,
    /// The newest window of a rate is judged when the next second is over: its own may be cut short.
    held_back: Option<u64>,
    /// Windows with too few samples at the end of a load of which nobody knew when it would end.
    too_few_lately: u64,
    seen: Windows,
}

/// What was seen of windows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::gate) struct Windows {
    /// How many could be judged.
    pub(in crate::gate) judged: u64,
    /// How many had too few samples.
    pub(in crate::gate) too_few: u64,
    /// The most samples that one of those had.
    pub(in crate::gate) most_samples: u64,
    /// Of the judged ones, how many were broken.
    pub(in crate::gate) broken: u64,
    /// The end of the first broken one, in seconds from the start of the load.
    pub(in crate::gate) first_broken_s: Option<u64>,
    /// The one that was furthest from holding.
    pub(in crate::gate) worst: Option<Worst>,
}

/// The window that was furthest from holding.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::gate) struct Worst {
    /// Its figure.
    pub(in crate::gate) figure: f64,
    /// Its end, in seconds from the start of the load.
    pub(in crate::gate) ends_s: u64,
    /// How many samples it had.
    pub(in crate::gate) samples: u64,
    /// What was counted in it.
    pub(in crate::gate) counted: Counted,
    /// Whether it is broken whatever the generator may have added to it.
    surely_broken: bool,
}

impl Window {
    pub(super) fn new(length: Duration, prospect: &Prospect) -> Self {
        let from = prospect.judged_from;
        Self {
            sliding: Sliding::new(usize::try_from(length.as_secs()).unwrap_or(usize::MAX)),
            from: from.as_secs() + u64::from(from.subsec_nanos() > 0),
            ends: prospect.ends,
            as_planned: true,
            began: false,
            held_back: None,
            too_few_lately: 0,
            seen: Windows::default(),
        }
    }

    /// Nothing more is asked for from `after` on.
    pub(super) fn load_ended(&mut self, after: Duration) {
        if self.ends.is_none_or(|ends| after < ends) {
            (self.ends, self.as_planned) = (Some(after), false);
        }
    }

    /// Takes what was counted in `second`, if anything was.
    pub(super) fn take(&mut self, named: &NamedGate, second: u64, tally: Option<&Tally>) {
        let gate = &named.gate;
        if let Some(held_back) = self.held_back.take() {
            self.judge(gate, held_back);
        }
        if second < self.from {
            return;
        }
        let counted = tally.map(|tally| Counted::of(named, tally)).unwrap_or_default();
        // A step that journeys come to late has no windows before.
        self.began |= gate.metric == Metric::Rate || counted.samples(gate) > 0;
        if !self.began {
            return;
        }
        self.sliding.push(counted);
        match gate.metric {
            _ if !self.sliding.is_full() => {}
            Metric::Rate => self.held_back = Some(second),
            _ => self.judge(gate, second),
        }
    }

    /// All of it, once no more will come.
    pub(super) fn finish(&mut self, gate: &Gate) -> Windows {
        // A load that ended as planned was there for all of its last second.
        if let Some(second) = self.held_back.take().filter(|_| self.as_planned && self.ends.is_some()) {
            self.judge(gate, second);
        }
        self.seen.clone()
    }

    /// Whether a window is broken whatever the generator may have added to it.
    pub(super) fn is_surely_broken(&self) -> bool {
        self.seen.worst.as_ref().is_some_and(|worst| worst.surely_broken)
    }

    /// Judges the window that ends with `second`.
    fn judge(&mut self, gate: &Gate, second: u64) {
        let (counted, ends_s) = (self.sliding.sum(), second + 1);
        let in_load = self.ends.is_none_or(|ends| Duration::from_secs(ends_s) <= ends);
        let is_rate = gate.metric == Metric::Rate;
        // What comes in later was under way for long: it says more of itself than of the load.
        if !in_load {
            return;
        }
        let samples = counted.samples(gate);
        let least = if is_rate { gate.options.at_least.unwrap_or(0) } else { fewest(gate) };
        let time = Duration::from_secs(self.sliding.len() as u64);
        let figure = counted.figure(gate, time).filter(|_| samples >= least);
        let Some(figure) = figure else {
            self.seen.most_samples = self.seen.most_samples.max(samples);
            match self.ends {
                Some(_) => self.seen.too_few += 1,
                // Who knows whether this is the end of the load?
                None => self.too_few_lately += 1,
            }
            return;
        };
        self.seen.too_few += std::mem::take(&mut self.too_few_lately);
        self.seen.judged += 1;
        if !gate.holds(figure) {
            self.seen.broken += 1;
            self.seen.first_broken_s.get_or_insert(ends_s);
        }
        let surely_broken = is_surely_broken(gate, figure, &counted);
        let is_worse = self.seen.worst.as_ref().is_none_or(|worst| {
            (surely_broken, distance(gate, figure)) > (worst.surely_broken, distance(gate, worst.figure))
        });
        if is_worse {
            self.seen.worst = Some(Worst { figure, ends_s, samples, counted, surely_broken });
        }
    }
}

/// How far from holding `figure` is, to compare it with others.
fn distance(gate: &Gate, figure: f64) -> f64 {
    use super::super::language::Comparison::{Above, AtLeast, AtMost, Below, Equal};
    match gate.comparison {
        Below | AtMost => figure,
        Above | AtLeast => -figure,
        Equal => (figure - gate.bound_value()).abs(),
    }
}
