//! The run folder: its files are opened before the load, so that a full disk or a wrong path is known while it costs nothing.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::files::{entries, put};
use super::samples::FILE as SAMPLES;
use crate::journal::{FILE_NAME as JOURNAL, is_gone, is_held_by_another};
use crate::report::{Kind, MANIFEST, Manifest, Report};

/// The open files of one run.
#[derive(Debug)]
pub(super) struct Outputs {
    folder: PathBuf,
    files: Vec<(Kind, File)>,
    journal: File,
    /// Held for as long as the run goes on.
    _held: Option<File>,
}

impl Outputs {
    /// Opens every file of the run folder, `given` or one of the run's own below `reports/`.
    pub(super) fn create(
        given: Option<&Path>,
        name: &str,
        started_at: &jiff::Timestamp,
        overwrite: bool,
    ) -> anyhow::Result<Self> {
        let folder = match given {
            Some(folder) => folder.to_path_buf(),
            None => unused_folder(name, started_at),
        };
        let held_before = held(&folder)?;
        let is_written = |name: &str| fs::metadata(folder.join(name)).is_ok_and(|file| file.len() > 0);
        if !overwrite && (folder.join(Kind::Json.file_name()).exists() || is_written(JOURNAL)) {
            bail!("{} already holds a run: give another --out, or --overwrite to replace it", folder.display());
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot create the run folder {}", folder.display()))?;
        // Before anything in it is emptied.
        let held = held_before.map_or_else(|| held(&folder), |held| Ok(Some(held)))?;
        let journal = File::options().create(true).write(true).truncate(false).open(folder.join(JOURNAL));
        let journal = journal.with_context(|| format!("cannot write {}", folder.join(JOURNAL).display()))?;
        if is_held_by_another(&journal) {
            bail!("{}", going_on(&folder));
        }
        // A device has no length.
        let _ = journal.set_len(0);
        // What an earlier run was asked for besides is none of this one's.
        let optional = Kind::ALL.into_iter().filter(|kind| !Kind::OF_EVERY_RUN.contains(kind)).map(Kind::file_name);
        optional.chain([SAMPLES]).for_each(|name| drop(fs::remove_file(folder.join(name))));
        let open = |kind: Kind| Ok((kind, created(&folder, kind.file_name())?));
        let files = Kind::OF_EVERY_RUN.into_iter().map(open).collect::<anyhow::Result<_>>()?;
        // That of an earlier run would vouch for files that are no more.
        match fs::remove_file(folder.join(MANIFEST)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", folder.join(MANIFEST).display()));
            }
            _ => {}
        }
        Ok(Self { folder, files, journal, _held: held })
    }

    /// The file that the run is written to while it goes on.
    pub(super) fn journal(&self) -> anyhow::Result<File> {
        self.journal.try_clone().with_context(|| format!("cannot write {JOURNAL}"))
    }

    /// Where the files are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the empty files away again when there will be no report: they would look like a run.
    pub(super) fn discard(&self) {
        for name in self.files.iter().map(|(kind, _)| kind.file_name()).chain([JOURNAL, SAMPLES]) {
            // What cannot be removed stays, and no harm is done.
            let _ = fs::remove_file(self.folder.join(name));
        }
        let _ = fs::remove_dir(&self.folder);
    }

    /// Takes the folder away if nothing is in it any more.
    pub(super) fn forget_if_empty(&self) {
        let _ = fs::remove_dir(&self.folder);
    }

    /// Writes every view of the run, and what they are last of all; all are tried before the first error is given.
    pub(super) fn write(&self, report: &Report) -> anyhow::Result<()> {
        let views: Vec<_> = self.files.iter().map(|(kind, file)| self.view(*kind, file, report)).collect();
        views
            .into_iter()
            .chain([self.manifest(report)])
            .collect::<anyhow::Result<()>>()
            .with_context(|| format!("the run folder {} is incomplete", self.folder.display()))
    }

    fn view(&self, kind: Kind, file: &File, report: &Report) -> anyhow::Result<()> {
        if !is_gone(file) {
            return fill(kind, file, report);
        }
        // Somebody took the folder away: what is known is kept all the same.
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {} again", self.folder.display()))?;
        fill(kind, &created(&self.folder, kind.file_name())?, report)
    }

    fn manifest(&self, report: &Report) -> anyhow::Result<()> {
        let files = entries(&self.folder).with_context(|| format!("cannot read {}", self.folder.display()))?;
        put(&self.folder.join(MANIFEST), &Manifest::of(&report.result, files).text()?)
    }
}

fn created(folder: &Path, name: &str) -> anyhow::Result<File> {
    let path = folder.join(name);
    File::create(&path).with_context(|| format!("cannot write {}", path.display()))
}

fn fill(kind: Kind, file: &File, report: &Report) -> anyhow::Result<()> {
    let mut out = BufWriter::new(file);
    let written = kind.render(report, &mut out).map_err(anyhow::Error::from).and_then(|()| Ok(out.flush()?));
    written.with_context(|| format!("cannot write {}", kind.file_name()))
}

/// Holds `folder`, if it is there and can be held, for as long as what is given lives.
///
/// # Errors
/// When another one holds it, or a run goes on in it.
pub(super) fn held(folder: &Path) -> anyhow::Result<Option<File>> {
    let is_busy = |file: &Option<File>| file.as_ref().is_some_and(is_held_by_another);
    let (own, journal) = (File::open(folder).ok(), File::open(folder.join(JOURNAL)).ok());
    if is_busy(&own) || is_busy(&journal) {
        bail!("{}", going_on(folder));
    }
    Ok(own)
}

fn going_on(folder: &Path) -> String {
    format!("a run is going on in {}: give another --out", folder.display())
}

/// `reports/NAME-TIME`, with a number behind it if two runs start in one second.
pub(super) fn unused_folder(name: &str, started_at: &jiff::Timestamp) -> PathBuf {
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    let base = format!("{}-{}", safe.trim_matches('-'), started_at.strftime("%Y%m%dT%H%M%SZ"));
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut folders = std::iter::once(base.clone()).chain(numbered).map(|name| Path::new("reports").join(name));
    folders.find(|folder| !folder.exists()).unwrap_or_else(|| Path::new("reports").join(base))
}
