//! `report.html` of a release: one page that needs no network and no script, with the look of a run's.
//!
//! It is below 1 MB whatever the result holds: outputs are shown by their end, and of very many items those that hold are
//! left out first.

mod items;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Serialize;

use self::items::{ItemView, anchors};
use super::words;
use crate::release::result::{GateResult, ItemResult, ReleaseResult};
use crate::report::HtmlError;
use crate::report::finding::word;
use crate::report::html::{Banner, Fact, Parts, Room, class_of, fill, paragraphs, started_words, within};
use crate::report::inert;
use crate::units::format_count;
use crate::verdict::{Ending, Status, Verdict};

const TEMPLATE: &str = concat!(include_str!("../../html/head.html"), include_str!("page.html"));

static PARTS: LazyLock<Parts> =
    LazyLock::new(|| Parts::of(concat!(include_str!("../../html/style.css"), include_str!("release.css"))));

/// What is tried, in this order, until the page is small enough; `data` is for what commands printed.
const ROOMS: [Room; 4] = [
    Room { rows: 400, text: 500, data: 4_000 },
    Room { rows: 160, text: 300, data: 1_200 },
    Room { rows: 50, text: 160, data: 500 },
    Room { rows: 16, text: 60, data: 200 },
];
const MOST_REASONS: usize = 6;

/// The page.
///
/// # Errors
/// When the template and the data do not fit together, which the tests rule out.
pub(super) fn render(result: &ReleaseResult) -> Result<String, HtmlError> {
    within(&ROOMS, |room| fill(TEMPLATE, Page::of(result, room)))
}

/// Everything that the template shows.
#[derive(Debug, Serialize)]
struct Page {
    parts: &'static Parts,
    version: String,
    verdict: Banner,
    exit_code: u8,
    exit_meaning: &'static str,
    name: String,
    description: Vec<String>,
    started_at: String,
    started_words: String,
    commit: String,
    key_figures: Vec<Fact>,
    blockers: Vec<Blocker>,
    blockers_left_out: usize,
    gates: Vec<GateRow>,
    gates_left_out: usize,
    /// The items by gate, and those of the drill.
    groups: Vec<Group>,
    items_left_out: usize,
    /// Empty without a drill.
    drill_words: String,
    roles: Vec<RoleView>,
    signed: Vec<SignedView>,
    environment: Vec<Fact>,
    command: String,
}

/// What keeps it from being a go.
#[derive(Debug, Serialize)]
struct Blocker {
    anchor: String,
    class: &'static str,
    status: &'static str,
    title: String,
    why: String,
}

/// A row of the table of gates.
#[derive(Debug, Serialize)]
struct GateRow {
    anchor: String,
    name: String,
    class: &'static str,
    status: &'static str,
    counts: String,
    /// Whether its items are on the page.
    is_shown: bool,
}

/// Items that are shown together: those of a gate, or the steps of the drill.
#[derive(Debug, Default, Serialize)]
struct Group {
    is_drill: bool,
    anchor: String,
    name: String,
    rationale: String,
    class: &'static str,
    status: &'static str,
    items: Vec<ItemView>,
    /// Whether the drill belongs to it.
    has_drill: bool,
}

#[derive(Debug, Serialize)]
struct RoleView {
    title: String,
    people: String,
    duty: String,
}

#[derive(Debug, Serialize)]
struct SignedView {
    anchor: String,
    title: String,
    by: String,
    at: String,
    commit: String,
    note: String,
}

impl Page {
    /// The page of `result`, with at most as much of everything as there is `room` for.
    fn of(result: &ReleaseResult, room: Room) -> Self {
        let cut = |text: &str| inert::cut(text, room.text);
        let shown = shown(result, room.rows);
        let anchors = anchors(result);
        let anchor_of = |at: usize| anchors.get(at).filter(|_| shown.contains(&at)).cloned().unwrap_or_default();
        let mut views: Vec<Option<ItemView>> = words::items(result)
            .enumerate()
            .map(|(at, item)| shown.contains(&at).then(|| ItemView::of(item, result, &anchor_of(at), room)))
            .collect();
        let groups = groups(result, &mut views, room);
        let gates = gate_rows(result, &groups, room);
        let red = words::red(result);
        let place = |item: &ItemResult| words::items(result).position(|other| std::ptr::eq(other, item));
        let blockers = red.iter().take(room.rows / 4).map(|item| Blocker {
            anchor: place(item).map(anchor_of).unwrap_or_default(),
            class: class_of(item.status, item.warn),
            status: word(item.status, item.warn),
            title: cut(&words::seen(&item.title)),
            why: cut(&words::observed(item)),
        });
        let steps: Vec<&ItemResult> = words::items(result).filter(|item| item.drill).collect();
        Self {
            parts: &PARTS,
            version: cut(&result.mnload_version),
            verdict: banner(result, room),
            exit_code: result.exit_code,
            exit_meaning: exit_meaning(result),
            name: inert::cut(&result.name, room.text.min(120)),
            description: paragraphs(&result.description, room.text),
            started_at: cut(&result.started_at),
            started_words: cut(&started_words(&result.started_at)),
            commit: result.commit.as_ref().map(|commit| cut(&words::commit(commit))).unwrap_or_default(),
            key_figures: key_figures(result),
            blockers: blockers.collect(),
            blockers_left_out: red.len().saturating_sub(room.rows / 4),
            gates_left_out: result.gates.len().saturating_sub(gates.len()),
            items_left_out: words::items(result).count() - shown.len(),
            drill_words: drill_words(&steps),
            gates,
            groups,
            roles: roles(result, room),
            signed: signed(result, room, &anchor_of),
            environment: environment(result, room),
            command: inert::cut(&result.command, room.text * 4),
        }
    }
}

/// The places of the items that are shown: what does not hold comes first, what was skipped last but one.
fn shown(result: &ReleaseResult, most: usize) -> HashSet<usize> {
    let mut order: Vec<(usize, &ItemResult)> = words::items(result).enumerate().collect();
    order.sort_by_key(|(_, item)| match item.status {
        _ if words::is_red(item) => 0,
        Status::Pass | Status::Skipped => 2,
        _ => 1,
    });
    order.into_iter().take(most).map(|(at, _)| at).collect()
}

/// The items by gate; the steps of the drill come last, by themselves.
fn groups(result: &ReleaseResult, views: &mut [Option<ItemView>], room: Room) -> Vec<Group> {
    let (mut groups, mut drill, mut at) = (Vec::new(), Vec::new(), 0);
    for (number, gate) in result.gates.iter().enumerate() {
        let mut items = Vec::new();
        let mut has_drill = false;
        for item in &gate.items {
            let view = views.get_mut(at).and_then(Option::take);
            at += 1;
            has_drill |= item.drill && view.is_some();
            if item.drill { drill.extend(view) } else { items.extend(view) }
        }
        if !items.is_empty() || has_drill {
            let (class, status) = judged(gate);
            groups.push(Group {
                is_drill: false,
                anchor: anchor_of_gate(number),
                name: inert::cut(&name_of(gate), room.text),
                rationale: inert::cut(&gate.rationale, room.text),
                class,
                status,
                items,
                has_drill,
            });
        }
    }
    if !drill.is_empty() {
        groups.push(Group { is_drill: true, items: drill, ..Group::default() });
    }
    groups
}

fn gate_rows(result: &ReleaseResult, groups: &[Group], room: Room) -> Vec<GateRow> {
    let row = |(number, gate): (usize, &GateResult)| {
        let (class, status) = judged(gate);
        let anchor = anchor_of_gate(number);
        let held = gate.items.iter().filter(|item| item.status == Status::Pass).count() as u64;
        GateRow {
            name: inert::cut(&name_of(gate), room.text),
            class,
            status,
            counts: format!("{} of {} hold", format_count(held), format_count(gate.items.len() as u64)),
            is_shown: groups.iter().any(|group| group.anchor == anchor),
            anchor,
        }
    };
    result.gates.iter().enumerate().take(room.rows).map(row).collect()
}

fn anchor_of_gate(number: usize) -> String {
    format!("gate-{}", number + 1)
}

fn name_of(gate: &GateResult) -> String {
    if gate.title == gate.id { words::seen(&gate.id) } else { format!("{}: {}", gate.id, gate.title) }
}

/// What CSS and people call how a gate came out.
fn judged(gate: &GateResult) -> (&'static str, &'static str) {
    match gate.verdict {
        Some(Verdict::Pass) => ("pass", "pass"),
        Some(Verdict::Fail) => ("fail", "fail"),
        Some(Verdict::Inconclusive) => ("inconclusive", "inconclusive"),
        None => ("skipped", "not asked for"),
    }
}

fn banner(result: &ReleaseResult, room: Room) -> Banner {
    let class = match (result.go, result.verdict) {
        (true, _) | (false, Verdict::Pass) => "pass",
        (false, Verdict::Fail) => "fail",
        (false, Verdict::Inconclusive) => "inconclusive",
    };
    let partial = match result.ending {
        Ending::Completed => None,
        Ending::Interrupted => Some("stopped by Ctrl-C"),
        Ending::Terminated => Some("stopped by SIGTERM"),
        Ending::Aborted => Some("stopped before its end"),
        Ending::Killed => Some("still going on, or killed"),
    };
    // What keeps it from being a go has a section of its own, with links.
    let also: &[String] = if words::red(result).is_empty() && !result.go { &result.reasons } else { &[] };
    let mut why = words::stands_on(result);
    if let Some(first) = why.get(..1).map(str::to_uppercase) {
        why.replace_range(..1, &first);
    }
    Banner {
        class,
        word: words::word(result),
        partial,
        why: format!("{why}."),
        also: also.iter().take(MOST_REASONS).map(|reason| inert::cut(reason, room.text)).collect(),
        left_out: also.len().saturating_sub(MOST_REASONS),
    }
}

fn exit_meaning(result: &ReleaseResult) -> &'static str {
    match result.exit_code {
        0 if result.go => "every gate passed",
        0 => "what was asked for passed",
        4 => "of something nothing is known",
        5 => "nothing ran",
        99 => "something does not hold",
        130 | 143 => "stopped before its end",
        _ => "see the documentation",
    }
}

fn key_figures(result: &ReleaseResult) -> Vec<Fact> {
    let count = |wanted: &[Status]| {
        format_count(words::items(result).filter(|item| wanted.contains(&item.status)).count() as u64)
    };
    let in_gates = format!("in {} gates", format_count(result.gates.len() as u64));
    vec![
        Fact::noted("Items", format_count(words::items(result).count() as u64), in_gates),
        Fact::noted("Hold", count(&[Status::Pass]), "evidence was read"),
        Fact::noted("Do not hold", count(&[Status::Fail]), "with a reason"),
        Fact::noted("No data", count(&[Status::NoData, Status::Invalid]), "never a pass"),
        Fact::noted("Not done", count(&[Status::Skipped]), "not asked for, or needs something"),
        Fact::noted("Took", words::seconds(result.elapsed_s), "from start to end"),
    ]
}

fn drill_words(steps: &[&ItemResult]) -> String {
    let held = steps.iter().filter(|item| item.status == Status::Pass).count();
    let took: f64 = steps.iter().map(|item| item.elapsed_s).sum();
    match steps.iter().any(|item| item.started_at.is_some()) {
        _ if steps.is_empty() => String::new(),
        true => format!("{held} of {} steps hold; they took {}.", steps.len(), words::seconds(took)),
        false => "The way back was not rehearsed this time.".to_owned(),
    }
}

fn roles(result: &ReleaseResult, room: Room) -> Vec<RoleView> {
    let cut = |text: &str| inert::cut(text, room.text);
    let role = |role: &crate::release::result::RoleResult| RoleView {
        title: cut(&words::seen(&role.title)),
        people: if role.people.is_empty() { "anybody".to_owned() } else { cut(&role.people.join(", ")) },
        duty: cut(&role.duty),
    };
    result.roles.iter().take(room.rows / 4).map(role).collect()
}

fn signed(result: &ReleaseResult, room: Room, anchor_of: &dyn Fn(usize) -> String) -> Vec<SignedView> {
    let cut = |text: &str| inert::cut(text, room.text);
    let asked = words::items(result).enumerate().filter_map(|(at, item)| Some((at, item, item.manual.as_ref()?)));
    let view = |(at, item, manual): (usize, &ItemResult, &crate::release::result::ManualResult)| {
        let signed = manual.signed.as_ref();
        let of =
            |text: fn(&crate::release::result::SignOff) -> &String| signed.map(|it| cut(text(it))).unwrap_or_default();
        SignedView {
            anchor: anchor_of(at),
            title: cut(&words::seen(&item.title)),
            by: of(|it| &it.by),
            at: of(|it| &it.at),
            commit: words::short_hash(&of(|it| &it.commit)),
            note: of(|it| &it.note),
        }
    };
    asked.take(room.rows / 4).map(view).collect()
}

fn environment(result: &ReleaseResult, room: Room) -> Vec<Fact> {
    let fact = |name: &'static str, value: &str| Fact::new(name, inert::cut(value, room.text));
    let mut facts = vec![fact("Release file", &result.file), fact("Run", &result.run_id)];
    if let Some(commit) = &result.commit {
        facts.push(fact("Commit", &commit.id));
        facts.push(fact("Working tree", if commit.changed { "differs from the commit" } else { "as committed" }));
        facts.push(fact("Tree hash", &commit.tree));
        if !commit.tags.is_empty() {
            facts.push(fact("Tags", &commit.tags.join(", ")));
        }
    }
    if !result.asked_for.is_empty() {
        facts.push(fact("Asked for", &result.asked_for));
    }
    facts.push(fact("Started", &result.started_at));
    facts.push(fact("Result", &format!("{} {}", result.schema, result.schema_version)));
    facts.extend(result.warnings.iter().take(room.rows / 4).map(|warning| fact("Warning", warning)));
    facts
}
