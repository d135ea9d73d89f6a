//! `points.csv`: a row for each rate that was tried, in the order of time; times are microseconds.
//!
//! `docs/csv.md` says what each column holds.

use std::io::{self, Write};

use csv::Writer;

use super::words;
use crate::explore::{ExplorationResult, Point};
use crate::report::csv::{columns, harmless, values};

const FIRST: [&str; 15] = [
    "point",
    "phase",
    "rate_per_s",
    "outcome",
    "started_s",
    "lasted_s",
    "ended",
    "steady_from_s",
    "judged_s",
    "achieved_per_s",
    "requests_per_s",
    "requests",
    "failed",
    "error_rate",
    "in_flight",
];
const LAST: [&str; 13] = [
    "growth_per_s",
    "growth_error",
    "gate",
    "margin",
    "margin_error",
    "refused",
    "retry_after_s",
    "busy_share",
    "send_lag_us_p99",
    "waited_s",
    "recovered",
    "short_of",
    "reason",
];

/// The rows behind their header.
pub(super) fn write(result: &ExplorationResult, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let header = names(&FIRST).into_iter().chain(columns("response_us")).chain(columns("service_us"));
    writer.write_record(header.chain(names(&LAST)))?;
    for point in &result.points {
        let times = values(&point.response_us).chain(values(&point.service_us));
        writer.write_record(first(point).into_iter().chain(times).chain(last(point)))?;
    }
    writer.flush()
}

fn first(point: &Point) -> [String; FIRST.len()] {
    [
        point.number.to_string(),
        words::phase(point.phase).to_owned(),
        figure(point.rate_per_s),
        words::outcome(point.outcome).to_owned(),
        figure(point.started_s),
        figure(point.lasted_s),
        words::ended_name(point.ended).to_owned(),
        optional(point.steady_from_s),
        figure(point.judged_s),
        figure(point.achieved_per_s),
        figure(point.requests_per_s),
        point.requests.to_string(),
        point.failed.to_string(),
        point.error_rate.map(|share| format!("{share:.6}")).unwrap_or_default(),
        figure(point.in_flight),
    ]
}

fn last(point: &Point) -> [String; LAST.len()] {
    let evidence = point.evidence.as_ref();
    let recovery = point.recovery.as_ref();
    // Without an error it is no measurement.
    let growth = words::error(point.growth.error);
    [
        optional(growth.map(|_| point.growth.per_s)),
        optional(growth),
        evidence.map(|evidence| harmless(&evidence.gate)).unwrap_or_default(),
        optional(evidence.map(|evidence| evidence.margin)),
        optional(evidence.and_then(|evidence| words::error(evidence.error))),
        point.refused.to_string(),
        optional(point.retry_after_s),
        optional(point.generator.busy_share),
        point.generator.send_lag_p99_us.to_string(),
        optional(recovery.map(|recovery| recovery.waited_s)),
        recovery.map(|recovery| recovery.recovered.to_string()).unwrap_or_default(),
        harmless(&point.generator.short_of.join("; ")),
        harmless(&point.reason),
    ]
}

fn figure(value: f64) -> String {
    format!("{value:.3}")
}

fn optional(value: Option<f64>) -> String {
    value.map(figure).unwrap_or_default()
}
