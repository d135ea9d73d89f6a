//! `ownership.md`: who answers for what, who signed what for which commit, and how the way back was rehearsed.

use super::words;
use crate::release::result::{ItemResult, ReleaseResult, SignOff};
use crate::report::finding::word;
use crate::report::markup::{LONGEST_LINE, LONGEST_NAME, cell, code, more, row, table, within};
use crate::verdict::{Ending, Status};

const MOST_ROWS: usize = 200;
/// It is never larger.
const MOST_BYTES: usize = 128 << 10;
/// Where nobody has signed, or nothing is known.
const BLANK: &str = "____";

/// The text.
pub(super) fn render(result: &ReleaseResult) -> String {
    let title = format!("# Ownership log: {}\n", code(&result.name, LONGEST_NAME));
    let sections = [title, release(result), roles(result), signed(result), drill(result)];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    within(sections.join("\n"), MOST_BYTES)
}

/// What was released, and how that came out.
fn release(result: &ReleaseResult) -> String {
    let known = |text: &str| if text.is_empty() { BLANK.to_owned() } else { code(text, LONGEST_LINE) };
    let (commit, tags) = match &result.commit {
        Some(commit) => {
            let changed = if commit.changed { " with changes that are not committed" } else { "" };
            (format!("{}{changed}", known(&commit.id)), known(&commit.tags.join(", ")))
        }
        None => (BLANK.to_owned(), BLANK.to_owned()),
    };
    let mut out = format!("- Commit: {commit} date: {} tags: {tags}\n", known(&result.started_at));
    out.push_str(&format!("- Outcome: **{}**, {}.\n", words::word(result), words::stands_on(result)));
    if result.ending != Ending::Completed {
        out.push_str("- It was stopped before its end.\n");
    }
    out.push_str(&format!("- Run: {} of {}\n", known(&result.run_id), known(&result.file)));
    out
}

fn roles(result: &ReleaseResult) -> String {
    if result.roles.is_empty() {
        return String::new();
    }
    let mut out = "## Roles\n\n".to_owned();
    out.push_str(&table(&["role", "people", "answers for", "items"], 3..4));
    for role in result.roles.iter().take(MOST_ROWS) {
        let people = match (role.people.is_empty(), role.names_nobody) {
            (false, _) => cell(&role.people.join(", "), LONGEST_LINE),
            (true, true) => "anybody could sign: no people are named".to_owned(),
            (true, false) => BLANK.to_owned(),
        };
        let duty = if role.duty.is_empty() { "–".to_owned() } else { cell(&role.duty, LONGEST_LINE) };
        let owned = words::items(result).filter(|item| item.owners.contains(&role.name)).count();
        row(&mut out, &[cell(&role.title, LONGEST_NAME), people, duty, owned.to_string()]);
    }
    more(&mut out, result.roles.len(), MOST_ROWS);
    out
}

/// What people had to confirm, and who did.
fn signed(result: &ReleaseResult) -> String {
    let asked: Vec<&ItemResult> = words::items(result).filter(|item| item.manual.is_some()).collect();
    if asked.is_empty() {
        return String::new();
    }
    let mut out = "## Confirmed by people\n\nA sign-off holds for its commit and for what differed from it, and for nothing else.\n\n".to_owned();
    out.push_str(&table(&["", "item", "to be confirmed", "by", "on", "commit", "notes"], 0..0));
    for item in asked.iter().take(MOST_ROWS) {
        let Some(manual) = &item.manual else { continue };
        let blank = || BLANK.to_owned();
        let [by, on, commit, note] = match &manual.signed {
            Some(signed) => [
                cell(&signed.by, LONGEST_NAME),
                cell(&signed.at, LONGEST_NAME),
                cell(&words::short_hash(&signed.commit), LONGEST_NAME),
                if signed.note.is_empty() { "–".to_owned() } else { cell(&signed.note, LONGEST_LINE) },
            ],
            None => [blank(), blank(), blank(), waits_for(item, manual.expired.as_ref(), result)],
        };
        let status = word(item.status, item.warn).to_owned();
        row(
            &mut out,
            &[status, cell(&item.title, LONGEST_NAME), cell(&manual.ask, LONGEST_LINE), by, on, commit, note],
        );
    }
    more(&mut out, asked.len(), MOST_ROWS);
    out
}

/// Whose signature does not count, or whose is missing.
fn waits_for(item: &ItemResult, expired: Option<&SignOff>, result: &ReleaseResult) -> String {
    let owners = words::owners(item, result);
    match (expired, owners.is_empty()) {
        (Some(old), _) => {
            let commit = words::short_hash(&old.commit);
            cell(&format!("{} signed on {} for {commit}, which does not count here", old.by, old.at), LONGEST_LINE)
        }
        (None, false) => cell(&format!("waits for {}", owners.join(", ")), LONGEST_LINE),
        (None, true) => "–".to_owned(),
    }
}

/// The rehearsal of the way back.
fn drill(result: &ReleaseResult) -> String {
    let steps: Vec<&ItemResult> = words::items(result).filter(|item| item.drill).collect();
    if steps.is_empty() {
        return String::new();
    }
    let date = steps.iter().find_map(|item| item.started_at.clone());
    let date = date.map_or_else(|| BLANK.to_owned(), |date| code(&date, LONGEST_NAME));
    let took: f64 = steps.iter().map(|item| item.elapsed_s).sum();
    let held = steps.iter().filter(|item| item.status == Status::Pass).count();
    let took = if took > 0.0 { words::seconds(took) } else { BLANK.to_owned() };
    let mut out = format!(
        "## Rollback drill\n\n- Date: {date} duration: {took} outcome: {held} of {} steps hold\n\n",
        steps.len()
    );
    out.push_str(&table(&["", "step", "took", "observed"], 2..3));
    for item in steps.iter().take(MOST_ROWS) {
        let took = if item.started_at.is_some() { words::seconds(item.elapsed_s) } else { "–".to_owned() };
        let status = word(item.status, item.warn).to_owned();
        row(&mut out, &[status, cell(&item.title, LONGEST_NAME), took, cell(&words::observed(item), LONGEST_LINE)]);
    }
    more(&mut out, steps.len(), MOST_ROWS);
    out
}
