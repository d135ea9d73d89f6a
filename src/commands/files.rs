//! The files of a run folder: what there is, with hashes, and putting one there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::report::{FileEntry, MANIFEST};

/// Every plain file of `folder` but the manifest; no folder in it, and nothing that leads elsewhere.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != MANIFEST {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The same with their hashes.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<FileEntry>> {
    names(folder)?.iter().map(|name| FileEntry::of(name, File::open(folder.join(name))?)).collect()
}

/// Writes `content` to `path`, in place of what is there.
pub(super) fn put(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// The same at once: whoever reads `path` finds what was there or what is there now, and never half of it.
pub(super) fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside: PathBuf = path.with_file_name(format!(".{name}"));
    let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Whether the result at `path` is one of `schema`. A half-written one is, too: it has nothing in it.
pub(super) fn is_result_of(path: &Path, schema: &str) -> bool {
    let text = fs::read(path).unwrap_or_default();
    text.is_empty() || serde_json::from_slice::<serde_json::Value>(&text).is_ok_and(|result| result["schema"] == schema)
}
