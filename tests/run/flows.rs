//! How journeys go: flows and weights, setup, conditions, retries, pauses and what a failure means.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Outcome, Workspace};

/// A server that notes every request line and its Authorization header, and answers by path.
struct Notes {
    server: RawServer,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    /// `/fail…` is refused with 500, `/third` passes at the third time, everything else is fine.
    fn start() -> Self {
        let lines = Arc::new(Mutex::new(Vec::<String>::new()));
        let noted = Arc::clone(&lines);
        let server = RawServer::start(move |_, head| {
            let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
            let mut lines = noted.lock().unwrap();
            let times = lines.iter().filter(|earlier| **earlier == line).count();
            lines.push(line.clone());
            match () {
                () if line.contains("/fail") => answer(500, "", ""),
                () if line.contains("/third") && times < 2 => answer(503, "", ""),
                () => ok("", "{}"),
            }
        });
        Self { server, lines }
    }

    fn run(&self, scenario: &str) -> Outcome {
        Workspace::with(&format!("[target]\nbase_url = \"{}\"\n{scenario}", self.server.base_url())).run(&[])
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

fn counts(lines: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    lines.iter().for_each(|line| *counts.entry(line.as_str()).or_default() += 1);
    counts
}

#[test]
fn flows_are_chosen_by_weight_and_the_same_way_for_a_seed() {
    let scenario = "[load]\nmodel = \"closed\"\nusers = 1\niterations = 400\n[[flow]]\nname = \"often\"\nweight = 3\n[[flow.step]]\nget = \"/often\"\n[[flow]]\nname = \"seldom\"\n[[flow.step]]\nget = \"/seldom\"\n[[flow]]\nname = \"never\"\nweight = 0\n[[flow.step]]\nget = \"/never\"\n";
    let (first, second) = (Notes::start(), Notes::start());
    first.run(scenario).exits_with(0);
    second.run(scenario);
    assert_eq!(first.lines(), second.lines());
    let lines = first.lines();
    let often = counts(&lines)["GET /often"];
    assert!((260..340).contains(&often), "{often} of 400 at three to one");
    assert!(!lines.contains(&"GET /never".to_owned()));
}

#[test]
fn setup_and_teardown_run_once_and_outside_the_figures() {
    let notes = Notes::start();
    let result = notes
        .run("[load]\nmodel = \"closed\"\nusers = 2\niterations = 30\n[[setup]]\npost = \"/before\"\n[[step]]\nget = \"/during\"\n[[teardown]]\ndelete = \"/after\"\n")
        .exits_with(0)
        .result();
    let lines = notes.lines();
    assert_eq!(lines.first().map(String::as_str), Some("POST /before"));
    assert_eq!(lines.last().map(String::as_str), Some("DELETE /after"));
    assert_eq!((lines.len(), result.times_us.response.count), (32, 30));
}

#[test]
fn a_failing_setup_stops_the_run_with_3() {
    let notes = Notes::start();
    let outcome =
        notes.run("[[setup]]\nname = \"sign in\"\npost = \"/fail\"\n[[step]]\nget = \"/during\"\n").exits_with(3);
    let outcome = outcome.tells("the setup step `sign in` failed: expected status below 400, got status 500");
    assert_eq!(notes.lines(), ["POST /fail"]);
    assert!(!outcome.run_folder.exists(), "no empty run folder is left");
}

#[test]
fn conditions_probability_and_repeat_decide_what_is_done() {
    let notes = Notes::start();
    notes
        .run("[vars]\nbeta = true\n[load]\nmodel = \"closed\"\nusers = 1\niterations = 100\n[[step]]\nget = \"/a\"\nwhen = \"beta\"\nrepeat = 2\n[[step]]\nget = \"/b\"\nunless = \"beta\"\n[[step]]\nget = \"/c\"\nprobability = \"30%\"\n[[step]]\nget = \"/d\"\nwhen = \"iteration % 2 == 0\"\n[gates]\nchecks = \"checks >= 100%\"\n")
        .exits_with(0);
    let lines = notes.lines();
    let counts = counts(&lines);
    assert_eq!((counts["GET /a"], counts.get("GET /b"), counts["GET /d"]), (200, None, 50));
    assert!((15..45).contains(&counts["GET /c"]), "{counts:?}");
}

#[test]
fn a_step_that_is_tried_again_fails_only_with_its_last_word() {
    let notes = Notes::start();
    let result = notes
        .run("[[step]]\nname = \"slow start\"\nget = \"/third\"\nretry = { times = 4, pause = \"10ms\" }\n")
        .exits_with(0)
        .result();
    let step = &result.steps.0[0].1;
    assert_eq!((step.requests, step.tried_again, step.failed), (3, 2, 0));
    let polled = Notes::start();
    polled.run("[[step]]\nget = \"/third\"\npoll = { every = \"10ms\", deadline = \"20s\" }\n").exits_with(0);
    assert_eq!(polled.lines().len(), 3);
    let result = Notes::start().run("[[step]]\nget = \"/fail\"\nretry = { times = 2 }\n").exits_with(99).result();
    assert_eq!((result.steps.0[0].1.requests, result.steps.0[0].1.failed), (3, 1));
}

#[test]
fn a_failure_stops_the_journey_or_not_or_the_whole_run() {
    let steps =
        |reaction: &str| format!("[[step]]\nget = \"/fail\"\non_failure = \"{reaction}\"\n[[step]]\nget = \"/next\"\n");
    let stopped = Notes::start();
    stopped.run(&steps("stop_journey")).exits_with(99);
    assert_eq!(stopped.lines(), ["GET /fail"]);
    let went_on = Notes::start();
    went_on.run(&steps("continue")).exits_with(99);
    assert_eq!(went_on.lines(), ["GET /fail", "GET /next"]);
    let aborted = Notes::start();
    let outcome =
        aborted.run(&format!("[load]\nmodel = \"closed\"\nusers = 1\nduration = \"60s\"\n{}", steps("abort_run")));
    outcome.exits_with(4).says("abort_run");
    assert_eq!(aborted.lines(), ["GET /fail"]);
}

#[test]
fn bodies_and_paths_are_filled_in_per_journey() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&bodies);
    let server = RawServer::start(move |_, head| {
        noted.lock().unwrap().push(head.to_owned());
        ok("", "")
    });
    let text = format!(
        "[vars]\ntitles = [\"the matrix\"]\n[target]\nbase_url = \"{}/base\"\n[[step]]\nname = \"s\"\nget = \"/search?q=${{ pick(titles) }}&n=${{ iteration }}\"\nbearer = \"t-${{ user }}\"\nheaders = {{ X-Id = \"${{ uuid() }}\" }}\n",
        server.base_url()
    );
    Workspace::with(&text).run(&[]).exits_with(0);
    let head = bodies.lock().unwrap()[0].clone();
    assert!(head.starts_with("GET /base/search?q=the%20matrix&n=0 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Bearer t-0\r\n"), "{head}");
    assert_eq!(server.requests_seen(), 1);
}

#[test]
fn once_goes_through_every_flow_in_order_and_values_keep_their_type() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&bodies);
    let server = RawServer::start(move |_, head| {
        noted.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
        if head.contains("/a") { answer(500, "", "") } else { ok("", "{\"n\":3,\"list\":[1,2]}") }
    });
    let text = format!(
        "[vars]\nn = 3\nlist = [1, 2]\n[target]\nbase_url = \"{}\"\n[[flow]]\n[[flow.step]]\nget = \"/a\"\n[[flow]]\n[[flow.step]]\nget = \"/b\"\nexpect = {{ \"json:$.n\" = \"${{ n }}\", \"json:$.list\" = \"${{ list }}\" }}\n",
        server.base_url()
    );
    let result = Workspace::with(&text).run(&[]).exits_with(99).result();
    assert_eq!(*bodies.lock().unwrap(), ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]);
    assert_eq!((result.accounting.scheduled, result.accounting.failed), (2, 1));
}

#[test]
fn steps_of_a_group_are_reported_together() {
    let notes = Notes::start();
    let outcome = notes
        .run("[load]\nmodel = \"closed\"\nusers = 1\niterations = 1\n[gates]\nerrors = \"error_rate <= 0%\"\n[[step]]\nname = \"one\"\ngroup = \"reads\"\nget = \"/one\"\n[[step]]\nname = \"two\"\nget = \"/two\"\n[[step]]\nname = \"three\"\ngroup = \"reads\"\nget = \"/three\"\nrepeat = 3\n")
        .exits_with(0)
        .says("[reads]");
    let result = outcome.result();
    let groups: Vec<(&str, u64)> = result.groups.0.iter().map(|(name, sum)| (name.as_str(), sum.requests)).collect();
    assert_eq!(groups, [("reads", 4)]);
    let summary = std::fs::read_to_string(outcome.run_folder.join("summary.csv")).unwrap();
    assert!(summary.contains("\n(group) reads,4,0,"), "{summary}");
    assert!(std::fs::read_to_string(outcome.run_folder.join("report.html")).unwrap().contains("Group: reads"));
}

#[test]
fn pauses_follow_the_distribution_that_is_asked_for() {
    let notes = Notes::start();
    let think = "think = { distribution = \"exponential\", mean = \"20ms\", max = \"40ms\" }";
    let result = notes
        .run(&format!("[load]\nmodel = \"closed\"\nusers = 1\niterations = 20\n[gates]\nerrors = \"error_rate <= 0%\"\n[[step]]\nget = \"/\"\n{think}\n"))
        .exits_with(0)
        .result();
    // Twenty draws of this seed: longer than a fifth of their mean, and none beyond the cut.
    assert!(result.elapsed_s > 0.08, "{}", result.elapsed_s);
    for (wrong, says) in [
        ("{ distribution = \"exponential\" }", "this distribution needs `mean`"),
        (
            "{ distribution = \"normal\", mean = \"1s\", deviation = \"1s\", p95 = \"2s\" }",
            "`p95` means nothing in this distribution",
        ),
        ("{ distribution = \"lognormal\", median = \"2s\", p95 = \"1s\" }", "`p95` must be longer than `median`"),
        ("{ distribution = \"gauss\" }", "`gauss` is not a choice here"),
        ("{ mean = \"1s\" }", "`think` as a table needs `distribution`"),
        ("{ distribution = \"normal\", means = \"1s\" }", "did you mean `mean`?"),
        ("3", "expected a string or a table"),
    ] {
        notes.run(&format!("[[step]]\nget = \"/\"\nthink = {wrong}\n")).exits_with(3).tells(says);
    }
}

#[test]
fn a_failing_teardown_changes_no_verdict_but_is_told() {
    let notes = Notes::start();
    let outcome = notes.run("[[step]]\nget = \"/during\"\n[[teardown]]\nname = \"clean up\"\ndelete = \"/fail\"\n");
    let outcome = outcome.exits_with(0).says("the teardown step `clean up` failed");
    assert_eq!(outcome.result().warnings.len(), 1);
    assert!(std::fs::read_to_string(outcome.run_folder.join("report.html")).unwrap().contains("clean up"));
}

#[test]
fn what_is_tried_again_dilutes_no_error_rate() {
    let notes = Notes::start();
    let outcome = notes.run("[load]\nmodel = \"closed\"\nusers = 1\niterations = 2\n[gates]\ne = \"error_rate < 60%\"\n[[step]]\nget = \"/fail\"\nretry = { times = 20 }\n");
    let result = outcome.exits_with(99).says("observed 100%").result();
    assert_eq!(result.steps.0[0].1.requests, 42);
}

#[test]
fn a_user_whose_journeys_ask_for_nothing_leaves_the_others_their_time() {
    let notes = Notes::start();
    let outcome = notes.run(
        "[load]\nmodel = \"closed\"\nusers = 2\nduration = \"500ms\"\n[[step]]\nget = \"/other\"\nunless = \"user == 0\"\n[gates]\nc = \"checks >= 100%\"\n",
    );
    let requests = outcome.exits_with(0).result().steps.0[0].1.requests;
    assert!(requests >= 10, "the other user sent {requests} requests");
    assert_eq!(notes.lines().len() as u64, requests);
}
