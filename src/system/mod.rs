//! What the operating system tells of this machine and of this process, where it tells.
//!
//! Reads a few small files of Linux and gives plain numbers; each text is taken apart by a function of its own that
//! reads nothing. What is not told is `None`, never zero. Of other programs it asks `git` alone.

mod cpu;
mod files;
mod git;
mod memory;
mod ports;
mod thread;

pub use cpu::{
    CpuTimes, Pressure, cgroup_cores, clock_source, cpu_model, cpu_pressure, cpu_times, kernel_release, process_cpu,
};
pub use files::{FileLimits, file_limits, open_files};
pub use git::{git, git_bytes};
pub use memory::{major_faults, memory_bytes, peak_rss_bytes};
pub use ports::{PortRange, WaitingReuse, listen_backlog, port_range, time_wait, waiting_reuse};
pub use thread::{ThreadTimes, thread_cpu, thread_times};

/// The text of a small file of the system; none where there is no such file.
fn text_of(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
