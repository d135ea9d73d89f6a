//! Every kind of report: as it was before from one fixed run, and harmless whatever a run holds.

use std::collections::BTreeSet;

use super::console::is_direction_mark;
use super::fixture::Fixture;
use super::{Detail, Kind, Report, inert, render_console};

fn rendered(kind: Kind, report: &Report) -> String {
    let mut out = Vec::new();
    kind.render(report, &mut out).unwrap_or_else(|error| panic!("{kind}: {error}"));
    String::from_utf8(out).unwrap()
}

/// Runs are of a few seconds, so that what is compared can be read.
fn small() -> [(&'static str, Report); 2] {
    let load = Fixture { seconds: 4, per_second: 12, every_fails: 40, stall: 2..3, ..Fixture::default() };
    [("load", load.report()), ("once", Fixture::once().report())]
}

#[test]
fn every_kind_is_written_as_before_and_the_same_twice() {
    for (name, report) in small() {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Html) {
            let text = rendered(kind, &report);
            assert_eq!(text, rendered(kind, &report), "{kind} of {name}");
            insta::assert_snapshot!(format!("{name}-{kind}"), text);
        }
    }
}

/// What a kind may take at the most: tables of every step have a row for each, the others leave out and say so.
fn most_bytes(kind: Kind) -> usize {
    match kind {
        Kind::Json => 64 << 20,
        Kind::Markdown => 64 << 10,
        _ => 4 << 20,
    }
}

#[test]
fn a_hostile_run_is_harmless_in_every_kind() {
    for (name, made) in Fixture::hostile() {
        let report = made();
        for kind in Kind::ALL {
            let text = rendered(kind, &report);
            let place = format!("{kind} of {name}");
            assert!(text.len() <= most_bytes(kind), "{place}: {} bytes", text.len());
            harmless_report(&place, &text, kind == Kind::Html);
            parsed(kind, &place, &text);
        }
    }
}

#[test]
fn the_console_gives_no_command_to_a_build() {
    // Names and messages are bounded long before they come here; the console leaves it at that.
    for (name, made) in Fixture::hostile().into_iter().filter(|(name, _)| !name.contains("10 MB")) {
        harmless_console(name, &render_console(&made(), Detail::Full));
    }
}

/// Nothing that a terminal, a build or a browser would carry out; only a page has a script, which is its own.
pub(super) fn harmless_report(place: &str, text: &str, is_page: bool) {
    unseen(place, text);
    harmless(place, text);
    assert!(is_page || !text.contains("<script") && !text.contains("</script"), "{place}");
}

/// The same of what is written to a terminal.
pub(super) fn harmless_console(place: &str, text: &str) {
    let plain = anstream::adapter::strip_str(&inert(text)).to_string();
    unseen(place, &plain);
    harmless(place, &plain);
}

/// Nothing that moves a cursor or turns text around.
fn unseen(place: &str, text: &str) {
    let control = |c: char| c.is_control() && c != '\n' && c != '\r';
    for (what, found) in [("control", text.find(control)), ("direction mark", text.find(is_direction_mark))] {
        assert_eq!(found.map(|at| around(text, at)), None, "{place}: {what}");
    }
}

/// Nothing that the log of a build takes for a command.
fn harmless(place: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{place}: {line}");
    }
    let lower = text.to_ascii_lowercase();
    for command in ["##vso[", "##["] {
        assert_eq!(lower.find(command).map(|at| around(text, at)), None, "{place}");
    }
}

fn around(text: &str, at: usize) -> String {
    text[at..].chars().take(40).collect()
}

/// Reads the text as programs do.
fn parsed(kind: Kind, place: &str, text: &str) {
    match kind {
        Kind::Json | Kind::K6 | Kind::Gitlab => {
            let value: serde_json::Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert!(value.is_object(), "{place}");
        }
        Kind::Summary | Kind::Timeline | Kind::Errors => rows(place, text),
        Kind::Junit => cases(place, text),
        Kind::OpenMetrics => metrics(place, text),
        Kind::Markdown => cells(place, text),
        Kind::Percentiles | Kind::Html => {}
    }
}

/// As many cells in each row as in the first, and none of them is a formula.
fn rows(place: &str, text: &str) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().len();
    for row in reader.records() {
        let row = row.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(row.len(), columns, "{place}");
        for cell in &row {
            let formula = cell.trim_start().starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
            assert!(!formula && cell.chars().count() < 2_200, "{place}: {cell}");
        }
    }
}

/// Well-formed, and every case has a name of its own.
pub(super) fn cases(place: &str, text: &str) {
    assert!(text.lines().nth(1).is_some_and(|line| line.contains("<testsuites")), "{place}");
    let tests = quick_junit::Report::deserialize_from_str(text).unwrap_or_else(|error| panic!("{place}: {error}"));
    let cases = tests.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let names: Vec<&str> = cases.map(|case| case.name.as_str()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{place}");
}

/// `name value` or a comment on each line, and the end at the end.
fn metrics(place: &str, text: &str) {
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1, "{place}");
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(comment) = line.strip_prefix("# ") {
            assert!(["HELP ", "TYPE ", "UNIT "].iter().any(|word| comment.starts_with(word)), "{place}: {line}");
            continue;
        }
        let (name, value) = line.split_once(' ').unwrap_or_else(|| panic!("{place}: {line}"));
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{place}: {line}");
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{place}: {line}");
    }
}

/// Nothing outside of code spans is HTML, a link or a mention, and each table has rows of one length.
pub(super) fn cells(place: &str, text: &str) {
    let mut columns = None;
    for line in text.lines() {
        let bare: String = line.split('`').step_by(2).collect();
        let in_block = line.starts_with("    ")
            || line.starts_with(['-', '+', '#']) && !line.starts_with("- `") && !line.starts_with("## ");
        assert!(in_block || !bare.contains(['<', '@', '[']), "{place}: {line}");
        let cells = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
        assert!(columns.is_none() || cells.is_none() || columns == cells, "{place}: {line}");
        columns = cells;
    }
}
