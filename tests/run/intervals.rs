//! How sure a run is of its figures, and what its gates make of that.

use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, Faults};
use mnload::verdict::{Interval, Status};

use crate::support::{Outcome, Workspace, punctual};

/// An open load on a target with `faults`, judged by `gates`.
fn load(faults: Faults, seconds: u32, gates: &[&str]) -> Outcome {
    let demo = Demo::start(DemoOptions { faults, ..DemoOptions::without_latency() }).unwrap();
    let gates: Vec<String> = gates.iter().enumerate().map(|(k, gate)| format!("gate{k} = \"{gate}\"\n")).collect();
    Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\ntimeout = \"5s\"\n[load]\nmodel = \"open\"\nrate = \"100/s\"\nduration = \"{seconds}s\"\n[[step]]\nname = \"health\"\nget = \"/health\"\n[gates]\n{}",
        demo.base_url(),
        gates.concat()
    ))
    .run(&[])
}

fn interval(outcome: &Outcome, gate: usize) -> Interval {
    outcome.result().findings[gate].interval.clone().unwrap()
}

fn failing(share: &str) -> Faults {
    Faults { error_share: share.parse().unwrap(), ..Faults::default() }
}

#[test]
fn every_figure_of_samples_comes_with_its_interval() {
    let faults = Faults { delay: Duration::from_millis(20), ..Faults::default() };
    let outcome = punctual(|| load(faults, 2, &["p95 < 2s", "mean of health < 2s", "error_rate < 50%", "max < 5s"]));
    let outcome = outcome.exits_with(0).says("95% interval");
    let result = outcome.result();
    let (percentile, mean, errors) = (interval(&outcome, 0), interval(&outcome, 1), interval(&outcome, 2));
    let p95 = result.times_us.response.p95 as f64;
    assert!(percentile.low.unwrap() <= p95 && p95 <= percentile.high.unwrap(), "{percentile:?} of {p95}");
    assert!(mean.low.unwrap() < result.times_us.response.mean && mean.high.unwrap() > 20_000.0, "{mean:?}");
    assert_eq!(errors.low, Some(0.0));
    // Wilson's upper end of none of 200.
    assert!((errors.high.unwrap() - 0.01885).abs() < 1e-4, "{errors:?}");
    assert_eq!((percentile.confidence, errors.effective_samples), (0.95, 200));
    assert_eq!(result.findings[3].interval, None, "the highest of all has no interval");
}

#[test]
fn a_target_that_freezes_leaves_few_samples_that_know_nothing_of_each_other() {
    let freeze = Some("1s/3s".parse().unwrap());
    let outcome = punctual(|| load(Faults { freeze, ..Faults::default() }, 9, &["p90 < 5s", "error_rate < 50%"]));
    let result = outcome.exits_with(0).result();
    let p90 = result.findings[0].interval.clone().unwrap();
    assert!(p90.effective_samples * 5 < result.findings[0].samples, "{p90:?} of {}", result.findings[0].samples);
    assert_eq!(result.findings[1].interval.clone().unwrap().effective_samples, result.findings[1].samples);
}

#[test]
fn a_bound_within_the_interval_passes_with_a_note_and_is_inconclusive_where_the_gate_is_strict() {
    // About one in ten of 100 fails: anything between 4 % and 18 % may be the truth.
    let outcome = punctual(|| load(failing("10%"), 1, &["error_rate < 12%"]));
    let outcome = outcome.exits_with(0).says("gate0: the bound lies within the interval").says("run");
    assert_eq!(outcome.result().findings[0].status, Status::Pass);
    let strict = punctual(|| load(failing("10%"), 1, &["error_rate < 12%, strict"])).exits_with(4);
    let strict = strict.says("INCONCLUSIVE").says("gate0: the bound lies within the interval");
    assert_eq!(strict.result().findings[0].status, Status::Invalid);
    punctual(|| load(failing("10%"), 1, &["error_rate < 60%, strict"])).exits_with(0);
    punctual(|| load(failing("50%"), 1, &["error_rate < 12%, strict"])).exits_with(99);
}

#[test]
fn a_warning_is_told_and_decides_nothing() {
    let faults = Faults { delay: Duration::from_millis(30), ..Faults::default() };
    let gates = ["error_rate < 50%", "p95 < 2ms, warn", "p99.9 < 1s, warn", "p50 < 1s, at least 1000000 samples, warn"];
    let outcome = punctual(|| load(faults, 1, &gates)).exits_with(0).says("PASS").says("1 gate held over 100 requests");
    let outcome = outcome.says("3 warnings").says("warning    gate1: wanted p95 < 2ms, warn, observed");
    let outcome = outcome.says("p99.9 needs at least 1000 samples, there were 100");
    let result = outcome.result();
    let seen: Vec<_> = result.findings.iter().map(|finding| (finding.status, finding.warn)).collect();
    let wanted = [(Status::Pass, false), (Status::Fail, true), (Status::NoData, true), (Status::NoData, true)];
    assert_eq!((seen, result.warnings.len()), (wanted.to_vec(), 3));
    assert!(result.reasons.is_empty(), "{:?}", result.reasons);
    let page = std::fs::read_to_string(outcome.run_folder.join("report.html")).unwrap();
    assert!(page.contains("only a warning") && page.contains("<span class=\"status\">warning</span>"), "{page}");
}

#[test]
fn too_few_samples_are_no_pass() {
    let outcome = load(Faults::default(), 1, &["error_rate < 50%, at least 101 samples"]).exits_with(4);
    let finding = outcome.says("the gate wants at least 101 samples, there were 100").result().findings[0].clone();
    assert_eq!((finding.status, finding.samples), (Status::NoData, 100));
}
