//! The honesty test: a server that freezes for one second in every five, under 1,000 arrivals a second.
//!
//! What people wait is known by arithmetic: an arrival that falls into a freeze waits for its end. A generator that lets
//! the freeze hold back its own arrivals reports a twentieth of a percent of that at p95; this one must report it all.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails by a panic says where")]

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, Faults, Latency, Record};

use support::Workspace;

const ARRIVALS: u64 = 20_000;
const GAP: Duration = Duration::from_millis(1);
/// Quantile and truth in milliseconds: of every 5 s, 4 s are answered in 1 ms, and the last 1 s waits 1,001 … 1 ms.
const TRUTH: [(f64, f64); 3] = [(0.90, 501.0), (0.95, 751.0), (0.99, 951.0)];
const TOLERANCE: f64 = 0.02;

#[test]
fn what_a_freezing_server_makes_people_wait_is_reported_in_full() {
    let faults = Faults { freeze: Some("1s/5s".parse().unwrap()), ..Faults::default() };
    let latency = Latency::Fixed(Duration::from_millis(1));
    let demo = Demo::start(DemoOptions { faults, latency, record: true, ..DemoOptions::default() }).unwrap();
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"1000/s\"\nduration = \"20s\"\n[[step]]\nget = \"/health\"\n",
        demo.base_url()
    ));
    let outcome = workspace.run(&[]);
    let result = outcome.result();

    assert_eq!((result.accounting.scheduled, result.accounting.passed), (ARRIVALS, ARRIVALS), "{}", outcome.stdout);
    assert!(result.accounting.balances());
    assert_eq!(demo.requests_seen(), ARRIVALS);

    let seen = waits_seen_by_the_server(&demo.records());
    let response = result.times_us.response;
    for ((quantile, truth_ms), reported_us) in TRUTH.into_iter().zip([response.p90, response.p95, response.p99]) {
        let reported_ms = reported_us as f64 / 1e3;
        let seen_ms = quantile_of(&seen, quantile).as_secs_f64() * 1e3;
        println!(
            "p{}: truth {truth_ms} ms, seen by the server {seen_ms:.1} ms, reported {reported_ms:.1} ms",
            quantile * 100.0
        );
        assert!(
            reported_ms >= truth_ms * (1.0 - TOLERANCE),
            "p{quantile} hides what people wait: {reported_ms} of {truth_ms} ms"
        );
        // A machine that is busy makes the server itself let go of a thousand answers more slowly than arithmetic does;
        // then what the server saw is the truth.
        let most_ms = truth_ms.max(seen_ms) * (1.0 + TOLERANCE);
        assert!(
            reported_ms <= most_ms,
            "p{quantile} adds waits of its own: {reported_ms} of {truth_ms} ms, the server saw {seen_ms} ms"
        );
    }
    assert!(outcome.stdout.contains("service p95"), "the service time stands beside it:\n{}", outcome.stdout);
    assert!(result.times_us.service.p99 <= response.p99);
}

/// From the moment each request was due to the moment the server let go of its answer.
fn waits_seen_by_the_server(records: &[Record]) -> Vec<Duration> {
    let due = (0..).map(|k| GAP * k);
    let mut waits: Vec<_> =
        records.iter().zip(due).filter_map(|(record, due)| record.answered?.checked_sub(due)).collect();
    waits.sort();
    waits
}

fn quantile_of(sorted: &[Duration], quantile: f64) -> Duration {
    sorted[(sorted.len() as f64 * quantile).ceil() as usize - 1]
}
