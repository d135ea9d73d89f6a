//! The wish to stop early: shared by all workers, with the reason and the moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::verdict::Ending;

/// A wish to stop, and everyone who waits for it.
#[derive(Debug, Clone)]
pub struct Stop {
    state: watch::Sender<Option<(Ending, Instant)>>,
    /// The same as a flag: it is looked at before every request.
    asked: Arc<AtomicBool>,
    started: Arc<OnceLock<Instant>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { state: watch::Sender::new(None), asked: Arc::default(), started: Arc::default() }
    }
}

impl Stop {
    /// Asks everyone to stop; says whether nobody had before: the first reason stays.
    pub fn ask(&self, ending: Ending) -> bool {
        self.asked.store(true, Ordering::Relaxed);
        self.state.send_if_modified(|state| {
            let first = state.is_none();
            if first {
                *state = Some((ending, Instant::now()));
            }
            first
        })
    }

    /// Waits until somebody asks to stop.
    pub async fn asked(&self) {
        let mut state = self.state.subscribe();
        // The sender lives in `self`, so this cannot end early.
        let _ = state.wait_for(Option::is_some).await;
    }

    /// Whether somebody has asked to stop.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// How the run ends, as things stand.
    pub fn ending(&self) -> Ending {
        self.state.borrow().map_or(Ending::Completed, |(ending, _)| ending)
    }

    /// Notes when the load starts.
    pub(super) fn load_starts_at(&self, start: Instant) {
        // Each load has a stop of its own; of two, the first one counts.
        let _ = self.started.set(start);
    }

    /// How long after the start of the load the stop was asked for.
    pub fn stopped_after(&self) -> Option<Duration> {
        let start = self.started.get()?;
        self.state.borrow().map(|(_, at)| at.saturating_duration_since(*start))
    }
}
