//! The charts of an exploration, each with its data as a table: which there are, and what they have in common.

mod curve;
mod kept;
mod order;
mod scaling;

use super::super::words;
use super::is_drawn;
use crate::explore::{ExplorationResult, Outcome, Point};
use crate::report::HtmlError;
use crate::report::html::{Figure, Room, Swatch};
use crate::report::svg::{Axis, Cell, Dot, Ink, Mark, Run};

/// More bounds would hide the curves.
const MOST_BOUNDS: usize = 4;
/// All charts of `result`, of the points that are `shown`.
pub(super) fn figures(result: &ExplorationResult, shown: &[Point], room: Room) -> Result<Vec<Figure>, HtmlError> {
    let sorted: Vec<&Point> = words::by_rate(shown).into_iter().filter(|point| is_drawn(point)).collect();
    let of = Rates { result, sorted: &sorted };
    let mut figures = vec![curve::whole(&of)?];
    figures.extend(curve::around_the_limit(&of)?);
    figures.extend([kept::achieved(&of)?, kept::errors(&of)?, scaling::figure(&of, room)?, order::figure(shown)?]);
    Ok(figures)
}

/// The points by rate.
struct Rates<'r> {
    result: &'r ExplorationResult,
    sorted: &'r [&'r Point],
}

impl Rates<'_> {
    /// The capacity's interval, from the bottom to the top.
    fn band(&self, x: &Axis, y: &Axis) -> Vec<Cell> {
        let capacity = &self.result.capacity;
        let ends = (capacity.low_per_s, capacity.high_per_s);
        let (Some(low), Some(high)) = ends else { return Vec::new() };
        let is_within = low <= high && high > x.start() && low < x.end();
        let cell = Cell { ink: Ink::Within, x: (low.max(x.start()), high.min(x.end())), y: (y.start(), y.end()) };
        is_within.then_some(cell).into_iter().collect()
    }

    /// The capacity and the knee, where they are known and shown.
    fn marks(&self, x: &Axis) -> Vec<Mark> {
        let capacity = words::middle(self.result).map(|at| {
            let label = format!("capacity {}", words::rate(at));
            Mark { label, at, ink: Ink::Capacity }
        });
        let knee = self.result.knee.map(|knee| {
            let label = format!("knee {}", words::rate(knee.per_s));
            Mark { label, at: knee.per_s, ink: Ink::Knee }
        });
        capacity.into_iter().chain(knee).filter(|mark| mark.at > x.start() && mark.at < x.end()).collect()
    }
}

const OUTCOMES: [(Outcome, Ink); 5] = [
    (Outcome::Holds, Ink::Holds),
    (Outcome::Breaks, Ink::Breaks),
    (Outcome::Unclear, Ink::Unclear),
    (Outcome::Generator, Ink::OfGenerator),
    (Outcome::Interrupted, Ink::Stopped),
];

fn dots(points: &[&Point], of: impl Fn(&Point) -> f64) -> Vec<Dot> {
    points.iter().map(|point| dot(point, (point.rate_per_s, of(point)))).collect()
}

fn dot(point: &Point, at: (f64, f64)) -> Dot {
    let ink = OUTCOMES.iter().find(|(outcome, _)| *outcome == point.outcome).map_or(Ink::Stopped, |(_, ink)| *ink);
    Dot { ink, at }
}

/// What the shapes mean that are there, and the band if there is one.
fn legend(points: &[&Point], has_band: bool) -> Vec<Swatch> {
    let there = OUTCOMES.iter().filter(|(outcome, _)| points.iter().any(|point| point.outcome == *outcome));
    let words = |outcome| match outcome {
        Outcome::Holds => "holds",
        Outcome::Breaks => "breaks",
        Outcome::Unclear => "too close to tell",
        Outcome::Generator => "the generator was short of something",
        Outcome::Interrupted => "stopped",
    };
    let shapes = there.map(|(outcome, ink)| Swatch { class: ink.class(), text: words(*outcome).to_owned() });
    let band = has_band.then(|| Swatch { class: Ink::Within.class(), text: "where the capacity lies".to_owned() });
    shapes.chain(band).collect()
}

/// The axis of the rates of `points`; none if there are none.
fn rates(points: &[&Point]) -> Option<Axis> {
    let all = || points.iter().map(|point| point.rate_per_s);
    (!points.is_empty()).then(|| Axis::rates(all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max)))
}

/// A line through the mean of each rate.
fn means(points: &[&Point], of: impl Fn(&Point) -> f64) -> Run {
    let same = points.chunk_by(|a, b| words::same_rate(a.rate_per_s, b.rate_per_s));
    let mean = |group: &[&Point]| {
        let sum: f64 = group.iter().map(|point| of(point)).sum();
        Some((group.first()?.rate_per_s, sum / group.len() as f64))
    };
    same.filter_map(mean).collect()
}

/// A run, unless it is empty.
fn one(run: Run) -> Vec<Run> {
    if run.is_empty() { Vec::new() } else { vec![run] }
}

fn first_rate(points: &[&Point]) -> String {
    points.first().map(|point| words::rate(point.rate_per_s)).unwrap_or_default()
}

fn last_rate(points: &[&Point]) -> String {
    points.last().map(|point| words::rate(point.rate_per_s)).unwrap_or_default()
}
