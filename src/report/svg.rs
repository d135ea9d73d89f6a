//! Charts as SVG: plotters draws them, a backend of our own writes them.
//!
//! Takes series, axes and bounds as numbers, gives an `<svg>` element that carries classes instead of colours, so
//! that the page's CSS decides how it looks in light, dark and print.

mod axis;
mod backend;
mod chart;
mod ink;
mod marks;
mod series;

pub(super) use axis::Axis;
pub(super) use chart::{Area, Bound, Cell, Chart, ChartError, Line, Shape};
pub(super) use ink::{HEAT, Ink};
pub(super) use marks::{Dot, Mark};
pub(super) use series::{MOST_POINTS, Run, runs};
