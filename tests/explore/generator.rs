//! A limit above what the generator can send is no limit of the target.

use std::process::Command;

use mnload::explore::{LimitedBy, Outcome as Came};
use mnload::verdict::Verdict;

use crate::support::raw::{RawServer, ok};
use crate::support::{Outcome, Workspace};
use crate::{explore, result_of};

#[track_caller]
fn says_it_was_the_generator(outcome: Outcome) {
    let outcome = outcome.exits_with(4);
    let result = result_of(&outcome);
    let told = format!("{:?}\n{}\n{}", result.capacity, outcome.stdout, outcome.stderr);
    assert_eq!((result.capacity.per_s, result.capacity.high_per_s), (None, None), "no number is named: {told}");
    assert_eq!((result.capacity.limited_by, result.verdict), (LimitedBy::Generator, Verdict::Inconclusive), "{told}");
    assert!(result.points.iter().any(|point| point.outcome == Came::Generator), "{told}");
    assert!(result.reasons[0].contains("generator"), "{:?}", result.reasons);
}

#[test]
fn a_target_that_is_cheaper_than_its_answers_are_to_look_at_is_not_blamed() {
    let rows: Vec<String> = (0..1_000).map(|id| format!("{{\"id\":{id},\"name\":\"row\"}}")).collect();
    let answer = ok("", &format!("[{}]", rows.join(",")));
    let server = RawServer::start(move |_, _| answer.clone());
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\nmax_in_flight = 32\ndrain = \"1s\"\n\
         [[step]]\nget = \"/\"\nexpect = {{ \"json:$..id\" = {{ type = \"array\" }} }}\n[gates]\nlatency = \"p90 < 20ms\"\n",
        server.base_url()
    ));
    let bounds = ["--from", "10000/s", "--to", "20000/s", "--budget", "30s", "--workers", "1"];
    says_it_was_the_generator(explore(&workspace, &bounds));
}

#[test]
fn one_core_for_both_is_the_generators_limit() {
    let is_there = Command::new("taskset").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        return;
    }
    let workspace = Workspace::with(
        "[target]\nbase_url = \"http://127.0.0.1:9\"\n[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\ndrain = \"1s\"\n\
         [[step]]\nget = \"/health\"\n[gates]\nlatency = \"p90 < 100ms\"\nerrors = \"error_rate < 1%\"\n",
    );
    let bounds = ["--from", "10000/s", "--to", "80000/s", "--budget", "30s", "--workers", "1", "--demo"];
    let command = ["-c", "0", env!("CARGO_BIN_EXE_mnload"), "explore", "scenario.toml", "--out", "run"];
    says_it_was_the_generator(workspace.spawn_program("taskset", &[&command[..], &bounds].concat()).finish());
}
