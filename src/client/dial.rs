//! From a place to a connected socket: which address, from where, through what.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::CallError;
use super::local::LocalAddresses;
use super::lookup::{self, Name};
use super::proxy::{Proxy, authority};
use super::remote::{PrepareError, Remote};
use super::socket::Socket;
use crate::failure::Failure;

/// How all places are reached.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Names are looked up again when the last lookup is older; never if there is nothing.
    pub lookup_every: Option<Duration>,
    /// Connections are opened from these in turn; if there are none, from where the system likes.
    pub local_addresses: Vec<IpAddr>,
    /// What connections go through.
    pub route: Route,
}

/// What connections go through.
#[derive(Debug, Clone, Default)]
pub enum Route {
    /// Nothing: straight to the target's address.
    #[default]
    Direct,
    /// A Unix socket, whatever the place is called.
    UnixSocket(PathBuf),
    /// A proxy.
    Proxy(Proxy),
}

/// Makes dialers for the places of one plan.
pub(super) struct Dialling {
    local: Arc<LocalAddresses>,
    lookup_every: Option<Duration>,
    way: Way,
}

/// What is known of the way before the place is.
enum Way {
    Direct,
    UnixSocket(Arc<Path>),
    Proxy(Arc<Proxy>, Arc<Name>),
}

/// Opens connections to one place.
#[derive(Debug)]
pub(super) struct Dialer {
    local: Arc<LocalAddresses>,
    to: To,
}

#[derive(Debug)]
enum To {
    Target(Arc<Name>),
    UnixSocket(Arc<Path>),
    Proxy { proxy: Arc<Proxy>, name: Arc<Name>, authority: String },
}

impl Dialling {
    /// Looks at what all places share.
    pub(super) async fn prepare(network: &Network) -> Result<Self, PrepareError> {
        let Network { lookup_every, local_addresses, route } = network;
        let local = Arc::new(LocalAddresses::new(local_addresses.clone()));
        local.check().map_err(|(address, error)| PrepareError::LocalAddress { address, error })?;
        let way = match route {
            Route::Direct => Way::Direct,
            Route::UnixSocket(path) => Way::UnixSocket(path.as_path().into()),
            Route::Proxy(proxy) => {
                Way::Proxy(Arc::new(proxy.clone()), find(&proxy.host, proxy.port, *lookup_every, &local).await?)
            }
        };
        Ok(Self { local, lookup_every: *lookup_every, way })
    }

    /// A dialer for `remote`, whose name is looked up unless somebody else does that.
    pub(super) async fn to(&self, remote: &Remote) -> Result<Dialer, PrepareError> {
        let to = match &self.way {
            Way::Direct if remote.addresses.is_empty() => {
                To::Target(find(&remote.host, remote.port, self.lookup_every, &self.local).await?)
            }
            Way::Direct => {
                fitting(&remote.host, &remote.addresses, &self.local)?;
                To::Target(Name::of(&remote.host, remote.addresses.clone()))
            }
            Way::UnixSocket(path) => To::UnixSocket(Arc::clone(path)),
            Way::Proxy(proxy, name) => To::Proxy {
                proxy: Arc::clone(proxy),
                name: Arc::clone(name),
                authority: authority(&remote.host, remote.port),
            },
        };
        Ok(Dialer { local: Arc::clone(&self.local), to })
    }
}

impl Dialer {
    /// A new connection.
    pub(super) async fn open(&self) -> Result<Socket, CallError> {
        match &self.to {
            To::Target(name) => self.local.connect(&name.addresses().await).await.map(Socket::Tcp),
            To::UnixSocket(path) => unix(path).await,
            To::Proxy { proxy, name, authority } => {
                let connected = self.local.connect(&name.addresses().await).await;
                let stream = connected.map_err(|error| proxy.unreachable(error))?;
                Box::pin(proxy.tunnel(stream, authority)).await.map(Socket::Tcp)
            }
        }
    }

    /// How long its name was looked up; none for an address.
    pub(super) fn lookup(&self) -> Option<Duration> {
        self.name().and_then(|name| name.took)
    }

    /// The name that is looked up for it.
    pub(super) fn name(&self) -> Option<&Arc<Name>> {
        match &self.to {
            To::Target(name) | To::Proxy { name, .. } => Some(name),
            To::UnixSocket(_) => None,
        }
    }
}

async fn find(
    host: &str,
    port: u16,
    again_after: Option<Duration>,
    local: &LocalAddresses,
) -> Result<Arc<Name>, PrepareError> {
    let found = Name::look_up(host, port, again_after, lookup::system()).await;
    let name = found.map_err(|error| PrepareError::Lookup { host: host.to_owned(), error })?;
    fitting(host, &name.now(), local)?;
    Ok(name)
}

/// Refuses a place that none of the local addresses can connect to.
fn fitting(host: &str, addresses: &[SocketAddr], local: &LocalAddresses) -> Result<(), PrepareError> {
    match addresses.iter().any(|address| local.fit(*address)) {
        true => Ok(()),
        false => Err(PrepareError::Kind { host: host.to_owned(), address: addresses.first().map(SocketAddr::ip) }),
    }
}

#[cfg(unix)]
async fn unix(path: &Path) -> Result<Socket, CallError> {
    let connected = tokio::net::UnixStream::connect(path).await;
    connected.map(Socket::Unix).map_err(|error| {
        let CallError { failure, message } = CallError::of_connecting(&error);
        // No file is as good as nobody listening.
        let failure = if error.kind() == std::io::ErrorKind::NotFound { Failure::ConnectRefused } else { failure };
        CallError::new(failure, format!("the Unix socket {}: {message}", path.display()))
    })
}

#[cfg(not(unix))]
async fn unix(_: &Path) -> Result<Socket, CallError> {
    Err(CallError::new(Failure::Generator, "this system has no Unix sockets"))
}
