//! Ctrl-C ends the rate under way and leaves what is known; a second one, and being killed, leave it as well.
#![cfg(unix)]

use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions, Faults};
use mnload::explore::{ExplorationResult, Outcome as Came};
use mnload::verdict::{Ending, Verdict};

use crate::support::{Running, Workspace};
use crate::{GATES, result_of, scenario, start};

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn under_way(demo: &Demo, workspace: &Workspace) -> Running {
    let running = start(workspace, &["--from", "30/s", "--to", "1000/s"]);
    wait_until("no request came", || demo.requests_seen() > 40);
    running
}

#[test]
fn ctrl_c_leaves_what_is_known_with_130() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let running = under_way(&demo, &scenario(&demo.base_url(), GATES));
    running.signal("INT");
    let outcome = running.finish().exits_with(130).tells("stopping");
    let result = result_of(&outcome);
    assert_eq!((result.ending, result.verdict, result.exit_code), (Ending::Interrupted, Verdict::Inconclusive, 130));
    assert_eq!(result.points.last().unwrap().outcome, Came::Interrupted, "{:?}", result.points);
    assert_eq!(result.requests, demo.requests_seen(), "nothing under way was lost");
    for view in ["points.csv", "report.html", "summary.md"] {
        assert!(outcome.run_folder.join(view).exists(), "{view}");
    }
}

#[test]
fn sigterm_does_the_same_with_143() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let running = under_way(&demo, &scenario(&demo.base_url(), GATES));
    running.signal("TERM");
    assert_eq!(result_of(&running.finish().exits_with(143)).ending, Ending::Terminated);
}

#[test]
fn a_second_ctrl_c_leaves_at_once_with_what_is_known() {
    let hang = Faults { hang_share: "100%".parse().unwrap(), ..Faults::default() };
    let demo = Demo::start(DemoOptions { faults: hang, ..DemoOptions::without_latency() }).unwrap();
    let running = under_way(&demo, &scenario(&demo.base_url(), GATES));
    running.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    running.signal("INT");
    let outcome = running.finish().exits_with(130);
    assert!(start.elapsed() < Duration::from_secs(5), "the drain would have taken ten seconds");
    assert_eq!(result_of(&outcome).ending, Ending::Interrupted);
}

#[test]
fn what_is_killed_leaves_the_rates_that_were_tried() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = scenario(&demo.base_url(), GATES);
    let running = start(&workspace, &["--from", "30/s"]);
    let path = workspace.path().join("run/result.json");
    let read = || serde_json::from_str::<ExplorationResult>(&std::fs::read_to_string(&path).ok()?).ok();
    wait_until("no rate was finished", || read().is_some_and(|result| !result.points.is_empty()));
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    let text = std::fs::read_to_string(&path).unwrap();
    let result: ExplorationResult = serde_json::from_str(&text).unwrap();
    assert_eq!((result.ending, result.verdict, result.exit_code), (Ending::Killed, Verdict::Inconclusive, 4));
    assert_eq!(result.points[0].rate_per_s, 30.0);
}

#[test]
fn what_is_killed_before_the_first_rate_is_over_can_be_read_as_well() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = scenario(&demo.base_url(), GATES);
    let running = under_way(&demo, &workspace);
    // Nobody else may begin in its folder while it goes on.
    start(&workspace, &["--overwrite"]).finish().exits_with(1).tells("is going on");
    workspace.run(&["--overwrite"]).exits_with(1).tells("is going on");
    running.signal("KILL");
    let outcome = running.finish();
    let result = result_of(&outcome);
    assert_eq!((result.ending, result.verdict), (Ending::Killed, Verdict::Inconclusive));
    // What it holds now may be replaced, and only if that is asked for.
    start(&workspace, &[]).finish().exits_with(1).tells("--overwrite");
    workspace.spawn(&["report", "run"]).finish();
}
