//! A run as metrics while it goes on: written to Prometheus, or offered at an address to whoever scrapes.
//!
//! Takes each complete [`Second`], keeps sums, and sends them from a thread of its own: the load never waits for whoever
//! receives. What could not be sent is counted and told. Gates and reports never read what is exported.

mod classic;
mod families;
mod message;
mod native;
mod open_metrics;
mod push;
mod remote_write;
mod serve;
mod wanted;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver as Told, RecvTimeoutError, channel as told_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime::LocalRuntime;
use tokio::sync::mpsc::{Sender, channel};

use crate::failure::Failure;
use crate::metrics::{Second, Tally};
pub use families::Labels;
pub use wanted::{Wanted, WantedError};

/// So many seconds may wait for the thread that exports; it does nothing that takes long, so they never do.
const MOST_WAITING: usize = 512;
/// So long the end of a run waits for the last of it to be sent.
const PATIENCE: Duration = Duration::from_secs(8);

/// The names of all metrics that a run exports, those of failed requests included.
pub fn names() -> BTreeSet<String> {
    let mut second = Second { tally: Arc::new(Tally::new(1)), ..Second::default() };
    if let Some(step) = Arc::make_mut(&mut second.tally).steps.first_mut() {
        step.errors.insert(Failure::Timeout, 1);
    }
    let mut sums = families::Sums::new(Labels::new(), vec!["step".to_owned()], 0);
    sums.add(&second);
    remote_write::names(&sums.families())
}

/// Why an export cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The address of an endpoint cannot be had.
    #[error("cannot listen on {address} for scrapes: {error}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// A thread or its runtime could not be had.
    #[error("cannot start the thread that exports: {0}")]
    Thread(std::io::Error),
}

/// What is sent to the thread that exports.
enum News {
    Second(Second),
    Over,
}

/// The exports of one run.
#[derive(Debug)]
pub struct Exports {
    news: Sender<News>,
    told: Told<String>,
    thread: JoinHandle<()>,
    dropped: u64,
}

impl Exports {
    /// Starts exporting to all that are `wanted`. `labels` stand at every metric; `start_ms` is the time (Unix, in
    /// milliseconds) from which seconds count.
    ///
    /// # Errors
    /// When an address cannot be listened on. Whether anybody receives is seen later.
    pub fn start(wanted: &[Wanted], labels: Labels, steps: Vec<String>, start_ms: i64) -> Result<Self, ExportError> {
        let places = serve::Places::open(wanted)?;
        let (news, receiver) = channel(MOST_WAITING);
        let (teller, told) = told_channel();
        let sums = families::Sums::new(labels, steps, start_ms);
        let thread = Builder::new()
            .name("mnload-export".to_owned())
            .spawn(move || match LocalRuntime::new() {
                Ok(runtime) => runtime.block_on(serve::serve(places, sums, receiver, teller)),
                Err(error) => drop(teller.send(format!("nothing is exported: {error}"))),
            })
            .map_err(ExportError::Thread)?;
        Ok(Self { news, told, thread, dropped: 0 })
    }

    /// Takes the next complete second; gives what somebody should know of, if there is something.
    pub fn see(&mut self, second: &Second) -> Option<String> {
        if self.news.try_send(News::Second(second.clone())).is_err() {
            self.dropped += 1;
        }
        self.told.try_recv().ok()
    }

    /// Waits, not for long, until the rest is sent; gives what was lost.
    pub fn finish(self) -> Vec<String> {
        let Self { news, told, thread, dropped } = self;
        // A thread that takes nothing any more is told by its end being waited for in vain.
        let asked = news.try_send(News::Over).is_ok();
        drop(news);
        let mut warnings = Vec::new();
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            match told.recv_timeout(end.saturating_duration_since(std::time::Instant::now())) {
                Ok(words) => warnings.push(words),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    warnings.push(format!("the last metrics were not sent within {}s", PATIENCE.as_secs()));
                    break;
                }
            }
        }
        if asked && thread.is_finished() {
            // What it had to say is said.
            let _ = thread.join();
        }
        if dropped > 0 {
            warnings.push(format!("{dropped} seconds of metrics were dropped before they were sent"));
        }
        warnings
    }
}
