//! The gates of a release as jobs: which must have passed before which, in an order that every form can be written in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::EmitError;
use crate::release::checklist::{Checklist, Gate, Item};
use crate::release::evidence::PlaceKind;
use crate::release::work::Work;

/// Where run folders are, below the checkout.
const FOLDER: &str = "reports/release";

/// One gate as a job.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// The gate.
    pub(super) gate: &'a Gate,
    /// What the job does of it: all, or all but the rollback drill.
    items: Vec<&'a Item>,
    /// Ids of gates that must have passed.
    pub(super) needs: Vec<&'a str>,
    /// Ids of gates that must only be over: those of items in `after`, and where none must have passed, the one before.
    pub(super) after: Vec<&'a str>,
    /// Whether another needs it: then nothing but a pass may be green.
    pub(super) is_needed: bool,
}

/// The gates in an order in which each comes behind those that it needs; that of the file, as far as that is one.
pub(super) fn jobs(checklist: &Checklist) -> Result<Vec<Job<'_>>, EmitError> {
    let gate_of: BTreeMap<&str, &str> = checklist
        .gates
        .iter()
        .flat_map(|gate| gate.items.iter().map(move |item| (item.id.as_str(), gate.id.as_str())))
        .collect();
    let waits_till_last = drill_comes_last(checklist);
    let others = |gate: &'_ Gate, list: fn(&Item) -> &Vec<String>| {
        let items = items_of(gate, waits_till_last).into_iter();
        let ids = items.flat_map(list).filter_map(|id| gate_of.get(id.as_str()).copied());
        let mut ids: Vec<&str> = ids.filter(|id| *id != gate.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let mut left: Vec<&Gate> = checklist.gates.iter().collect();
    let mut jobs: Vec<Job<'_>> = Vec::new();
    while !left.is_empty() {
        let is_done = |id: &str| jobs.iter().any(|job| job.gate.id == id);
        let is_free = |gate: &&Gate| {
            let mut before = others(gate, |item| &item.needs).into_iter().chain(others(gate, |item| &item.after));
            before.all(is_done)
        };
        let Some(at) = left.iter().position(is_free) else {
            return Err(EmitError::Circle(left.iter().map(|gate| gate.id.clone()).collect()));
        };
        let gate = left.remove(at);
        let (mut needs, mut after) = (others(gate, |item| &item.needs), others(gate, |item| &item.after));
        after.extend(jobs.last().map(|job| job.gate.id.as_str()).filter(|id| needs.is_empty() && !after.contains(id)));
        after.retain(|id| !needs.contains(id));
        for ids in [&mut needs, &mut after] {
            ids.sort_by_key(|id| jobs.iter().position(|job| job.gate.id == *id));
        }
        jobs.push(Job { gate, items: items_of(gate, waits_till_last), needs, after, is_needed: false });
    }
    let needed: BTreeSet<&str> = jobs.iter().flat_map(|job| job.needs.iter().copied()).collect();
    jobs.iter_mut().for_each(|job| job.is_needed = needed.contains(job.gate.id.as_str()));
    Ok(jobs)
}

fn items_of(gate: &Gate, without_drill: bool) -> Vec<&Item> {
    gate.items.iter().filter(|item| !(without_drill && item.drill)).collect()
}

/// Whether the rollback drill is left to the last job. That must do it in any case, since a drill holds for no time, and
/// deploying everything back and forth twice proves nothing more.
fn drill_comes_last(checklist: &Checklist) -> bool {
    let others = || checklist.items().filter(|item| !item.drill);
    let drill: BTreeSet<&String> = checklist.items().filter(|item| item.drill).map(|item| &item.id).collect();
    // Where others wait for it, or items can only be asked for by the gate, it stays where it is.
    let is_awaited = others().any(|item| item.needs.iter().chain(&item.after).any(|id| drill.contains(id)));
    let is_a_gate = |id: &String| checklist.gates.iter().any(|gate| gate.id == *id);
    let is_alone = checklist.gates.iter().any(|gate| gate.items.iter().all(|item| item.drill));
    !is_awaited && !is_alone && !others().any(|item| is_a_gate(&item.id))
}

impl Job<'_> {
    /// What `--only` takes: the gate, or its items without the drill.
    pub(super) fn only(&self) -> String {
        match self.items.len() == self.gate.items.len() {
            true => self.gate.id.clone(),
            false => self.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(","),
        }
    }

    /// What the gate is called, for people.
    pub(super) fn title(&self) -> String {
        match self.gate.title == self.gate.id {
            true => self.gate.id.clone(),
            false => format!("{}: {}", self.gate.id, self.gate.title),
        }
    }

    /// The run folder of its job.
    pub(super) fn folder(&self) -> String {
        format!("{FOLDER}-{}", self.gate.id)
    }

    /// What later jobs need of it: the run folder, the evidence that was read, and what items leave.
    pub(super) fn kept(&self, checklist: &Checklist) -> Vec<String> {
        let mut kept = vec![self.folder()];
        for item in &self.items {
            let files = item.readers.iter().flat_map(|reader| reader.places()).filter_map(|place| match &place.kind {
                PlaceKind::File(path) => Some(path.display().to_string()),
                _ => None,
            });
            let artifacts = item.artifacts.iter().map(|path| checklist.folder.join(path).display().to_string());
            for path in files.chain(artifacts) {
                let path = path.strip_prefix("./").map(str::to_owned).unwrap_or(path);
                if !kept.contains(&path) {
                    kept.push(path);
                }
            }
        }
        kept
    }

    /// How long it may take at the most, in minutes: what its items may take one after the other.
    pub(super) fn minutes(&self) -> u64 {
        minutes(self.items.iter().copied())
    }
}

/// How long `items` may take, and a quarter of an hour for what is around them.
pub(super) fn minutes<'i>(items: impl Iterator<Item = &'i Item>) -> u64 {
    const MOST: u64 = 360;
    let timeout = |item: &Item| match &item.work {
        Some(Work::Command(command)) => command.timeout,
        Some(Work::Scenario(run)) => run.timeout,
        None => Duration::ZERO,
    };
    let all: Duration = items.map(timeout).sum();
    (all.as_secs().div_ceil(60) + 15).min(MOST)
}

/// The run folder of the whole.
pub(super) fn whole() -> &'static str {
    FOLDER
}
