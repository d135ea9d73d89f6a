//! Ctrl-C drains, reports and exits 130; a second one leaves at once; SIGTERM is 143.
#![cfg(unix)]

use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions, Faults};
use mnload::verdict::{Ending, Verdict};

use crate::support::{Running, Workspace};

fn long_load(demo: &Demo) -> Workspace {
    Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"open\"\nrate = \"50/s\"\nduration = \"60s\"\n[[step]]\nget = \"/health\"\n",
        demo.base_url()
    ))
}

/// Waits until the load is under way.
fn under_way(demo: &Demo, running: Running) -> Running {
    let start = Instant::now();
    while demo.requests_seen() < 10 {
        assert!(start.elapsed() < Duration::from_secs(30), "no request came");
        std::thread::sleep(Duration::from_millis(20));
    }
    running
}

#[test]
fn ctrl_c_drains_and_leaves_a_partial_report_with_130() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let running = under_way(&demo, long_load(&demo).start(&[]));
    running.signal("INT");
    let result = running.finish().exits_with(130).says("INCONCLUSIVE").result();
    assert_eq!((result.ending, result.verdict), (Ending::Interrupted, Verdict::Inconclusive));
    assert_eq!(result.accounting.scheduled, 3_000);
    assert_eq!(result.accounting.started(), demo.requests_seen(), "nothing under way was lost");
    assert!(result.accounting.unstarted > 0 && result.accounting.balances());
}

#[test]
fn sigterm_does_the_same_with_143() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let running = under_way(&demo, long_load(&demo).start(&[]));
    running.signal("TERM");
    assert_eq!(running.finish().exits_with(143).result().ending, Ending::Terminated);
}

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let hang = Faults { hang_share: "100%".parse().unwrap(), ..Faults::default() };
    let demo = Demo::start(DemoOptions { faults: hang, ..DemoOptions::without_latency() }).unwrap();
    let running = under_way(&demo, long_load(&demo).start(&[]));
    running.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    running.signal("INT");
    running.finish().exits_with(130);
    assert!(start.elapsed() < Duration::from_secs(5), "the drain would have taken ten seconds");
}

#[test]
fn what_was_counted_before_a_second_ctrl_c_can_still_be_reported() {
    let hang = Faults { hang_share: "20%".parse().unwrap(), ..Faults::default() };
    let demo = Demo::start(DemoOptions { faults: hang, ..DemoOptions::without_latency() }).unwrap();
    let workspace = long_load(&demo);
    let running = under_way(&demo, workspace.start(&[]));
    // The first second is complete, and in the journal.
    std::thread::sleep(Duration::from_millis(2_500));
    running.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    running.signal("INT");
    running.finish().exits_with(130).tells("mnload report");
    workspace.mnload(&["report", "run"]).exits_with(4).says("INCONCLUSIVE");
}

#[test]
fn a_stop_sends_nothing_more_than_what_is_under_way() {
    use crate::support::raw::{RawServer, answer};
    let server = RawServer::start(|_, _| answer(503, "", ""));
    for (place, code) in [("step", 130), ("setup", 130)] {
        let before = server.requests_seen();
        let other = if place == "setup" { "[[step]]\nname = \"b\"\nget = \"/b\"\n" } else { "" };
        let text = format!(
            "[target]\nbase_url = \"{}\"\n[load]\nmodel = \"closed\"\nusers = 2\nduration = \"1m\"\n[[{place}]]\nname = \"a\"\nget = \"/a\"\npoll = {{ every = \"300ms\", deadline = \"50s\" }}\n{other}",
            server.base_url()
        );
        let workspace = Workspace::with(&text);
        let running = workspace.start(&[]);
        while server.requests_seen() < before + 2 {
            std::thread::sleep(Duration::from_millis(20));
        }
        running.signal("INT");
        running.finish().exits_with(code);
        // One request and perhaps one more for each of the two users; a storm would be thousands.
        assert!(server.requests_seen() - before < 12, "{place}: {} requests", server.requests_seen() - before);
    }
}
