//! How long the machine kept threads from running that wanted to: what it adds to waits is nobody's doing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(100);

/// Watches all threads of a process and the demo's threads of this one.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    watching: JoinHandle<Duration>,
}

impl Watch {
    pub(crate) fn of(process: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let watching = std::thread::spawn(move || {
            let mut waited = Vec::new();
            while !told.load(Ordering::Relaxed) {
                waited.extend(waited_so_far(process));
                std::thread::sleep(EVERY);
            }
            // Two steps, so that what happens across the end of one is seen whole.
            waited.windows(3).map(|three| three[2].saturating_sub(three[0])).max().unwrap_or_default()
        });
        Self { over, watching }
    }

    /// The longest that they were kept waiting in any fifth of a second; zero where the system does not tell.
    pub(crate) fn worst(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.watching.join().unwrap()
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
