//! The journeys and requests of one load with its flows, and of several that go on side by side.

use std::time::Duration;

use super::amount::Amount;
use crate::load::{Closed, Load, RateProfile, Until};
use crate::plan::{Again, Flow, Step};

/// One load and the flows whose journeys it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// When it starts, from the start of the run's load.
    pub after: Duration,
    /// When its journeys start.
    pub load: Load,
    /// How many journeys there are.
    pub journeys: Amount,
    /// How many requests one journey sends, on average over the flows.
    pub per_journey: Amount,
    /// The least time that a journey takes for its pauses alone.
    pub shortest_journey: Duration,
}

/// All streams of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traffic {
    /// Each load with its flows.
    pub streams: Vec<Stream>,
}

impl Stream {
    /// The journeys that `load` starts, `after` the start of the run, each through one of `flows`.
    pub fn of(load: &Load, after: Duration, flows: &[Flow], steps: &[Step]) -> Self {
        let of_flow =
            |flow: &Flow| steps[flow.steps.clone()].iter().map(requests_of).fold(Amount::default(), Amount::plus);
        let per_journey = match load {
            // Every flow has its turn, whatever its weight.
            Load::Once => {
                let all = flows.iter().map(of_flow).fold(Amount::default(), Amount::plus);
                Amount::exactly(1.0 / flows.len().max(1) as f64).of(all)
            }
            Load::Open(_) | Load::Closed(_) => weighted(flows.iter().map(|flow| (flow.weight, of_flow(flow)))),
        };
        let pauses = |flow: &Flow| steps[flow.steps.clone()].iter().map(shortest_pause).sum::<Duration>();
        let chosen = flows.iter().filter(|flow| flow.weight > 0);
        let shortest_journey = chosen.map(pauses).min().unwrap_or_default();
        let journeys = journeys_of(load, flows.len(), shortest_journey);
        Self { after, load: load.clone(), journeys, per_journey, shortest_journey }
    }

    /// How many requests it sends.
    pub fn requests(&self) -> Amount {
        self.journeys.of(self.per_journey)
    }

    /// When its last journey can start, from the start of the run's load; none where there is no end in time.
    pub fn ends(&self) -> Option<Duration> {
        Some(self.after.saturating_add(self.load.duration()?))
    }

    /// Journeys due until `time`; none where the target decides when they start.
    pub fn journeys_until(&self, time: Duration) -> Option<f64> {
        Some(self.profile()?.expected_until(time.saturating_sub(self.after)))
    }

    fn profile(&self) -> Option<&RateProfile> {
        match &self.load {
            Load::Open(open) => Some(&open.profile),
            Load::Once | Load::Closed(_) => None,
        }
    }

    /// Moments at which the rate bends or jumps.
    pub(super) fn bends(&self) -> impl Iterator<Item = Duration> {
        let segments = self.profile().map(RateProfile::segments).unwrap_or_default();
        let ends = segments.iter().scan(self.after, |end, segment| {
            *end += segment.over;
            Some(*end)
        });
        std::iter::once(self.after).chain(ends)
    }

    /// The rates just before and just after `time`.
    fn rates_around(&self, time: Duration) -> (f64, f64) {
        let (mut before, mut after) = (0.0, 0.0);
        let mut start = self.after;
        for segment in self.profile().map(RateProfile::segments).unwrap_or_default() {
            let end = start + segment.over;
            if start <= time && time <= end && start < end {
                let share = (time - start).as_secs_f64() / segment.over.as_secs_f64();
                let rate = segment.from_per_s + (segment.to_per_s - segment.from_per_s) * share;
                if start < time {
                    before = rate;
                }
                if time < end {
                    after = rate;
                }
            }
            start = end;
        }
        (before, after)
    }
}

impl Traffic {
    /// All journeys.
    pub fn journeys(&self) -> Amount {
        self.streams.iter().map(|stream| stream.journeys).fold(Amount::default(), Amount::plus)
    }

    /// All requests.
    pub fn requests(&self) -> Amount {
        self.streams.iter().map(Stream::requests).fold(Amount::default(), Amount::plus)
    }

    /// When the last journey can start; none where there is no end in time.
    pub fn ends(&self) -> Option<Duration> {
        self.streams.iter().map(Stream::ends).try_fold(Duration::ZERO, |last, end| Some(last.max(end?)))
    }

    /// Journeys due until `time`; none where the target decides.
    pub fn journeys_until(&self, time: Duration) -> Option<f64> {
        self.streams.iter().map(|stream| stream.journeys_until(time)).sum()
    }

    /// Requests of the journeys due until `time`, nothing tried again; none where the target decides.
    pub fn requests_until(&self, time: Duration) -> Option<f64> {
        self.streams.iter().map(|stream| Some(stream.journeys_until(time)? * stream.per_journey.planned?)).sum()
    }

    /// The highest planned rate of journeys per second; none where the target decides.
    pub fn peak_journeys_per_s(&self) -> Option<f64> {
        self.peak(|_| Some(1.0))
    }

    /// The highest planned rate of requests per second, nothing tried again.
    pub fn peak_requests_per_s(&self) -> Option<f64> {
        self.peak(|stream| stream.per_journey.planned)
    }

    /// The highest sum of rates, each times `factor`; straight lines are highest where one of them bends.
    fn peak(&self, factor: impl Fn(&Stream) -> Option<f64>) -> Option<f64> {
        let factors: Vec<f64> =
            self.streams.iter().map(|stream| stream.profile().and_then(|_| factor(stream))).collect::<Option<_>>()?;
        let at = |time: Duration| {
            let each = self.streams.iter().zip(&factors).map(|(stream, factor)| {
                let (before, after) = stream.rates_around(time);
                (before * factor, after * factor)
            });
            let (before, after) = each.fold((0.0, 0.0), |sum: (f64, f64), each| (sum.0 + each.0, sum.1 + each.1));
            before.max(after)
        };
        Some(self.streams.iter().flat_map(Stream::bends).map(at).fold(0.0, f64::max))
    }
}

/// How many requests a step sends in one journey.
pub(super) fn requests_of(step: &Step) -> Amount {
    let share = step.only.probability.unwrap_or(1.0);
    let conditional = step.only.when.is_some() || step.only.unless.is_some();
    let planned = step.repeat as f64 * share;
    let tries = match step.again {
        Again::Never => 1.0,
        Again::Retry(more, _) => 1.0 + more as f64,
        Again::Poll(every, deadline) => 1.0 + (deadline.as_secs_f64() / every.as_secs_f64()).floor(),
    };
    Amount {
        least: if conditional { 0.0 } else { planned },
        planned: Some(planned),
        most: Some(planned * tries),
        drawn: share > 0.0 && share < 1.0,
    }
}

/// The mean of what the flows send, each as often as its weight says.
fn weighted(flows: impl Iterator<Item = (u64, Amount)> + Clone) -> Amount {
    let total: u64 = flows.clone().map(|(weight, _)| weight).sum();
    let chosen = flows.filter(|(weight, _)| *weight > 0);
    let first = chosen.clone().next().map(|(_, amount)| amount);
    let alike = chosen.clone().all(|(_, amount)| Some(amount) == first);
    match first {
        Some(amount) if alike => amount,
        _ => {
            let shares = chosen.map(|(weight, amount)| Amount::exactly(weight as f64 / total as f64).of(amount));
            Amount { drawn: total > 0, ..shares.fold(Amount::default(), Amount::plus) }
        }
    }
}

fn journeys_of(load: &Load, flows: usize, shortest_journey: Duration) -> Amount {
    match load {
        Load::Once => Amount::exactly(flows as f64),
        Load::Open(open) => match open.foreseen() {
            (count, true) => Amount::exactly(count as f64),
            (count, false) => Amount::about(count as f64),
        },
        Load::Closed(Closed { until: Until::Iterations(journeys, None), .. }) => Amount::exactly(*journeys as f64),
        Load::Closed(Closed { users, until, max_rate }) => {
            let (time, iterations) = match until {
                Until::Elapsed(time) => (Some(*time), None),
                Until::Iterations(journeys, time) => (*time, Some(*journeys as f64)),
            };
            let seconds = time.map(|time| time.as_secs_f64());
            // A user who pauses so long in each journey starts no more than one in that time.
            let pauses = shortest_journey.as_secs_f64();
            let unhurried = seconds.filter(|_| pauses > 0.0).map(|seconds| *users as f64 * (seconds / pauses).ceil());
            let capped = seconds.zip(*max_rate).map(|(seconds, rate)| (seconds * rate).ceil());
            let most = [unhurried, capped, iterations].into_iter().flatten().reduce(f64::min);
            Amount { least: 1.0, planned: None, most, drawn: false }
        }
    }
}

fn shortest_pause(step: &Step) -> Duration {
    let certain = step.only == Default::default();
    let pause = step.think.filter(|_| certain).map_or(Duration::ZERO, |(shortest, _)| shortest);
    pause.saturating_mul(u32::try_from(step.repeat).unwrap_or(u32::MAX))
}
