//! The curve: response and service times over the rate that was offered, as a whole and around the limit.

use std::borrow::Cow;

use super::{MOST_BOUNDS, Rates, dots, first_rate, last_rate, legend, means, one, rates};
use crate::explore::Point;
use crate::report::HtmlError;
use crate::report::exploration::words;
use crate::report::html::{Figure, Table, y_name};
use crate::report::inert;
use crate::report::svg::{Axis, Bound, Chart, Ink, Line};
use crate::units::format_us;

/// A bound this many times above everything that was measured would press the curves flat.
const FAR_ABOVE: f64 = 4.0;
/// No gate's text is longer in a chart.
const LONGEST_LABEL: usize = 60;
/// How far around the limit is drawn by itself, as a factor of the ends of its interval.
const AROUND: f64 = 1.15;
/// It takes as many different rates to be worth a chart.
const LEAST_RATES: u64 = 4;

/// All of it.
pub(super) fn whole(of: &Rates<'_>) -> Result<Figure, HtmlError> {
    let figure = Figure::new(
        "curve",
        "The curve: what people wait, by the rate that was offered",
        "Response time counts from the moment a request was due, service time from the moment it was sent: where the \
         two part, requests queue. Each mark is one load."
            .to_owned(),
        "No request came to an end, so there is no curve to draw.",
    );
    let answered = answered(of);
    match rates(&answered) {
        Some(x) => drawn(of, figure, &answered, x),
        None => Ok(figure),
    }
}

/// The part around the capacity, where it lies within an interval and enough rates were tried there; not where that would be
/// most of the curve anyhow.
pub(super) fn around_the_limit(of: &Rates<'_>) -> Result<Option<Figure>, HtmlError> {
    let capacity = &of.result.capacity;
    let (Some(low), Some(high)) = (capacity.low_per_s, capacity.high_per_s) else { return Ok(None) };
    let x = Axis::rates_between(low / AROUND, high * AROUND);
    let answered = answered(of);
    let is_near = |point: &&Point| (x.start()..=x.end()).contains(&point.rate_per_s);
    let near: Vec<&Point> = answered.iter().copied().filter(is_near).collect();
    let is_most = rates(&answered).is_none_or(|all| !all.is_log());
    if is_most || words::rates_of(&near) < LEAST_RATES {
        return Ok(None);
    }
    let figure = Figure::new(
        "limit",
        "The curve around the limit",
        "The same on an even scale, from a little below the interval of the capacity to a little above it.".to_owned(),
        "",
    );
    drawn(of, figure, &near, x).map(Some)
}

fn answered<'r>(of: &Rates<'r>) -> Vec<&'r Point> {
    let is_answered = |point: &&Point| point.response_us.count > 0 && point.service_us.count > 0;
    of.sorted.iter().copied().filter(is_answered).collect()
}

fn drawn(of: &Rates<'_>, mut figure: Figure, answered: &[&Point], x: Axis) -> Result<Figure, HtmlError> {
    let times = |point: &&Point| [point.service_us.p50, point.response_us.p95, point.response_us.p50];
    let all = || answered.iter().flat_map(times).map(|us| us as f64);
    let (lowest, highest) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
    let (near, far): (Vec<_>, Vec<_>) =
        words::time_bounds(of.result).into_iter().take(MOST_BOUNDS).partition(|(_, us)| *us <= highest * FAR_ABOVE);
    for (text, _) in far {
        let text = inert::cut(&text, LONGEST_LABEL);
        figure.caption.push_str(&format!(" The bound {text} lies far above everything measured and is not drawn."));
    }
    if !of.band(&x, &Axis::shares(1.0)).is_empty() {
        let sure = words::percent(of.result.capacity.confidence);
        figure.caption.push_str(&format!(" The band is where the capacity lies, with {sure} confidence."));
    }
    let ends = near.iter().map(|(_, us)| *us);
    let y = Axis::times(ends.clone().fold(lowest, f64::min), ends.fold(highest, f64::max));
    let line = |name: &'static str, ink, of: fn(&Point) -> u64| Line {
        name: Cow::Borrowed(name),
        ink,
        runs: one(means(answered, |point| of(point) as f64)),
    };
    let bounds = near.into_iter().map(|(text, at)| Bound { label: inert::cut(&text, LONGEST_LABEL), at }).collect();
    let (from, to) = (first_rate(answered), last_rate(answered));
    let cells = of.band(&x, &y);
    let has_band = !cells.is_empty();
    let chart = Chart {
        id: figure.id,
        title: format!("Response and service time by the rate that was offered, {from} to {to}"),
        description: format!(
            "The 95th percentile of response time lies between {} and {}. The data follows as a table.",
            format_us(answered.iter().map(|point| point.response_us.p95).min().unwrap_or_default()),
            format_us(answered.iter().map(|point| point.response_us.p95).max().unwrap_or_default()),
        ),
        y_name: y_name("time", &y),
        areas: Vec::new(),
        cells,
        lines: vec![
            line("resp. p95", Ink::Response, |point| point.response_us.p95),
            line("resp. p50", Ink::P50, |point| point.response_us.p50),
            line("serv. p95", Ink::P99, |point| point.service_us.p95),
            line("serv. p50", Ink::Service, |point| point.service_us.p50),
        ],
        bounds,
        lanes: Vec::new(),
        marks: of.marks(&x),
        dots: dots(answered, |point| point.response_us.p95 as f64),
        x,
        y,
    };
    let row = |point: &&Point| {
        let (response, service) = (&point.response_us, &point.service_us);
        let times = [response.p50, response.p95, response.p99, service.p50, service.p95].map(format_us);
        [vec![words::rate(point.rate_per_s), words::outcome(point.outcome).to_owned()], times.into()].concat()
    };
    let head = ["rate", "outcome", "resp. p50", "resp. p95", "resp. p99", "serv. p50", "serv. p95"];
    let table = Table::new(head, answered.iter().map(row).collect(), String::new());
    figure.drawn_with(&chart, table, legend(answered, has_band))
}
