//! The run folder of a release: made before anything is run, and never without a result.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::commands::files::{is_result_of, replace};
use crate::release::result::{ReleaseResult, SCHEMA};
use crate::release::run::RESULT;
use crate::report::{ReleaseKind, write_json};

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes the folder; what an earlier release left in it goes if it may be overwritten.
    pub(super) fn create(folder: &Path, overwrite: bool) -> anyhow::Result<Self> {
        let result = folder.join(RESULT);
        let shown = folder.display();
        if result.exists() {
            if !overwrite {
                bail!("{shown} already holds a run: give another --out, or --overwrite to replace it");
            }
            if !is_result_of(&result, SCHEMA) {
                bail!("{shown} holds the run of something else, which is not replaced: give another --out");
            }
            let items = folder.join("items");
            if items.exists() {
                fs::remove_dir_all(&items).with_context(|| format!("cannot replace {}", items.display()))?;
            }
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot create the run folder {shown}"))?;
        // What an earlier run left would stand for this one.
        ReleaseKind::ALL.iter().for_each(|kind| drop(fs::remove_file(folder.join(kind.file_name()))));
        Ok(Self(folder.to_path_buf()))
    }

    /// Writes every view of the release, and those that were asked for besides; all are tried before the first error is
    /// given.
    pub(super) fn write_all(&self, result: &ReleaseResult, asked: &[(ReleaseKind, PathBuf)]) -> anyhow::Result<()> {
        let own = ReleaseKind::ALL.into_iter().filter(|kind| *kind != ReleaseKind::Json);
        let own = own.map(|kind| (kind, self.0.join(kind.file_name())));
        // Last of all the one that others go by.
        let written: Vec<_> = own.chain(asked.iter().cloned()).map(|(kind, path)| put(kind, &path, result)).collect();
        written.into_iter().chain([self.write(result)]).collect()
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the result, in place of an earlier one: whoever reads it finds one or the other.
    pub(super) fn write(&self, result: &ReleaseResult) -> anyhow::Result<()> {
        let mut text = Vec::new();
        write_json(result, &mut text).context("cannot write the result as JSON")?;
        // Somebody may have taken the folder away.
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {} again", self.0.display()))?;
        replace(&self.0.join(RESULT), &text)
    }
}

fn put(kind: ReleaseKind, path: &Path, result: &ReleaseResult) -> anyhow::Result<()> {
    let context = || format!("cannot write the report {kind} to {}", path.display());
    let mut text = Vec::new();
    kind.render(result, &mut text).with_context(context)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::write(path, text).with_context(context)
}
