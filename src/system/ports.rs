//! Local ports: how many there are, and how many wait to be free again.

use super::text_of;

/// The ports that connections may leave from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub first: u64,
    /// The highest.
    pub last: u64,
}

/// Whether ports that wait to be free again may be taken for new connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingReuse {
    /// Never.
    Off,
    /// For every address.
    On,
    /// For loopback addresses.
    Loopback,
}

impl PortRange {
    /// How many there are: as many connections to one address and port there can be from one local address.
    pub fn count(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// The ports that connections may leave from, for IPv4 and IPv6 alike.
pub fn port_range() -> Option<PortRange> {
    parse_range(&text_of("/proc/sys/net/ipv4/ip_local_port_range")?)
}

/// Connections of this machine that are closed and keep their port for a minute.
pub fn time_wait() -> Option<u64> {
    parse_time_wait(&text_of("/proc/net/sockstat")?)
}

/// Whether the ports of those may be taken for new connections.
pub fn waiting_reuse() -> Option<WaitingReuse> {
    parse_reuse(&text_of("/proc/sys/net/ipv4/tcp_tw_reuse")?)
}

/// How many connections may wait at a listening socket of this machine.
pub fn listen_backlog() -> Option<u64> {
    text_of("/proc/sys/net/core/somaxconn")?.trim().parse().ok()
}

fn parse_range(text: &str) -> Option<PortRange> {
    let mut ends = text.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    (first <= last).then_some(PortRange { first, last })
}

/// `TCP: inuse 12 orphan 0 tw 34 alloc 20 mem 2`
fn parse_time_wait(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_whitespace().skip_while(|word| *word != "tw");
    words.nth(1)?.parse().ok()
}

fn parse_reuse(text: &str) -> Option<WaitingReuse> {
    match text.trim() {
        "0" => Some(WaitingReuse::Off),
        "1" => Some(WaitingReuse::On),
        "2" => Some(WaitingReuse::Loopback),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_both_its_ends() {
        assert_eq!(parse_range("32768\t60999\n").map(|range| range.count()), Some(28_232));
        assert_eq!([parse_range("5 4"), parse_range("5"), parse_range("")], [None; 3]);
    }

    #[test]
    fn connections_that_wait_are_found_in_their_line() {
        let text = "sockets: used 160\nTCP: inuse 133 orphan 0 tw 514 alloc 133 mem 225\nUDP: inuse 0 mem 0\n";
        assert_eq!(parse_time_wait(text), Some(514));
        assert_eq!([parse_time_wait(""), parse_time_wait("TCP: inuse 1 tw"), parse_time_wait("UDP: tw 3")], [None; 3]);
    }

    #[test]
    fn reuse_has_three_settings() {
        let settings = ["0\n", "1\n", "2\n", "3\n"].map(parse_reuse);
        assert_eq!(settings, [Some(WaitingReuse::Off), Some(WaitingReuse::On), Some(WaitingReuse::Loopback), None]);
    }
}
