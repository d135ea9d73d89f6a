//! What a release file means: gates, items and what they stand on. Plain data, made by `resolve`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::accept::Acceptance;
use super::evidence::Reader;
use super::file::ReleaseDocument;
use super::work::Work;
use crate::diagnostic::{Diagnostics, Source};
use crate::scenario::read_other;
use crate::values::Secrets;

/// A release file as it was written.
#[derive(Debug, Clone)]
pub struct ReleaseFile {
    /// The file's name and text and those of the files that it uses.
    pub source: Source,
    /// What it says.
    pub document: ReleaseDocument,
}

/// What is known of this run before it starts: templates name it `run.id`, `run.commit`, `run.started_at`, and
/// `run.number`, the second in which it started, counted since 1970: a number that no other run has.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// The run's own id.
    pub id: String,
    /// The commit; empty without a repository.
    pub commit: String,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
}

/// A release, checked.
#[derive(Debug, Clone)]
pub struct Checklist {
    /// What is released.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The file that it comes from, as it was named.
    pub file: String,
    /// The folder of that file, which commands run in.
    pub folder: PathBuf,
    /// Items that run at one time at the most.
    pub parallel: usize,
    /// Where sign-offs are kept.
    pub signoffs: Option<PathBuf>,
    /// Names and texts of its variables: some are not to be shown.
    pub vars: Vec<(String, String)>,
    /// Environment variables of every command.
    pub env: Vec<(String, String)>,
    /// Who answers for what.
    pub roles: BTreeMap<String, Role>,
    /// The gates, in order; each has items.
    pub gates: Vec<Gate>,
    /// What must stand in no output.
    pub secrets: Secrets,
    /// For messages that show a place.
    pub source: Source,
}

/// Somebody who answers for items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What the role is called.
    pub title: String,
    /// What it answers for.
    pub duty: String,
    /// Who may sign for it; empty if anybody may.
    pub people: Vec<String>,
    /// Whether `people` is written and all the same names nobody.
    pub names_nobody: bool,
}

/// Items that are accepted together.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Its short name.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Why it is there.
    pub rationale: String,
    /// Gates and items that each of its items needs, as written.
    pub needs: Vec<String>,
    /// Its items, in order.
    pub items: Vec<Item>,
}

/// One thing that must hold.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its short name, unique in the release.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Names of roles.
    pub owners: Vec<String>,
    /// Why it is there.
    pub rationale: String,
    /// What is run; none if evidence is only read, or a person asked.
    pub work: Option<Work>,
    /// What is read.
    pub readers: Vec<Reader>,
    /// What the evidence must show.
    pub accept: Vec<Acceptance>,
    /// Ids of items that must have passed before it starts.
    pub needs: Vec<String>,
    /// Ids of items that must be over before it starts.
    pub after: Vec<String>,
    /// What its outcome depends on; none for all of the working tree.
    pub inputs: Option<Vec<PathBuf>>,
    /// How long a pass holds when a release is resumed; none as long as its inputs are the same.
    pub holds_for: Option<Duration>,
    /// What a person must confirm.
    pub manual: Option<String>,
    /// Whether it decides nothing.
    pub warn: bool,
    /// Whether it is a step of the rollback drill.
    pub drill: bool,
    /// What it leaves, as written.
    pub artifacts: Vec<String>,
    /// Where it is written.
    pub span: Range<usize>,
}

impl ReleaseFile {
    /// Reads and parses the file at `path` and the files that it uses.
    ///
    /// # Errors
    /// When a file cannot be read, or with every mistake of form.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let (source, document, _) = read_other(path)?;
        Ok(Self { source, document })
    }
}

impl Checklist {
    /// All items, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.gates.iter().flat_map(|gate| &gate.items)
    }
}
