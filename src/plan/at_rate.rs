//! The same plan at another rate: one load of several that find out what a target can take.

use std::time::Duration;

use super::limits::{self, Machine};
use super::load::PlannedLoad;
use super::{Plan, Stream};
use crate::load::{Load, Open, RateProfile};

/// What of a plan is another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtRate {
    /// Journeys per second.
    pub per_s: f64,
    /// For how long.
    pub lasting: Duration,
    /// Journeys of the loads before this one: rows and random draws go on behind theirs.
    pub journeys_before: u64,
    /// Threads that send, instead of as many as the rate needs.
    pub workers: Option<usize>,
}

impl Plan {
    /// Whether it has one open load, whose rate can be another.
    pub fn has_one_rate(&self) -> bool {
        matches!(self.streams[..], [Stream { load: Load::Open(_), .. }])
    }

    /// The same plan at a steady rate, as `machine` can carry it; none if it does not have one open load.
    pub fn at_rate(&self, at: &AtRate, machine: &Machine) -> Option<Self> {
        let [stream] = &self.streams[..] else { return None };
        let Load::Open(open) = &stream.load else { return None };
        // Another schedule than that of the load before.
        let seed = open.seed.wrapping_add(at.journeys_before.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let load = Load::Open(Open { profile: RateProfile::constant(at.per_s, at.lasting), seed, ..open.clone() });
        let planned = PlannedLoad {
            load,
            seed,
            max_in_flight: stream.asked_in_flight,
            drain: Some(stream.drain),
            warm_up: Duration::ZERO,
        };
        let journeys = stream.flows.iter().map(|flow| &self.steps[self.flows[*flow].steps.clone()]);
        let (max_in_flight, drain) = limits::of_stream(&planned, journeys, machine);
        let mut stream = stream.clone();
        (stream.load, stream.warm_up, stream.journeys_before) = (planned.load, Duration::ZERO, at.journeys_before);
        // A flow that starts later than others has none beside it here.
        stream.start_after = Duration::ZERO;
        (stream.max_in_flight, stream.drain) = (max_in_flight, drain);
        let requests = |stream: &Stream| self.requests_per_journey(stream) as usize;
        let limits = limits::resolve(std::slice::from_ref(&stream), requests, at.workers, machine);
        Some(Self { streams: vec![stream], limits, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;

    const MACHINE: Machine = Machine { cores: 2, sockets: 19_936 };
    const OPEN: &str = "[[step]]\nget = \"/x\"\n[load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"9s\"\n";

    #[test]
    fn the_rate_is_another_and_numbers_go_on_behind_those_before() {
        let plan = plan(OPEN);
        let at = AtRate { per_s: 400.0, lasting: Duration::from_secs(20), journeys_before: 45, workers: None };
        let faster = plan.at_rate(&at, &MACHINE).unwrap();
        let Load::Open(open) = &faster.streams[0].load else { panic!("{faster:?}") };
        assert_eq!((open.profile.peak_per_s(), faster.duration()), (400.0, Some(at.lasting)));
        assert_eq!(faster.streams[0].seat(0, 0, 0).arrival, 45);
        assert!(faster.limits.max_in_flight > plan.limits.max_in_flight, "{:?}", faster.limits);
        let Load::Open(before) = &plan.streams[0].load else { panic!("{plan:?}") };
        assert_ne!(open.seed, before.seed, "no two loads have the same schedule");
    }

    #[test]
    fn nothing_is_waited_for_before_each_load() {
        let flow = OPEN.replace("[[step]]", "[[flow]]\nname = \"a\"\nstart_after = \"30s\"\n[[flow.step]]");
        let plan = plan(&flow.replace("[load]", "[flow.load]"));
        assert_eq!(plan.streams[0].start_after, Duration::from_secs(30));
        let at = AtRate { per_s: 4.0, lasting: Duration::from_secs(5), journeys_before: 0, workers: None };
        assert_eq!(plan.at_rate(&at, &MACHINE).unwrap().streams[0].ends_after(), Some(at.lasting));
    }

    #[test]
    fn what_is_not_one_open_load_has_no_rate() {
        let once = plan("[[step]]\nget = \"/x\"\n[load]\nmodel = \"once\"\n");
        let at = AtRate { per_s: 1.0, lasting: Duration::from_secs(1), journeys_before: 0, workers: None };
        assert!(!once.has_one_rate() && once.at_rate(&at, &MACHINE).is_none());
        assert!(plan(OPEN).has_one_rate());
    }

    #[test]
    fn what_the_file_says_of_connections_stays() {
        let plan = plan(&OPEN.replace("\"9s\"\n", "\"9s\"\nmax_in_flight = 7\n"));
        let at = AtRate { per_s: 900.0, lasting: Duration::from_secs(5), journeys_before: 0, workers: Some(1) };
        assert_eq!(plan.at_rate(&at, &MACHINE).unwrap().limits.max_in_flight, 7);
    }
}
