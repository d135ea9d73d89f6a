//! `mnload report --verify`: whether the files of a run folder are as the run left them.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};

use super::files::names;
use crate::report::{FileEntry, MANIFEST, Manifest, clean};
use crate::verdict::ExitCode;

/// No manifest is larger.
const MOST_BYTES: u64 = 16 << 20;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Same,
    Changed,
    Missing,
    Extra,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "ok",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Extra => "extra",
        }
    }
}

pub(super) fn run(folder: &Path) -> anyhow::Result<ExitCode> {
    let Some(manifest) = manifest_of(folder)? else {
        bail!(
            "{} has no {MANIFEST}: its run was killed, or is of an earlier version; `mnload report {}` writes one",
            folder.display(),
            folder.display()
        );
    };
    let states = states(folder, &manifest)?;
    let mut out = anstream::stdout();
    let widest = states.iter().map(|(name, _)| clean(name).chars().count()).max().unwrap_or_default();
    for (name, state) in &states {
        // Nobody may be reading any more; the exit code says the same.
        let _ = writeln!(out, "  {:<8}  {:<widest$}", state.word(), clean(name));
    }
    let wrong = states.iter().filter(|(_, state)| *state != State::Same).count();
    let told = match (wrong, states.len()) {
        (0, all) => format!("all {all} files are as the run of {} left them", clean(&manifest.started_at)),
        (wrong, all) => {
            format!("{wrong} of {all} files are not as the run of {} left them", clean(&manifest.started_at))
        }
    };
    let _ = writeln!(out, "{told}");
    Ok(if wrong == 0 { ExitCode::Passed } else { ExitCode::Internal })
}

/// The manifest of `folder`; none if it has none.
pub(super) fn manifest_of(folder: &Path) -> anyhow::Result<Option<Manifest>> {
    let path = folder.join(MANIFEST);
    let named = || format!("cannot read {}", path.display());
    if !fs::metadata(folder).with_context(|| format!("cannot read {}", folder.display()))?.is_dir() {
        bail!("{} is no run folder", folder.display());
    }
    match fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => bail!("{} is no file", path.display()),
        Ok(metadata) if metadata.len() > MOST_BYTES => bail!("{} is larger than any manifest", path.display()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(named),
    }
    let mut text = Vec::new();
    File::open(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text)).with_context(named)?;
    let manifest = Manifest::read(&text).map_err(|error| anyhow::Error::msg(clean(&error.to_string())));
    manifest.with_context(named).map(Some)
}

fn states(folder: &Path, manifest: &Manifest) -> anyhow::Result<Vec<(String, State)>> {
    let listed = manifest.files.iter().map(|file| Ok((file.name.clone(), state(folder, file)?)));
    let mut states = listed.collect::<anyhow::Result<Vec<_>>>()?;
    let there = names(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let extra = there.into_iter().filter(|name| manifest.files.iter().all(|file| file.name != *name));
    states.extend(extra.map(|name| (name, State::Extra)));
    Ok(states)
}

fn state(folder: &Path, listed: &FileEntry) -> anyhow::Result<State> {
    let path = folder.join(&listed.name);
    let metadata = match fs::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::Missing),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    // What leads elsewhere is not what the run left; what has another length need not be read.
    if !metadata.is_file() || metadata.len() != listed.bytes {
        return Ok(State::Changed);
    }
    let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = FileEntry::of(&listed.name, file.take(listed.bytes + 1));
    let found = found.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(if found.sha256 == listed.sha256.to_ascii_lowercase() { State::Same } else { State::Changed })
}
