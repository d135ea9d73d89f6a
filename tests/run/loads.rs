//! Flows with loads of their own: side by side, each on its own schedule, and none of them in a once run.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::raw::{RawServer, ok};
use crate::support::{Workspace, punctual};

const FLOWS: &str = r#"
[load]
model = "closed"
users = 2
iterations = 6

[[flow]]
name = "browse"
[[flow.step]]
get = "/browse"

[[flow]]
name = "watch"
start_after = "500ms"
[flow.load]
model = "open"
rate = "10/s"
duration = "1s"
[[flow.step]]
get = "/watch"

[gates]
errors = "error_rate <= 0%"

[profile.smoke]
load = { model = "once" }
"#;

/// Requests as (path, when), in the order they came.
type Seen = Arc<Mutex<Vec<(String, Instant)>>>;

fn noting() -> (RawServer, Seen) {
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let server = RawServer::start(move |_, head| {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        noted.lock().unwrap().push((path, Instant::now()));
        ok("", "{}")
    });
    (server, seen)
}

fn scenario(server: &RawServer) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{}\"\n{FLOWS}", server.base_url()))
}

#[test]
fn each_flow_keeps_its_own_schedule_and_the_sums_add_up() {
    let (server, seen) = noting();
    let workspace = scenario(&server);
    let outcome = punctual(|| {
        seen.lock().unwrap().clear();
        workspace.run(&["--overwrite"])
    });
    let result = outcome.exits_with(0).says("16 scheduled = 16 passed").result();
    let seen = seen.lock().unwrap();
    let count = |path: &str| seen.iter().filter(|(seen, _)| seen == path).count();
    assert_eq!((count("/browse"), count("/watch")), (6, 10));
    let first = |path: &str| seen.iter().find(|(seen, _)| seen == path).unwrap().1;
    assert!(first("/watch") - first("/browse") >= Duration::from_millis(400));
    assert_eq!((result.plan.load.model.as_str(), result.plan.load.flows.len()), ("several", 2));
    assert_eq!(result.plan.load.flows[1].start_after_s, Some(0.5));
    assert!(result.window_s >= 1.4, "the last arrival is due half a second and nine tenths after the start");
}

#[test]
fn a_load_of_fewer_users_than_workers_does_all_its_journeys() {
    let (server, seen) = noting();
    let flows = FLOWS.replace("users = 2", "users = 1");
    let workspace = Workspace::with(&format!("[target]\nbase_url = \"{}\"\n{flows}", server.base_url()));
    punctual(|| {
        seen.lock().unwrap().clear();
        workspace.run(&["--overwrite", "--workers", "3"])
    })
    .exits_with(0)
    .says("16 scheduled = 16 passed");
    assert_eq!(seen.lock().unwrap().iter().filter(|(path, _)| path == "/browse").count(), 6);
}

#[test]
fn a_once_run_does_every_flow_once_whatever_their_loads() {
    let (server, seen) = noting();
    scenario(&server).run(&["--profile", "smoke"]).exits_with(0);
    let paths: Vec<String> = seen.lock().unwrap().iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(paths, ["/browse", "/watch"]);
}

#[test]
fn numbers_are_dealt_so_that_no_two_journeys_share_one() {
    let (server, seen) = noting();
    let flows = FLOWS.replace("/browse", "/browse?${ arrival }").replace("/watch", "/watch?${ arrival }");
    let workspace = Workspace::with(&format!("[target]\nbase_url = \"{}\"\n{flows}", server.base_url()));
    punctual(|| {
        seen.lock().unwrap().clear();
        workspace.run(&["--overwrite"])
    })
    .exits_with(0);
    let seen = seen.lock().unwrap();
    let mut numbers: Vec<&str> = seen.iter().filter_map(|(path, _)| path.split('?').nth(1)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 16);
}

#[test]
fn loads_that_contradict_each_other_are_mistakes() {
    let plan = |text: &str| Workspace::with(text).mnload(&["plan", "scenario.toml"]).exits_with(3).stderr;
    let target = "[target]\nbase_url = \"http://127.0.0.1:9\"\n";
    let own = "[flow.load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\n";
    let step = "[[flow.step]]\nget = \"/\"\n";

    let early = plan(&format!("{target}[[flow]]\nname = \"a\"\nstart_after = \"1s\"\n{step}"));
    assert!(early.contains("`start_after` needs a load of the flow's own"), "{early}");
    let weighted = plan(&format!("{target}[[flow]]\nname = \"a\"\nweight = 2\n{own}{step}"));
    assert!(weighted.contains("`weight` means nothing here"), "{weighted}");
    let second = "[[flow]]\nname = \"b\"\n[[flow.step]]\nget = \"/b\"\n";
    let without = plan(&format!("{target}[[flow]]\nname = \"a\"\n{own}{step}{second}"));
    assert!(without.contains("the flow `b` has no load, but others have their own"), "{without}");
    let load = "[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"1s\"\n";
    let unused = plan(&format!("{target}{load}[[flow]]\nname = \"a\"\n{own}{step}"));
    assert!(unused.contains("no flow uses [load]"), "{unused}");
}

fn beside(server: &RawServer, text: &str) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{}\"\n{text}", server.base_url()))
}

#[test]
fn a_load_that_holds_only_a_seed_is_no_once_run() {
    let (server, _) = noting();
    let flow = "[[flow]]\nname = \"a\"\n[flow.load]\nmodel = \"closed\"\nusers = 1\niterations = 5\n[[flow.step]]\nget = \"/a\"\n[gates]\ne = \"error_rate <= 0%\"\n";
    for load in ["[load]\nseed = 7\n", "[load]\n"] {
        let result = beside(&server, &format!("{load}{flow}")).run(&[]).exits_with(0).result();
        assert_eq!((result.plan.load.model.as_str(), result.accounting.passed), ("closed", 5));
    }
}

#[test]
fn nothing_is_sent_for_journeys_that_were_given_up_and_the_books_balance() {
    let (server, seen) = noting();
    let text = "[[flow]]\nname = \"cut\"\n[flow.load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"400ms\"\ndrain = \"100ms\"\n\
        [[flow.step]]\nname = \"first\"\nget = \"/first\"\nthink = \"1s\"\n[[flow.step]]\nname = \"second\"\nget = \"/second\"\n\
        [[flow]]\nname = \"goes on\"\n[flow.load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"2s\"\n[[flow.step]]\nget = \"/on\"\n[gates]\ne = \"error_rate <= 0%\"\n";
    let result = beside(&server, text).run(&[]).exits_with(4).result();
    assert_eq!((result.accounting.abandoned, result.accounting.balances()), (2, true), "{:?}", result.accounting);
    assert!(!seen.lock().unwrap().iter().any(|(path, _)| path == "/second"));
}

#[test]
fn one_load_that_is_late_is_seen_beside_one_that_is_not() {
    let server = RawServer::start(|_, head| {
        if head.contains("/slow") {
            std::thread::sleep(Duration::from_millis(400));
        }
        ok("", "{}")
    });
    let text = "[[flow]]\nname = \"many\"\n[flow.load]\nmodel = \"open\"\nrate = \"400/s\"\nduration = \"1s\"\n[[flow.step]]\nget = \"/fast\"\n\
        [[flow]]\nname = \"watch\"\n[flow.load]\nmodel = \"open\"\nrate = \"4/s\"\nduration = \"1s\"\nmax_in_flight = 1\n[[flow.step]]\nget = \"/slow\"\n[gates]\ne = \"error_rate <= 0%\"\n";
    let result = beside(&server, text).run(&[]).exits_with(4).result();
    let said = result.reasons.iter().find(|reason| reason.contains("the load of `watch` was not punctual"));
    assert!(said.is_some_and(|reason| reason.contains("max_in_flight = 1")), "{:?}", result.reasons);
}

#[test]
fn steps_beyond_a_thousand_are_counted_together_and_those_of_gates_are_not() {
    let (server, _) = noting();
    let steps: String = (0..1_004).map(|k| format!("[[step]]\nname = \"s{k}\"\nget = \"/s{k}\"\n")).collect();
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = 1\niterations = 1\n[gates]\nlast = \"error_rate of s1003 <= 0%\"\nerrors = \"error_rate <= 0%\"\n{steps}",
        server.base_url()
    );
    let told = "4 steps beyond the first 1,000 are counted together as `(other)`";
    let outcome = Workspace::with(&text).run(&["--quiet"]).exits_with(0);
    let result = outcome.result();
    assert!(result.warnings.iter().any(|warning| warning.contains(told)), "{:?}", result.warnings);
    assert_eq!((result.steps_folded, result.steps.0.len()), (4, 1_001));
    let of = |name: &str| result.steps.0.iter().find(|(step, _)| step == name).map(|(_, step)| step.requests);
    assert_eq!((of("s0"), of("s1003"), of("s1002"), of("(other)")), (Some(1), Some(1), None, Some(4)));
    assert_eq!(server.requests_seen(), 1_004, "and nothing is lost");
    assert_eq!(result.steps.0.iter().map(|(_, step)| step.requests).sum::<u64>(), 1_004);
    assert!(result.findings.iter().all(|finding| finding.samples > 0), "{:?}", result.findings);
    assert!(std::fs::read_to_string(outcome.run_folder.join("report.html")).unwrap().contains("4 steps beyond"));
}
