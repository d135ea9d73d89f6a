//! The page and the document of `mnload doctor`: each figure with what it means, and under it what is poor.

use std::time::Duration;

use serde::Serialize;

use super::lines::{labelled, warning};
use super::statement::counted;
use crate::doctor::{Checkup, ClockCheck, MachineCheck, PacingCheck, SendingCheck, SocketCheck, Topic, advice};
use crate::metrics::LATE;
use crate::units::{format_count, format_share, format_us, format_us_f64};

/// What stands where the system does not tell.
const NOT_TOLD: &str = "not told by this system";
/// A run is punctual if its lag is at most this part of the tightest time gate.
const PART_OF_A_GATE: u64 = 10;

/// What `mnload doctor --format json` writes; fields are only ever added within a major version of the schema.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoctorDocument<'a> {
    /// `mnload.doctor`.
    pub schema: &'static str,
    /// The version of its form.
    pub schema_version: &'static str,
    /// The version of mnload that looked.
    pub mnload_version: &'static str,
    /// What was found; null where the system does not tell.
    #[serde(flatten)]
    pub checkup: &'a Checkup,
    /// What is poor, and what to do.
    pub warnings: Vec<String>,
}

impl<'a> DoctorDocument<'a> {
    /// The document of `checkup`.
    pub fn of(checkup: &'a Checkup) -> Self {
        Self {
            schema: "mnload.doctor",
            schema_version: "1.0.0",
            mnload_version: env!("CARGO_PKG_VERSION"),
            checkup,
            warnings: advice(checkup).into_iter().map(|advice| advice.text).collect(),
        }
    }
}

/// The page for people, with ANSI colours.
pub fn render(checkup: &Checkup) -> String {
    let poor = advice(checkup);
    let sections = [
        (Topic::Machine, machine(&checkup.machine)),
        (Topic::Clock, clock(&checkup.clock)),
        (Topic::Sockets, sockets(&checkup.sockets)),
        (Topic::Pacing, checkup.pacing.iter().map(pacing).collect()),
        (Topic::Sending, sending(&checkup.sending, checkup.machine.cores)),
    ];
    let mut out = String::from("What this machine can do as a generator of load\n\n");
    for (topic, section) in sections {
        out.push_str(&section);
        poor.iter().filter(|advice| advice.about == topic).for_each(|advice| out.push_str(&warning(&advice.text)));
    }
    out
}

fn told<T>(figure: Option<T>, words: impl FnOnce(T) -> String) -> String {
    figure.map_or_else(|| NOT_TOLD.to_owned(), words)
}

fn machine(machine: &MachineCheck) -> String {
    let allowed = machine.container_cores.map(|cores| format!(", of which this container may use {cores:.1}"));
    let busy = told(machine.busy_cores, |cores| format!("{cores:.1} cores"));
    let waiting = told(machine.waiting_share, format_share);
    let stolen = told(machine.stolen_share, format_share);
    let cores = counted(machine.cores, "core");
    let text = format!(
        "{cores}{}: each worker needs one. Busy with other programs before this began: {busy}; some program waited for a core in the last 10s: {waiting} of the time; taken by other machines of the host: {stolen}",
        allowed.unwrap_or_default()
    );
    labelled("machine", &text)
}

fn clock(clock: &ClockCheck) -> String {
    let source = told(clock.source.clone(), |source| source);
    let step = clock
        .step_ns
        .map_or_else(|| "no step was seen".to_owned(), |ns| format!("in steps of {}", nanoseconds(ns as f64)));
    let text = format!(
        "source {source}; a look takes {}, {step}. Each request takes several looks",
        nanoseconds(clock.read_ns)
    );
    labelled("clock", &text)
}

fn nanoseconds(ns: f64) -> String {
    if ns < 1_000.0 { format!("{ns:.0}ns") } else { format_us_f64(ns / 1e3) }
}

fn sockets(sockets: &SocketCheck) -> String {
    let files = match (sockets.open_files_soft, sockets.open_files_hard) {
        (Some(soft), Some(hard)) if soft < hard => {
            format!("{} (the limit is {} until mnload raises it)", format_count(hard), format_count(soft))
        }
        (soft, hard) => told(hard.or(soft), format_count),
    };
    let ports = match (sockets.local_ports_count, sockets.local_ports) {
        (Some(count), Some([first, last])) => format!(
            "{} ({first} to {last}): as many connections to one address and port at one time",
            format_count(count)
        ),
        _ => NOT_TOLD.to_owned(),
    };
    let waiting = told(sockets.time_wait, format_count);
    let reuse = match sockets.time_wait_reuse {
        Some("off") => ", and are never used again before that",
        Some("on") => ", unless a new connection takes them over",
        Some("loopback") => ", unless a new connection on loopback takes them over",
        _ => "",
    };
    let backlog = told(sockets.listen_backlog, format_count);
    labelled("files", &format!("open at one time at most: {files}; each connection is one"))
        + &labelled("ports", &format!("local ports: {ports}"))
        + &labelled("", &format!("closed connections that keep their port for a minute{reuse}: {waiting}"))
        + &labelled("", &format!("connections that may wait at a server on this machine: {backlog}"))
}

fn pacing(pacing: &PacingCheck) -> String {
    let (lag, per_s) = (&pacing.lag_us, format_count(u64::from(pacing.per_s)));
    let judged = match Duration::from_micros(lag.p99) > LATE {
        true => "Loads with a schedule cannot be judged".to_owned(),
        false => format!("Time gates from {} up can be judged", format_us(lag.p99 * PART_OF_A_GATE)),
    };
    let text = format!(
        "{}: at {per_s}/s it wakes {} after the due time (p50), {} (p99), {} (longest). {judged}",
        pacing.mode,
        format_us(lag.p50),
        format_us(lag.p99),
        format_us(lag.max),
    );
    labelled("pacing", &text)
}

fn sending(sending: &SendingCheck, cores: u64) -> String {
    let flat_out = told(sending.flat_out_cpu_us, format_us_f64);
    let paced = told(sending.paced_cpu_us, format_us_f64);
    let cost = format!(
        "CPU of a request: {flat_out} flat out, {paced} at {}/s, where each has a wake of its own (send lag p99 {})",
        format_count(u64::from(sending.paced_per_s)),
        format_us(sending.paced_lag_us.p99)
    );
    let most = told(sending.one_core_per_s, |per_s| {
        let all = match cores {
            0 | 1 => String::new(),
            _ => format!(", all {cores} about {}/s", about(per_s * cores as f64)),
        };
        format!(
            "one core sends at most about {}/s{all}: small requests over plain HTTP/1.1; templates, checks and TLS cost more",
            about(per_s)
        )
    });
    labelled("sending", &cost) + &labelled("", &most)
}

/// Two digits: an estimate should not look like a measurement.
fn about(per_s: f64) -> String {
    let digits = per_s.max(1.0).log10().floor() as i32 - 1;
    let grain = 10f64.powi(digits.max(0));
    format_count(((per_s / grain).round() * grain) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Latency;

    fn checkup() -> Checkup {
        let lag_us = Latency { count: 2_000, p50: 62, p99: 4_000, max: 9_000, ..Latency::default() };
        Checkup {
            machine: MachineCheck { cores: 2, busy_cores: Some(0.1), ..MachineCheck::default() },
            clock: ClockCheck { source: Some("tsc".to_owned()), read_ns: 25.4, step_ns: Some(1) },
            sockets: SocketCheck {
                open_files_soft: Some(1_024),
                open_files_hard: Some(20_000),
                local_ports: Some([32_768, 60_999]),
                local_ports_count: Some(28_232),
                time_wait: Some(7),
                time_wait_reuse: Some("loopback"),
                listen_backlog: Some(4_096),
            },
            pacing: vec![PacingCheck { mode: "default", per_s: 1_000, lag_us }],
            sending: SendingCheck {
                flat_out_cpu_us: Some(27.9),
                paced_cpu_us: Some(52.0),
                paced_per_s: 1_000,
                paced_lag_us: lag_us,
                one_core_per_s: Some(35_842.0),
                ..SendingCheck::default()
            },
        }
    }

    fn plain(checkup: &Checkup) -> String {
        anstream::adapter::strip_str(&render(checkup)).to_string()
    }

    #[test]
    fn every_figure_is_there_with_what_it_means_within_the_page() {
        let text = plain(&checkup());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "machine 2 cores: each worker needs one",
            "in the last 10s: not told by this system of the time",
            "source tsc; a look takes 25ns, in steps of 1ns",
            "20,000 (the limit is 1,024 until mnload raises it)",
            "28,232 (32768 to 60999)",
            "wakes 62µs after the due time (p50), 4ms (p99), 9ms (longest). Time gates from 40ms up can be judged",
            "warning the p99 wake-up lag is 4ms: time gates below 40ms cannot be judged here",
            "CPU of a request: 27.9µs flat out, 52µs at 1,000/s",
            "one core sends at most about 36,000/s, all 2 about 72,000/s",
        ] {
            assert!(flowing.contains(words), "no `{words}` in:\n{text}");
        }
    }

    #[test]
    fn what_is_not_told_is_no_zero() {
        let silent = Checkup {
            machine: MachineCheck { cores: 2, ..MachineCheck::default() },
            clock: ClockCheck { read_ns: 25.0, step_ns: Some(1), source: None },
            sockets: SocketCheck::default(),
            ..checkup()
        };
        let silent = Checkup { sending: SendingCheck::default(), ..silent };
        assert!(plain(&silent).split_whitespace().collect::<Vec<_>>().join(" ").matches(NOT_TOLD).count() >= 10);
        let document = serde_json::to_value(DoctorDocument::of(&silent)).unwrap();
        assert!(document["sockets"]["open_files_hard"].is_null() && document["sending"]["one_core_per_s"].is_null());
        assert_eq!(document["schema"], "mnload.doctor");
    }

    #[test]
    fn estimates_have_two_digits() {
        assert_eq!([35_842.0, 7.4, 128_400.0].map(about), ["36,000", "7", "130,000"]);
    }
}
