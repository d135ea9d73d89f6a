//! What the generator knows of itself: its own part in what was measured.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;

/// What the generator knows of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Generator {
    /// Workers, each with a core of its own if the machine has it.
    pub workers: usize,
    /// CPU time of the workers per elapsed time and worker: 1.0 is a full core each.
    pub cpu_share: f64,
    /// CPU time of all workers.
    pub cpu: Duration,
    /// Each worker for itself, while the load lasted.
    pub each_worker: Vec<WorkerUse>,
    /// How late the workers' event loops came round to something that was due, 20 times a second; nothing of a once run.
    pub loop_lag: Histogram,
    /// How often one did not come round for more than [`super::LATE`].
    pub stalls: u64,
    /// What the machine gave, and what else happened on it; nothing of a once run.
    pub machine: MachineUse,
    /// The process's highest resident memory; zero where the system does not tell.
    pub peak_rss_bytes: u64,
    /// Journeys under way at one time, at the most (the sum over workers of each one's highest).
    pub peak_in_flight: u64,
    /// What `peak_in_flight` was allowed to be.
    pub max_in_flight: u64,
    /// Arrivals that waited because as many journeys as allowed were under way.
    pub waited_for_slot: u64,
}

/// What one worker had of a core while the load lasted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkerUse {
    /// CPU time per time: 1.0 is a full core.
    pub cpu_share: f64,
    /// Of that, what precise pacing waited without sleeping: it could have worked in that time.
    #[serde(default)]
    pub awake_share: f64,
    /// The share of the time in which it could have run and had no core; none where the system does not tell.
    pub waiting_share: Option<f64>,
    /// The share of the time in which it had something to do and the machine below had its core: an estimate, from what
    /// that took of all cores; none where the system does not tell.
    #[serde(default)]
    pub stolen_share: Option<f64>,
    /// How often its core was taken from it; none where the system does not tell.
    pub preempted: Option<u64>,
}

/// What the machine gave, and what else happened on it; none of what the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MachineUse {
    /// Cores that this process may use.
    pub cores: Option<u64>,
    /// Files that this process had open at one time, at the most; connections are among them.
    pub open_files: Option<u64>,
    /// What `open_files` could have been.
    pub open_files_limit: Option<u64>,
    /// Local ports in use at one time, at the most: an estimate, of connections that are open or were closed within the
    /// last minute.
    pub local_ports: Option<u64>,
    /// Local ports to one address.
    pub local_ports_limit: Option<u64>,
    /// How often this process waited for memory from a disk.
    pub major_faults: Option<u64>,
    /// The share of the machine's CPU time that the machine below took.
    pub stolen_share: Option<f64>,
    /// Of the CPU time that programs on this machine wanted, the share that the machine below took.
    #[serde(default)]
    pub stolen_of_wanted: Option<f64>,
    /// Cores that other processes kept busy, on average.
    pub others_cores: Option<f64>,
}

impl Generator {
    /// CPU time of the workers per time and worker, without what precise pacing waited awake.
    pub fn worked_share(&self) -> f64 {
        let awake: f64 = self.each_worker.iter().map(|worker| worker.awake_share).sum();
        (self.cpu_share - awake / self.each_worker.len().max(1) as f64).max(0.0)
    }

    /// Takes in what the machine gave, and how much of it the workers missed.
    pub fn on_machine(&mut self, machine: MachineUse) {
        self.machine = machine;
        for worker in &mut self.each_worker {
            worker.stolen_share = machine.stolen_of_wanted.map(|share| worker.stolen(share));
        }
    }

    /// The worker that was idle least, counted from 1: it had a core, or waited for one.
    pub fn busiest_worker(&self) -> Option<(usize, WorkerUse)> {
        let workers = self.each_worker.iter().copied();
        (1..).zip(workers).max_by(|(_, one), (_, other)| one.never_idle().total_cmp(&other.never_idle()))
    }
}

impl WorkerUse {
    /// The share of the time in which it had something to do.
    pub fn never_idle(&self) -> f64 {
        self.wanted() + self.stolen_share.unwrap_or(0.0)
    }

    /// The share of the time in which it had something to do, as this machine saw it.
    fn wanted(&self) -> f64 {
        self.cpu_share - self.awake_share + self.waiting_share.unwrap_or(0.0)
    }

    /// The share of the time that it missed if `of_wanted` of all that was wanted was stolen: no more than it was idle.
    fn stolen(&self, of_wanted: f64) -> f64 {
        let worked = self.cpu_share - self.awake_share;
        let missed = worked * of_wanted / (1.0 - of_wanted).max(f64::EPSILON);
        missed.clamp(0.0, (1.0 - self.wanted()).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_worker_is_the_one_that_was_idle_least() {
        let worker = |cpu_share, waiting_share| WorkerUse { cpu_share, waiting_share, ..WorkerUse::default() };
        let each_worker = vec![worker(0.7, None), worker(0.5, Some(0.4)), worker(0.1, Some(0.1))];
        let generator = Generator { each_worker, ..Generator::default() };
        assert_eq!(generator.busiest_worker().map(|(number, _)| number), Some(2));
        assert_eq!(Generator::default().busiest_worker(), None);
    }

    #[test]
    fn what_the_machine_below_took_is_no_idle_time() {
        let busy_for = |cpu_share| {
            let each_worker = vec![WorkerUse { cpu_share, awake_share: 0.1, ..WorkerUse::default() }];
            let mut generator = Generator { each_worker, ..Generator::default() };
            generator.on_machine(MachineUse { stolen_of_wanted: Some(0.25), ..MachineUse::default() });
            let worker = generator.each_worker[0];
            (worker.stolen_share.unwrap(), worker.never_idle())
        };
        let near = |(stolen, busy): (f64, f64), wanted: (f64, f64)| {
            assert!((stolen - wanted.0).abs() < 1e-9 && (busy - wanted.1).abs() < 1e-9, "{stolen} {busy}");
        };
        near(busy_for(0.4), (0.1, 0.4));
        // There is no more than all of the time.
        near(busy_for(0.95), (0.15, 1.0));
        near(busy_for(1.1), (0.0, 1.0));
    }
}
