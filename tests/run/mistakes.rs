//! Scenario files that are wrong: exit 3, file, line, column, caret and hint, and nothing is sent.

use mnload::demo::{Demo, DemoOptions};

use crate::support::Workspace;

/// Runs `text` with `TARGET` replaced, and expects the mistake to be shown at `place` with `message` and `hint`.
#[track_caller]
fn wrong(text: &str, place: &str, message: &str, hint: &str) {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = Workspace::with(&text.replace("TARGET", &format!("[target]\nbase_url = \"{}\"", demo.base_url())));
    let outcome = workspace.run(&[]).exits_with(3).tells(&format!("scenario.toml:{place}")).tells(message).tells(hint);
    assert!(outcome.stderr.contains('^'), "no caret:\n{}", outcome.stderr);
    assert_eq!(demo.requests_seen(), 0, "nothing is sent");
    assert!(!outcome.run_folder.exists());
}

const STEP: &str = "[[step]]\nget = \"/health\"\n";

#[test]
fn an_unknown_key() {
    wrong(&format!("TARGET\nbase_ulr = \"x\"\n{STEP}"), "3:1", "unknown key `base_ulr`", "did you mean `base_url`?");
}

#[test]
fn a_wrong_type() {
    wrong(&format!("name = 5\nTARGET\n{STEP}"), "1:8", "wrong type", "expected a string in quotes");
}

#[test]
fn a_missing_file() {
    let outcome = Workspace::with("").mnload(&["run", "nowhere.toml"]).exits_with(3);
    outcome.tells("cannot read nowhere.toml").tells("check the path");
}

#[test]
fn a_bad_duration_and_a_bad_rate_in_one_go() {
    let load = "[load]\nmodel = \"open\"\nrate = \"20\"\nduration = \"soon\"\n";
    wrong(&format!("TARGET\n{load}{STEP}"), "5:8", "`20` is not a rate", "20/s");
    wrong(&format!("TARGET\n{load}{STEP}"), "6:12", "`soon` is not a duration", "2 mistakes");
}

#[test]
fn two_methods_in_a_step() {
    wrong("TARGET\n[[step]]\nget = \"/a\"\npost = \"/b\"\n", "5:8", "two methods, get and post", "exactly one of get");
}

#[test]
fn no_method_in_a_step() {
    wrong("TARGET\n[[step]]\nname = \"a\"\n", "3:1", "no method", "exactly one of get");
}

#[test]
fn an_unknown_variable_and_one_that_is_not_set() {
    wrong("TARGET\n[[step]]\nget = \"/${ evn.X }\"\n", "4:12", "unknown variable `evn`", "did you mean `env`?");
    wrong("TARGET\n[[step]]\nget = \"/${ env.MNLOAD_UNSET }\"\n", "4:", "MNLOAD_UNSET is not set", "default(");
    wrong(
        "TARGET\n[[step]]\npost = \"/a\"\njson = { a = { b = [1, \"${ zzzzzz }\"] } }\n",
        "5:",
        "unknown variable `zzzzzz`",
        "the names here are",
    );
}

#[test]
fn a_gate_that_says_nothing_or_names_no_step() {
    wrong(&format!("TARGET\n{STEP}[gates]\na = \"p95 600ms\"\n"), "6:6", "needs a comparison", "p95 < 600ms");
    wrong(
        &format!("TARGET\n{STEP}[gates]\na = \"p95 of helth < 1s\"\n"),
        "6:13",
        "there is no step `helth`",
        "the steps are: GET /health",
    );
}

#[test]
fn a_key_of_another_model_and_a_missing_one() {
    let load = "[load]\nmodel = \"open\"\nusers = 5\nrate = \"5/s\"\n";
    wrong(&format!("TARGET\n{load}{STEP}"), "5:9", "`users` means nothing in the open model", "closed model");
    wrong(&format!("TARGET\n{load}{STEP}"), "3:1", "the open model needs `duration`", "duration = \"2m\"");
}

#[test]
fn a_certificate_file_that_is_not_there_or_holds_none() {
    wrong(&format!("TARGET\nca = \"no.pem\"\n{STEP}"), "3:6", "no.pem", "relative to the scenario file");
    wrong(&format!("TARGET\nca = \"scenario.toml\"\n{STEP}"), "3:6", "holds no certificate", "PEM");
}

#[test]
fn credentials_in_the_url_are_not_taken() {
    wrong(
        &format!("[target]\nbase_url = \"http://a:b@127.0.0.1\"\n{STEP}"),
        "2:12",
        "credentials",
        "http://127.0.0.1:3000",
    );
}

#[test]
fn syntax_that_is_no_toml() {
    wrong("name = \n", "1:", "not valid TOML", "1 mistake");
}

#[test]
fn no_steps_at_all() {
    Workspace::with("[target]\nbase_url = \"http://127.0.0.1:9\"\n").run(&[]).exits_with(3).tells("has no steps");
}

#[test]
fn a_wrong_command_line_is_2() {
    Workspace::with("").mnload(&["run"]).exits_with(2);
    Workspace::with("").mnload(&["rnu", "x"]).exits_with(2);
}
