//! A chart: axes, a grid, areas, lines with their names at the right end, and the bounds of gates.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Write;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::Cartesian2d;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, ShapeStyle, TextStyle};

use super::axis::Axis;
use super::backend::{Elements, GRAIN, escaped};
use super::ink::Ink;
use super::marks::{Dot, Mark, draw_dots, draw_marks};
use super::series::Run;

/// A chart that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("a chart could not be drawn: {0}")]
pub(crate) struct ChartError(#[from] DrawingAreaErrorKind<Infallible>);

/// A chart, ready to be drawn in any shape.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// What it is called in the page; `id` of its parts begin with it.
    pub(crate) id: &'static str,
    /// What it shows, for those who do not see it.
    pub(crate) title: String,
    /// What there is to see in it.
    pub(crate) description: String,
    /// What stands along the y axis.
    pub(crate) y_name: String,
    /// Left to right.
    pub(crate) x: Axis,
    /// Bottom to top.
    pub(crate) y: Axis,
    /// Behind the lines.
    pub(crate) areas: Vec<Area>,
    /// Filled boxes; neighbours of one ink take the least room.
    pub(crate) cells: Vec<Cell>,
    /// The data.
    pub(crate) lines: Vec<Line>,
    /// What gates allow.
    pub(crate) bounds: Vec<Bound>,
    /// The names of an axis of lanes, the lowest first.
    pub(crate) lanes: Vec<String>,
    /// Named places along the x axis.
    pub(crate) marks: Vec<Mark>,
    /// Points of their own, before everything else.
    pub(crate) dots: Vec<Dot>,
}

/// A filled box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    /// What it means.
    pub(crate) ink: Ink,
    /// From where to where along the x axis.
    pub(crate) x: (f64, f64),
    /// And along the y axis.
    pub(crate) y: (f64, f64),
}

/// A filled shape.
#[derive(Debug, Clone)]
pub(crate) struct Area {
    /// What it means.
    pub(crate) ink: Ink,
    /// Its outline.
    pub(crate) outline: Run,
}

/// One series.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Its name, which stands at its end.
    pub(crate) name: Cow<'static, str>,
    /// What it means.
    pub(crate) ink: Ink,
    /// Its points, without those between which there are none.
    pub(crate) runs: Vec<Run>,
}

/// A horizontal line that a gate draws.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// The gate as written.
    pub(crate) label: String,
    /// Where.
    pub(crate) at: f64,
}

/// For whom it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A page or a sheet of paper.
    Wide,
    /// A phone held upright.
    Narrow,
}

type Plot<'a, 'b> = ChartContext<'b, Elements<'a>, Cartesian2d<Axis, Axis>>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<Infallible>>;

/// Sizes in units of the view box, which are about pixels.
const FONT: i32 = 12;
/// About the width of a letter.
pub(super) const LETTER: i32 = 7;
pub(super) const LINE_HEIGHT: i32 = 15;
const TOP: i32 = 26;
const LEFT: i32 = 58;
const RIGHT: i32 = 66;
const BELOW: i32 = 26;
const LANE: u32 = 64;

impl Shape {
    fn size(self) -> (u32, u32) {
        match self {
            Self::Wide => (960, 320),
            Self::Narrow => (360, 280),
        }
    }

    fn x_labels(self) -> usize {
        match self {
            Self::Wide => 9,
            Self::Narrow => 4,
        }
    }

    /// The class by which CSS shows one and hides the other; also the end of ids.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

impl Chart {
    /// The `<svg>` element.
    pub(crate) fn draw(&self, shape: Shape) -> Result<String, ChartError> {
        let (width, height) = self.size(shape);
        let (id, class) = (self.id, shape.class());
        // Where the seconds lie, for whoever points at one.
        let plot = self.x.last_second().map(|end| format!(r#" data-plot="{LEFT} {} {end}""#, width as i32 - RIGHT));
        let plot = plot.unwrap_or_default();
        let mut out = String::new();
        let _ = writeln!(
            out,
            r#"<svg class="{class}" viewBox="0 0 {width} {height}"{plot} role="img" aria-labelledby="{id}-{class}-title {id}-{class}-desc"><title id="{id}-{class}-title">{}</title><desc id="{id}-{class}-desc">{}</desc>"#,
            escaped(&self.title),
            escaped(&self.description),
        );
        let root = Elements::new(&mut out, (width, height)).into_drawing_area();
        self.draw_into(&root, shape)?;
        root.present()?;
        drop(root);
        out.push_str("</svg>");
        Ok(out)
    }

    /// Lanes take the height that they need.
    fn size(&self, shape: Shape) -> (u32, u32) {
        let (width, height) = shape.size();
        match self.lanes.len() {
            0 => (width, height),
            lanes => (width, (TOP + BELOW) as u32 + lanes as u32 * LANE),
        }
    }

    fn draw_into(&self, root: &DrawingArea<Elements<'_>, Shift>, shape: Shape) -> Drawn {
        let grains = |units: i32| units * GRAIN;
        let mut plot = ChartBuilder::on(root)
            .margin_top(grains(TOP))
            .margin_right(grains(RIGHT))
            .x_label_area_size(grains(BELOW))
            .y_label_area_size(grains(LEFT))
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        plot.configure_mesh()
            .disable_x_mesh()
            .bold_line_style(stroke(Ink::Grid))
            .axis_style(stroke(Ink::Axis))
            .label_style(text(Ink::Label, HPos::Center, VPos::Center))
            .x_labels(shape.x_labels())
            .y_labels(6)
            .set_all_tick_mark_size(grains(4))
            .draw()?;
        root.draw_text(&self.y_name, &text(Ink::Label, HPos::Left, VPos::Top), (0, grains(2)))?;
        for area in &self.areas {
            plot.draw_series([Polygon::new(area.outline.clone(), stroke(area.ink).filled())])?;
        }
        let rectangle =
            |cell: &Cell| Rectangle::new([(cell.x.0, cell.y.1), (cell.x.1, cell.y.0)], stroke(cell.ink).filled());
        plot.draw_series(self.cells.iter().map(rectangle))?;
        self.name_lanes(&plot)?;
        self.draw_bounds(&mut plot)?;
        for line in &self.lines {
            draw_line(&mut plot, line)?;
        }
        draw_marks(self, &mut plot)?;
        draw_dots(&self.dots, &plot)?;
        self.name_lines(root, &plot)
    }

    /// Each bound as a line over the whole width, its gate written above its left end.
    fn draw_bounds(&self, plot: &mut Plot<'_, '_>) -> Drawn {
        let area = plot.plotting_area().strip_coord_spec();
        let (left, top) = area.get_base_pixel();
        let mut labels: Vec<(i32, i32, &str)> = Vec::new();
        for bound in &self.bounds {
            plot.draw_series([PathElement::new(vec![(0.0, bound.at), (self.x.end(), bound.at)], stroke(Ink::Bound))])?;
            let (x, y) = plot.backend_coord(&(0.0, bound.at));
            // Gates that are close to each other are written side by side.
            let beside = labels.iter().filter(|(_, other, _)| (y - other).abs() < LINE_HEIGHT * GRAIN);
            let indent = beside.map(|(x, _, text)| x + (text.chars().count() as i32 + 2) * LETTER * GRAIN).max();
            labels.push((indent.unwrap_or(x + 6 * GRAIN), y, &bound.label));
        }
        let style = text(Ink::Bound, HPos::Left, VPos::Bottom);
        labels.iter().try_for_each(|(x, y, label)| area.draw_text(label, &style, (x - left, y - 5 * GRAIN - top)))
    }

    /// The name of each lane, at the left of its upper edge.
    fn name_lanes(&self, plot: &Plot<'_, '_>) -> Drawn {
        let area = plot.plotting_area().strip_coord_spec();
        let (left, top) = area.get_base_pixel();
        let style = text(Ink::Label, HPos::Left, VPos::Top);
        (0..).zip(&self.lanes).try_for_each(|(lane, name)| {
            let (x, y) = plot.backend_coord(&(0.0, f64::from(lane) + 1.0));
            area.draw_text(name, &style, (x + 6 * GRAIN - left, y + 3 * GRAIN - top))
        })
    }

    /// The names of the lines at their right ends, moved apart where they would lie on each other.
    fn name_lines(&self, root: &DrawingArea<Elements<'_>, Shift>, plot: &Plot<'_, '_>) -> Drawn {
        let (x_range, y_range) = plot.plotting_area().get_pixel_range();
        let ends = self.lines.iter().filter_map(|line| {
            let end = line.runs.last().and_then(|run| run.last())?;
            Some((plot.backend_coord(end).1, line))
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by_key(|(y, _)| *y);
        let places = apart(ends.iter().map(|(y, _)| *y).collect(), LINE_HEIGHT * GRAIN, y_range.end);
        for ((_, line), y) in ends.into_iter().zip(places) {
            root.draw_text(&line.name, &text(line.ink, HPos::Left, VPos::Center), (x_range.end + 8 * GRAIN, y))?;
        }
        Ok(())
    }
}

fn draw_line(plot: &mut Plot<'_, '_>, line: &Line) -> Drawn {
    for run in &line.runs {
        match run[..] {
            // A line of one point would not be seen.
            [only] => plot.draw_series([Circle::new(only, 3 * GRAIN, stroke(line.ink).filled())])?,
            _ => plot.draw_series([PathElement::new(run.clone(), stroke(line.ink))])?,
        };
    }
    Ok(())
}

/// `places` in order, at least `least` apart, none below `lowest` if there is room.
fn apart(mut places: Vec<i32>, least: i32, lowest: i32) -> Vec<i32> {
    for at in 1..places.len() {
        places[at] = places[at].max(places[at - 1] + least);
    }
    let mut limit = lowest;
    for place in places.iter_mut().rev() {
        *place = (*place).min(limit);
        limit = *place - least;
    }
    places
}

pub(super) fn stroke(ink: Ink) -> ShapeStyle {
    ink.colour().stroke_width(1)
}

pub(super) fn text(ink: Ink, across: HPos, down: VPos) -> TextStyle<'static> {
    let font = ("sans-serif", FONT * GRAIN).into_font();
    TextStyle { font, color: ink.colour().to_backend_color(), pos: Pos::new(across, down) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let run = |values: &[f64]| (0..).map(|x| f64::from(x) + 0.5).zip(values.iter().copied()).collect::<Run>();
        Chart {
            id: "small",
            title: "A & B".to_owned(),
            description: "<two> lines".to_owned(),
            y_name: "time".to_owned(),
            x: Axis::elapsed(4.0),
            y: Axis::times(1e3, 20e3),
            areas: vec![Area { ink: Ink::Waiting, outline: vec![(0.5, 1e3), (1.5, 2e3), (1.5, 1e3)] }],
            cells: vec![Cell { ink: Ink::Heat2, x: (2.0, 3.0), y: (1e3, 2e3) }],
            lines: vec![
                Line { name: "p50".into(), ink: Ink::P50, runs: vec![run(&[1e3, 2e3, 3e3, 2e3])] },
                Line { name: "p95".into(), ink: Ink::P95, runs: vec![run(&[5e3, 9e3, 20e3, 2e3]), vec![(3.9, 2e3)]] },
            ],
            bounds: vec![Bound { label: "p95 < 15ms".to_owned(), at: 15e3 }],
            lanes: vec!["a lane".to_owned()],
            marks: vec![Mark { label: "here".to_owned(), at: 1.0, ink: Ink::Capacity }],
            dots: vec![Dot { ink: Ink::Breaks, at: (1.5, 2e3) }, Dot { ink: Ink::OfGenerator, at: (2.5, 3e3) }],
        }
    }

    #[test]
    fn a_small_chart_is_drawn_as_before() {
        insta::assert_snapshot!(chart().draw(Shape::Wide).unwrap());
    }

    #[test]
    fn nothing_is_coloured_here() {
        let svg = chart().draw(Shape::Narrow).unwrap();
        for word in ["fill=", "stroke=", "style=", "#", "rgb"] {
            assert!(!svg.contains(word), "{word}: {svg}");
        }
    }

    #[test]
    fn names_are_moved_apart_but_not_off_the_chart() {
        assert_eq!(apart(vec![10, 12, 50], 15, 100), [10, 25, 50]);
        assert_eq!(apart(vec![90, 95, 99], 15, 100), [70, 85, 100]);
    }
}
