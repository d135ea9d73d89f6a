//! Azure Pipelines: issues beside the log, and the summary on the page of the run.

use std::path::Path;

use super::{Issue, Place, Weight, issues};
use crate::report::result::RunResult;

/// As many of a kind as GitHub shows; more are in the summary.
pub(in crate::report) const MOST: usize = 10;

/// The issues, one in a line, and the line that takes `summary` up.
pub fn told(result: &RunResult, place: &Place, summary: &Path) -> String {
    lines(&issues(result, place, MOST), place, summary)
}

/// The same of any issues.
pub(in crate::report) fn lines(issues: &[Issue], place: &Place, summary: &Path) -> String {
    let issues = issues.iter().map(|issue| {
        let word = match issue.weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
        };
        let line = issue.line.map(|line| format!("linenumber={line};")).unwrap_or_default();
        let message = escaped(&format!("{}: {}", issue.title, issue.message));
        format!("##vso[task.logissue type={word};sourcepath={};{line}]{message}\n", property(&place.file))
    });
    let upload = format!("##vso[task.uploadsummary]{}\n", escaped(&summary.display().to_string()));
    issues.chain([upload]).collect()
}

fn escaped(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding};
    use crate::verdict::Status;

    #[test]
    fn names_and_messages_stay_in_their_line() {
        let fixture = Fixture {
            findings: vec![finding("a\n##vso[task.complete]", Status::Fail, "100%", Some("x"))],
            ..Fixture::default()
        };
        let place = Place { file: "a;b].toml".to_owned(), lines: [].into() };
        assert_eq!(
            told(&fixture.report().result, &place, Path::new("/run/summary.md")),
            "##vso[task.logissue type=error;sourcepath=a%3Bb%5D.toml;]a # #vso[task.complete]: wanted 100%AZP25, observed x\n\
             ##vso[task.uploadsummary]/run/summary.md\n"
        );
    }
}
