//! The run folder: its files are opened before the load, so that a full disk or a wrong path is known while it costs nothing.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::report::{self, Report};

/// The open files of one run.
#[derive(Debug)]
pub(super) struct Outputs {
    folder: PathBuf,
    result: File,
    summary: File,
    timeline: File,
    page: File,
}

const RESULT: &str = "result.json";

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
        if !overwrite && folder.join(RESULT).exists() {
            bail!("{} already holds a run: give another --out, or --overwrite to replace it", folder.display());
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot create the run folder {}", folder.display()))?;
        let open = |name: &str| {
            let path = folder.join(name);
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))
        };
        let (result, summary, timeline, page) =
            (open(RESULT)?, open("summary.csv")?, open("timeline.csv")?, open("report.html")?);
        Ok(Self { folder, result, summary, timeline, page })
    }

    /// Where the files are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the empty files away again when there will be no report: they would look like a run.
    pub(super) fn discard(&self) {
        for name in [RESULT, "summary.csv", "timeline.csv", "report.html"] {
            // What cannot be removed stays empty, and no harm is done.
            let _ = fs::remove_file(self.folder.join(name));
        }
        let _ = fs::remove_dir(&self.folder);
    }

    /// Writes every view of the run; all are tried before the first error is given.
    pub(super) fn write(&self, report: &Report) -> anyhow::Result<()> {
        let written = [
            fill(&self.result, RESULT, |out| write_json(report, out)),
            fill(&self.summary, "summary.csv", |out| Ok(report::render_summary_csv(report, out)?)),
            fill(&self.timeline, "timeline.csv", |out| Ok(report::render_timeline_csv(report, out)?)),
            fill(&self.page, "report.html", |out| Ok(out.write_all(report::render_html(report)?.as_bytes())?)),
        ];
        written
            .into_iter()
            .collect::<anyhow::Result<()>>()
            .with_context(|| format!("the run folder {} is incomplete", self.folder.display()))
    }
}

/// The document that `--format json` prints and `result.json` holds.
pub(super) fn write_json(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &report.result)?;
    Ok(writeln!(out)?)
}

fn fill(file: &File, name: &str, render: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(file);
    render(&mut out).and_then(|()| Ok(out.flush()?)).with_context(|| format!("cannot write {name}"))
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
