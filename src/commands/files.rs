//! The files of a run folder: what there is, with hashes, reading one, and putting one there.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::report::{FileEntry, MANIFEST};

/// No result is larger.
pub(super) const MOST_BYTES: u64 = 256 << 20;

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

/// What `path` holds, up to a byte more than any result has.
pub(super) fn text_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text)
}

/// Writes `content` to `path`, unless something else is there that is not to be replaced.
pub(super) fn place(path: &Path, content: &[u8], replace: bool) -> anyhow::Result<()> {
    let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if bytes == content.len() as u64 && fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if bytes > 0 && !replace {
        bail!("{} says something else: --overwrite replaces it", path.display());
    }
    put(path, content)
}

/// Whether it failed; says why on stderr.
pub(super) fn complained(made: anyhow::Result<()>) -> bool {
    if let Err(error) = &made {
        let _ = writeln!(anstream::stderr(), "error: {error:#}");
    }
    made.is_err()
}
