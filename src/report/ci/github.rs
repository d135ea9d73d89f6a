//! GitHub Actions: annotations, the step's summary, its outputs, and a report that its log takes no command from.

use super::{Issue, Place, Weight, issues};
use crate::report::inert::inert;
use crate::report::markup::within;
use crate::report::result::RunResult;

/// More annotations of a kind are dropped by GitHub without a word.
pub(in crate::report) const MOST: usize = 10;
/// A larger summary is not taken at all.
const MOST_BYTES: u64 = 1 << 20;

/// The annotations, one in a line.
pub fn told(result: &RunResult, place: &Place) -> String {
    annotations(&issues(result, place, MOST), place)
}

/// The same of any issues.
pub(in crate::report) fn annotations(issues: &[Issue], place: &Place) -> String {
    issues.iter().map(|issue| annotation(issue, place)).collect()
}

fn annotation(issue: &Issue, place: &Place) -> String {
    let word = match issue.weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
    };
    let line = issue.line.map(|line| format!(",line={line}")).unwrap_or_default();
    let (file, title, message) = (property(&place.file), property(&issue.title), data(&issue.message));
    format!("::{word} file={file}{line},title={title}::{message}\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `text`, of which the log takes no command until `token` comes, which nobody can have known.
pub fn guarded(text: &str, token: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("::stop-commands::{token}\n{}{end}::{token}::\n", inert(text))
}

/// `markdown`, as much of it as there is room for in a summary that has `present` bytes.
pub fn step_summary(markdown: String, present: u64) -> String {
    within(markdown, MOST_BYTES.saturating_sub(present) as usize)
}

/// The outputs of the step, each between lines that its value cannot hold, since `token` is in none.
pub fn outputs(result: &RunResult, report_path: &str, token: &str) -> String {
    let response = &result.times_us.response;
    let p95 = if response.count > 0 { format!("{:.3}", response.p95 as f64 / 1e3) } else { String::new() };
    let verdict = serde_json::to_value(result.verdict).unwrap_or_default();
    let verdict = verdict.as_str().unwrap_or_default();
    let values = [
        ("verdict", verdict),
        ("exit_code", &result.exit_code.to_string()),
        ("report_path", report_path),
        ("p95_ms", &p95),
    ];
    between(&values, token)
}

/// Names and values, each value between lines that it cannot hold.
pub(in crate::report) fn between(values: &[(&str, &str)], token: &str) -> String {
    let lines = values.iter().map(|(name, value)| format!("{name}<<mnload_{token}\n{value}\nmnload_{token}\n"));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding};
    use crate::verdict::Status;

    #[test]
    fn names_and_messages_stay_in_their_annotation() {
        let fixture = Fixture {
            findings: vec![finding("a,line=1::b\n::error::c", Status::Fail, "100%\r\n", Some("x"))],
            ..Fixture::default()
        };
        let place = Place { file: "load/a:b,c.toml".to_owned(), ..Place::default() };
        assert_eq!(
            told(&fixture.report().result, &place),
            "::error file=load/a%3Ab%2Cc.toml,title=a%2Cline=1%3A%3Ab %3A%3Aerror%3A%3Ac::wanted 100%25  , observed x\n"
        );
    }

    #[test]
    fn a_report_can_say_anything() {
        let text = guarded("a\n::error::b\n::t::", "t0k");
        assert_eq!(text, "::stop-commands::t0k\na\n: :error::b\n: :t::\n::t0k::\n");
    }

    #[test]
    fn a_summary_has_room_or_an_end() {
        assert_eq!(step_summary("text\n".to_owned(), 0), "text\n");
        assert_eq!(step_summary("text\n".to_owned(), 1 << 20), "");
        let long = step_summary("line\n".repeat(10_000), (1 << 20) - 1_000);
        assert!(long.len() <= 1_000 && long.contains("report.html"), "{long}");
    }

    #[test]
    fn outputs_are_the_ones_that_are_documented() {
        let text = outputs(&Fixture::default().report().result, "reports/a\nb/report.html", "t");
        let names: Vec<&str> = text.lines().filter_map(|line| line.split_once("<<")).map(|(name, _)| name).collect();
        assert_eq!(names, ["verdict", "exit_code", "report_path", "p95_ms"]);
        assert!(text.starts_with("verdict<<mnload_t\npass\nmnload_t\nexit_code<<mnload_t\n0\n"), "{text}");
        assert!(outputs(&Fixture::empty().report().result, "", "t").ends_with("p95_ms<<mnload_t\n\nmnload_t\n"));
    }
}
