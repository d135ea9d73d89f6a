//! The run folder of a release: made before anything is run, and never without a result.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::release::result::{ReleaseResult, SCHEMA};
use crate::release::run::RESULT;
use crate::report::write_json;

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
            if !is_release(&result) {
                bail!("{shown} holds the run of something else, which is not replaced: give another --out");
            }
            let items = folder.join("items");
            if items.exists() {
                fs::remove_dir_all(&items).with_context(|| format!("cannot replace {}", items.display()))?;
            }
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot create the run folder {shown}"))?;
        Ok(Self(folder.to_path_buf()))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the result, in place of an earlier one: whoever reads it finds one or the other.
    pub(super) fn write(&self, result: &ReleaseResult) -> anyhow::Result<()> {
        let path = self.0.join(RESULT);
        let beside = self.0.join(".result.json");
        let mut text = Vec::new();
        write_json(result, &mut text).context("cannot write the result as JSON")?;
        // Somebody may have taken the folder away.
        let written = fs::create_dir_all(&self.0).and_then(|()| fs::write(&beside, text));
        let written = written.and_then(|()| fs::rename(&beside, &path));
        written.with_context(|| format!("cannot write {}", path.display()))
    }
}

fn is_release(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    // A half-written one is ours as well: it has nothing in it.
    text.is_empty() || serde_json::from_slice::<serde_json::Value>(&text).is_ok_and(|result| result["schema"] == SCHEMA)
}
