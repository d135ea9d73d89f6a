//! `mnload doctor`: every part of the examination is told, in time, as a page and as a document.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Workspace;

/// It takes less than ten seconds; a machine that compiles and tests at the same time may take its time.
const SLACK: Duration = Duration::from_secs(60);

#[test]
fn the_page_tells_every_part_of_the_machine() {
    let began = Instant::now();
    let outcome = Workspace::with("").mnload(&["doctor"]).exits_with(0);
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
    for part in ["machine", "clock", "files", "ports", "pacing", "sending"] {
        let line = |line: &str| line.trim_start().starts_with(part);
        assert!(outcome.stdout.lines().any(line), "no {part}:\n{}", outcome.stdout);
    }
    assert!(outcome.stdout.lines().all(|line| line.chars().count() <= 80), "{}", outcome.stdout);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn the_document_holds_figures_that_were_measured() {
    let outcome = Workspace::with("").mnload(&["doctor", "--format", "json"]).exits_with(0);
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&document["schema"], &document["schema_version"]), (&"mnload.doctor".into(), &"1.0.0".into()));
    for (number, mode) in ["default", "precise"].into_iter().enumerate() {
        let pacing = &document["pacing"][number];
        let lag = &pacing["lag_us"];
        assert_eq!((lag["count"].as_u64(), &pacing["mode"]), (Some(1_600), &mode.into()));
        assert!(lag["p99"].as_u64() >= lag["p50"].as_u64() && lag["max"].as_u64() > Some(0), "{lag}");
    }
    assert!(document["machine"]["cores"].as_u64() >= Some(1));
    assert!(document["clock"]["read_ns"].as_f64() > Some(0.0));
    let sending = &document["sending"];
    assert_eq!(sending["failed"].as_u64(), Some(0), "{sending}");
    if cfg!(unix) {
        assert!(
            sending["flat_out_cpu_us"].as_f64() > Some(0.0) && sending["paced_cpu_us"].as_f64() > Some(0.0),
            "{sending}"
        );
        let estimate = 1e6 / sending["flat_out_cpu_us"].as_f64().unwrap();
        assert!((sending["one_core_per_s"].as_f64().unwrap() - estimate).abs() < 1e-6 * estimate, "{sending}");
    }
    assert!(document["warnings"].is_array());
}
