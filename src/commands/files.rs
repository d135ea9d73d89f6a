//! The files of a run folder: what there is, with hashes, and putting one there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

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
