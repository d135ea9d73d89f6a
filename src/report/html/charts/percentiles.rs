//! The percentile curve: response and service times side by side, over 1 / (1 − quantile).

use super::{Figure, HtmlError, Pick, Table, y_name};
use crate::metrics::CurvePoint;
use crate::report::Report;
use crate::report::html::page::format_us;
use crate::report::svg::{Area, Axis, Chart, Ink, Line, Run};

/// A difference below this share of the service time is no wait to speak of.
const SMALL_GAP: f64 = 0.05;

/// The chart of the whole run.
pub(super) fn figure(report: &Report) -> Result<Figure, HtmlError> {
    let (response, service) = (&report.response_curve, &report.service_curve);
    let caption = "Response time counts from the moment a request was due, service time from the moment it was sent. \
                   The shaded gap is time spent waiting to be sent: a tool that measures only service time hides it.";
    let figure = Figure::new(
        "percentiles",
        "Percentiles: what users wait, and what the server takes",
        format!("{caption}{}", gap(report)),
        "No request came to an end, so there is no distribution to draw.",
    );
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
        cells: Vec::new(),
        lines: vec![
            Line { name: "response".into(), ink: Ink::Response, runs: vec![response] },
            Line { name: "service".into(), ink: Ink::Service, runs: vec![service] },
        ],
        bounds: Vec::new(),
        lanes: Vec::new(),
        marks: Vec::new(),
        dots: Vec::new(),
    };
    figure.drawn(&chart, table(report))
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

/// How wide the gap is where most people look.
fn gap(report: &Report) -> String {
    let (response, service) = (&report.result.times_us.response, &report.result.times_us.service);
    let wide = |(_, response, service): &(&str, u64, u64)| {
        response.saturating_sub(*service) as f64 > *service as f64 * SMALL_GAP
    };
    let figures =
        [("p95", response.p95, service.p95), ("p99", response.p99, service.p99), ("max", response.max, service.max)];
    match figures.into_iter().filter(wide).max_by_key(|(_, response, service)| response - service) {
        Some((name, response, service)) => {
            let (wait, service) = (format_us(response), format_us(service));
            format!(" Here the {name} is {wait} where service time alone says {service}.")
        }
        None => " Here the two lie close together: requests were sent when they were due.".to_owned(),
    }
}

fn table(report: &Report) -> Table {
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
    Table::new(["percentile", "response", "service"], figures.map(row).into(), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn a_gap_is_told_in_figures_where_there_is_one() {
        let stalled = gap(&Fixture::default().report());
        assert!(stalled.contains(" is ") && stalled.contains("where service time alone says"), "{stalled}");
        let even = gap(&Fixture { stall: 900..901, seconds: 5, ..Fixture::default() }.report());
        assert!(even.contains("close together"), "{even}");
    }
}
