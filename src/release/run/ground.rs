//! What all items of one run of a release have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::super::checklist::{Checklist, Item};
use super::super::result::{CommitResult, ItemResult, SignOff};
use super::inputs::Around;
use super::resume::Earlier;
use super::select::Selection;
use super::shell::Starter;
use super::signoff::Signing;
use super::tree::Left;

/// One run of a release, before and while it is carried out.
#[derive(Debug)]
pub struct Ground {
    /// What is to be done.
    pub checklist: Checklist,
    /// The same with the facts of the run left blank: what hashes are made of, which are the same from run to run.
    pub timeless: Checklist,
    /// What of it was asked for.
    pub selection: Selection,
    /// The run folder, from the root.
    pub folder: PathBuf,
    /// This run's own id.
    pub run_id: String,
    /// What is released; none without a repository.
    pub commit: Option<CommitResult>,
    /// What releases leave in the working tree.
    pub left: Left,
    /// Environment variables of every command, before those of the release file.
    pub env: Vec<(String, String)>,
    /// How programs are started.
    pub starter: Starter,
    /// The program that runs scenarios: this one.
    pub executable: PathBuf,
    /// Earlier runs that this one takes up.
    pub earlier: Earlier,
    /// When it started, by the clock of the file system.
    pub started: SystemTime,
    /// The options that the command of every repetition has, quoted for a shell.
    pub repeat: String,
    /// Items that run at one time at the most.
    pub parallel: usize,
}

/// Those who look on, and are asked.
pub trait Onlooker: Sync {
    /// The item starts.
    fn starts(&self, item: &Item);
    /// The item is over.
    fn ended(&self, gate: &str, item: &ItemResult);
    /// Whether a person confirms the item.
    fn signing(&self, item: &Item) -> Signing;
    /// Asks a person to confirm the item; none if nobody is there, or says no.
    fn ask(&self, item: &Item) -> Option<SignOff>;
}

/// What is known of an item that is over, for those that come after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    /// When its command started, in this run or in the earlier one that it is taken from.
    pub(super) since: Option<SystemTime>,
    /// What it set.
    pub(super) sets: Option<(String, String)>,
    /// Whether its command, or one that it stands on, was run anew: what needs it must be run anew too.
    pub(super) is_anew: bool,
    /// Whether its outcome, if it is no pass, decides the verdict.
    pub(super) decides: bool,
}

/// All that is over, by item.
pub(super) type Pasts = BTreeMap<String, Past>;

impl Ground {
    /// Where what is kept of the item `id` lies.
    pub fn item_folder(&self, id: &str) -> PathBuf {
        self.folder.join("items").join(id)
    }

    /// The same item with the facts of the run left blank.
    pub fn timeless<'g>(&'g self, item: &'g Item) -> &'g Item {
        self.timeless.items().find(|other| other.id == item.id).unwrap_or(item)
    }

    pub(super) fn around(&self) -> Around<'_> {
        let tree = self.commit.as_ref().map(|commit| commit.tree.as_str());
        Around { env: &self.timeless.env, tree, left_out: &self.left.by_releases }
    }

    /// What the items that `item` stands on have set, however far back.
    pub(super) fn sets(&self, item: &Item, pasts: &Pasts) -> Vec<(String, String)> {
        let mut ids: Vec<&str> = Vec::new();
        let mut open: Vec<&Item> = vec![item];
        while let Some(item) = open.pop() {
            for id in item.needs.iter().chain(&item.after).map(String::as_str).filter(|id| *id != item.id) {
                if !ids.contains(&id) {
                    ids.push(id);
                    open.extend(self.checklist.items().find(|other| other.id == id));
                }
            }
        }
        let in_order = self.checklist.items().filter(|other| ids.contains(&other.id.as_str()));
        in_order.filter_map(|other| pasts.get(&other.id)?.sets.clone()).collect()
    }

    /// The command that repeats `item` alone.
    pub(super) fn repeat(&self, item: &Item) -> String {
        format!("{} --only {}", self.repeat, item.id)
    }
}

/// The time by the clock of the file system of `folder`, which is that of the evidence most of the time.
pub fn file_time(folder: &Path) -> SystemTime {
    let touched = || {
        let path = folder.join(".now");
        std::fs::write(&path, "")?;
        let time = std::fs::metadata(&path)?.modified();
        std::fs::remove_file(&path)?;
        time
    };
    touched().unwrap_or_else(|_: std::io::Error| SystemTime::from(Timestamp::now()))
}
