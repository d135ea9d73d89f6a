//! Whether one run is worse than another: `mnload compare`, `run --baseline`, and runs in turn.

use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, Faults, Latency};
use mnload::report::{ComparisonDocument, RunResult};
use mnload::verdict::{Kind, Status, Verdict};

use crate::support::{Outcome, Workspace, punctual};

const SCENARIO: &str = "name = \"light\"\n[target]\nbase_url = \"${ env.WHERE }\"\n[load]\nmodel = \"open\"\nrate = \"40/s\"\nduration = \"7s\"\n[[step]]\nname = \"health\"\ntags = { kind = \"check\" }\nget = \"/health\"\n[[step]]\nname = \"search\"\ngroup = \"browse\"\nget = \"/api/health\"\n";
const GATES: &str = "[gates]\nok = \"error_rate < 1%\"\n";

fn target(faults: Faults) -> Demo {
    // Long enough that a busy machine is small beside it.
    let latency = Latency::Fixed(Duration::from_millis(60));
    Demo::start(DemoOptions { latency, faults, ..DemoOptions::default() }).unwrap()
}

fn slow() -> Demo {
    target(Faults { delay: Duration::from_millis(60), ..Faults::default() })
}

/// Runs the scenario against `demo`, into the folder `out`.
fn run(workspace: &Workspace, demo: &Demo, out: &str, more: &[&str]) -> Outcome {
    workspace.file("where.env", &format!("WHERE={}\n", demo.base_url()));
    let run = ["run", "scenario.toml", "--env-file", "where.env", "--overwrite", "--out", out];
    punctual(|| workspace.mnload(&[&run, more].concat()))
}

fn document(outcome: &Outcome) -> ComparisonDocument {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error} in {}", outcome.stdout))
}

fn result(workspace: &Workspace, run: &str) -> RunResult {
    serde_json::from_str(&std::fs::read_to_string(workspace.path().join(run).join("result.json")).unwrap()).unwrap()
}

#[test]
fn a_slower_target_fails_by_name_and_ratio_and_the_same_one_does_not() {
    let workspace = Workspace::with(&format!("{SCENARIO}{GATES}"));
    let demo = target(Faults::default());
    run(&workspace, &demo, "base", &[]).exits_with(0);
    run(&workspace, &demo, "same", &[]).exits_with(0);
    run(&workspace, &slow(), "slow", &[]).exits_with(0);

    for new in ["base", "same"] {
        let outcome = workspace.mnload(&["compare", "base", new, "--margin", "25%"]);
        assert!(matches!(outcome.code, Some(0 | 4)), "{:?}: {}", outcome.code, outcome.stdout);
    }
    let outcome = workspace.mnload(&["compare", "base", "slow/result.json"]).exits_with(99);
    let outcome = outcome.says("NEW is worse than BASE").says("p50 of search: wanted p50 of search <= 1.1x baseline");
    let widest = outcome.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?} columns:\n{}", outcome.stdout);
    workspace.mnload(&["compare", "slow", "base"]).exits_with(0).says("NEW is not worse than BASE");

    for of in ["group browse", "tag kind:check"] {
        let gate = format!("p50 of {of} < 1.2x baseline");
        let said = format!("wanted {gate}");
        workspace.mnload(&["compare", "base", "slow", "--gate", &gate]).exits_with(99).says(&said);
        workspace.mnload(&["compare", "slow", "base", "--gate", &gate]).exits_with(0);
    }
    let nobody = workspace.mnload(&["compare", "base", "slow", "--gate", "p50 of tag kind:write < 1.2x baseline"]);
    nobody.exits_with(4);

    let json = workspace.mnload(&["compare", "--base", "base", "--base", "same", "--new", "slow", "--format", "json"]);
    let document = document(&json.exits_with(99));
    assert_eq!((document.verdict, document.comparison.base.len()), (Verdict::Fail, 2));
    let row =
        document.comparison.rows.iter().find(|row| (row.scope.as_str(), row.figure.as_str()) == ("search", "p50"));
    let ratio = row.and_then(|row| row.ratio).unwrap();
    assert!((1.5..8.0).contains(&ratio), "6 ms and 36 ms: {ratio}");

    own_rules(&workspace);
    refusals(&workspace);
    other_tools(&workspace);
}

fn own_rules(workspace: &Workspace) {
    let gates = ["--gate", "p95 < 1.2x baseline, warn", "--gate", "error_rate < 2x baseline"];
    let outcome = workspace.mnload(&[&["compare", "base", "slow"], &gates[..]].concat());
    outcome.exits_with(0).says("warning").says("p95: wanted p95 < 1.2x baseline");
    let gate = ["--gate", "p50 of search < 1.2x baseline"];
    workspace.mnload(&[&["compare", "base", "slow"], &gate[..]].concat()).exits_with(99).says("p50 of search");
    let absolute = workspace.mnload(&["compare", "base", "slow", "--gate", "p95 < 200ms"]);
    absolute.exits_with(2).tells("this does not compare");
    let gone = workspace.mnload(&["compare", "base", "slow", "--gate", "p95 of nothing < 1.2x baseline"]);
    gone.exits_with(4).says("no request gave a figure to compare");
}

fn refusals(workspace: &Workspace) {
    let text = std::fs::read_to_string(workspace.path().join("slow/result.json")).unwrap();
    let hash = &result(workspace, "slow").identity.unwrap().scenario_hash;
    workspace.file("other.json", &text.replace(hash.as_str(), "sha256:00"));
    let outcome = workspace.mnload(&["compare", "base", "other.json"]).exits_with(3);
    outcome.tells("the scenario `light` is not the same in base and other.json");
    let allowed = workspace.mnload(&["compare", "base", "other.json", "--different-scenarios"]).exits_with(99);
    allowed.says("warning");
    workspace.file("renamed.json", &text.replacen("\"name\": \"light\"", "\"name\": \"heavy\"", 1));
    let outcome = workspace.mnload(&["compare", "base", "renamed.json"]).exits_with(3);
    outcome.tells("runs of different scenarios: `light` (base) and `heavy` (renamed.json)");
    workspace.file("elsewhere.json", &text.replacen("\"architecture\": \"", "\"architecture\": \"other-", 1));
    workspace.mnload(&["compare", "base", "elsewhere.json"]).exits_with(99).says("different machines");
    for (name, text, told) in [
        ("empty.json", "", "is empty: its run did not end"),
        ("text.json", "p95 = 3", "is no JSON"),
        ("any.json", "{}", "is no result of a run"),
        ("next.json", "{\"schema\":\"mnload.result\",\"schema_version\":\"2.0.0\"}", "another major version"),
    ] {
        workspace.file(name, text);
        workspace.mnload(&["compare", name, "base"]).exits_with(3).tells(told);
    }
    workspace.mnload(&["compare", "nowhere", "base"]).exits_with(3).tells("name a run folder");
    workspace.mnload(&["compare", "base"]).exits_with(2).tells("<NEW>");
}

fn other_tools(workspace: &Workspace) {
    workspace.file(
        "k6.json",
        r#"{"root_group":{"name":"","path":"","id":"d41d8cd98f00b204e9800998ecf8427e","groups":{},"checks":{}},"metrics":{
            "http_req_duration":{"avg":1.9,"min":1.1,"med":1.8,"max":12.5,"p(90)":2.4,"p(95)":2.9},
            "http_req_failed":{"value":0,"passes":0,"fails":2400},"http_reqs":{"count":2400,"rate":80.0}}}"#,
    );
    let outcome = workspace.mnload(&["compare", "k6.json", "base"]).exits_with(99);
    let outcome = outcome.says("service.p95").says("k6's summary says nothing of its own noise");
    assert!(outcome.stdout.contains("service.p99 of all steps"), "what it does not hold is named:\n{}", outcome.stdout);
    let others = workspace.mnload(&["compare", "k6.json", "base", "--gate", "connect.p95 < 1.2x baseline"]);
    others.exits_with(4);
    workspace.file("endless.json", "{\"metrics\":{\"http_req_duration\":{\"p(95)\":1e30}}}");
    workspace.mnload(&["compare", "endless.json", "base"]).exits_with(4).says("does not tell service.p95");
    workspace.file(
        "vegeta.json",
        r#"{"latencies":{"total":9000000000,"mean":90000000,"50th":90000000,"90th":180000000,"95th":190000000,
            "99th":400000000,"max":500000000,"min":9000000},"bytes_in":{"total":1,"mean":1},"requests":2400,"rate":80.0,
            "throughput":79.0,"success":1,"status_codes":{"200":2400},"errors":[]}"#,
    );
    workspace.mnload(&["compare", "vegeta.json", "base"]).exits_with(0).says("vegeta");
    workspace.mnload(&["compare", "base", "vegeta.json"]).exits_with(3).tells("only BASE may be that");
    let two = workspace.mnload(&["compare", "--base", "base", "--base", "k6.json", "--new", "same"]);
    two.exits_with(3).tells("such a summary stands alone");
}

#[test]
fn gates_on_a_baseline_are_judged_by_a_run_that_has_one_and_skipped_by_one_that_has_not() {
    let gates = "slower = \"p50 < 1.2x baseline\"\nwarned = \"p95 < 1.2x baseline, warn\"\n";
    let workspace = Workspace::with(&format!("{SCENARIO}{GATES}{gates}"));
    let outcome = run(&workspace, &target(Faults::default()), "base", &[]).exits_with(0);
    assert!(outcome.stdout.contains("skipped"), "{}", outcome.stdout);
    let skipped = result(&workspace, "base").findings;
    let skipped = skipped.iter().filter(|finding| finding.status == Status::Skipped).count();
    assert_eq!(skipped, 2);

    let outcome = run(&workspace, &slow(), "new", &["--baseline", "base"]).exits_with(99);
    let outcome = outcome.says("slower: wanted p50 < 1.2x baseline").says("95% interval");
    let new = result(&workspace, "new");
    let of = |name: &str| new.findings.iter().filter(|finding| finding.name == name).collect::<Vec<_>>();
    let [slower] = of("slower")[..] else { panic!("{:?}", new.findings) };
    assert_eq!((slower.kind, slower.status, slower.warn), (Kind::Baseline, Status::Fail, false));
    let interval = slower.interval.as_ref().unwrap();
    assert!(interval.low > Some(1.2), "{interval:?}");
    assert!(of("warned").iter().all(|finding| finding.warn));
    assert_eq!((new.exit_code, new.comparison.unwrap().base[0].origin.as_str()), (99, "base"));
    let page = std::fs::read_to_string(workspace.path().join("new/report.html")).unwrap();
    assert!(page.contains("id=\"comparison\""));

    // Without such gates the usual rules hold; and what cannot be compared is known before anything is sent.
    workspace.file("scenario.toml", &format!("{SCENARIO}{GATES}"));
    run(&workspace, &slow(), "usual", &["--baseline", "base"]).exits_with(99).says("p50: wanted p50 <= 1.1x baseline");
    workspace.file("scenario.toml", &format!("{SCENARIO}{GATES}").replace("40/s", "41/s"));
    let refused = workspace.mnload(&["run", "scenario.toml", "--env-file", "where.env", "--baseline", "base"]);
    refused.exits_with(3).tells("the scenario `light` is not the same");
    workspace.file(
        "scenario.toml",
        "name = \"light\"\n[target]\nbase_url = \"http://127.0.0.1:9\"\n[[step]]\nget = \"/\"\n",
    );
    let once = workspace.mnload(&["run", "scenario.toml", "--baseline", "base"]);
    once.exits_with(3).tells("one pass through the steps has no figures");
    drop(outcome);
}

#[test]
fn base_and_candidate_run_in_turn() {
    let text = format!("{SCENARIO}{GATES}").replace("base_url = \"${ env.WHERE }\"\n", "");
    let workspace = Workspace::with(&text);
    let (one, other) = (target(Faults::default()), slow());
    let urls = [one.base_url(), other.base_url()];
    let outcome = punctual(|| {
        let _ = std::fs::remove_dir_all(workspace.path().join("turns"));
        let turns = ["compare", "--interleave", "1", "--scenario", "scenario.toml", "--out", "turns"];
        workspace.mnload(&[&turns[..], &[urls[0].as_str(), urls[1].as_str()]].concat())
    });
    let outcome = outcome.exits_with(99).says("p50 of search").tells("run  1 of 2  base").tells("run  2 of 2  new");
    assert!(outcome.stdout.contains(&urls[0]), "the note names both addresses:\n{}", outcome.stdout);
    let text = std::fs::read_to_string(workspace.path().join("turns/comparison.json")).unwrap();
    let document: ComparisonDocument = serde_json::from_str(&text).unwrap();
    assert_eq!((document.schema.as_str(), document.exit_code), ("mnload.comparison", 99));
    for run in ["01-base", "02-new"] {
        assert!(workspace.path().join("turns").join(run).join("report.html").exists());
    }
    assert!(one.requests_seen() >= 560 && other.requests_seen() >= 560);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_runs_in_turn_and_compares_nothing() {
    let text = format!("{SCENARIO}{GATES}").replace("base_url = \"${ env.WHERE }\"\n", "").replace("7s", "60s");
    let workspace = Workspace::with(&text);
    let demo = target(Faults::default());
    let url = demo.base_url();
    let turns = ["compare", "--interleave", "3", "--scenario", "scenario.toml", "--out", "turns", &url, &url];
    let running = workspace.spawn(&turns);
    let start = std::time::Instant::now();
    while demo.requests_seen() < 10 {
        assert!(start.elapsed() < Duration::from_secs(30), "no request came");
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal("INT");
    let outcome = running.finish().exits_with(130).tells("stopped before the end, so nothing is compared");
    assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
    assert!(workspace.path().join("turns/01-base/report.html").exists(), "the run under way left its report");
    assert!(!workspace.path().join("turns/comparison.json").exists());
}

#[test]
fn what_cannot_run_in_turn_is_told_before_anything_is_sent() {
    let workspace = Workspace::with("[target]\n[[step]]\nget = \"/health\"\n");
    let turns = ["compare", "--interleave", "2", "--scenario", "scenario.toml"];
    let urls = ["http://127.0.0.1:9", "http://127.0.0.1:9"];
    let once = workspace.mnload(&[&turns[..], &urls[..]].concat()).exits_with(3);
    once.tells("one pass through the steps has no figures");
    workspace.mnload(&["compare", "--interleave", "2", urls[0], urls[1]]).exits_with(2).tells("--scenario");
}
