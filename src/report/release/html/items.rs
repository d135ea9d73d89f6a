//! One item on the page: why it came out so, its evidence, its command and the end of what that printed.

use std::collections::HashSet;

use serde::Serialize;

use super::super::words;
use crate::release::result::{CheckResult, CommandResult, EvidenceResult, ItemResult, OutputResult, ReleaseResult};
use crate::report::finding::word;
use crate::report::html::{Room, class_of};
use crate::report::inert::cut;
use crate::units::format_bytes;
use crate::verdict::Status;

/// An item.
#[derive(Debug, Serialize)]
pub(super) struct ItemView {
    anchor: String,
    class: &'static str,
    status: &'static str,
    title: String,
    observed: String,
    took: String,
    /// Whether it is shown open.
    open: bool,
    /// Whether it keeps the release from being a go.
    red: bool,
    reasons: Vec<String>,
    rationale: String,
    checks: Vec<CheckView>,
    evidence: Vec<EvidenceView>,
    facts: Vec<ItemFact>,
    outputs: Vec<OutputView>,
}

#[derive(Debug, Serialize)]
struct CheckView {
    class: &'static str,
    status: &'static str,
    wanted: String,
    observed: String,
}

#[derive(Debug, Serialize)]
struct EvidenceView {
    reader: String,
    figures: Vec<FigureView>,
    missing: Vec<String>,
    broken: Vec<String>,
    notes: Vec<String>,
    sources: Vec<SourceView>,
}

#[derive(Debug, Serialize)]
struct FigureView {
    name: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct SourceView {
    name: String,
    made_at: String,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct ItemFact {
    name: &'static str,
    value: String,
    code: bool,
}

#[derive(Debug, Serialize)]
struct OutputView {
    name: String,
    lines: Vec<String>,
}

/// How much of one item is shown.
#[derive(Clone, Copy)]
struct Shown {
    /// Entries of a list.
    list: usize,
    text: usize,
    output: usize,
}

/// Names that links lead to, for each item in order: its id, if that is a plain word that no other has.
pub(super) fn anchors(result: &ReleaseResult) -> Vec<String> {
    let mut taken = HashSet::new();
    let anchor = |(at, item): (usize, &ItemResult)| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let plain = !item.id.is_empty() && item.id.len() <= 60 && item.id.chars().all(is_plain);
        let name = if plain { format!("item-{}", item.id) } else { format!("item.{}", at + 1) };
        if taken.insert(name.clone()) { name } else { format!("item.{}", at + 1) }
    };
    words::items(result).enumerate().map(anchor).collect()
}

impl ItemView {
    /// `item`, with as much of it as there is `room` for.
    pub(super) fn of(item: &ItemResult, result: &ReleaseResult, anchor: &str, room: Room) -> Self {
        let shown = Shown { list: (room.rows / 12).clamp(3, 20), text: room.text, output: room.data };
        let red = words::is_red(item);
        let observed = cut(&words::observed(item), shown.text.min(160));
        let reasons = shown.texts(&item.reasons);
        Self {
            anchor: anchor.to_owned(),
            class: class_of(item.status, item.warn),
            status: word(item.status, item.warn),
            title: cut(&words::seen(&item.title), shown.text),
            took: words::took(item),
            open: !matches!(item.status, Status::Pass | Status::Skipped),
            red,
            // What stands beside the title need not be said twice.
            reasons: if reasons.len() == 1 && reasons[0] == observed { Vec::new() } else { reasons },
            observed,
            rationale: cut(&item.rationale, shown.text),
            checks: item.checks.iter().take(shown.list).map(|check| shown.check(check)).collect(),
            evidence: item.evidence.iter().take(shown.list.min(6)).map(|evidence| shown.evidence(evidence)).collect(),
            facts: shown.facts(item, result),
            outputs: item.command.iter().flat_map(|command| shown.outputs(command)).collect(),
        }
    }
}

impl Shown {
    fn texts(self, texts: &[String]) -> Vec<String> {
        texts.iter().take(self.list).map(|text| cut(text, self.text)).collect()
    }

    fn check(self, check: &CheckResult) -> CheckView {
        CheckView {
            class: class_of(check.status, false),
            status: word(check.status, false),
            wanted: cut(&check.wanted, self.text),
            observed: check.observed.as_deref().map_or_else(|| "nothing".to_owned(), |text| cut(text, self.text)),
        }
    }

    fn evidence(self, evidence: &EvidenceResult) -> EvidenceView {
        let figures = evidence.figures.iter().take(self.list);
        let sources = evidence.sources.iter().take(self.list);
        let optional = |text: &Option<String>| text.as_deref().map(|text| cut(text, self.text)).unwrap_or_default();
        EvidenceView {
            reader: cut(&evidence.reader, self.text),
            figures: figures
                .map(|figure| FigureView { name: cut(&figure.name, self.text), text: cut(&figure.text, self.text) })
                .collect(),
            missing: self.texts(&evidence.missing),
            broken: self.texts(&evidence.broken),
            notes: self.texts(&evidence.notes),
            sources: sources
                .map(|source| SourceView {
                    name: cut(&source.name, self.text),
                    made_at: optional(&source.made_at),
                    sha256: words::short_hash(&optional(&source.sha256)),
                })
                .collect(),
        }
    }

    fn facts(self, item: &ItemResult, result: &ReleaseResult) -> Vec<ItemFact> {
        let plain = |name, value: String| ItemFact { name, value: cut(&value, self.text), code: false };
        let code = |name, value: &str| ItemFact { name, value: cut(value, self.text * 2), code: true };
        let mut facts = Vec::new();
        let owners: Vec<String> = words::owners(item, result).into_iter().take(self.list).collect();
        if !owners.is_empty() {
            facts.push(plain("Owner", owners.join("; ")));
        }
        if let Some(manual) = &item.manual {
            facts.push(plain("To confirm", manual.ask.clone()));
            facts.push(plain(
                "Signed",
                match &manual.signed {
                    Some(signed) if signed.note.is_empty() => format!("by {} on {}", signed.by, signed.at),
                    Some(signed) => format!("by {} on {}: {}", signed.by, signed.at, signed.note),
                    None => "by nobody for this commit".to_owned(),
                },
            ));
            facts.extend(manual.expired.iter().map(|old| {
                let commit = words::short_hash(&old.commit);
                plain("Does not count", format!("{} signed on {} for {commit}", old.by, old.at))
            }));
        }
        if let Some(command) = &item.command {
            facts.push(code("Command", &command.text));
            let place =
                if matches!(command.dir.as_str(), "" | ".") { String::new() } else { format!(", in {}", command.dir) };
            facts.push(plain("Ended", format!("{}{place}", words::end_of(command))));
            facts.extend(command.notes.iter().take(self.list).map(|note| plain("Note", note.clone())));
        }
        facts.extend(item.started_at.iter().map(|at| plain("Started", at.clone())));
        facts.extend(
            item.reused_from.iter().map(|run| plain("Held in", format!("{run}, and nothing has changed since"))),
        );
        if !item.artifacts.is_empty() {
            facts.push(code("Artifacts", &self.texts(&item.artifacts).join(", ")));
        }
        if !item.repeat.is_empty() {
            facts.push(code("To repeat", &item.repeat));
        }
        facts
    }

    /// The ends of what the command printed.
    fn outputs(self, command: &CommandResult) -> impl Iterator<Item = OutputView> {
        let named = [("What it printed", &command.stdout), ("What it complained about", &command.stderr)];
        named.into_iter().filter(|(_, output)| !output.tail.trim().is_empty()).map(move |(name, output)| {
            let whole = output.file.as_deref().map(|file| format!(", {}", cut(file, self.text))).unwrap_or_default();
            OutputView {
                name: format!("{name} ({}{whole})", format_bytes(output.bytes)),
                lines: end_of(output, self.output),
            }
        })
    }
}

/// The last lines of `output`, of at most `most` characters together.
fn end_of(output: &OutputResult, most: usize) -> Vec<String> {
    let from = output.tail.char_indices().rev().nth(most).map(|(at, c)| at + c.len_utf8());
    let end = &output.tail[from.unwrap_or(0)..];
    // A part of a line says less than none, if there are whole ones.
    let end = match (from, end.split_once('\n')) {
        (Some(_), Some((_, whole))) if !whole.trim().is_empty() => whole,
        _ => end,
    };
    let more = (from.is_some() || output.cut).then(|| "…".to_owned());
    more.into_iter().chain(end.lines().map(|line| line.replace('\t', "    "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_output_begins_with_a_whole_line() {
        let output = |tail: &str| OutputResult { tail: tail.to_owned(), ..OutputResult::default() };
        assert_eq!(end_of(&output("a\nb\n"), 99), ["a", "b"]);
        assert_eq!(end_of(&output("first\nsecond\n"), 9), ["…", "second"]);
        assert_eq!(end_of(&output("ääääää"), 3), ["…", "äää"]);
    }
}
