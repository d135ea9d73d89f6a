//! Requests by step, and errors by class.

use anstyle::AnsiColor;

use super::table::{align_right, finished, fits, fitted, table};
use super::text::{clean, coloured, short, shortened};
use crate::metrics::Latency;
use crate::report::lines::{COLUMNS, broken_within};
use crate::report::result::{ErrorResult, RunResult, StepResult};
use crate::units::{format_count, format_us};

/// More errors than this are left to the files.
const MOST_ERRORS: usize = 8;
/// More steps, and more groups, are left to the page.
const MOST_STEPS: usize = 60;
/// Where the example of an error starts, and how many lines it takes at the most.
const INDENT: usize = 4;
const MOST_LINES: usize = 3;
/// The columns; the last is left out where there is no room.
const HEAD: [&str; 8] = ["step", "requests", "failed", "p50", "p95", "p99", "max", "service p95"];

/// Every step with its counts and times.
pub(super) fn steps(result: &RunResult) -> String {
    let whole = fitted(|longest| step_table(result, HEAD, longest));
    let out = match (fits(&whole), HEAD) {
        (true, _) => whole,
        (false, [head @ .., _]) => fitted(|longest| step_table(result, head, longest)),
    };
    let more = |all: usize, what: &str| match all.saturating_sub(MOST_STEPS) {
        0 => String::new(),
        more => format!("  and {} more {what}: see report.html\n", format_count(more as u64)),
    };
    out + &more(result.steps.0.len(), "steps") + &more(result.groups.0.len(), "groups")
}

fn step_table<const N: usize>(result: &RunResult, head: [&str; N], longest: usize) -> String {
    let mut table = table(head);
    align_right(&mut table, 1..N);
    let groups = result.groups.0.iter().take(MOST_STEPS).map(|(name, sum)| (format!("[{name}]"), sum));
    let steps = result.steps.0.iter().take(MOST_STEPS).map(|(name, step)| (name.clone(), step));
    for (name, step) in steps.chain(groups) {
        let row = std::iter::once(shortened(&name, longest)).chain(figures(step));
        table.add_row(row.take(N));
    }
    finished(&table, |_| None)
}

fn figures(step: &StepResult) -> [String; 7] {
    let time = |latency: &Latency, us: u64| if latency.count == 0 { "-".to_owned() } else { format_us(us) };
    let (response, service) = (&step.response_us, &step.service_us);
    [
        format_count(step.requests),
        format_count(step.failed),
        time(response, response.p50),
        time(response, response.p95),
        time(response, response.p99),
        time(response, response.max),
        time(service, service.p95),
    ]
}

/// What failed, with an example of each class.
pub(super) fn errors(result: &RunResult) -> String {
    if result.errors.is_empty() {
        return String::new();
    }
    let mut out = String::from("  errors\n");
    for error in result.errors.iter().take(MOST_ERRORS) {
        out.push_str(&error_line(error));
    }
    if result.errors.len() > MOST_ERRORS {
        out.push_str(&format!("  and {} more classes: see result.json\n", result.errors.len() - MOST_ERRORS));
    }
    out
}

fn error_line(error: &ErrorResult) -> String {
    let style = coloured(AnsiColor::Red);
    let when = format!("from {:.1}s to {:.1}s", error.first_at_s, error.last_at_s);
    let example = error.examples.first().map(|example| format!("{}: {}", short(&example.step), example.message));
    let example = example.map(|example| few_lines(&example)).unwrap_or_default();
    format!("  {style}{}{style:#}  {} {when}\n{example}", clean(&error.class), format_count(error.count))
}

/// The start of `text`, broken into lines of the page.
fn few_lines(text: &str) -> String {
    let start: String = text.chars().take(COLUMNS * MOST_LINES).collect();
    let broken = broken_within(&start, INDENT, COLUMNS);
    let mut lines: Vec<&str> = broken.lines().take(MOST_LINES).collect();
    let whole = start.len() == text.len() && lines.len() == broken.lines().count();
    if !whole {
        lines.push("    …");
    }
    format!("{:INDENT$}{}\n", "", lines.join("\n"))
}
