//! A release in words that all its views share: go or no-go, what was observed of an item, how a command ended, who owns it.

use std::time::Duration;

use crate::release::result::{CheckResult, CommandResult, CommitResult, ItemResult, ReleaseResult, RoleResult};
use crate::report::statement::counted;
use crate::units::{format_duration, format_us_f64};
use crate::verdict::{Status, Verdict};

/// So many letters of a hash tell it from any other.
const HASH: usize = 12;
/// So many notes of an item are shown where there is little room.
const MOST_NOTES: usize = 3;
const MINUTE: Duration = Duration::from_secs(60);

/// GO, NO-GO, or PASS where only a part of the release was asked for and all of it holds.
pub(super) fn word(result: &ReleaseResult) -> &'static str {
    match (result.go, result.verdict) {
        (true, _) => "GO",
        (false, Verdict::Pass) => "PASS",
        (false, _) => "NO-GO",
    }
}

/// What the word stands on, as a sentence without an end.
pub(super) fn stands_on(result: &ReleaseResult) -> String {
    let all = counted(items(result).count() as u64, "item");
    let of = |wanted: &dyn Fn(&ItemResult) -> bool| items(result).filter(|item| wanted(item)).count() as u64;
    let passed = of(&|item| item.status == Status::Pass);
    let failed = of(&|item| decides(item) && item.status == Status::Fail);
    let unknown = of(&|item| decides(item) && matches!(item.status, Status::NoData | Status::Invalid));
    let skipped = of(&|item| item.status == Status::Skipped);
    let parts = [(passed, "hold"), (failed, "do not hold"), (unknown, "have no data"), (skipped, "were not done")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| match (count, *what) {
        (1, "hold") => "1 holds".to_owned(),
        (1, "do not hold") => "1 does not hold".to_owned(),
        (1, "have no data") => "1 has no data".to_owned(),
        (1, "were not done") => "1 was not done".to_owned(),
        (count, what) => format!("{count} {what}"),
    });
    let parts: Vec<String> = parts.collect();
    let found = if parts.is_empty() { "nothing was done".to_owned() } else { parts.join(", ") };
    let part = match (result.go, result.verdict, result.asked_for.as_str()) {
        (false, Verdict::Pass, "") => "; this is no go",
        (false, Verdict::Pass, _) => "; only a part of the release was asked for, so this is no go",
        _ => "",
    };
    format!("of {all} in {}, {found}{part}", counted(result.gates.len() as u64, "gate"))
}

/// All items, in order.
pub(super) fn items(result: &ReleaseResult) -> impl Iterator<Item = &ItemResult> {
    result.gates.iter().flat_map(|gate| &gate.items)
}

/// Whether `item` keeps the release from being a go.
pub(super) fn is_red(item: &ItemResult) -> bool {
    decides(item) && matches!(item.status, Status::Fail | Status::NoData | Status::Invalid)
}

fn decides(item: &ItemResult) -> bool {
    !item.warn
}

/// The items that keep it from being a go: what is not known outweighs what failed.
pub(super) fn red(result: &ReleaseResult) -> Vec<&ItemResult> {
    let mut red: Vec<&ItemResult> = items(result).filter(|item| is_red(item)).collect();
    red.sort_by_key(|item| item.status == Status::Fail);
    red
}

/// What was seen of `item`, in a few words.
pub(super) fn observed(item: &ItemResult) -> String {
    let reason = || item.reasons.first().cloned();
    match item.status {
        Status::Skipped => reason().unwrap_or_else(|| "it was not asked for".to_owned()),
        Status::Pass => held(item),
        _ => reason().or_else(|| item.checks.iter().find_map(broken)).unwrap_or_else(|| "nothing is known".to_owned()),
    }
}

/// What a pass stands on.
fn held(item: &ItemResult) -> String {
    let checks = item.checks.iter().filter_map(|check| {
        let (figure, _) = parts_of(&check.wanted);
        Some(format!("{figure} {}", check.observed.as_ref()?))
    });
    let mut parts: Vec<String> = checks.collect();
    let signed = item.manual.as_ref().and_then(|manual| manual.signed.as_ref());
    parts.extend(signed.map(|signed| format!("signed by {}", signed.by)));
    if parts.is_empty() {
        parts.extend(item.command.as_ref().and_then(|command| command.exit_code).map(|code| format!("exit {code}")));
    }
    if item.reused_from.is_some() {
        parts.push("taken over".to_owned());
    }
    parts.join(", ")
}

/// The runs that items were taken over from, each once.
pub(super) fn taken_over(result: &ReleaseResult) -> Vec<&str> {
    let mut runs: Vec<&str> = Vec::new();
    for run in items(result).filter_map(|item| item.reused_from.as_deref()) {
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    runs
}

/// What is worth knowing of an item that does not hold, beside its reasons: which tests, which targets, which keys.
pub(super) fn notes(item: &ItemResult) -> Vec<&str> {
    let evidence = item.evidence.iter().flat_map(|evidence| &evidence.notes);
    let command = item.command.iter().flat_map(|command| &command.notes);
    let all = evidence.chain(command).map(String::as_str);
    let said = |note: &&str| item.reasons.iter().any(|reason| reason == note) || note.trim().is_empty();
    let mut notes: Vec<&str> = Vec::new();
    for note in all.filter(|note| !said(note)) {
        // Of more nobody reads the end, and all of them are in result.json.
        if notes.len() < MOST_NOTES && !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// `text`, or words in its place where there is nothing to see: a link or a heading without a text leads nobody anywhere.
pub(super) fn seen(text: &str) -> String {
    let hidden = |c: char| c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    if text.chars().all(hidden) { "(no title)".to_owned() } else { text.to_owned() }
}

/// How long the item took; nothing where no command was run, since reading takes no time that anybody asks for.
pub(super) fn took(item: &ItemResult) -> String {
    let ran = item.command.is_some() && item.started_at.is_some();
    if ran { seconds(item.elapsed_s) } else { String::new() }
}

fn broken(check: &CheckResult) -> Option<String> {
    let (figure, bound) = parts_of(&check.wanted);
    let observed = check.observed.as_deref().unwrap_or("unknown");
    (check.status != Status::Pass).then(|| format!("{figure} {observed}, wanted {bound}"))
}

/// The figure of a condition, and what it is compared with.
fn parts_of(wanted: &str) -> (&str, &str) {
    let at = wanted.find(['<', '>', '=', '!']).unwrap_or(wanted.len());
    (wanted[..at].trim(), wanted[at..].trim())
}

/// How a command ended.
pub(super) fn end_of(command: &CommandResult) -> String {
    let after = seconds(command.elapsed_s);
    match (command.timed_out, command.signal, command.exit_code) {
        (true, ..) => format!("stopped after {after}, because it took too long"),
        (false, Some(signal), _) => format!("ended by signal {signal} after {after}"),
        (false, None, Some(code)) => format!("exit {code} after {after}"),
        (false, None, None) => "it did not start".to_owned(),
    }
}

/// A time of the result.
pub(super) fn seconds(seconds: f64) -> String {
    // A span that no clock counts is a broken file, not a reason to stop.
    let span = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    if span.is_zero() || span >= MINUTE { format_duration(span) } else { format_us_f64(span.as_secs_f64() * 1e6) }
}

/// Who answers for `item`: the titles of its roles, with their people.
pub(super) fn owners(item: &ItemResult, result: &ReleaseResult) -> Vec<String> {
    let owner = |name: &String| match result.roles.iter().find(|role| role.name == *name) {
        Some(RoleResult { title, people, .. }) if people.is_empty() => title.clone(),
        Some(RoleResult { title, people, .. }) => format!("{title} ({})", people.join(", ")),
        None => name.clone(),
    };
    item.owners.iter().map(owner).collect()
}

/// The titles of an item's roles alone.
pub(super) fn titles(item: &ItemResult, result: &ReleaseResult) -> String {
    let title = |name: &String| {
        result.roles.iter().find(|role| role.name == *name).map_or_else(|| name.clone(), |role| role.title.clone())
    };
    item.owners.iter().map(title).collect::<Vec<_>>().join(", ")
}

/// A hash in as many letters as anybody reads.
pub(super) fn short_hash(hash: &str) -> String {
    hash.chars().take(HASH).collect()
}

/// What is released.
pub(super) fn commit(commit: &CommitResult) -> String {
    let tags = if commit.tags.is_empty() { String::new() } else { format!(" ({})", commit.tags.join(", ")) };
    let changed = if commit.changed { ", with changes that are not committed" } else { "" };
    format!("{}{tags}{changed}", short_hash(&commit.id))
}

/// What it stands on, or why it is no go; one sentence each.
pub(super) fn reasons(result: &ReleaseResult) -> Vec<String> {
    let told = red(result).into_iter().map(|item| {
        let why = item.reasons.first().cloned().unwrap_or_else(|| observed(item));
        format!("{}: {why}", item.title)
    });
    let mut reasons: Vec<String> = told.collect();
    if reasons.is_empty() && !result.go {
        reasons.clone_from(&result.reasons);
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn what_was_observed_is_said_in_a_few_words() {
        let result = fixture::no_go();
        let of = |id: &str| observed(items(&result).find(|item| item.id == id).unwrap());
        assert_eq!(of("typecheck"), "exit 0");
        assert_eq!(of("coverage"), "wanted lines >= 65%, observed 0.94%");
        assert_eq!(of("audit"), "stdout is no report of npm audit: it has no `metadata`");
        let check = CheckResult { wanted: "lines >= 65%".into(), observed: Some("0.94%".into()), status: Status::Fail };
        assert_eq!(broken(&check).as_deref(), Some("lines 0.94%, wanted >= 65%"));
    }

    #[test]
    fn the_word_is_go_only_if_the_result_says_so() {
        let mut result = fixture::go();
        assert_eq!(word(&result), "GO");
        result.go = false;
        assert_eq!(word(&result), "PASS");
        assert!(stands_on(&result).ends_with("this is no go"), "{}", stands_on(&result));
        assert_eq!(word(&fixture::no_go()), "NO-GO");
    }

    #[test]
    fn an_item_that_was_taken_over_says_so_and_its_run_is_named_once() {
        let mut result = fixture::go();
        for item in result.gates.iter_mut().take(2).flat_map(|gate| &mut gate.items) {
            item.reused_from = Some("20261122t021751z-9855096d".to_owned());
        }
        let of = |id: &str| observed(items(&result).find(|item| item.id == id).unwrap());
        assert_eq!((of("typecheck"), of("coverage")), ("exit 0, taken over".into(), "lines 71.3%, taken over".into()));
        assert_eq!(taken_over(&result), ["20261122t021751z-9855096d"]);
        assert!(taken_over(&fixture::go()).is_empty());
    }

    #[test]
    fn notes_are_few_and_say_nothing_twice() {
        let mut result = fixture::no_go();
        let item = &mut result.gates[0].items[1];
        item.evidence[0].notes = ["a", &item.reasons[0], "b", "", "a", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(notes(item), ["a", "b", "c"]);
    }

    #[test]
    fn only_what_ran_a_command_took_time() {
        let result = fixture::go();
        let of = |id: &str| took(items(&result).find(|item| item.id == id).unwrap());
        assert_eq!((of("typecheck").as_str(), of("uat").as_str()), ("12.4s", ""));
    }

    #[test]
    fn what_cannot_be_seen_has_a_name_all_the_same() {
        assert_eq!(["", " \n", "\u{200B}", "a"].map(seen), ["(no title)", "(no title)", "(no title)", "a"]);
    }
}
