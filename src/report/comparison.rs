//! A comparison for people, within 80 columns, and as a document for programs.

use std::time::Duration;

use anstyle::AnsiColor;
use serde::Serialize;

use super::compared::CompareDocument;
use super::console::{align_right, clean, coloured, finished, table};
use super::lines::broken_within;
use super::statement::counted;
use crate::compare::{Compared, Comparison, Role, Row, Unit, figure, times};
use crate::units::format_duration;
use crate::verdict::{Finding, Status};

/// The value of `schema`.
const SCHEMA: &str = "mnload.comparison";
/// The value of `schema_version`: fields may be added within a major.
const SCHEMA_VERSION: &str = "1.0.0";
/// No line is wider.
const COLUMNS: usize = 80;
/// Longer names are cut in the middle of a table.
const LONGEST_NAME: usize = 14;
/// More rows are left to the document.
const MOST_ROWS: usize = 60;
/// More names are not told one by one.
const MOST_NAMES: usize = 6;

/// What `mnload compare --format json` writes of runs.
pub type ComparisonDocument = CompareDocument<Comparison>;

impl ComparisonDocument {
    /// The document of `comparison`.
    pub fn of(comparison: Comparison) -> Self {
        Self::judged([SCHEMA, SCHEMA_VERSION], comparison, |comparison| &comparison.findings)
    }
}

/// The comparison as text, with ANSI colours.
pub fn render(document: &ComparisonDocument) -> String {
    let open = "it cannot be told whether NEW is worse";
    let mut out = document.headline(["NEW is not worse than BASE", "NEW is worse than BASE", open]);
    document.reasons.iter().for_each(|reason| out.push_str(&paragraph(reason)));
    out.push('\n');
    out.push_str(&section(&document.comparison));
    out
}

/// The table and all that is said beside it.
pub(super) fn section(comparison: &Comparison) -> String {
    let mut rows = table(["scope", "figure", "base", "new", "ratio", "95% interval", "verdict"]);
    align_right(&mut rows, 2..6);
    let shown = comparison.rows.iter().filter(|row| row.role != Role::Shown || row.scope == "all steps");
    let shown: Vec<Words> = shown.map(Words::of).collect();
    for words in shown.iter().take(MOST_ROWS) {
        let Words { scope, figure, base, new, ratio, interval, verdict, .. } = words.clone();
        rows.add_row([short(&scope), figure, base, new, ratio, interval, verdict.to_owned()]);
    }
    let mut out = finished(&rows, |line| match line.rsplit(' ').next() {
        Some("FAIL") => Some(coloured(AnsiColor::Red).bold()),
        Some("warn" | "open" | "data") => Some(coloured(AnsiColor::Yellow)),
        _ => None,
    });
    if shown.len() > MOST_ROWS {
        out.push_str(&paragraph(&format!("and {} more: see --format json", shown.len() - MOST_ROWS)));
    }
    out.push('\n');
    comparison.base.iter().for_each(|run| out.push_str(&line("base", &run_words(run))));
    comparison.new.iter().for_each(|run| out.push_str(&line("new", &run_words(run))));
    let open = left_open(comparison);
    let notes = comparison.notes.iter().cloned().chain(open).chain(new_steps(comparison));
    notes.for_each(|note| out.push_str(&line("note", &note)));
    warnings(comparison).iter().for_each(|warning| out.push_str(&line("warning", warning)));
    out
}

/// What a reader must keep in mind, with the rules that only warn and do not hold for certain.
pub(super) fn warnings(comparison: &Comparison) -> Vec<String> {
    let is_open = |finding: &&Finding| !matches!(finding.status, Status::Pass | Status::Skipped);
    let warned = comparison.findings.iter().filter(|finding| finding.warn).filter(is_open).map(warning_words);
    comparison.warnings.iter().cloned().chain(warned).collect()
}

/// A row in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Words {
    scope: String,
    figure: String,
    base: String,
    new: String,
    ratio: String,
    interval: String,
    verdict: &'static str,
    reason: String,
    /// For CSS.
    class: &'static str,
}

impl Words {
    /// With at most so many characters of what a stranger wrote.
    pub(super) fn cut(mut self, most: usize) -> Self {
        for text in [&mut self.scope, &mut self.figure, &mut self.reason] {
            if let Some((end, _)) = text.char_indices().nth(most) {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }

    pub(super) fn of(row: &Row) -> Self {
        let value = |value: Option<f64>| value.map_or("-".to_owned(), |value| figure(row.unit, value));
        let (verdict, class) = match (row.role, row.status) {
            (Role::Shown, _) => ("", "skipped"),
            (_, Status::Pass) => ("pass", "pass"),
            (_, Status::Fail) if row.warn => ("warn", "inconclusive"),
            (_, Status::Fail) => ("FAIL", "fail"),
            (_, Status::Skipped) => ("(open)", "skipped"),
            (_, Status::NoData) => ("no data", "inconclusive"),
            (_, Status::Invalid) => ("open", "inconclusive"),
        };
        Self {
            scope: clean(&row.scope),
            figure: row.figure.clone(),
            base: value(row.base),
            new: value(row.new),
            ratio: row.ratio.map_or("-".to_owned(), times),
            interval: row.interval.map_or("-".to_owned(), |[low, high]| match row.unit {
                Unit::Share => format!("{:+.2}..{:+.2}pt", low * 100.0, high * 100.0),
                Unit::Us | Unit::PerS => format!("{low:.2}..{high:.2}"),
            }),
            verdict,
            reason: row.reason.clone().unwrap_or_default(),
            class,
        }
    }
}

/// Figures that could fail the comparison and are too uncertain to be judged.
fn left_open(comparison: &Comparison) -> Option<String> {
    let open = comparison.rows.iter().filter(|row| row.role != Role::Shown && row.status == Status::Skipped);
    let names: Vec<String> = open.map(|row| format!("{} of {}", row.figure, clean(&row.scope))).collect();
    (!names.is_empty()).then(|| {
        let more = names.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let told = names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
        format!("{} open and do not count: {told}{more}", stay(names.len()))
    })
}

fn stay(count: usize) -> String {
    let verb = if count == 1 { "stays" } else { "stay" };
    format!("{} {verb}", counted(count as u64, "figure"))
}

fn new_steps(comparison: &Comparison) -> Option<String> {
    let names: Vec<String> = comparison.steps_new.iter().map(|name| format!("`{}`", clean(name))).collect();
    (!names.is_empty()).then(|| format!("only NEW has {}", names.join(", ")))
}

fn warning_words(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or("nothing");
    let why = finding.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}: wanted {}, observed {observed}{why}", finding.name, finding.wanted)
}

fn run_words(run: &Compared) -> String {
    let time = Duration::try_from_secs_f64(run.window_s).unwrap_or_default();
    let long = if time.is_zero() { String::new() } else { format!(" in {}", format_duration(time)) };
    let when = if run.started_at.is_empty() { String::new() } else { format!(", {}", run.started_at) };
    format!("{}: {}, {}{long}{when}", run.origin, run.scenario, counted(run.requests, "request"))
}

pub(super) fn paragraph(text: &str) -> String {
    format!("  {}\n", broken_within(text, 2, COLUMNS))
}

pub(super) fn line(label: &str, text: &str) -> String {
    format!("  {label:<9}{}\n", broken_within(text, 11, COLUMNS))
}

fn short(name: &str) -> String {
    match name.chars().count() > LONGEST_NAME {
        true => name.chars().take(LONGEST_NAME - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Appeared;
    use crate::verdict::{Interval, Kind};

    fn run(origin: &str) -> Compared {
        Compared {
            origin: origin.to_owned(),
            scenario: "light".to_owned(),
            started_at: "2026-05-04T09:30:00Z".to_owned(),
            base_url: "https://staging.example.test".to_owned(),
            requests: 9_600,
            window_s: 120.0,
        }
    }

    fn row(scope: &str, figure: &str, base: f64, new: f64, status: Status) -> Row {
        let unit = if figure == "error_rate" { Unit::Share } else { Unit::Us };
        let ratio = (base > 0.0).then(|| new / base);
        let interval = ratio.map_or([-0.001, 0.002], |ratio| [ratio * 0.95, ratio * 1.05]);
        Row {
            scope: scope.to_owned(),
            figure: figure.to_owned(),
            unit,
            base: Some(base),
            new: Some(new),
            samples: [9_600, 9_600],
            ratio,
            interval: Some(interval),
            bound: Some(1.1),
            warn: false,
            role: if scope == "all steps" { Role::Deciding } else { Role::Watched },
            status,
            reason: None,
        }
    }

    fn comparison() -> Comparison {
        let interval = Interval {
            confidence: 0.95,
            low: Some(1.28),
            high: Some(1.41),
            text: "1.28x to 1.41x".to_owned(),
            effective_samples: 15,
        };
        let failed = Finding {
            status: Status::Fail,
            observed: Some("1.34x: 212ms to 284ms".to_owned()),
            samples: 2_400,
            interval: Some(interval),
            ..Finding::new("p95 of search", Kind::Baseline, "p95 of search <= 1.1x baseline")
        };
        let warned = Finding {
            status: Status::Fail,
            observed: Some("3 timeout".to_owned()),
            samples: 3,
            warn: true,
            reason: Some("BASE has no errors of this kind".to_owned()),
            ..Finding::new("new errors", Kind::Baseline, "no class of errors that BASE does not have")
        };
        Comparison {
            base: vec![run("baseline/light")],
            new: vec![run("reports/light-20260504T093000Z")],
            margin: Some(0.1),
            least_rise: 0.005,
            warnings: vec!["the runs are of different versions of mnload: 0.1.0 and 0.2.0".to_owned()],
            notes: vec!["one run on each side: how much runs differ from each other is not seen".to_owned()],
            rows: vec![
                row("all steps", "p50", 5_840.0, 5_900.0, Status::Pass),
                row("all steps", "p95", 18_400.0, 19_900.0, Status::Skipped),
                row("all steps", "error_rate", 0.0, 0.0004, Status::Pass),
                row("search", "p95", 212_000.0, 284_000.0, Status::Fail),
                row("a step with a \u{1b}[31mlong name", "p95", 212_000.0, 240_000.0, Status::Skipped),
            ],
            errors_appeared: vec![Appeared { class: "timeout".to_owned(), count: 3 }],
            steps_vanished: Vec::new(),
            steps_new: vec!["logout".to_owned()],
            findings: vec![failed, warned],
        }
    }

    #[test]
    fn it_is_laid_out_as_before_within_80_columns() {
        let text = anstream::adapter::strip_str(&render(&ComparisonDocument::of(comparison()))).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_document_is_written_as_before_and_can_be_read_again() {
        let document = ComparisonDocument::of(comparison());
        let text = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(serde_json::from_str::<ComparisonDocument>(&text).unwrap(), document);
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }
}
