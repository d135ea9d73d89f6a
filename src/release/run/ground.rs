//! What all items of one run of a release have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::super::checklist::{Checklist, Item};
use super::super::result::{CommitResult, ItemResult, SignOff};
use super::super::work::{CommandLine, Work};
use super::inputs::Around;
use super::resume::Earlier;
use super::select::Selection;
use super::shell::Starter;
use super::signoff::Signing;
use super::tree::{Left, tracked_of};

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
    /// A hash of what is in that commit and of what differs from it, without what is in no commit.
    pub tracked: Option<String>,
    /// Whether nothing is run, and earlier runs are laid together.
    pub collects: bool,
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
        Around { env: &self.timeless.env, given: &self.env, tree, left_out: &self.left.by_releases }
    }

    /// Whether what is released is still what it was at the start; what was never known is taken as such.
    pub fn is_tree_as_it_was(&self) -> bool {
        let folder = &self.checklist.folder;
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let now = || tracked_of(folder, self.checklist.signoffs.as_deref());
        self.tracked.is_none() || self.tracked == now()
    }

    /// All items that `item` needs, however far back.
    pub(super) fn all_needs(&self, item: &Item) -> Vec<&Item> {
        self.all_before(item, |item| item.needs.iter().collect())
    }

    fn all_before(&self, item: &Item, before: impl Fn(&Item) -> Vec<&String>) -> Vec<&Item> {
        let mut ids: Vec<String> = Vec::new();
        let mut open: Vec<&Item> = vec![item];
        while let Some(item) = open.pop() {
            for id in before(item).into_iter().filter(|id| **id != item.id) {
                if !ids.contains(id) {
                    ids.push(id.clone());
                    open.extend(self.checklist.items().find(|other| other.id == *id));
                }
            }
        }
        self.checklist.items().filter(|other| ids.contains(&other.id)).collect()
    }

    /// The items before `item` that set a value for it, however far back, and the names of those values.
    pub(super) fn setters(&self, item: &Item) -> Vec<(&Item, &str)> {
        let before = self.all_before(item, |item| item.needs.iter().chain(&item.after).collect());
        let setting = before.into_iter().filter_map(|item| match &item.work {
            Some(Work::Command(CommandLine { sets: Some(name), .. })) => Some((item, name.as_str())),
            _ => None,
        });
        setting.collect()
    }

    /// What the items that `item` stands on have set, however far back.
    pub(super) fn sets(&self, item: &Item, pasts: &Pasts) -> Vec<(String, String)> {
        self.setters(item).into_iter().filter_map(|(other, _)| pasts.get(&other.id)?.sets.clone()).collect()
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
