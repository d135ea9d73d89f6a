//! Failed requests over time, each class of errors in a lane of its own, so that no colour is needed to tell them apart.

use std::collections::BTreeMap;

use super::{Columns, Figure, HtmlError, Table, end_of, older};
use crate::failure::Failure;
use crate::metrics::TimelineRow;
use crate::report::svg::{Axis, Cell, Chart, Ink};
use crate::units::format_count;

/// More classes are drawn together.
const MOST_LANES: usize = 6;
/// The share of a lane that its highest bar takes, and the lowest that is still seen.
const HIGHEST: f64 = 0.62;
const LOWEST: f64 = 0.05;
/// The share of a column that a bar takes.
const WIDE: f64 = 0.86;

/// The errors of one lane.
#[derive(Debug)]
struct Lane {
    name: String,
    /// By column.
    counts: BTreeMap<u64, u64>,
}

/// The chart of `rows`; none if nothing failed.
pub(super) fn figure(rows: &[&TimelineRow]) -> Result<Option<Figure>, HtmlError> {
    let columns = Columns::of(rows);
    let lanes = lanes(rows, columns);
    let Some(most) = lanes.iter().filter_map(Lane::most).max() else { return Ok(None) };
    let all: u64 = lanes.iter().map(Lane::all).sum();
    let figure = Figure::new(
        "failures",
        "Errors over time",
        format!(
            "Failed requests in each {}, by class; all classes have the same scale.{}",
            columns.words(),
            older(rows)
        ),
        "No request failed.",
    );
    let end = end_of(rows);
    // The most frequent stands at the top.
    let cells = (0..).zip(lanes.iter().rev()).flat_map(|(place, lane)| {
        lane.counts.iter().map(move |(column, count)| {
            let (from, to) = columns.reach(*column, end);
            let height = (HIGHEST * *count as f64 / most as f64).max(LOWEST);
            let base = f64::from(place);
            Cell { ink: Ink::Failed, x: (from, from + (to - from) * WIDE), y: (base, base + height) }
        })
    });
    let chart = Chart {
        id: figure.id,
        title: "Failed requests over time, by class of error".to_owned(),
        description: format!(
            "{} failed in all, at most {} of a class in one {}. The data follows as a table.",
            format_count(all),
            format_count(most),
            columns.words()
        ),
        y_name: format!("failed requests, at most {} of a class in one {}", format_count(most), columns.words()),
        x: Axis::elapsed(end),
        y: Axis::lanes(lanes.len()),
        areas: Vec::new(),
        cells: cells.collect(),
        lines: Vec::new(),
        bounds: Vec::new(),
        lanes: lanes.iter().rev().map(Lane::words).collect(),
        marks: Vec::new(),
        dots: Vec::new(),
    };
    let table = table(&lanes, columns);
    figure.drawn(&chart, table).map(Some)
}

impl Lane {
    fn most(&self) -> Option<u64> {
        self.counts.values().copied().max()
    }

    fn all(&self) -> u64 {
        self.counts.values().sum()
    }

    fn words(&self) -> String {
        format!("{}: {}", self.name, format_count(self.all()))
    }
}

/// The lanes, the most frequent class first.
fn lanes(rows: &[&TimelineRow], columns: Columns) -> Vec<Lane> {
    let mut classes: BTreeMap<Failure, BTreeMap<u64, u64>> = BTreeMap::new();
    for row in rows {
        let errors = row.detail.iter().flat_map(|detail| &detail.errors).filter(|(_, count)| **count > 0);
        for (failure, count) in errors {
            *classes.entry(*failure).or_default().entry(columns.of_second(row.second)).or_default() += count;
        }
    }
    let mut lanes: Vec<Lane> =
        classes.into_iter().map(|(failure, counts)| Lane { name: failure.to_string(), counts }).collect();
    lanes.sort_by_key(|lane| std::cmp::Reverse(lane.all()));
    if lanes.len() > MOST_LANES {
        let rest = lanes.split_off(MOST_LANES - 1);
        let mut together = Lane { name: format!("{} more classes", rest.len()), counts: BTreeMap::new() };
        for (column, count) in rest.iter().flat_map(|lane| &lane.counts) {
            *together.counts.entry(*column).or_default() += count;
        }
        lanes.push(together);
    }
    lanes
}

/// Only stretches in which something failed have a row.
fn table(lanes: &[Lane], columns: Columns) -> Table {
    let mut stretches: Vec<u64> = lanes.iter().flat_map(|lane| lane.counts.keys().copied()).collect();
    stretches.sort_unstable();
    stretches.dedup();
    let row = |column: &u64| {
        let count = |lane: &Lane| format_count(lane.counts.get(column).copied().unwrap_or_default());
        std::iter::once((column * columns.seconds).to_string()).chain(lanes.iter().map(count)).collect()
    };
    let note = format!("Each row is one {} in which something failed.", columns.words());
    let head = std::iter::once("second".to_owned()).chain(lanes.iter().map(|lane| lane.name.clone()));
    Table::new(head, stretches.iter().map(row).collect(), note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::RowDetail;

    #[test]
    fn rare_classes_share_a_lane_and_nothing_is_lost() {
        let errors: BTreeMap<Failure, u64> = (0..10).map(|k| (Failure::Http(500 + k), u64::from(k) + 1)).collect();
        let detail = Some(Box::new(RowDetail { errors, ..RowDetail::default() }));
        let rows: Vec<TimelineRow> = (0..3)
            .map(|second| TimelineRow { second, seconds: 1, detail: detail.clone(), ..TimelineRow::default() })
            .collect();
        let rows: Vec<_> = rows.iter().collect();
        let lanes = lanes(&rows, Columns::of(&rows));
        let words: Vec<_> = lanes.iter().map(Lane::words).collect();
        assert_eq!(
            words,
            ["http_509: 30", "http_508: 27", "http_507: 24", "http_506: 21", "http_505: 18", "5 more classes: 45"]
        );
    }

    #[test]
    fn where_nothing_failed_there_is_no_chart() {
        assert!(figure(&[]).unwrap().is_none());
    }
}
