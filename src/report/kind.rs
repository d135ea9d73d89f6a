//! The kinds of reports: what each is called, the file that it goes to, and who writes it.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use super::{HtmlError, Report, csv, html};

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The result for programs.
    Json,
    /// Figures by step.
    Summary,
    /// Figures by second and step.
    Timeline,
    /// The page.
    Html,
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// What it is written to does not take it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The result cannot be JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The page could not be made.
    #[error(transparent)]
    Html(#[from] HtmlError),
}

/// A word that is no kind of report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of report; there are {}", Kind::ALL.map(Kind::name).join(", "))]
pub struct UnknownKind;

/// A report that somebody asks for: `kind` for its own file in the run folder, `kind=path` for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub kind: Kind,
    /// Where it goes; `-` is standard output.
    pub path: Option<PathBuf>,
}

impl FromStr for Wanted {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        match text.split_once('=') {
            None => Ok(Self { kind: text.parse()?, path: None }),
            Some((kind, path)) => Ok(Self { kind: kind.parse()?, path: Some(path.into()) }),
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Summary, Self::Timeline, Self::Html];
    /// Those that every run folder has.
    pub const OF_EVERY_RUN: [Self; 4] = [Self::Json, Self::Summary, Self::Timeline, Self::Html];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Summary => "summary",
            Self::Timeline => "timeline",
            Self::Html => "html",
        }
    }

    /// The file in the run folder that it goes to.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Json => "result.json",
            Self::Summary => "summary.csv",
            Self::Timeline => "timeline.csv",
            Self::Html => "report.html",
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When `out` does not take it; a report that cannot be made is a mistake in mnload.
    pub fn render(self, report: &Report, out: &mut dyn Write) -> Result<(), RenderError> {
        match self {
            Self::Json => {
                serde_json::to_writer_pretty(&mut *out, &report.result)?;
                writeln!(out)?;
            }
            Self::Summary => csv::summary(report, out)?,
            Self::Timeline => csv::timeline(report, out)?,
            Self::Html => out.write_all(html::render(report)?.as_bytes())?,
        }
        Ok(())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written_and_has_a_file_of_its_own() {
        let mut files: Vec<_> = Kind::ALL.iter().map(|kind| kind.file_name()).collect();
        assert!(Kind::ALL.iter().all(|kind| kind.name().parse() == Ok(*kind)));
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), Kind::ALL.len());
        assert_eq!("pdf".parse::<Kind>(), Err(UnknownKind));
        let wanted = Wanted { kind: Kind::Html, path: Some("a=b.html".into()) };
        assert_eq!("html=a=b.html".parse(), Ok(wanted));
    }
}
