//! The accept loop and the connections: everything that touches sockets.
//!
//! One task per connection, none per request. Ends when told to, or dies on its own if that fault is switched on.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::service::{self, Line};
use super::socket::Socket;
use super::state::State;

/// How long requests that are under way may take to finish after the stop.
const GRACE: Duration = Duration::from_millis(200);

/// The pause after a failed accept, which mostly means that no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Serves until `stop` changes or its sender is gone.
pub(super) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Rc<State>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let death = Box::pin(death(Rc::clone(&state)));
    let for_connections = stop.clone();
    let dies = tokio::select! {
        _ = stop.changed() => false,
        () = death => true,
        () = accept(listener, tls, &state, &for_connections, &mut connections) => false,
    };
    // The listener went with the loop that owned it: from here on new connections are refused.
    if dies {
        connections.shutdown().await;
        let _ = stop.changed().await;
        return;
    }
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

/// Takes in connections for ever.
async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: &Rc<State>,
    stop: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn_local(connect(stream, tls.clone(), Rc::clone(state), stop.clone()));
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Waits until the target has to die: for ever, unless that fault is switched on.
async fn death(state: Rc<State>) {
    let Some(after) = state.options.faults.die_after else {
        return pending().await;
    };
    state.first_seen.notified().await;
    match Instant::now().checked_add(after) {
        Some(end) => sleep_until(end).await,
        None => pending().await,
    }
}

async fn connect(stream: TcpStream, tls: Option<TlsAcceptor>, state: Rc<State>, stop: watch::Receiver<bool>) {
    let Ok(peer) = stream.peer_addr() else { return };
    // Without it small answers wait for the client's acknowledgements; failing is no reason to refuse service.
    let _ = stream.set_nodelay(true);
    let reset = Rc::new(Cell::new(false));
    let line = Rc::new(Line { peer: peer.ip(), reset: Rc::clone(&reset) });
    let socket = Socket::new(stream, reset);
    match tls {
        None => drive(socket, line, state, stop).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(socket).await {
                drive(stream, line, state, stop).await;
            }
        }
    }
}

/// Serves a connection's requests, one after the other, until either side ends it.
async fn drive<S>(stream: S, line: Rc<Line>, state: Rc<State>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request| service::serve(Rc::clone(&state), Rc::clone(&line), request));
    let connection = http1::Builder::new()
        .half_close(false)
        .keep_alive(true)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // How a connection ends is the client's to judge; here both ways are the same.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
