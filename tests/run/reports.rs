//! The reports beside the page: asked for by kind and path, and what other programs read in them.

use mnload::demo::{Demo, DemoOptions};
use mnload::report::{Kind, result_schema};
use serde_json::Value;

use crate::support::{Outcome, Workspace};

/// A load of a hundred journeys that is over in a moment.
fn load(gates: &str) -> (Demo, Workspace) {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let text = format!(
        "name = \"short\"\n[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = 2\niterations = 100\n[[step]]\nname = \"one\"\nget = \"/health\"\n[gates]\nerrors = \"error_rate < 1%\"\n{gates}",
        demo.base_url()
    );
    (demo, Workspace::with(&text))
}

/// A smoke check whose second step fails.
fn smoke() -> (Demo, Workspace) {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let text = format!(
        "name = \"smoke\"\n[target]\nbase_url = \"{}\"\n[[step]]\nname = \"up\"\nget = \"/health\"\n[[step]]\nname = \"missing\"\nget = \"/no-such-page\"\n",
        demo.base_url()
    );
    (demo, Workspace::with(&text))
}

fn read(outcome: &Outcome, name: &str) -> String {
    std::fs::read_to_string(outcome.run_folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn complaints(result: &str) -> Vec<String> {
    let schema = jsonschema::validator_for(&result_schema()).unwrap();
    let value: Value = serde_json::from_str(result).unwrap();
    schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_run_folder_has_every_report_of_it_and_they_agree() {
    let (_demo, workspace) = load("");
    let outcome = workspace.run(&[]).exits_with(0);
    for kind in Kind::OF_EVERY_RUN {
        assert!(!read(&outcome, kind.file_name()).is_empty(), "{kind}");
    }
    assert_eq!(complaints(&read(&outcome, "result.json")), Vec::<String>::new());
    let tests = quick_junit::Report::deserialize_from_str(&read(&outcome, "junit.xml")).unwrap();
    assert_eq!((tests.name.as_ref().unwrap().as_str(), tests.failures, tests.errors), ("short", 0, 0));
    assert!(read(&outcome, "summary.md").starts_with("## ✅ PASS: `short`\n"));
    assert_eq!(read(&outcome, "errors.csv"), "row,class,count,first_at_s,last_at_s,step,message\n");
    assert!(!outcome.run_folder.join("k6-summary.json").exists(), "nobody asked for it");
}

#[test]
fn a_failed_smoke_check_is_told_by_each() {
    let (_demo, workspace) = smoke();
    let outcome = workspace.run(&[]).exits_with(99);
    assert_eq!(complaints(&read(&outcome, "result.json")), Vec::<String>::new());
    let tests = quick_junit::Report::deserialize_from_str(&read(&outcome, "junit.xml")).unwrap();
    assert_eq!((tests.tests, tests.failures, tests.errors), (3, 2, 0), "the gate and one of two calls");
    assert!(read(&outcome, "summary.md").contains("| fail | `missing` | 404 |"));
    let errors = read(&outcome, "errors.csv");
    let rows: Vec<_> = csv::Reader::from_reader(errors.as_bytes()).records().map(Result::unwrap).collect();
    let of = |row: &str| rows.iter().filter(|it| &it[0] == row && &it[1] == "http_404").count();
    assert_eq!((of("class"), of("example"), of("stretch")), (1, 1, 1), "{errors}");
}

#[test]
fn a_job_that_only_reports_exits_with_zero_and_the_result_says_what_it_was() {
    let (_demo, workspace) = smoke();
    let result = workspace.run(&["--exit-zero"]).exits_with(0).says("FAIL").result();
    assert_eq!(result.exit_code, 99);
    let wrong = Workspace::with("name = 1");
    wrong.run(&["--exit-zero"]).exits_with(3);
}

#[test]
fn reports_go_where_they_are_asked_for() {
    let (_demo, workspace) = load("");
    let outcome = workspace.run(&[
        "--report",
        "k6=k6.json",
        "--report",
        "percentiles",
        "--report",
        "junit",
        "--report",
        "markdown=-",
    ]);
    let outcome = outcome.exits_with(0).tells("PASS").says("## ✅ PASS: `short`");
    assert_eq!(outcome.stdout, read(&outcome, "summary.md"), "standard output has the document alone");
    let k6: Value = serde_json::from_str(&std::fs::read_to_string(workspace.path().join("k6.json")).unwrap()).unwrap();
    assert_eq!(k6["metrics"]["http_reqs"]["count"], 100);
    assert!(read(&outcome, "percentiles.txt").contains("Total count    =          100"));
    // A longer file that is there already leaves nothing behind.
    workspace.file("old.txt", &"x".repeat(100_000));
    workspace.run(&["--overwrite", "--report", "openmetrics=old.txt"]).exits_with(0);
    assert!(std::fs::read_to_string(workspace.path().join("old.txt")).unwrap().ends_with("# EOF\n"));
}

#[test]
fn every_kind_is_named_in_the_help_and_in_the_documents() {
    let help = Workspace::with("").mnload(&["run", "--help"]).exits_with(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let kinds = Kind::ALL.map(Kind::name).join(", ");
    assert!(help.contains(&format!("Kinds: {kinds}")), "{help}");
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).unwrap();
    for kind in Kind::ALL {
        assert!(document.contains(&format!("`{kind}`")), "docs/ci.md says nothing of {kind}");
    }
}

#[test]
fn our_own_k6_summary_is_a_baseline() {
    let (_demo, workspace) = load("");
    workspace.run(&["--report", "k6=k6.json"]).exits_with(0);
    let outcome = workspace.mnload(&["compare", "k6.json", "run"]);
    assert!([Some(0), Some(4), Some(99)].contains(&outcome.code), "{}\n{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("k6"), "{}", outcome.stdout);
}

#[test]
fn what_cannot_be_written_is_known_before_the_load() {
    let (demo, workspace) = load("");
    workspace.run(&["--report", "pdf"]).exits_with(2).tells("not a kind of report");
    workspace.run(&["--report", "json=-", "--report", "k6=-"]).exits_with(2).tells("one report");
    workspace.run(&["--report", "k6=-", "--format", "json"]).exits_with(2).tells("one report");
    assert_eq!(demo.requests_seen(), 0);
    workspace.run(&["--report", "k6=none/k6.json"]).exits_with(1).tells("cannot write the report k6 to none/k6.json");
    workspace.run(&["--overwrite", "--report", "k6=a", "--report", "junit=a"]).exits_with(2).tells("two reports");
    workspace.run(&["--overwrite", "--report", "k6=run/result.json"]).exits_with(2).tells("two reports");
    assert!(!workspace.path().join("run/result.json").exists(), "no empty files are left");
}
