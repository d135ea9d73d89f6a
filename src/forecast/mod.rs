//! What a plan would do, in numbers, before anything is sent.
//!
//! Takes a [`Plan`] and what this machine has to give ([`Host`]); gives a [`Forecast`] and what stands against it
//! ([`Obstacle`]). Reads what a target announces of its rate limits, and says whether the plan fits. Pure: no clock, no
//! socket, no text for people.

mod amount;
#[cfg(test)]
pub(crate) mod fixture;
mod memory;
mod obstacle;
mod policy;
mod refusal;
mod stream;
mod structured;

pub use amount::Amount;
pub use memory::Memory;
pub use obstacle::{Host, Obstacle, obstacles};
pub use policy::{Policy, RateLimits, Window, rate_limits};
pub use refusal::{Fit, fit};
pub use stream::{StreamForecast, Traffic, of_flow};

use std::collections::BTreeSet;
use std::time::Duration;

use crate::load::{Closed, Load, Until};
use crate::plan::{Http, Per, Plan, Route, Step, Stream};

/// What a load without an end in time is expected to take at the most, for the memory of its seconds.
const ENDLESS: Duration = Duration::from_secs(3_600);

/// What a plan would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Journeys and requests of the load.
    pub traffic: Traffic,
    /// Requests of setup, before the load.
    pub setup: Amount,
    /// Requests of teardown, after it.
    pub teardown: Amount,
    /// Journeys under way at one time at the most.
    pub at_once: u64,
    /// Connections at one time at the most: each journey has one to every place that its steps go to.
    pub connections: u64,
    /// The most of them from one address of this machine to one of another.
    pub connections_to_one_place: u64,
    /// What it takes to remember.
    pub memory: Memory,
    /// The longest that each part can take.
    pub longest: Longest,
}

/// The longest that each part of a run can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Longest {
    /// Looking the target up, connecting, and setup.
    pub start_up: Duration,
    /// While journeys are started, or until they are all done where there is no end in time.
    pub load: Duration,
    /// Until the last journeys are over.
    pub drain: Duration,
    /// Teardown.
    pub teardown: Duration,
}

impl Longest {
    /// All of it.
    pub fn whole(&self) -> Duration {
        [self.load, self.drain, self.teardown].into_iter().fold(self.start_up, Duration::saturating_add)
    }
}

impl Forecast {
    /// What `plan` would do on `host`.
    pub fn of(plan: &Plan, host: &Host) -> Self {
        let streams: Vec<_> = plan.streams.iter().map(|stream| StreamForecast::of(plan, stream)).collect();
        let at_once = plan.limits.max_in_flight;
        let places = places_of(plan).max(1);
        let each = connections_for(plan, at_once);
        let connections = each.saturating_mul(places);
        let longest = longest_of(plan);
        // Where there is no end in time, the longest would be far too long.
        let over = plan.duration().unwrap_or(longest.load.min(ENDLESS)).saturating_add(longest.drain);
        let memory = Memory::of(plan, at_once.saturating_mul(places), over, host.resident_bytes);
        Self {
            setup: requests_of(&plan.setup),
            teardown: requests_of(&plan.teardown),
            at_once,
            connections,
            connections_to_one_place: from_one_address(plan, each.max(opened_in_a_minute(plan, &streams)), connections),
            memory,
            longest,
            traffic: Traffic { streams },
        }
    }
}

/// Of `to_one_place`, and of `connections` to all places, how many share an address at both ends.
fn from_one_address(plan: &Plan, to_one_place: u64, connections: u64) -> u64 {
    let network = &plan.target.network;
    let together = match network.route {
        Route::UnixSocket(_) => 0,
        Route::Direct if network.local_addresses.is_empty() => to_one_place,
        // Whatever the place, they all lead to the proxy; and a port that is bound by name serves one place alone.
        Route::Direct | Route::Proxy(_) => to_one_place.max(connections),
    };
    together.div_ceil(network.local_addresses.len().max(1) as u64)
}

/// Whether journeys certainly share connections that carry several requests at one time: over TLS the target may yet pick
/// a protocol that cannot, unless the plan insists.
pub fn share_streams(plan: &Plan) -> bool {
    let all_open = plan.streams.iter().all(|stream| matches!(stream.load, Load::Open(_)));
    let pooled = match plan.target.connections.per {
        Some(per) => per == Per::Pooled,
        None => all_open,
    };
    plan.target.http == Http::Two && pooled
}

/// How many connections to one place so many journeys have at the most.
fn connections_for(plan: &Plan, at_once: u64) -> u64 {
    if !share_streams(plan) {
        return at_once;
    }
    let workers = (plan.limits.workers as u64).max(1);
    let of_each_worker = at_once.div_ceil(workers).div_ceil(plan.target.connections.streams());
    at_once.min(workers.saturating_mul(of_each_worker))
}

/// Ports that are busy because everybody opens a connection of their own: the side that hangs up keeps its port for a
/// minute.
fn opened_in_a_minute(plan: &Plan, streams: &[StreamForecast]) -> u64 {
    if plan.target.connections.per != Some(Per::User) {
        return 0;
    }
    let open = plan.streams.iter().zip(streams).filter(|(stream, _)| matches!(stream.load, Load::Open(_)));
    let at_most = |forecast: &StreamForecast| {
        let peak = Traffic { streams: vec![forecast.clone()] }.peak_journeys_per_s().unwrap_or_default() * 60.0;
        forecast.journeys.most.or(forecast.journeys.planned).map_or(peak, |all| all.min(peak))
    };
    open.map(|(_, forecast)| at_most(forecast) as u64).sum()
}

fn requests_of(steps: &[Step]) -> Amount {
    steps.iter().map(stream::requests_of).fold(Amount::default(), Amount::plus)
}

/// How many places the journeys connect to.
fn places_of(plan: &Plan) -> u64 {
    let flows = plan.flows.iter().filter(|flow| flow.weight > 0 || plan.is_once());
    let steps = flows.flat_map(|flow| &plan.steps[flow.steps.clone()]);
    steps.map(|step| step.request.endpoint).collect::<BTreeSet<_>>().len() as u64
}

fn longest_of(plan: &Plan) -> Longest {
    let (load, drain) = plan
        .streams
        .iter()
        .map(|stream| longest_of_stream(plan, stream))
        .fold((Duration::ZERO, Duration::ZERO), |(load, drain), (other_load, other_drain)| {
            (load.max(other_load), drain.max(other_drain))
        });
    let start_up = plan.target.timeout.saturating_add(Step::longest_of(&plan.setup));
    Longest { start_up, load, drain, teardown: Step::longest_of(&plan.teardown) }
}

/// The longest that `stream` can take to start all its journeys, its wait included, and to end them.
fn longest_of_stream(plan: &Plan, stream: &Stream) -> (Duration, Duration) {
    let flows = stream.flows.iter().filter_map(|flow| plan.flows.get(*flow));
    let journeys = flows.map(|flow| Step::longest_of(&plan.steps[flow.steps.clone()]));
    match (&stream.load, stream.ends_after()) {
        (_, Some(end)) => (end, stream.drain),
        (Load::Closed(Closed { users, until: Until::Iterations(count, _), max_rate, .. }), None) => {
            let rounds = u32::try_from(count.div_ceil((*users).max(1))).unwrap_or(u32::MAX);
            let waiting = max_rate.and_then(|rate| Duration::try_from_secs_f64(*count as f64 / rate).ok());
            let all = journeys.max().unwrap_or_default().saturating_mul(rounds);
            (stream.start_after.saturating_add(all).saturating_add(waiting.unwrap_or_default()), Duration::ZERO)
        }
        // Once through every flow, one after the other.
        (_, None) => (journeys.fold(stream.start_after, Duration::saturating_add), Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::fixture::forecast;
    use crate::plan::fixture::plan;

    const STEP: &str = "[[step]]\nget = \"/health\"\n";

    #[test]
    fn the_longest_time_of_each_model_is_a_bound() {
        let of = |load: &str| forecast(&format!("[load]\n{load}\n{STEP}")).longest;
        let seconds = Duration::from_secs;
        let open = of("model = \"open\"\nrate = \"2/s\"\nduration = \"1m\"\ndrain = \"5s\"");
        assert_eq!(
            (open.start_up, open.load, open.drain, open.whole()),
            (seconds(10), seconds(60), seconds(5), seconds(75))
        );
        let closed = of("model = \"closed\"\nusers = 4\niterations = 10");
        assert_eq!((closed.load, closed.drain), (seconds(30), Duration::ZERO), "three rounds of one timeout");
        let capped = of("model = \"closed\"\nusers = 4\niterations = 10\nmax_rate = \"1/s\"");
        assert_eq!(capped.load, seconds(40));
        let once = forecast(&format!(
            "[[setup]]\nname = \"a\"\nget = \"/\"\ntimeout = \"3s\"\n{STEP}[[teardown]]\nname = \"b\"\nget = \"/\"\n"
        ))
        .longest;
        assert_eq!((once.start_up, once.load, once.teardown), (seconds(13), seconds(10), seconds(10)));
    }

    #[test]
    fn every_place_that_a_journey_goes_to_costs_a_connection() {
        let load = "[load]\nmodel = \"closed\"\nusers = 7\nduration = \"1s\"\n";
        let two = forecast(&format!("{load}{STEP}[[step]]\nget = \"http://127.0.0.1:8/x\"\n"));
        assert_eq!((two.connections, two.connections_to_one_place), (14, 7));
        assert_eq!(forecast(&format!("{load}{STEP}")).connections, 7);
    }

    #[test]
    fn local_addresses_share_the_ports_and_a_proxy_is_one_place() {
        let of = |target: &str| {
            let load = "[load]\nmodel = \"closed\"\nusers = 7\nduration = \"1s\"\n";
            let other = "[[step]]\nget = \"http://127.0.0.1:8/x\"\n";
            forecast(&format!("{target}\n{load}{STEP}{other}")).connections_to_one_place
        };
        assert_eq!(of("local_addresses = [\"127.0.0.2\", \"127.0.0.3\", \"127.0.0.4\"]"), 5);
        assert_eq!(of("proxy = \"http://127.0.0.1:8\""), 14);
        assert_eq!(of("unix_socket = \"/run/app.sock\""), 0);
    }

    #[test]
    fn journeys_that_certainly_share_connections_need_fewer() {
        let of = |target: &str| {
            let load = "[load]\nmodel = \"closed\"\nusers = 64\nduration = \"1s\"\n";
            let plan = plan(&format!("{target}\n{load}{STEP}"));
            (connections_for(&plan, 64), plan.limits.workers as u64)
        };
        let (shared, workers) = of("http = \"2\"\nconnections = { streams = 16 }");
        assert_eq!(shared, workers * (64 / workers).div_ceil(16));
        assert_eq!(of("http = \"2\"").0, 64, "each user of a closed load has one");
        assert_eq!(of("connections = { streams = 16 }").0, 64, "the target may pick HTTP/1.1");
    }
}
