//! `summary.md` of a release: for a pull request or the page of a build, at most 64 KiB.

use super::words;
use crate::release::result::{GateResult, ItemResult, ReleaseResult};
use crate::report::finding::word;
use crate::report::inert::line;
use crate::report::markdown::MOST_BYTES;
use crate::report::markup::{LONGEST_LINE, LONGEST_NAME, cell, code, listed, more, row, table, within};
use crate::units::format_count;
use crate::verdict::{Ending, Status, Verdict};

const MOST_GATES: usize = 30;
const MOST_ROWS: usize = 60;
const MOST_COMMANDS: usize = 10;
const LONGEST_COMMAND: usize = 1_000;

/// The text.
pub(super) fn render(result: &ReleaseResult) -> String {
    let sections = [headline(result), gates(result), items(result), notes(result), repeats(result), footer(result)];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    within(sections.join("\n"), MOST_BYTES)
}

fn headline(result: &ReleaseResult) -> String {
    let sign = match (result.go, result.verdict) {
        (true, _) => "✅",
        (false, Verdict::Pass) => "☑️",
        (false, Verdict::Fail) => "❌",
        (false, Verdict::Inconclusive) => "⚠️",
    };
    let mut out = format!("## {sign} {}: {}\n\n", words::word(result), code(&result.name, LONGEST_NAME));
    out.push_str(&format!("{}.\n", capital(&words::stands_on(result))));
    if result.ending != Ending::Completed {
        out.push_str("\n**It was stopped before its end.**\n");
    }
    let reasons = words::reasons(result);
    if !reasons.is_empty() {
        out.push_str(&format!("\n{}", listed(&reasons)));
    }
    out
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A row for each gate.
fn gates(result: &ReleaseResult) -> String {
    let mut out = table(&["", "gate", "items", "hold", "do not", "no data", "not done"], 2..7);
    for gate in result.gates.iter().take(MOST_GATES) {
        let count = |wanted: &[Status]| {
            format_count(gate.items.iter().filter(|item| wanted.contains(&item.status)).count() as u64)
        };
        row(
            &mut out,
            &[
                outcome(gate).to_owned(),
                cell(&name_of(gate), LONGEST_NAME),
                format_count(gate.items.len() as u64),
                count(&[Status::Pass]),
                count(&[Status::Fail]),
                count(&[Status::NoData, Status::Invalid]),
                count(&[Status::Skipped]),
            ],
        );
    }
    more(&mut out, result.gates.len(), MOST_GATES);
    out
}

fn outcome(gate: &GateResult) -> &'static str {
    match gate.verdict {
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Fail) => "**fail**",
        Some(Verdict::Inconclusive) => "**inconclusive**",
        None => "not asked for",
    }
}

fn name_of(gate: &GateResult) -> String {
    if gate.title == gate.id { gate.id.clone() } else { format!("{}: {}", gate.id, gate.title) }
}

/// A row for each item; of many those that hold are left out first.
fn items(result: &ReleaseResult) -> String {
    let all: Vec<(&GateResult, &ItemResult)> =
        result.gates.iter().flat_map(|gate| gate.items.iter().map(move |item| (gate, item))).collect();
    let mut left_out = all.len().saturating_sub(MOST_ROWS);
    let is_kept = |(_, item): &&(&GateResult, &ItemResult)| match item.status {
        Status::Pass if left_out > 0 => {
            left_out -= 1;
            false
        }
        _ => true,
    };
    let shown: Vec<_> = all.iter().filter(is_kept).take(MOST_ROWS).collect();
    let mut out = table(&["", "gate", "item", "observed", "owner"], 0..0);
    for (gate, item) in &shown {
        let status = word(item.status, item.warn);
        let owners = words::titles(item, result);
        row(
            &mut out,
            &[
                if words::is_red(item) { format!("**{status}**") } else { status.to_owned() },
                cell(&gate.id, LONGEST_NAME),
                cell(&item.title, LONGEST_NAME),
                cell(&words::observed(item), LONGEST_LINE / 2),
                if owners.is_empty() { "–".to_owned() } else { cell(&owners, LONGEST_NAME) },
            ],
        );
    }
    more(&mut out, all.len(), shown.len());
    out
}

/// What readers found beside the reasons of what does not hold.
fn notes(result: &ReleaseResult) -> String {
    let red = words::red(result);
    let noted = red.iter().flat_map(|item| words::notes(item).into_iter().map(move |note| (item, note)));
    let notes: Vec<String> = noted.map(|(item, note)| format!("{}: {note}", item.title)).collect();
    if notes.is_empty() { String::new() } else { format!("What was noted of it:\n\n{}", listed(&notes)) }
}

/// The command that repeats each item that does not hold.
fn repeats(result: &ReleaseResult) -> String {
    let red: Vec<&ItemResult> = words::red(result).into_iter().filter(|item| !item.repeat.is_empty()).collect();
    if red.is_empty() {
        return String::new();
    }
    let mut out = "To repeat what does not hold:\n\n".to_owned();
    // Indented text is code, whatever stands in it.
    red.iter()
        .take(MOST_COMMANDS)
        .for_each(|item| out.push_str(&format!("    {}\n", line(&item.repeat, LONGEST_COMMAND))));
    more(&mut out, red.len(), MOST_COMMANDS);
    out
}

fn footer(result: &ReleaseResult) -> String {
    let mut out = String::new();
    if !result.warnings.is_empty() {
        out.push_str(&format!("Warnings:\n{}\n", listed(&result.warnings)));
    }
    let taken_over = words::taken_over(result);
    if !taken_over.is_empty() {
        out.push_str(&format!("Taken over from {}. ", code(&taken_over.join(", "), LONGEST_LINE)));
    }
    if let Some(commit) = &result.commit {
        out.push_str(&format!("Commit {}. ", code(&words::commit(commit), LONGEST_NAME)));
    }
    if !result.asked_for.is_empty() {
        out.push_str(&format!("Asked for: {}. ", code(&result.asked_for, LONGEST_LINE)));
    }
    let started = code(&result.started_at, LONGEST_NAME);
    out.push_str(&format!("Started {started}, took {}; ", words::seconds(result.elapsed_s)));
    out.push_str(&format!("mnload {}.\n", code(&result.mnload_version, LONGEST_NAME)));
    if !result.command.is_empty() {
        out.push_str(&format!("\n    {}\n", line(&result.command, LONGEST_COMMAND)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn notes_and_runs_that_were_taken_over_are_named() {
        let mut result = fixture::no_go();
        result.gates[0].items[0].reused_from = Some("r1".into());
        result.gates[0].items[1].evidence[0].notes = vec!["src/api.ts: 0%".into()];
        let text = render(&result);
        assert!(text.contains("\n- `Coverage: src/api.ts: 0%`\n"), "{text}");
        assert!(text.contains("Taken over from `r1`. "), "{text}");
        assert!(!render(&fixture::go()).contains("noted"));
    }
}
