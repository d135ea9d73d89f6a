//! Every kind of report of an exploration: as it was before, and harmless whatever an exploration holds.

use super::fixture;
use super::{ExplorationKind, render_exploration_console};
use crate::explore::ExplorationResult;
use crate::report::Detail;
use crate::report::goldens::{cells, harmless_console, harmless_report};

fn rendered(kind: ExplorationKind, result: &ExplorationResult) -> String {
    let mut out = Vec::new();
    kind.render(result, &mut out).unwrap_or_else(|error| panic!("{kind}: {error}"));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_kind_is_written_as_before_and_the_same_twice() {
    for (name, result) in fixture::small() {
        for kind in ExplorationKind::ALL.into_iter().filter(|kind| *kind != ExplorationKind::Html) {
            let text = rendered(kind, &result);
            assert_eq!(text, rendered(kind, &result), "{kind} of {name}");
            // One of each is enough to read.
            let is_kept = match kind {
                ExplorationKind::Json => name == "one-point",
                ExplorationKind::Csv => name == "found",
                _ => true,
            };
            if is_kept {
                insta::assert_snapshot!(format!("{name}-{kind}"), text);
            }
        }
    }
}

#[test]
fn a_result_is_read_again_as_it_was_written() {
    for (name, result) in fixture::small() {
        let read: ExplorationResult = serde_json::from_str(&rendered(ExplorationKind::Json, &result)).unwrap();
        assert_eq!(read, result, "{name}");
    }
}

fn most_bytes(kind: ExplorationKind) -> usize {
    match kind {
        ExplorationKind::Json => 128 << 20,
        ExplorationKind::Html => 1_000_000,
        ExplorationKind::Markdown => 64 << 10,
        ExplorationKind::Csv => 4 << 20,
    }
}

#[test]
fn a_hostile_exploration_is_harmless_in_every_kind() {
    for (name, result) in
        [("hostile", fixture::hostile()), ("texts of 2 MB", fixture::huge()), ("2,000 rates", fixture::many())]
    {
        for kind in ExplorationKind::ALL {
            let text = rendered(kind, &result);
            let place = format!("{kind} of {name}");
            assert!(text.len() <= most_bytes(kind), "{place}: {} bytes", text.len());
            harmless_report(&place, &text, kind == ExplorationKind::Html);
            match kind {
                ExplorationKind::Json => assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{place}"),
                ExplorationKind::Markdown => cells(&place, &text),
                ExplorationKind::Csv => rows(&place, &text, result.points.len()),
                ExplorationKind::Html => {}
            }
        }
    }
}

/// As many rows as there are points, all as long as the header, no cell a formula.
fn rows(place: &str, text: &str, points: usize) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let width = reader.headers().unwrap().len();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), points, "{place}");
    assert!(records.iter().all(|record| record.len() == width), "{place}");
    let formula = |cell: &str| cell.starts_with(['=', '+', '@', '|', '%', '\t', '\r']);
    assert!(records.iter().flatten().all(|cell| !formula(cell)), "{place}");
}

#[test]
fn the_console_gives_no_command_to_a_build() {
    for (name, result) in [("hostile", fixture::hostile()), ("texts of 2 MB", fixture::huge())] {
        harmless_console(name, &render_exploration_console(&result, Detail::Full));
    }
}
