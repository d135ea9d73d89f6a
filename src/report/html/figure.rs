//! A chart with its data as a table: what every page shows charts by.

use serde::Serialize;

use super::HtmlError;
use crate::report::svg::{Axis, Chart, Shape};

/// A chart and its data.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Figure {
    pub(in crate::report) id: &'static str,
    title: &'static str,
    pub(in crate::report) caption: String,
    /// None where there is nothing to draw.
    drawing: Option<Drawing>,
    nothing: &'static str,
}

#[derive(Debug, Serialize)]
pub(in crate::report) struct Drawing {
    wide: String,
    narrow: String,
    table: Table,
    /// What its colours mean, if names in the drawing do not say so.
    legend: Vec<Swatch>,
}

#[derive(Debug, Serialize)]
pub(in crate::report) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    note: String,
}

/// A colour and what it means.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Swatch {
    /// For CSS.
    pub(in crate::report) class: &'static str,
    pub(in crate::report) text: String,
}

impl Figure {
    /// One that shows nothing yet, and says `nothing` if it stays so.
    pub(in crate::report) fn new(
        id: &'static str,
        title: &'static str,
        caption: String,
        nothing: &'static str,
    ) -> Self {
        Self { id, title, caption, drawing: None, nothing }
    }

    pub(in crate::report) fn drawn(self, chart: &Chart, table: Table) -> Result<Self, HtmlError> {
        self.drawn_with(chart, table, Vec::new())
    }

    pub(in crate::report) fn drawn_with(
        self,
        chart: &Chart,
        table: Table,
        legend: Vec<Swatch>,
    ) -> Result<Self, HtmlError> {
        let drawing = Drawing { wide: chart.draw(Shape::Wide)?, narrow: chart.draw(Shape::Narrow)?, table, legend };
        Ok(Self { drawing: Some(drawing), ..self })
    }
}

impl Table {
    pub(in crate::report) fn new<H: Into<String>>(
        head: impl IntoIterator<Item = H>,
        rows: Vec<Vec<String>>,
        note: String,
    ) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), rows, note }
    }
}

/// What stands along an axis of times.
pub(in crate::report) fn y_name(what: &str, y: &Axis) -> String {
    if y.is_log() { format!("{what} (log scale)") } else { what.to_owned() }
}
