//! Connections to the places that a plan names: looked up once, before the start.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::clock::Clock;
use super::dial::{Dialer, Dialling, Network};
use super::error::CallError;
use super::http1::Http1;
use super::tls::{self, Trust};
use super::transport::Transport;
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

/// How a connection was opened: moments in nanoseconds of the clock, as far as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// When it was begun.
    pub began_ns: u64,
    /// When TCP was connected.
    pub connected_ns: Option<u64>,
    /// When TLS was agreed on; never without TLS.
    pub secured_ns: Option<u64>,
}

impl Opening {
    pub(super) fn at(began_ns: u64) -> Self {
        Self { began_ns, connected_ns: None, secured_ns: None }
    }
}

/// Makes connections to places that are known by number.
#[derive(Clone)]
pub struct Connector {
    places: Arc<[Place]>,
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

struct Place {
    remote: Remote,
    dialer: Dialer,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Looks up `remotes`, which are reached over `network`, and sets up TLS where they speak it.
    ///
    /// # Errors
    /// When a name is unknown, connections cannot come from where they should, or TLS cannot be set up.
    pub async fn prepare(remotes: Vec<Remote>, trust: &Trust, network: &Network) -> Result<Self, PrepareError> {
        let config = match remotes.iter().any(|remote| remote.tls) {
            true => Some(tls::config(trust)?),
            false => None,
        };
        let dialling = Dialling::prepare(network).await?;
        let mut places = Vec::with_capacity(remotes.len());
        for remote in remotes {
            let dialer = dialling.to(&remote).await?;
            let tls = match config.clone().filter(|_| remote.tls) {
                None => None,
                Some(config) => {
                    let name = ServerName::try_from(remote.host.clone())
                        .map_err(|_| PrepareError::Name(remote.host.clone()))?;
                    Some((TlsConnector::from(config), name))
                }
            };
            places.push(Place { remote, dialer, tls });
        }
        Ok(Self { places: places.into() })
    }

    /// Connects to every place once and hangs up, to know before the start that there is something to load.
    ///
    /// # Errors
    /// When one of them does not take the connection.
    pub async fn probe(&self) -> Result<(), PrepareError> {
        let clock = Clock::starting_at(tokio::time::Instant::now());
        for (place, Place { remote, .. }) in self.places.iter().enumerate() {
            let connected = self.transport(place, &clock, &mut Opening::at(0)).await;
            connected.map_err(|error| PrepareError::Unreachable {
                host: remote.host.clone(),
                port: remote.port,
                error,
            })?;
        }
        Ok(())
    }

    /// How long the name of each place was looked up; none for an address.
    pub fn lookups(&self) -> impl Iterator<Item = Option<Duration>> {
        self.places.iter().map(|place| place.dialer.lookup())
    }

    /// What went wrong in looking names up again, one sentence for each name.
    pub fn lookup_warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self.places.iter().filter_map(|place| place.dialer.name()?.warning()).collect();
        // Places with one name, or behind one proxy, were looked up together.
        warnings.dedup();
        warnings
    }

    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    /// A new connection to place number `place`; `opening` learns when it came how far.
    pub(super) async fn connect(&self, place: usize, clock: &Clock, opening: &mut Opening) -> Result<Http1, CallError> {
        Http1::handshake(self.transport(place, clock, opening).await?).await
    }

    async fn transport(&self, place: usize, clock: &Clock, opening: &mut Opening) -> Result<Transport, CallError> {
        let place = &self.places[place];
        let socket = place.dialer.open().await?;
        opening.connected_ns = Some(clock.now_ns());
        match &place.tls {
            None => Ok(Transport::Plain(socket)),
            Some((connector, name)) => {
                let handshake = connector.connect(name.clone(), socket).await;
                let stream = handshake.map_err(|error| CallError::of_handshake(&error))?;
                opening.secured_ns = Some(clock.now_ns());
                Ok(Transport::Tls(Box::new(stream)))
            }
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.places.iter().map(|place| &place.remote)).finish()
    }
}

/// The address behind a name, for people.
fn at(address: Option<IpAddr>) -> String {
    address.map(|address| format!(" at {address}")).unwrap_or_default()
}
