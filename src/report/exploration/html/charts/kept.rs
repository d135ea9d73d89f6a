//! What came of what was offered: journeys that came to an end, and requests that failed.

use super::{MOST_BOUNDS, Rates, dots, last_rate, legend, means, one, rates};
use crate::explore::Point;
use crate::gate::{Bound as GateBound, Gate, Metric, Of};
use crate::report::HtmlError;
use crate::report::exploration::words;
use crate::report::html::{Figure, Table, y_name};
use crate::report::svg::{Axis, Bound, Chart, Ink, Line};
use crate::units::format_count;

/// Journeys that came to an end over those that were due.
pub(super) fn achieved(of: &Rates<'_>) -> Result<Figure, HtmlError> {
    let figure = Figure::new(
        "achieved",
        "Achieved, by the rate that was offered",
        "Journeys that came to an end in each second. Where this falls below the line of all, journeys pile up."
            .to_owned(),
        "No rate was tried.",
    );
    let Some(x) = rates(of.sorted) else { return Ok(figure) };
    let achieved: Vec<&Point> = of.sorted.iter().copied().filter(|point| point.achieved_per_s > 0.0).collect();
    let all = || of.sorted.iter().map(|point| point.rate_per_s);
    let done = || achieved.iter().map(|point| point.achieved_per_s);
    let y = Axis::rates(all().chain(done()).fold(f64::MAX, f64::min), all().chain(done()).fold(0.0, f64::max));
    let due = one(means(of.sorted, |point| point.rate_per_s));
    let cells = of.band(&x, &y);
    let has_band = !cells.is_empty();
    let chart = Chart {
        id: figure.id,
        title: "Journeys that came to an end by the rate that was offered".to_owned(),
        description: format!(
            "At most {} were achieved, of {} that were offered at the most. The data follows as a table.",
            words::rate(done().fold(0.0, f64::max)),
            last_rate(of.sorted)
        ),
        y_name: y_name("achieved", &y),
        areas: Vec::new(),
        cells,
        lines: vec![
            Line { name: "all".into(), ink: Ink::Due, runs: due },
            Line {
                name: "achieved".into(),
                ink: Ink::Response,
                runs: one(means(&achieved, |point| point.achieved_per_s)),
            },
        ],
        bounds: Vec::new(),
        lanes: Vec::new(),
        marks: of.marks(&x),
        dots: dots(&achieved, |point| point.achieved_per_s),
        x,
        y,
    };
    let row = |point: &&Point| {
        let kept = words::percent(point.achieved_per_s / point.rate_per_s);
        vec![words::rate(point.rate_per_s), words::rate(point.achieved_per_s), kept, growth(point)]
    };
    let rows = of.sorted.iter().map(row).collect();
    let table = Table::new(["rate", "achieved", "of what was due", "piling up per second"], rows, String::new());
    figure.drawn_with(&chart, table, legend(of.sorted, has_band))
}

/// Failed requests over the rate that was offered.
pub(super) fn errors(of: &Rates<'_>) -> Result<Figure, HtmlError> {
    let mut figure = Figure::new(
        "error-rates",
        "Errors, by the rate that was offered",
        "Requests that failed, as a share of all.".to_owned(),
        "No request came to an end, so there are no errors to draw.",
    );
    let counted: Vec<&Point> = of.sorted.iter().copied().filter(|point| point.error_rate.is_some()).collect();
    let Some(x) = rates(&counted) else { return Ok(figure) };
    let share = |point: &Point| point.error_rate.unwrap_or_default();
    let highest = counted.iter().map(|point| share(point)).fold(0.0, f64::max);
    if highest == 0.0 {
        figure.caption.push_str(" None did.");
    }
    let bounds = share_bounds(of);
    let y = Axis::shares(bounds.iter().map(|bound| bound.at).fold(highest, f64::max));
    let cells = of.band(&x, &y);
    let has_band = !cells.is_empty();
    let chart = Chart {
        id: figure.id,
        title: "Failed requests by the rate that was offered".to_owned(),
        description: format!("At most {} failed. The data follows as a table.", words::percent(highest)),
        y_name: "failed".to_owned(),
        areas: Vec::new(),
        cells,
        lines: vec![Line { name: "failed".into(), ink: Ink::Failed, runs: one(means(&counted, share)) }],
        bounds,
        lanes: Vec::new(),
        marks: of.marks(&x),
        dots: dots(&counted, share),
        x,
        y,
    };
    let row = |point: &&Point| {
        let counts = [point.requests, point.failed, point.refused].map(format_count);
        [vec![words::rate(point.rate_per_s)], counts.into(), vec![words::share(point.error_rate)]].concat()
    };
    let head = ["rate", "requests", "failed", "429 or 503", "failed %"];
    let note = "Counts are of all of the load, the share is of what is judged of it.".to_owned();
    let table = Table::new(head, counted.iter().map(row).collect(), note);
    figure.drawn_with(&chart, table, legend(&counted, has_band))
}

/// The bounds of gates about errors of all steps.
fn share_bounds(of: &Rates<'_>) -> Vec<Bound> {
    let bounds = of.result.asked.gates.iter().filter_map(|(_, wanted)| {
        let gate: Gate = wanted.parse().ok()?;
        let is_share = matches!(gate.metric, Metric::ErrorRate(_)) && matches!(gate.bound, GateBound::Percent(_));
        (gate.of == Of::All && is_share).then(|| Bound { label: gate.plain().to_string(), at: gate.bound_value() })
    });
    bounds.take(MOST_BOUNDS).collect()
}

fn growth(point: &Point) -> String {
    match words::error(point.growth.error) {
        Some(error) => format!("{:.1} ± {error:.1}", point.growth.per_s),
        None => words::NONE.to_owned(),
    }
}
