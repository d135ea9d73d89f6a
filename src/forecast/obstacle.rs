//! What this machine would not give to a plan, known before anything is sent.

use super::Forecast;

/// What this machine has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Files that the process may have open, sockets included.
    pub open_files: u64,
    /// Of those, the ones kept back for what is no connection.
    pub kept_back: u64,
    /// Local ports for connections from one address to one port of another; none where the system does not say.
    pub ports: Option<u64>,
    /// Memory that is free for programs; none where the system does not say.
    pub memory_bytes: Option<u64>,
    /// What this program takes now.
    pub resident_bytes: u64,
}

impl Host {
    /// Sockets that may be open at one time.
    pub fn sockets(&self) -> u64 {
        self.open_files.saturating_sub(self.kept_back).max(1)
    }
}

/// A limit of this machine that the plan would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// More connections than files may be open.
    OpenFiles {
        /// Connections at the most.
        wanted: u64,
        /// What is allowed.
        allowed: u64,
    },
    /// More connections to one place than there are local ports.
    Ports {
        /// Connections at the most.
        wanted: u64,
        /// What there is.
        allowed: u64,
    },
    /// More memory than is free.
    Memory {
        /// The estimate.
        wanted: u64,
        /// What is free.
        allowed: u64,
    },
}

/// Every limit of `host` that `forecast` exceeds.
pub fn obstacles(forecast: &Forecast, host: &Host) -> Vec<Obstacle> {
    let over = |wanted: u64, allowed: u64| (wanted > allowed).then_some((wanted, allowed));
    let files = over(forecast.connections, host.sockets());
    let ports = host.ports.and_then(|ports| over(forecast.connections_to_one_place, ports));
    let growth = forecast.memory.whole().saturating_sub(forecast.memory.program);
    let memory = host.memory_bytes.and_then(|free| over(growth, free));
    let found = [
        files.map(|(wanted, allowed)| Obstacle::OpenFiles { wanted, allowed }),
        ports.map(|(wanted, allowed)| Obstacle::Ports { wanted, allowed }),
        memory.map(|(wanted, allowed)| Obstacle::Memory { wanted, allowed }),
    ];
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::fixture::{HOST, forecast};

    #[test]
    fn a_limit_stands_in_the_way_only_when_it_is_exceeded() {
        let load = "[load]\nmodel = \"closed\"\nusers = 15000\nduration = \"1s\"\n[[step]]\nget = \"/a\"\n";
        let one_place = forecast(load);
        assert_eq!(obstacles(&one_place, &HOST), []);
        let two_places = forecast(&format!("{load}[[step]]\nget = \"http://127.0.0.1:8/b\"\n"));
        assert_eq!(obstacles(&two_places, &HOST), [Obstacle::OpenFiles { wanted: 30_000, allowed: 19_936 }]);
        let few = Host { ports: Some(14_999), memory_bytes: Some(1 << 20), ..HOST };
        let found = obstacles(&one_place, &few);
        assert!(
            matches!(found[..], [Obstacle::Ports { wanted: 15_000, allowed: 14_999 }, Obstacle::Memory { .. }]),
            "{found:?}"
        );
        let silent = Host { ports: None, memory_bytes: None, ..HOST };
        assert_eq!(obstacles(&one_place, &silent), []);
    }
}
