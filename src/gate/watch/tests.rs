//! The laws of gates over time: whatever is seen second by second is what anybody would find in the samples themselves.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::judge;
use super::*;
use crate::failure::Failure;
use crate::gate::Origin;
use crate::metrics::{Aggregate, Checks, Histogram, JourneyEnding, Recorder, Role, Sample, Series, Summary};
use crate::verdict::{Ending, Finding, Status};

const SECOND_NS: u64 = 1_000_000_000;
const STEPS: usize = 2;

/// One request: which worker noted it, in which step, when it was done, how long it took, and whether it failed.
#[derive(Debug, Clone, Copy)]
struct Seen {
    worker: u64,
    step: usize,
    done_ns: u64,
    took_us: u64,
    failed: bool,
}

impl Seen {
    fn sample(self, warm_up_s: u64) -> Sample {
        let due_ns = self.done_ns.saturating_sub(self.took_us * 1_000);
        Sample {
            step: self.step,
            due_ns,
            sent_ns: due_ns,
            first_byte_ns: None,
            connect_us: None,
            tls_us: None,
            done_ns: self.done_ns,
            failure: self.failed.then_some(Failure::Timeout),
            checks: Checks { passed: u64::from(!self.failed), failed: u64::from(self.failed) },
            scheduled: false,
            role: Role::Final,
            warm_up: due_ns < warm_up_s * SECOND_NS,
        }
    }

    fn is_judged(&self, warm_up_s: u64) -> bool {
        !self.sample(warm_up_s).warm_up
    }
}

fn named(text: &str, series: Option<Vec<usize>>) -> NamedGate {
    NamedGate { name: "g".to_owned(), gate: text.parse().unwrap(), series, origin: Origin::File, skip: None }
}

/// What a watcher of `named` sees of a load of `seconds`, whose samples come through two workers and the aggregate.
fn traced(named: &NamedGate, prospect: Prospect, seen: &[Seen], seconds: u64) -> (Trace, Option<u64>) {
    let series = Series::of_steps(STEPS, &[]);
    let gates = std::slice::from_ref(named);
    let mut aggregate = Aggregate::new(2, STEPS);
    let warm_up_s = prospect.judged_from.as_secs();
    let mut watcher = Watcher::new(gates, vec![prospect]);
    let recorder = |worker| Recorder::new(worker, series.clone(), 0..seconds * SECOND_NS).logging(logged(gates, STEPS));
    let mut recorders = [recorder(0), recorder(1)];
    let mut asked = None;
    for second in 0..seconds {
        for (worker, recorder) in (0..2).zip(&mut recorders) {
            let of = |seen: &&Seen| seen.worker == worker && seen.done_ns / SECOND_NS == second;
            for seen in seen.iter().filter(of) {
                recorder.record(&seen.sample(warm_up_s), String::new);
                recorder.journey_started(seen.done_ns, u64::MAX, false);
                let ending = if seen.failed { JourneyEnding::Failed } else { JourneyEnding::Passed };
                recorder.journey_ended(ending, !seen.is_judged(warm_up_s));
            }
            aggregate.take(recorder.snapshot(second, second + 1 == seconds), |complete| {
                if watcher.see(complete).is_some() {
                    asked.get_or_insert(complete.number + 1);
                }
            });
        }
    }
    (watcher.finish().swap_remove(0), asked)
}

fn any_seen(seconds: u64) -> impl Strategy<Value = Seen> {
    (0u64..2, 0usize..STEPS, 0..seconds * SECOND_NS, 1u64..1_000, prop::bool::weighted(0.2)).prop_map(
        |(worker, step, done_ns, took_ms, failed)| Seen { worker, step, done_ns, took_us: took_ms * 1_000, failed },
    )
}

/// The figure of `gate` over `samples`, from nothing but them; none if they are too few.
fn naive(gate: &crate::gate::Gate, all: &[Seen], warm_up_s: u64, length_s: u64) -> Option<f64> {
    let judged: Vec<&Seen> = all.iter().filter(|seen| seen.is_judged(warm_up_s)).collect();
    let mut times = Histogram::default();
    judged.iter().for_each(|seen| times.record(seen.sample(0).response_us()));
    let failed = judged.iter().filter(|seen| seen.failed).count() as f64;
    use crate::gate::Statistic::{Max, Mean, Percentile};
    match gate.metric {
        Metric::Rate => Some(all.iter().filter(|seen| !seen.failed).count() as f64 / length_s as f64),
        _ if (judged.len() as u64) < fewest(gate) => None,
        Metric::Time(_, Percentile(percentile)) => times.quantile_us(percentile.quantile()).map(|us| us as f64),
        Metric::Time(_, Max) => judged.iter().map(|seen| seen.sample(0).response_us()).max().map(|us| us as f64),
        Metric::Time(_, Mean) => Some(times.latency().mean),
        Metric::ErrorRate(_) => Some(failed / judged.len() as f64),
        Metric::Errors(_) => Some(failed),
        Metric::Checks | Metric::Journeys => Some((judged.len() as f64 - failed) / judged.len() as f64),
        Metric::Failures | Metric::Capacity => None,
    }
}

const WINDOWED: [&str; 10] = [
    "journeys > 80%",
    "p50 < 500ms",
    "p95 < 900ms",
    "max < 990ms",
    "mean <= 500ms",
    "error_rate < 25%",
    "errors < 4",
    "checks >= 75%",
    "rate >= 6/s",
    "service.p50 > 400ms",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_window_is_what_its_samples_say(
        seen in prop::collection::vec(any_seen(16), 0..160),
        gate in prop::sample::select(&WINDOWED[..]),
        length in 1u64..9,
        warm_up_s in 0u64..4,
        of_one in any::<bool>(),
    ) {
        // Journeys are of no step.
        let of_one = of_one && !gate.contains("journeys");
        let series = of_one.then(|| vec![1]);
        let named = named(&format!("{gate} over {length}s"), series.clone());
        let prospect = Prospect {
            judged_from: Duration::from_secs(warm_up_s),
            ends: Some(Duration::from_secs(16)),
            ..Prospect::default()
        };
        let (trace, _) = traced(&named, prospect, &seen, 16);
        let super::Seen::Windows(windows) = trace.seen else { panic!("{trace:?}") };

        let meant: Vec<Seen> = seen.iter().filter(|seen| !of_one || seen.step == 1).copied().collect();
        let is_rate = named.gate.metric == Metric::Rate;
        let seconds_judged = meant.iter().filter(|seen| seen.is_judged(warm_up_s)).map(|seen| seen.done_ns / SECOND_NS);
        let first = if is_rate { warm_up_s } else { seconds_judged.filter(|s| *s >= warm_up_s).min().unwrap_or(16) };
        let figures: Vec<(u64, Option<f64>)> = (first + length..=16)
            .map(|end| {
                let within = |seen: &&Seen| (end - length..end).contains(&(seen.done_ns / SECOND_NS));
                let of_window: Vec<Seen> = meant.iter().filter(within).copied().collect();
                (end, naive(&named.gate, &of_window, warm_up_s, length))
            })
            .collect();
        let judged: Vec<(u64, f64)> = figures.iter().filter_map(|(end, figure)| Some((*end, (*figure)?))).collect();
        let broken: Vec<u64> = judged.iter().filter(|(_, figure)| !named.gate.holds(*figure)).map(|(end, _)| *end).collect();
        let worst = judged.iter().map(|(_, figure)| *figure).reduce(|a, b| match named.gate.comparison.is_upper() {
            true => a.max(b),
            false => a.min(b),
        });
        prop_assert_eq!(windows.judged as usize, judged.len());
        prop_assert_eq!(windows.too_few as usize, figures.len() - judged.len());
        prop_assert_eq!(windows.broken as usize, broken.len());
        prop_assert_eq!(windows.first_broken_s, broken.first().copied());
        prop_assert_eq!(windows.worst.as_ref().map(|worst| worst.figure), worst);
        prop_assert_eq!(trace.first_broken_s, broken.first().copied());
    }

    #[test]
    fn every_row_is_in_the_order_in_which_steps_came_to_an_end(
        seen in prop::collection::vec(any_seen(6), 0..80),
        most in 1u64..5,
        warm_up_s in 0u64..3,
        of_one in any::<bool>(),
    ) {
        let named = named(&format!("failures < {most} in a row"), of_one.then(|| vec![0]));
        let prospect = Prospect { judged_from: Duration::from_secs(warm_up_s), ..Prospect::default() };
        let (trace, _) = traced(&named, prospect, &seen, 6);
        let super::Seen::Rows(rows) = trace.seen else { panic!("{trace:?}") };

        let meant = |seen: &&Seen| (!of_one || seen.step == 0) && seen.is_judged(warm_up_s);
        let mut ordered: Vec<Seen> = seen.iter().filter(meant).copied().collect();
        ordered.sort_by_key(|seen| (seen.done_ns, seen.step, seen.failed));
        let (mut row, mut longest, mut broken_ns) = (0, 0, None);
        for seen in &ordered {
            row = if seen.failed { row + 1 } else { 0 };
            longest = longest.max(row);
            if row >= most && broken_ns.is_none() {
                broken_ns = Some(seen.done_ns);
            }
        }
        prop_assert_eq!((rows.outcomes as usize, rows.longest, rows.broken_ns), (ordered.len(), longest, broken_ns));
    }

    #[test]
    fn no_run_is_ended_that_could_still_have_passed(
        seen in prop::collection::vec(any_seen(8), 1..120),
        gate in prop::sample::select(&["p50 < 500ms", "p90 < 700ms", "max < 950ms", "error_rate < 20%", "errors < 9",
            "checks >= 80%", "journeys >= 75%", "p50 < 400ms, at least 30 samples"][..]),
        more in 0u64..100,
        good_share in 0u64..=100,
    ) {
        let named = named(&format!("{gate}, abort"), None);
        let all = seen.len() as u64 + more;
        let prospect = Prospect {
            supplies: vec![Supply::Journeys(all)],
            all_journeys: Some(all),
            samples_per_journey: 1,
            ..Prospect::default()
        };
        let (_, asked) = traced(&named, prospect, &seen, 8);
        // Whatever came after that moment is replaced by samples that are as good as can be, and as many as one likes.
        for cut in 1..=8 {
            let mut so_far: Vec<Seen> = seen.iter().filter(|seen| seen.done_ns < cut * SECOND_NS).copied().collect();
            let rest = all - so_far.len() as u64;
            let best = Seen { worker: 0, step: 0, done_ns: 9 * SECOND_NS, took_us: 0, failed: false };
            let is_first = asked == Some(cut);
            let taken = if is_first { rest * good_share / 100 } else { rest };
            so_far.extend((0..taken).map(|_| best));
            let holds = naive(&named.gate, &so_far, 0, 1).is_some_and(|figure| named.gate.holds(figure));
            prop_assert!(!(is_first && holds), "it was ended after {}s and could have passed", cut);
            // And one that is past hope by more than rounding is ended there and then, if there is something left to end.
            if rest > 0
                && asked.is_none_or(|asked| asked > cut) && matches!(named.gate.metric, Metric::ErrorRate(_) | Metric::Checks) {
                let lost = naive(&named.gate, &so_far, 0, 1).is_some_and(|figure| !named.gate.holds(figure));
                prop_assert!(!lost, "after {}s nothing could have saved it, and it went on", cut);
            }
        }
    }
}

/// Ten requests a second that take `took_us(second)`, of a load of `seconds`.
fn steady(seconds: u64, took_us: impl Fn(u64) -> u64) -> Vec<Seen> {
    let each = |second: u64| (0..10).map(move |k| (second, second * SECOND_NS + k * 90_000_000 + 50_000_000));
    let all = (0..seconds).flat_map(each);
    all.map(|(second, done_ns)| Seen { worker: done_ns % 2, step: 0, done_ns, took_us: took_us(second), failed: false })
        .collect()
}

fn ending_after(seconds: u64) -> Prospect {
    Prospect { ends: Some(Duration::from_secs(seconds)), ..Prospect::default() }
}

fn found(text: &str, prospect: Prospect, seen: &[Seen], seconds: u64) -> Finding {
    let named = named(text, None);
    let (trace, _) = traced(&named, prospect, seen, seconds);
    let mut summary = Summary { elapsed: Duration::from_secs(seconds), ..Summary::default() };
    summary.window = summary.elapsed;
    summary.all_steps.requests = seen.len() as u64;
    judge(&[named], &summary, &[trace]).swap_remove(0)
}

#[test]
fn a_time_that_is_broken_in_the_second_half_fails_over_windows_and_says_when() {
    let slow = |second| if second < 20 { 100_000 } else { 900_000 };
    let seen = steady(40, slow);
    let finding = found("p95 < 600ms over 10s", ending_after(40), &seen, 40);
    assert_eq!((finding.status, finding.first_broken_s, finding.samples), (Status::Fail, Some(21), 100), "{finding:?}");
    assert_eq!(finding.observed.as_deref(), Some("900ms (worst of 31 windows, ended at 21s)"));
    assert_eq!(finding.reason.as_deref(), Some("20 of 31 windows of 10s are broken, the first ended at 21s"));
    let finding = found("p95 < 1s over 10s", ending_after(40), &seen, 40);
    assert_eq!((finding.status, finding.first_broken_s), (Status::Pass, None), "{finding:?}");
}

#[test]
fn a_window_with_too_few_samples_decides_nothing_unless_another_is_broken() {
    let mut seen = steady(12, |_| 100_000);
    seen.retain(|seen| seen.done_ns / SECOND_NS != 6);
    let gap = found("p95 < 600ms over 2s", ending_after(12), &seen, 12);
    assert_eq!(gap.status, Status::NoData, "{gap:?}");
    let said = "2 of 11 windows of 2s had fewer than the 20 samples that p95 needs";
    assert!(gap.reason.as_deref().is_some_and(|reason| reason.contains(said)), "{gap:?}");
    seen.iter_mut().filter(|seen| seen.done_ns / SECOND_NS == 9).for_each(|seen| seen.took_us = 800_000);
    let broken = found("p95 < 600ms over 2s", ending_after(12), &seen, 12);
    assert_eq!((broken.status, broken.first_broken_s), (Status::Fail, Some(10)), "{broken:?}");
}

#[test]
fn what_comes_in_after_the_load_is_in_no_window_and_in_no_row() {
    let mut seen = steady(10, |_| 100_000);
    // One in fifty times out after 6 s, all along: those of the last 6 s come one after the other.
    let late = |k: u64| Seen {
        worker: 0,
        step: 0,
        done_ns: 6 * SECOND_NS + k * 200_000_000,
        took_us: 6_000_000,
        failed: true,
    };
    seen.extend((0..50).map(late));
    for gate in ["p50 < 600ms over 3s", "error_rate < 50% over 3s", "failures < 3 in a row"] {
        let calm = found(gate, ending_after(10), &seen, 17);
        assert_eq!((calm.status, calm.first_broken_s), (Status::Pass, None), "{calm:?}");
    }
    // Of a load whose end nobody knows beforehand, all is judged.
    let row = found("failures < 3 in a row", Prospect::default(), &seen, 17);
    assert_eq!((row.status, row.first_broken_s), (Status::Fail, Some(10)), "{row:?}");
    let stopped = |after_s| {
        let mut watcher = Watcher::new(&[named("failures < 3 in a row", None)], Vec::new());
        watcher.load_ended(Duration::from_secs(after_s));
        let outcomes: Vec<_> =
            (0..9).map(|k| crate::metrics::Outcome { done_ns: k * SECOND_NS, series: 0, failed: true }).collect();
        watcher.see(&Second {
            number: 8,
            tally: Arc::new(Tally::new(1)),
            outcomes: outcomes.into(),
            ..Second::default()
        });
        watcher.finish().swap_remove(0).first_broken_s
    };
    assert_eq!([2, 3].map(stopped), [None, Some(2)]);
}

#[test]
fn an_end_that_is_handed_in_late_still_has_its_place_in_the_row() {
    let outcome = |done_ms: u64, failed| crate::metrics::Outcome { done_ns: done_ms * 1_000_000, series: 0, failed };
    let named = named("failures < 3 in a row", None);
    let longest = |of_each: [&[crate::metrics::Outcome]; 2]| {
        let mut row = Row::default();
        (0..).zip(of_each).for_each(|(second, outcomes)| row.take(&named, second, outcomes));
        row.finish(&named).longest
    };
    let failures = [outcome(900, true), outcome(950, true)];
    assert_eq!(longest([&failures, &[outcome(1_100, true)]]), 3);
    assert_eq!(longest([&failures, &[outcome(1_100, true), outcome(920, false)]]), 2);
}

#[test]
fn a_load_that_is_shorter_than_its_window_has_no_data() {
    let seen = steady(5, |_| 100_000);
    let short = found("p95 < 600ms over 10s", Prospect::default(), &seen, 5);
    assert_eq!(short.status, Status::NoData);
    assert!(short.reason.as_deref().is_some_and(|reason| reason.contains("no stretch of 10s")), "{short:?}");
    let nothing = found("rate >= 1/s over 2s", ending_after(5), &[], 5);
    assert_ne!(nothing.status, Status::Pass, "{nothing:?}");
}

#[test]
fn a_window_that_was_late_by_itself_does_not_hide_one_that_was_surely_broken() {
    // The slowest window was sent late by as much; another is above the bound by its own.
    let mut seen = steady(6, |_| 100_000);
    let times = [(1, 900_000), (4, 700_000)];
    for (second, took_us) in times {
        seen.iter_mut().filter(|seen| seen.done_ns / SECOND_NS == second).for_each(|seen| seen.took_us = took_us);
    }
    let named = named("p50 < 600ms over 1s", None);
    let mut aggregate = Aggregate::new(1, STEPS);
    let mut watcher = Watcher::new(std::slice::from_ref(&named), vec![ending_after(6)]);
    let mut recorder = Recorder::new(0, Series::of_steps(STEPS, &[]), 0..u64::MAX);
    for second in 0..6 {
        for seen in seen.iter().filter(|seen| seen.done_ns / SECOND_NS == second) {
            let sample = seen.sample(0);
            let lag_ns = if second == 1 { 500_000_000 } else { 0 };
            recorder.record(&Sample { sent_ns: sample.due_ns + lag_ns, scheduled: true, ..sample }, String::new);
        }
        aggregate.take(recorder.snapshot(second, false), |complete| {
            let _ = watcher.see(complete);
        });
    }
    let finding = judge(&[named], &Summary::default(), &watcher.finish()).swap_remove(0);
    assert_eq!(finding.status, Status::Fail, "{finding:?}");
    assert!(finding.observed.as_deref().is_some_and(|observed| observed.starts_with("700ms")), "{finding:?}");
}

#[test]
fn a_gate_on_the_whole_run_knows_since_when_it_has_been_broken() {
    let since = |text: &str, seen: &[Seen]| traced(&named(text, None), ending_after(20), seen, 20).0.first_broken_s;
    let slow_later = steady(20, |second| if second < 12 { 100_000 } else { 900_000 });
    assert_eq!(since("p95 < 600ms", &slow_later), Some(13));
    let slow_first = steady(20, |second| if second < 2 { 900_000 } else { 100_000 });
    assert_eq!(since("p75 < 600ms", &slow_first), None, "it was broken, and holds at the end");
    assert_eq!(since("max < 600ms", &slow_first), Some(1));
}

#[test]
fn a_grace_is_waited_for_and_a_skipped_gate_costs_nothing() {
    let seen = steady(10, |_| 900_000);
    let asked = |text: &str| traced(&named(text, None), ending_after(10), &seen, 10).1;
    assert_eq!(asked("max < 600ms, abort"), Some(1));
    assert_eq!(asked("max < 600ms, abort after 4s"), Some(4));
    assert_eq!(asked("p50 < 600ms over 3s, abort"), Some(3));
    assert_eq!(asked("max < 600ms"), None);
    // A load that is over has nothing to be stopped.
    let late = steady(10, |second| if second < 9 { 100_000 } else { 900_000 });
    assert_eq!(traced(&named("max < 600ms, abort", None), ending_after(10), &late, 10).1, None);
    assert_eq!(traced(&named("max < 600ms, abort", None), ending_after(11), &late, 10).1, Some(10));
    assert_eq!(asked("max < 1s, abort"), None);
    let skipped = NamedGate { skip: Some("not now".to_owned()), ..named("failures < 2 in a row", None) };
    assert!(logged(std::slice::from_ref(&skipped), 3).is_empty());
    assert!(Watcher::new(&[skipped], Vec::new()).gates.iter().all(Option::is_none));
}

#[test]
fn a_load_bounded_by_time_brings_no_more_than_its_busiest_second_so_far() {
    let seen: Vec<Seen> = steady(10, |_| 100_000).into_iter().map(|seen| Seen { failed: true, ..seen }).collect();
    let supply = |ends_s| Supply::Time { ends: Duration::from_secs(ends_s), users: 3 };
    let prospect = |ends_s| Prospect { supplies: vec![supply(ends_s)], samples_per_journey: 1, ..ending_after(ends_s) };
    let gate = named("error_rate < 40%, abort", None);
    // After n of 20 seconds 10 n have failed, and 10 × (20 − n) + 3 may still do well: 40 % are lost from the ninth on.
    assert_eq!(traced(&gate, prospect(20), &seen, 10).1, Some(9));
    assert_eq!(traced(&gate, prospect(100), &seen, 10).1, None);
}

#[test]
fn a_run_that_was_ended_for_a_gate_fails_and_asks_nothing_more_of_the_others() {
    let gates = [named("max < 600ms, abort", None), NamedGate { name: "p".into(), ..named("p95 < 2s", None) }];
    let mut summary = Summary { ending: Ending::Aborted, elapsed: Duration::from_secs(3), ..Summary::default() };
    summary.all_steps.requests = 5;
    (0..5).for_each(|_| summary.all_steps.response.record(900_000));
    let traces = [Trace { first_broken_s: Some(3), aborted_s: Some(3), seen: super::Seen::Nothing }, Trace::default()];
    let findings = judge(&gates, &summary, &traces);
    let statuses: Vec<Status> = findings.iter().map(|finding| finding.status).collect();
    assert_eq!(statuses, [Status::Fail, Status::Skipped], "no step has ended it: {findings:?}");
    assert!(findings[0].reason.as_deref().is_some_and(|reason| reason.contains("ended after 3s")), "{findings:?}");
    assert!(findings[1].reason.as_deref().is_some_and(|reason| reason.contains("for the gate `g`")), "{findings:?}");
    // Journeys that were under way have not failed.
    summary.accounting = crate::metrics::Accounting { scheduled: 9, passed: 5, abandoned: 4, ..Default::default() };
    let with = |text: &str| {
        let gates = [gates[0].clone(), named(text, None)];
        judge(&gates, &summary, &traces)[1].status
    };
    assert_eq!(["journeys >= 95%", "journeys < 50%"].map(with), [Status::Skipped, Status::Fail]);
    // Fewer samples make intervals wider, which is the end's doing, too.
    assert_eq!(with("error_rate < 10%, strict"), Status::Skipped);
    assert_eq!(judge(&[named("error_rate < 10%, strict", None)], &summary, &[])[0].status, Status::Invalid);
    let by_a_step = judge(&gates, &summary, &[]);
    assert!(by_a_step.iter().any(|finding| finding.name == "abort_run"), "{by_a_step:?}");
}
