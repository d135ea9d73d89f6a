//! From a place to a connected socket: which address, from where, through what.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::connector::{PrepareError, Remote};
use super::error::CallError;
use super::socket::Socket;

/// Opens connections to one place.
#[derive(Debug)]
pub(super) struct Dialer {
    addresses: Vec<SocketAddr>,
    /// How long its name was looked up; none for an address.
    pub(super) lookup: Option<Duration>,
}

impl Dialer {
    /// Looks up `remote`.
    pub(super) async fn prepare(remote: &Remote) -> Result<Self, PrepareError> {
        let asked = Instant::now();
        let looked_up = tokio::net::lookup_host((remote.host.as_str(), remote.port)).await;
        let addresses = looked_up
            .map(|found| found.collect::<Vec<_>>())
            .and_then(|found| if found.is_empty() { Err(io::Error::other("it has no address")) } else { Ok(found) })
            .map_err(|error| PrepareError::Lookup { host: remote.host.clone(), error })?;
        let is_name = remote.host.parse::<IpAddr>().is_err();
        Ok(Self { addresses, lookup: is_name.then(|| asked.elapsed()) })
    }

    /// A new connection.
    pub(super) async fn open(&self) -> Result<Socket, CallError> {
        let stream = tcp(&self.addresses).await.map_err(|error| CallError::of_connecting(&error))?;
        // Requests are written whole: waiting to fill a segment only adds latency of our own.
        stream.set_nodelay(true).map_err(|error| CallError::of_connecting(&error))?;
        Ok(Socket::Tcp(stream))
    }
}

/// The first address that takes a connection; the last error if none does.
async fn tcp(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
