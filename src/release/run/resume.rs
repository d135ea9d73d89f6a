//! Earlier runs of a release, and what of them still holds: it is not done again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::super::checklist::Item;
use super::super::evidence::Reader;
use super::super::result::{EvidenceSource, ItemResult, ReleaseResult, SCHEMA};
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
    /// The state of the repository that run was of; none without one.
    pub tree: Option<&'a str>,
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
                let tree = result.commit.as_ref().map(|commit| commit.tree.as_str());
                Found { folder, item, run_id, tree }
            })
        });
        found.max_by_key(|found| began(found.item))
    }

    /// Whether the previous version may still be deployed: a drill began to, and no later one put the new version back.
    pub fn is_previous_deployed(&self) -> bool {
        let steps = |id: &'static str| {
            let items = self.results().flat_map(|result| &result.gates).flat_map(|gate| &gate.items);
            items.filter(move |item| item.drill && item.id == id && item.started_at.is_some())
        };
        let is_back = |deployed: &ItemResult| {
            let restored = steps("rollback-restore").filter(|item| item.status == Status::Pass);
            restored.into_iter().any(|item| began(deployed).is_some() && began(item) >= began(deployed))
        };
        steps("rollback-deploy").any(|deployed| !is_back(deployed))
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
        let made = || found.item.evidence.iter().flat_map(|evidence| &evidence.sources).filter_map(made_at);
        if began(found.item).into_iter().chain(made()).any(|time| time > now) {
            return again(
                "it was done at a time that is still to come: the clock was changed, or is another machine's",
            );
        }
        let age = |time: Option<Timestamp>| time.map(|time| since(time, now));
        let mut limits: Vec<(Duration, Option<Duration>)> =
            item.holds_for.map(|most| (most, age(began(found.item)))).into_iter().collect();
        for reader in &item.readers {
            let own = found.item.evidence.iter().filter(|evidence| evidence.reader == reader.name());
            // Evidence may be older than the command that is said to have made it.
            let oldest = own.flat_map(|evidence| &evidence.sources).filter_map(made_at).chain(began(found.item)).min();
            let ages = reader.places().into_iter().filter_map(|place| place.max_age);
            limits.extend(ages.map(|most| (most, began(found.item).and(age(oldest)))));
        }
        match limits.iter().find(|(most, age)| age.is_none_or(|age| age >= *most)) {
            Some((most, _)) if most.is_zero() => again("its pass holds for no time"),
            Some((most, _)) => Err(format!("its pass holds for {}", format_duration(*most))),
            None => Ok(found),
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

fn made_at(source: &EvidenceSource) -> Option<Timestamp> {
    source.made_at.as_ref()?.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::super::fixture::written;
    use super::*;

    /// A run in which these items passed, or were begun, at these times, with what their evidence says of its age.
    fn run(items: &[(&str, &str, &str, &str)]) -> (PathBuf, ReleaseResult) {
        let item = |(id, status, started_at, made_at): &(&str, &str, &str, &str)| {
            serde_json::json!({
                "id": id, "title": "", "owners": [], "rationale": "", "status": status, "reasons": [],
                "drill": id.starts_with("rollback-"), "started_at": started_at, "elapsed_s": 0.0, "checks": [],
                "evidence": [{ "reader": "file", "sources": [{ "name": "y", "made_at": made_at }], "figures": [] }],
                "inputs": "i", "repeat": "",
            })
        };
        let items: Vec<serde_json::Value> = items.iter().map(item).collect();
        let result = serde_json::json!({
            "schema": SCHEMA, "schema_version": "1.0.0", "mnload_version": "", "name": "", "description": "",
            "file": "", "run_id": "r", "started_at": "", "elapsed_s": 0.0, "verdict": "pass", "go": false,
            "exit_code": 0, "reasons": [], "findings": [], "roles": [], "command": "", "ending": "completed",
            "gates": [{ "id": "A", "title": "", "rationale": "", "verdict": "pass", "items": items }],
        });
        (PathBuf::from("run"), serde_json::from_value(result).unwrap())
    }

    const NOON: &str = "2026-01-01T12:00:00Z";
    const LATER: &str = "2026-01-01T13:00:00Z";

    #[test]
    fn a_pass_ages_with_its_evidence_and_none_is_from_a_time_to_come() {
        let held = |keys: &str, started_at: &str, made_at: &str, now: &str| {
            let earlier = Earlier { runs: vec![run(&[("a", "pass", started_at, made_at)])] };
            let item = written(&format!("run = 'x'\n{keys}"));
            let why = earlier.holding(&item, Some("i"), "", now.parse().unwrap()).err();
            why.unwrap_or_default()
        };
        let young = "read = { file = { from = 'y', max_age = '2h' } }";
        assert_eq!(held(young, NOON, NOON, LATER), "");
        assert_eq!(held(young, NOON, "2026-01-01T10:30:00Z", LATER), "its pass holds for 2h");
        assert_eq!(held("holds_for = '2h'", NOON, "2026-01-01T10:30:00Z", LATER), "", "the pass itself is young");
        assert_eq!(held("holds_for = '30m'", NOON, NOON, LATER), "its pass holds for 30m");
        for (started_at, made_at) in [(LATER, NOON), (NOON, LATER)] {
            assert!(held("holds_for = '9h'", started_at, made_at, NOON).contains("still to come"));
            assert!(held("", started_at, made_at, NOON).contains("still to come"));
        }
    }

    #[test]
    fn a_drill_that_deployed_is_over_when_a_later_one_put_the_new_version_back() {
        let away = |runs: Vec<(PathBuf, ReleaseResult)>| Earlier { runs }.is_previous_deployed();
        let deploy = |status: &'static str, at: &'static str| ("rollback-deploy", status, at, at);
        let restore = |status: &'static str, at: &'static str| ("rollback-restore", status, at, at);
        assert!(!away(vec![run(&[("a", "pass", NOON, NOON)])]));
        for status in ["no_data", "fail", "pass"] {
            assert!(away(vec![run(&[deploy(status, NOON)])]), "{status}");
            assert!(away(vec![run(&[deploy(status, NOON), restore("no_data", LATER)])]), "{status}");
            assert!(!away(vec![run(&[deploy(status, NOON), restore("pass", LATER)])]), "{status}");
            assert!(away(vec![run(&[deploy(status, LATER)]), run(&[restore("pass", NOON)])]), "{status}");
            assert!(!away(vec![run(&[restore("pass", LATER)]), run(&[deploy(status, NOON)])]), "{status}");
        }
    }
}
