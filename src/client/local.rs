//! TCP connections, and the addresses of this machine that they are opened from.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};

use super::error::CallError;
use crate::failure::Failure;

/// A target is gone that acknowledges nothing for so long: a slow one acknowledges what it has yet to answer.
const GONE: Duration = Duration::from_secs(30);

/// Where connections are opened from, in turn; anywhere, as the system likes, if it is empty.
#[derive(Debug, Default)]
pub(super) struct LocalAddresses {
    all: Vec<IpAddr>,
    turn: AtomicUsize,
}

impl LocalAddresses {
    /// `all` in turn.
    pub(super) fn new(all: Vec<IpAddr>) -> Self {
        Self { all, turn: AtomicUsize::new(0) }
    }

    /// Whether connections can be opened from all of them, as far as is known before.
    ///
    /// # Errors
    /// Gives the first that is none of this machine's.
    pub(super) fn check(&self) -> Result<(), (IpAddr, io::Error)> {
        self.all.iter().try_for_each(|address| bound(*address).map(drop).map_err(|error| (*address, error)))
    }

    /// Whether a connection to `remote` can come from one of them.
    pub(super) fn fit(&self, remote: SocketAddr) -> bool {
        self.all.is_empty() || self.all.iter().any(|local| local.is_ipv4() == remote.is_ipv4())
    }

    /// A connection to the first of `addresses` that takes one; the last error if none does.
    pub(super) async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, CallError> {
        let mut last =
            CallError::new(Failure::Generator, "none of local_addresses is of the target's kind (IPv4, IPv6)");
        for address in addresses.iter().filter(|address| self.fit(**address)) {
            match self.connect_to(*address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_to(&self, remote: SocketAddr) -> Result<TcpStream, CallError> {
        let connected = match self.next(remote) {
            None => TcpStream::connect(remote).await,
            Some(local) => {
                let socket = bound(local).map_err(|error| {
                    // Whatever it is, the target was never asked.
                    CallError::new(Failure::Generator, format!("cannot open a connection from {local}: {error}"))
                })?;
                socket.connect(remote).await
            }
        };
        let stream = connected.map_err(|error| CallError::of_connecting(&error))?;
        // Requests are written whole: waiting to fill a segment only adds latency of our own.
        stream.set_nodelay(true).map_err(|error| CallError::of_connecting(&error))?;
        give_up_on_the_gone(&stream);
        Ok(stream)
    }

    /// The one whose turn it is to connect to `remote`.
    fn next(&self, remote: SocketAddr) -> Option<IpAddr> {
        let fitting = || self.all.iter().filter(|local| local.is_ipv4() == remote.is_ipv4());
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(fitting().count())?;
        fitting().nth(turn).copied()
    }
}

/// Has the system end `stream` when nothing of what was sent is acknowledged for [`GONE`], where it can: a shared
/// connection to a machine that is gone would take every request down with it, for the quarter of an hour after which the
/// system gives up by itself.
fn give_up_on_the_gone(stream: &TcpStream) {
    // A system that will not is as it was.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, GONE.as_millis() as u32);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// A socket that a connection from `local` can be opened with.
fn bound(local: IpAddr) -> io::Result<TcpSocket> {
    let socket = if local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(local, 0))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn connections_come_from_each_in_turn() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = listener.local_addr().unwrap();
        let local = LocalAddresses::new(["127.0.0.2", "::1", "127.0.0.3"].map(|text| text.parse().unwrap()).to_vec());
        let mut seen = Vec::new();
        for _ in 0..4 {
            let stream = local.connect(&[remote]).await.unwrap();
            seen.push(stream.local_addr().unwrap().ip().to_string());
        }
        assert_eq!(seen, ["127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3"]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_target_that_is_gone_is_given_up_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = LocalAddresses::default().connect(&[listener.local_addr().unwrap()]).await.unwrap();
        assert_eq!(rustix::net::sockopt::tcp_user_timeout(&stream).unwrap(), 30_000);
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_this_machines_fault() {
        // An address for documentation, which no machine has.
        let elsewhere: IpAddr = "192.0.2.7".parse().unwrap();
        let local = LocalAddresses::new(vec![elsewhere]);
        assert_eq!(local.check().unwrap_err().0, elsewhere);
        let error = local.connect(&["127.0.0.1:9".parse().unwrap()]).await.unwrap_err();
        assert_eq!(error.failure, Failure::Generator);
        assert!(error.message.contains("cannot open a connection from 192.0.2.7"), "{}", error.message);
    }

    #[tokio::test]
    async fn the_kinds_of_addresses_must_fit() {
        let local = LocalAddresses::new(vec!["127.0.0.1".parse().unwrap()]);
        let remote = "[::1]:9".parse().unwrap();
        assert!(!local.fit(remote) && LocalAddresses::default().fit(remote));
        let error = local.connect(&[remote]).await.unwrap_err();
        assert_eq!(error.failure, Failure::Generator);
    }
}
