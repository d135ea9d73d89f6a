//! One item of a release, read and judged by its readers alone.

use std::path::Path;
use std::time::{Duration, Instant};

use mnload::release::evidence::{Context, Output};
use mnload::release::{Checklist, Reading, ReleaseFile, RunFacts};
use mnload::values::Environment;
use mnload::verdict::Status;

/// How an item came out.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) status: Status,
    pub(crate) readings: Vec<Reading>,
}

impl Judged {
    /// All that is said of it.
    pub(crate) fn said(&self) -> String {
        let lists = self.readings.iter().flat_map(|reading| [&reading.missing, &reading.broken, &reading.notes]);
        lists.flatten().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    pub(crate) fn is(self, status: Status, words: &str) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.said().contains(words), "`{words}` in:\n{}", self.said());
        self
    }
}

/// The first item of a release file in `folder` that holds `item`, whose command printed `stdout`.
#[track_caller]
pub(crate) fn judged(folder: &Path, item: &str, stdout: Option<&[u8]>) -> Judged {
    judged_with(folder, item, stdout, &[])
}

/// The same with environment variables.
#[track_caller]
pub(crate) fn judged_with(folder: &Path, item: &str, stdout: Option<&[u8]>, variables: &[(&str, &str)]) -> Judged {
    let path = folder.join("release.toml");
    std::fs::write(&path, format!("[[gate]]\nid = 'G'\n[[gate.item]]\nid = 'i'\n{item}")).unwrap();
    let environment: Environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let run = RunFacts { id: "r-4711".to_owned(), ..RunFacts::default() };
    let checklist = ReleaseFile::read(&path).and_then(|file| Checklist::resolve(&file, &environment, &[], &run));
    let checklist = checklist.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let item = checklist.items().next().unwrap();
    let output = stdout.map(|bytes| Output { bytes: bytes.to_vec(), cut: false });
    let context = Context { stdout: output.as_ref(), ..Context::bare(jiff::Timestamp::now(), &checklist.secrets) };
    let readings: Vec<Reading> = item.readers.iter().map(|reader| reader.read(&context)).collect();
    let named: Vec<(&str, &Reading)> = item.readers.iter().map(|reader| reader.name()).zip(&readings).collect();
    let checked: Vec<Status> = item.accept.iter().map(|accept| accept.check(&named).status).collect();
    let status = if readings.iter().any(|reading| !reading.missing.is_empty()) {
        Status::NoData
    } else if readings.iter().any(|reading| !reading.broken.is_empty()) || checked.contains(&Status::Fail) {
        Status::Fail
    } else if checked.contains(&Status::NoData) {
        Status::NoData
    } else {
        Status::Pass
    };
    Judged { status, readings }
}

/// Asks until it is no longer NO DATA: a server has to get going.
#[track_caller]
pub(crate) fn eventually(ask: impl Fn() -> Judged) -> Judged {
    let start = Instant::now();
    loop {
        let judged = ask();
        if judged.status != Status::NoData || start.elapsed() > Duration::from_secs(60) {
            return judged;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}
