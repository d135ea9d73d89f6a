//! `summary.csv` and `timeline.csv`: times in microseconds, one header, one row per step (and second).

use std::io::{self, Write};

use csv::Writer;

use super::Report;
use crate::metrics::Latency;

const LATENCY: [&str; 8] = ["min", "mean", "p50", "p90", "p95", "p99", "p999", "max"];
/// The name of the row that stands for all steps together.
const ALL: &str = "(all)";
/// The name of the row that stands for the warm-up.
const WARM_UP: &str = "(warm-up)";
/// What the name of a row starts with that stands for the steps of a group.
const GROUP: &str = "(group) ";

/// A first row for all steps together, then one per step, one per group, and one for the warm-up that the others leave out.
pub(super) fn summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    let header = ["step", "requests", "failed", "checks_passed", "checks_failed"].map(str::to_owned);
    writer.write_record(header.into_iter().chain(columns("response_us")).chain(columns("service_us")))?;
    let result = &report.result;
    let all = result.all_steps();
    let groups = result.groups.0.iter().map(|(name, sum)| (format!("{GROUP}{name}"), sum));
    let steps = result.steps.0.iter().map(|(name, step)| (name.clone(), step));
    let warm_up = result.warm_up.iter().map(|warm_up| (WARM_UP.to_owned(), &warm_up.requests));
    for (name, step) in std::iter::once((ALL.to_owned(), &all)).chain(steps).chain(groups).chain(warm_up) {
        let counts =
            [step.requests, step.failed, step.checks_passed, step.checks_failed].map(|count| count.to_string());
        let row = std::iter::once(harmless(&name)).chain(counts);
        writer.write_record(row.chain(values(&step.response_us)).chain(values(&step.service_us)))?;
    }
    writer.flush()
}

/// For every stretch of time one row for all steps together, then one per step. How many seconds it takes, and how
/// many of all requests belong to the warm-up, stands last.
pub(super) fn timeline(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    let header = ["second", "step", "journeys_started", "requests", "failed"].map(str::to_owned);
    let header = header.into_iter().chain(columns("response_us")).chain(columns("service_us"));
    writer.write_record(header.chain(["seconds", "warm_up"].map(str::to_owned)))?;
    for row in &report.timeline.rows {
        let name = row.step.map_or(ALL, |step| report.result.steps.0.get(step).map_or("", |(name, _)| name));
        let started = if row.step.is_none() { row.started.to_string() } else { String::new() };
        let row_seconds = row.seconds.to_string();
        let warm_up = if row.step.is_none() { row.warm_up.to_string() } else { String::new() };
        let start = [row.second.to_string(), harmless(name), started, row.requests.to_string(), row.failed.to_string()];
        let figures = start.into_iter().chain(values(&row.response)).chain(values(&row.service));
        writer.write_record(figures.chain([row_seconds, warm_up]))?;
    }
    writer.flush()
}

fn columns(prefix: &str) -> impl Iterator<Item = String> {
    LATENCY.iter().map(move |name| format!("{prefix}_{name}"))
}

/// The figures in the order of [`LATENCY`]; empty where nothing was counted.
fn values(latency: &Latency) -> impl Iterator<Item = String> + use<> {
    let Latency { count, min, mean, p50, p90, p95, p99, p999, max } = *latency;
    let mean = format!("{mean:.1}");
    let texts = [
        min.to_string(),
        mean,
        p50.to_string(),
        p90.to_string(),
        p95.to_string(),
        p99.to_string(),
        p999.to_string(),
        max.to_string(),
    ];
    texts.into_iter().map(move |text| if count == 0 { String::new() } else { text })
}

/// Spreadsheets run a cell that starts like a formula; a quote before it makes it text.
pub(super) fn harmless(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
