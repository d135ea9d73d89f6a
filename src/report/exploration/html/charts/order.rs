//! When which rate was tried.

use std::borrow::Cow;

use super::super::is_drawn;
use super::{OUTCOMES, dot, legend, rates};
use crate::explore::{Outcome, Point};
use crate::report::HtmlError;
use crate::report::exploration::words;
use crate::report::html::{Figure, Table, y_name};
use crate::report::svg::{Axis, Chart, Ink, Line};

/// The chart of `points`.
pub(super) fn figure(points: &[Point]) -> Result<Figure, HtmlError> {
    let figure = Figure::new(
        "order",
        "The order in which rates were tried",
        "Each line is one load, as long as it was; between two of them the target recovers.".to_owned(),
        "No rate was tried.",
    );
    let is_shown =
        |point: &&Point| is_drawn(point) && point.started_s >= 0.0 && point.lasted_s >= 0.0 && point.started_s < 1e7;
    let shown: Vec<&Point> = points.iter().filter(is_shown).collect();
    let Some(y) = rates(&shown) else { return Ok(figure) };
    let end = |point: &Point| point.started_s + point.lasted_s.min(1e7);
    let line = |ink: Ink, outcome: Outcome| {
        let runs = shown.iter().filter(|point| point.outcome == outcome);
        let run = |point: &&Point| vec![(point.started_s, point.rate_per_s), (end(point), point.rate_per_s)];
        Line { name: Cow::Borrowed(""), ink, runs: runs.map(run).collect() }
    };
    let steps = OUTCOMES.map(|(outcome, ink)| line(ink, outcome));
    let chart = Chart {
        id: figure.id,
        title: "The rate that was offered over the time of the exploration".to_owned(),
        description: format!(
            "{} loads, from {} to {}. The data follows as a table.",
            shown.len(),
            y_end(&shown, f64::min),
            y_end(&shown, f64::max)
        ),
        y_name: y_name("rate", &y),
        x: Axis::elapsed(shown.iter().map(|point| end(point)).fold(1.0, f64::max)),
        y,
        areas: Vec::new(),
        cells: Vec::new(),
        lines: steps.into_iter().filter(|line| !line.runs.is_empty()).collect(),
        bounds: Vec::new(),
        lanes: Vec::new(),
        marks: Vec::new(),
        dots: shown.iter().map(|point| dot(point, (end(point), point.rate_per_s))).collect(),
    };
    let row = |point: &&Point| {
        vec![
            format!("{:.1}", point.started_s),
            point.number.to_string(),
            words::rate(point.rate_per_s),
            words::phase(point.phase).to_owned(),
            words::outcome(point.outcome).to_owned(),
            words::seconds(point.lasted_s),
        ]
    };
    let head = ["second", "load", "rate", "for", "outcome", "took"];
    figure.drawn_with(&chart, Table::new(head, shown.iter().map(row).collect(), String::new()), legend(&shown, false))
}

fn y_end(points: &[&Point], of: fn(f64, f64) -> f64) -> String {
    words::rate(points.iter().map(|point| point.rate_per_s).reduce(of).unwrap_or_default())
}
