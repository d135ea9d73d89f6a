//! The journeys and requests of one load with its flows, and of several that go on side by side.

use std::time::Duration;

use super::amount::Amount;
use crate::load::{Closed, Load, RateProfile, Until};
use crate::plan::{Flow, Plan, Step, Stream};

/// One load and the flows whose journeys it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamForecast {
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
    pub streams: Vec<StreamForecast>,
}

impl StreamForecast {
    /// What `stream` of `plan` would do.
    pub fn of(plan: &Plan, stream: &Stream) -> Self {
        let (load, after) = (&stream.load, stream.start_after);
        let flows: Vec<&Flow> = stream.flows.iter().filter_map(|flow| plan.flows.get(*flow)).collect();
        let per_journey = match load {
            // Every flow has its turn, whatever its weight.
            Load::Once => {
                let all = flows.iter().map(|flow| of_flow(plan, flow)).fold(Amount::default(), Amount::plus);
                Amount::exactly(1.0 / flows.len().max(1) as f64).of(all)
            }
            Load::Open(_) | Load::Closed(_) => weighted(flows.iter().map(|flow| (flow.weight, of_flow(plan, flow)))),
        };
        let pauses = |flow: &&Flow| plan.steps[flow.steps.clone()].iter().map(shortest_pause).sum::<Duration>();
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
        self.streams.iter().map(StreamForecast::requests).fold(Amount::default(), Amount::plus)
    }

    /// When the last journey can start; none where there is no end in time.
    pub fn ends(&self) -> Option<Duration> {
        self.streams.iter().map(StreamForecast::ends).try_fold(Duration::ZERO, |last, end| Some(last.max(end?)))
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
    fn peak(&self, factor: impl Fn(&StreamForecast) -> Option<f64>) -> Option<f64> {
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
        Some(self.streams.iter().flat_map(StreamForecast::bends).map(at).fold(0.0, f64::max))
    }
}

/// How many requests one journey through `flow` sends.
pub fn of_flow(plan: &Plan, flow: &Flow) -> Amount {
    plan.steps[flow.steps.clone()].iter().map(requests_of).fold(Amount::default(), Amount::plus)
}

/// How many requests a step sends in one journey.
pub(super) fn requests_of(step: &Step) -> Amount {
    let share = step.only.probability.unwrap_or(1.0);
    let conditional = step.only.when.is_some() || step.only.unless.is_some();
    let planned = step.repeat as f64 * share;
    Amount {
        least: if conditional { 0.0 } else { planned },
        planned: Some(planned),
        most: Some(step.most_requests() * share),
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
        Load::Closed(Closed { users, until, max_rate, .. }) => {
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
    let pause = step.think.filter(|_| certain).map_or(Duration::ZERO, |think| think.shortest());
    pause.saturating_mul(u32::try_from(step.repeat).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::fixture::forecast;
    use crate::plan::fixture::plan;

    /// Requests of one journey through `keys` of a step: least, planned, most, and whether chance is at work.
    fn of(keys: &str) -> (f64, f64, f64, bool) {
        let plan = plan(&format!("[[step]]\nget = \"/a\"\n{keys}\n"));
        let amount = requests_of(&plan.steps[0]);
        (amount.least, amount.planned.unwrap(), amount.most.unwrap(), amount.drawn)
    }

    #[test]
    fn what_makes_a_step_uncertain_is_told_apart() {
        assert_eq!(of(""), (1.0, 1.0, 1.0, false));
        assert_eq!(of("repeat = 3"), (3.0, 3.0, 3.0, false));
        assert_eq!(of("when = \"user > 1\"\nrepeat = 3"), (0.0, 3.0, 3.0, false));
        assert_eq!(of("probability = \"25%\"\nrepeat = 2"), (0.5, 0.5, 0.5, true));
        assert_eq!(of("retry = { times = 2 }"), (1.0, 1.0, 3.0, false));
        assert_eq!(of("poll = { every = \"2s\", deadline = \"5s\" }"), (1.0, 1.0, 3.0, false));
        assert_eq!(of("probability = \"100%\""), (1.0, 1.0, 1.0, false));
    }

    #[test]
    fn flows_count_by_their_weight_unless_each_has_its_turn() {
        let flows = "[[flow]]\nweight = 3\n[[flow.step]]\nget = \"/a\"\n[[flow]]\n[[flow.step]]\nget = \"/b\"\nrepeat = 5\n[[flow]]\nweight = 0\n[[flow.step]]\nget = \"/c\"\nrepeat = 100\n";
        let open = "[load]\nmodel = \"open\"\nrate = \"10/s\"\nduration = \"10s\"\n";
        assert_eq!(forecast(&format!("{open}{flows}")).traffic.requests(), Amount::about(200.0));
        let once = forecast(flows).traffic;
        assert_eq!(once.journeys(), Amount::exactly(3.0));
        assert!((once.requests().planned.unwrap() - 106.0).abs() < 1e-9);
    }

    #[test]
    fn loads_side_by_side_add_up_where_they_overlap() {
        let load =
            |load: &str| plan(&format!("[load]\nmodel = \"open\"\n{load}\n[[step]]\nget = \"/a\"\nrepeat = 2\n"));
        let stream = |plan: &Plan, after: u64| StreamForecast {
            after: Duration::from_secs(after),
            ..StreamForecast::of(plan, &plan.streams[0])
        };
        let (steady, climb) =
            (load("rate = \"10/s\"\nduration = \"20s\""), load("stages = [{ over = \"10s\", to = \"30/s\" }]"));
        let streams = vec![stream(&steady, 0), stream(&climb, 5), stream(&steady, 15)];
        let traffic = Traffic { streams };
        // 10 and the end of the climb at 15 s, just before the third begins.
        assert_eq!(traffic.peak_journeys_per_s(), Some(40.0));
        assert_eq!(traffic.peak_requests_per_s(), Some(80.0));
        assert_eq!(traffic.ends(), Some(Duration::from_secs(35)));
        assert_eq!(traffic.journeys(), Amount::exactly(200.0 + 150.0 + 200.0));
        assert_eq!(traffic.requests_until(Duration::from_secs(15)), Some(2.0 * (150.0 + 150.0)));
        let mixed = Traffic { streams: vec![stream(&steady, 0), stream(&plan("[[step]]\nget = \"/a\"\n"), 0)] };
        assert_eq!((mixed.peak_journeys_per_s(), mixed.ends()), (None, None));
    }

    #[test]
    fn users_are_bounded_by_what_the_file_says() {
        let of = |more: &str, think: &str| {
            let text = format!("[load]\nmodel = \"closed\"\nusers = 4\n{more}\n[[step]]\nget = \"/a\"\n{think}");
            let journeys = forecast(&text).traffic.journeys();
            (journeys.planned, journeys.most)
        };
        assert_eq!(of("iterations = 10", ""), (Some(10.0), Some(10.0)));
        assert_eq!(of("duration = \"10s\"", ""), (None, None));
        assert_eq!(of("duration = \"10s\"\nmax_rate = \"3/s\"", ""), (None, Some(30.0)));
        assert_eq!(of("duration = \"10s\"", "think = \"2s..9s\""), (None, Some(20.0)));
        assert_eq!(of("duration = \"10s\"\niterations = 7", "think = \"2s\""), (None, Some(7.0)));
    }
}
