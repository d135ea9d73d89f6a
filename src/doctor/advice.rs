//! What the figures of an examination are poor for, and the way out.

use super::{Checkup, ClockCheck, MachineCheck, PacingCheck, SendingCheck, SocketCheck};
use crate::metrics::LATE;
use crate::units::{format_count, format_share, format_us, format_us_f64};

/// What is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Cores, and who else uses them.
    Machine,
    /// The clock.
    Clock,
    /// Files, connections and ports.
    Sockets,
    /// Waking for due times.
    Pacing,
    /// CPU time of requests.
    Sending,
}

/// A figure that is poor: what follows from it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What it is about.
    pub about: Topic,
    /// In a sentence or two.
    pub text: String,
}

/// A run is punctual if its lag is at most this part of the tightest time gate.
const PART_OF_A_GATE: u64 = 10;
/// A wake-up lag that only gates below 10 ms feel.
const PUNCTUAL_US: u64 = 1_000;
/// Other programs that have more than this share of the cores are in the way.
const BUSY: f64 = 0.25;
/// More stolen time than this is felt.
const STOLEN: f64 = 0.02;
/// Fewer open files than this bind before the CPU does.
const FEW_FILES: u64 = 4_096;
/// Fewer local ports than this bind soon where connections are not kept.
const FEW_PORTS: u64 = 10_000;
/// A clock that costs more, or has coarser steps, is felt in the figures.
const SLOW_READ_NS: f64 = 250.0;
const COARSE_STEP_NS: u64 = 10_000;
/// Clocks that a program reads without asking the system.
const FAST_SOURCES: [&str; 8] = [
    "tsc",
    "tsc-early",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "riscv_clocksource",
    "timebase",
    "tod",
];

/// Everything that is poor in `checkup`.
pub fn advice(checkup: &Checkup) -> Vec<Advice> {
    let about = |about: Topic| move |text: String| Advice { about, text };
    let machine = of_machine(&checkup.machine).into_iter().map(about(Topic::Machine));
    let clock = of_clock(&checkup.clock).into_iter().map(about(Topic::Clock));
    let sockets = of_sockets(&checkup.sockets).into_iter().map(about(Topic::Sockets));
    let pacing = checkup.pacing.iter().filter_map(of_pacing).map(about(Topic::Pacing));
    let sending = of_sending(&checkup.sending).into_iter().map(about(Topic::Sending));
    machine.chain(clock).chain(sockets).chain(pacing).chain(sending).collect()
}

fn of_machine(machine: &MachineCheck) -> Vec<String> {
    let mut poor = Vec::new();
    if let Some(busy) = machine.busy_cores.filter(|busy| *busy > machine.cores as f64 * BUSY) {
        poor.push(format!(
            "other programs keep {busy:.1} of {} busy: runs will be late or short of CPU; end them, or run elsewhere",
            cores(machine.cores)
        ));
    }
    if let Some(allowed) = machine.container_cores.filter(|allowed| *allowed < machine.cores as f64) {
        poor.push(format!(
            "this container may use {allowed:.1} of {}: beyond that it stands still for up to a tenth of a second; raise its CPU limit, or use no more than {} --workers",
            cores(machine.cores),
            allowed.floor().max(1.0)
        ));
    }
    if machine.cores < 2 {
        poor.push(
            "there is one core: a target on this machine would share it with the generator; run them apart".to_owned(),
        );
    }
    if let Some(stolen) = machine.stolen_share.filter(|stolen| *stolen > STOLEN) {
        poor.push(format!(
            "{} of the CPU time went to other machines of the same host: take a machine with cores of its own",
            format_share(stolen)
        ));
    }
    poor
}

fn cores(count: u64) -> String {
    format!("{count} core{}", if count == 1 { "" } else { "s" })
}

fn of_clock(clock: &ClockCheck) -> Vec<String> {
    let mut poor = Vec::new();
    if let Some(source) = clock.source.as_deref().filter(|source| !FAST_SOURCES.contains(source)) {
        poor.push(format!(
            "the clock source `{source}` is read through the system, which costs CPU at each request: choose tsc or kvm-clock where the machine has it (kernel option clocksource=tsc)"
        ));
    } else if clock.read_ns > SLOW_READ_NS {
        poor.push(format!(
            "a look at the clock takes {}: each request takes several; run on a machine with a faster clock",
            format_us_f64(clock.read_ns / 1e3)
        ));
    }
    match clock.step_ns {
        None => poor.push("the clock did not move while it was watched: no time can be trusted here".to_owned()),
        Some(step) if step > COARSE_STEP_NS => poor.push(format!(
            "the clock moves in steps of {}: shorter times cannot be told apart; choose another clock source",
            format_us_f64(step as f64 / 1e3)
        )),
        Some(_) => {}
    }
    poor
}

fn of_sockets(sockets: &SocketCheck) -> Vec<String> {
    let mut poor = Vec::new();
    if let Some(files) = sockets.open_files_hard.filter(|files| *files < FEW_FILES) {
        poor.push(format!(
            "at most {} files may be open, and each connection is one: raise the limit (ulimit -Hn, or LimitNOFILE of the service)",
            format_count(files)
        ));
    }
    if let Some(ports) = sockets.local_ports_count.filter(|ports| *ports < FEW_PORTS) {
        poor.push(format!(
            "there are {} local ports, so as many connections to one address: widen net.ipv4.ip_local_port_range",
            format_count(ports)
        ));
    }
    if let Some((waiting, ports)) = sockets.time_wait.zip(sockets.local_ports_count)
        && waiting > ports / 2
    {
        poor.push(format!(
            "{} closed connections still keep their ports: wait a minute, and keep connections alive in loads",
            format_count(waiting)
        ));
    }
    poor
}

fn of_pacing(pacing: &PacingCheck) -> Option<String> {
    let p99 = pacing.lag_us.p99;
    let late_us = LATE.as_micros() as u64;
    let follows = match p99 {
        _ if p99 > late_us => "no load with a schedule can be judged here".to_owned(),
        _ if p99 > PUNCTUAL_US => {
            format!("time gates below {} cannot be judged here", format_us(p99 * PART_OF_A_GATE))
        }
        _ => return None,
    };
    Some(format!(
        "the p99 wake-up lag is {}: {follows}; end other programs, or use a machine with more cores",
        format_us(p99)
    ))
}

fn of_sending(sending: &SendingCheck) -> Vec<String> {
    let mut poor = Vec::new();
    if cfg!(debug_assertions) {
        poor.push(
            "this mnload is a debug build, which costs several times the CPU: build it with --release".to_owned(),
        );
    }
    if sending.failed > 0 {
        poor.push(format!(
            "{} requests to the built-in target failed: this machine was short of something; see the limits above",
            format_count(sending.failed)
        ));
    }
    poor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Latency;

    /// A machine that nothing is to be said of.
    fn sound() -> Checkup {
        Checkup {
            machine: MachineCheck {
                cores: 4,
                busy_cores: Some(0.2),
                stolen_share: Some(0.0),
                ..MachineCheck::default()
            },
            clock: ClockCheck { source: Some("tsc".to_owned()), read_ns: 25.0, step_ns: Some(1) },
            sockets: SocketCheck {
                open_files_hard: Some(20_000),
                local_ports_count: Some(28_232),
                time_wait: Some(10),
                ..SocketCheck::default()
            },
            pacing: vec![pacing(180)],
            sending: SendingCheck::default(),
        }
    }

    fn pacing(p99: u64) -> PacingCheck {
        PacingCheck { mode: "default", per_s: 1_000, lag_us: Latency { count: 2_000, p99, ..Latency::default() } }
    }

    #[track_caller]
    fn says(checkup: &Checkup, about: Topic, words: &str) {
        let said = advice(checkup);
        assert!(said.iter().any(|advice| advice.about == about && advice.text.contains(words)), "{words}: {said:?}");
    }

    #[test]
    fn a_sound_machine_needs_no_advice_nor_does_one_that_tells_nothing() {
        let said = |checkup: &Checkup| {
            advice(checkup).into_iter().filter(|advice| !advice.text.contains("debug build")).count()
        };
        assert_eq!(said(&sound()), 0);
        let clock = ClockCheck { source: None, ..sound().clock };
        let machine = MachineCheck { cores: 4, ..MachineCheck::default() };
        let silent = Checkup { machine, clock, sockets: SocketCheck::default(), ..sound() };
        assert_eq!(said(&silent), 0);
    }

    #[test]
    fn each_poor_figure_says_what_follows_and_what_to_do() {
        let late = |p99| Checkup { pacing: vec![pacing(p99)], ..sound() };
        says(&late(4_000), Topic::Pacing, "the p99 wake-up lag is 4ms: time gates below 40ms cannot be judged here");
        says(&late(14_000), Topic::Pacing, "no load with a schedule");

        let machine = |change: fn(&mut MachineCheck)| {
            let mut checkup = sound();
            change(&mut checkup.machine);
            checkup
        };
        says(&machine(|machine| machine.busy_cores = Some(3.4)), Topic::Machine, "keep 3.4 of 4 cores busy");
        says(&machine(|machine| machine.container_cores = Some(1.5)), Topic::Machine, "no more than 1 --workers");
        says(&machine(|machine| machine.stolen_share = Some(0.05)), Topic::Machine, "5% of the CPU time");
        says(&machine(|machine| machine.cores = 1), Topic::Machine, "there is one core");

        let clock = |clock: ClockCheck| Checkup { clock, ..sound() };
        let tsc = sound().clock;
        let source = Some("hpet".to_owned());
        says(&clock(ClockCheck { source, ..tsc.clone() }), Topic::Clock, "`hpet` is read through the system");
        says(&clock(ClockCheck { read_ns: 900.0, ..tsc.clone() }), Topic::Clock, "takes 0.9µs");
        says(&clock(ClockCheck { step_ns: Some(4_000_000), ..tsc.clone() }), Topic::Clock, "steps of 4ms");
        says(&clock(ClockCheck { step_ns: None, ..tsc }), Topic::Clock, "did not move");

        let sockets = |sockets: SocketCheck| Checkup { sockets, ..sound() };
        let files = SocketCheck { open_files_hard: Some(1_024), ..sound().sockets };
        says(&sockets(files), Topic::Sockets, "at most 1,024 files");
        let ports = SocketCheck { local_ports_count: Some(500), ..sound().sockets };
        says(&sockets(ports), Topic::Sockets, "there are 500 local ports");
        let waiting = SocketCheck { time_wait: Some(20_000), ..sound().sockets };
        says(&sockets(waiting), Topic::Sockets, "wait a minute");

        let sending = SendingCheck { failed: 3, ..SendingCheck::default() };
        says(&Checkup { sending, ..sound() }, Topic::Sending, "3 requests");
    }
}
