//! The final report for people: the verdict first, then why, then the figures, within 90 columns; gates within 80.
//!
//! Colours are always written; whoever prints the text takes them out where they do not belong.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets::NOTHING};

use super::Report;
use super::calls;
use super::comparison;
use super::finding::{is_warning, outcome, short_interval, stands_on};
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
/// The table of gates is no wider, but for one more column on the left.
const NARROW: u16 = 79;
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
        true => out.push_str(&format!("  {}\n", stands_on(result))),
        false => result.reasons.iter().for_each(|reason| out.push_str(&format!("  {}\n", clean(reason)))),
    }
    out
}

fn gates(result: &RunResult) -> String {
    let gates: Vec<_> = result.findings.iter().filter(|finding| finding.kind != Kind::Validity).collect();
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
    // What holds has no place among the reasons.
    for finding in gates.iter().filter(|finding| finding.status == Status::Pass) {
        let note = finding.reason.as_ref().map(|reason| labelled("note", &format!("{}: {reason}", finding.name)));
        out.push_str(&note.unwrap_or_default());
    }
    let added = &result.plan.added_gates;
    if !added.is_empty() {
        let names = added.iter().map(|name| clean(name)).collect::<Vec<_>>().join(" and ");
        out.push_str(&format!("  added by mnload, since the file has no gate of its own for it: {names}\n"));
    }
    out
}

/// The figure alone, without where it was seen or what it was made of, which have more room elsewhere.
fn figure(observed: &str) -> &str {
    let end = [" (", ": "].iter().filter_map(|more| observed.find(more)).min();
    &observed[..end.unwrap_or(observed.len())]
}

/// A table of gates: names and statements are broken so that each line fits into a narrow terminal.
fn narrow_table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(NARROW);
    for (at, column) in table.column_iter_mut().enumerate() {
        if !(1..3).contains(&at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    align_right(&mut table, 3..columns.len());
    table
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
    match outcome(finding) {
        // What fails the run is seen at once.
        "fail" => "FAIL".to_owned(),
        other => other.to_owned(),
    }
}

fn outcome_style(finding: &Finding) -> Style {
    match finding.status {
        _ if is_warning(finding) => coloured(AnsiColor::Yellow),
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

pub(super) fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding, known};

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

    /// A run with the longest of everything in its table of gates.
    fn wordy() -> Fixture {
        let gate = |name: &str, status: Status, wanted: &str| {
            known(finding(name, status, wanted, Some("1m 12s")), "10m 12s to 10m 59s")
        };
        let close = Some("the bound lies within the interval 10m 12s to 10m 59s: a longer run may tell".to_owned());
        let findings = vec![
            gate(
                "browsing of signed-in users",
                Status::Fail,
                "p99.9 of group 'everything else' < 1m, at least 1000000 samples, strict",
            ),
            Finding { reason: close, ..gate("b", Status::Pass, "p95 < 600ms") },
            Finding {
                warn: true,
                ..gate("c", Status::NoData, "service.p95 of tag kind:read <= 600ms, warn, abort after 30s")
            },
            finding("d", Status::Pass, "p95 < 600ms over 10s", Some("19ms (worst of 11 windows, ended at 16s)")),
            finding("e", Status::Pass, "p95 < 1.2x baseline", Some("1.01x: 18.3ms to 18.5ms")),
        ];
        Fixture { findings, ..Fixture::default() }
    }

    #[test]
    fn the_gates_fit_80_columns_and_say_how_sure_they_are() {
        for fixture in [Fixture::default(), wordy()] {
            let text = plain(&gates(&fixture.report().result));
            let mut table = text.lines().take_while(|line| !line.starts_with("  note"));
            assert!(table.all(|line| line.chars().count() <= 80), "{text}");
        }
        let wordy_table = plain(&gates(&wordy().report().result));
        // However much the others take, a statement is not broken into letters.
        let lines = wordy_table.lines().take_while(|line| !line.starts_with("  note")).count();
        assert!(lines <= 15, "{wordy_table}");
        for figure in [" 19ms ", " 1.01x "] {
            assert!(wordy_table.contains(figure), "{wordy_table}");
        }
        let short = plain(&gates(&Fixture::default().report().result));
        let mut lines = short.lines();
        assert_eq!(lines.next(), Some("           gate     wanted                    observed  95% interval  samples"));
        assert_eq!(lines.next(), Some("  pass     latency  p95 < 600ms                  212ms     198–240ms    9,600"));
        assert!(
            short.contains("\n  warning  longest  max of search < 2s, warn     4.12s             -    9,600\n"),
            "{short}"
        );
        let wordy = plain(&render(&wordy().report(), Detail::Full));
        assert!(
            wordy.contains("  note       b: the bound lies within the interval 10m 12s to 10m 59s: a longer run"),
            "{wordy}"
        );
        assert!(wordy.contains("  warning    c: it cannot be judged"), "{wordy}");
    }

    #[test]
    fn a_smoke_check_has_no_column_of_intervals() {
        let text = plain(&render(&Fixture::once().report(), Detail::Full));
        assert!(!text.contains("interval"), "{text}");
    }

    #[test]
    fn hostile_names_move_nothing() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d");
        assert_eq!(short(&"x".repeat(80)).chars().count(), LONGEST_NAME);
    }
}
