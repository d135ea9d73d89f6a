//! Throughput over concurrency, with the law that describes it where there is one.

use super::{Rates, dot, legend};
use crate::explore::{Point, Scalability};
use crate::report::HtmlError;
use crate::report::exploration::words;
use crate::report::html::{Figure, Room, Table};
use crate::report::inert;
use crate::report::svg::{Axis, Chart, Ink, Line, Mark, Run};

/// Points that a law is drawn with.
const LAW_POINTS: u32 = 80;

/// Throughput over how many requests were at the target at one time.
pub(super) fn figure(of: &Rates<'_>, room: Room) -> Result<Figure, HtmlError> {
    let law = of.result.scalability.as_ref();
    let told = match law {
        Some(_) => {
            " The line is the Universal Scalability Law, fitted to these points: what cannot be done side by side \
             bends it, and keeping in step turns it down."
        }
        None => " No law describes these points well enough to be drawn.",
    };
    let figure = Figure::new(
        "scaling",
        "Throughput, by requests at the target at one time",
        format!("Requests that came to an end in each second, over how many were under way on average.{told}"),
        "No request came to an end, so there is no throughput to draw.",
    );
    let is_shown = |point: &&Point| {
        point.in_flight > 0.0 && point.in_flight < 1e9 && point.requests_per_s > 0.0 && point.requests_per_s < 1e9
    };
    let shown: Vec<&Point> = of.sorted.iter().copied().filter(is_shown).collect();
    if shown.is_empty() {
        return Ok(figure);
    }
    let most = shown.iter().map(|point| point.in_flight).fold(0.0, f64::max);
    let highest = shown.iter().map(|point| point.requests_per_s).fold(0.0, f64::max);
    let x = Axis::counts(most);
    let curve = law.map(|law| curve(law, x.end())).unwrap_or_default();
    let y = Axis::rates(0.0, curve.iter().map(|(_, y)| *y).fold(highest, f64::max)).even_from_zero();
    let peak = law.and_then(|law| law.peak_in_flight).filter(|at| *at > 0.0 && *at < x.end());
    let chart = Chart {
        id: figure.id,
        title: "Requests per second by requests at the target at one time".to_owned(),
        description: format!(
            "At most {} requests/s, with up to {} at one time. The data follows as a table.",
            words::bare(highest),
            words::bare(most)
        ),
        y_name: "requests/s".to_owned(),
        areas: Vec::new(),
        cells: Vec::new(),
        lines: match curve.is_empty() {
            true => Vec::new(),
            false => vec![Line { name: "law".into(), ink: Ink::Law, runs: vec![curve] }],
        },
        bounds: Vec::new(),
        lanes: Vec::new(),
        marks: peak.map(|at| Mark { label: "peak of the law".to_owned(), at, ink: Ink::Knee }).into_iter().collect(),
        dots: shown.iter().map(|point| dot(point, (point.in_flight, point.requests_per_s))).collect(),
        x,
        y,
    };
    let row = |point: &&Point| {
        let figures = [point.in_flight, point.requests_per_s].map(words::bare);
        let law = law.map(|law| words::bare(throughput(law, point.in_flight)));
        [figures.into(), law.into_iter().collect::<Vec<_>>(), vec![words::rate(point.rate_per_s)]].concat()
    };
    let head: &[&str] = match law {
        Some(_) => &["at one time", "requests/s", "by the law", "rate"],
        None => &["at one time", "requests/s", "rate"],
    };
    let note = law.map(words::scalability).map(|text| inert::cut(&text, room.text)).unwrap_or_default();
    let table = Table::new(head.iter().copied(), shown.iter().map(row).collect(), note);
    figure.drawn_with(&chart, table, legend(&shown, false))
}

/// What the law gives up to a concurrency of `most`.
fn curve(law: &Scalability, most: f64) -> Run {
    let at = |step: u32| most * f64::from(step) / f64::from(LAW_POINTS);
    (0..=LAW_POINTS)
        .map(|step| (at(step), throughput(law, at(step))))
        .filter(|(_, y)| y.is_finite() && *y >= 0.0)
        .collect()
}

fn throughput(law: &Scalability, n: f64) -> f64 {
    law.gamma * n / (1.0 + law.alpha * (n - 1.0) + law.beta * n * (n - 1.0))
}
