//! What an exploration may not exceed, by the target's own account.

use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions};
use mnload::explore::{LimitedBy, Outcome as Came};

use crate::support::raw::{RawServer, ok};
use crate::{GATES, explore, result_of, scenario};

/// The most requests that came within `window`.
fn most_within(demo: &Demo, window: Duration) -> usize {
    let arrived: Vec<Duration> = demo.records().iter().map(|record| record.arrived).collect();
    let from = |k: usize| arrived[k..].iter().take_while(|at| **at < arrived[k] + window).count();
    (0..arrived.len()).map(from).max().unwrap_or(0)
}

#[test]
fn no_rate_is_above_the_highest_or_the_ceiling_however_much_the_target_bears() {
    // The file's ceiling cuts the default of `to` down; on the command line it is given.
    for (section, more) in [("[explore]\nceiling = \"80/s\"\n", &[][..]), ("", &["--to", "80/s"][..])] {
        let demo = Demo::start(DemoOptions { record: true, ..DemoOptions::without_latency() }).unwrap();
        let workspace = scenario(&demo.base_url(), &format!("{GATES}{section}"));
        let outcome = explore(&workspace, &[&["--from", "40/s", "--budget", "30s"], more].concat());
        let result = result_of(&outcome);
        assert_eq!(result.asked.to_per_s, 80.0);
        // A machine that is busy with other things may let it come no further than the first rate.
        let is_quiet = result.points.iter().all(|point| point.outcome == Came::Holds);
        assert!(!is_quiet || result.points.iter().any(|point| point.rate_per_s == 80.0), "{:?}", result.points);
        assert!(result.points.iter().all(|point| point.rate_per_s <= 80.0), "{:?}", result.points);
        // Twice the rate would be 480 in three seconds; a generator that stood still makes up for a part of one.
        let most = most_within(&demo, Duration::from_secs(3));
        assert!(most < 360, "{most} requests in three seconds");
        assert_eq!(demo.requests_seen(), result.requests, "all that was sent is told");
        if result.capacity.limited_by == LimitedBy::Range {
            outcome.exits_with(0).says("the highest rate that was allowed: raise --to");
        }
    }
}

#[test]
fn no_more_requests_are_sent_than_are_allowed() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    // One journey may be tried again: what it could send is allowed for.
    for (retry, spread) in [("", "even"), ("retry = { times = 1 }\n", "even"), ("", "poisson")] {
        let before = server.requests_seen();
        let workspace = crate::support::Workspace::with(&format!(
            "[target]\nbase_url = \"{}\"\n{}arrivals = \"{spread}\"\n{}{retry}{GATES}",
            server.base_url(),
            crate::LOAD,
            crate::STEP
        ));
        let outcome =
            explore(&workspace, &["--from", "50/s", "--budget", "30s", "--max-requests", "301"]).exits_with(4);
        let result = result_of(&outcome);
        let seen = server.requests_seen() - before;
        assert!(seen <= 301, "{seen} requests with {spread} arrivals");
        assert!(seen >= 150, "{seen} requests: half of them, if each may be sent twice, are used");
        assert_eq!(result.requests, seen);
        assert_eq!(result.asked.max_requests, Some(301));
        assert!(result.reasons[0].contains("the 301 requests that are allowed were too few"), "{:?}", result.reasons);
    }
}

#[test]
fn time_is_up_when_it_is_up() {
    // Every answer is late, so that the last loads need their drain.
    let server = RawServer::start(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        ok("", "{}")
    });
    let workspace = scenario(&server.base_url(), GATES);
    let start = Instant::now();
    let outcome = explore(&workspace, &["--from", "20/s", "--budget", "30s", "--precision", "1%"]);
    let took = start.elapsed();
    let result = result_of(&outcome);
    assert!(took < Duration::from_secs(42), "{took:?}: a budget of 30s, and a drain of 11s");
    assert!(result.elapsed_s <= took.as_secs_f64());
    assert!(result.points.iter().all(|point| point.started_s + point.lasted_s <= 31.0), "{:?}", result.points);
}
