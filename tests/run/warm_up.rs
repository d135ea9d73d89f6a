//! The warm-up: counted, shown, and judged by no gate.

use std::time::Duration;

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Workspace, punctual};

const GATES: &str =
    "[[step]]\nname = \"one\"\nget = \"/\"\n[gates]\nerrors = \"error_rate <= 0%\"\nall = \"journeys >= 100%\"\n";

fn scenario(server: &RawServer, load: &str) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{}\"\n[load]\n{load}\n{GATES}", server.base_url()))
}

/// Fails slowly for its first requests: far fewer than the warm-up has.
fn cold() -> RawServer {
    RawServer::start(|number, _| match number {
        0..12 => {
            std::thread::sleep(Duration::from_millis(300));
            answer(503, "", "cold")
        }
        _ => ok("", "{}"),
    })
}

const OPEN: &str = "model = \"open\"\nrate = \"20/s\"\nduration = \"2s\"\n";

#[test]
fn gates_see_what_comes_after_it_and_the_counts_add_up() {
    let run = || {
        let server = cold();
        let outcome = scenario(&server, &format!("{OPEN}warm_up = \"1s\"")).run(&["--overwrite"]);
        assert_eq!(server.requests_seen(), 40);
        outcome
    };
    let outcome = punctual(run)
        .exits_with(0)
        .says("20 requests in 1s, 12 failed (12 http_503), not judged")
        .says("12 of 20 requests of the warm-up failed");
    let result = outcome.result();
    let warm_up = result.warm_up.as_ref().unwrap();
    assert_eq!((warm_up.requests.requests, warm_up.requests.failed, warm_up.journeys), (20, 12, 20));
    assert!(warm_up.requests.response_us.max >= 300_000);
    assert_eq!((result.steps.0[0].1.requests, result.steps.0[0].1.failed, result.errors.len()), (20, 0, 0));
    assert_eq!(result.findings.iter().map(|finding| finding.samples).collect::<Vec<_>>(), [20, 20]);
    assert_eq!((result.accounting.scheduled, result.accounting.failed), (40, 12), "every journey is accounted for");
    assert_eq!((result.window_s, result.rates.offered_per_s), (1.0, 20.0));
    for (file, text) in [("summary.csv", "(warm-up),20,12"), ("report.html", "20 requests in 1s, 12 failed")] {
        let written = std::fs::read_to_string(outcome.run_folder.join(file)).unwrap();
        assert!(written.contains(text), "{file}:\n{written}");
    }
    let timeline = csv::Reader::from_path(outcome.run_folder.join("timeline.csv")).unwrap().into_records();
    let rows: Vec<csv::StringRecord> = timeline.map(Result::unwrap).filter(|row| &row[1] == "(all)").collect();
    let sum = |column: usize| rows.iter().map(|row| row[column].parse::<u64>().unwrap()).sum::<u64>();
    assert_eq!((sum(3), sum(rows[0].len() - 1)), (40, 20), "the rows of all hold the warm-up, and say how much of it");
}

#[test]
fn without_one_the_same_target_fails_the_run() {
    let run = || scenario(&cold(), OPEN).run(&["--overwrite"]);
    let result = punctual(run).exits_with(99).result();
    assert_eq!((result.warm_up, result.steps.0[0].1.failed), (None, 12));
}

#[test]
fn users_warm_up_by_when_their_journeys_start() {
    let server = RawServer::start(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        ok("", "{}")
    });
    let load = "model = \"closed\"\nusers = 2\niterations = 60\nwarm_up = \"300ms\"";
    let result = scenario(&server, load).run(&[]).exits_with(0).says("60 scheduled = 60 passed").result();
    let (warm_up, judged) = (result.warm_up.unwrap().requests.requests, result.steps.0[0].1.requests);
    assert_eq!((warm_up + judged, server.requests_seen()), (60, 60));
    // Each takes at least 20 ms, so that no more than 16 of each user start in time.
    assert!((2..=32).contains(&warm_up), "{warm_up}");
}

#[test]
fn a_climb_of_the_rate_is_one_unless_the_file_says_otherwise() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let climbing = format!("{OPEN}ramp_up = \"500ms\"\n");
    let workspace = scenario(&server, &climbing);
    workspace.mnload(&["plan", "scenario.toml", "--no-probe"]).exits_with(0).says("the first 500ms are warm-up, not");
    let result = punctual(|| workspace.run(&["--overwrite"])).exits_with(0).result();
    let warm_up = result.warm_up.unwrap();
    assert_eq!((warm_up.seconds, result.window_s), (0.5, 1.5));
    assert_eq!(warm_up.requests.requests + result.steps.0[0].1.requests, 35);
    let off = scenario(&server, &format!("{climbing}warm_up = \"0s\""));
    let result = punctual(|| off.run(&["--overwrite"])).exits_with(0).result();
    assert_eq!((result.warm_up, result.steps.0[0].1.requests), (None, 35));
}
