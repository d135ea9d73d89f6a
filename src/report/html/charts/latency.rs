//! Response times over time: percentiles of each second, with the bounds of gates.

use super::{Figure, HtmlError, Pick, Table, each_second, end_of, from_second, grouped, older, y_name};
use crate::gate::{Bound as GateBound, Clock, Gate, Metric, Of, Span};
use crate::metrics::TimelineRow;
use crate::report::Report;
use crate::report::html::page::format_us;
use crate::report::svg::{Axis, Bound, Chart, Ink, Line, MOST_POINTS, runs};
use crate::units::format_duration;
use crate::verdict::Kind;

/// A bound this many times above everything that was measured would press the curves flat.
const FAR_ABOVE: f64 = 4.0;
/// More bounds would hide the curves.
const MOST_BOUNDS: usize = 4;

type Series = (&'static str, Ink, Pick);
const LATENCIES: [Series; 4] = [
    ("max", Ink::Max, |latency| latency.max),
    ("p99", Ink::P99, |latency| latency.p99),
    ("p95", Ink::P95, |latency| latency.p95),
    ("p50", Ink::P50, |latency| latency.p50),
];

/// The chart of `rows`, with the bounds of the gates of `report`.
pub(super) fn figure(report: &Report, rows: &[&TimelineRow]) -> Result<Figure, HtmlError> {
    let answered: Vec<_> = rows.iter().copied().filter(|row| row.response.count > 0).collect();
    let mut figure = Figure::new(
        "latency",
        "Latency over time",
        format!("Response times of all steps in each second, from the moment a request was due.{}", older(rows)),
        "No request came to an end, so there is no latency to draw.",
    );
    let (Some(lowest), Some(highest)) =
        (answered.iter().map(|row| row.response.p50).min(), answered.iter().map(|row| row.response.max).max())
    else {
        return Ok(figure);
    };
    let (bounds, far, left_out) = bounds(report, highest as f64);
    if !bounds.is_empty() {
        figure.caption.push_str(
            " A gate’s bound is drawn where it lies; the gate judges its whole run or its window, not each second.",
        );
    }
    for label in far {
        figure.caption.push_str(&format!(" The bound {label} lies far above everything measured and is not drawn."));
    }
    if left_out > 0 {
        figure.caption.push_str(&format!(" {left_out} more bounds are not drawn."));
    }
    let ends = bounds.iter().map(|bound| bound.at);
    let y = Axis::times(ends.clone().fold(lowest as f64, f64::min), ends.fold(highest as f64, f64::max));
    let line = |(name, ink, of): Series| {
        let values: Vec<_> = answered.iter().flat_map(|row| each_second(row, of(&row.response) as f64)).collect();
        Line { name: name.into(), ink, runs: runs(&values, MOST_POINTS) }
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
        cells: Vec::new(),
        lines: LATENCIES.into_iter().map(line).collect(),
        bounds,
        lanes: Vec::new(),
        marks: Vec::new(),
        dots: Vec::new(),
    };
    figure.drawn(&chart, table(&answered))
}

/// The bounds of gates about the times of all steps that fit beside `highest`, and the labels of those that do not.
fn bounds(report: &Report, highest: f64) -> (Vec<Bound>, Vec<String>, usize) {
    let gates = report.result.findings.iter().filter(|finding| finding.kind != Kind::Validity);
    let timed = gates.filter_map(|finding| {
        let gate: Gate = finding.wanted.parse().ok()?;
        let drawn = gate.of == Of::All
            && matches!(gate.metric, Metric::Time(Clock::Response, _))
            && matches!(gate.bound, GateBound::Time(_));
        drawn.then(|| Bound { label: label(&gate), at: gate.bound_value() })
    });
    let mut all: Vec<Bound> = Vec::new();
    for bound in timed {
        // The same bound of a whole run and of windows is one line with two names.
        match all.iter_mut().find(|known| known.at == bound.at) {
            Some(known) => known.label = format!("{}; {}", known.label, bound.label),
            None => all.push(bound),
        }
    }
    let left_out = all.len().saturating_sub(MOST_BOUNDS);
    all.truncate(MOST_BOUNDS);
    let (near, far): (Vec<_>, Vec<_>) = all.into_iter().partition(|bound| bound.at <= highest * FAR_ABOVE);
    (near, far.into_iter().map(|bound| bound.label).collect(), left_out)
}

/// A gate's bound in a chart: of the whole run as it is written, of windows with their length before it.
fn label(gate: &Gate) -> String {
    match gate.span {
        Span::Over(window) => {
            let whole = Gate { span: Span::Whole, ..gate.plain() };
            format!("any {}: {whole}", format_duration(window))
        }
        Span::Whole | Span::InARow => gate.plain().to_string(),
    }
}

fn table(rows: &[&TimelineRow]) -> Table {
    let (groups, note) = grouped(rows, "the highest of each figure");
    let row = |group: &[&TimelineRow]| {
        let highest = |of: Pick| group.iter().map(|row| of(&row.response)).max().unwrap_or_default();
        let figures = LATENCIES.iter().rev().map(|(_, _, of)| format_us(highest(*of)));
        std::iter::once(from_second(group)).chain(figures).collect()
    };
    Table::new(["second", "p50", "p95", "p99", "max"], groups.map(row).collect(), note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding};
    use crate::verdict::Status;

    #[test]
    fn bounds_of_windows_are_named_as_such_and_equal_ones_share_a_line() {
        let gate = |wanted: &str| finding("latency", Status::Pass, wanted, Some("1ms"));
        let findings = vec![
            gate("p95 < 600ms"),
            gate("p95 < 600ms over 10s, warn"),
            gate("p99 < 2s over 1m"),
            gate("p95 of search < 100ms"),
            gate("service.p95 < 200ms"),
        ];
        let report = Fixture { findings, ..Fixture::default() }.report();
        let (near, far, _) = bounds(&report, 1e6);
        let labels: Vec<_> = near.iter().map(|bound| (bound.label.as_str(), bound.at)).collect();
        assert_eq!(labels, [("p95 < 600ms; any 10s: p95 < 600ms", 6e5), ("any 1m: p99 < 2s", 2e6)]);
        assert!(far.is_empty());
    }
}
