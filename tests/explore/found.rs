//! A target with a known limit: that limit is found, and nothing else is told.

use mnload::demo::{Demo, DemoOptions};
use mnload::explore::{LimitedBy, SCHEMA};
use mnload::verdict::{Status, Verdict};

use crate::support::Workspace;
use crate::support::raw::{RawServer, ok};
use crate::{GATES, explore, result_of, scenario};

/// What the target serves in a second.
const CAPACITY: f64 = 300.0;

#[test]
fn the_capacity_of_a_target_that_has_one_is_found_within_the_precision_that_is_asked() {
    let demo = Demo::start(DemoOptions { capacity: Some("300/s".parse().unwrap()), ..DemoOptions::without_latency() })
        .unwrap();
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\narrivals = \"even\"\n\
         [[step]]\nget = \"/health\"\n[gates]\nlatency = \"p90 < 200ms\"\nerrors = \"error_rate < 1%\"\n",
        demo.base_url()
    ));
    let outcome = explore(&workspace, &["--from", "100/s", "--to", "800/s", "--budget", "2m"]);
    let result = result_of(&outcome);
    if result.verdict == Verdict::Inconclusive {
        // A machine that is busy with other things starves the generator, and then it must say so.
        let short = result.points.iter().any(|point| !point.generator.short_of.is_empty());
        let (low, high) = (result.capacity.low_per_s, result.capacity.high_per_s);
        assert!(
            short || low.is_some() && high.is_some(),
            "{:?}\n{}\n{}",
            result.capacity,
            outcome.stdout,
            outcome.stderr
        );
        assert!(low.is_none_or(|low| low < CAPACITY * 1.05), "{:?}", result.capacity);
        assert!(high.is_none_or(|high| high > CAPACITY * 0.95), "{:?}", result.capacity);
        return;
    }
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let capacity = result.capacity.per_s.unwrap();
    assert!((capacity / CAPACITY - 1.0).abs() < 0.05, "{capacity}/s\n{}", outcome.stderr);
    assert!(result.capacity.precision.is_some_and(|own| own <= 0.051), "{:?}", result.capacity);
    assert_eq!(result.capacity.limited_by, LimitedBy::Target);
    assert!(result.elapsed_s < 135.0, "{}", result.elapsed_s);
}

#[test]
fn standard_output_is_the_result_for_whoever_asks_for_it() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let workspace = scenario(&server.base_url(), GATES);
    let arguments =
        ["--from", "40/s", "--to", "80/s", "--budget", "30s", "--format", "json", "--report", "csv=rates.csv"];
    let outcome = explore(&workspace, &arguments);
    let written = std::fs::read_to_string(outcome.run_folder.join("result.json")).unwrap();
    assert_eq!(outcome.stdout, written);
    let result = result_of(&outcome);
    assert_eq!(result.schema, SCHEMA);
    assert_eq!(outcome.code, Some(i32::from(result.exit_code)));
    assert!(outcome.stderr.contains("40/s") && outcome.stderr.contains("80/s"), "{}", outcome.stderr);
    assert!(result.command.contains("mnload explore scenario.toml --from 40/s --to 80/s"), "{}", result.command);
    let rates = std::fs::read_to_string(workspace.path().join("rates.csv")).unwrap();
    assert_eq!(rates, std::fs::read_to_string(outcome.run_folder.join("points.csv")).unwrap());
    assert_eq!(rates.lines().count(), result.points.len() + 1);
}

#[test]
fn gates_that_say_nothing_of_load_are_left_out_and_those_of_every_run_stand_in() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let gates = "[gates]\nlag = \"lag.p99 < 5s\"\nwarned = \"p95 < 1s, warn\"\nmany = \"errors < 100000\"\n";
    let outcome = explore(&scenario(&server.base_url(), gates), &["--max-requests", "20"]);
    let asked = result_of(&outcome).asked;
    let names = |all: &[(String, String)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&asked.left_out), ["lag", "warned", "many"]);
    assert_eq!(names(&asked.gates), ["errors"], "{asked:?}");
    assert!(outcome.stderr.contains("holds if   errors: error_rate < 1%"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("left out   lag: it is about the generator"), "{}", outcome.stderr);
}

#[test]
fn a_gate_on_the_capacity_decides() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let workspace = scenario(&server.base_url(), GATES);
    let base = ["--gate", "p90 < 1s", "--from", "20/s", "--to", "40/s", "--budget", "30s", "--overwrite"];
    let with = |gate: &'static str, more: &[&'static str]| {
        result_of(&explore(&workspace, &[&base[..], &["--gate", gate], more].concat()))
    };
    let result = with("capacity >= 15/s", &[]);
    let gate = result.findings.iter().find(|finding| finding.wanted.contains("capacity")).unwrap();
    // What was seen to hold is enough, however busy the machine: no limit of the target was found.
    if result.capacity.low_per_s.is_some_and(|low| low >= 15.0) {
        assert_eq!((gate.status, result.verdict), (Status::Pass, Verdict::Pass), "{:?}", result.findings);
    }
    let result = with("capacity >= 4000/s", &["--exit-zero"]);
    assert_eq!(result.verdict, Verdict::Inconclusive, "more than may be tried cannot be told: {:?}", result.findings);
}
