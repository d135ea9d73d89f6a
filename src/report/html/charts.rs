//! The three charts of the page, each with its data as a table: latency over time, the percentile curve, throughput.

use std::time::Duration;

use serde::Serialize;

use super::HtmlError;
use super::page::{NONE, format_us};
use crate::gate::{Bound as GateBound, Clock, Gate, Metric, Of};
use crate::metrics::{CurvePoint, Latency, TimelineRow};
use crate::report::Report;
use crate::report::svg::{Area, Axis, Bound, Chart, Ink, Line, MOST_POINTS, Run, Shape, runs};
use crate::units::{format_count, format_duration};
use crate::verdict::Kind;

/// More rows than this are put together in a chart's table.
const MOST_ROWS: usize = 120;
/// A bound this many times above everything that was measured would press the curves flat.
const FAR_ABOVE: f64 = 4.0;
/// More bounds would hide the curves.
const MOST_BOUNDS: usize = 4;

/// A chart and its data.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    id: &'static str,
    title: &'static str,
    caption: String,
    /// None where there is nothing to draw.
    drawing: Option<Drawing>,
    nothing: &'static str,
}

#[derive(Debug, Serialize)]
struct Drawing {
    wide: String,
    narrow: String,
    table: Table,
}

#[derive(Debug, Serialize)]
struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    note: String,
}

/// All charts of `report`.
pub(super) fn figures(report: &Report) -> Result<Vec<Figure>, HtmlError> {
    let rows: Vec<_> = report.timeline.overall().collect();
    Ok(vec![latency(report, &rows)?, percentiles(report)?, throughput(&rows)?])
}

fn drawing(chart: &Chart, table: Table) -> Result<Drawing, HtmlError> {
    Ok(Drawing { wide: chart.draw(Shape::Wide)?, narrow: chart.draw(Shape::Narrow)?, table })
}

/// Picks one figure of a latency.
type Pick = fn(&Latency) -> u64;
type Series = (&'static str, Ink, Pick);
const LATENCIES: [Series; 4] = [
    ("max", Ink::Max, |latency| latency.max),
    ("p99", Ink::P99, |latency| latency.p99),
    ("p95", Ink::P95, |latency| latency.p95),
    ("p50", Ink::P50, |latency| latency.p50),
];

fn latency(report: &Report, rows: &[&TimelineRow]) -> Result<Figure, HtmlError> {
    let answered: Vec<_> = rows.iter().copied().filter(|row| row.response.count > 0).collect();
    let mut figure = Figure {
        id: "latency",
        title: "Latency over time",
        caption: format!(
            "Response times of all steps in each second, from the moment a request was due.{}",
            older(rows)
        ),
        drawing: None,
        nothing: "No request came to an end, so there is no latency to draw.",
    };
    let (Some(lowest), Some(highest)) =
        (answered.iter().map(|row| row.response.p50).min(), answered.iter().map(|row| row.response.max).max())
    else {
        return Ok(figure);
    };
    let (bounds, far) = bounds(report, highest as f64);
    for label in far {
        figure.caption.push_str(&format!(" The bound {label} lies far above everything measured and is not drawn."));
    }
    let ends = bounds.iter().map(|bound| bound.at);
    let y = Axis::times(ends.clone().fold(lowest as f64, f64::min), ends.fold(highest as f64, f64::max));
    let line = |(name, ink, of): Series| {
        let values: Vec<_> = answered.iter().flat_map(|row| each_second(row, of(&row.response) as f64)).collect();
        Line { name, ink, runs: runs(&values, MOST_POINTS) }
    };
    let chart = Chart {
        id: figure.id,
        title: "Response time in each second of the run: median, 95th and 99th percentile and maximum".to_owned(),
        description: format!(
            "Medians of a second go down to {}, the longest response took {}. The data follows as a table.",
            format_us(lowest),
            format_us(highest)
        ),
        y_name: y_name("response time", &y),
        x: Axis::elapsed(end_of(rows)),
        y,
        areas: Vec::new(),
        lines: LATENCIES.into_iter().map(line).collect(),
        bounds,
    };
    figure.drawing = Some(drawing(&chart, latency_table(&answered))?);
    Ok(figure)
}

/// The bounds of gates about the times of all steps that fit beside `highest`, and the labels of those that do not.
fn bounds(report: &Report, highest: f64) -> (Vec<Bound>, Vec<String>) {
    let gates = report.result.findings.iter().filter(|finding| finding.kind != Kind::Validity);
    let timed = gates.filter_map(|finding| {
        let gate: Gate = finding.wanted.parse().ok()?;
        let drawn = gate.of == Of::All
            && matches!(gate.metric, Metric::Time(Clock::Response, _))
            && matches!(gate.bound, GateBound::Time(_));
        drawn.then(|| Bound { label: gate.plain().to_string(), at: gate.bound_value() })
    });
    let (near, far): (Vec<_>, Vec<_>) = timed.take(MOST_BOUNDS).partition(|bound| bound.at <= highest * FAR_ABOVE);
    (near, far.into_iter().map(|bound| bound.label).collect())
}

fn percentiles(report: &Report) -> Result<Figure, HtmlError> {
    let (response, service) = (&report.response_curve, &report.service_curve);
    let mut figure = Figure {
        id: "percentiles",
        title: "Percentiles: what users wait, and what the server takes",
        caption: "Response time counts from the moment a request was due, service time from the moment it was sent. \
                  The shaded gap is time spent waiting to be sent: a tool that measures only service time hides it."
            .to_owned(),
        drawing: None,
        nothing: "No request came to an end, so there is no distribution to draw.",
    };
    let points = || response.iter().chain(service);
    let (Some(lowest), Some(highest)) = (points().map(|p| p.us).min(), points().map(|p| p.us).max()) else {
        return Ok(figure);
    };
    let rarest = rarest(report);
    let (response, service) = (tail(response, rarest), tail(service, rarest));
    let y = Axis::times(lowest as f64, highest as f64);
    let outline = response.iter().chain(service.iter().rev()).copied().collect();
    let chart = Chart {
        id: figure.id,
        title: "Response time and service time by percentile".to_owned(),
        description: format!(
            "Both rise from left to right, towards the rarest and longest times, up to {}. Where response lies above \
             service, requests waited to be sent. The data follows as a table.",
            format_us(highest)
        ),
        y_name: y_name("time", &y),
        x: Axis::tail(rarest),
        y,
        areas: vec![Area { ink: Ink::Waiting, outline }],
        lines: vec![
            Line { name: "response", ink: Ink::Response, runs: vec![response] },
            Line { name: "service", ink: Ink::Service, runs: vec![service] },
        ],
        bounds: Vec::new(),
    };
    figure.drawing = Some(drawing(&chart, percentile_table(report))?);
    Ok(figure)
}

/// How far the curve goes: to the one request in all that took longest.
fn rarest(report: &Report) -> f64 {
    let last = report.response_curve.iter().map(|point| point.quantile).filter(|q| *q < 1.0).fold(0.0, f64::max);
    (report.result.times_us.response.count as f64).max(1.0 / (1.0 - last)).clamp(10.0, 1e8)
}

/// A curve over 1 / (1 − quantile), its end being the maximum.
fn tail(curve: &[CurvePoint], rarest: f64) -> Run {
    let place = |quantile: f64| if quantile < 1.0 { (1.0 / (1.0 - quantile)).clamp(1.0, rarest) } else { rarest };
    curve.iter().map(|point| (place(point.quantile), point.us as f64)).collect()
}

fn throughput(rows: &[&TimelineRow]) -> Result<Figure, HtmlError> {
    let mut figure = Figure {
        id: "throughput",
        title: "Throughput over time",
        caption: format!(
            "Journeys started, requests that came to an end, and those of them that failed, in each second.{}",
            older(rows)
        ),
        drawing: None,
        nothing: "Nothing was sent, so there is no throughput to draw.",
    };
    if rows.is_empty() {
        return Ok(figure);
    }
    let line = |name, ink, of: fn(&TimelineRow) -> u64| {
        let values: Vec<_> = rows.iter().flat_map(|row| each_second(row, row.per_s(of(row)))).collect();
        Line { name, ink, runs: runs(&values, MOST_POINTS) }
    };
    let highest =
        rows.iter().map(|row| row.per_s(row.requests.max(row.started)).ceil() as u64).max().unwrap_or_default();
    let failed: u64 = rows.iter().map(|row| row.failed).sum();
    let chart = Chart {
        id: figure.id,
        title: "Journeys started, requests and failed requests in each second of the run".to_owned(),
        description: format!(
            "At most {} in a second; {} requests failed in all. The data follows as a table.",
            format_count(highest),
            format_count(failed)
        ),
        y_name: "per second".to_owned(),
        x: Axis::elapsed(end_of(rows)),
        y: Axis::counts(highest as f64),
        areas: Vec::new(),
        lines: vec![
            line("requests", Ink::Requests, |row| row.requests),
            line("started", Ink::Started, |row| row.started),
            line("failed", Ink::Failed, |row| row.failed),
        ],
        bounds: Vec::new(),
    };
    figure.drawing = Some(drawing(&chart, throughput_table(rows))?);
    Ok(figure)
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

fn y_name(what: &str, y: &Axis) -> String {
    if y.is_log() { format!("{what} (log scale)") } else { what.to_owned() }
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

fn latency_table(rows: &[&TimelineRow]) -> Table {
    let (groups, note) = grouped(rows, "the highest of each figure");
    let row = |group: &[&TimelineRow]| {
        let highest = |of: Pick| group.iter().map(|row| of(&row.response)).max().unwrap_or_default();
        let figures = LATENCIES.iter().rev().map(|(_, _, of)| format_us(highest(*of)));
        std::iter::once(from_second(group)).chain(figures).collect()
    };
    Table { head: vec!["second", "p50", "p95", "p99", "max"], rows: groups.map(row).collect(), note }
}

fn throughput_table(rows: &[&TimelineRow]) -> Table {
    let (groups, note) = grouped(rows, "the sum of each count");
    let row = |group: &[&TimelineRow]| {
        let sum = |of: fn(&TimelineRow) -> u64| format_count(group.iter().map(|row| of(row)).sum());
        vec![from_second(group), sum(|row| row.started), sum(|row| row.requests), sum(|row| row.failed)]
    };
    Table { head: vec!["second", "started", "requests", "failed"], rows: groups.map(row).collect(), note }
}

fn from_second(group: &[&TimelineRow]) -> String {
    group.first().map_or(NONE.to_owned(), |row| row.second.to_string())
}

fn percentile_table(report: &Report) -> Table {
    let (response, service) = (&report.result.times_us.response, &report.result.times_us.service);
    let figures: [(&str, Pick); 7] = [
        ("least", |latency| latency.min),
        ("50%", |latency| latency.p50),
        ("90%", |latency| latency.p90),
        ("95%", |latency| latency.p95),
        ("99%", |latency| latency.p99),
        ("99.9%", |latency| latency.p999),
        ("100%", |latency| latency.max),
    ];
    let row = |(name, of): (&str, Pick)| vec![name.to_owned(), format_us(of(response)), format_us(of(service))];
    Table { head: vec!["percentile", "response", "service"], rows: figures.map(row).into(), note: String::new() }
}
