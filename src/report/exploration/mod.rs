//! Views of an exploration: how much the target can take, and every rate that was tried, for terminals, browsers and files.
//!
//! Each is a pure function of an [`ExplorationResult`]; what there is to say in words is said once, in [`words`].

mod console;
mod csv;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod goldens;
mod html;
mod limit;
mod markdown;
mod progress;
mod schema;
mod sketch;
mod words;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use super::{RenderError, json};
use crate::explore::ExplorationResult;
pub use console::render as render_exploration_console;
pub use progress::{ExplorationProgress, SoFar};
pub use schema::schema as exploration_result_schema;

/// A kind of report of an exploration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExplorationKind {
    /// The result for programs.
    Json,
    /// A row for each rate that was tried.
    Csv,
    /// The page.
    Html,
    /// The exploration for a pull request.
    Markdown,
}

/// A word that is no kind of report of an exploration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of report of an exploration; there are {}", ExplorationKind::ALL.map(ExplorationKind::name).join(", "))]
pub struct UnknownExplorationKind;

impl ExplorationKind {
    /// All of them; every folder of an exploration has each.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Html, Self::Markdown];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Markdown => "markdown",
        }
    }

    /// The file in the folder that it goes to.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Json => "result.json",
            Self::Csv => "points.csv",
            Self::Html => "report.html",
            Self::Markdown => "summary.md",
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When `out` does not take it; a report that cannot be made is a mistake in mnload.
    pub fn render(self, result: &ExplorationResult, out: &mut dyn Write) -> Result<(), RenderError> {
        match self {
            Self::Json => json::write(result, out)?,
            Self::Csv => csv::write(result, out)?,
            Self::Html => out.write_all(html::render(result)?.as_bytes())?,
            Self::Markdown => out.write_all(markdown::render(result).as_bytes())?,
        }
        Ok(())
    }
}

impl fmt::Display for ExplorationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExplorationKind {
    type Err = UnknownExplorationKind;

    fn from_str(text: &str) -> Result<Self, UnknownExplorationKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownExplorationKind)
    }
}
