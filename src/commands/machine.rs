//! What this machine gives: cores, as many sockets as the system lets a process have, ports and memory.

use std::thread::available_parallelism;

use crate::compare::MachineFacts;
use crate::forecast::Host;
use crate::plan::Machine;
use crate::system::{cpu_model, kernel_release, memory_bytes, peak_rss_bytes, port_range};

/// Descriptors that are no connections: files, timers, runtimes.
const KEPT_BACK: u64 = 64;

/// This machine, with the limit on open files raised as far as it goes without privileges.
pub(super) fn this_machine() -> Machine {
    let cores = available_parallelism().map_or(1, usize::from);
    let files = open_files();
    Machine { cores, sockets: (files - kept_back(files)).max(1) }
}

/// This machine as far as it limits a plan, and what this program takes by now.
pub(super) fn this_host() -> Host {
    let open_files = open_files();
    Host {
        open_files,
        kept_back: kept_back(open_files),
        ports: port_range().map(|ports| ports.count()),
        memory_bytes: free_memory(),
        resident_bytes: peak_rss_bytes().unwrap_or_default(),
    }
}

/// What figures depend on, to tell runs of different machines apart.
pub(super) fn machine_facts() -> MachineFacts {
    MachineFacts {
        cores: available_parallelism().ok().map(|cores| usize::from(cores) as u64),
        cpu: cpu_model(),
        architecture: std::env::consts::ARCH.to_owned(),
        system: std::env::consts::OS.to_owned(),
        kernel: kernel_release(),
        memory_bytes: memory_bytes(),
    }
}

fn kept_back(files: u64) -> u64 {
    KEPT_BACK.min(files / 4)
}

/// Memory that programs can have without swapping, where the system tells (Linux).
fn free_memory() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
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
