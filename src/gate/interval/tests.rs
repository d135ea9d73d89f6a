//! Runs that never were: what their samples tell about a figure, and what a gate makes of it.

use std::time::Duration;

use proptest::prelude::*;

use crate::failure::Failure;
use crate::gate::{NamedGate, Origin, judge};
use crate::metrics::{Aggregate, Checks, JourneyEnding, Recorder, Role, Sample, Series, Summary};
use crate::verdict::{Finding, Status, Verdict};

const MS: u64 = 1_000;

fn gate(text: &str) -> NamedGate {
    let gate = text.parse().unwrap();
    NamedGate { name: "gate".to_owned(), gate, series: None, origin: Origin::File, skip: None }
}

/// A run of `seconds`, in each of which requests of two steps in turn took these times; `fails` says which failed.
fn run(seconds: &[Vec<u64>], fails: impl Fn(usize, usize) -> bool) -> Summary {
    let mut aggregate = Aggregate::new(1, 2);
    let window = 0..seconds.len() as u64 * 1_000_000_000;
    let mut recorder = Recorder::new(0, Series::of_steps(2, &[]), window);
    for (second, times) in seconds.iter().enumerate() {
        for (k, us) in times.iter().enumerate() {
            let failure = fails(second, k).then_some(Failure::Timeout);
            let sent_ns = second as u64 * 1_000_000_000;
            let sample = Sample {
                step: k % 2,
                due_ns: sent_ns,
                sent_ns,
                first_byte_ns: None,
                connect_us: None,
                tls_us: None,
                done_ns: sent_ns + us * 1_000,
                failure,
                checks: Checks { passed: 1 - u64::from(failure.is_some()), failed: u64::from(failure.is_some()) },
                scheduled: true,
                role: Role::Final,
                warm_up: false,
            };
            recorder.record(&sample, String::new);
            recorder.journey_started(sent_ns, u64::MAX, false);
            recorder
                .journey_ended(if failure.is_some() { JourneyEnding::Failed } else { JourneyEnding::Passed }, false);
        }
        aggregate.take(recorder.snapshot(second as u64, second + 1 == seconds.len()), |_| {});
    }
    let (total, timeline, batches) = aggregate.finish();
    let length = Duration::from_secs(seconds.len() as u64);
    let mut summary = Summary { window: length, elapsed: length, timeline, batches, ..Summary::default() };
    summary.accounting.scheduled = total.journeys_started;
    summary.accounting.passed = total.journeys_passed;
    summary.accounting.failed = total.journeys_failed;
    summary.all_steps = total.all_steps();
    summary.total = total;
    summary
}

/// Seconds of a hundred requests, between 100 ms and 199 ms, without any order.
fn even(seconds: u64) -> Vec<Vec<u64>> {
    (0..seconds).map(|second| (0..100).map(|k| (100 + (k * 37 + second * 11) % 100) * MS).collect()).collect()
}

/// The same, but for every fifth second, in which all take twice as long.
fn uneven(seconds: u64) -> Vec<Vec<u64>> {
    let mut seconds = even(seconds);
    seconds.iter_mut().step_by(5).flatten().for_each(|us| *us *= 2);
    seconds
}

#[track_caller]
fn judged(text: &str, summary: &Summary) -> Finding {
    judge(&[gate(text)], summary, &[]).swap_remove(0)
}

#[track_caller]
fn interval(text: &str, summary: &Summary) -> (Option<f64>, Option<f64>, u64) {
    let interval = judged(text, summary).interval.unwrap();
    assert_eq!(interval.confidence, 0.95);
    (interval.low, interval.high, interval.effective_samples)
}

#[test]
fn a_percentile_of_even_seconds_is_known_closely_and_of_uneven_ones_is_not() {
    let (low, high, effective) = interval("p95 < 1s", &run(&even(20), |_, _| false));
    assert!(effective == 2_000, "{effective}");
    assert!(low > Some(192_000.0) && high < Some(197_000.0), "{low:?} to {high:?}");
    let summary = run(&uneven(20), |_, _| false);
    let (low, high, effective) = interval("p90 < 1s", &summary);
    assert!(effective < 100, "{effective}");
    assert!(low < Some(200_000.0) && high > Some(350_000.0), "{low:?} to {high:?}");
    let finding = judged("p90 < 1s", &summary);
    assert_eq!((finding.samples, finding.status, finding.reason), (2_000, Status::Pass, None));
}

#[test]
fn a_gate_on_one_step_looks_at_the_stretches_of_that_step() {
    // The first step's requests of one second are slow, the other's never.
    let seconds: Vec<Vec<u64>> = (0..20)
        .map(|second| (0..100).map(|k| if second == 7 && k % 2 == 0 { 900 * MS } else { (100 + k) * MS }).collect())
        .collect();
    let summary = run(&seconds, |_, _| false);
    let of = |series: usize| {
        let named = NamedGate { series: Some(vec![series]), ..gate("p90 < 1s") };
        judge(&[named], &summary, &[]).swap_remove(0).interval.unwrap()
    };
    assert!(of(0).effective_samples < 300 && of(0).high.is_none_or(|high| high > 190_000.0), "{:?}", of(0));
    assert_eq!(of(1).effective_samples, 1_000);
}

#[test]
fn shares_and_means_have_intervals_too_and_clusters_widen_them() {
    let spread = run(&even(20), |_, k| k == 50);
    let (low, high, effective) = interval("error_rate < 5%", &spread);
    assert!(low > Some(0.006) && high < Some(0.017) && effective == 2_000, "{low:?} to {high:?}");
    // As many failures, but all in one second.
    let clustered = run(&even(20), |second, k| second == 3 && k < 20);
    let (low, high, effective) = interval("error_rate < 5%", &clustered);
    assert!(low < Some(0.003) && high > Some(0.04) && effective < 150, "{low:?} to {high:?}, {effective}");
    for gate in ["checks >= 95%", "journeys >= 95%"] {
        let (low, high, effective) = interval(gate, &clustered);
        assert!(low < Some(0.96) && high > Some(0.997) && effective < 150, "{gate}: {low:?} to {high:?}");
    }
    let (low, high, effective) = interval("mean < 1s", &run(&even(20), |_, _| false));
    assert!(low > Some(147_000.0) && high < Some(152_000.0) && effective == 2_000, "{low:?} to {high:?}");
    let (low, high, effective) = interval("mean < 1s", &run(&uneven(20), |_, _| false));
    assert!(low < Some(155_000.0) && high > Some(205_000.0) && effective < 100, "{low:?} to {high:?}");
}

#[test]
fn what_has_no_spread_has_no_interval() {
    let summary = run(&even(20), |_, _| false);
    for text in ["max < 1s", "rate > 1/s", "errors < 5"] {
        assert_eq!(judged(text, &summary).interval, None, "{text}");
    }
}

#[test]
fn too_few_samples_for_a_tail_have_no_end_there() {
    let few = run(&[(0..50).map(|k| (100 + k) * MS).collect()], |_, _| false);
    let finding = judged("p95 < 1s", &few);
    let interval = finding.interval.unwrap();
    assert_eq!((finding.status, interval.high), (Status::Pass, None));
    assert!(interval.text.ends_with("ms or more"), "{}", interval.text);
    let reason = finding.reason.unwrap_or_default();
    assert!(reason.contains("no end there with fewer than 72 samples"), "{reason}");
    let strict = judged("p95 < 1s, strict", &few);
    assert_eq!((strict.status, Verdict::of(&[strict])), (Status::Invalid, Verdict::Inconclusive));
    let none = judged("p99 < 1s", &few);
    assert_eq!((none.status, none.interval), (Status::NoData, None));
    assert_eq!(none.reason.as_deref(), Some("p99 needs at least 100 samples, there were 50"));
    let wanted = judged("p50 < 1s, at least 1000 samples", &few);
    assert_eq!(wanted.status, Status::NoData);
    assert_eq!(wanted.reason.as_deref(), Some("the gate wants at least 1,000 samples, there were 50"));
}

#[test]
fn a_bound_within_the_interval_is_said_and_decides_nothing_where_the_gate_is_strict() {
    let summary = run(&uneven(20), |_, _| false);
    for (text, status) in [
        ("p90 < 320ms", Status::Pass),
        ("p90 < 320ms, strict", Status::Invalid),
        ("p90 < 290ms", Status::Fail),
        ("p90 < 290ms, strict", Status::Invalid),
        ("p90 > 290ms, strict", Status::Invalid),
    ] {
        let finding = judged(text, &summary);
        let reason = finding.reason.unwrap_or_default();
        assert_eq!(finding.status, status, "{text}: {reason}");
        assert!(reason.starts_with("the bound lies within the interval "), "{text}: {reason}");
    }
    for (text, status) in [("p90 < 500ms, strict", Status::Pass), ("p90 < 90ms, strict", Status::Fail)] {
        let finding = judged(text, &summary);
        assert_eq!((finding.status, finding.reason), (status, None), "{text}");
    }
}

#[test]
fn none_and_all_are_about_every_one_that_was_seen() {
    let summary = run(&even(20), |_, _| false);
    for text in ["checks >= 100%, strict", "error_rate <= 0%, strict", "error_rate = 0%", "journeys = 100%"] {
        let finding = judged(text, &summary);
        assert_eq!((finding.status, finding.reason), (Status::Pass, None), "{text}");
    }
    // With 100 samples a rate of 1 % may well have shown no error at all.
    let short = run(&even(1), |_, _| false);
    assert_eq!(judged("error_rate < 1%, strict", &short).status, Status::Invalid);
    assert_eq!(judged("error_rate < 1%", &short).status, Status::Pass);
}

/// FAIL, INCONCLUSIVE and PASS in order.
fn order(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::Pass => 2,
    }
}

/// Seconds of requests: how long each takes, and a die that is 0 if it fails.
type Seconds = Vec<Vec<(u64, u8)>>;

fn any_seconds() -> impl Strategy<Value = Seconds> {
    let times = prop_oneof![Just(50 * MS), 10 * MS..90 * MS, 10u64..900 * MS];
    prop::collection::vec(prop::collection::vec((times, 0u8..20), 0..24), 1..30)
}

fn run_of(seconds: &Seconds) -> Summary {
    let times: Vec<Vec<u64>> = seconds.iter().map(|second| second.iter().map(|(us, _)| *us).collect()).collect();
    run(&times, |second, k| seconds[second][k].1 == 0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_looser_bound_never_makes_a_verdict_worse(
        seconds in any_seconds(),
        mut bounds in prop::collection::vec(1u64..1_000_000, 2..7),
        late_us in prop_oneof![Just(0u64), 1u64..20_000],
        strict in any::<bool>(),
    ) {
        bounds.sort_unstable();
        let mut summary = run_of(&seconds);
        (0..100).for_each(|_| summary.generator.loop_lag.record(late_us));
        let option = if strict { ", strict" } else { "" };
        for (figure, unit, per_unit, loosens_upward) in [
            ("p50 <", "us", 1.0, true), ("p95 <=", "us", 1.0, true), ("mean <", "us", 1.0, true), ("error_rate <", "%", 10_000.0, true),
            ("checks >=", "%", 10_000.0, false), ("journeys >", "%", 10_000.0, false), ("p90 >", "us", 1.0, false),
        ] {
            let verdicts = |bound: &u64| {
                let text = format!("{figure} {}{unit}{option}", *bound as f64 / per_unit);
                let findings = judge(&[gate(&text)], &summary, &[]);
                (order(Verdict::of(&findings[..1])), order(Verdict::of(&findings)))
            };
            let mut seen: Vec<(u8, u8)> = bounds.iter().map(verdicts).collect();
            if !loosens_upward {
                seen.reverse();
            }
            // What a tight gate finds too late of the generator may be punctual enough for a loose one, which then fails:
            // of the run as a whole it can only be said that PASS stays PASS.
            let (own, whole): (Vec<u8>, Vec<u8>) = seen.into_iter().unzip();
            prop_assert!(own.is_sorted(), "{} {:?}: {:?}", figure, bounds, own);
            prop_assert!(whole.is_sorted_by_key(|verdict| *verdict == 2), "{} {:?}: {:?}", figure, bounds, whole);
        }
    }

    #[test]
    fn strict_only_takes_verdicts_back(seconds in any_seconds(), bound in 1u64..1_000_000) {
        let summary = run_of(&seconds);
        for figure in ["p50 <", "p95 <", "mean >"] {
            let of = |option: &str| judged(&format!("{figure} {bound}us{option}"), &summary).status;
            let (plain, strict) = (of(""), of(", strict"));
            prop_assert!(plain == strict || strict == Status::Invalid, "{plain:?} became {strict:?}");
        }
    }

    #[test]
    fn an_interval_holds_what_was_observed(seconds in any_seconds()) {
        let summary = run_of(&seconds);
        for (figure, quantile) in [("p50 < 1s", 0.5), ("p90 < 1s", 0.9), ("p95 < 1s", 0.95)] {
            let finding = judged(figure, &summary);
            let (Some(interval), Some(us)) = (finding.interval, summary.all_steps.response.quantile_us(quantile)) else { continue };
            prop_assert!(interval.low.is_none_or(|low| low <= us as f64), "{:?} of {us}", interval);
            prop_assert!(interval.high.is_none_or(|high| us as f64 <= high), "{:?} of {us}", interval);
            prop_assert!(interval.effective_samples <= finding.samples);
        }
    }
}
