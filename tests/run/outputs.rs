//! The run folder and the streams.

use mnload::demo::{Demo, DemoOptions};
use mnload::report::RunResult;

use crate::support::Workspace;

fn short_run() -> (Demo, Workspace) {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let text = format!(
        "name = \"short\"\n[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = 2\niterations = 100\n[[step]]\nname = \"=one\"\nget = \"/health\"\n[[step]]\nname = \"two, \\\"quoted\\\"\"\nget = \"/api/health\"\n",
        demo.base_url()
    );
    (demo, Workspace::with(&text))
}

#[test]
fn every_file_of_the_run_folder_tells_the_same_story() {
    let (_demo, workspace) = short_run();
    let outcome = workspace.run(&[]).exits_with(0);
    let result = outcome.result();
    let read = |name: &str| csv::Reader::from_path(outcome.run_folder.join(name)).unwrap();
    let summary: Vec<csv::StringRecord> = read("summary.csv").records().map(Result::unwrap).collect();
    let names: Vec<&str> = summary.iter().map(|row| &row[0]).collect();
    assert_eq!(names, ["(all)", "'=one", "two, \"quoted\""], "in order, and no cell is a formula");
    assert_eq!(&summary[0][1], "200");
    let timeline: Vec<csv::StringRecord> = read("timeline.csv").records().map(Result::unwrap).collect();
    let requests = |name: &str| {
        timeline.iter().filter(|row| &row[1] == name).map(|row| row[3].parse::<u64>().unwrap()).sum::<u64>()
    };
    assert_eq!((requests("(all)"), requests("'=one")), (200, 100), "one row per second and step, nothing lost");
    let page = std::fs::read_to_string(outcome.run_folder.join("report.html")).unwrap();
    assert!(page.contains("short"));
    assert_eq!(result.steps.0[0].0, "=one");
}

#[test]
fn json_goes_to_stdout_alone_and_is_the_file() {
    let (_demo, workspace) = short_run();
    let outcome = workspace.run(&["--format", "json"]).exits_with(0).tells("PASS");
    let printed: RunResult = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(printed, outcome.result());
    assert_eq!((printed.schema.as_str(), printed.schema_version.as_str()), ("mnload.result", "1.1.0"));
}

#[test]
fn quiet_says_the_verdict_and_nothing_else() {
    let (_demo, workspace) = short_run();
    let outcome = workspace.run(&["--quiet"]).exits_with(0);
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.stdout.lines().count(), 2, "{}", outcome.stdout);
}

#[test]
fn an_earlier_run_is_not_overwritten_unless_asked() {
    let (demo, workspace) = short_run();
    workspace.run(&[]).exits_with(0);
    let seen = demo.requests_seen();
    workspace.run(&[]).exits_with(1).tells("already holds a run");
    assert_eq!(demo.requests_seen(), seen, "known before the load, not after it");
    workspace.run(&["--overwrite"]).exits_with(0);
}

#[test]
fn a_folder_that_cannot_be_made_is_known_before_the_load() {
    let (demo, workspace) = short_run();
    workspace.file("taken", "");
    workspace
        .mnload(&["run", "scenario.toml", "--out", "taken/run"])
        .exits_with(1)
        .tells("cannot create the run folder");
    assert_eq!(demo.requests_seen(), 0);
}

#[test]
fn the_demo_needs_nothing_and_plan_sends_nothing() {
    let text = "name = \"x\"\n[target]\nbase_url = \"http://127.0.0.1:9\"\n[[step]]\nget = \"/health\"\n";
    let workspace = Workspace::with(text);
    workspace
        .mnload(&["plan", "scenario.toml", "--no-probe"])
        .exits_with(0)
        .says("once through 1 request to http://127.0.0.1:9");
    let result = workspace.run(&["--demo"]).exits_with(0).result();
    assert!(result.plan.base_url.starts_with("http://127.0.0.1:") && !result.plan.base_url.ends_with(":9"));
}
