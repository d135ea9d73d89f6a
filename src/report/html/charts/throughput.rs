//! Throughput over time: what was due, what was started, what came to an end.

use std::borrow::Cow;

use super::{Figure, HtmlError, Table, each_second, end_of, from_second, grouped, older};
use crate::metrics::TimelineRow;
use crate::report::svg::{Axis, Chart, Ink, Line, MOST_POINTS, runs};
use crate::units::format_count;

/// The chart of `rows`.
pub(super) fn figure(rows: &[&TimelineRow]) -> Result<Figure, HtmlError> {
    let figure = Figure::new(
        "throughput",
        "Throughput over time",
        format!(
            "Journeys that were due and that were started, requests that came to an end, and those of them that \
             failed, in each second. Where started falls below due, the load did not keep up with its schedule.{}",
            older(rows)
        ),
        "Nothing was sent, so there is no throughput to draw.",
    );
    if rows.is_empty() {
        return Ok(figure);
    }
    let line = |name: &'static str, ink, of: fn(&TimelineRow) -> u64| {
        let values: Vec<_> = rows.iter().flat_map(|row| each_second(row, row.per_s(of(row)))).collect();
        Line { name: Cow::Borrowed(name), ink, runs: runs(&values, MOST_POINTS) }
    };
    let highest = rows
        .iter()
        .map(|row| row.per_s(row.requests.max(row.started).max(due(row))).ceil() as u64)
        .max()
        .unwrap_or_default();
    let failed: u64 = rows.iter().map(|row| row.failed).sum();
    let chart = Chart {
        id: figure.id,
        title: "Journeys due and started, requests and failed requests in each second of the run".to_owned(),
        description: format!(
            "At most {} in a second; {} requests failed in all. The data follows as a table.",
            format_count(highest),
            format_count(failed)
        ),
        y_name: "per second".to_owned(),
        x: Axis::elapsed(end_of(rows)),
        y: Axis::counts(highest as f64),
        areas: Vec::new(),
        cells: Vec::new(),
        lines: vec![
            line("requests", Ink::Requests, |row| row.requests),
            line("due", Ink::Due, due),
            line("started", Ink::Started, |row| row.started),
            line("failed", Ink::Failed, |row| row.failed),
        ],
        bounds: Vec::new(),
        lanes: Vec::new(),
        marks: Vec::new(),
        dots: Vec::new(),
    };
    figure.drawn(&chart, table(rows))
}

/// Journeys that were due; of a load without a schedule those that were started.
fn due(row: &TimelineRow) -> u64 {
    row.detail.as_ref().map_or(row.started, |detail| detail.due)
}

fn table(rows: &[&TimelineRow]) -> Table {
    let (groups, note) = grouped(rows, "the sum of each count");
    let row = |group: &[&TimelineRow]| {
        let sum = |of: fn(&TimelineRow) -> u64| format_count(group.iter().map(|row| of(row)).sum());
        let counts = [sum(due), sum(|row| row.started), sum(|row| row.requests), sum(|row| row.failed)];
        std::iter::once(from_second(group)).chain(counts).collect()
    };
    Table::new(["second", "due", "started", "requests", "failed"], groups.map(row).collect(), note)
}
