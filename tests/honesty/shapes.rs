//! Ways in which a server makes people wait, or sends them away, each with its truth.

use std::collections::BTreeSet;
use std::time::Duration;

use mnload::demo::Faults;

use crate::support::seen::{Seen, ms, quantile, sorted};
use crate::truth::{Ran, Shape};

const fn millis(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// What was due at `due` is answered at the end of the freeze of one second in five that it fell into.
fn is_frozen(due: Duration) -> bool {
    due.as_millis() % 5_000 >= 4_000
}

/// Runs a shape that freezes; the wait of every arrival is known.
fn freezes(name: &'static str, rate_per_s: u64, seconds: u64) -> Ran {
    let faults = Faults { freeze: Some("1s/5s".parse().unwrap()), ..Faults::default() };
    let shape = Shape { name, faults, latency: millis(1), rate_per_s, seconds, target: "" };
    let wait = |due: Duration| match is_frozen(due) || is_frozen(due + millis(1)) {
        true => millis(5_001) - millis(due.as_millis() as u64 % 5_000),
        false => millis(1),
    };
    let truth = sorted((0..shape.arrivals()).map(|number| wait(shape.due(number))));
    assert!(quantile(&truth, 0.95).abs_diff(millis(751)) <= millis(5), "the last fifth of all waits 1,001 … 1 ms");
    let ran = shape.honest_run(|_| Some(truth.clone()));
    assert_eq!(ran.result.accounting.passed, shape.arrivals(), "{}", ran.stdout);
    println!("{name}: the server let go of all that it had held within {:.1} ms", ms(longest_release(&ran.seen)));
    ran
}

#[test]
fn a_server_that_freezes_for_one_second_in_five() {
    let ran = freezes("freeze at 1,000/s", 1_000, 10);
    assert!(ran.stdout.contains("service p95"), "the service time stands beside it:\n{}", ran.stdout);
    assert!(ran.result.times_us.service.p99 <= ran.result.times_us.response.p99);
}

/// A thousand answers at one moment take server and client some time each; two hundred do not keep from arithmetic.
#[test]
fn a_server_that_freezes_under_fewer_arrivals() {
    freezes("freeze at 200/s", 200, 10);
}

/// How long the server needed to let go of all that one freeze had held, at the most.
fn longest_release(seen: &[Seen]) -> Duration {
    let held = |seen: &&Seen| seen.waited.is_some_and(|waited| waited > millis(10)) && is_frozen(seen.due);
    let after_thaw = |seen: &Seen| {
        let answered = seen.due + seen.waited.unwrap();
        Duration::from_nanos((answered.as_nanos() % millis(5_000).as_nanos()) as u64)
    };
    // What came late to the freeze's beginning was not held by it.
    seen.iter().filter(held).map(after_thaw).filter(|after| *after < millis(2_500)).max().unwrap_or_default()
}

#[test]
fn a_server_that_slows_down() {
    let faults = Faults { slow_down: Some("1ms..200ms/12s".parse().unwrap()), ..Faults::default() };
    let shape = Shape { name: "slow-down", faults, latency: Duration::ZERO, rate_per_s: 500, seconds: 12, target: "" };
    let wait = |number| millis(1) + millis(199).mul_f64(shape.due(number).as_secs_f64() / 12.0);
    let ran = shape.honest_run(|_| Some(sorted((0..shape.arrivals()).map(wait))));
    assert_eq!(ran.result.accounting.passed, shape.arrivals(), "{}", ran.stdout);
}

#[test]
fn a_server_that_freezes_one_connection_in_ten() {
    let faults = Faults {
        freeze: Some("1s/5s".parse().unwrap()),
        freeze_connections: Some("10%".parse().unwrap()),
        ..Faults::default()
    };
    // Everybody has a connection of their own, so that every tenth of those who come in a freeze meets it.
    let target = "connections = { policy = \"user\" }\n";
    let shape = Shape { name: "one in ten", faults, latency: millis(100), rate_per_s: 200, seconds: 10, target };
    let ran = shape.honest_run(|_| None);
    assert_eq!(ran.result.accounting.passed, shape.arrivals(), "{}", ran.stdout);
    assert!(ran.result.times_us.response.p99 > 300_000, "two in a hundred were held");

    // Who was due while a tenth was held, and was not of them, waited no longer than at any other time.
    let waits = |when: fn(&Seen) -> bool| {
        let others = ran.seen.iter().filter(|seen| seen.connection % 10 != 9 && when(seen));
        sorted(others.map(|seen| seen.waited.unwrap()))
    };
    let (meanwhile, otherwise) = (waits(|seen| is_frozen(seen.due)), waits(|seen| !is_frozen(seen.due)));
    assert!(meanwhile.len() as u64 >= shape.arrivals() / 6);
    for share in [0.5, 0.9] {
        let (meanwhile, otherwise) = (quantile(&meanwhile, share), quantile(&otherwise, share));
        println!("one in ten: the others waited {:.1} ms meanwhile, {:.1} ms otherwise", ms(meanwhile), ms(otherwise));
        assert!(meanwhile <= otherwise.mul_f64(1.01) + ran.starved(), "{meanwhile:?}, otherwise {otherwise:?}");
    }
}

#[test]
fn a_server_that_is_away_for_a_second() {
    let faults = Faults {
        slow_down: Some("100ms..300ms/12s".parse().unwrap()),
        away: Some("1s@6s".parse().unwrap()),
        ..Faults::default()
    };
    let shape = Shape { name: "away", faults, latency: Duration::ZERO, rate_per_s: 200, seconds: 12, target: "" };
    let wait = |ran: &Ran, number: u64| match ran.missing.contains(&number) {
        true => Duration::ZERO,
        false => millis(100) + millis(200).mul_f64(shape.due(number).as_secs_f64() / 12.0),
    };
    let ran = shape.honest_run(|ran| Some(sorted((0..shape.arrivals()).map(|number| wait(ran, number)))));
    let Ran { result, missing, .. } = &ran;
    let (accounting, failed) = (result.accounting, missing.len() as u64);
    assert_eq!((accounting.passed, accounting.failed), (ran.seen.len() as u64, failed), "{}", ran.stdout);
    let classes: BTreeSet<&str> = result.errors.iter().map(|error| error.class.as_str()).collect();
    // A request that meets the end of its connection on the way is not refused but reset, or finds it closed.
    assert!(classes.is_subset(&BTreeSet::from(["connect_refused", "reset", "closed"])), "{classes:?}");
    assert_eq!(result.errors.iter().map(|error| error.count).sum::<u64>(), failed, "every one has a class");
    assert_eq!(result.errors[0].class, "connect_refused");

    // Those who failed are those who were due in that second; its edges are as sharp as the machine is punctual.
    let edge = millis(50) + ran.starved();
    let due = |number: &u64| shape.due(*number);
    assert!(missing.iter().map(due).all(|due| due >= millis(6_000) - edge && due <= millis(7_000) + edge));
    let inside = (0..shape.arrivals()).map(|number| (number, shape.due(number)));
    let inside = inside.filter(|(_, due)| *due > millis(6_000) + edge && *due + edge < millis(7_000));
    assert!(inside.map(|(number, _)| number).all(|number| missing.contains(&number)), "arrivals go on meanwhile");
}
