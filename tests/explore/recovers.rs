//! A target that asks to be left alone is left alone.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mnload::explore::{Ended, LimitedBy};

use crate::support::raw::{RawServer, answer, ok};
use crate::{GATES, explore, result_of, scenario};

/// What the header asks for.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// When requests came.
type Came = Arc<Mutex<Vec<Instant>>>;

/// Takes so many requests in a second, and refuses all that come within the same second beyond them.
fn refusing_beyond(most: usize) -> (RawServer, Came) {
    let came = Came::default();
    let noted = Arc::clone(&came);
    let server = RawServer::start(move |_, _| {
        let mut came = noted.lock().unwrap();
        let now = Instant::now();
        came.push(now);
        let lately = came.iter().rev().take_while(|at| now.duration_since(**at) < Duration::from_secs(1)).count();
        match lately > most {
            true => answer(503, &format!("retry-after: {}\r\n", RETRY_AFTER.as_secs()), ""),
            false => ok("", "{}"),
        }
    });
    (server, came)
}

#[test]
fn after_a_refusal_nothing_is_sent_for_as_long_as_was_asked() {
    let (server, came) = refusing_beyond(60);
    let outcome = explore(&scenario(&server.base_url(), GATES), &["--from", "40/s", "--budget", "30s"]);
    let result = result_of(&outcome);
    let refused: Vec<usize> = (0..result.points.len()).filter(|k| result.points[*k].ended == Ended::Refused).collect();
    assert!(!refused.is_empty(), "{:?}", result.points);
    let followed = refused.iter().filter_map(|k| result.points.get(k + 1)).collect::<Vec<_>>();
    for point in &followed {
        let recovery = point.recovery.unwrap_or_else(|| panic!("{point:?}"));
        assert!(recovery.waited_s >= RETRY_AFTER.as_secs_f64(), "{recovery:?}");
    }
    for at in refused.iter().map(|k| &result.points[*k]) {
        assert_eq!(at.retry_after_s, Some(2.0), "{at:?}");
        assert!(at.refused > 0 && at.lasted_s < 8.0, "spared the rest: {at:?}");
    }
    // By the target's own clock: a silence after each refusal that was followed by anything.
    let came = came.lock().unwrap();
    let silences = came.windows(2).filter(|pair| pair[1].duration_since(pair[0]) >= RETRY_AFTER.mul_f64(0.95)).count();
    assert!(silences >= followed.len(), "{silences} silences for {} refusals\n{}", followed.len(), outcome.stderr);
    if result.capacity.per_s.is_some() {
        assert_eq!(result.capacity.limited_by, LimitedBy::Refusal, "{:?}", result.capacity);
    }
}

#[test]
fn a_wait_that_is_longer_than_the_budget_ends_it_at_once() {
    let server = RawServer::start(|_, _| answer(503, "retry-after: 895\r\n", ""));
    let start = Instant::now();
    let outcome = explore(&scenario(&server.base_url(), GATES), &["--from", "40/s", "--budget", "60s"]).exits_with(4);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let result = result_of(&outcome);
    let why = "the target asked to be left alone for 14m 55s, longer than what is left of the budget";
    assert!(result.reasons[0].starts_with(why), "{:?}", result.reasons);
    assert_eq!(result.points.len(), 1, "{:?}", result.points);
}

#[test]
fn a_trickle_that_is_refused_is_followed_by_silence_as_well() {
    // All is refused once thirty requests were taken, so that the trickle is refused, too.
    let (came, taken) = (Came::default(), 30);
    let noted = Arc::clone(&came);
    let server = RawServer::start(move |_, _| {
        let mut came = noted.lock().unwrap();
        came.push(Instant::now());
        if came.len() > taken { answer(503, "retry-after: 2\r\n", "") } else { ok("", "{}") }
    });
    let outcome = explore(&scenario(&server.base_url(), GATES), &["--from", "40/s", "--budget", "30s"]);
    let result = result_of(&outcome);
    let recovery = result.points.iter().find_map(|point| point.recovery);
    let recovery = recovery.unwrap_or_else(|| panic!("{:?}", result.points));
    // Three trickles, and a silence before each and after the last.
    assert!(recovery.waited_s >= 8.0 && !recovery.recovered, "{recovery:?}");
}
