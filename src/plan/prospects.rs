//! What a plan says of the load that a gate is about: when it is judged, and how much may still come of it.

use std::time::Duration;

use super::flow::Flow;
use super::step::{Again, Step};
use super::stream::Stream;
use super::{Plan, judged_from};
use crate::gate::{Clock, Metric, NamedGate, Prospect, Span, Supply};
use crate::load::{Closed, Load, Until};

/// Random arrivals that nobody has counted are more than expected by so many standard deviations at the most.
const DEVIATIONS: f64 = 10.0;

/// Which steps come in which loads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loads<'p> {
    pub(super) streams: &'p [Stream],
    pub(super) flows: &'p [Flow],
    pub(super) steps: &'p [Step],
}

impl Plan {
    /// What is to be expected of the load of each gate.
    pub fn prospects(&self) -> Vec<Prospect> {
        let loads = Loads { streams: &self.streams, flows: &self.flows, steps: &self.steps };
        let of = |named: &NamedGate| match &named.series {
            None => loads.of_gate(named, None),
            Some(series) => loads.of_gate(named, Some(&|step| series.contains(&self.series.of(step)))),
        };
        self.gates.iter().map(of).collect()
    }

    /// How long each window is that a gate keeps second by second, and whether it keeps times.
    pub fn windows(&self) -> impl Iterator<Item = (Duration, bool)> {
        let judged = self.gates.iter().filter(|named| named.skip.is_none());
        judged.filter_map(|named| match named.gate.span {
            Span::Over(length) => Some((length, named.gate.metric.time().is_some())),
            Span::Whole | Span::InARow => None,
        })
    }
}

impl Loads<'_> {
    /// What is to be expected for `named`, which is about the steps that `is_meant` says, or about all.
    pub(super) fn of_gate(self, named: &NamedGate, is_meant: Option<&dyn Fn(usize) -> bool>) -> Prospect {
        let comes_to = |stream: &&Stream| match is_meant {
            None => true,
            Some(is_meant) => self.flows_of(stream).any(|flow| flow.steps.clone().any(is_meant)),
        };
        let streams: Vec<&Stream> = self.streams.iter().filter(comes_to).collect();
        let ends: Option<Vec<Duration>> = streams.iter().map(|stream| stream.ends_after()).collect();
        let judged_from = match is_meant {
            None => judged_from(self.streams),
            Some(_) => streams.iter().map(|stream| stream.judged_from()).min().unwrap_or_default(),
        };
        let ends_at_the_latest = ends.and_then(|ends| ends.into_iter().max());
        // So many iterations may be over before their time is.
        let is_timed = |stream: &&Stream| match &stream.load {
            Load::Once => false,
            Load::Open(_) => true,
            Load::Closed(closed) => matches!(closed.until, Until::Elapsed(_)),
        };
        let ends = ends_at_the_latest.filter(|_| streams.iter().all(is_timed));
        let prospect = Prospect { judged_from, ends, ends_at_the_latest, ..Prospect::default() };
        if named.gate.options.abort.is_none() {
            return prospect;
        }
        let metric = named.gate.metric;
        let meant = |step: &usize| is_meant.is_none_or(|is_meant| is_meant(*step));
        let of_flow = |flow: &Flow| -> u64 {
            flow.steps.clone().filter(meant).map(|step| samples(metric, &self.steps[step])).sum()
        };
        let of_steps = streams.iter().flat_map(|stream| self.flows_of(stream)).map(of_flow).max().unwrap_or(0);
        let all: Option<Vec<u64>> = self.streams.iter().map(|stream| self.counted(stream)).collect();
        Prospect {
            supplies: streams.iter().filter_map(|stream| self.supply(stream)).collect(),
            all_journeys: all.map(|all| all.iter().sum()),
            samples_per_journey: match metric {
                Metric::Journeys | Metric::Time(Clock::Lag, _) => 1,
                _ => of_steps,
            },
            ..prospect
        }
    }

    fn flows_of<'s>(&'s self, stream: &'s Stream) -> impl Iterator<Item = &'s Flow> {
        stream.flows.iter().filter_map(|flow| self.flows.get(*flow))
    }

    /// How many journeys `stream` has at the most, if they are counted.
    fn counted(self, stream: &Stream) -> Option<u64> {
        match &stream.load {
            Load::Once => Some(stream.flows.len() as u64),
            Load::Open(open) => Some(match open.foreseen() {
                (journeys, true) => journeys,
                (expected, false) => expected + (DEVIATIONS * (expected as f64).sqrt()) as u64,
            }),
            Load::Closed(Closed { until: Until::Iterations(journeys, _), .. }) => Some(*journeys),
            Load::Closed(_) => None,
        }
    }

    fn supply(self, stream: &Stream) -> Option<Supply> {
        match (self.counted(stream), &stream.load, stream.ends_after()) {
            (Some(journeys), _, _) => Some(Supply::Journeys(journeys)),
            (None, Load::Closed(closed), Some(ends)) => Some(Supply::Time { ends, users: closed.users }),
            (None, _, _) => None,
        }
    }
}

/// The most samples of `metric` that one journey can get of `step`.
fn samples(metric: Metric, step: &Step) -> u64 {
    let tries = match step.again {
        Again::Never => 1,
        Again::Retry(more, _) => more.saturating_add(1),
        Again::Poll(every, deadline) => (deadline.as_nanos() / every.as_nanos().max(1)) as u64 + 2,
    };
    let each = match metric {
        Metric::Time(..) => tries.saturating_mul(step.redirects.saturating_add(1)),
        Metric::Checks => step.expect.count().max(1),
        Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures | Metric::Journeys | Metric::Rate => 1,
        Metric::Capacity => 0,
    };
    step.repeat.saturating_mul(each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;

    const STEPS: &str = r#"
        [[step]]
        name = "a"
        get = "/a"
        repeat = 2
        retry = { times = 1 }
        expect = { status = 200 }
        [[step]]
        name = "b"
        get = "/b"
        redirects = 3
    "#;

    fn prospects(load: &str, gates: &[&str]) -> Vec<Prospect> {
        let gates: String = (0..).zip(gates).map(|(k, gate)| format!("g{k} = \"{gate}\"\n")).collect();
        plan(&format!("[load]\n{}\n{STEPS}\n[gates]\n{gates}", load.replace(", ", "\n"))).prospects()
    }

    #[test]
    fn a_journey_gives_at_most_so_many_samples_of_each_figure() {
        let gates = [
            "p95 < 1s, abort",
            "p95 of b < 1s, abort",
            "error_rate of a < 1%, abort",
            "journeys >= 95%, abort",
            "lag.p99 < 1ms, abort",
            "checks of a >= 95%, abort",
        ];
        let all = prospects(r#"model = "open", rate = "10/s", duration = "60s", warm_up = "5s""#, &gates);
        let each: Vec<u64> = all.iter().take(6).map(|prospect| prospect.samples_per_journey).collect();
        assert_eq!(each, [2 * 2 + 4, 4, 2, 1, 1, 2]);
        for prospect in &all[..6] {
            assert_eq!((&prospect.supplies[..], prospect.all_journeys), (&[Supply::Journeys(600)][..], Some(600)));
            let seconds = (prospect.judged_from.as_secs(), prospect.ends.map(|ends| ends.as_secs()));
            assert_eq!(seconds, (5, Some(60)));
        }
        assert!(prospects("model = \"closed\", users = 1, iterations = 9", &["p95 < 1s"])[0].supplies.is_empty());
    }

    #[test]
    fn a_load_is_counted_or_bounded_by_time() {
        let of = |load: &str| prospects(load, &["errors < 3, abort"]).swap_remove(0);
        let counted = of("model = \"closed\", users = 3, iterations = 70, duration = \"1m\"");
        assert_eq!((counted.supplies, counted.all_journeys), (vec![Supply::Journeys(70)], Some(70)));
        let timed = of("model = \"closed\", users = 3, duration = \"1m\"");
        let supply = Supply::Time { ends: Duration::from_secs(60), users: 3 };
        assert_eq!((timed.supplies, timed.all_journeys), (vec![supply], None));
        let random = of("model = \"open\", rate = \"1000/s\", duration = \"1h\", arrivals = \"poisson\"");
        assert!(random.all_journeys.is_some_and(|journeys| journeys > 3_600_000), "{random:?}");
    }

    #[test]
    fn a_gate_is_about_the_loads_that_come_to_its_steps() {
        let flow = |name: &str, more: &str, load: &str| {
            format!(
                "[[flow]]\nname = \"{name}\"\n{more}load = {{ {load} }}\n[[flow.step]]\nname = \"{name}\"\nget = \"/\"\n"
            )
        };
        let text = [
            flow("a", "", "model = \"open\", rate = \"5/s\", duration = \"20s\""),
            flow("b", "start_after = \"10s\"\n", "model = \"closed\", users = 2, iterations = 8, duration = \"30s\""),
            "[gates]\nof_b = \"errors of b < 3, abort\"\nall = \"errors < 3, abort\"\n".to_owned(),
        ];
        let all = plan(&text.concat()).prospects();
        assert_eq!(all[0].supplies, [Supply::Journeys(8)]);
        assert_eq!((all[0].judged_from.as_secs(), all[0].ends), (10, None));
        assert_eq!(all[0].ends_at_the_latest, Some(Duration::from_secs(40)));
        assert_eq!((all[0].all_journeys, all[1].supplies.len(), all[1].judged_from), (Some(108), 2, Duration::ZERO));
    }
}
