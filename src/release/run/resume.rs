//! Earlier runs of a release, and what of them still holds: it is not done again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::super::checklist::Item;
use super::super::evidence::Reader;
use super::super::result::{ItemResult, ReleaseResult, SCHEMA};
use super::super::work::Work;
use crate::units::format_duration;
use crate::verdict::Status;

/// The file of a run folder that says how it came out.
pub const RESULT: &str = "result.json";

/// Earlier runs, laid together.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    runs: Vec<(PathBuf, ReleaseResult)>,
}

/// An item of an earlier run.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The folder of that run.
    pub folder: &'a Path,
    /// What it says of the item.
    pub item: &'a ItemResult,
    /// The id of the run in which it passed.
    pub run_id: &'a str,
}

impl Earlier {
    /// The runs in `folders`, which must be of the release `name`.
    ///
    /// # Errors
    /// When one is none.
    pub fn read(folders: &[PathBuf], name: &str) -> Result<Self, String> {
        let read = |folder: &PathBuf| {
            let result = result_of(folder)?;
            match result.name == name {
                true => Ok((folder.clone(), result)),
                false => Err(format!("{} is a run of `{}`, and this is `{name}`", folder.display(), result.name)),
            }
        };
        Ok(Self { runs: folders.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The latest run of the release `name` below `reports`.
    pub fn newest(reports: &Path, name: &str) -> Option<PathBuf> {
        let folders = fs::read_dir(reports).into_iter().flatten().flatten().map(|entry| entry.path());
        let runs = folders.filter_map(|folder| Some((result_of(&folder).ok()?, folder)));
        let own = runs.filter(|(result, _)| result.name == name);
        own.max_by(|(one, _), (other, _)| one.started_at.cmp(&other.started_at)).map(|(_, folder)| folder)
    }

    /// The runs.
    pub fn results(&self) -> impl Iterator<Item = &ReleaseResult> {
        self.runs.iter().map(|(_, result)| result)
    }

    /// Their folders.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.runs.iter().map(|(folder, _)| folder.as_path())
    }

    /// What the last run in which the item `id` was done says of it.
    pub fn of(&self, id: &str) -> Option<Found<'_>> {
        let found = self.runs.iter().flat_map(|(folder, result)| {
            let items = result.gates.iter().flat_map(|gate| &gate.items);
            let done = items.filter(|item| item.id == id && item.status != Status::Skipped);
            done.map(|item| {
                let run_id = item.reused_from.as_deref().unwrap_or(&result.run_id);
                Found { folder, item, run_id }
            })
        });
        found.max_by_key(|found| began(found.item))
    }

    /// The earlier pass of `item`, if it still holds: `inputs` and `evidence` are the hashes of what there is now.
    ///
    /// # Errors
    /// Why it has to be done again.
    pub fn holding(
        &self,
        item: &Item,
        inputs: Option<&str>,
        evidence: &str,
        now: Timestamp,
    ) -> Result<Found<'_>, String> {
        let again = |why: &str| Err(why.to_owned());
        let is_live = item.readers.iter().any(Reader::is_of_a_moment);
        match (&item.work, item.holds_for) {
            (None, _) => return again("it runs nothing: it is only read or confirmed"),
            (Some(Work::Command(line)), _) if line.sets.is_some() => return again("it sets a value for others"),
            (Some(Work::Scenario(_)), None) => {
                return again("a scenario holds for no time, unless `holds_for` says so");
            }
            (_, None) if is_live => return again("it asks a running system, whose answer holds for no time"),
            _ => {}
        }
        let found = self.of(&item.id).ok_or_else(|| "it was not done before".to_owned())?;
        if found.item.status != Status::Pass {
            return again("it did not pass before");
        }
        if inputs.is_none() {
            return again(match &item.inputs {
                Some(_) => "what it depends on is not known: something in its `inputs` does not exist",
                None => "what it depends on is not known: it has no `inputs`, and there is no commit",
            });
        }
        if inputs != Some(found.item.inputs.as_str()) {
            return again("what it runs, reads or depends on has changed");
        }
        if evidence != found.item.evidence_hash {
            return again("the evidence that it left has changed, or is gone");
        }
        let ages = item.readers.iter().flat_map(Reader::places).filter_map(|place| place.max_age);
        let age = began(found.item).map(|began| since(began, now));
        match (ages.chain(item.holds_for).min(), age) {
            (Some(most), Some(age)) if age < most => Ok(found),
            (Some(most), _) if most.is_zero() => again("its pass holds for no time"),
            (Some(most), _) => Err(format!("its pass holds for {}", format_duration(most))),
            (None, _) => Ok(found),
        }
    }
}

impl Found<'_> {
    /// When it started.
    pub fn began(&self) -> Option<Timestamp> {
        began(self.item)
    }
}

fn began(item: &ItemResult) -> Option<Timestamp> {
    item.started_at.as_ref()?.parse().ok()
}

fn result_of(folder: &Path) -> Result<ReleaseResult, String> {
    let path = folder.join(RESULT);
    let text = fs::read(&path).map_err(|error| format!("{} holds no run: {error}", folder.display()))?;
    let wrong = || format!("{} is not the result of a release that this version knows", path.display());
    let result: ReleaseResult = serde_json::from_slice(&text).map_err(|_| wrong())?;
    match result.schema == SCHEMA && result.schema_version.starts_with("1.") {
        true => Ok(result),
        false => Err(wrong()),
    }
}

/// Copies what an earlier run kept of an item.
///
/// # Errors
/// When something cannot be read or written.
pub(super) fn copy_kept(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type()? {
            kind if kind.is_dir() => copy_kept(&from, &to)?,
            kind if kind.is_file() => drop(fs::copy(&from, &to)?),
            _ => {}
        }
    }
    Ok(())
}

/// How long ago `time` was; nothing if it is still to come.
pub fn since(time: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(time).try_into().unwrap_or_default()
}
