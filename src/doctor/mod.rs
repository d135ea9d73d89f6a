//! Examines this machine as a generator of load: how punctual it is, how much it can send, and what limits it.
//!
//! Takes nothing, and within ten seconds gives a [`Checkup`] of plain figures, and the [`Advice`] that follows from
//! them. Sends only to the built-in target, on loopback. What the system does not tell is `None`, never zero.

mod advice;
mod clock;
mod sending;

pub use advice::{Advice, Topic, advice};
pub use clock::ClockCheck;
pub use sending::SendingCheck;

use std::io;
use std::thread::available_parallelism;
use std::time::Duration;

use serde::Serialize;

use crate::demo::DemoError;
use crate::diagnostic::Diagnostics;
use crate::engine::{self, EngineError};
use crate::load::Pacing;
use crate::metrics::Latency;
use crate::system::{self, CpuTimes, WaitingReuse};

/// How long the machine is watched before anything is measured.
const WATCHED: Duration = Duration::from_millis(200);
/// Due times per second of the pacing check.
const PACED_PER_S: u32 = 1_000;
/// How long each measurement lasts.
const LASTING: Duration = Duration::from_millis(1_600);

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkup {
    /// Cores, and who else uses them.
    pub machine: MachineCheck,
    /// The clock that everything is timed by.
    pub clock: ClockCheck,
    /// Files, connections and ports.
    pub sockets: SocketCheck,
    /// How late a worker wakes for a due time, in each way of waiting.
    pub pacing: Vec<PacingCheck>,
    /// What it costs to send.
    pub sending: SendingCheck,
}

/// Cores, and who else uses them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MachineCheck {
    /// Cores that this process may use.
    pub cores: u64,
    /// The CPU time that its container is allowed, in cores; none if there is no limit, or none is told.
    pub container_cores: Option<f64>,
    /// Cores that were busy before the examination began.
    pub busy_cores: Option<f64>,
    /// The share of the machine's CPU time that the machine below took meanwhile.
    pub stolen_share: Option<f64>,
    /// The share of the last ten seconds in which some program waited for a core.
    pub waiting_share: Option<f64>,
}

/// Files, connections and ports.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SocketCheck {
    /// Files that a process may have open before it asks for more; none if unlimited or not told.
    pub open_files_soft: Option<u64>,
    /// What it may ask for, as mnload does; none if unlimited or not told.
    pub open_files_hard: Option<u64>,
    /// The lowest and the highest local port.
    pub local_ports: Option<[u64; 2]>,
    /// How many there are: connections to one address and port at one time.
    pub local_ports_count: Option<u64>,
    /// Closed connections that keep their port for a minute.
    pub time_wait: Option<u64>,
    /// For whom the ports of those may be used again: `off`, `on` or `loopback`.
    pub time_wait_reuse: Option<&'static str>,
    /// Connections that may wait at a socket that listens on this machine.
    pub listen_backlog: Option<u64>,
}

/// How late a worker wakes for a due time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PacingCheck {
    /// The way of waiting.
    pub mode: &'static str,
    /// Due times per second.
    pub per_s: u32,
    /// How late it woke, in microseconds.
    pub lag_us: Latency,
}

/// Why an examination could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The built-in target did not start.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The system gave no runtime or timer.
    #[error("cannot measure: {0}")]
    System(#[from] io::Error),
    /// The scenario of the examination is wrong, which the tests rule out.
    #[error("the examination's own scenario is wrong: {0}")]
    Scenario(#[from] Diagnostics),
    /// A load broke down.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Examines this machine.
///
/// # Errors
/// When the built-in target, a runtime or a load cannot be had.
pub fn examine() -> Result<Checkup, DoctorError> {
    // First of all: what comes later keeps the machine busy itself.
    let machine = machine();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut pacing = Vec::new();
    for (mode, chosen) in [("default", Pacing::Default), ("precise", Pacing::Precise)] {
        let lag = runtime.block_on(engine::pacing_floor(chosen, PACED_PER_S, LASTING))?;
        pacing.push(PacingCheck { mode, per_s: PACED_PER_S, lag_us: lag.latency() });
    }
    let sending = runtime.block_on(sending::check(LASTING))?;
    Ok(Checkup { machine, clock: clock::check(), sockets: sockets(), pacing, sending })
}

fn machine() -> MachineCheck {
    let before = system::cpu_times();
    std::thread::sleep(WATCHED);
    let watched: Option<CpuTimes> = before.and_then(|before| Some(system::cpu_times()?.since(&before)));
    MachineCheck {
        cores: available_parallelism().map_or(1, usize::from) as u64,
        container_cores: system::cgroup_cores(),
        busy_cores: watched.and_then(|cpu| Some(cpu.busy_share()? * cpu.cores as f64)),
        stolen_share: watched.and_then(|cpu| cpu.stolen_share()),
        waiting_share: system::cpu_pressure().map(|pressure| pressure.last_10s),
    }
}

fn sockets() -> SocketCheck {
    let (files, ports) = (system::file_limits(), system::port_range());
    SocketCheck {
        open_files_soft: files.and_then(|files| files.soft),
        open_files_hard: files.and_then(|files| files.hard),
        local_ports: ports.map(|ports| [ports.first, ports.last]),
        local_ports_count: ports.map(|ports| ports.count()),
        time_wait: system::time_wait(),
        time_wait_reuse: system::waiting_reuse().map(|reuse| match reuse {
            WaitingReuse::Off => "off",
            WaitingReuse::On => "on",
            WaitingReuse::Loopback => "loopback",
        }),
        listen_backlog: system::listen_backlog(),
    }
}
