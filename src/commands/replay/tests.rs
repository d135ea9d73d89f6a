//! A journal that is anybody's: whatever it says, it is refused or reported, without a panic and within bounds.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::{About, replayed};
use crate::failure::Failure;
use crate::journal::{Log, Parts, series_tags};
use crate::metrics::{Checks, JourneyEnding, Outcome, Role, Sample, Second, Tally};
use crate::plan::fixture::plan;
use crate::report::{Detail, Kind, Occasion, Subject, render_console};
use crate::verdict::{Ending, Verdict};

/// A journal of six seconds of a load with gates of every kind, the first of them warm-up.
fn journal() -> String {
    let plan = plan(
        "[load]\nmodel = \"open\"\nrate = \"20/s\"\nduration = \"1m\"\nwarm_up = \"1s\"\n[gates]\na = \"p95 < 300ms\"\nb = \"failures of x < 3 in a row\"\nc = \"errors < 9 over 2s\"\nd = \"rate > 3/s\"\ne = \"journeys >= 90%\"\nf = \"error_rate of y < 50%\"\n[[step]]\nname = \"x\"\nget = \"/x\"\n[[step]]\nname = \"y\"\nget = \"/y\"\n",
    );
    let subject = Subject::of(&plan);
    let names = (0..subject.series.len()).map(|series| subject.step_of(series).map(|step| step.name.as_str()));
    let series = series_tags(names);
    let about = About { workers: 1, occasion: Occasion::default(), subject: subject.clone() };
    let mut parts = Parts::default();
    let mut log = Log::begin(&mut parts, SystemTime::UNIX_EPOCH + Duration::from_secs(9), series, about).unwrap();
    for number in 0..6 {
        log.second(&second(number), 0).unwrap();
    }
    String::from_utf8(log.take()).unwrap()
}

fn second(number: u64) -> Second {
    let mut tally = Tally::new(2);
    let mut outcomes = Vec::new();
    for k in 0..20 {
        let (step, warm_up, due_ns) = ((k % 2) as usize, number == 0, number * 1_000_000_000 + k * 50_000_000);
        let sample = Sample {
            step,
            due_ns,
            sent_ns: due_ns + 40_000,
            first_byte_ns: Some(due_ns + 3_000_000),
            connect_us: (k < 2).then_some(300),
            tls_us: None,
            done_ns: due_ns + 4_000_000 + k * 1_000_000,
            failure: (k % 7 == 3).then_some(Failure::Http(503)),
            checks: Checks { passed: 1, failed: 0 },
            scheduled: step == 0,
            role: Role::Final,
            warm_up,
        };
        tally.record(&sample, step, !warm_up, || "said".to_owned());
        if step == 0 {
            tally.journeys_due += 1;
            tally.journeys_started += 1;
            tally.warm_up.journeys_started += u64::from(warm_up);
            tally.started_in_window += u64::from(!warm_up);
        } else {
            tally.journey_ended(JourneyEnding::Passed, warm_up);
        }
        if !warm_up {
            outcomes.push(Outcome { done_ns: sample.done_ns, series: step, failed: sample.failure.is_some() });
        }
    }
    Second { number, tally: Arc::new(tally), outcomes: outcomes.into(), ..Second::default() }
}

#[test]
fn a_killed_run_says_what_it_knows_and_nothing_else() {
    let report = replayed(journal().as_bytes()).unwrap().killed();
    let result = &report.result;
    assert_eq!((result.ending, result.verdict, result.exit_code), (Ending::Killed, Verdict::Inconclusive, 4));
    assert_eq!((result.accounting.scheduled, result.accounting.passed, result.accounting.unstarted), (60, 60, 0));
    assert_eq!((result.rates.offered_per_s, result.rates.achieved_per_s), (10.0, 10.0));
    assert_eq!((result.window_s, result.elapsed_s, result.all_steps().requests), (5.0, 6.0, 100));
    let names: Vec<&str> = result.findings.iter().map(|finding| finding.name.as_str()).collect();
    assert_eq!(names, ["completed", "a", "b", "c", "d", "e", "f"], "nothing is concluded from what is not known");
    assert_eq!(result.reasons[0], "the run was killed after 6s: what is missing cannot be judged");
}

#[test]
fn whatever_a_journal_says_it_is_refused_or_reported() {
    let whole = journal();
    let numbers = [
        "0",
        "1",
        "7",
        "-1",
        "1e308",
        "4294967295",
        "18446744073709551615",
        "999999999999999999999",
        "null",
        "\"x\"",
        "[]",
        "{}",
        "0.5",
    ];
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let mut reported = 0;
    for round in 0..450 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..random.random_range(1..=2) {
            let at = random.random_range(0..bytes.len());
            match round % 3 {
                // Another number, somewhere.
                0 => {
                    let digits = |byte: &u8| byte.is_ascii_digit();
                    let Some(start) = bytes[at..].iter().position(digits).map(|found| found + at) else { continue };
                    let end =
                        bytes[start..].iter().position(|byte| !digits(byte)).map_or(bytes.len(), |found| found + start);
                    let number = numbers[random.random_range(0..numbers.len())];
                    bytes.splice(start..end, number.bytes());
                }
                1 => {
                    let to = (at + random.random_range(0..60)).min(bytes.len());
                    bytes.drain(at..to);
                }
                _ => bytes[at] = random.random(),
            }
        }
        let Ok(replayed) = replayed(bytes.as_slice()) else { continue };
        let report = replayed.killed();
        assert_eq!((report.result.verdict, report.result.exit_code), (Verdict::Inconclusive, 4));
        assert!(report.result.accounting.balances());
        let mut out = Vec::new();
        // The page takes longest.
        let kinds = Kind::ALL.iter().filter(|kind| **kind != Kind::Html || round % 8 == 0);
        kinds.for_each(|kind| kind.render(&report, &mut out).unwrap());
        assert!(!render_console(&report, Detail::Full).is_empty());
        reported += 1;
    }
    assert!(reported > 50, "only {reported} came so far");
}
