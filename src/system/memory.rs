//! Memory that this process has, and that had to be fetched.

use super::text_of;

/// How often this process has waited for a page from a disk.
pub fn major_faults() -> Option<u64> {
    parse_stat(&text_of("/proc/self/stat")?)
}

/// The process's highest resident memory, where the system tells.
pub fn peak_rss_bytes() -> Option<u64> {
    parse_peak(&text_of("/proc/self/status")?)
}

/// All memory of this machine.
pub fn memory_bytes() -> Option<u64> {
    kibibytes(&text_of("/proc/meminfo")?, "MemTotal:")
}

fn parse_peak(text: &str) -> Option<u64> {
    kibibytes(text, "VmHWM:")
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The tenth word behind the name, which may hold anything, parentheses too.
fn parse_stat(text: &str) -> Option<u64> {
    let (_, behind_name) = text.rsplit_once(')')?;
    behind_name.split_whitespace().nth(9)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_may_hold_anything() {
        let text = "17 (a) b (c) R 1 2 3 4 -1 4194304 100 0 42 0 5 6 0 0 20 0 1\n";
        assert_eq!(parse_stat(text), Some(42));
        assert_eq!((parse_stat(""), parse_stat("17 (a) R 1 2")), (None, None));
    }

    #[test]
    fn the_highest_memory_is_told_in_kibibytes() {
        assert_eq!(parse_peak("VmPeak:\t  9 kB\nVmHWM:\t  1234 kB\n"), Some(1234 * 1024));
        assert_eq!((parse_peak(""), parse_peak("VmHWM: much\n")), (None, None));
    }
}
