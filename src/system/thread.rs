//! What the scheduler did with the calling thread.

use std::time::Duration;

use super::text_of;

/// What the scheduler did with a thread so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadTimes {
    /// How long it could have run and had no core.
    pub waited: Option<Duration>,
    /// How often its core was taken from it.
    pub preempted: Option<u64>,
}

/// What the scheduler did with the calling thread so far.
pub fn thread_times() -> ThreadTimes {
    ThreadTimes {
        waited: text_of("/proc/thread-self/schedstat").and_then(|text| parse_schedstat(&text)),
        preempted: text_of("/proc/thread-self/status").and_then(|text| parse_status(&text)),
    }
}

/// CPU time of the calling thread so far.
pub fn thread_cpu() -> Duration {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
    }
    #[cfg(not(unix))]
    {
        Duration::ZERO
    }
}

/// Nanoseconds on a core, nanoseconds of waiting for one, and turns.
fn parse_schedstat(text: &str) -> Option<Duration> {
    let numbers: Vec<u64> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
    match numbers[..] {
        // Where the kernel does not count, it says zero of everything.
        [ran, waited, turns] if ran > 0 || turns > 0 => Some(Duration::from_nanos(waited)),
        _ => None,
    }
}

fn parse_status(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_core_is_the_second_number() {
        assert_eq!(parse_schedstat("427005590 223130057 107\n"), Some(Duration::from_nanos(223_130_057)));
        assert_eq!([parse_schedstat("0 0 0\n"), parse_schedstat(""), parse_schedstat("1 2")], [None; 3]);
    }

    #[test]
    fn lost_cores_are_counted_where_they_are_told() {
        let text = "Name:\tmnload\nvoluntary_ctxt_switches:\t9\nnonvoluntary_ctxt_switches:\t98\n";
        assert_eq!((parse_status(text), parse_status("Name:\tx\n")), (Some(98), None));
    }
}
