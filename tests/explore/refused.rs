//! What cannot be explored is said before anything is sent.

use crate::support::raw::{RawServer, ok};
use crate::support::{Workspace, free_address};
use crate::{GATES, LOAD, STEP, explore, scenario};

#[track_caller]
fn refused(text: &str, more: &[&str], code: i32, said: &str) {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let workspace = Workspace::with(&format!("[target]\nbase_url = \"{}\"\n{text}", server.base_url()));
    let outcome = explore(&workspace, more).exits_with(code).tells(said);
    assert_eq!(server.connections_seen(), 0, "nothing was sent");
    assert!(!outcome.run_folder.exists());
}

#[test]
fn only_one_open_load_has_a_rate_to_vary() {
    refused(&format!("{STEP}{GATES}"), &[], 3, "which has none");
    let closed = "[load]\nmodel = \"closed\"\nusers = 2\nduration = \"5s\"\n";
    refused(&format!("{closed}{STEP}{GATES}"), &[], 3, "whose rate the target decides");
    let flow = |name: &str| {
        let load = LOAD.replace("[load]", "[flow.load]");
        format!("[[flow]]\nname = \"{name}\"\n{load}[[flow.step]]\nget = \"/{name}\"\n")
    };
    refused(&format!("{}{}{GATES}", flow("a"), flow("b")), &[], 3, "2 loads side by side");
}

#[test]
fn figures_that_contradict_each_other_are_mistakes() {
    let file = format!("{LOAD}{STEP}{GATES}[explore]\nceiling = \"100/s\"\n");
    refused(&file, &["--to", "101/s"], 2, "ceiling");
    refused(&file, &["--from", "80/s", "--to", "40/s"], 2, "not below");
    refused(&file, &["--precision", "90%"], 2, "precision");
    refused(&file, &["--to", "many"], 2, "is not a rate");
    refused(&file, &["--gate", "p95 <"], 2, "p95 <");
    refused(&file, &["--format", "json", "--report", "json=-"], 2, "one report");
}

#[test]
fn a_gate_that_is_named_as_what_an_exploration_says_itself_needs_another_name() {
    for name in ["keeps up", "refused"] {
        let file = format!("{LOAD}{STEP}[gates]\n\"{name}\" = \"error_rate < 1%\"\n");
        refused(&file, &[], 3, &format!("`{name}` would be mistaken"));
    }
}

#[test]
fn a_target_that_is_not_there_is_told_before_a_folder_is_made() {
    let workspace = scenario(&format!("http://{}", free_address()), GATES);
    let outcome = explore(&workspace, &[]).exits_with(3).tells("cannot be reached");
    assert!(!outcome.run_folder.exists());
}

#[test]
fn the_folder_of_something_else_is_not_replaced() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let workspace = scenario(&server.base_url(), GATES);
    std::fs::create_dir(workspace.path().join("run")).unwrap();
    workspace.file("run/result.json", "{\"schema\":\"mnload.result\"}");
    explore(&workspace, &[]).exits_with(1).tells("--overwrite");
    explore(&workspace, &["--overwrite"]).exits_with(1).tells("something else");
    assert_eq!(server.requests_seen(), 0);
}

#[test]
fn rows_that_run_out_are_not_blamed_on_the_target() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let data = "[data.users]\nfile = \"users.csv\"\norder = \"unique\"\n";
    let step = "[[step]]\nget = \"/${ data.users.name }\"\n";
    let workspace = scenario(&server.base_url(), "");
    workspace.file("users.csv", "name\nann\nbob\n");
    workspace
        .file("scenario.toml", &format!("[target]\nbase_url = \"{}\"\n{LOAD}{step}{data}{GATES}", server.base_url()));
    let outcome = explore(&workspace, &[]).exits_with(3).tells("[data.users]").tells("exhausted = \"repeat\"");
    assert_eq!(server.connections_seen(), 0, "nothing was sent");
    assert!(!outcome.run_folder.exists());
}

#[test]
fn a_gate_that_no_target_can_keep_is_refused() {
    let file = format!("{LOAD}{STEP}{GATES}");
    refused(&file, &["--gate", "p95 < 0ms"], 2, "no target can keep the gate `p95 < 0ms`");
    let file = format!("{LOAD}{STEP}[gates]\nlatency = \"p95 < 0ms\"\n");
    refused(&file, &[], 3, "no target can keep the gate `p95 < 0ms`");
}

#[test]
fn files_of_others_stay_where_they_are() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let workspace = scenario(&server.base_url(), GATES);
    std::fs::create_dir(workspace.path().join("run")).unwrap();
    workspace.file("run/report.html", "mine");
    explore(&workspace, &[]).exits_with(1).tells("another report.html");
    assert_eq!(std::fs::read_to_string(workspace.path().join("run/report.html")).unwrap(), "mine");
    workspace.file("run/journal.hlog", "#[mnload");
    explore(&workspace, &["--overwrite"]).exits_with(1).tells("something else");
    assert_eq!(server.requests_seen(), 0);
}
