//! The built-in target: a MediaNest-like API on loopback, with faults to switch on.
//!
//! Owns a hyper server for HTTP/1.1 and HTTP/2 on a thread of its own. Takes [`DemoOptions`], gives a [`Demo`] that serves until it
//! is dropped. Fast, bounded in memory, and deterministic for a seed, so that tests can use it as the double of any
//! server.

mod absence;
mod auth;
mod base64url;
mod body;
mod capacity;
mod faults;
mod freeze;
mod headers;
mod latency;
mod limits;
mod media;
mod metrics_text;
mod moment;
mod options;
mod pages;
mod query;
mod record;
mod reply;
mod routes;
mod server;
mod service;
mod slow_down;
mod socket;
mod state;
mod tls_config;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Runtime};
use tokio::sync::watch;
use tokio::task::LocalSet;

pub use absence::{Absence, AbsenceError};
pub use capacity::{Capacity, CapacityError};
pub use faults::{Faults, Share, ShareError};
pub use freeze::{Freeze, FreezeError};
pub use latency::{Latency, LatencyError};
pub use limits::{Quota, RateLimits};
pub use options::{DemoOptions, TlsFiles};
pub use record::Record;
pub use slow_down::{SlowDown, SlowDownError};
pub use tls_config::TlsError;

use record::Records;
use state::Seen;

/// Connections that the system may hold for us before they are accepted: a load test opens many at once.
const BACKLOG: u32 = 4_096;

/// A running demo target; dropping it stops it.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
    scheme: &'static str,
    requests_seen: Arc<AtomicU64>,
    connections_seen: Arc<AtomicU64>,
    records: Records,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Why a demo target cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The address can be reached from other machines, and the demo's passwords are public.
    #[error("the demo listens on loopback only, and {0} is not; use 127.0.0.1:PORT or [::1]:PORT")]
    NotLoopback(SocketAddr),
    /// The shares of faults leave no room for each other.
    #[error("the shares of errors, resets and hangs add up to more than 100%; lower one of them")]
    Shares,
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another port")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no thread or no event queue.
    #[error("cannot start the demo's thread: {0}")]
    Thread(#[source] io::Error),
    /// HTTPS cannot be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Demo {
    /// Starts a target; when this returns, it accepts connections.
    ///
    /// # Errors
    /// If the options contradict each other, the address is not loopback or taken, or a certificate cannot be used.
    pub fn start(options: DemoOptions) -> Result<Self, DemoError> {
        if !options.listen.ip().is_loopback() {
            return Err(DemoError::NotLoopback(options.listen));
        }
        if !options.faults.shares_fit() {
            return Err(DemoError::Shares);
        }
        let tls = options.tls.as_ref().map(|files| tls_config::acceptor(files, options.http1_only)).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(DemoError::Thread)?;
        let unusable = |source| DemoError::Listen { address: options.listen, source };
        let listener = listen(&runtime, options.listen).map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;

        let requests_seen = Arc::new(AtomicU64::new(0));
        let connections_seen = Arc::new(AtomicU64::new(0));
        let seen = Seen { requests: Arc::clone(&requests_seen), connections: Arc::clone(&connections_seen) };
        let records = Records::default();
        let noted = options.record.then(|| records.clone());
        let (stop, stopped) = watch::channel(false);
        let serve = move || {
            let state = Rc::new(state::State::new(options, address, seen, noted));
            LocalSet::new().block_on(&runtime, server::run(listener, tls, state, stopped));
        };
        let thread = thread::Builder::new().name("mnload-demo".to_owned()).spawn(serve).map_err(DemoError::Thread)?;
        Ok(Self { address, scheme, requests_seen, connections_seen, records, stop, thread: Some(thread) })
    }

    /// Where it listens, with the port that was really taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL without a path: `http://127.0.0.1:3000`, or `https://…` with TLS.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Requests whose head has arrived so far, whatever became of them.
    #[must_use]
    pub fn requests_seen(&self) -> u64 {
        self.requests_seen.load(Ordering::Relaxed)
    }

    /// Connections that were made so far.
    #[must_use]
    pub fn connections_seen(&self) -> u64 {
        self.connections_seen.load(Ordering::Relaxed)
    }

    /// What it saw of each request so far, in the order of arrival; nothing unless [`DemoOptions::record`] is set.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.all()
    }

    /// When the first request arrived, which the records' times start from; nothing unless [`DemoOptions::record`] is set.
    #[must_use]
    pub fn first_seen(&self) -> Option<Instant> {
        self.records.first().map(tokio::time::Instant::into_std)
    }

    /// Stops it and waits until it is gone: requests under way have 200 ms to finish.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed by its own thread; there is nobody here to hand it to.
            let _ = thread.join();
        }
    }
}

fn listen(runtime: &Runtime, address: SocketAddr) -> io::Result<TcpListener> {
    let _context = runtime.enter();
    bind(address)?.listen(BACKLOG)
}

/// A socket that has its address but does not listen yet.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Windows the same flag lets two programs take one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
