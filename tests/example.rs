//! The run in `reports/example/` and the exploration in `reports/explored/` can still be read, and their pages are such as
//! mnload makes today.

use std::path::{Path, PathBuf};

use mnload::explore::{ExplorationResult, LimitedBy};
use mnload::report::RunResult;

const AGAIN: &str = "make it anew with `scenarios/freezing.sh`, or `scenarios/exploring.sh` if it is the exploration, and \
                     tests/browser/picture.mjs the pictures";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(name)
}

fn read(of: &str, name: &str) -> String {
    let path = folder(of).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; {AGAIN}", path.display()))
}

#[test]
fn its_result_is_read_and_tells_what_the_example_is_about() {
    let result: RunResult =
        serde_json::from_str(&read("example", "result.json")).unwrap_or_else(|error| panic!("{error}; {AGAIN}"));
    assert_eq!((result.name.as_str(), result.exit_code), ("freezing", 99));
    let statuses: Vec<String> = result
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.name, serde_json::to_value(finding.status).unwrap()).replace('"', ""))
        .collect();
    assert_eq!(statuses, ["latency pass", "steady fail", "errors pass", "dashboard fail"], "{AGAIN}");
    assert!(!result.errors.is_empty() && result.accounting.balances());
}

#[test]
fn the_exploration_found_what_the_target_was_told_to_take() {
    let found: ExplorationResult =
        serde_json::from_str(&read("explored", "result.json")).unwrap_or_else(|error| panic!("{error}; {AGAIN}"));
    assert_eq!((found.exit_code, found.capacity.limited_by), (0, LimitedBy::Target));
    // 300 requests a second, at 5 requests in 3 journeys.
    let (low, high) = (found.capacity.low_per_s.unwrap(), found.capacity.high_per_s.unwrap());
    assert!(low <= 180.0 && 180.0 <= high, "{low} to {high}; {AGAIN}");
}

#[test]
fn their_pages_are_of_today() {
    for of in ["example", "explored"] {
        let page = read(of, "report.html");
        for part in ["style.css", "script.js"] {
            let part =
                std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/html").join(part));
            assert!(page.contains(&part.unwrap()), "the page of {of} is of an earlier version: {AGAIN}");
        }
    }
}

#[test]
fn they_are_small_enough_to_be_kept() {
    for of in ["example", "explored"] {
        let files = std::fs::read_dir(folder(of)).unwrap();
        let size: u64 = files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(size < 2_000_000, "{of}: {size} bytes");
    }
}
