//! Gates as a table: how each came out, what it wanted, what was seen.

use anstyle::{AnsiColor, Style};

use super::table::{finished, narrow_table};
use super::text::{clean, coloured, short};
use crate::report::finding::{figure, short_interval, warns, word};
use crate::report::lines::labelled;
use crate::report::result::RunResult;
use crate::report::statement::counted;
use crate::units::format_count;
use crate::verdict::{Finding, Kind, Status};

/// More gates are left to the page, those first that hold.
const MOST_GATES: usize = 60;

/// Every gate with what it wanted and what was seen.
pub(super) fn gates(result: &RunResult) -> String {
    let (gates, left_out) = shown(result);
    // A once run has none, and no column of dashes.
    let mut columns = vec!["", "gate", "wanted", "observed"];
    let intervals = gates.iter().filter_map(|finding| finding.interval.as_ref());
    let percent = intervals.map(|interval| interval.confidence * 100.0).next();
    let interval_title = percent.map(|percent| format!("{percent:.0}% interval"));
    columns.extend(interval_title.as_deref());
    columns.push("samples");
    let mut table = narrow_table(&columns);
    for finding in &gates {
        let mut row = vec![mark(finding), short(&finding.name), clean(&finding.wanted)];
        row.push(finding.observed.as_deref().map_or_else(|| "-".to_owned(), |observed| clean(figure(observed))));
        if interval_title.is_some() {
            row.push(finding.interval.as_ref().map_or_else(|| "-".to_owned(), |it| clean(&short_interval(it))));
        }
        row.push(format_count(finding.samples));
        table.add_row(row);
    }
    let mut out = finished(&table, |line| {
        let status = gates.iter().map(|finding| (mark(finding), outcome_style(finding)));
        status.into_iter().find(|(mark, _)| line.trim_start().starts_with(mark.as_str())).map(|(_, style)| style)
    });
    if left_out > 0 {
        out.push_str(&format!("  and {} that hold: see report.html\n", counted(left_out as u64, "more gate")));
    }
    // What holds has no place among the reasons.
    for finding in gates.iter().filter(|finding| finding.status == Status::Pass) {
        let note = finding.reason.as_ref().map(|reason| labelled("note", &format!("{}: {reason}", finding.name)));
        out.push_str(&note.unwrap_or_default());
    }
    let added = &result.plan.added_gates;
    if !added.is_empty() {
        let names = added.iter().map(|name| clean(name)).collect::<Vec<_>>().join(" and ");
        let why = "added by mnload, since the file has no gate of its own for it";
        out.push_str(&labelled("note", &format!("{why}: {names}")));
    }
    out
}

/// The gates that are shown, in their order, and how many are not: of many those that hold are left out first.
fn shown(result: &RunResult) -> (Vec<&Finding>, usize) {
    let gates: Vec<_> = result.findings.iter().filter(|finding| finding.kind != Kind::Validity).collect();
    let left_out = gates.len().saturating_sub(MOST_GATES);
    let hold = gates.iter().rev().filter(|finding| finding.status == Status::Pass).take(left_out);
    let without: Vec<*const Finding> = hold.map(|finding| std::ptr::from_ref(*finding)).collect();
    let kept = gates.into_iter().filter(|finding| !without.contains(&std::ptr::from_ref(*finding)));
    (kept.collect(), without.len())
}

fn mark(finding: &Finding) -> String {
    mark_of(finding.status, finding.warn).to_owned()
}

/// The word for a status in the first column.
pub(in crate::report) fn mark_of(status: Status, warn: bool) -> &'static str {
    match word(status, warn) {
        // What fails the run is seen at once.
        "fail" => "FAIL",
        other => other,
    }
}

fn outcome_style(finding: &Finding) -> Style {
    style_of(finding.status, finding.warn)
}

/// The colour of a status.
pub(in crate::report) fn style_of(status: Status, warn: bool) -> Style {
    match status {
        _ if warns(status, warn) => coloured(AnsiColor::Yellow),
        Status::Pass => coloured(AnsiColor::Green),
        Status::Fail => coloured(AnsiColor::Red).bold(),
        Status::NoData | Status::Invalid => coloured(AnsiColor::Yellow),
        Status::Skipped => Style::new().dimmed(),
    }
}
