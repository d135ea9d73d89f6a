//! The accept loop and the connections: everything that touches sockets.
//!
//! One task per connection, and over HTTP/2 one per request. Ends when told to, or goes away on its own, for ever or for a
//! while, if that fault is switched on.

use std::cell::Cell;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::service::{self, Http, Line};
use super::socket::Socket;
use super::state::State;

/// How long requests that are under way may take to finish after the stop.
const GRACE: Duration = Duration::from_millis(200);

/// The pause after a failed accept, which mostly means that no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Told to finish what is under way and close: the sender is gone.
type Farewell = watch::Receiver<()>;

/// How an HTTP/2 client begins that knows whom it talks to; no method of HTTP/1.1 does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long to wait before looking again at a beginning that is too short to tell.
const SECOND_LOOK: Duration = Duration::from_millis(1);

/// Serves until `stop` changes or its sender is gone.
pub(super) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Rc<State>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let death = Box::pin(death(Rc::clone(&state)));
    let dies = tokio::select! {
        _ = stop.changed() => false,
        () = death => true,
        () = accept(listener, tls, &state, &mut connections) => false,
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

/// Takes in connections for ever; when it is dropped, or goes away for a while, they are told to finish.
async fn accept(mut listener: TcpListener, tls: Option<TlsAcceptor>, state: &Rc<State>, connections: &mut JoinSet<()>) {
    let (mut _here, mut farewell) = watch::channel(());
    let mut absence = state.options.faults.away;
    let mut leaves = Box::pin(leaving(Rc::clone(state)));
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut leaves, if absence.is_some() => None,
            accepted = listener.accept() => Some(accepted),
        };
        match accepted {
            Some(Ok((stream, _))) => {
                connections.spawn_local(connect(stream, number, tls.clone(), Rc::clone(state), farewell.clone()));
                number += 1;
            }
            Some(Err(_)) => sleep(ACCEPT_PAUSE).await,
            None => {
                // The old sender goes here, which tells the connections.
                (_here, farewell) = watch::channel(());
                let lasts = absence.take().map_or(Duration::ZERO, |absence| absence.lasts);
                let Ok(back) = listen_after(lasts, listener).await else { return pending().await };
                listener = back;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Waits until the target has to leave for a while: for ever, unless that fault is switched on.
async fn leaving(state: Rc<State>) {
    match state.options.faults.away {
        Some(absence) => state.after_first(absence.after).await,
        None => pending().await,
    }
}

/// Stops listening, and listens again at the same address after `pause`.
async fn listen_after(pause: Duration, listener: TcpListener) -> io::Result<TcpListener> {
    let address = listener.local_addr()?;
    drop(listener);
    // Bound but not listening: nobody else gets the port meanwhile.
    let held = super::bind(address)?;
    sleep(pause).await;
    held.listen(super::BACKLOG)
}

/// Waits until the target has to die: for ever, unless that fault is switched on.
async fn death(state: Rc<State>) {
    match state.options.faults.die_after {
        Some(after) => state.after_first(after).await,
        None => pending().await,
    }
}

async fn connect(stream: TcpStream, number: u64, tls: Option<TlsAcceptor>, state: Rc<State>, mut farewell: Farewell) {
    let Ok(peer) = stream.peer_addr() else { return };
    state.note_connection();
    // Without it small answers wait for the client's acknowledgements; failing is no reason to refuse service.
    let _ = stream.set_nodelay(true);
    let reset = Rc::new(Cell::new(false));
    let line = |http, reset| Rc::new(Line::new(number, peer.ip(), http, reset));
    match tls {
        None => {
            let begins = tokio::select! {
                biased;
                begins = begins_with_preface(&stream) => begins,
                _ = farewell.changed() => return,
            };
            let http = if begins && !state.options.http1_only { Http::Two } else { Http::One };
            drive(Socket::new(stream, Rc::clone(&reset)), line(http, reset), state, farewell).await;
        }
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(Socket::new(stream, Rc::clone(&reset))).await {
                let http = if stream.get_ref().1.alpn_protocol() == Some(b"h2") { Http::Two } else { Http::One };
                drive(stream, line(http, reset), state, farewell).await;
            }
        }
    }
}

/// Whether a client without TLS speaks HTTP/2, by the first bytes that it sends; they stay to be read.
async fn begins_with_preface(stream: &TcpStream) -> bool {
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return false,
            Ok(count) if !PREFACE.starts_with(&first[..count]) => return false,
            Ok(count) if count == PREFACE.len() => return true,
            Ok(_) => sleep(SECOND_LOOK).await,
        }
    }
}

/// Serves a connection's requests until either side ends it: one after the other, or at one time over HTTP/2.
async fn drive<S>(stream: S, line: Rc<Line>, state: Rc<State>, farewell: Farewell)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let on_line = Rc::clone(&line);
    let service = service_fn(move |request| service::serve(Rc::clone(&state), Rc::clone(&on_line), request));
    match line.http {
        Http::One => {
            let connection = http1::Builder::new()
                .half_close(false)
                .keep_alive(true)
                .header_read_timeout(None)
                .serve_connection(TokioIo::new(stream), service);
            until_told(connection, http1::Connection::graceful_shutdown, &line, farewell).await;
        }
        Http::Two => {
            let connection = http2::Builder::new(OnThisThread).serve_connection(TokioIo::new(stream), service);
            until_told(connection, http2::Connection::graceful_shutdown, &line, farewell).await;
        }
    }
}

/// Drives `connection` until it ends; it is told to end by `finish` when the server stops or a request asked for it.
async fn until_told<C: Future>(connection: C, finish: impl Fn(Pin<&mut C>), line: &Line, mut farewell: Farewell) {
    tokio::pin!(connection);
    // How a connection ends is the client's to judge; here all ways are the same.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        () = line.hang_up.notified() => return,
        () = line.finish.notified() => finish(connection.as_mut()),
        _ = farewell.changed() => finish(connection.as_mut()),
    }
    tokio::select! { _ = connection => {}, () = line.hang_up.notified() => {} }
}

/// Runs what an HTTP/2 connection has to do for each request.
#[derive(Clone)]
struct OnThisThread;

impl<F: Future + 'static> Executor<F> for OnThisThread {
    fn execute(&self, future: F) {
        spawn_local(async move { drop(future.await) });
    }
}
