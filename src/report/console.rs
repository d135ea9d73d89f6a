//! The final report for people: the verdict first, then why, then the figures, within 90 columns.
//!
//! Colours are always written; whoever prints the text takes them out where they do not belong.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets::NOTHING};

use super::Report;
use super::calls;
use super::comparison;
use super::lines::{labelled, warning};
use super::result::{ErrorResult, GeneratorResult, RunResult};
use super::statement::counted;
use super::strain;
use crate::metrics::Latency;
use crate::units::{format_bytes, format_count, format_duration, format_rate, format_us};
use crate::verdict::{Finding, Kind, Status, Verdict};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Full,
    /// The verdict and what keeps it from being a pass.
    Quiet,
}

/// More errors than this are left to the files.
const MOST_ERRORS: usize = 8;
/// Longer names are cut in the middle of a table.
const LONGEST_NAME: usize = 24;

/// The report as text, with ANSI colours.
pub fn render(report: &Report, detail: Detail) -> String {
    let result = &report.result;
    let mut out = headline(result);
    if detail == Detail::Full {
        let sections = match result.is_once() {
            true => [gates(result), calls::table(result), calls::failures(result), once(result)],
            false => [gates(result), steps(result), errors(result), health(result)],
        };
        let compared = result.comparison.as_ref().map(comparison::section).unwrap_or_default();
        let warnings: String = result.warnings.iter().map(|text| warning(text)).collect();
        for section in sections.into_iter().chain([compared, warnings]) {
            if !section.is_empty() {
                out.push('\n');
                out.push_str(&section);
            }
        }
    }
    out
}

fn headline(result: &RunResult) -> String {
    let (word, style) = match result.verdict {
        Verdict::Pass => ("PASS", coloured(AnsiColor::Green)),
        Verdict::Fail => ("FAIL", coloured(AnsiColor::Red)),
        Verdict::Inconclusive => ("INCONCLUSIVE", coloured(AnsiColor::Yellow)),
    };
    let style = style.bold();
    let mut out = format!("{style}{word}{style:#}  {} (exit {})\n", clean(&result.name), result.exit_code);
    match result.reasons.is_empty() {
        true => {
            let held = result.findings.iter().filter(|finding| finding.status == Status::Pass).count();
            let gates = counted(held as u64, "gate");
            out.push_str(&format!("  {gates} held over {}\n", counted(result.times_us.response.count, "request")));
        }
        false => result.reasons.iter().for_each(|reason| out.push_str(&format!("  {}\n", clean(reason)))),
    }
    out
}

fn gates(result: &RunResult) -> String {
    let mut table = table(["", "gate", "wanted", "observed", "samples"]);
    align_right(&mut table, 3..5);
    for finding in result.findings.iter().filter(|finding| finding.kind == Kind::Gate) {
        let observed = finding.observed.as_deref().unwrap_or("-");
        let row = [
            mark(finding),
            short(&finding.name),
            clean(&finding.wanted),
            observed.to_owned(),
            format_count(finding.samples),
        ];
        table.add_row(row);
    }
    let mut out = finished(&table, |line| {
        let status = result.findings.iter().map(|finding| (mark(finding), status_style(finding.status)));
        status.into_iter().find(|(mark, _)| line.trim_start().starts_with(mark.as_str())).map(|(_, style)| style)
    });
    let added = &result.plan.added_gates;
    if !added.is_empty() {
        let names = added.iter().map(|name| clean(name)).collect::<Vec<_>>().join(" and ");
        out.push_str(&format!("  added by mnload, since the file has no gate of its own for it: {names}\n"));
    }
    out
}

fn steps(result: &RunResult) -> String {
    let mut table = table(["step", "requests", "failed", "p50", "p95", "p99", "max", "service p95"]);
    align_right(&mut table, 1..8);
    let time = |latency: &Latency, us: u64| if latency.count == 0 { "-".to_owned() } else { format_us(us) };
    let groups = result.groups.0.iter().map(|(name, sum)| (format!("[{name}]"), sum));
    let steps = result.steps.0.iter().map(|(name, step)| (name.clone(), step));
    for (name, step) in steps.chain(groups) {
        let (response, service) = (&step.response_us, &step.service_us);
        table.add_row([
            short(&name),
            format_count(step.requests),
            format_count(step.failed),
            time(response, response.p50),
            time(response, response.p95),
            time(response, response.p99),
            time(response, response.max),
            time(service, service.p95),
        ]);
    }
    finished(&table, |_| None)
}

fn errors(result: &RunResult) -> String {
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
    let example =
        error.examples.first().map(|example| format!("\n    {}: {}", short(&example.step), clean(&example.message)));
    format!(
        "  {style}{}{style:#}  {} {when}{}\n",
        clean(&error.class),
        format_count(error.count),
        example.unwrap_or_default()
    )
}

/// Where every journey went, whether the rate was reached, and the generator's own health.
fn health(result: &RunResult) -> String {
    let generator = &result.generator;
    let lag = &result.times_us.send_lag;
    let elapsed = elapsed(result);
    let insecure = insecure(result);
    format!(
        "{}{}  \
         rate       offered {}, achieved {} journeys; {} requests; {elapsed} in all\n  \
         generator  send lag p99 {}, max {}; {} {:.0}% busy{}; {}\n  \
         in flight  at most {} of {} allowed; {} opened{}, reused for {}\n{}{insecure}",
        journeys(result),
        warm_up(result),
        format_rate(result.rates.offered_per_s),
        format_rate(result.rates.achieved_per_s),
        format_rate(result.rates.requests_per_s),
        format_us(lag.p99),
        format_us(lag.max),
        counted(generator.workers, "worker"),
        generator.cpu_share * 100.0,
        strain::busiest(result),
        format_bytes(generator.peak_rss_bytes),
        format_count(generator.peak_in_flight),
        format_count(result.plan.max_in_flight),
        counted(generator.connections_opened, "connection"),
        over_http2(generator),
        counted(generator.connections_reused, "request"),
        strain::line(result),
    )
}

/// The same for a smoke check, which has no rate to speak of.
fn once(result: &RunResult) -> String {
    let connections = counted(result.generator.connections_opened, "connection");
    let http2 = over_http2(&result.generator);
    format!("{}  took       {} in all; {connections}{http2}\n{}", journeys(result), elapsed(result), insecure(result))
}

/// How many connections speak HTTP/2, if any do.
fn over_http2(generator: &GeneratorResult) -> String {
    match generator.connections_http2 {
        0 => String::new(),
        all if all == generator.connections_opened => " (HTTP/2)".to_owned(),
        some => format!(" ({} of them HTTP/2)", format_count(some)),
    }
}

fn journeys(result: &RunResult) -> String {
    let accounting = &result.accounting;
    format!(
        "  journeys   {} scheduled = {} passed + {} failed + {} abandoned + {} unstarted\n",
        format_count(accounting.scheduled),
        format_count(accounting.passed),
        format_count(accounting.failed),
        format_count(accounting.abandoned),
        format_count(accounting.unstarted),
    )
}

fn warm_up(result: &RunResult) -> String {
    result.warm_up.as_ref().map(|warm_up| labelled("warm-up", &warm_up.told())).unwrap_or_default()
}

fn elapsed(result: &RunResult) -> String {
    format_duration(std::time::Duration::from_secs_f64(result.elapsed_s))
}

fn insecure(result: &RunResult) -> &'static str {
    if result.plan.insecure { "  INSECURE   certificates were not checked\n" } else { "" }
}

fn mark(finding: &Finding) -> String {
    match finding.status {
        Status::Pass => "pass",
        Status::Fail => "FAIL",
        Status::NoData => "no data",
        Status::Invalid => "invalid",
        Status::Skipped => "skipped",
    }
    .to_owned()
}

fn status_style(status: Status) -> Style {
    match status {
        Status::Pass => coloured(AnsiColor::Green),
        Status::Fail => coloured(AnsiColor::Red).bold(),
        Status::NoData | Status::Invalid => coloured(AnsiColor::Yellow),
        Status::Skipped => Style::new().dimmed(),
    }
}

pub(super) fn coloured(colour: AnsiColor) -> Style {
    colour.on_default()
}

pub(super) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    table
}

pub(super) fn align_right(table: &mut Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The table's lines, the header dimmed, others in the style that `style_of` finds.
pub(super) fn finished(table: &Table, style_of: impl Fn(&str) -> Option<Style>) -> String {
    let dimmed = Style::new().dimmed();
    let styled = table.lines().enumerate().map(|(at, line)| {
        let line = format!(" {}", line.trim_end());
        match if at == 0 { Some(dimmed) } else { style_of(&line) } {
            Some(style) => format!("{style}{line}{style:#}\n"),
            None => format!("{line}\n"),
        }
    });
    styled.collect()
}

/// A name that fits into a table.
pub(super) fn short(name: &str) -> String {
    let name = clean(name);
    match name.chars().count() > LONGEST_NAME {
        true => name.chars().take(LONGEST_NAME - 1).chain(['…']).collect(),
        false => name,
    }
}

/// Text from the scenario or the target, which must not move the cursor or change colours.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_direction_mark(c) { '\u{FFFD}' } else { c }).collect()
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_report_fits_90_columns_and_says_the_verdict_first() {
        for report in [Fixture::default().report(), Fixture::empty().report(), Fixture::once().report()] {
            let text = plain(&render(&report, Detail::Full));
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= 90, "{widest} columns:\n{text}");
            assert!(["PASS", "FAIL", "INCONCLUSIVE"].iter().any(|word| text.starts_with(word)), "{text}");
            assert!(text.contains("scheduled ="), "{text}");
        }
    }

    #[test]
    fn hostile_names_move_nothing() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d");
        assert_eq!(short(&"x".repeat(80)).chars().count(), LONGEST_NAME);
    }
}
