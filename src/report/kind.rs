//! The kinds of reports: what each is called, the file that it goes to, and who writes it.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use super::{HtmlError, Report, csv, html, json, junit, k6, markdown, openmetrics, percentiles};

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The result for programs.
    Json,
    /// Figures by step.
    Summary,
    /// Figures by second and step.
    Timeline,
    /// Errors by class, with examples and by stretch of time.
    Errors,
    /// The page.
    Html,
    /// Gates and checks as the tests of a build.
    Junit,
    /// The run for a pull request.
    Markdown,
    /// The summary that k6 writes.
    K6,
    /// What GitLab shows of load in a merge request.
    Gitlab,
    /// A few figures, which GitLab compares.
    OpenMetrics,
    /// The percentile tables of wrk2 and HdrHistogram.
    Percentiles,
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
    /// The library wrote no metrics.
    #[error(transparent)]
    Metrics(#[from] fmt::Error),
}

/// A word that is no kind of report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of report; there are {}", Kind::ALL.map(Kind::name).join(", "))]
pub struct UnknownKind;

/// A report that somebody asks for: `kind` for its own file in the run folder, `kind=path` for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<K = Kind> {
    /// Which.
    pub kind: K,
    /// Where it goes; `-` is standard output.
    pub path: Option<PathBuf>,
}

impl<K: FromStr> FromStr for Wanted<K> {
    type Err = K::Err;

    fn from_str(text: &str) -> Result<Self, K::Err> {
        match text.split_once('=') {
            None => Ok(Self { kind: text.parse()?, path: None }),
            Some((kind, path)) => Ok(Self { kind: kind.parse()?, path: Some(path.into()) }),
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Json,
        Self::Summary,
        Self::Timeline,
        Self::Errors,
        Self::Html,
        Self::Junit,
        Self::Markdown,
        Self::K6,
        Self::Gitlab,
        Self::OpenMetrics,
        Self::Percentiles,
    ];
    /// Those that every run folder has.
    pub const OF_EVERY_RUN: [Self; 7] =
        [Self::Json, Self::Summary, Self::Timeline, Self::Errors, Self::Html, Self::Junit, Self::Markdown];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Summary => "summary",
            Self::Timeline => "timeline",
            Self::Errors => "errors",
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::K6 => "k6",
            Self::Gitlab => "gitlab",
            Self::OpenMetrics => "openmetrics",
            Self::Percentiles => "percentiles",
        }
    }

    /// The file in the run folder that it goes to.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Json => "result.json",
            Self::Summary => "summary.csv",
            Self::Timeline => "timeline.csv",
            Self::Errors => "errors.csv",
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::Markdown => "summary.md",
            Self::K6 => "k6-summary.json",
            Self::Gitlab => "load-performance.json",
            Self::OpenMetrics => "metrics.txt",
            Self::Percentiles => "percentiles.txt",
        }
    }

    /// Whether it shows more than the result holds: the run second by second, or the whole distribution.
    pub fn needs_seconds(self) -> bool {
        matches!(self, Self::Timeline | Self::Errors | Self::Html | Self::Percentiles)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When `out` does not take it; a report that cannot be made is a mistake in mnload.
    pub fn render(self, report: &Report, out: &mut dyn Write) -> Result<(), RenderError> {
        match self {
            Self::Json => json::write(&report.result, out)?,
            Self::Summary => csv::summary(report, out)?,
            Self::Timeline => csv::timeline(report, out)?,
            Self::Errors => csv::errors(report, out)?,
            Self::Html => out.write_all(html::render(report)?.as_bytes())?,
            Self::Junit => junit::write(report, out)?,
            Self::Markdown => out.write_all(markdown::render(report).as_bytes())?,
            Self::K6 => json::write(&k6::summary(report), out)?,
            Self::Gitlab => json::write(&k6::gitlab(report), out)?,
            Self::OpenMetrics => out.write_all(openmetrics::render(report)?.as_bytes())?,
            Self::Percentiles => out.write_all(percentiles::render(report).as_bytes())?,
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
        assert_eq!("html=a=b.html".parse::<Wanted>(), Ok(wanted));
    }
}
