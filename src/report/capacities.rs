//! Two explorations side by side: for people, within 80 columns, and as a document for programs.

use anstyle::AnsiColor;

use super::compared::CompareDocument;
use super::comparison::{line, paragraph};
use super::console::{align_right, clean, coloured, finished, table};
use super::finding::warnings;
use crate::explore::{CapacityComparison, ComparedExploration, Outcome, RateOutcome};
use crate::units::{format_rate, format_share, format_us};
use crate::verdict::Status;

/// The value of `schema`.
const SCHEMA: &str = "mnload.exploration-comparison";
/// The value of `schema_version`: fields may be added within a major.
const SCHEMA_VERSION: &str = "1.0.0";

/// What `mnload compare --format json` writes of two explorations.
pub type CapacityDocument = CompareDocument<CapacityComparison>;

impl CapacityDocument {
    /// The document of `comparison`.
    pub fn of(comparison: CapacityComparison) -> Self {
        Self::judged([SCHEMA, SCHEMA_VERSION], comparison, |comparison| &comparison.findings)
    }
}

/// The comparison as text, with ANSI colours.
pub fn render(document: &CapacityDocument) -> String {
    let open = "it cannot be told whether NEW takes less";
    let mut out = document.headline(["NEW takes as much as BASE", "NEW takes less than BASE", open]);
    let comparison = &document.comparison;
    match document.reasons.is_empty() {
        true => out.push_str(&paragraph(&clean(&comparison.change))),
        false => document.reasons.iter().for_each(|reason| out.push_str(&paragraph(&clean(reason)))),
    }
    out.push('\n');
    out.push_str(&figures(comparison));
    out.push_str(&rates(comparison));
    out.push('\n');
    for (label, side) in [("base", &comparison.base), ("new", &comparison.new)] {
        out.push_str(&line(label, &clean(&format!("{}: {}, {}", side.origin, side.scenario, side.started_at))));
    }
    out.push_str(&line("gates", &clean(&comparison.gates.join(", "))));
    comparison.notes.iter().for_each(|note| out.push_str(&line("note", &clean(note))));
    let warned = comparison.warnings.iter().cloned().chain(warnings(&comparison.findings));
    warned.for_each(|warning| out.push_str(&line("warning", &clean(&warning))));
    out
}

/// Capacity and knee.
fn figures(comparison: &CapacityComparison) -> String {
    let mut rows = table(["figure", "base", "new", "ratio", "95% interval", "verdict"]);
    align_right(&mut rows, 1..5);
    let of = |side: &ComparedExploration| {
        let ends = [side.capacity.low_per_s, side.capacity.high_per_s];
        let open = || match ends {
            [Some(low), _] => format!(">= {}", format_rate(low)),
            [None, Some(high)] => format!("<= {}", format_rate(high)),
            [None, None] => "-".to_owned(),
        };
        side.capacity.per_s.map_or_else(open, format_rate)
    };
    let deciding = comparison.findings.iter().filter(|finding| !finding.warn).map(|finding| finding.status);
    let verdict = match deciding.max_by_key(|status| weight(*status)) {
        Some(Status::Pass) => "pass",
        Some(Status::Fail) => "FAIL",
        Some(Status::Invalid | Status::NoData) => "open",
        Some(Status::Skipped) | None => "",
    };
    let ratio = comparison.ratio.map_or("-".to_owned(), crate::compare::times);
    let interval = match (comparison.ratio_low, comparison.ratio_high) {
        (None, None) => "-".to_owned(),
        (low, high) => {
            let end = |end: Option<f64>| end.map_or(String::new(), |end| format!("{end:.2}"));
            format!("{}..{}", end(low), end(high))
        }
    };
    rows.add_row([
        "capacity".to_owned(),
        of(&comparison.base),
        of(&comparison.new),
        ratio,
        interval,
        verdict.to_owned(),
    ]);
    let knee = |side: &ComparedExploration| side.knee_per_s.map_or("-".to_owned(), format_rate);
    let knees = comparison.base.knee_per_s.zip(comparison.new.knee_per_s).filter(|(base, _)| *base > 0.0);
    let ratio = knees.map_or("-".to_owned(), |(base, new)| crate::compare::times(new / base));
    rows.add_row([
        "knee".to_owned(),
        knee(&comparison.base),
        knee(&comparison.new),
        ratio,
        "-".to_owned(),
        String::new(),
    ]);
    finished(&rows, |line| match line.rsplit(' ').next() {
        Some("FAIL") => Some(coloured(AnsiColor::Red).bold()),
        Some("open") => Some(coloured(AnsiColor::Yellow)),
        _ => None,
    })
}

/// What outweighs what.
fn weight(status: Status) -> u8 {
    match status {
        Status::Skipped => 0,
        Status::Pass => 1,
        Status::Fail => 2,
        Status::Invalid | Status::NoData => 3,
    }
}

/// Rates that both tried; nothing if there are none.
fn rates(comparison: &CapacityComparison) -> String {
    if comparison.rates.is_empty() {
        return String::new();
    }
    let mut rows = table(["rate", "base p95", "errors", "outcome", "new p95", "errors", "outcome"]);
    align_right(&mut rows, 0..3);
    align_right(&mut rows, 4..6);
    for rate in &comparison.rates {
        let [base, new] = [&rate.base, &rate.new].map(words);
        let ([base_p95, base_errors, base], [new_p95, new_errors, new]) = (base, new);
        rows.add_row([format_rate(rate.rate_per_s), base_p95, base_errors, base, new_p95, new_errors, new]);
    }
    format!("\n{}", finished(&rows, |_| None))
}

fn words(of: &RateOutcome) -> [String; 3] {
    let outcome = match of.outcome {
        Outcome::Holds => "holds",
        Outcome::Breaks => "breaks",
        Outcome::Unclear => "unclear",
        Outcome::Generator => "generator",
        Outcome::Interrupted => "stopped",
    };
    [format_us(of.p95_us), of.error_rate.map_or("-".to_owned(), format_share), outcome.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::fixture::{exploration, known};
    use crate::explore::{CompareOptions, Knee, LimitedBy, Side, compare};

    fn document() -> CapacityDocument {
        let mut base = exploration(known(291.0, 297.0, 304.0, LimitedBy::Target));
        let mut new = exploration(known(231.0, 237.0, 243.0, LimitedBy::Target));
        base.knee = Some(Knee { per_s: 240.0, low_per_s: 160.0, high_per_s: 320.0 });
        "http://127.0.0.1:8\u{1b}[31m".clone_into(&mut new.base_url);
        let (base, new) = (Side { origin: "reports/1.8", result: &base }, Side { origin: "reports/1.9", result: &new });
        CapacityDocument::of(compare(base, new, &CompareOptions::within(0.1)).unwrap())
    }

    #[test]
    fn it_is_laid_out_as_before_within_80_columns() {
        let text = anstream::adapter::strip_str(&render(&document())).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_document_is_written_as_before_and_can_be_read_again() {
        let document = document();
        let text = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(serde_json::from_str::<CapacityDocument>(&text).unwrap(), document);
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }
}
