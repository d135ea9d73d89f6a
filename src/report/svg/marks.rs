//! Marks of a chart: named places along the x axis, and points that are told apart by their shape, not by a colour alone.

use plotters::chart::ChartContext;
use plotters::element::{Circle, PathElement, Polygon};
use plotters::prelude::Cartesian2d;
use plotters::style::text_anchor::{HPos, VPos};

use super::axis::Axis;
use super::backend::{Elements, GRAIN};
use super::chart::{Chart, Drawn, LETTER, LINE_HEIGHT, stroke, text};
use super::ink::Ink;

/// A vertical line with its name.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// What it is.
    pub(crate) label: String,
    /// Where along the x axis.
    pub(crate) at: f64,
    /// What it means.
    pub(crate) ink: Ink,
}

/// A point of its own; its shape follows from what it means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dot {
    /// What it means.
    pub(crate) ink: Ink,
    /// Where.
    pub(crate) at: (f64, f64),
}

type Plot<'a, 'b> = ChartContext<'b, Elements<'a>, Cartesian2d<Axis, Axis>>;

/// How far a shape reaches from its middle.
const REACH: i32 = 4 * GRAIN;

/// Each mark over the whole height, its name at the top; names that would lie on each other stand one below the other.
pub(super) fn draw_marks(chart: &Chart, plot: &mut Plot<'_, '_>) -> Drawn {
    let area = plot.plotting_area().strip_coord_spec();
    let (left, _) = area.get_base_pixel();
    let (width, _) = area.dim_in_pixel();
    let width = width as i32;
    // From where to where each name reaches, and in which line.
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    for mark in &chart.marks {
        let (from, to) = (chart.y.start(), chart.y.end());
        plot.draw_series([PathElement::new(vec![(mark.at, from), (mark.at, to)], stroke(mark.ink))])?;
        let x = plot.backend_coord(&(mark.at, to)).0 - left;
        let length = mark.label.chars().count() as i32 * LETTER * GRAIN;
        let gap = 5 * GRAIN;
        let is_left = x + gap + length > width;
        let (start, end) = if is_left { (x - gap - length, x - gap) } else { (x + gap, x + gap + length) };
        let is_free = |line: i32| taken.iter().all(|(a, b, other)| *other != line || end < *a || start > *b);
        let line = (0..8).find(|line| is_free(*line)).unwrap_or_default();
        taken.push((start, end, line));
        let (anchor, at) = if is_left { (HPos::Right, end) } else { (HPos::Left, start) };
        let style = text(mark.ink, anchor, VPos::Top);
        area.draw_text(&mark.label, &style, (at, 3 * GRAIN + line * LINE_HEIGHT * GRAIN))?;
    }
    Ok(())
}

/// Each point in the shape of its meaning: a disc, a cross, a ring, a triangle, a bar.
pub(super) fn draw_dots(dots: &[Dot], plot: &Plot<'_, '_>) -> Drawn {
    let area = plot.plotting_area().strip_coord_spec();
    let (left, top) = area.get_base_pixel();
    for dot in dots {
        let (x, y) = plot.backend_coord(&dot.at);
        let (x, y) = (x - left, y - top);
        let path = |points: Vec<(i32, i32)>| PathElement::new(points, stroke(dot.ink));
        match dot.ink {
            Ink::Breaks => {
                area.draw(&path(vec![(x - REACH, y - REACH), (x + REACH, y + REACH)]))?;
                area.draw(&path(vec![(x - REACH, y + REACH), (x + REACH, y - REACH)]))?;
            }
            Ink::OfGenerator => {
                let corners = vec![(x, y - REACH), (x + REACH, y + REACH), (x - REACH, y + REACH)];
                area.draw(&Polygon::new(corners, stroke(dot.ink).filled()))?;
            }
            Ink::Stopped => area.draw(&path(vec![(x - REACH, y), (x + REACH, y)]))?,
            _ => area.draw(&Circle::new((x, y), REACH, stroke(dot.ink).filled()))?,
        }
    }
    Ok(())
}
