//! Views of a release: go or no-go, why, and who answers for it, for terminals, browsers, build servers and files.
//!
//! Each is a pure function of a [`ReleaseResult`]; what there is to say in words is said once, in [`words`].

mod ci;
mod console;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod goldens;
mod html;
mod junit;
mod markdown;
mod ownership;
mod schema;
mod words;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use super::{RenderError, json};
use crate::release::result::ReleaseResult;
pub use ci::{outputs as release_outputs, told_to_azure as release_to_azure, told_to_github as release_to_github};
pub use console::render as render_release_console;
pub use schema::schema as release_result_schema;

/// A kind of report of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReleaseKind {
    /// The result for programs.
    Json,
    /// The page.
    Html,
    /// Items as the tests of a build.
    Junit,
    /// The release for a pull request.
    Markdown,
    /// Who answers for what, and who signed what.
    Ownership,
}

/// A word that is no kind of report of a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of report of a release; there are {}", ReleaseKind::ALL.map(ReleaseKind::name).join(", "))]
pub struct UnknownReleaseKind;

impl ReleaseKind {
    /// All of them; every run folder of a release has each.
    pub const ALL: [Self; 5] = [Self::Json, Self::Html, Self::Junit, Self::Markdown, Self::Ownership];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Ownership => "ownership",
        }
    }

    /// The file in the run folder that it goes to.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Json => "result.json",
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::Markdown => "summary.md",
            Self::Ownership => "ownership.md",
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When `out` does not take it; a report that cannot be made is a mistake in mnload.
    pub fn render(self, result: &ReleaseResult, out: &mut dyn Write) -> Result<(), RenderError> {
        match self {
            Self::Json => json::write(result, out)?,
            Self::Html => out.write_all(html::render(result)?.as_bytes())?,
            Self::Junit => junit::write(result, out)?,
            Self::Markdown => out.write_all(markdown::render(result).as_bytes())?,
            Self::Ownership => out.write_all(ownership::render(result).as_bytes())?,
        }
        Ok(())
    }
}

impl fmt::Display for ReleaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ReleaseKind {
    type Err = UnknownReleaseKind;

    fn from_str(text: &str) -> Result<Self, UnknownReleaseKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownReleaseKind)
    }
}
