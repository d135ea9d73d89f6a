//! Runs of parts of a release, laid together: nothing is run, and what they say of each item is taken as it is.
//!
//! For the last job of a pipeline, whose gates were jobs of their own. All of them must be of the state of the repository
//! that is judged now; what only a person confirms is asked for here, as nothing needs to run for it.

use super::super::checklist::Item;
use super::super::result::ItemResult;
use super::attempt::{self, Outcome, blank, finished, left_out};
use super::ground::{Ground, Onlooker, Past, Pasts};
use super::process::Halt;
use super::resume::{Found, copy_kept};
use crate::verdict::Status;

/// What the earlier runs say of `item`.
pub(super) fn collected(ground: &Ground, item: &Item, pasts: &Pasts, onlooker: &dyn Onlooker, halt: &Halt) -> Outcome {
    if item.work.is_none() && item.readers.is_empty() {
        return attempt::carry_out(ground, item, pasts, onlooker, halt);
    }
    let nothing = |why: String| left_out(ground, item, Status::NoData, why, !item.warn);
    let Some(found) = ground.earlier.of(&item.id) else {
        return nothing("none of the runs that are laid together has done it".to_owned());
    };
    if let Some(why) = of_another_state(ground, found) {
        return nothing(why);
    }
    let later = |needed: &&Item| ground.earlier.of(&needed.id).and_then(|needed| needed.began()) > found.began();
    if let Some(needed) = ground.all_needs(item).into_iter().filter(|needed| needed.work.is_some()).find(later) {
        return nothing(format!("`{}`, which it needs, was done later than that", needed.id));
    }
    let mut result = taken_over(ground, item, found);
    if let Some(missing) = kept_of(ground, item, found).err() {
        if result.status == Status::Pass {
            result.status = Status::NoData;
        }
        result.reasons.push(missing);
    }
    finished(ground, item, result, Past { decides: !item.warn, ..Past::default() })
}

/// What `found` says, of the item as it is written now.
pub(super) fn taken_over(ground: &Ground, item: &Item, found: Found<'_>) -> ItemResult {
    let now = blank(ground, item);
    ItemResult {
        id: now.id,
        title: now.title,
        owners: now.owners,
        rationale: now.rationale,
        warn: now.warn,
        repeat: now.repeat,
        artifacts: now.artifacts,
        reused_from: Some(found.run_id.to_owned()),
        ..found.item.clone()
    }
}

/// Copies what was kept of the item, so that the new run folder is whole.
///
/// # Errors
/// Why it cannot, as a sentence.
pub(super) fn kept_of(ground: &Ground, item: &Item, found: Found<'_>) -> Result<(), String> {
    let from = found.folder.join("items").join(&item.id);
    copy_kept(&from, &ground.item_folder(&item.id))
        .map_err(|error| format!("what was kept of it in {} cannot be copied: {error}", found.folder.display()))
}

/// Why `found` says nothing of what is judged now.
fn of_another_state(ground: &Ground, found: Found<'_>) -> Option<String> {
    let shown = found.folder.display();
    match (&ground.commit, found.tree) {
        (None, _) => Some("there is no commit, so nothing tells whether the runs are of the same state".to_owned()),
        (Some(_), None) => Some(format!("{shown} does not say of which commit it is")),
        (Some(commit), Some(tree)) if commit.tree != tree => {
            Some(format!("{shown} is of another state of the repository"))
        }
        _ => None,
    }
}
