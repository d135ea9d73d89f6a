//! Every load against a server that counts and notes each request: what `result.json` says was sent, the server saw,
//! exactly, whatever the model and however many workers.

use std::collections::BTreeSet;

use mnload::demo::{Demo, DemoOptions, Faults, Latency};
use mnload::report::RunResult;

use crate::support::raw::{RawServer, answer, ok};
use crate::support::seen::{NUMBERED, assert_each_came_once};
use crate::support::{Outcome, Running, Workspace};

const WORKERS: [&str; 2] = ["1", "2"];

/// A load, and how many journeys it holds, if that is known beforehand.
const LOADS: [(&str, &str, Option<u64>); 11] = [
    ("even", r#"model = "open", rate = "80/s", duration = "1s""#, Some(80)),
    ("a part of an arrival is one", r#"model = "open", rate = "33/s", duration = "700ms""#, Some(24)),
    ("poisson", r#"model = "open", rate = "80/s", duration = "1s", arrivals = "poisson", seed = 3"#, None),
    ("ramp", r#"model = "open", rate = "100/s", duration = "1s", ramp_up = "400ms""#, Some(80)),
    (
        "stages, one of them silent",
        r#"model = "open", rate = "0/s", stages = [{ over = "500ms", to = "100/s" }, { over = "400ms", to = "100/s" },
        { over = "300ms", to = "0/s" }, { over = "300ms", to = "0/s" }, { over = "500ms", to = "60/s" }]"#,
        Some(95),
    ),
    (
        "poisson stages",
        r#"model = "open", arrivals = "poisson", stages = [{ over = "700ms", to = "90/s" }, { over = "300ms", to = "0/s" }]"#,
        None,
    ),
    ("one at a time", r#"model = "open", rate = "60/s", duration = "500ms", max_in_flight = 1"#, Some(30)),
    ("iterations", r#"model = "closed", users = 4, iterations = 37"#, Some(37)),
    ("more users than iterations", r#"model = "closed", users = 9, iterations = 5"#, Some(5)),
    ("duration", r#"model = "closed", users = 3, duration = "400ms", max_rate = "200/s""#, None),
    ("capped iterations", r#"model = "closed", users = 3, iterations = 30, max_rate = "60/s""#, Some(30)),
];

fn recording(options: DemoOptions) -> Demo {
    Demo::start(DemoOptions { record: true, ..options }).unwrap()
}

fn run(base_url: &str, text: &str, more: &[&str]) -> Outcome {
    start(base_url, text, more).finish()
}

fn start(base_url: &str, text: &str, more: &[&str]) -> Running {
    Workspace::with(&format!("target = {{ base_url = \"{base_url}\" }}\n{text}")).start(more)
}

/// The arrivals that the server saw something of.
fn numbers(demo: &Demo) -> BTreeSet<u64> {
    demo.records().iter().map(|record| record.number.unwrap()).collect()
}

/// The law of every run that came to its end: books that balance, and no request that only one side knows of.
#[track_caller]
fn assert_counted(name: &str, result: &RunResult, seen: u64) {
    let accounting = result.accounting;
    assert!(accounting.balances(), "{name}: {accounting:?}");
    assert_eq!((accounting.abandoned, accounting.unstarted), (0, 0), "{name}: {accounting:?}");
    let warm_up = result.warm_up.as_ref().map_or(0, |warm_up| warm_up.requests.requests);
    assert_eq!(result.all_steps().requests + warm_up, seen, "{name}: requests counted, and seen by the server");
}

#[test]
fn every_model_sends_each_of_its_arrivals_once() {
    for (name, load, journeys) in LOADS {
        let mut drawn = BTreeSet::new();
        for workers in WORKERS {
            let demo = recording(DemoOptions::without_latency());
            let text = format!("load = {{ {} }}\n[[step]]\nget = \"/health\"\n{NUMBERED}", load.replace('\n', ""));
            let result = run(&demo.base_url(), &text, &["--workers", workers]).result();
            let scheduled = result.accounting.scheduled;
            assert_counted(name, &result, demo.requests_seen());
            assert_eq!((result.accounting.passed, demo.requests_seen()), (scheduled, scheduled), "{name}");
            assert_eq!(journeys.unwrap_or(scheduled), scheduled, "{name} with {workers} workers");
            assert!(scheduled > 0, "{name}");
            let most = if load.contains("max_in_flight = 1") { "1" } else { workers };
            assert_eq!(result.generator.workers.to_string(), most, "{name}");
            if load.contains("open") {
                assert_each_came_once(&demo.records(), scheduled, &BTreeSet::new());
                drawn.insert(scheduled);
            }
        }
        assert!(drawn.len() <= 1, "{name}: the workers draw {drawn:?} arrivals from one seed");
    }
}

#[test]
fn a_once_run_does_every_step_of_every_flow_once() {
    let demo = recording(DemoOptions::without_latency());
    let flows = "[[flow]]\nname = \"a\"\n[[flow.step]]\nget = \"/health\"\n[[flow.step]]\nname = \"home\"\nget = \"/\"\nrepeat = 3\n[[flow]]\nname = \"b\"\n[[flow.step]]\nname = \"api\"\nget = \"/api/health\"\n";
    let result = run(&demo.base_url(), flows, &[]).exits_with(0).result();
    assert_counted("once", &result, demo.requests_seen());
    assert_eq!((result.accounting.passed, demo.requests_seen(), result.calls.len()), (2, 5, 5));
}

#[test]
fn flows_with_loads_of_their_own_add_up() {
    let flow = |name: &str, load: &str, more: &str| {
        format!(
            "[[flow]]\nname = \"{name}\"\n{more}load = {{ {load} }}\n[[flow.step]]\nname = \"{name}\"\nget = \"/health?{name}\"\n"
        )
    };
    let text = [
        flow("even", r#"model = "open", rate = "50/s", duration = "1s""#, ""),
        flow("late", r#"model = "open", rate = "40/s", duration = "500ms""#, "start_after = \"400ms\"\n"),
        flow("users", r#"model = "closed", users = 2, iterations = 15"#, "start_after = \"200ms\"\n"),
    ]
    .concat();
    for workers in WORKERS {
        let demo = recording(DemoOptions::without_latency());
        let result = run(&demo.base_url(), &text, &["--workers", workers]).result();
        assert_counted("flows", &result, demo.requests_seen());
        let requests: Vec<u64> = result.steps.0.iter().map(|(_, step)| step.requests).collect();
        assert_eq!((requests, result.accounting.passed), (vec![50, 20, 15], 85), "{workers} workers");
    }
}

#[test]
fn what_is_tried_again_is_counted_as_often_as_it_was_sent() {
    for (name, again) in [
        ("retry", "retry = { times = 2, pause = \"5ms\" }"),
        ("poll", "poll = { every = \"5ms\", deadline = \"10s\" }"),
    ] {
        for workers in WORKERS {
            let faults = Faults { error_share: "40%".parse().unwrap(), ..Faults::default() };
            let demo = recording(DemoOptions { faults, ..DemoOptions::without_latency() });
            let load = "load = { model = \"open\", rate = \"60/s\", duration = \"1s\" }";
            let step = format!("[[step]]\nget = \"/health\"\n{NUMBERED}{again}\n");
            let result = run(&demo.base_url(), &format!("{load}\n{step}"), &["--workers", workers]).result();
            assert_counted(name, &result, demo.requests_seen());
            let all = result.all_steps();
            assert!(all.tried_again > 0, "{name}: nothing was tried again");
            assert_eq!(all.requests, 60 + all.tried_again, "{name}: one last word for each journey");
            assert_eq!(result.accounting.failed, all.failed, "{name}");
            assert_eq!(numbers(&demo), (0..60).collect(), "{name}");
        }
    }
}

#[test]
fn redirects_that_are_followed_are_counted_as_often_as_they_were_sent() {
    for workers in WORKERS {
        let server = RawServer::start(|_, head| match head.split(' ').nth(1).unwrap() {
            "/a" => answer(302, "location: /b\r\n", ""),
            "/b" => answer(302, "location: /c\r\n", ""),
            _ => ok("", "{}"),
        });
        let text =
            "load = { model = \"open\", rate = \"40/s\", duration = \"1s\" }\n[[step]]\nget = \"/a\"\nredirects = 5\n";
        let result = run(&server.base_url(), text, &["--workers", workers]).result();
        assert_counted("redirects", &result, server.requests_seen());
        let all = result.all_steps();
        assert_eq!((result.accounting.passed, all.redirects, all.requests), (40, 80, 120));
    }
}

#[test]
fn requests_that_fail_are_counted_as_often_as_they_were_seen() {
    for workers in WORKERS {
        let share = |text: &str| text.parse().unwrap();
        let faults = Faults { error_share: share("20%"), reset_share: share("20%"), ..Faults::default() };
        let demo = recording(DemoOptions { faults, ..DemoOptions::without_latency() });
        let text = format!(
            "load = {{ model = \"open\", rate = \"100/s\", duration = \"1s\" }}\n[[step]]\nget = \"/health\"\n{NUMBERED}"
        );
        let result = run(&demo.base_url(), &text, &["--workers", workers]).result();
        assert_counted("failures", &result, demo.requests_seen());
        assert_each_came_once(&demo.records(), 100, &BTreeSet::new());
        let unanswered = demo.records().iter().filter(|record| record.answered.is_none()).count() as u64;
        let counted =
            |class: &str| result.errors.iter().find(|error| error.class == class).map_or(0, |error| error.count);
        assert_eq!(counted("reset"), unanswered, "{:?}", result.errors);
        assert_eq!(counted("reset") + counted("http_500"), result.accounting.failed);
    }
}

/// Interrupts a load as soon as the server has seen some of it.
#[cfg(unix)]
fn interrupted(demo: &Demo, load: &str, workers: &str) -> RunResult {
    let text = format!("load = {{ {load} }}\n[[step]]\nget = \"/health\"\n{NUMBERED}");
    let running = start(&demo.base_url(), &text, &["--workers", workers]);
    let start = std::time::Instant::now();
    while demo.requests_seen() < 20 {
        assert!(start.elapsed().as_secs() < 30, "no request came");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal("INT");
    running.finish().exits_with(130).result()
}

#[test]
#[cfg(unix)]
fn a_stop_in_the_middle_loses_no_request() {
    let open = "model = \"open\", rate = \"100/s\", duration = \"60s\"";
    let closed = "model = \"closed\", users = 3, iterations = 100000, max_rate = \"100/s\"";
    for (load, scheduled) in [(open, 6_000), (closed, 100_000)] {
        for workers in WORKERS {
            let latency = Latency::Fixed(std::time::Duration::from_millis(30));
            let demo = recording(DemoOptions { latency, ..DemoOptions::default() });
            let result = interrupted(&demo, load, workers);
            let accounting = result.accounting;
            assert!(accounting.balances() && accounting.unstarted > 0, "{accounting:?}");
            assert_eq!(accounting.scheduled, scheduled, "{accounting:?}");
            // A journey that the stop met before it had sent anything is abandoned, and nobody knows of it.
            assert_eq!((accounting.passed, result.all_steps().requests), (demo.requests_seen(), demo.requests_seen()));
            if load == open {
                assert_eq!(numbers(&demo).len() as u64, accounting.passed, "each came once");
            }
        }
    }
}

#[test]
#[cfg(unix)]
fn what_is_given_up_at_the_end_was_sent_and_is_abandoned() {
    for workers in WORKERS {
        let faults = Faults { hang_share: "30%".parse().unwrap(), ..Faults::default() };
        let demo = recording(DemoOptions { faults, ..DemoOptions::without_latency() });
        let load = "model = \"open\", rate = \"100/s\", duration = \"60s\", drain = \"700ms\"";
        let result = interrupted(&demo, load, workers);
        let accounting = result.accounting;
        assert!(accounting.balances() && accounting.abandoned > 0, "{accounting:?}");
        let unanswered = demo.records().iter().filter(|record| record.answered.is_none()).count() as u64;
        assert_eq!(accounting.passed + unanswered, demo.requests_seen());
        assert_eq!(accounting.abandoned - unanswered, accounting.started() - demo.requests_seen(), "cut off unsent");
        assert_eq!((result.all_steps().requests, accounting.failed), (accounting.passed, 0));
        assert_eq!(numbers(&demo).len() as u64, demo.requests_seen(), "each came once");
    }
}
