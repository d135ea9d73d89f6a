//! The folder of an exploration: made and held before anything is sent, written after every rate, and never without a result.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::commands::files::{is_result_of, replace};
use crate::commands::outputs::{held, unused_folder};
use crate::explore::{ExplorationResult, SCHEMA};
use crate::journal::FILE_NAME as JOURNAL;
use crate::report::{ExplorationKind, Wanted};

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Whether there was no such folder before.
    is_new: bool,
    /// Whether an earlier one is in it, which stays until there is a rate to tell of.
    has_earlier: bool,
    /// Held while this one goes on, so that no other one begins; none where a folder cannot be held.
    _held: Option<File>,
}

impl Folder {
    /// Makes the folder, `given` or one of the exploration's own below `reports/`. Nothing that is in it is touched.
    ///
    /// # Errors
    /// When something else goes on in it, or it holds what may not be replaced.
    pub(super) fn create(
        given: Option<&Path>,
        name: &str,
        started_at: &jiff::Timestamp,
        overwrite: bool,
    ) -> anyhow::Result<Self> {
        let path = match given {
            Some(folder) => folder.to_path_buf(),
            None => unused_folder(&format!("{name}-explore"), started_at),
        };
        let (shown, result) = (path.display(), path.join(ExplorationKind::Json.file_name()));
        let has_earlier = result.exists();
        let is_new = !path.exists();
        let held_before = held(&path)?;
        if has_earlier && !overwrite {
            bail!("{shown} already holds a run: give another --out, or --overwrite to replace it");
        }
        if has_earlier && !is_result_of(&result, SCHEMA) || is_written(&path.join(JOURNAL)) {
            bail!("{shown} holds the run of something else, which is not replaced: give another --out");
        }
        let of_others = ExplorationKind::ALL.iter().map(|kind| kind.file_name()).find(|name| path.join(name).exists());
        if let Some(name) = of_others.filter(|_| !overwrite) {
            bail!("{shown} holds another {name}: give another --out, or --overwrite to replace it");
        }
        fs::create_dir_all(&path).with_context(|| format!("cannot create the folder {shown}"))?;
        let held = held_before.map_or_else(|| held(&path), |held| Ok(Some(held)))?;
        Ok(Self { path, is_new, has_earlier, _held: held })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves `result`, which has nothing to tell yet, unless an earlier one is there to be read.
    pub(super) fn begin(&self, result: &ExplorationResult) -> anyhow::Result<()> {
        if self.has_earlier { Ok(()) } else { self.write(result) }
    }

    /// Leaves the folder as it was when nothing was tried; an earlier one in it stays.
    pub(super) fn discard(&self) {
        if !self.has_earlier {
            // What cannot be removed stays, and no harm is done.
            ExplorationKind::ALL.iter().for_each(|kind| drop(fs::remove_file(self.path.join(kind.file_name()))));
        }
        if self.is_new {
            let _ = fs::remove_dir(&self.path);
        }
    }

    /// Writes every view, each in place of an earlier one: whoever reads it finds one or the other. All are tried before the
    /// first error is given.
    pub(super) fn write(&self, result: &ExplorationResult) -> anyhow::Result<()> {
        // Last of all the one that others go by.
        let views = ExplorationKind::ALL.into_iter().filter(|kind| *kind != ExplorationKind::Json);
        let written: Vec<_> = views.chain([ExplorationKind::Json]).map(|kind| self.view(kind, result)).collect();
        written.into_iter().collect()
    }

    fn view(&self, kind: ExplorationKind, result: &ExplorationResult) -> anyhow::Result<()> {
        let text = rendered(kind, result)?;
        // Somebody may have taken the folder away.
        fs::create_dir_all(&self.path).with_context(|| format!("cannot make {} again", self.path.display()))?;
        replace(&self.path.join(kind.file_name()), &text)
    }

    /// Writes the reports that go to files of their own.
    pub(super) fn write_asked(
        &self,
        wanted: &[Wanted<ExplorationKind>],
        result: &ExplorationResult,
    ) -> anyhow::Result<()> {
        let elsewhere = wanted.iter().filter_map(|one| Some((one.kind, one.path.as_deref()?)));
        let elsewhere = elsewhere.filter(|(_, path)| *path != Path::new("-"));
        let written: Vec<_> = elsewhere.map(|(kind, path)| put(kind, path, result)).collect();
        written.into_iter().collect()
    }
}

fn is_written(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

fn rendered(kind: ExplorationKind, result: &ExplorationResult) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    kind.render(result, &mut text).with_context(|| format!("cannot make {}", kind.file_name()))?;
    Ok(text)
}

/// Writes to a path that may be a pipe or a device, which nothing can take the place of.
fn put(kind: ExplorationKind, path: &Path, result: &ExplorationResult) -> anyhow::Result<()> {
    let text = rendered(kind, result)?;
    fs::write(path, text).with_context(|| format!("cannot write the report to {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::explore::fixture::{exploration, known};
    use crate::explore::{LimitedBy, Point};
    use crate::journal::is_held_by_another;

    const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

    fn tried(points: Vec<Point>) -> ExplorationResult {
        ExplorationResult { points, ..exploration(known(291.0, 297.0, 304.0, LimitedBy::Target)) }
    }

    #[test]
    fn what_is_there_is_replaced_only_if_it_may_be_and_is_of_the_same_kind() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("run");
        let create = |overwrite: bool| Folder::create(Some(&folder), "x", &NOW, overwrite);
        create(false).unwrap().discard();
        assert!(!folder.exists(), "nothing was sent, and nothing is left");
        drop(create(false).unwrap());
        fs::write(folder.join("result.json"), "{\"schema\":\"mnload.exploration\"}").unwrap();
        assert!(create(false).unwrap_err().to_string().contains("--overwrite"));
        drop(create(true).unwrap());
        fs::write(folder.join("result.json"), "{\"schema\":\"mnload.result\"}").unwrap();
        assert!(create(true).unwrap_err().to_string().contains("something else"));
    }

    #[test]
    fn an_earlier_one_stays_until_a_rate_was_tried() {
        let folder = tempfile::tempdir().unwrap();
        let text = || fs::read_to_string(folder.path().join("result.json")).unwrap_or_default();
        let create = || Folder::create(Some(folder.path()), "x", &NOW, true).unwrap();
        let first = create();
        first.begin(&tried(Vec::new())).unwrap();
        assert!(text().contains("mnload.exploration"), "one that is killed now can be read");
        first.discard();
        assert_eq!(text(), "", "nothing came of it");
        drop(first);
        let first = create();
        first.write(&tried(Vec::new())).unwrap();
        let earlier = text();
        drop(first);
        let second = create();
        second.begin(&tried(exploration(known(1.0, 2.0, 3.0, LimitedBy::Range)).points)).unwrap();
        assert_eq!(text(), earlier);
        second.discard();
        assert_eq!(text(), earlier, "a setup that fails leaves it as it was");
        second.write(&tried(exploration(known(1.0, 2.0, 3.0, LimitedBy::Range)).points)).unwrap();
        assert_ne!(text(), earlier);
    }

    #[test]
    fn files_of_others_are_not_replaced_unless_that_is_asked_for() {
        for name in ["report.html", "summary.md", "points.csv"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), "mine").unwrap();
            let create = |overwrite: bool| Folder::create(Some(folder.path()), "x", &NOW, overwrite);
            assert!(create(false).unwrap_err().to_string().contains(name));
            drop(create(true).unwrap());
            assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"mine", "not before there is something to tell");
        }
    }

    #[test]
    fn what_goes_on_or_was_killed_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let create = |overwrite: bool| Folder::create(Some(folder.path()), "x", &NOW, overwrite);
        let said = |overwrite: bool| create(overwrite).unwrap_err().to_string();
        if cfg!(unix) {
            let first = create(false).unwrap();
            assert!(said(false).contains("is going on") && said(true).contains("is going on"));
            drop(first);
        }
        fs::write(folder.path().join(JOURNAL), "").unwrap();
        drop(create(false).unwrap());
        fs::write(folder.path().join(JOURNAL), "#[mnload]").unwrap();
        assert!(said(false).contains("something else") && said(true).contains("something else"));
        let journal = File::open(folder.path().join(JOURNAL)).unwrap();
        assert!(!is_held_by_another(&journal));
        assert!(!cfg!(unix) || said(true).contains("is going on"), "{}", said(true));
    }
}
