//! `summary.md` of an exploration: for a pull request or the page of a build, at most 64 KiB.

use super::words::{self, NONE};
use crate::explore::{ExplorationResult, Outcome};
use crate::report::inert::line;
use crate::report::markdown::MOST_BYTES;
use crate::report::markup::{LONGEST_LINE, LONGEST_NAME, cell, code, listed, more, row, table, within};
use crate::units::format_count;
use crate::verdict::{Ending, Verdict};

/// Of more rates the last are shown, which lie around the limit.
const MOST_ROWS: usize = 60;
const LONGEST_COMMAND: usize = 1_000;

/// The text.
pub(super) fn render(result: &ExplorationResult) -> String {
    let sections = [headline(result), found(result), points(result), footer(result)];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    within(sections.join("\n"), MOST_BYTES)
}

fn headline(result: &ExplorationResult) -> String {
    let sign = match result.verdict {
        Verdict::Pass => "✅",
        Verdict::Fail => "❌",
        Verdict::Inconclusive => "⚠️",
    };
    let (verdict, name) = (words::verdict(result.verdict), code(&result.name, LONGEST_NAME));
    let mut out = format!("## {sign} {verdict}: {name}, capacity {}\n", words::capacity(result));
    if result.ending != Ending::Completed {
        out.push_str("\n**It was stopped before its end.**\n");
    }
    let reasons: Vec<String> = words::reasons(result).iter().map(|reason| words::quoted(reason)).collect();
    out.push_str(&format!("\n{}", listed(&reasons)));
    out
}

/// What came out, a row for each figure.
fn found(result: &ExplorationResult) -> String {
    let mut out = table(&["", ""], 0..0);
    let mut fact = |name: &str, text: String| {
        if !text.is_empty() {
            row(&mut out, &[name.to_owned(), text]);
        }
    };
    let told = [words::capacity(result), words::interval(result), words::precision(result)];
    fact("capacity", told.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "));
    fact("limited by", cell(&words::limited_by(result), LONGEST_LINE));
    fact("knee", result.knee.as_ref().map(words::knee).unwrap_or_default());
    fact("scaling", result.scalability.as_ref().map(words::scalability).unwrap_or_default());
    let gates: Vec<String> = result.asked.gates.iter().map(|(name, wanted)| format!("{name}: {wanted}")).collect();
    fact("gates", if gates.is_empty() { String::new() } else { cell(&gates.join("; "), LONGEST_LINE) });
    fact("sent", words::effort(result));
    out
}

/// Every rate, the lowest first.
fn points(result: &ExplorationResult) -> String {
    if result.points.is_empty() {
        return String::new();
    }
    let shown = &result.points[result.points.len().saturating_sub(MOST_ROWS)..];
    let heads = ["rate", "", "achieved", "p50", "p95", "service p95", "errors", "in flight", "time"];
    let mut out = table(&heads, 2..9);
    out.insert_str(0, "Every rate that was tried:\n\n");
    for point in words::by_rate(shown) {
        let (response, service) = (&point.response_us, &point.service_us);
        let outcome = words::outcome(point.outcome);
        let outcome = match point.outcome {
            Outcome::Breaks | Outcome::Generator => format!("**{outcome}**"),
            _ => outcome.to_owned(),
        };
        row(
            &mut out,
            &[
                words::rate(point.rate_per_s),
                outcome,
                words::rate(point.achieved_per_s),
                words::time(response.count, response.p50),
                words::time(response.count, response.p95),
                words::time(service.count, service.p95),
                words::share(point.error_rate),
                words::bare(point.in_flight),
                words::seconds(point.lasted_s),
            ],
        );
    }
    more(&mut out, result.points.len(), shown.len());
    out
}

fn footer(result: &ExplorationResult) -> String {
    let mut out = String::new();
    if words::generator_was_short(&result.points) {
        out.push_str(&format!("The generator:\n\n{}\n", listed(&words::generator(&result.points))));
    }
    let left_out: Vec<String> = result.asked.left_out.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    if !left_out.is_empty() {
        out.push_str(&format!("Gates that were left out:\n\n{}\n", listed(&left_out)));
    }
    if !result.warnings.is_empty() {
        out.push_str(&format!("Warnings:\n\n{}\n", listed(&result.warnings)));
    }
    let cores = result.machine.cores.map_or_else(|| NONE.to_owned(), format_count);
    let machine = result.machine.cpu.as_deref().map(|cpu| format!(" of {}", code(cpu, LONGEST_NAME)));
    let (target, started) = (code(&result.base_url, LONGEST_LINE), code(&result.started_at, LONGEST_NAME));
    out.push_str(&format!("To {target}, from {cores} cores{}. Started {started}; ", machine.unwrap_or_default()));
    out.push_str(&format!("mnload {}.\n", code(&result.mnload_version, LONGEST_NAME)));
    if !result.command.is_empty() {
        // Indented text is code, whatever stands in it.
        out.push_str(&format!("\n    {}\n", line(&result.command, LONGEST_COMMAND)));
    }
    out
}
