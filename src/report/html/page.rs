//! The page in words: every figure already with its unit, every sentence written, for the template to lay out.

use serde::Serialize;

use super::HtmlError;
use super::calls::{self, Calls};
use super::charts;
use super::data::{self, Data};
use super::fact::{self, Fact};
use super::facts::{self, Validity};
use super::figure::Figure;
use super::phases::{self, Phases};
use super::tables::{self, ComparisonTable, Errors, Gates, StepTable};
use super::{Parts, Room};
use crate::metrics::Latency;
use crate::report::Report;
use crate::report::finding;
use crate::report::inert;
use crate::report::result::RunResult;
use crate::units;
use crate::verdict::{Ending, Verdict};

/// What stands where there is no figure.
pub(super) const NONE: &str = "–";
/// More sentences of reason than this are left to the table of gates.
const MOST_REASONS: usize = 8;

/// Everything that the template shows.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    /// The style sheet, the script, and their hashes.
    parts: &'static Parts,
    version: String,
    verdict: Banner,
    name: String,
    description: Vec<String>,
    started_at: String,
    started_words: String,
    base_url: String,
    insecure: bool,
    key_figures: Vec<Fact>,
    gates: Gates,
    validity: Validity,
    steps: StepTable,
    /// How the run compares with earlier ones, if it was.
    comparison: Option<ComparisonTable>,
    /// The calls of a once run, in place of steps, charts and errors.
    calls: Option<Calls>,
    figures: Vec<Figure>,
    errors: Errors,
    /// Nothing of a once run, whose calls show their phases one by one.
    phases: Option<Phases>,
    environment: Vec<Fact>,
    /// The effective scenario by lines.
    scenario: Vec<String>,
    scenario_is_cut: bool,
    /// The command that repeats the run; empty if it is not known.
    command: String,
    data: Data,
}

/// The verdict and what it stands on.
#[derive(Debug, Serialize)]
struct Banner {
    /// For CSS.
    class: &'static str,
    word: &'static str,
    exit_code: u8,
    exit_meaning: &'static str,
    /// How a run ended that was not carried out to its end.
    partial: Option<&'static str>,
    why: String,
    /// Further reasons.
    also: Vec<String>,
    /// Reasons that are not shown.
    left_out: usize,
}

impl Page {
    /// The page of `report`, with at most as much of everything as there is `room` for.
    pub(super) fn of(report: &Report, parts: &'static Parts, room: Room) -> Result<Self, HtmlError> {
        let result = &report.result;
        let cut = |text: &str| inert::cut(text, room.text);
        let (scenario, scenario_is_cut) = lines_of(&result.plan.scenario, room);
        Ok(Self {
            parts,
            version: cut(&result.mnload_version),
            verdict: banner(result, room),
            name: tables::short(&result.name),
            description: fact::paragraphs(&result.description, room.text),
            started_at: cut(&result.started_at),
            started_words: cut(&started_words(&result.started_at)),
            base_url: cut(&result.plan.base_url),
            insecure: result.plan.insecure,
            key_figures: facts::key_figures(result),
            gates: tables::gates(result, room),
            validity: facts::validity(result),
            steps: tables::steps(result, room),
            comparison: result.comparison.as_ref().map(|comparison| tables::comparison(comparison, room)),
            calls: calls::of(result, room),
            figures: if result.is_once() { Vec::new() } else { charts::figures(report)? },
            errors: tables::errors(result, room),
            phases: (!result.is_once()).then(|| phases::of(result)),
            environment: facts::environment(result, room),
            scenario,
            scenario_is_cut,
            command: inert::cut(&result.command, room.text * 4),
            data: data::of(report, room)?,
        })
    }
}

/// The first lines of `text`, and whether there are more, or longer ones.
pub(in crate::report) fn lines_of(text: &str, room: Room) -> (Vec<String>, bool) {
    let whole = text.lines().count() <= room.rows && text.lines().all(|line| line.len() <= room.text);
    let lines = text.lines().take(room.rows).map(|line| inert::cut(&line.replace('\t', "    "), room.text));
    (lines.collect(), !whole)
}

/// A time for a table: beyond minutes nobody reads milliseconds.
pub(super) fn format_us(us: u64) -> String {
    const SECOND: u64 = 1_000_000;
    units::format_us(if us < 600 * SECOND { us } else { us / SECOND * SECOND })
}

/// A time of `latency`, if anything was counted.
pub(super) fn time(latency: &Latency, us: u64) -> String {
    if latency.count == 0 { NONE.to_owned() } else { format_us(us) }
}

fn banner(result: &RunResult, room: Room) -> Banner {
    let (class, word) = match result.verdict {
        Verdict::Pass => ("pass", "PASS"),
        Verdict::Fail => ("fail", "FAIL"),
        Verdict::Inconclusive => ("inconclusive", "INCONCLUSIVE"),
    };
    let mut reasons = finding::reasons_by_weight(result).into_iter().map(|reason| inert::cut(&reason, room.text));
    let why = reasons.next().unwrap_or_else(|| stands_on(result));
    let also: Vec<_> = reasons.by_ref().take(MOST_REASONS).collect();
    Banner {
        class,
        word,
        exit_code: result.exit_code,
        exit_meaning: exit_meaning(result.exit_code),
        partial: (result.ending != Ending::Completed).then(|| facts::ending(result.ending)),
        why,
        also,
        left_out: reasons.count(),
    }
}

/// What a verdict without reasons stands on.
fn stands_on(result: &RunResult) -> String {
    format!("{}.", finding::stands_on(result))
}

fn exit_meaning(code: u8) -> &'static str {
    match code {
        0 => "every gate passed",
        4 => "nothing certain can be said",
        5 => "nothing ran",
        99 => "a gate failed",
        130 | 143 => "stopped before its end",
        _ => "see the documentation",
    }
}

/// `2026-05-04T09:30:00.123Z` as people read it.
pub(in crate::report) fn started_words(started_at: &str) -> String {
    match started_at.split_once('T') {
        Some((day, time)) if time.ends_with('Z') => {
            let time = time.trim_end_matches('Z');
            format!("{day} {} UTC", time.split_once('.').map_or(time, |(whole, _)| whole))
        }
        _ => started_at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_worded_without_guessing() {
        assert_eq!(started_words("2026-05-04T09:30:00.123Z"), "2026-05-04 09:30:00 UTC");
        assert_eq!(started_words("yesterday"), "yesterday");
    }
}
