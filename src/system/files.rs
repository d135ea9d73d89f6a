//! Open files, which connections are among, and how many there may be.

/// How many files this process may have open at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// As things stand; none if there is no limit.
    pub soft: Option<u64>,
    /// What the soft limit may be raised to without privileges; none if there is no limit.
    pub hard: Option<u64>,
}

/// How many files this process may have open at one time.
pub fn file_limits() -> Option<FileLimits> {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        Some(FileLimits { soft: limit.current, hard: limit.maximum })
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// How many files this process has open, where the system says so without being asked for each (Linux 6.2 and newer).
pub fn open_files() -> Option<u64> {
    let told = std::fs::metadata("/proc/self/fd").ok()?.len();
    // Older systems say zero, and this program always has some.
    (told > 0).then_some(told)
}
