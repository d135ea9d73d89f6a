//! The items of a release, side by side as far as they may be, each in a thread of its own.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::SystemTime;

use jiff::Timestamp;

use super::super::checklist::Item;
use super::super::result::ItemResult;
use super::attempt::{self, Outcome, blank, is_anew, left_out};
use super::ground::{Ground, Onlooker, Past, Pasts};
use super::inputs;
use super::judge;
use super::process::Halt;
use super::resume::{Found, copy_kept};
use super::schedule::{Schedule, Step};
use super::signoff::Signing;
use crate::verdict::{Finding, Status};

/// How one item came out.
#[derive(Debug, Clone)]
pub struct Done {
    /// What is said of it.
    pub item: ItemResult,
    /// What it says about the release.
    pub finding: Finding,
}

/// Carries out all items that are asked for; `kept` gets all that is over whenever something is.
pub fn carry_out(
    ground: &Ground,
    onlooker: &dyn Onlooker,
    halt: &Halt,
    mut kept: impl FnMut(&BTreeMap<String, Done>),
) -> BTreeMap<String, Done> {
    let items: Vec<&Item> = ground.checklist.items().collect();
    let mut schedule = Schedule::new(&items, |at| ground.selection.has(&items[at].id), ground.parallel);
    let mut books = Books { ground, onlooker, pasts: Pasts::new(), done: BTreeMap::new() };
    for item in items.iter().filter(|item| !ground.selection.has(&item.id)) {
        let reason = "it was not asked for".to_owned();
        books.note(item, left_out(ground, item, Status::Skipped, reason, false), false);
    }
    let (ended, ends) = mpsc::channel();
    thread::scope(|scope| {
        while !schedule.is_over() {
            // Taken once: a request that comes from here on concerns what is started below.
            let current = Arc::new(halt.afresh());
            if current.is_late() {
                // What the drill has deployed is put back all the same, unless somebody asks again.
                let tidying = schedule.tidying();
                let stays = |at: usize| items[at].drill && tidying.contains(&at) && !halt.is_asked_again();
                for at in schedule.give_up(stays) {
                    // Unlike what was not asked for, this is missing.
                    let reason = "not started: the release was stopped before".to_owned();
                    books.note(items[at], left_out(ground, items[at], Status::NoData, reason, true), true);
                }
            }
            for step in schedule.steps() {
                match step {
                    Step::Leave { item, cause } => {
                        let decides = books.pasts.get(&items[cause].id).is_some_and(|past| past.decides);
                        let (status, reason) = judge::left_out(items[cause], decides);
                        let counts = decides || !items[item].warn;
                        books.note(items[item], left_out(ground, items[item], status, reason, counts), true);
                    }
                    Step::Start(at) => {
                        let (item, pasts, ended) = (items[at], books.pasts.clone(), ended.clone());
                        let halt = Arc::clone(&current);
                        onlooker.starts(item);
                        scope.spawn(move || {
                            let outcome = carried(ground, item, &pasts, onlooker, &halt);
                            // Whoever waits for it is this function.
                            let _ = ended.send((at, outcome));
                        });
                    }
                }
            }
            kept(&books.done);
            if schedule.running() == 0 {
                continue;
            }
            // Not for ever: somebody may stop the release while nothing ends.
            if let Ok((at, outcome)) = ends.recv_timeout(std::time::Duration::from_millis(100)) {
                schedule.end(at, outcome.finding.status == Status::Pass);
                books.note(items[at], outcome, true);
            }
        }
    });
    kept(&books.done);
    books.done
}

/// What is over.
struct Books<'g> {
    ground: &'g Ground,
    onlooker: &'g dyn Onlooker,
    pasts: Pasts,
    done: BTreeMap<String, Done>,
}

impl Books<'_> {
    fn note(&mut self, item: &Item, outcome: Outcome, is_told: bool) {
        if is_told {
            let gates = &self.ground.checklist.gates;
            let gate = gates.iter().find(|gate| gate.items.iter().any(|other| other.id == item.id));
            self.onlooker.ended(gate.map_or("", |gate| &gate.id), &outcome.item);
        }
        self.pasts.insert(item.id.clone(), outcome.past);
        self.done.insert(item.id.clone(), Done { item: outcome.item, finding: outcome.finding });
    }
}

/// The item taken from an earlier run if it still holds there, else carried out; a mistake in mnload costs this item only.
fn carried(ground: &Ground, item: &Item, pasts: &Pasts, onlooker: &dyn Onlooker, halt: &Halt) -> Outcome {
    let carried = catch_unwind(AssertUnwindSafe(|| match reusable(ground, item, pasts) {
        Ok(found) => reused(ground, item, found, onlooker, halt),
        Err(_) => attempt::carry_out(ground, item, pasts, onlooker, halt),
    }));
    carried.unwrap_or_else(|_| {
        let reason = "mnload broke down over it, which is a mistake in mnload".to_owned();
        left_out(ground, item, Status::NoData, reason, !item.warn)
    })
}

/// The earlier pass of `item` that need not be repeated.
fn reusable<'g>(ground: &'g Ground, item: &Item, pasts: &Pasts) -> Result<Found<'g>, String> {
    if let Some(id) = item.needs.iter().find(|id| is_anew(pasts, id)) {
        return Err(format!("`{id}`, which it needs, is done again"));
    }
    let inputs = inputs::hash(ground.timeless(item), &ground.sets(item, pasts), ground.around());
    ground.earlier.holding(item, inputs.as_deref(), &inputs::evidence(item), Timestamp::now())
}

fn reused(ground: &Ground, item: &Item, found: Found<'_>, onlooker: &dyn Onlooker, halt: &Halt) -> Outcome {
    let mut missing = None;
    let from = found.folder.join("items").join(&item.id);
    if let Err(error) = copy_kept(&from, &ground.item_folder(&item.id)) {
        missing = Some(format!("what was kept of it in {} cannot be copied: {error}", found.folder.display()));
    }
    let signed = item.manual.as_ref().map(|_| match onlooker.signing(item) {
        Signing::Missing { why, expired } => {
            let sign_off = if halt.is_asked() { None } else { onlooker.ask(item) };
            sign_off.map_or(Signing::Missing { why, expired }, Signing::Valid)
        }
        valid @ Signing::Valid(_) => valid,
    });
    let unsigned = match &signed {
        Some(Signing::Missing { why, .. }) => Some(why.clone()),
        Some(Signing::Valid(_)) | None => None,
    };
    let reasons: Vec<String> = missing.into_iter().chain(unsigned).collect();
    let now = blank(ground, item);
    let result = ItemResult {
        id: now.id,
        title: now.title,
        owners: now.owners,
        rationale: now.rationale,
        warn: now.warn,
        repeat: now.repeat,
        artifacts: now.artifacts,
        status: if reasons.is_empty() { Status::Pass } else { Status::NoData },
        reasons,
        manual: attempt::manual(item, signed),
        reused_from: Some(found.run_id.to_owned()),
        ..found.item.clone()
    };
    let since = found.began().map(SystemTime::from);
    attempt::finished(ground, item, result, Past { since, decides: !item.warn, ..Past::default() })
}

/// What a dry run can say of an item: whether its earlier pass would be taken, or why it would be done.
///
/// # Errors
/// Why it would be done again.
pub fn foreseen<'g>(ground: &'g Ground, item: &Item, anew: &[&str]) -> Result<Found<'g>, String> {
    let past = |id: &&str| ((*id).to_owned(), Past { is_anew: true, ..Past::default() });
    reusable(ground, item, &anew.iter().map(past).collect())
}
