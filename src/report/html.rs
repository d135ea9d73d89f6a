//! `report.html`: one page that needs no network and no script, for whoever decides and whoever argues.
//!
//! Takes a [`Report`], words it ([`page::Page`]), and fills one template. Whatever came from the scenario or the target
//! is hostile input: the template escapes it, and characters that would move or hide text are replaced.

mod calls;
mod charts;
mod data;
mod fact;
mod facts;
mod figure;
mod page;
mod phases;
mod shell;
mod tables;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod whole;

use std::io;
use std::sync::LazyLock;

use super::Report;
use super::svg::ChartError;
pub(super) use fact::{Banner, Fact, machine, paragraphs, seconds};
pub(super) use figure::{Figure, Swatch, Table, y_name};
pub(super) use page::{lines_of, started_words};
pub(super) use shell::{Parts, Room, fill, within};
pub(super) use tables::class_of;

/// A page that could not be made: a mistake in mnload, never in what was measured.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The template does not fit the data.
    #[error("the page's template does not fit the report: {0}")]
    Template(#[from] minijinja::Error),
    /// A chart could not be drawn.
    #[error("{0}")]
    Chart(String),
    /// What it holds for programs could not be written.
    #[error("the page's data could not be written: {0}")]
    Data(#[source] io::Error),
}

impl From<ChartError> for HtmlError {
    fn from(error: ChartError) -> Self {
        Self::Chart(error.to_string())
    }
}

const TEMPLATE: &str = concat!(
    include_str!("html/head.html"),
    include_str!("html/page.html"),
    include_str!("html/judged.html"),
    include_str!("html/steps.html"),
    include_str!("html/charts.html"),
    include_str!("html/errors.html"),
    include_str!("html/environment.html"),
    include_str!("html/about.html"),
);

static PARTS: LazyLock<Parts> = LazyLock::new(|| Parts::of(include_str!("html/style.css")));

/// What is tried, in this order, until the page is small enough. The last is small whatever was measured.
const ROOMS: [Room; 3] = [
    Room { rows: 400, text: 500, data: 160_000 },
    Room { rows: 100, text: 200, data: 60_000 },
    Room { rows: 16, text: 100, data: 20_000 },
];

/// The page.
///
/// # Errors
/// When the template and the data do not fit together, which the tests rule out.
pub(super) fn render(report: &Report) -> Result<String, HtmlError> {
    within(&ROOMS, |room| fill(TEMPLATE, page::Page::of(report, &PARTS, room)?))
}
