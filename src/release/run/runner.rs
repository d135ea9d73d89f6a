//! The items of a release, side by side as far as they may be, each in a thread of its own.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::SystemTime;

use jiff::Timestamp;

use super::super::checklist::Item;
use super::super::result::ItemResult;
use super::super::work::{CommandLine, Work};
use super::attempt::{self, Outcome, blank, is_anew, left_out};
use super::collect::{collected, kept_of, taken_over};
use super::ground::{Ground, Onlooker, Past, Pasts};
use super::inputs;
use super::judge;
use super::process::Halt;
use super::resume::Found;
use super::schedule::{Schedule, State, Step};
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

/// What a dry run can say of an item whose earlier run is taken up.
#[derive(Debug)]
pub enum Foreseen<'a> {
    /// Its earlier pass would be taken.
    Holds(Found<'a>),
    /// It would be done again, and why.
    Again(String),
    /// That depends on the value of this name, which is not asked for in a dry run.
    DependsOn(String),
}

/// Carries out all items that are asked for; `kept` gets all that is over or under way whenever that has changed.
pub fn carry_out(
    ground: &Ground,
    onlooker: &dyn Onlooker,
    halt: &Halt,
    mut kept: impl FnMut(&BTreeMap<String, Done>),
) -> BTreeMap<String, Done> {
    let items: Vec<&Item> = ground.checklist.items().collect();
    let mut schedule = Schedule::new(&items, |at| ground.selection.has(&items[at].id), ground.parallel);
    let mut books = Books { ground, onlooker, pasts: Pasts::new(), done: BTreeMap::new(), is_kept: false };
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
            let steps = schedule.steps();
            // Before anything of it is done: whoever takes this run up must know what may have been.
            steps.iter().for_each(|step| match step {
                Step::Start(at) => books.note_start(items[*at]),
                Step::Leave { .. } => {}
            });
            books.keep(&mut kept);
            for step in steps {
                match step {
                    Step::Leave { item, cause } => {
                        let decides = books.pasts.get(&items[cause].id).is_some_and(|past| past.decides);
                        let (status, reason) = match schedule.leaves_previous(cause) && states_pass(&schedule, cause) {
                            true => (Status::NoData, PREVIOUS.to_owned()),
                            false => judge::left_out(items[cause], decides),
                        };
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
            books.keep(&mut kept);
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
    books.keep(&mut kept);
    books.done
}

/// Why an item is left out where the drill ends with its deployment.
const PREVIOUS: &str =
    "not started: the drill deployed the previous version, and nothing that was asked for puts the new one back";

fn states_pass(schedule: &Schedule, item: usize) -> bool {
    schedule.states().get(item) == Some(&State::Passed)
}

/// What is over.
struct Books<'g> {
    ground: &'g Ground,
    onlooker: &'g dyn Onlooker,
    pasts: Pasts,
    done: BTreeMap<String, Done>,
    /// Whether all of it was told.
    is_kept: bool,
}

impl Books<'_> {
    fn keep(&mut self, kept: &mut impl FnMut(&BTreeMap<String, Done>)) {
        if !self.is_kept {
            kept(&self.done);
            self.is_kept = true;
        }
    }

    /// Notes that `item` is under way: that is all that is known of it if the release is killed.
    fn note_start(&mut self, item: &Item) {
        let reason = "it was not over when this was written".to_owned();
        let past = Past { decides: !item.warn, ..Past::default() };
        let started_at = Some(Timestamp::now().to_string());
        let result = ItemResult { started_at, reasons: vec![reason], ..blank(self.ground, item) };
        let outcome = attempt::finished(self.ground, item, result, past);
        self.done.insert(item.id.clone(), Done { item: outcome.item, finding: outcome.finding });
        self.is_kept = false;
    }

    fn note(&mut self, item: &Item, outcome: Outcome, is_told: bool) {
        if is_told {
            let gates = &self.ground.checklist.gates;
            let gate = gates.iter().find(|gate| gate.items.iter().any(|other| other.id == item.id));
            self.onlooker.ended(gate.map_or("", |gate| &gate.id), &outcome.item);
        }
        self.is_kept = false;
        self.pasts.insert(item.id.clone(), outcome.past);
        self.done.insert(item.id.clone(), Done { item: outcome.item, finding: outcome.finding });
    }
}

/// The item taken from an earlier run if it still holds there, else carried out; a mistake in mnload costs this item only.
fn carried(ground: &Ground, item: &Item, pasts: &Pasts, onlooker: &dyn Onlooker, halt: &Halt) -> Outcome {
    let carried = catch_unwind(AssertUnwindSafe(|| match reusable(ground, item, pasts) {
        _ if ground.collects => collected(ground, item, pasts, onlooker, halt),
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
    holding(ground, item, inputs.as_deref())
}

fn holding<'g>(ground: &'g Ground, item: &Item, inputs: Option<&str>) -> Result<Found<'g>, String> {
    let evidence = inputs::evidence(item).ok_or("the evidence that it left cannot be read")?;
    let found = ground.earlier.holding(item, inputs, &evidence, Timestamp::now())?;
    // Runs that are taken up together may each hold a part.
    let is_later = |needed: &&Item| {
        // A value counts by what it is, not by when it was asked for.
        let sets = matches!(&needed.work, Some(Work::Command(CommandLine { sets: Some(_), .. })));
        let began = ground.earlier.of(&needed.id).and_then(|needed| needed.began());
        needed.work.is_some() && !sets && began > found.began()
    };
    match ground.all_needs(item).into_iter().find(is_later) {
        Some(needed) => Err(format!("`{}`, which it needs, was done later than that", needed.id)),
        None => Ok(found),
    }
}

fn reused(ground: &Ground, item: &Item, found: Found<'_>, onlooker: &dyn Onlooker, halt: &Halt) -> Outcome {
    let missing = kept_of(ground, item, found).err();
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
    let result = ItemResult {
        status: if reasons.is_empty() { Status::Pass } else { Status::NoData },
        reasons,
        manual: attempt::manual(item, signed),
        ..taken_over(ground, item, found)
    };
    let since = found.began().map(SystemTime::from);
    attempt::finished(ground, item, result, Past { since, decides: !item.warn, ..Past::default() })
}

/// What a dry run can say of an item; those in `anew` would be done again.
pub fn foreseen<'g>(ground: &'g Ground, item: &Item, anew: &[&str]) -> Foreseen<'g> {
    let past = |id: &&str| ((*id).to_owned(), Past { is_anew: true, ..Past::default() });
    let pasts: Pasts = anew.iter().map(past).collect();
    let setters = ground.setters(item);
    let Some((_, name)) = setters.iter().find(|(setter, _)| ground.selection.has(&setter.id)) else {
        return reusable(ground, item, &pasts).map_or_else(Foreseen::Again, Foreseen::Holds);
    };
    if let Some(id) = item.needs.iter().find(|id| is_anew(&pasts, id)) {
        return Foreseen::Again(format!("`{id}`, which it needs, is done again"));
    }
    // If the value were the same, would it hold?
    let then = ground.earlier.of(&item.id).map(|found| found.item.inputs.as_str()).filter(|inputs| !inputs.is_empty());
    match holding(ground, item, then) {
        Ok(_) => Foreseen::DependsOn((*name).to_owned()),
        Err(why) => Foreseen::Again(why),
    }
}
