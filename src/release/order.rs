//! What stands on what: which items wait for which, and which commands make the evidence that is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::checklist::{Gate, Item};
use super::evidence::{PlaceKind, Reader};
use super::file::ReleaseDocument;
use super::work::{ScenarioRun, Work};
use crate::diagnostic::nearest;
use crate::scenario::{Short, Spanned};
use crate::values::Resolver;

/// Puts items in place of gates in `needs` and `after`, and refuses what is unknown, there twice, or a circle.
pub(super) fn expand(resolver: &mut Resolver<'_>, document: &ReleaseDocument, gates: &mut [Gate]) {
    let mut seen = BTreeSet::new();
    let ids = gates.iter().flat_map(|gate| {
        std::iter::once((&gate.id, None)).chain(gate.items.iter().map(|item| (&item.id, Some(item.span.clone()))))
    });
    for (id, span) in ids {
        if !id.is_empty() && !seen.insert(id.clone()) {
            let span = span.unwrap_or(0..0);
            resolver.mistake(span, format!("the id `{id}` is there twice"), "gates and items need ids of their own");
        }
    }
    // What only warns keeps nobody waiting who needs the gate.
    let deciding = |gate: &Gate| gate.items.iter().filter(|item| !item.warn).map(|item| item.id.clone()).collect();
    let of_gates: BTreeMap<String, Vec<String>> = gates.iter().map(|gate| (gate.id.clone(), deciding(gate))).collect();
    let places = places_of_names(document);
    for item in gates.iter_mut().flat_map(|gate| &mut gate.items) {
        for list in [&mut item.needs, &mut item.after] {
            let mut expanded: Vec<String> = Vec::new();
            for name in list.iter() {
                let more = match of_gates.get(name) {
                    Some(items) => items.clone(),
                    None if seen.contains(name) => vec![name.clone()],
                    None => {
                        let hint = match nearest(name, seen.iter().map(String::as_str)) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "name the id of a gate or of an item".to_owned(),
                        };
                        let span = places.get(name).cloned().unwrap_or(item.span.clone());
                        resolver.mistake(span, format!("there is no gate and no item `{name}`"), hint);
                        Vec::new()
                    }
                };
                expanded
                    .extend(more.into_iter().filter(|id| !expanded.contains(id) || id == &item.id).collect::<Vec<_>>());
            }
            *list = expanded;
        }
    }
    wait_for_baselines(resolver, document, gates);
    refuse_circles(resolver, gates);
}

/// What is compared with the run of another item waits for that one. The drill waits before it deploys anything: nothing
/// else is measured while the previous version is there.
fn wait_for_baselines(resolver: &mut Resolver<'_>, document: &ReleaseDocument, gates: &mut [Gate]) {
    let ids: BTreeSet<String> = gates.iter().flat_map(|gate| &gate.items).map(|item| item.id.clone()).collect();
    let mut compared: Vec<(String, String)> = Vec::new();
    // Its last step is compared with the same run as the one in the middle.
    for item in gates.iter().flat_map(|gate| &gate.items).filter(|item| item.id != "rollback-restored") {
        let Some(Work::Scenario(ScenarioRun { baseline: Some(baseline), .. })) = &item.work else { continue };
        if ids.contains(baseline) {
            let waits = if item.drill { "rollback-previous" } else { &item.id };
            compared.push((waits.to_owned(), baseline.clone()));
            continue;
        }
        let span = place_of_baseline(document, item).unwrap_or(item.span.clone());
        let hint = match nearest(baseline, ids.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name the id of an item that runs a scenario".to_owned(),
        };
        resolver.mistake(span, format!("there is no item `{baseline}` to compare with"), hint);
    }
    for (waits, baseline) in compared {
        let item = gates.iter_mut().flat_map(|gate| &mut gate.items).find(|item| item.id == waits);
        if let Some(item) = item.filter(|item| !item.needs.contains(&baseline) && !item.after.contains(&baseline)) {
            item.after.push(baseline);
        }
    }
}

/// Where the baseline of `item` is written.
fn place_of_baseline(document: &ReleaseDocument, item: &Item) -> Option<Range<usize>> {
    let of_drill = document.rollback.as_ref().and_then(|section| section.get_ref().baseline.as_ref());
    let of_smoke = document.rollback.as_ref().and_then(|section| section.get_ref().smoke.as_ref());
    let items = document.gate.iter().flat_map(|gate| &gate.get_ref().item);
    let own = items.filter(|section| section.span() == item.span).find_map(|item| item.get_ref().scenario.as_ref());
    let scenario = if item.drill { of_smoke } else { own };
    let of_scenario = scenario.and_then(|scenario| match scenario.get_ref() {
        Short::Text(_) => None,
        Short::Table(table) => table.baseline.as_ref(),
    });
    of_drill.filter(|_| item.drill).or(of_scenario).map(Spanned::span)
}

/// Where the names in `needs` and `after` are written, for messages.
fn places_of_names(document: &ReleaseDocument) -> BTreeMap<String, Range<usize>> {
    let of_gates = document.gate.iter().map(|gate| gate.get_ref());
    let lists = of_gates.flat_map(|gate| {
        let of_items = gate.item.iter().flat_map(|item| [&item.get_ref().needs, &item.get_ref().after]);
        std::iter::once(&gate.needs).chain(of_items)
    });
    let drill = document.rollback.iter().map(|section| &section.get_ref().needs);
    let names = lists.chain(drill).flatten().flat_map(|list| list.get_ref());
    names.map(|name| (name.get_ref().clone(), name.span())).collect()
}

/// Takes away what stands on nothing, until nothing is left, or a circle.
fn refuse_circles(resolver: &mut Resolver<'_>, gates: &[Gate]) {
    let items: Vec<&Item> = gates.iter().flat_map(|gate| &gate.items).collect();
    let mut left: BTreeMap<&str, &Item> = items.iter().map(|item| (item.id.as_str(), *item)).collect();
    loop {
        let free = |item: &Item| !item.needs.iter().chain(&item.after).any(|id| left.contains_key(id.as_str()));
        let done: Vec<&str> = left.iter().filter(|(_, item)| free(item)).map(|(id, _)| *id).collect();
        if done.is_empty() {
            break;
        }
        left.retain(|id, _| !done.contains(id));
    }
    if let Some(first) = items.iter().find(|item| left.contains_key(item.id.as_str())) {
        let names: Vec<&str> = left.keys().copied().collect();
        let message = format!("these items wait for each other: {}", names.join(", "));
        resolver.mistake(first.span.clone(), message, "take one of their `needs` or `after` away");
    }
}

/// Evidence must be new by something: a command that makes it, or an age.
pub(super) fn check_evidence(resolver: &mut Resolver<'_>, gates: &[Gate]) {
    let items: BTreeMap<&str, &Item> =
        gates.iter().flat_map(|gate| &gate.items).map(|item| (item.id.as_str(), item)).collect();
    for item in items.values() {
        let needs_work = item.needs.iter().any(|id| items.get(id.as_str()).is_some_and(|item| item.work.is_some()));
        for place in item.readers.iter().flat_map(Reader::places) {
            match &place.kind {
                PlaceKind::Live | PlaceKind::Standing(_) => {}
                PlaceKind::Stdout | PlaceKind::Stderr if item.work.is_none() => resolver.mistake(
                    place.span.clone(),
                    "there is no output: this item runs no command",
                    "add run = \"…\", or read a file",
                ),
                PlaceKind::File(_) if item.work.is_none() && !needs_work && place.max_age.is_none() => resolver.mistake(
                    place.span.clone(),
                    "nothing here makes this file, so it may be from any time",
                    "say how old it may be, as in { from = \"…\", max_age = \"24h\" }, or `needs` the item that makes it",
                ),
                _ => {}
            }
        }
    }
}
