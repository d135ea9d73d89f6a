//! A place to connect to, and why it may not be there at all.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::error::CallError;
use crate::units::format_duration;

/// A place to connect to, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Where it is; if nothing is given, where its name leads.
    pub addresses: Vec<SocketAddr>,
}

/// Why the target cannot be worked with at all.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The name is unknown.
    #[error("cannot find {host}: {error}")]
    Lookup {
        /// The name.
        host: String,
        /// What the resolver said.
        error: io::Error,
    },
    /// Connections cannot be opened from one of the local addresses.
    #[error("cannot open connections from {address}, which local_addresses names: {error}")]
    LocalAddress {
        /// The address.
        address: IpAddr,
        /// What the system said.
        error: io::Error,
    },
    /// No local address can connect to it.
    #[error("none of local_addresses can connect to {host}{}: one is IPv4, the other IPv6", at(*address))]
    Kind {
        /// The name.
        host: String,
        /// The first of its addresses.
        address: Option<IpAddr>,
    },
    /// The name is no name that a certificate could hold.
    #[error("`{0}` is not a name that a certificate can be checked for")]
    Name(String),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// Nothing answers in time.
    #[error("no connection within {}", format_duration(*.0))]
    Silent(Duration),
    /// The connection is not taken.
    #[error("cannot connect to {host}:{port}: {}", error.message)]
    Unreachable {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// What happened.
        error: CallError,
    },
}

/// The address behind a name, for people.
fn at(address: Option<IpAddr>) -> String {
    address.map(|address| format!(" at {address}")).unwrap_or_default()
}
