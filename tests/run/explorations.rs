//! Two explorations compared, and what a run makes of a gate on the capacity.

use mnload::report::CapacityDocument;
use mnload::verdict::{Status, Verdict};
use serde_json::{Value, json};

use crate::support::{Outcome, Workspace};

/// The result of an exploration that found a capacity between `low` and `high`.
fn exploration(low: f64, per_s: f64, high: f64) -> Value {
    let latency = json!({
        "count": 900, "min": 1_000, "mean": 90_000.0, "p50": 80_000, "p90": 100_000, "p95": 120_000, "p99": 150_000,
        "p999": 150_000, "max": 150_000,
    });
    let point = json!({
        "number": 1, "phase": "climb", "rate_per_s": 160.0, "outcome": "holds", "reason": "every gate holds",
        "started_s": 0.0, "lasted_s": 10.0, "ended": "decided", "judged_s": 9.0, "achieved_per_s": 160.0,
        "requests_per_s": 160.0, "requests": 1_600, "failed": 0, "error_rate": 0.0, "response_us": latency,
        "service_us": latency, "in_flight": 12.0, "growth": { "per_s": 0.0, "error": 0.1 }, "gates": [],
        "generator": { "busy_share": 0.1, "send_lag_p99_us": 100, "short_of": [] },
    });
    json!({
        "schema": "mnload.exploration", "schema_version": "1.0.0", "mnload_version": env!("CARGO_PKG_VERSION"),
        "name": "capacity", "description": "", "file": "capacity.toml", "base_url": "http://127.0.0.1:9",
        "scenario_hash": "sha256:1", "scenario": "", "started_at": "2026-05-04T09:30:00Z", "elapsed_s": 240.0,
        "verdict": "pass", "exit_code": 0, "reasons": [], "findings": [],
        "asked": {
            "from_per_s": 10.0, "to_per_s": 2_000.0, "precision": 0.05, "budget_s": 300.0,
            "gates": [["latency", "p95 < 300ms"]],
        },
        "capacity": {
            "per_s": per_s, "low_per_s": low, "high_per_s": high, "confidence": 0.95, "precision": 0.02,
            "limited_by": "target", "gate": "latency", "requests_per_s": per_s,
        },
        "knee": { "per_s": 160.0, "low_per_s": 80.0, "high_per_s": 320.0 },
        "points": [point], "requests": 1_600, "machine": {}, "command": "mnload explore capacity.toml",
        "ending": "completed",
    })
}

/// A folder with BASE, which takes about 300/s, and with NEW.
fn with(new: &Value) -> Workspace {
    let workspace = Workspace::with("");
    workspace.file("base.json", &exploration(294.0, 300.0, 306.0).to_string());
    std::fs::create_dir(workspace.path().join("new")).unwrap();
    workspace.file("new/result.json", &new.to_string());
    workspace
}

fn compare(workspace: &Workspace, more: &[&str]) -> Outcome {
    workspace.mnload(&[&["compare", "base.json", "new"], more].concat())
}

#[test]
fn a_capacity_that_fell_for_certain_fails_and_one_that_did_not_passes() {
    let fell = with(&exploration(235.0, 240.0, 245.0));
    compare(&fell, &[]).exits_with(99).says("capacity fell 20% ± 2.3%: 300/s to 240/s").says("knee");
    compare(&fell, &["--margin", "30%"]).exits_with(0).says("NEW takes as much as BASE");
    compare(&fell, &["--gate", "capacity > 0.7x baseline"]).exits_with(0);
    compare(&with(&exploration(297.0, 303.0, 309.0)), &[]).exits_with(0);
    compare(&with(&exploration(240.0, 270.0, 300.0)), &[]).exits_with(4).says("smaller --precision would tell");
}

#[test]
fn the_document_goes_to_a_file_and_to_standard_output() {
    let workspace = with(&exploration(235.0, 240.0, 245.0));
    let said = compare(&workspace, &["--format", "json", "--out", "comparison.json"]).exits_with(99);
    let kept = std::fs::read_to_string(workspace.path().join("comparison.json")).unwrap();
    let [said, kept] = [said.stdout, kept].map(|text| serde_json::from_str::<CapacityDocument>(&text).unwrap());
    assert_eq!(said, kept);
    assert_eq!((said.verdict, said.comparison.findings[0].status), (Verdict::Fail, Status::Fail));
    assert_eq!((said.schema.as_str(), said.comparison.rates.len()), ("mnload.exploration-comparison", 1));
}

#[test]
fn what_cannot_be_compared_is_refused_with_what_to_do() {
    let mut other = exploration(235.0, 240.0, 245.0);
    other["scenario_hash"] = "sha256:2".into();
    compare(&with(&other), &[]).exits_with(3).tells("is not the same in base.json and new");
    compare(&with(&other), &["--different-scenarios"]).exits_with(99).says("the scenario is not the same");
    let same = with(&exploration(235.0, 240.0, 245.0));
    compare(&same, &["--gate", "p95 < 1.2x baseline"]).exits_with(3).tells("capacity >= 0.9x baseline");
    compare(&same, &["--new", "base.json"]).exits_with(3).tells("compared one with one");
    let mut later = exploration(235.0, 240.0, 245.0);
    later["schema_version"] = "2.0.0".into();
    compare(&with(&later), &[]).exits_with(3).tells("another major version");
    later["points"] = "none".into();
    compare(&with(&later), &[]).exits_with(3).tells("is no exploration that can be read");
}

#[test]
fn an_exploration_and_a_run_are_not_compared() {
    let run = json!({ "schema": "mnload.result", "schema_version": "1.9.0" });
    compare(&with(&run), &[])
        .exits_with(3)
        .tells("base.json is an exploration, and new is not")
        .tells("mnload explore FILE");
    let workspace = with(&run);
    workspace.file("base.json", &run.to_string());
    compare(&workspace, &["--gate", "capacity > 0.9x baseline"]).exits_with(2).tells("name two explorations");
}

#[test]
fn a_run_skips_a_gate_on_the_capacity_and_is_judged_by_the_gates_that_a_file_without_any_gets() {
    let text = "[load]\nmodel = \"open\"\nrate = \"20/s\"\nduration = \"1s\"\n[[step]]\nget = \"/health\"\n[gates]\nmuch = \"capacity >= 200/s\"\n";
    let outcome = Workspace::with(text).run(&["--demo"]);
    let findings = outcome.result().findings;
    let skipped = findings.iter().find(|finding| finding.name == "much").unwrap();
    assert_eq!((skipped.status, skipped.reason.as_deref()), (Status::Skipped, Some("found by mnload explore")));
    let others: Vec<&str> = findings.iter().map(|finding| finding.name.as_str()).collect();
    assert!(others.contains(&"latency") && others.contains(&"errors"), "{others:?}");
}
