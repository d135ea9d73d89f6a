//! `summary.md`: the run for a pull request or the page of a build, at most 64 KiB.
//!
//! What somebody else wrote stands in code spans: nothing in them is a link, a mention, HTML or the end of a cell.

use super::Report;
use super::finding::{outcome, short_interval, stands_on};
use super::inert::line;
use super::markup::{LONGEST_LINE, LONGEST_NAME, MOST_REASONS, cell, code, listed, more, row, table, within};
use super::result::{CallResult, RunResult, StepResult};
use crate::units::{format_count, format_duration, format_rate, format_share, format_us};
use crate::verdict::{Finding, Kind, Verdict};

/// It is never larger.
pub(super) const MOST_BYTES: usize = 64 << 10;
const MOST_ROWS: usize = 50;
const MOST_FAILURES: usize = 10;
/// When failures take so many bytes, the rest is left out: what comes behind them matters more.
const MOST_OF_FAILURES: usize = 32 << 10;
const LONGEST_COMMAND: usize = 4_000;

/// The text.
pub(super) fn render(report: &Report) -> String {
    let result = &report.result;
    let sections = [
        headline(result),
        gates(result),
        compared(result),
        if result.is_once() { calls(result) } else { steps(result) },
        failures(result),
        errors(result),
        footer(result),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    within(sections.join("\n"), MOST_BYTES)
}

fn headline(result: &RunResult) -> String {
    let word = match result.verdict {
        Verdict::Pass => "✅ PASS",
        Verdict::Fail => "❌ FAIL",
        Verdict::Inconclusive => "⚠️ INCONCLUSIVE",
    };
    let mut out = format!("## {word}: {}\n\n", code(&result.name, LONGEST_NAME));
    match result.reasons.is_empty() {
        true => out.push_str(&format!("{}.\n", stands_on(result))),
        false => out.push_str(&listed(&result.reasons)),
    }
    out
}

fn gates(result: &RunResult) -> String {
    findings(result, "gate", |kind| kind != Kind::Baseline)
}

fn compared(result: &RunResult) -> String {
    findings(result, "compared with the baseline", |kind| kind == Kind::Baseline)
}

fn findings(result: &RunResult, title: &str, is_meant: fn(Kind) -> bool) -> String {
    let findings: Vec<&Finding> = result.findings.iter().filter(|finding| is_meant(finding.kind)).collect();
    if findings.is_empty() {
        return String::new();
    }
    let mut out = table(&["", title, "wanted", "observed", "interval", "samples"], 5..6);
    for finding in findings.iter().take(MOST_ROWS) {
        let dash = || "–".to_owned();
        let observed = finding.observed.as_deref().map_or_else(dash, |text| cell(text, LONGEST_NAME));
        let interval = finding.interval.as_ref().map_or_else(dash, |it| cell(&short_interval(it), LONGEST_NAME));
        row(
            &mut out,
            &[
                outcome(finding).to_owned(),
                cell(&finding.name, LONGEST_NAME),
                cell(&finding.wanted, LONGEST_LINE),
                observed,
                interval,
                format_count(finding.samples),
            ],
        );
    }
    more(&mut out, findings.len(), MOST_ROWS);
    out
}

fn steps(result: &RunResult) -> String {
    let mut out = table(&["step", "requests", "failed", "p50", "p95", "p99", "max"], 1..7);
    let all = result.all_steps();
    let steps = result.steps.0.iter().map(|(name, step)| (cell(name, LONGEST_NAME), step));
    for (name, step) in std::iter::once(("**all**".to_owned(), &all)).chain(steps).take(MOST_ROWS) {
        let StepResult { requests, failed, response_us: response, .. } = step;
        let time = |us: u64| if response.count == 0 { "–".to_owned() } else { format_us(us) };
        let times = [response.p50, response.p95, response.p99, response.max].map(time);
        let [p50, p95, p99, max] = times;
        row(&mut out, &[name, format_count(*requests), format_count(*failed), p50, p95, p99, max]);
    }
    more(&mut out, result.steps.0.len() + 1, MOST_ROWS);
    out
}

fn calls(result: &RunResult) -> String {
    let mut out = table(&["", "step", "status", "total"], 2..4);
    for call in result.calls.iter().take(MOST_ROWS) {
        let CallResult { step, status, passed, tried_again, redirected, phases_us, .. } = call;
        let word = match (passed, tried_again, redirected) {
            (_, true, _) => "again",
            (_, _, true) => "redirect",
            (true, ..) => "pass",
            (false, ..) => "fail",
        };
        let status = status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        row(&mut out, &[word.to_owned(), cell(step, LONGEST_NAME), status, format_us(phases_us.total)]);
    }
    more(&mut out, result.calls.len() + result.calls_left_out as usize, MOST_ROWS);
    let not_done = result.steps_not_done();
    if !not_done.is_empty() {
        let names = not_done.iter().take(MOST_REASONS).map(|name| code(name, LONGEST_NAME)).collect::<Vec<_>>();
        let more = not_done.len().saturating_sub(MOST_REASONS);
        let more = if more > 0 { format!(" and {} more", format_count(more as u64)) } else { String::new() };
        out.push_str(&format!("\nNot done: {}{more}\n", names.join(", ")));
    }
    out
}

/// What the failed calls of a smoke check were asked for and gave.
fn failures(result: &RunResult) -> String {
    let failed = result.calls.iter().filter(|call| !call.tried_again);
    let failed: Vec<_> = failed.filter_map(|call| Some((call, call.failure.as_ref()?))).collect();
    let mut out = String::new();
    let mut shown = 0;
    for (call, failure) in failed.iter().take(MOST_FAILURES) {
        if out.len() > MOST_OF_FAILURES {
            break;
        }
        shown += 1;
        let heading = format!("{} {}", code(&call.step, LONGEST_NAME), code(&failure.class, LONGEST_NAME));
        out.push_str(&format!("{}\n\n```diff\n", heading));
        for check in failure.evidence.checks.iter().take(MOST_FAILURES) {
            // The sign before each line keeps it from being the end of the block.
            let texts = [("#", &check.target), ("-", &check.expected), ("+", &check.actual)];
            texts.into_iter().for_each(|(sign, text)| out.push_str(&format!("{sign} {}\n", line(text, LONGEST_LINE))));
        }
        out.push_str("```\n\n");
    }
    more(&mut out, failed.len(), shown);
    out
}

fn errors(result: &RunResult) -> String {
    if result.errors.is_empty() {
        return String::new();
    }
    let mut out = table(&["error", "count", "first", "last", "example"], 1..4);
    for error in result.errors.iter().take(MOST_ROWS) {
        let example = error.examples.first().map_or_else(
            || "–".to_owned(),
            |example| format!("{}: {}", cell(&example.step, LONGEST_NAME), cell(&example.message, LONGEST_LINE)),
        );
        let times = [error.first_at_s, error.last_at_s].map(|at| format!("{at:.1}s"));
        let [first, last] = times;
        row(&mut out, &[cell(&error.class, LONGEST_NAME), format_count(error.count), first, last, example]);
    }
    more(&mut out, result.errors.len(), MOST_ROWS);
    out
}

/// Whether the run can be trusted, and how to repeat it.
fn footer(result: &RunResult) -> String {
    let (rates, generator) = (&result.rates, &result.generator);
    let mut out = String::new();
    if !result.warnings.is_empty() {
        out.push_str(&format!("Warnings:\n{}\n", listed(&result.warnings)));
    }
    let elapsed = format_duration(std::time::Duration::try_from_secs_f64(result.elapsed_s).unwrap_or_default());
    if !result.is_once() {
        out.push_str(&format!(
            "Offered {}, achieved {} journeys; {} requests; send lag p99 {}; generator {} busy. ",
            format_rate(rates.offered_per_s),
            format_rate(rates.achieved_per_s),
            format_rate(rates.requests_per_s),
            format_us(result.times_us.send_lag.p99),
            format_share(generator.cpu_share),
        ));
    }
    out.push_str(&format!("Took {elapsed}. "));
    if result.plan.insecure {
        out.push_str("**Certificates were not checked.** ");
    }
    out.push_str(&format!("Target {}", code(&result.plan.base_url, LONGEST_LINE)));
    if !result.command.is_empty() {
        out.push_str(", repeat with the command below");
    }
    out.push_str(&format!("; mnload {}.\n", line(&result.mnload_version, LONGEST_NAME)));
    if !result.command.is_empty() {
        // Indented text is code, whatever stands in it.
        out.push_str(&format!("\n    {}\n", line(&result.command, LONGEST_COMMAND)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn steps_and_failures_are_shown_of_what_has_them() {
        let load = render(&Fixture::default().report());
        assert!(load.contains("| `search` | 2,400 | "), "{load}");
        let once = render(&Fixture::once().report());
        assert!(once.contains("```diff\n# status\n- status 200\n+ status 401\n"), "{once}");
    }
}
