//! The curve as a sketch of letters: response times over the rate that was offered, a letter for how each rate came out.

use super::words;
use crate::explore::{ExplorationResult, Outcome, Point};
use crate::report::svg::Axis;
use crate::units::format_us_f64;

/// Columns of the sketch itself.
const WIDTH: usize = 62;
/// Its rows.
const ROWS: usize = 11;
/// What the bound of a gate is drawn with.
const BOUND: char = '┄';
/// What the capacity is drawn with.
const CAPACITY: char = '┊';

/// The curve; nothing where there are too few answers to have a shape.
pub(super) fn sketch(result: &ExplorationResult) -> Option<String> {
    let points: Vec<&Point> = words::by_rate(&result.points).into_iter().filter(|p| is_drawn(p)).collect();
    let (first, last) = (points.first()?, points.last()?);
    if words::same_rate(first.rate_per_s, last.rate_per_s) {
        return None;
    }
    let bound = bound(result);
    let p95 = |point: &&Point| point.response_us.p95 as f64;
    let lowest = points.iter().map(p95).chain(bound).fold(f64::MAX, f64::min);
    let highest = points.iter().map(p95).chain(bound).fold(0.0, f64::max);
    let x = Axis::rates(first.rate_per_s, last.rate_per_s);
    let y = Axis::times(lowest, highest);
    let mut canvas = vec![vec![' '; WIDTH]; ROWS];
    let column = |rate: f64| (x.share(rate) * (WIDTH - 1) as f64).round() as usize;
    let row = |us: f64| ((1.0 - y.share(us)) * (ROWS - 1) as f64).round() as usize;
    if let Some(bound) = bound {
        canvas[row(bound)].fill(BOUND);
    }
    if let Some(rate) = words::middle(result) {
        canvas.iter_mut().for_each(|line| line[column(rate)] = CAPACITY);
    }
    for point in &points {
        canvas[row(p95(point))][column(point.rate_per_s)] = letter(point.outcome);
    }
    let marks: Vec<(usize, String)> =
        y.marks(4).map(|(share, name)| (((1.0 - share) * (ROWS - 1) as f64).round() as usize, name)).collect();
    let margin = marks.iter().map(|(_, name)| name.chars().count()).max().unwrap_or(0).max(5) + 2;
    let scales = match (x.is_log(), y.is_log()) {
        (true, true) => " (log scales)",
        (false, true) => " (times on a log scale)",
        (true, false) => " (rates on a log scale)",
        (false, false) => "",
    };
    let mut out = format!("{:margin$}   p95 of response over the rate that was offered{scales}\n", "");
    for (at, line) in canvas.iter().enumerate() {
        let (name, edge) = match marks.iter().find(|(row, _)| *row == at) {
            Some((_, name)) => (name.as_str(), '┤'),
            None => ("", '│'),
        };
        let line: String = line.iter().collect();
        out.push_str(format!("{name:>margin$} {edge}{line}").trim_end());
        out.push('\n');
    }
    let below: Vec<(usize, String)> =
        x.marks(7).map(|(share, name)| ((share * (WIDTH - 1) as f64).round() as usize, name)).collect();
    let edge = (0..WIDTH).map(|column| if below.iter().any(|(at, _)| *at == column) { '┴' } else { '─' });
    out.push_str(&format!("{:margin$} └{}\n", "", edge.collect::<String>()));
    // One more for the edge itself.
    out.push_str(&format!("{:margin$}  {}\n", "", named(&below)));
    let letters = letters(&points);
    let bound_words = bound.map(|us| format!("   {BOUND} bound {}", format_us_f64(us))).unwrap_or_default();
    let capacity = words::middle(result).map(|_| format!("   {CAPACITY} capacity")).unwrap_or_default();
    out.push_str(&format!("{:margin$}  {letters}{bound_words}{capacity}\n", ""));
    Some(out)
}

/// Whether `point` has a place in the sketch.
fn is_drawn(point: &Point) -> bool {
    point.response_us.count > 0 && point.rate_per_s.is_finite() && point.rate_per_s > 0.0
}

/// The lowest bound of a gate about the p95 of responses of all steps, in microseconds.
fn bound(result: &ExplorationResult) -> Option<f64> {
    words::time_bounds(result)
        .into_iter()
        .filter(|(text, _)| text.starts_with("p95 "))
        .map(|(_, us)| us)
        .reduce(f64::min)
}

fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Holds => 'o',
        Outcome::Breaks => 'x',
        Outcome::Unclear => '?',
        Outcome::Generator => 'g',
        Outcome::Interrupted => '-',
    }
}

/// What the letters mean that are there.
fn letters(points: &[&Point]) -> String {
    let all = [Outcome::Holds, Outcome::Breaks, Outcome::Unclear, Outcome::Generator, Outcome::Interrupted];
    let there = all.into_iter().filter(|outcome| points.iter().any(|point| point.outcome == *outcome));
    there.map(|outcome| format!("{} {}", letter(outcome), words::outcome(outcome))).collect::<Vec<_>>().join("   ")
}

/// The names with their middle at their places, as far as each has room.
fn named(marks: &[(usize, String)]) -> String {
    let mut line = String::new();
    for (at, name) in marks {
        let (width, half) = (line.chars().count(), name.chars().count() / 2);
        let from = at.saturating_sub(half);
        if width == 0 || from > width {
            line.push_str(&" ".repeat(from - width));
            line.push_str(name);
        }
    }
    line
}
