//! Gates over time: windows, failures in a row, the moment of a break, and runs that are ended for a gate.

use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, Faults};
use mnload::report::RunResult;
use mnload::verdict::{Finding, Status};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::server::Identity;
use crate::support::{Outcome, Workspace, punctual};

fn run(base_url: &str, rest: &str, more: &[&str]) -> Outcome {
    let step = "[[step]]\nname = \"health\"\nget = \"/health\"\n";
    Workspace::with(&format!("[target]\nbase_url = \"{base_url}\"\n{step}{rest}")).run(more)
}

fn open(rate: u32, duration: &str) -> String {
    format!("[load]\nmodel = \"open\"\nrate = \"{rate}/s\"\nduration = \"{duration}\"\n")
}

fn closed(users: u32, iterations: u32) -> String {
    format!("[load]\nmodel = \"closed\"\nusers = {users}\niterations = {iterations}\n")
}

#[track_caller]
fn finding<'r>(result: &'r RunResult, name: &str) -> &'r Finding {
    result.findings.iter().find(|finding| finding.name == name).unwrap()
}

#[track_caller]
fn status(result: &RunResult, name: &str) -> Status {
    finding(result, name).status
}

/// A server that is slow for the requests of these numbers.
fn slow_between(first: u64, last: u64) -> RawServer {
    RawServer::start(move |number, _| {
        if (first..last).contains(&number) {
            std::thread::sleep(Duration::from_millis(250));
        }
        ok("", "{}")
    })
}

/// A server that fails the requests of these numbers.
fn failing(fails: impl Fn(u64) -> bool + Send + Sync + 'static) -> RawServer {
    RawServer::start(move |number, _| match fails(number) {
        true => answer(503, "", ""),
        false => {
            std::thread::sleep(Duration::from_millis(3));
            ok("", "{}")
        }
    })
}

const GATES: &str =
    "[gates]\nlong = \"p50 < 120ms over 2s\"\nwhole = \"p40 < 120ms\"\nerrors = \"error_rate < 1% over 2s\"\n";

#[test]
fn a_time_that_is_broken_only_later_but_for_long_enough_fails_and_says_since_when() {
    let outcome = punctual(|| {
        let server = slow_between(120, 240);
        run(&server.base_url(), &format!("{}{GATES}", open(40, "6s")), &["--overwrite"])
    });
    let result = outcome.exits_with(99).says("windows of 2s are broken, the first ended at").result();
    let long = finding(&result, "long");
    assert_eq!((long.status, status(&result, "whole")), (Status::Fail, Status::Pass), "{:?}", result.findings);
    // Slow from 3 s on: the window until 4 s is half slow, and the one until 5 s all of it.
    assert!(long.first_broken_s.is_some_and(|second| (4..=6).contains(&second)), "{long:?}");
    assert!(long.observed.as_deref().is_some_and(|observed| observed.contains("windows, ended at")), "{long:?}");
    assert_eq!((status(&result, "errors"), finding(&result, "errors").first_broken_s), (Status::Pass, None));
}

#[test]
fn a_time_that_is_broken_for_a_moment_passes_where_the_gate_asks_for_longer() {
    let outcome = punctual(|| {
        let server = slow_between(120, 140);
        run(&server.base_url(), &format!("{}{GATES}peak = \"max < 120ms\"\n", open(40, "6s")), &["--overwrite"])
    });
    let result = outcome.exits_with(99).result();
    assert_eq!(
        (status(&result, "long"), status(&result, "peak")),
        (Status::Pass, Status::Fail),
        "{:?}",
        result.findings
    );
}

#[test]
fn three_failures_in_a_row_fail_and_the_same_number_scattered_does_not() {
    let gates = "[gates]\nhealth = \"failures of health < 3 in a row\"\nerrors = \"error_rate < 50%\"\n";
    let row = failing(|number| (10..13).contains(&number));
    let result = run(&row.base_url(), &format!("{}{gates}", closed(1, 60)), &[]).exits_with(99).result();
    let broken = finding(&result, "health");
    assert_eq!((broken.status, broken.samples), (Status::Fail, 60), "{broken:?}");
    assert!(
        broken.observed.as_deref().is_some_and(|observed| observed.starts_with("3 (the longest row")),
        "{broken:?}"
    );
    assert!(broken.first_broken_s.is_some(), "{broken:?}");

    let scattered = failing(|number| [10, 11, 30, 40].contains(&number));
    let result = run(&scattered.base_url(), &format!("{}{gates}", closed(1, 60)), &[]).exits_with(0).result();
    let calm = finding(&result, "health");
    assert_eq!((calm.status, calm.first_broken_s, result.all_steps().failed), (Status::Pass, None, 4), "{calm:?}");
    assert!(calm.observed.as_deref().is_some_and(|observed| observed.starts_with("2 (the longest row")), "{calm:?}");
}

#[test]
fn a_row_goes_on_over_all_workers_and_over_other_steps() {
    let server = RawServer::start(|number, head| match head.contains("/health") && (20..44).contains(&number) {
        true => answer(503, "", ""),
        false => ok("", "{}"),
    });
    let gates = "on_failure = \"continue\"\n[[step]]\nname = \"other\"\nget = \"/other\"\n[gates]\nrow = \"failures of health < 6 in a row\"\nall = \"failures < 6 in a row\"\nother = \"failures of other < 1 in a row\"\nerrors = \"error_rate < 90%\"\n";
    let rest = format!("{gates}{}", closed(2, 60));
    let result = run(&server.base_url(), &rest, &["--workers", "2"]).exits_with(99).result();
    assert_eq!(status(&result, "row"), Status::Fail, "{:?}", result.findings);
    assert_eq!(status(&result, "other"), Status::Pass, "{:?}", result.findings);
    assert_eq!((finding(&result, "row").samples, finding(&result, "all").samples), (60, 120));
}

#[test]
fn what_is_tried_again_breaks_no_row() {
    let server = failing(|number| number % 4 < 3);
    let rest = format!(
        "retry = {{ times = 3 }}\n{}[gates]\nrow = \"failures of health < 1 in a row\"\nerrors = \"error_rate < 50%\"\n",
        closed(1, 12)
    );
    let result = run(&server.base_url(), &rest, &[]).exits_with(0).result();
    assert_eq!((finding(&result, "row").samples, result.all_steps().tried_again), (12, 36));
}

#[test]
fn a_figure_at_its_very_bound_holds_or_not_as_it_is_written() {
    let server = failing(|number| number == 7 || number == 23);
    let gates = "[gates]\nequal = \"errors = 2\"\nbelow = \"errors < 2\"\nat_most = \"errors(http_503) <= 2\"\nother = \"errors(http_500) = 0\"\n\
        share_below = \"error_rate < 5%\"\nshare_at_most = \"error_rate(5xx) <= 5%\"\nchecks = \"checks >= 95%\"\nmore = \"checks > 95%\"\njourneys = \"journeys >= 95%\"\n";
    let result = run(&server.base_url(), &format!("{}{gates}", closed(1, 40)), &[]).exits_with(99).result();
    let of = |names: &[&str]| names.iter().map(|name| status(&result, name)).collect::<Vec<_>>();
    assert_eq!(of(&["equal", "at_most", "other", "share_at_most", "checks", "journeys"]), [Status::Pass; 6]);
    assert_eq!(of(&["below", "share_below", "more"]), [Status::Fail; 3], "{:?}", result.findings);
}

#[test]
fn a_gate_that_can_no_longer_hold_ends_a_long_run() {
    let server = failing(|_| true);
    let gates =
        "[gates]\nerrors = \"error_rate < 1%, abort\"\ntail = \"p99.9 < 5s\"\nlong = \"checks >= 1% over 30s\"\n";
    let outcome = punctual(|| run(&server.base_url(), &format!("{}{gates}", open(50, "60s")), &["--overwrite"]));
    let result = outcome.exits_with(99).says("the run was ended after").result();
    assert!(result.elapsed_s < 30.0, "{}", result.elapsed_s);
    let errors = finding(&result, "errors");
    assert_eq!(errors.status, Status::Fail, "{errors:?}");
    assert!(errors.reason.as_deref().is_some_and(|reason| reason.contains("could no longer hold")), "{errors:?}");
    assert_eq!((status(&result, "tail"), status(&result, "long")), (Status::Skipped, Status::Skipped));
    let because = finding(&result, "long").reason.clone().unwrap();
    assert!(because.contains("for the gate `errors`"), "{because}");
    assert!(!result.findings.iter().any(|finding| finding.name == "abort_run"), "no step has ended it");
    assert!(result.accounting.balances() && result.accounting.unstarted > 1_000, "{:?}", result.accounting);
}

#[test]
fn a_run_is_not_ended_before_its_grace_is_over() {
    let server = failing(|number| number == 3);
    let gates = "[gates]\nerrors = \"errors = 0, abort after 3s\"\n";
    let outcome = punctual(|| run(&server.base_url(), &format!("{}{gates}", open(40, "60s")), &["--overwrite"]));
    let result = outcome.exits_with(99).result();
    assert!((3.0..30.0).contains(&result.elapsed_s), "{}", result.elapsed_s);
    let errors = finding(&result, "errors");
    assert_eq!((errors.status, errors.first_broken_s), (Status::Fail, Some(1)), "{errors:?}");
}

#[test]
fn a_row_and_a_window_end_a_run_too() {
    for gate in ["failures of health < 5 in a row, abort", "error_rate < 20% over 2s, abort"] {
        let server = failing(|number| number > 60);
        let gates = format!("[gates]\ng = \"{gate}\"\nerrors = \"error_rate < 100%\"\n");
        let outcome = punctual(|| run(&server.base_url(), &format!("{}{gates}", open(40, "60s")), &["--overwrite"]));
        let result = outcome.exits_with(99).result();
        assert!(result.elapsed_s < 30.0, "{gate}: {}", result.elapsed_s);
        assert_eq!(status(&result, "g"), Status::Fail, "{gate}: {:?}", result.findings);
    }
}

#[test]
fn a_load_bounded_by_time_is_ended_by_an_estimate() {
    let server = failing(|_| true);
    let load = "[load]\nmodel = \"closed\"\nusers = 2\nduration = \"60s\"\nmax_rate = \"40/s\"\n";
    let gates = "[gates]\nerrors = \"error_rate < 2%, abort\"\n";
    let result = run(&server.base_url(), &format!("{load}{gates}"), &[]).exits_with(99).result();
    assert!(result.elapsed_s < 30.0, "{}", result.elapsed_s);
}

#[test]
fn gates_speak_of_groups_and_of_tags() {
    let server = RawServer::start(|_, head| if head.contains("/write") { answer(503, "", "") } else { ok("", "{}") });
    let step = |name: &str, more: &str| {
        format!("[[step]]\nname = \"{name}\"\nget = \"/{name}\"\non_failure = \"continue\"\n{more}\n")
    };
    let text = format!(
        "[target]\nbase_url = \"{}\"\n{}{}{}{}[gates]\n\
        group = \"error_rate of group browse = 0%\"\nread = \"errors of tag kind:read = 0\"\nwrite = \"errors of tag kind:'will write' = 0\"\n\
        window = \"error_rate of tag tier:1 < 50% over 1s\"\nerrors = \"error_rate < 90%\"\n",
        server.base_url(),
        open(20, "3s"),
        step("home", "group = \"browse\"\ntags = { kind = \"read\", tier = 1 }"),
        step("search", "group = \"browse\"\ntags = { kind = \"read\" }"),
        step("write", "tags = { kind = \"will write\", tier = 1 }"),
    );
    let result = punctual(|| Workspace::with(&text).run(&[])).exits_with(99).result();
    assert_eq!((status(&result, "group"), finding(&result, "group").samples), (Status::Pass, 120));
    assert_eq!((status(&result, "read"), finding(&result, "read").samples), (Status::Pass, 120));
    assert_eq!((status(&result, "write"), finding(&result, "write").samples), (Status::Fail, 60));
    assert_eq!(status(&result, "window"), Status::Fail, "half of them is not below half");
}

#[test]
fn steps_of_a_group_are_judged_beyond_the_first_thousand() {
    let server = RawServer::start(|_, head| if head.contains("/s1002 ") { answer(503, "", "") } else { ok("", "{}") });
    let group = |k: u32| if k >= 1_000 { "group = \"late\"\n" } else { "tags = { kind = \"early\" }\n" };
    let steps: String = (0..1_004)
        .map(|k| format!("[[step]]\nname = \"s{k}\"\nget = \"/s{k}\"\non_failure = \"continue\"\n{}", group(k)))
        .collect();
    let text = format!(
        "[target]\nbase_url = \"{}\"\n{}[gates]\nlate = \"errors of group late = 1\"\nerrors = \"error_rate < 1%\"\n{steps}",
        server.base_url(),
        closed(1, 1)
    );
    let result = Workspace::with(&text).run(&["--quiet"]).exits_with(0).result();
    assert_eq!((finding(&result, "late").samples, result.steps_folded), (4, 4), "{:?}", finding(&result, "late"));
}

#[test]
fn a_step_that_never_ran_has_no_windows_and_no_rows() {
    let server = failing(|_| false);
    let rest = format!(
        "[[step]]\nname = \"never\"\nget = \"/never\"\nprobability = \"0%\"\n{}[gates]\nwindow = \"p50 of never < 1s over 1s\"\nrow = \"failures of never < 3 in a row\"\nerrors = \"error_rate of never < 1%\"\n",
        open(20, "2s")
    );
    let result = punctual(|| run(&server.base_url(), &rest, &["--overwrite"])).exits_with(4).result();
    assert_eq!(["window", "row", "errors"].map(|name| status(&result, name)), [Status::NoData; 3]);
}

#[test]
fn connecting_is_judged_where_there_was_something_to_connect() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let gates = "[gates]\nconnect = \"connect.p95 < 2s\"\ntls = \"tls.p95 < 2s\"\nerrors = \"error_rate <= 0%\"\n";
    let kept = run(&demo.base_url(), &format!("{}{gates}", closed(1, 40)), &[]).exits_with(4).result();
    let statuses =
        |result: &RunResult| ["connect", "tls"].map(|name| (status(result, name), finding(result, name).samples));
    assert_eq!(statuses(&kept), [(Status::NoData, 1), (Status::NoData, 0)], "one connection carried it all");

    let anew = format!(
        "connections = {{ max_requests = 1 }}\n[[step]]\nname = \"health\"\nget = \"/health\"\n{}{gates}",
        closed(1, 40)
    );
    let text = format!("[target]\nbase_url = \"{}\"\n{anew}", demo.base_url());
    let opened = Workspace::with(&text).run(&[]).exits_with(4).result();
    assert_eq!(statuses(&opened), [(Status::Pass, 40), (Status::NoData, 0)]);

    let identity = Identity::new();
    let secure = Demo::start(DemoOptions { tls: Some(identity.files()), ..DemoOptions::without_latency() }).unwrap();
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\nca = \"ca.pem\"\nhttp = \"1.1\"\n{anew}",
        secure.base_url()
    ));
    workspace.file("ca.pem", &identity.pem);
    assert_eq!(statuses(&workspace.run(&[]).exits_with(0).result()), [(Status::Pass, 40); 2]);
}

#[test]
fn the_first_byte_is_judged_by_itself() {
    let faults = Faults { delay: Duration::from_millis(150), ..Faults::default() };
    let demo = Demo::start(DemoOptions { faults, ..DemoOptions::without_latency() }).unwrap();
    let gates = "[gates]\nsoon = \"ttfb.p50 < 20ms\"\nlate = \"ttfb.p50 >= 100ms\"\nerrors = \"error_rate <= 0%\"\n";
    let result = run(&demo.base_url(), &format!("{}{gates}", closed(10, 30)), &[]).exits_with(99).result();
    assert_eq!(
        (status(&result, "soon"), status(&result, "late")),
        (Status::Fail, Status::Pass),
        "{:?}",
        result.findings
    );
    assert_eq!(finding(&result, "late").samples, 30);
}

#[test]
fn a_once_run_has_no_windows_but_rows() {
    let server = failing(|_| false);
    let gates = "[gates]\nwindow = \"error_rate < 1% over 10m\"\nrow = \"failures of health < 3 in a row\"\n";
    let result = run(&server.base_url(), gates, &[]).exits_with(0).result();
    assert_eq!((status(&result, "window"), status(&result, "row")), (Status::Skipped, Status::Pass));
}
