//! How long the machine kept threads from running that wanted to: what it adds to waits is nobody's doing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(50);
/// How long after an answer somebody may be kept from reading it.
const AFTER: Duration = Duration::from_millis(300);

/// Watches all threads of a process and the demo's threads of this one.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    watching: JoinHandle<Vec<(Instant, Duration)>>,
}

/// How long they had been kept waiting by so many moments.
pub(crate) struct Starved(Vec<(Instant, Duration)>);

impl Watch {
    pub(crate) fn of(process: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let watching = std::thread::spawn(move || {
            let mut looks = Vec::new();
            while !told.load(Ordering::Relaxed) {
                looks.extend(waited_so_far(process).map(|waited| (Instant::now(), waited)));
                std::thread::sleep(EVERY);
            }
            looks
        });
        Self { over, watching }
    }

    pub(crate) fn end(self) -> Starved {
        self.over.store(true, Ordering::Relaxed);
        Starved(self.watching.join().unwrap())
    }
}

impl Starved {
    /// How long they were kept waiting around an answer that was let go at `at`; zero where the system does not tell.
    pub(crate) fn around(&self, at: Instant) -> Duration {
        let before = self.0.partition_point(|(look, _)| *look <= at).saturating_sub(1);
        let after = self.0.partition_point(|(look, _)| *look <= at + AFTER).min(self.0.len().saturating_sub(1));
        self.0.get(after).map_or(Duration::ZERO, |(_, waited)| waited.saturating_sub(self.0[before].1))
    }

    /// The same at the worst moment.
    pub(crate) fn worst(&self) -> Duration {
        self.0.iter().map(|(look, _)| self.around(*look)).max().unwrap_or_default()
    }
}

/// What Linux counts for each thread: the time that it was ready to run and no core was free. None once it is over.
fn waited_so_far(process: u32) -> Option<Duration> {
    let client = threads_of(Path::new(&format!("/proc/{process}/task")), |_| true);
    let server = threads_of(Path::new("/proc/self/task"), |name| name.starts_with("mnload-demo"));
    (!client.is_empty()).then(|| client.iter().chain(&server).filter_map(|thread| waited_by(thread)).sum())
}

fn threads_of(tasks: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tasks).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| wanted(&name))).collect()
}

fn waited_by(thread: &Path) -> Option<Duration> {
    let counted = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    counted.split(' ').nth(1)?.parse().ok().map(Duration::from_nanos)
}
