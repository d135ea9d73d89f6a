//! The final report for people: the verdict first, then why, then the figures, within 80 columns.
//!
//! The verdict is all that stands at the left edge; the rest keeps two columns from it, and labels have a column of their
//! own. Colours are always written; whoever prints the text takes them out where they do not belong.

mod gates;
mod health;
mod steps;
mod table;
mod text;

use anstyle::AnsiColor;

use super::Report;
use super::calls;
use super::comparison;
use super::finding::{reasons_by_weight, stands_on};
use super::inert::cut;
use super::lines::{COLUMNS, broken_within, warning};
use super::result::RunResult;
use crate::verdict::{Ending, Verdict};

pub(super) use gates::{mark_of, style_of};
pub(super) use table::{align_right, finished, fits, fitted, table};
pub use text::clean;
pub(super) use text::{coloured, is_direction_mark, moves_text, short, shortened};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Full,
    /// The verdict and what keeps it from being a pass.
    Quiet,
}

/// More reasons, and more warnings, are left to the page.
const MOST_REASONS: usize = 12;
/// Longer reasons are cut: one may hold what a target said.
const LONGEST_REASON: usize = 1_000;

/// The report as text, with ANSI colours.
pub fn render(report: &Report, detail: Detail) -> String {
    let result = &report.result;
    let mut out = headline(result);
    if detail == Detail::Full {
        let sections = match result.is_once() {
            true => [gates::gates(result), calls::table(result), calls::failures(result), health::once(result)],
            false => [gates::gates(result), steps::steps(result), steps::errors(result), health::health(result)],
        };
        let compared = result.comparison.as_ref().map(comparison::section).unwrap_or_default();
        let warnings: String = result.warnings.iter().take(MOST_REASONS).map(|text| warning(text)).collect();
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
    let reasons = match reasons_by_weight(result) {
        none if none.is_empty() => vec![stands_on(result)],
        reasons => reasons,
    };
    let line = verdict_line(result.verdict, result.ending, result.exit_code, &result.name);
    format!("{line}{}", sentences(&reasons))
}

/// The verdict, what was judged, and the exit code, in one line.
pub(super) fn verdict_line(verdict: Verdict, ending: Ending, exit_code: u8, name: &str) -> String {
    let (word, style) = match verdict {
        Verdict::Pass => ("PASS", coloured(AnsiColor::Green)),
        Verdict::Fail => ("FAIL", coloured(AnsiColor::Red)),
        Verdict::Inconclusive => ("INCONCLUSIVE", coloured(AnsiColor::Yellow)),
    };
    let style = style.bold();
    // A name may be long, and what stands behind it must be seen.
    let partial = if ending == Ending::Completed { "" } else { ", partial" };
    let exit = format!("(exit {exit_code}{partial})");
    let room = COLUMNS - word.len() - exit.len() - 3;
    format!("{style}{word}{style:#}  {} {exit}\n", shortened(name, room))
}

/// Why, a sentence each, as many as anybody reads.
pub(super) fn sentences(reasons: &[String]) -> String {
    // Further lines of a sentence stand deeper, so that each begins where it is seen.
    let sentence = |reason: &String| format!("  {}\n", broken_within(&cut(reason, LONGEST_REASON), 4, COLUMNS));
    let mut out: String = reasons.iter().take(MOST_REASONS).map(sentence).collect();
    let more = reasons.len().saturating_sub(MOST_REASONS);
    if more > 0 {
        out.push_str(&format!("  and {more} more reasons: see report.html\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding, known};
    use crate::verdict::{Finding, Status};

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_report_fits_80_columns_and_says_the_verdict_first() {
        for report in [Fixture::default().report(), Fixture::empty().report(), Fixture::once().report()] {
            let text = plain(&render(&report, Detail::Full));
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= 80, "{widest} columns:\n{text}");
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
            let text = plain(&gates::gates(&fixture.report().result));
            let mut table = text.lines().take_while(|line| !line.starts_with("  note"));
            assert!(table.all(|line| line.chars().count() <= 80), "{text}");
        }
        let wordy_table = plain(&gates::gates(&wordy().report().result));
        // However much the others take, a statement is not broken into letters.
        let lines = wordy_table.lines().take_while(|line| !line.starts_with("  note")).count();
        assert!(lines <= 15, "{wordy_table}");
        for figure in [" 19ms ", " 1.01x "] {
            assert!(wordy_table.contains(figure), "{wordy_table}");
        }
        let short = plain(&gates::gates(&Fixture::default().report().result));
        let mut lines = short.lines();
        assert_eq!(lines.next(), Some("           gate     wanted                    observed  95% interval  samples"));
        assert_eq!(lines.next(), Some("  pass     latency  p95 < 600ms                  212ms     198–240ms    9,600"));
        assert!(
            short.contains("\n  warning  longest  max of search < 2s, warn     4.12s             -    9,600\n"),
            "{short}"
        );
        let wordy = plain(&render(&wordy().report(), Detail::Full));
        assert!(wordy.contains("  note       b: the bound lies within the interval 10m 12s to 10m 59s: a"), "{wordy}");
        assert!(wordy.contains("  warning    c: it cannot be judged"), "{wordy}");
    }

    #[test]
    fn a_smoke_check_has_no_column_of_intervals() {
        let text = plain(&render(&Fixture::once().report(), Detail::Full));
        assert!(!text.contains("interval"), "{text}");
    }

    /// A run of everything that is long, in numbers and in names.
    fn long() -> Report {
        let mut report = wordy().report();
        let result = &mut report.result;
        let step = result.steps.0[0].1.clone();
        result.steps.0 =
            (0..1_000).map(|k| (format!("a step with a rather long name, number {k}"), step.clone())).collect();
        result.steps.0[0].1.requests = 123_456_789;
        result.steps.0[1].1.response_us.max = 3_723_000_000;
        result.reasons = vec!["wanted what cannot be had ".repeat(100); 30];
        result.name = "a name ".repeat(50);
        result.errors[0].examples[0].message = "no ".repeat(300);
        report
    }

    #[test]
    fn whatever_is_long_stays_within_80_columns_and_is_counted() {
        let text = plain(&render(&long(), Detail::Full));
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        assert!(text.contains("  and 940 more steps: see report.html\n"), "{text}");
        assert!(text.contains("  and 18 more reasons: see report.html\n"), "{text}");
        assert!(text.lines().count() < 350, "{}", text.lines().count());
    }

    #[test]
    fn only_the_verdict_stands_at_the_left_edge() {
        for report in [Fixture::default().report(), Fixture::once().report(), wordy().report(), long()] {
            let text = plain(&render(&report, Detail::Full));
            let others = text.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with("  "));
            assert_eq!(others.count(), 0, "{text}");
        }
    }

    #[test]
    fn runs_of_every_kind_look_as_before() {
        let failing = Fixture {
            findings: vec![
                Finding { first_broken_s: Some(61), ..finding("latency", Status::Fail, "p95 < 600ms", Some("3.2s")) },
                known(finding("errors", Status::Pass, "error_rate < 1%", Some("0.25%")), "0.17% to 0.37%"),
            ],
            insecure: true,
            ..Fixture::default()
        };
        let mut partial = Fixture::default().report();
        partial.result.ending = Ending::Interrupted;
        partial.result.exit_code = 130;
        let shown = [
            ("load", Fixture::default().report()),
            ("once", Fixture::once().report()),
            ("failing", failing.report()),
            ("partial", partial),
            ("empty", Fixture::empty().report()),
        ];
        for (kind, report) in shown {
            insta::assert_snapshot!(format!("console_{kind}"), plain(&render(&report, Detail::Full)));
        }
        // Colours by meaning: escapes made visible.
        let coloured = render(&failing.report(), Detail::Full).replace('\u{1b}', "␛");
        insta::assert_snapshot!("console_failing_in_colour", coloured);
    }
}
