//! The result of a release from what is known of its items: pure, and the same while it goes on and at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::checklist::{Gate, Item};
use super::super::result::{GateResult, ItemResult, ReleaseResult, RoleResult, SCHEMA, SCHEMA_VERSION};
use super::attempt::blank;
use super::ground::Ground;
use super::runner::Done;
use super::secrets;
use crate::verdict::{Ending, Finding, Kind, Status, Verdict};

const CHANGED: &str = "the commit or a file in it changed while the release was carried out, so what passed is of different \
                       states: run it again, and keep what commands write out of the repository";

/// What is known beside the items.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// How it ended; killed while it goes on.
    pub ending: Ending,
    /// What went wrong beside the items.
    pub warnings: Vec<String>,
    /// Whether what is released is at the end what it was at the start.
    pub is_steady: bool,
}

/// The result; an item that is not in `done` is not over.
pub fn result_of(ground: &Ground, done: &BTreeMap<String, Done>, circumstances: &Circumstances) -> ReleaseResult {
    let checklist = &ground.checklist;
    let gates: Vec<(&Gate, Vec<(ItemResult, Finding)>)> = checklist
        .gates
        .iter()
        .map(|gate| (gate, gate.items.iter().map(|item| one(ground, item, done)).collect()))
        .collect();
    let of_items = gates.iter().flat_map(|(_, items)| items).map(|(_, finding)| finding.clone());
    let findings: Vec<Finding> = of_items.chain((!circumstances.is_steady).then(changed)).collect();
    let verdict = Verdict::of(&findings);
    let is_whole = ground.selection.is_all_of(checklist);
    let go = is_whole && verdict == Verdict::Pass && circumstances.ending == Ending::Completed;
    let is_done = |item: &&(ItemResult, Finding)| item.0.started_at.is_some() || item.0.status != Status::Skipped;
    let started = gates.iter().flat_map(|(_, items)| items).filter(is_done).count() as u64;
    let mut reasons = reasons(ground, &gates, go, is_whole, circumstances.ending);
    if !circumstances.is_steady {
        reasons.insert(0, CHANGED.to_owned());
    }
    let secrets = &checklist.secrets;
    let gate = |(gate, items): (&Gate, Vec<(ItemResult, Finding)>)| {
        let (mut items, findings): (Vec<ItemResult>, Vec<Finding>) = items.into_iter().unzip();
        // Nobody knows which of the two states such an item was about.
        let on_tree = items.iter_mut().zip(&gate.items).filter(|(_, item)| item.inputs.is_none());
        on_tree.filter(|_| !circumstances.is_steady).for_each(|(result, _)| result.inputs.clear());
        let is_asked = gate.items.iter().any(|item| ground.selection.has(&item.id));
        GateResult {
            id: gate.id.clone(),
            title: secrets.redact(&gate.title).into_owned(),
            rationale: secrets.redact(&gate.rationale).into_owned(),
            verdict: is_asked.then(|| Verdict::of(&findings)),
            items,
        }
    };
    let role = |(name, role): (&String, &super::super::checklist::Role)| {
        let (title, duty, people) = (role.title.clone(), role.duty.clone(), role.people.clone());
        let mut role = RoleResult { name: name.clone(), title, duty, people, names_nobody: role.names_nobody };
        secrets::clean_role(&mut role, &checklist.secrets);
        role
    };
    let selection = Some(ground.selection.words.as_str()).filter(|words| !words.is_empty());
    ReleaseResult {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        mnload_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: secrets.redact(&checklist.name).into_owned(),
        description: secrets.redact(&checklist.description).into_owned(),
        file: checklist.file.clone(),
        run_id: ground.run_id.clone(),
        started_at: circumstances.started_at.to_string(),
        elapsed_s: circumstances.elapsed.as_secs_f64(),
        verdict,
        go,
        exit_code: verdict.exit_code(circumstances.ending, started) as u8,
        reasons,
        findings,
        commit: ground.commit.clone(),
        asked_for: ground.selection.words.clone(),
        gates: gates.into_iter().map(gate).collect(),
        roles: checklist.roles.iter().map(role).collect(),
        command: std::iter::once(ground.repeat.as_str()).chain(selection).collect::<Vec<_>>().join(" "),
        ending: circumstances.ending,
        warnings: circumstances.warnings.iter().map(|text| secrets.redact(text).into_owned()).collect(),
    }
}

/// That items may have judged different states.
fn changed() -> Finding {
    let wanted = "the commit and the files in it are the same at the end";
    Finding {
        status: Status::Invalid,
        reason: Some(CHANGED.to_owned()),
        ..Finding::new("the working tree stayed the same", Kind::Validity, wanted)
    }
}

fn one(ground: &Ground, item: &Item, done: &BTreeMap<String, Done>) -> (ItemResult, Finding) {
    if let Some(done) = done.get(&item.id) {
        return (done.item.clone(), done.finding.clone());
    }
    let reason = "it was not over when this was written".to_owned();
    let finding = Finding { warn: item.warn, reason: Some(reason.clone()), ..Finding::new(&item.id, Kind::Item, "") };
    let mut result = ItemResult { reasons: vec![reason], ..blank(ground, item) };
    secrets::clean(&mut result, &ground.checklist.secrets);
    (result, finding)
}

/// Why it is no go, the most important first; or what a go stands on.
fn reasons(
    ground: &Ground,
    gates: &[(&Gate, Vec<(ItemResult, Finding)>)],
    go: bool,
    is_whole: bool,
    ending: Ending,
) -> Vec<String> {
    let items = || gates.iter().flat_map(|(gate, items)| items.iter().map(move |(item, _)| (*gate, item)));
    if go {
        let count = |wanted: &dyn Fn(&ItemResult) -> bool| items().filter(|(_, item)| wanted(item)).count();
        let passed = count(&|item| item.status == Status::Pass);
        let signed = count(&|item| item.manual.as_ref().is_some_and(|manual| manual.signed.is_some()));
        let reused = count(&|item| item.reused_from.is_some());
        let mut stands_on = format!("{passed} items passed");
        if signed > 0 {
            stands_on.push_str(&format!(", {signed} of them confirmed by people"));
        }
        if reused > 0 {
            stands_on.push_str(&format!(", {reused} of them in an earlier run whose inputs are the same"));
        }
        let warned = items().filter(|(_, item)| item.warn && item.status != Status::Pass);
        let warned = warned.map(|(gate, item)| format!("{}/{} only warns: {}", gate.id, item.id, first(item)));
        return std::iter::once(stands_on).chain(warned).collect();
    }
    let decides = |status: Status| items().filter(move |(_, item)| !item.warn && item.status == status);
    let told = [Status::Fail, Status::NoData].into_iter().flat_map(decides);
    let mut reasons: Vec<String> =
        told.map(|(gate, item)| format!("{}/{}: {}", gate.id, item.id, first(item))).collect();
    match ending {
        Ending::Interrupted => reasons.push("it was interrupted".to_owned()),
        Ending::Terminated => reasons.push("it was terminated".to_owned()),
        Ending::Killed | Ending::Completed | Ending::Aborted => {}
    }
    if !is_whole {
        reasons.push(format!("not all gates were asked for: {}", ground.selection.words));
    }
    if reasons.is_empty() && decides(Status::Pass).next().is_none() {
        reasons.push("nothing in it decides anything".to_owned());
    }
    reasons
}

fn first(item: &ItemResult) -> &str {
    item.reasons.first().map_or("no reason is known", String::as_str)
}
