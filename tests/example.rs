//! The run in `reports/example/` can still be read, and its page is one that mnload makes today.

use std::path::{Path, PathBuf};

use mnload::report::RunResult;

const AGAIN: &str = "make it anew with `scenarios/freezing.sh`, and tests/browser/picture.mjs the pictures";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/example")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; {AGAIN}", path.display()))
}

#[test]
fn its_result_is_read_and_tells_what_the_example_is_about() {
    let result: RunResult =
        serde_json::from_str(&read("result.json")).unwrap_or_else(|error| panic!("{error}; {AGAIN}"));
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
fn its_page_is_of_today() {
    let page = read("report.html");
    for part in ["style.css", "script.js"] {
        let part = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/html").join(part));
        assert!(page.contains(&part.unwrap()), "the page is of an earlier version: {AGAIN}");
    }
}

#[test]
fn it_is_small_enough_to_be_kept() {
    let size: u64 = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(size < 2_000_000, "{size} bytes");
}
