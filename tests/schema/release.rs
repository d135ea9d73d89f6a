//! The schema of release files: it is the one of the code, it accepts what mnload accepts, and refuses what it can.

use mnload::release::schema;

use crate::support::Workspace;
use crate::{complaints, text_of};

const COMMITTED: &str = "scenarios/release.schema.json";

const RELEASE: &str = r#"
name = "Shop"
parallel = "${ vars.at_once }"
vars = { at_once = 2 }
env = { PORT = 8080, DEBUG = true }
[roles.qa]
title = "QA"
people = ["Ann Lee"]
[[gate]]
id = "A"
owners = ["qa"]
[[gate.item]]
id = "a"
run = "npm ci"
holds_for = "24h"
[[gate.item]]
id = "b"
run = { command = ["npm", "test"], timeout = "5m", exit_codes = [0, 1], env = { CI = true }, sets = "TAG" }
read = { text = { from = "stdout", contains = ["ok"] }, file = "report.txt" }
accept = ["text.lines >= 1", "size > 0"]
needs = ["a"]
inputs = ["src"]
[[gate.item]]
id = "c"
scenario = { file = "scenario.toml", set = { users = 5 } }
[[gate.item]]
id = "d"
manual = "It was looked at"
warn = true
artifacts = ["dist"]
[rollback]
gate = "A"
previous = "git describe"
deploy = { command = "deploy" }
smoke = "scenario.toml"
restore = "deploy"
"#;

/// What mnload says is wrong with a release, if anything is.
fn refusal(release: &str) -> Option<String> {
    let workspace = Workspace::with("target.base_url = 'http://127.0.0.1:9'\n[[step]]\nget = '/'\n");
    workspace.file("release.toml", release);
    let outcome = workspace.mnload(&["release", "release.toml", "--dry-run"]);
    (outcome.code != Some(0)).then_some(outcome.stderr)
}

#[test]
fn the_committed_schema_of_release_files_is_the_one_of_the_code() {
    assert!(jsonschema::meta::is_valid(&schema()));
    let printed = Workspace::with("").mnload(&["schema", "release"]).exits_with(0).stdout;
    let same = text_of(COMMITTED) == printed;
    assert!(same, "the form of release files has changed: cargo run -- schema release > {COMMITTED}");
}

#[test]
fn what_mnload_takes_the_schema_takes() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    assert_eq!(refusal(RELEASE), None);
    assert_eq!(complaints(&validator, RELEASE), "");
}

#[test]
fn what_mnload_refuses_for_its_form_the_schema_refuses() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let start = "[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\n";
    for part in [
        "rnu = 'true'",
        "run = 5",
        "run = { comand = 'true' }",
        "run = { command = 5 }",
        "run = { command = 'true', timeout = 5 }",
        "run = { command = 'true', exit_codes = [] }",
        "run = { command = 'true', exit_codes = [256] }",
        "run = 'true'\nread = { textt = { from = 'stdout' } }",
        "run = 'true'\nread = { text = { form = 'stdout' } }",
        "run = 'true'\naccept = 5",
        "run = 'true'\naccept = [5]",
        "run = 'true'\nneeds = 'b'",
        "run = 'true'\nwarn = 'yes'",
        "scenario = { fiel = 'scenario.toml' }",
        "manual = true",
        "run = 'true'\n[rolback]\ngate = 'A'",
        "run = 'true'\n[roles.qa]\npeople = 'Ann'",
    ] {
        let release = format!("{start}{part}\n");
        assert!(refusal(&release).is_some(), "mnload accepts {part}");
        assert_ne!(complaints(&validator, &release), "", "the schema accepts {part}");
    }
    let release = format!("parallel = 0\n{start}run = 'true'\n");
    assert!(refusal(&release).is_some() && !complaints(&validator, &release).is_empty());
    assert_eq!(complaints(&validator, &format!("{start}run = 'true'\n")), "");
}
