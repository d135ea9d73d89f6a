//! Runs that never were, judged: what the generator was short of, and what its own error leaves undecided.

use std::time::Duration;

use super::{NamedGate, Origin, judge};
use crate::failure::Failure;
use crate::metrics::{Histogram, MachineUse, Summary, WorkerUse};
use crate::verdict::{Finding, Kind, Status, Verdict};

const MS: u64 = 1_000;

fn gate(text: &str) -> NamedGate {
    let gate = text.parse().unwrap();
    NamedGate { name: text.to_owned(), gate, series: None, origin: Origin::File, skip: None }
}

fn times(parts: &[(u64, u64)]) -> Histogram {
    let mut histogram = Histogram::default();
    parts.iter().for_each(|(count, us)| (0..*count).for_each(|_| histogram.record(*us)));
    histogram
}

/// A minute in which 1,000 requests took `response_us` each and none was sent later than `lag_us`.
fn run(response_us: u64, lag_us: u64) -> Summary {
    let mut summary =
        Summary { elapsed: Duration::from_secs(60), window: Duration::from_secs(60), ..Summary::default() };
    summary.all_steps.requests = 1_000;
    summary.all_steps.response = times(&[(1_000, response_us)]);
    summary.total.send_lag = times(&[(1_000, lag_us)]);
    summary.generator.workers = 1;
    summary.generator.each_worker = vec![worker(0.2, None)];
    summary.generator.machine.cores = Some(2);
    summary.generator.max_in_flight = 64;
    summary
}

fn worker(cpu_share: f64, waiting_share: Option<f64>) -> WorkerUse {
    WorkerUse { cpu_share, waiting_share, ..WorkerUse::default() }
}

fn judged(text: &str, summary: &Summary) -> Finding {
    judge(&[gate(text)], summary, &[]).swap_remove(0)
}

/// The only finding about the run itself.
#[track_caller]
fn only_validity(gates: &[&str], summary: &Summary) -> Finding {
    let gates: Vec<_> = gates.iter().map(|text| gate(text)).collect();
    let findings = judge(&gates, summary, &[]);
    assert_eq!(Verdict::of(&findings), Verdict::Inconclusive, "{findings:?}");
    let mut about_the_run: Vec<_> = findings.into_iter().filter(|finding| finding.kind == Kind::Validity).collect();
    assert_eq!(about_the_run.len(), 1, "{about_the_run:?}");
    about_the_run.remove(0)
}

#[track_caller]
fn nothing_against(gates: &[&str], summary: &Summary) {
    let gates: Vec<_> = gates.iter().map(|text| gate(text)).collect();
    let findings = judge(&gates, summary, &[]);
    assert!(findings.iter().all(|finding| finding.kind == Kind::Gate), "{findings:?}");
}

#[track_caller]
fn because(finding: &Finding, words: &[&str]) {
    let reason = finding.reason.as_deref().unwrap_or_default();
    words.iter().for_each(|word| assert!(reason.contains(word), "no `{word}` in: {reason}"));
}

#[test]
fn a_time_so_close_to_its_bound_that_rounding_decides_is_undecided() {
    let close = judged("p95 < 600ms", &run(599_950, 100));
    assert_eq!(close.status, Status::Invalid);
    because(&close, &["50µs below its bound", "rounding may have moved it by 601µs", "not so close"]);
    assert!(close.error_budget_us.is_some_and(|us| (700.0..710.0).contains(&us)), "{:?}", close.error_budget_us);
    let clear = judged("p95 < 600ms", &run(12 * MS, 100));
    assert_eq!((clear.status, clear.reason), (Status::Pass, None));
    assert!(clear.error_budget_us.is_some_and(|us| (112.0..115.0).contains(&us)), "{:?}", clear.error_budget_us);
}

#[test]
fn what_lateness_may_have_added_fails_nobody_and_passes_nobody() {
    // Above the bound the lateness may be to blame, below it cannot be.
    let status = |text: &str, response_us, lag_us| judged(text, &run(response_us, lag_us)).status;
    assert_eq!(status("p95 < 100ms", 104 * MS, 5 * MS), Status::Invalid);
    assert_eq!(status("p95 < 100ms", 106 * MS, 5 * MS), Status::Fail);
    assert_eq!(status("p95 < 100ms", 96 * MS, 5 * MS), Status::Pass);
    assert_eq!(status("p95 > 100ms", 104 * MS, 5 * MS), Status::Invalid);
    assert_eq!(status("p95 > 100ms", 96 * MS, 5 * MS), Status::Fail);
    assert_eq!(status("max <= 100ms", 104 * MS, 5 * MS), Status::Invalid);
    assert_eq!(status("mean < 100ms", 104 * MS, 5 * MS), Status::Invalid);
    let said = judged("p95 < 100ms", &run(104 * MS, 5 * MS));
    because(&said, &["4ms above its bound", "5ms for the generator's lateness"]);
}

#[test]
fn lateness_is_looked_at_beyond_the_gates_percentile_and_never_below_p99() {
    let mut summary = run(104 * MS, 0);
    summary.total.send_lag = times(&[(980, 10), (20, 5 * MS)]);
    assert_eq!(judged("p50 < 100ms", &summary).status, Status::Invalid);
    summary.total.send_lag = times(&[(992, 10), (8, 5 * MS)]);
    assert_eq!(judged("p50 < 100ms", &summary).status, Status::Fail, "fewer than one in a hundred were that late");
    assert_eq!(judged("p99.9 < 100ms", &summary).status, Status::Invalid);
}

#[test]
fn a_load_without_a_schedule_is_late_where_its_loop_is() {
    let mut summary = run(104 * MS, 0);
    summary.total.send_lag = Histogram::default();
    assert_eq!(judged("p95 < 100ms", &summary).status, Status::Fail);
    summary.generator.loop_lag = times(&[(900, 100), (100, 7 * MS)]);
    assert_eq!(judged("p95 < 100ms", &summary).status, Status::Invalid);
    summary.generator.loop_lag = times(&[(900, 100), (100, 1_500)]);
    assert_eq!(judged("p95 < 100ms", &summary).status, Status::Fail, "that late are timers on any machine");
}

#[test]
fn what_a_warning_would_need_of_the_generator_decides_nothing() {
    let late = run(300 * MS, 8 * MS);
    assert_eq!(only_validity(&["p95 < 50ms"], &late).name, "punctual");
    nothing_against(&["p95 < 600ms", "p95 < 1ms, warn"], &late);
    let skipped = NamedGate { skip: Some("no baseline".to_owned()), ..gate("p95 < 1ms") };
    let findings = judge(&[gate("p95 < 600ms"), skipped], &late, &[]);
    assert_eq!(Verdict::of(&findings), Verdict::Pass, "{findings:?}");
}

#[test]
fn shares_have_no_error_budget() {
    let mut summary = run(12 * MS, 5 * MS);
    summary.all_steps.failed = 10;
    let errors = judged("error_rate <= 1%", &summary);
    assert_eq!((errors.status, errors.error_budget_us), (Status::Pass, None));
}

#[test]
fn one_busy_worker_spoils_the_run_of_an_idle_other() {
    let mut summary = run(12 * MS, 100);
    summary.generator.workers = 2;
    summary.generator.each_worker = vec![worker(0.03, Some(0.0)), worker(0.97, Some(0.01))];
    summary.generator.machine.cores = Some(4);
    let busy = only_validity(&["p95 < 600ms"], &summary);
    because(&busy, &["worker 2 of 2 was busy 97%", "use --workers 3, a smaller rate"]);
    summary.generator.machine.cores = Some(2);
    let full = only_validity(&["p95 < 600ms"], &summary);
    because(&full, &["larger machine"]);
    assert!(!full.reason.unwrap_or_default().contains("--workers"), "there are as many workers as cores");
    summary.generator.machine.cores = Some(4);
    summary.generator.max_in_flight = 2;
    because(&only_validity(&["p95 < 600ms"], &summary), &["larger machine"]);
    summary.elapsed = Duration::from_millis(900);
    nothing_against(&["p95 < 600ms"], &summary);
}

#[test]
fn a_generator_without_time_is_named_once_and_the_target_is_not_blamed() {
    let mut summary = run(900 * MS, 800 * MS);
    summary.generator.each_worker = vec![worker(0.99, None)];
    summary.generator.waited_for_slot = 500;
    let findings = judge(&[gate("p95 < 600ms")], &summary, &[]);
    assert_eq!(Verdict::of(&findings), Verdict::Inconclusive);
    assert_eq!(judged("p95 < 10ms", &summary).status, Status::Invalid, "all of the time may be the generator's own");
    assert_eq!(judged("p95 < 950ms", &summary).status, Status::Pass, "and it only adds");
    because(&only_validity(&["p95 < 600ms"], &summary), &["the one worker was busy 99%", "late by 800"]);

    summary.accounting.unstarted = 7;
    summary.accounting.scheduled = 7;
    let findings = judge(&[], &summary, &[]);
    let said: Vec<_> = findings.iter().filter_map(|finding| finding.reason.as_deref()).collect();
    assert!(said.iter().all(|reason| !reason.contains("target is too slow")), "{said:?}");
}

#[test]
fn a_worker_that_waits_for_a_core_is_told_from_one_that_computes() {
    let mut summary = run(12 * MS, 100);
    summary.generator.each_worker = vec![worker(0.55, Some(0.43))];
    let waiting = only_validity(&["p95 < 600ms"], &summary);
    because(&waiting, &["busy 55%", "waiting for a core for 43%", "something else"]);
    summary.generator.each_worker = vec![worker(0.55, Some(0.2))];
    nothing_against(&["p95 < 600ms"], &summary);
}

#[test]
fn what_the_host_of_the_machine_took_is_no_time_to_spare() {
    let mut summary = run(12 * MS, 100);
    summary.generator.each_worker = vec![worker(0.7, Some(0.02))];
    nothing_against(&["p95 < 600ms"], &summary);
    let stolen = |share| MachineUse { stolen_of_wanted: Some(share), cores: Some(2), ..MachineUse::default() };
    summary.generator.on_machine(stolen(0.1));
    nothing_against(&["p95 < 600ms"], &summary);
    summary.generator.on_machine(stolen(0.3));
    let named = only_validity(&["p95 < 600ms"], &summary);
    because(&named, &["the one worker was busy 70%", "kept its core for about another 28%", "share its cores"]);
    // Nor is the target called slow then.
    summary.accounting.unstarted = 7;
    summary.accounting.scheduled = 7;
    let findings = judge(&[], &summary, &[]);
    let said: Vec<_> = findings.iter().filter_map(|finding| finding.reason.as_deref()).collect();
    assert!(said.iter().all(|reason| !reason.contains("target is too slow")), "{said:?}");
}

#[test]
fn stalls_count_where_they_reach_a_gates_percentile() {
    let mut summary = run(12 * MS, 100);
    summary.generator.stalls = 3;
    // Of 1,000 ticks 30 were late by 70 ms: p95 is out of their reach, p99 is not.
    summary.generator.loop_lag = times(&[(970, 500), (30, 70 * MS)]);
    nothing_against(&["p95 < 600ms"], &summary);
    nothing_against(&["error_rate < 1%"], &summary);
    let touched = only_validity(&["p99 < 600ms"], &summary);
    because(&touched, &["stood still 3 times", "for 70", "3.0%", "p99 < 600ms"]);
    // A bound that is ten times as high bears them.
    nothing_against(&["p99 < 6s"], &summary);
    let longest = only_validity(&["max < 600ms"], &summary);
    assert_eq!(longest.name, "generator kept going");
    summary.generator.loop_lag = times(&[(30, 500), (1, 70 * MS)]);
    nothing_against(&["p99 < 600ms"], &summary);
}

#[test]
fn open_files_at_their_limit_are_said_once_with_or_without_a_request_that_met_it() {
    let mut summary = run(12 * MS, 100);
    let machine =
        |open_files| MachineUse { open_files: Some(open_files), open_files_limit: Some(256), ..MachineUse::default() };
    summary.generator.machine = machine(255);
    nothing_against(&["p95 < 600ms"], &summary);
    summary.generator.machine = machine(256);
    because(&only_validity(&["p95 < 600ms"], &summary), &["256 files open", "ulimit -n"]);
    (0..4).for_each(|at_ns| summary.total.errors.note(Failure::Generator, at_ns, 0, String::new));
    let refused = only_validity(&["p95 < 600ms"], &summary);
    assert_eq!(refused.observed.as_deref(), Some("4 could not"));
    because(&refused, &["256 of 256 open files"]);
}

#[test]
fn a_strict_gate_without_an_interval_is_undecided() {
    let mut summary = run(12 * MS, 100);
    summary.all_steps.response = times(&[(1, 12 * MS)]);
    let strict = judged("mean < 100ms, strict", &summary);
    assert_eq!(strict.status, Status::Invalid);
    because(&strict, &["too few samples"]);
    assert_eq!(judged("mean < 100ms", &summary).status, Status::Pass);
}
