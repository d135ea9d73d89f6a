//! The reports that were asked for beside those of every run folder: opened before the load, as those are.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::CommandError;
use crate::journal::is_gone;
use crate::report::{Kind, Report, Wanted};

/// Asked-for reports, their files open.
#[derive(Debug)]
pub(super) struct WantedReports {
    files: Vec<(Kind, PathBuf, File, bool)>,
}

/// The one report that standard output is to get instead of the text for people.
///
/// # Errors
/// When there are several.
pub(super) fn on_stdout(wanted: &[Wanted]) -> Result<Option<Kind>, CommandError> {
    let mut kinds = wanted.iter().filter(|one| one.path.as_deref() == Some(Path::new("-"))).map(|one| one.kind);
    match (kinds.next(), kinds.next()) {
        (Some(_), Some(_)) => Err(CommandError::Usage(
            "standard output takes one report: give the others a path, as in --report junit=junit.xml".to_owned(),
        )),
        (kind, _) => Ok(kind),
    }
}

impl WantedReports {
    /// Opens the files of `wanted`, those without a path in `folder`.
    ///
    /// # Errors
    /// When one cannot be written, or two reports would be written to one file.
    pub(super) fn open(wanted: &[Wanted], folder: &Path) -> Result<Self, CommandError> {
        let mut files = Vec::new();
        let mut taken: BTreeSet<PathBuf> =
            Kind::OF_EVERY_RUN.iter().map(|kind| folder.join(kind.file_name())).collect();
        taken = taken.iter().map(|path| real(path)).collect();
        let mut asked: Vec<&Wanted> = Vec::new();
        for one in wanted {
            // Asked for twice is asked for once; what every run has is there anyway.
            let is_there = one.path.is_none() && Kind::OF_EVERY_RUN.contains(&one.kind);
            if !is_there && one.path.as_deref() != Some(Path::new("-")) && !asked.contains(&one) {
                asked.push(one);
            }
        }
        for one in asked {
            let path = one.path.clone().unwrap_or_else(|| folder.join(one.kind.file_name()));
            let is_new = !path.exists();
            let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
            let file = opened.with_context(|| format!("cannot write the report {} to {}", one.kind, path.display()))?;
            if file.metadata().is_ok_and(|file| file.is_file()) && !taken.insert(real(&path)) {
                let message =
                    format!("two reports would be written to {}: give them paths of their own", path.display());
                return Err(CommandError::Usage(message));
            }
            files.push((one.kind, path, file, is_new));
        }
        Ok(Self { files })
    }

    /// Takes files away again that were not there before, when there will be no report.
    pub(super) fn discard(&self) {
        for (_, path, _, is_new) in &self.files {
            if *is_new {
                // What cannot be removed stays empty, and no harm is done.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Writes them all; all are tried before the first error is given.
    pub(super) fn write(&self, report: &Report) -> anyhow::Result<()> {
        let written: Vec<_> = self.files.iter().map(|(kind, path, file, _)| fill(*kind, path, file, report)).collect();
        written.into_iter().collect()
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn fill(kind: Kind, path: &Path, file: &File, report: &Report) -> anyhow::Result<()> {
    let context = || format!("cannot write the report {kind} to {}", path.display());
    // Somebody took its folder away: what is known is kept all the same.
    let anew = match is_gone(file) {
        true => {
            path.parent().map(std::fs::create_dir_all).transpose().with_context(context)?;
            Some(File::create(path).with_context(context)?)
        }
        false => None,
    };
    let file = anew.as_ref().unwrap_or(file);
    // A pipe or a device has no length.
    if file.metadata().is_ok_and(|file| file.is_file()) {
        file.set_len(0).with_context(context)?;
    }
    let mut out = BufWriter::new(file);
    kind.render(report, &mut out).with_context(context)?;
    out.flush().with_context(context)
}
