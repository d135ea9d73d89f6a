//! `summary.csv`, `timeline.csv` and `errors.csv`: one header each, which stays; times are microseconds.
//!
//! `docs/csv.md` says what each column holds.

use std::io::{self, Write};

use csv::Writer;

use super::Report;
use super::inert;
use super::result::ErrorResult;
use crate::metrics::Latency;

const LATENCY: [&str; 8] = ["min", "mean", "p50", "p90", "p95", "p99", "p999", "max"];
/// The name of the row that stands for all steps together.
const ALL: &str = "(all)";
/// The name of the row that stands for the warm-up.
const WARM_UP: &str = "(warm-up)";
/// Longer names are cut, and so are longer messages.
const LONGEST_NAME: usize = 500;
const LONGEST_MESSAGE: usize = 2_000;
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

/// The classes of errors, then those of the warm-up, then the examples, then how many there were in each stretch of time.
pub(super) fn errors(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::from_writer(out);
    writer.write_record(["row", "class", "count", "first_at_s", "last_at_s", "step", "message"])?;
    let result = &report.result;
    let of_warm_up = result.warm_up.iter().flat_map(|warm_up| &warm_up.errors);
    let all = result.errors.iter().map(|error| ("class", error)).chain(of_warm_up.map(|error| ("warm_up", error)));
    for (row, error) in all.clone() {
        let ErrorResult { class, count, first_at_s, last_at_s, .. } = error;
        let times = [first_at_s, last_at_s].map(|at| format!("{at:.3}"));
        let [first, last] = times;
        writer.write_record([row, &harmless(class), &count.to_string(), &first, &last, "", ""])?;
    }
    for (class, example) in all.flat_map(|(_, error)| error.examples.iter().map(move |example| (&error.class, example)))
    {
        let at = format!("{:.3}", example.at_s);
        let message = told(&example.message, LONGEST_MESSAGE);
        writer.write_record(["example", &harmless(class), "", &at, &at, &harmless(&example.step), &message])?;
    }
    for (row, detail) in report.timeline.overall().filter_map(|row| Some((row, row.detail.as_ref()?))) {
        let times = [row.second, row.second + row.seconds].map(|at| format!("{at}.000"));
        let [from, to] = times;
        for (failure, count) in &detail.errors {
            writer.write_record(["stretch", &failure.to_string(), &count.to_string(), &from, &to, "", ""])?;
        }
    }
    writer.flush()
}

pub(super) fn columns(prefix: &str) -> impl Iterator<Item = String> + use<'_> {
    LATENCY.iter().map(move |name| format!("{prefix}_{name}"))
}

/// The figures in the order of [`LATENCY`]; empty where nothing was counted.
pub(super) fn values(latency: &Latency) -> impl Iterator<Item = String> + use<> {
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

/// A name that fits into a cell.
pub(super) fn harmless(name: &str) -> String {
    told(name, LONGEST_NAME)
}

/// Spreadsheets run a cell that starts like a formula, some of them behind blanks or quotes; a quote before it makes it
/// text.
fn told(text: &str, most: usize) -> String {
    let text = inert::line(text, most);
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || "'\"\u{FFFD}\u{200B}\u{FEFF}".contains(c));
    match start.starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']) {
        true => format!("'{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\"=1", "'=1", "＝1", "\u{0}=1", "|calc", "\n@x"]
        {
            assert!(told(text, 90).starts_with('\''), "{text:?}");
        }
        for text in ["home", "1-2", "two, \"quoted\"", "a=b", "", " x"] {
            assert_eq!(told(text, 90), text);
        }
        assert_eq!(told(&"x".repeat(100), 90).chars().count(), 91);
    }
}
