//! What this machine gives: cores, and as many sockets as the system lets a process have.

use std::thread::available_parallelism;

use crate::plan::Machine;

/// Descriptors that are no connections: files, timers, runtimes.
const KEPT_BACK: u64 = 64;

/// This machine, with the limit on open files raised as far as it goes without privileges.
pub(super) fn this_machine() -> Machine {
    let cores = available_parallelism().map_or(1, usize::from);
    let files = open_files();
    Machine { cores, sockets: (files - files.min(KEPT_BACK).min(files / 4)).max(1) }
}

#[cfg(unix)]
fn open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let reached = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    reached.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn open_files() -> u64 {
    8_192
}
