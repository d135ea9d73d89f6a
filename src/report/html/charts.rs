//! The charts of the page, each with its data as a table: what it takes to draw them, and which there are.

mod failures;
mod heat;
mod latency;
mod percentiles;
mod throughput;

use std::time::Duration;

use super::HtmlError;
use super::figure::{Figure, Swatch, Table, y_name};
use super::page::NONE;
use crate::metrics::{Latency, TimelineRow};
use crate::report::Report;
use crate::units::format_duration;

/// More rows than this are put together in a chart's table.
const MOST_ROWS: usize = 120;
/// More columns of cells than this are too narrow to be seen.
const MOST_COLUMNS: u64 = 120;

/// All charts of `report`.
pub(super) fn figures(report: &Report) -> Result<Vec<Figure>, HtmlError> {
    let rows: Vec<_> = report.timeline.overall().collect();
    let figures = [
        percentiles::figure(report)?,
        latency::figure(report, &rows)?,
        heat::figure(&rows)?,
        throughput::figure(&rows)?,
    ];
    Ok(figures.into_iter().chain(failures::figure(&rows)?).collect())
}

/// Picks one figure of a latency.
type Pick = fn(&Latency) -> u64;

/// Equal stretches of time that a row of cells is drawn for.
#[derive(Debug, Clone, Copy)]
struct Columns {
    /// How many seconds each takes: a multiple of the widest row.
    seconds: u64,
}

impl Columns {
    fn of(rows: &[&TimelineRow]) -> Self {
        let widest = rows.iter().map(|row| row.seconds).max().unwrap_or(1).max(1);
        let span = rows.last().map_or(1, |row| row.second.saturating_add(row.seconds));
        Self { seconds: span.div_ceil(MOST_COLUMNS).div_ceil(widest).max(1) * widest }
    }

    fn of_second(self, second: u64) -> u64 {
        second / self.seconds
    }

    /// From where to where `column` reaches, but not beyond `end`.
    fn reach(self, column: u64, end: f64) -> (f64, f64) {
        let from = (column * self.seconds) as f64;
        (from, (from + self.seconds as f64).min(end))
    }

    /// One of them in words.
    fn words(self) -> String {
        match self.seconds {
            1 => "second".to_owned(),
            seconds => format_duration(Duration::from_secs(seconds)),
        }
    }
}

/// That older seconds are put together in a long run.
fn older(rows: &[&TimelineRow]) -> String {
    match rows.iter().map(|row| row.seconds).max() {
        Some(widest) if widest > 1 => {
            let widest = format_duration(Duration::from_secs(widest));
            format!(" Older seconds are put together, up to {widest}: their rates are means, their percentiles exact.")
        }
        _ => String::new(),
    }
}

fn end_of(rows: &[&TimelineRow]) -> f64 {
    rows.last().map_or(1.0, |row| (row.second + row.seconds) as f64)
}

/// `value` in every second that `row` stands for.
fn each_second(row: &TimelineRow, value: f64) -> impl Iterator<Item = (u64, f64)> + use<> {
    (row.second..row.second + row.seconds).map(move |second| (second, value))
}

/// Rows put together until there are few enough, and a sentence if any stands for more than a second.
fn grouped<'a>(rows: &'a [&'a TimelineRow], how: &str) -> (std::slice::Chunks<'a, &'a TimelineRow>, String) {
    let group = rows.len().div_ceil(MOST_ROWS).max(1);
    let all_of_a_second = rows.iter().all(|row| row.seconds == 1);
    let note = match (group, all_of_a_second) {
        (1, true) => String::new(),
        (_, true) => format!("Each row is {group} seconds: {how}. Every second is in timeline.csv."),
        (_, false) => format!("Each row reaches to the next one: {how}. Finer rows are in timeline.csv."),
    };
    (rows.chunks(group), note)
}

fn from_second(group: &[&TimelineRow]) -> String {
    group.first().map_or(NONE.to_owned(), |row| row.second.to_string())
}
