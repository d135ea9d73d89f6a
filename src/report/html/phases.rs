//! Where the time of requests went, phase by phase, and what their connections did.

use serde::Serialize;

use super::fact::Fact;
use super::page::{NONE, time};
use crate::metrics::Latency;
use crate::report::result::RunResult;
use crate::units::{format_count, format_share};

/// The phases of all requests, and their connections.
#[derive(Debug, Serialize)]
pub(super) struct Phases {
    rows: Vec<Phase>,
    connections: Vec<Fact>,
}

#[derive(Debug, Serialize)]
struct Phase {
    name: &'static str,
    what: &'static str,
    /// The sum of others, or a part of them.
    whole: bool,
    count: String,
    /// p50, p95, p99, max.
    times: Vec<String>,
}

/// The phases of `result`.
pub(super) fn of(result: &RunResult) -> Phases {
    let times = &result.times_us;
    let phase = |name, what, latency: &Latency, whole| Phase {
        name,
        what,
        whole,
        count: format_count(latency.count),
        times: [latency.p50, latency.p95, latency.p99, latency.max].map(|us| time(latency, us)).into(),
    };
    Phases {
        rows: vec![
            phase("Send lag", "due to sent, of requests with a scheduled time", &times.send_lag, false),
            phase("Connect", "of requests that opened a connection", &times.connect, false),
            phase("TLS", "of requests that shook hands", &times.tls, false),
            phase("First byte", "sent to the first byte of the answer, connecting included", &times.first_byte, false),
            phase("Receive", "from there to the last byte", &times.receive, false),
            phase("Service", "sent to done: the whole as curl sees it", &times.service, true),
            phase("Response", "due to done: the whole as a user sees it", &times.response, true),
        ],
        connections: connections(result),
    }
}

fn connections(result: &RunResult) -> Vec<Fact> {
    let generator = &result.generator;
    let requests = generator.connections_reused + times_opened(result);
    let share = match requests {
        0 => NONE.to_owned(),
        all => format_share(generator.connections_reused as f64 / all as f64),
    };
    vec![
        Fact::noted("Opened", format_count(generator.connections_opened), "connections"),
        Fact::noted("Of those HTTP/2", format_count(generator.connections_http2), "the others speak HTTP/1.1"),
        Fact::noted("On a new one", format_count(times_opened(result)), "requests that waited for a connection"),
        Fact::noted("Reused for", format_count(generator.connections_reused), "requests"),
        Fact::noted("Reused share", share, "of those that are counted here"),
    ]
}

/// Requests that opened a connection.
fn times_opened(result: &RunResult) -> u64 {
    result.times_us.connect.count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn a_phase_that_never_was_has_no_figures() {
        let phases = of(&Fixture::default().report().result);
        let figures = |name: &str| {
            let row = phases.rows.iter().find(|row| row.name == name);
            row.map(|row| (row.count.as_str(), row.times[0].as_str()))
        };
        assert_eq!(figures("TLS"), Some(("0", NONE)));
        assert!(figures("Response").is_some_and(|(count, p50)| count != "0" && p50 != NONE));
    }
}
