//! Connections to the places that a plan names: looked up once, before the start.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{AlertDescription, Error as TlsError};

use super::clock::Clock;
use super::dial::{Dialer, Dialling, Network};
use super::error::CallError;
use super::exchange::Opening;
use super::http1::Http1;
use super::http2::Http2;
use super::remote::{PrepareError, Remote};
use super::tls::{self, H2, Http, Trust};
use super::transport::Transport;
use crate::failure::Failure;

/// Makes connections to places that are known by number.
#[derive(Clone)]
pub struct Connector {
    places: Arc<[Place]>,
    http: Http,
}

/// A connection that is open, as far as is known.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(Http1),
    Http2(Http2),
}

struct Place {
    remote: Remote,
    dialer: Dialer,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Whether HTTP/2 is spoken there, once that is known.
    http2: OnceLock<bool>,
}

impl Connector {
    /// Looks up `remotes`, which are reached over `network`, and sets up TLS where they speak it.
    ///
    /// # Errors
    /// When a name is unknown, connections cannot come from where they should, or TLS cannot be set up.
    pub async fn prepare(
        remotes: Vec<Remote>,
        trust: &Trust,
        network: &Network,
        http: Http,
    ) -> Result<Self, PrepareError> {
        let config = match remotes.iter().any(|remote| remote.tls) {
            true => Some(tls::config(trust, http)?),
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
            places.push(Place { remote, dialer, tls, http2: OnceLock::new() });
        }
        Ok(Self { places: places.into(), http })
    }

    /// Connects to every place once and hangs up, to know before the start that there is something to load.
    ///
    /// # Errors
    /// When one of them does not take the connection.
    pub async fn probe(&self) -> Result<(), PrepareError> {
        let clock = Clock::starting_at(tokio::time::Instant::now());
        for (place, Place { remote, .. }) in self.places.iter().enumerate() {
            let connected = self.connect(place, &clock, &mut Opening::at(0), true).await;
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

    /// Whether HTTP/2 is spoken at place number `place`, as far as is known.
    pub(super) fn speaks_http2(&self, place: usize) -> bool {
        self.http == Http::Two || self.places[place].http2.get().is_some_and(|http2| *http2)
    }

    /// A new connection to place number `place`; `opening` learns when it came how far. With `settle` the target has said
    /// how many requests it takes at one time.
    pub(super) async fn connect(
        &self,
        place: usize,
        clock: &Clock,
        opening: &mut Opening,
        settle: bool,
    ) -> Result<Connection, CallError> {
        let transport = self.transport(place, clock, opening).await?;
        let http2 = match transport.picked() {
            _ if self.http == Http::One => false,
            Some(picked) => picked == H2,
            // Without a word in TLS it is what everybody speaks; without TLS what we know.
            None => self.http == Http::Two && self.places[place].tls.is_none(),
        };
        let _ = self.places[place].http2.set(http2);
        match (http2, self.http) {
            (true, _) => Ok(Connection::Http2(Box::pin(Http2::handshake(transport, settle)).await?)),
            (false, Http::Two) => Err(CallError::new(Failure::Protocol, format!("{NO_HTTP2} did not pick it"))),
            (false, _) => Ok(Connection::Http1(Http1::handshake(transport).await?)),
        }
    }

    async fn transport(&self, place: usize, clock: &Clock, opening: &mut Opening) -> Result<Transport, CallError> {
        let place = &self.places[place];
        let socket = place.dialer.open().await?;
        opening.connected_ns = Some(clock.now_ns());
        match &place.tls {
            None => Ok(Transport::Plain(socket)),
            Some((connector, name)) => {
                // On the heap, as all that is large and not needed for long: whoever opens a connection carries its room along.
                let handshake = Box::pin(connector.connect(name.clone(), socket)).await;
                let stream = handshake.map_err(|error| match self.http == Http::Two && is_other_http(&error) {
                    true => CallError::new(Failure::Protocol, format!("{NO_HTTP2} refused it")),
                    false => CallError::of_handshake(&error),
                })?;
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

/// What is said when HTTP/2 alone is to be spoken, and the target does not.
const NO_HTTP2: &str = "the target does not speak HTTP/2: it was offered nothing else in the TLS handshake, and";

/// Whether a handshake failed because the target speaks nothing that was offered.
fn is_other_http(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<TlsError>());
    matches!(cause, Some(TlsError::AlertReceived(AlertDescription::NoApplicationProtocol)))
}
