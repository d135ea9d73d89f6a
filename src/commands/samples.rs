//! `samples.csv.gz`: written by a thread of its own while the load runs.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::journal::is_gone;
use crate::metrics::Second;
use crate::report::{SampleRows, Subject};
use crate::units::format_count;

/// Its name in the run folder.
pub(super) const FILE: &str = "samples.csv.gz";
/// So many seconds may wait for a disk that is slow.
const MOST_WAITING: usize = 60;

/// So long the end of a run waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The thread that writes.
#[derive(Debug)]
pub(super) struct Samples {
    seconds: SyncSender<Second>,
    thread: JoinHandle<io::Result<u64>>,
    dropped: u64,
    told: bool,
}

impl Samples {
    /// Opens the file in `folder`, for at most `most` requests of `subject`.
    pub(super) fn create(folder: &Path, subject: &Subject, most: u64) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let cannot = || format!("cannot write {}", path.display());
        let file = File::create(&path).with_context(cannot)?;
        let rows = SampleRows::new(GzEncoder::new(file, Compression::fast()), subject, most).with_context(cannot)?;
        let (seconds, receiver) = sync_channel::<Second>(MOST_WAITING);
        let thread = Builder::new().name("mnload-samples".to_owned()).spawn(move || {
            let (mut rows, mut left_out) = (rows, 0);
            for second in receiver {
                let tally = &second.tally;
                // What could not even be sent has no times, and is no row.
                let times = tally.steps.iter().map(|step| step.response.count()).sum::<u64>();
                let requests = times + tally.warm_up.requests.response.count();
                left_out += requests.saturating_sub(rows.add(&second.samples)?);
            }
            match is_gone(&rows.finish()?.finish()?) {
                true => Err(io::Error::other("the file, or its folder, is gone")),
                false => Ok(left_out),
            }
        })?;
        Ok(Self { seconds, thread, dropped: 0, told: false })
    }

    /// Takes the next complete second; gives what somebody should know of, if there is something.
    pub(super) fn see(&mut self, second: &Second) -> Option<String> {
        if self.seconds.try_send(second.clone()).is_err() {
            self.dropped += second.samples.len() as u64;
            let first = !std::mem::replace(&mut self.told, true);
            return first.then(|| format!("{FILE} cannot be written, or not fast enough: requests are missing in it"));
        }
        None
    }

    /// Waits until all is written; gives what is missing.
    pub(super) fn finish(self) -> Vec<String> {
        let Self { seconds, thread, dropped, .. } = self;
        drop(seconds);
        let until = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        if !thread.is_finished() {
            return vec![format!("{FILE} is incomplete: its disk does not keep up")];
        }
        let mut warnings = Vec::new();
        let requests = |count: u64| format!("{} requests", format_count(count));
        match thread.join() {
            Ok(Ok(0)) => {}
            Ok(Ok(left_out)) => {
                warnings.push(format!(
                    "{} are not in {FILE}, which had no room for them (--samples=COUNT)",
                    requests(left_out)
                ));
            }
            Ok(Err(error)) => warnings.push(format!("{FILE} is incomplete: {error}")),
            Err(_) => warnings.push(format!("{FILE} is incomplete")),
        }
        if dropped > 0 {
            warnings.push(format!("{} are missing in {FILE}", requests(dropped)));
        }
        warnings
    }
}
