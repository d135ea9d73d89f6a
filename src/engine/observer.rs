//! What the machine gave while a load ran, and what else happened on it: looked at once a second, beside the workers.

use std::convert::Infallible;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::MachineUse;
use crate::system::{self, CpuTimes};

/// The first look: a load that is shorter is over before there is much to see.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// The time between two looks.
const BETWEEN: Duration = Duration::from_secs(1);
/// However slow the system is to answer, looking takes no more than this part of the time.
const PART_OF_THE_TIME: u32 = 1_000;

/// Looks at the machine from the start of a load to its end.
#[derive(Debug)]
pub(super) struct Observer {
    started: Instant,
    next_look: Instant,
    cpu: Option<CpuTimes>,
    own_cpu: Option<Duration>,
    faults: Option<u64>,
    files: Option<u64>,
    waiting: Option<u64>,
    peak_files: Option<u64>,
    peak_ports: Option<u64>,
}

impl Observer {
    /// Starts looking.
    pub(super) fn start() -> Self {
        let started = Instant::now();
        Self {
            started,
            next_look: started + FIRST_LOOK,
            cpu: system::cpu_times(),
            own_cpu: system::process_cpu(),
            faults: system::major_faults(),
            files: system::open_files(),
            waiting: system::time_wait(),
            peak_files: None,
            peak_ports: None,
        }
    }

    /// Looks whenever it is time to, for ever; may be given up and called again.
    pub(super) async fn look_every_second(&mut self) -> Infallible {
        loop {
            tokio::time::sleep_until(self.next_look).await;
            self.look();
        }
    }

    fn look(&mut self) {
        let began = Instant::now();
        let files = system::open_files();
        self.peak_files = self.peak_files.max(files);
        self.peak_ports = self.peak_ports.max(self.ports(files, system::time_wait()));
        self.next_look = began + BETWEEN.max(began.elapsed() * PART_OF_THE_TIME);
    }

    /// Local ports that this load may hold: what is open more than before, and what more waits to be free.
    fn ports(&self, files: Option<u64>, waiting: Option<u64>) -> Option<u64> {
        let more = |now: Option<u64>, before: Option<u64>| Some(now?.saturating_sub(before?));
        let (open, waiting) = (more(files, self.files), more(waiting, self.waiting));
        open.or(waiting).map(|_| open.unwrap_or(0) + waiting.unwrap_or(0))
    }

    /// What was seen, of a load that opened so many connections.
    pub(super) fn finish(self, connections_opened: u64) -> MachineUse {
        let elapsed = self.started.elapsed().as_secs_f64().max(1e-9);
        let cores = available_parallelism().ok().map(usize::from);
        let cpu = self.cpu.and_then(|before| Some(system::cpu_times()?.since(&before)));
        let own = self.own_cpu.and_then(|before| Some(system::process_cpu()?.saturating_sub(before)));
        let others = |cpu: CpuTimes| {
            let busy_cores = cpu.busy_share()? * cpu.cores as f64;
            Some((busy_cores - own?.as_secs_f64() / elapsed).max(0.0))
        };
        MachineUse {
            cores: cores.map(|cores| cores as u64),
            open_files: self.peak_files,
            open_files_limit: system::file_limits().and_then(|limits| limits.soft),
            // Nobody holds more ports than it has opened connections.
            local_ports: self.peak_ports.map(|ports| ports.min(connections_opened)),
            local_ports_limit: system::port_range().map(|range| range.count()),
            major_faults: self.faults.and_then(|before| Some(system::major_faults()?.saturating_sub(before))),
            stolen_share: cpu.and_then(|cpu| cpu.stolen_share()),
            stolen_of_wanted: cpu.and_then(|cpu| cpu.stolen_of_wanted()),
            others_cores: cpu.and_then(others),
        }
    }
}
