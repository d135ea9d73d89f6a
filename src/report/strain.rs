//! What the generator was up against, in a line for people: shown where there is something to say.

use super::lines::labelled;
use super::result::RunResult;
use crate::units::{format_count, format_share, format_us};

/// Less than this of a core is the system's own housekeeping.
const OTHERS: f64 = 0.25;
/// Less than this of the machine's time is nothing to speak of.
const STOLEN: f64 = 0.01;
/// From this share of what there is, a limit is near.
const NEAR: f64 = 0.8;

/// The line of the console; empty where nothing was in the way.
pub(super) fn line(result: &RunResult) -> String {
    let told = notes(result);
    if told.is_empty() { String::new() } else { labelled("machine", &told.join("; ")) }
}

/// What was in the way, each in a few words.
pub(super) fn notes(result: &RunResult) -> Vec<String> {
    let (generator, machine) = (&result.generator, &result.generator.machine);
    let mut notes = Vec::new();
    if generator.stalls > 0 {
        let longest = format_us(generator.loop_lag_us.max);
        let times =
            if generator.stalls == 1 { "once".to_owned() } else { format!("{} times", format_count(generator.stalls)) };
        notes.push(format!("stood still {times}, for {longest} at the longest"));
    }
    if let Some(cores) = machine.others_cores.filter(|cores| *cores >= OTHERS) {
        notes.push(format!("other programs kept {cores:.1} cores busy"));
    }
    if let Some(share) = machine.stolen_share.filter(|share| *share >= STOLEN) {
        notes.push(format!("{} of its CPU time went to other machines of its host", format_share(share)));
    }
    if let Some(faults) = machine.major_faults.filter(|faults| *faults > 0) {
        notes.push(format!("waited {} times for memory from a disk", format_count(faults)));
    }
    let near = |used: Option<u64>, limit: Option<u64>| {
        used.zip(limit).filter(|(used, limit)| *used as f64 >= *limit as f64 * NEAR)
    };
    if let Some((used, limit)) = near(machine.open_files, machine.open_files_limit) {
        notes.push(format!("{} of {} files open", format_count(used), format_count(limit)));
    }
    if let Some((used, limit)) = near(machine.local_ports, machine.local_ports_limit) {
        notes.push(format!("about {} of {} local ports in use", format_count(used), format_count(limit)));
    }
    notes
}

/// The busiest worker beside the mean of all, where there is more than one.
pub(super) fn busiest(result: &RunResult) -> String {
    let shares = result.generator.each_worker.iter().map(|worker| worker.cpu_share);
    match shares.reduce(f64::max).filter(|_| result.generator.workers > 1) {
        Some(share) => format!(", the busiest {:.0}%", share * 100.0),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Latency, MachineUse, WorkerUse};
    use crate::report::fixture::Fixture;
    use crate::report::result::GeneratorResult;

    #[test]
    fn a_quiet_machine_has_no_line_and_a_busy_one_says_what_was_in_the_way() {
        let mut result = Fixture::default().report().result;
        assert_eq!((line(&result).as_str(), busiest(&result).as_str()), ("", ""));
        let generator = &mut result.generator;
        generator.each_worker = [0.1, 0.84].map(|cpu_share| WorkerUse { cpu_share, ..WorkerUse::default() }).to_vec();
        generator.stalls = 2;
        generator.loop_lag_us = Latency { max: 84_000, ..Latency::default() };
        generator.machine = MachineUse {
            others_cores: Some(1.42),
            stolen_share: Some(0.03),
            major_faults: Some(7),
            open_files: Some(900),
            open_files_limit: Some(1_024),
            local_ports: Some(20),
            local_ports_limit: Some(28_232),
            ..MachineUse::default()
        };
        assert_eq!(
            notes(&result),
            [
                "stood still 2 times, for 84ms at the longest",
                "other programs kept 1.4 cores busy",
                "3% of its CPU time went to other machines of its host",
                "waited 7 times for memory from a disk",
                "900 of 1,024 files open",
            ]
        );
        assert_eq!(busiest(&result), ", the busiest 84%");
        assert!(line(&result).lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_result_of_an_earlier_version_is_still_read() {
        let written = Fixture::default().report().result.generator;
        let mut document = serde_json::to_value(&written).unwrap();
        let generator = document.as_object_mut().unwrap();
        for added in ["each_worker", "loop_lag_us", "stalls", "machine"] {
            assert!(generator.remove(added).is_some(), "{added} is written");
        }
        assert_eq!(serde_json::from_value::<GeneratorResult>(document).unwrap(), written);
    }

    #[test]
    fn names_in_the_document_stay() {
        let generator = serde_json::to_value(&Fixture::default().report().result.generator).unwrap();
        let names =
            |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(
            names(&generator),
            "connections_http2 connections_opened connections_reused cpu_share each_worker loop_lag_us machine peak_in_flight peak_rss_bytes stalls waited_for_slot workers"
        );
        assert_eq!(
            names(&generator["machine"]),
            "cores local_ports local_ports_limit major_faults open_files open_files_limit others_cores stolen_of_wanted stolen_share"
        );
        let worker = serde_json::to_value(WorkerUse::default()).unwrap();
        assert_eq!(names(&worker), "awake_share cpu_share preempted stolen_share waiting_share");
    }
}
