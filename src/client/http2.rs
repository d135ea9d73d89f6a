//! One HTTP/2 connection, shared by as many requests at one time as both sides allow.
//!
//! It stands on the `h2` crate itself: hyper's client would spawn a task for each request, and tells neither how many
//! streams the target takes nor which requests it did not process. Here one task drives the connection, and a request is
//! polled in the task of whoever sends it.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Reason, RecvStream};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::{Authority, Parts, Scheme};
use hyper::{Uri, Version, http};
use tokio::sync::oneshot;

use super::certificate::Certificate;
use super::clock::Clock;
use super::error::CallError;
use super::exchange::{Answer, Request};
use super::gather::Gathered;
use super::transport::Transport;
use crate::failure::Failure;

/// How much a target may send before it has to wait for us: all that the protocol allows, as h2load does within a byte.
/// What is read is taken at once, so waiting would only measure ourselves, and every leave to go on is a frame to write.
const WINDOW: u32 = (1 << 31) - 1;
/// The largest list of headers that is read.
const LARGEST_HEAD: u32 = 256 * 1024;
/// Streams that we gave up are remembered, so that what is still on its way for them is no mistake of the target's.
const MOST_GIVEN_UP: usize = 10_000;
/// More than any target can say; so it is known whether it has said how many streams it takes.
const UNSAID: usize = usize::MAX - 1;

/// A connection that is open, as far as is known.
#[derive(Debug)]
pub(super) struct Http2 {
    sender: RefCell<SendRequest<Bytes>>,
    scheme: Scheme,
    /// The `Host` header that came last, as HTTP/2 says it.
    authority: RefCell<Option<(HeaderValue, Authority)>>,
    /// What the target showed when the connection was made; none without TLS.
    pub(super) certificate: Option<Certificate>,
}

/// A request that did not come to an answer.
#[derive(Debug)]
pub(super) struct Undone {
    pub(super) error: CallError,
    /// The target did nothing with it: it can be sent again elsewhere.
    pub(super) unprocessed: bool,
}

impl Http2 {
    /// Speaks HTTP/2 over `transport`; with `settle` only when the target has said how many streams it takes.
    pub(super) async fn handshake(transport: Transport, settle: bool) -> Result<Self, CallError> {
        let certificate = transport.certificate();
        let scheme = if matches!(transport, Transport::Tls(_)) { Scheme::HTTPS } else { Scheme::HTTP };
        let mut builder = Builder::new();
        builder
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(LARGEST_HEAD)
            .enable_push(false)
            .initial_max_send_streams(UNSAID)
            .max_concurrent_reset_streams(MOST_GIVEN_UP)
            .max_local_error_reset_streams(None)
            // Many short answers at once are no attack here: they were asked for.
            .data_frame_budget(usize::MAX / 2);
        let (sender, connection) = builder.handshake(transport).await.map_err(|error| CallError::of_http2(&error))?;
        let (settled, said) = oneshot::channel();
        // Ends by itself once nobody holds the sender or a stream.
        tokio::spawn(drive(connection, settled));
        if settle {
            let said = said.await.unwrap_or_else(|_| Err(CallError::new(Failure::Closed, "the connection is gone")));
            said.map_err(not_spoken)?;
        }
        Ok(Self { sender: RefCell::new(sender), scheme, authority: RefCell::default(), certificate })
    }

    /// Whether a request can be sent, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.poll_ready(), Poll::Ready(Err(_)))
    }

    /// How many requests the target takes at one time.
    pub(super) fn most_streams(&self) -> usize {
        self.sender.borrow().current_max_send_streams()
    }

    /// Sends `request`, with `headers` to put its headers in, and reads the whole answer.
    pub(super) async fn exchange(
        &self,
        request: &Request<'_>,
        headers: HeaderMap,
        clock: &Clock,
        first_byte_ns: &mut Option<u64>,
    ) -> Result<Answer, Undone> {
        let message = self.build(request, headers)?;
        let mut response = pin!(self.send(message, request.body)?);
        let response = poll_fn(|cx| response.as_mut().poll(cx)).await.map_err(|error| Undone::of(&error))?;
        *first_byte_ns = Some(clock.now_ns());
        let (parts, body) = response.into_parts();
        let (body, body_bytes) = read_body(body, request.keep_body).await.map_err(|error| Undone::of(&error))?;
        Ok(Answer { status: parts.status.as_u16(), version: Version::HTTP_2, headers: parts.headers, body, body_bytes })
    }

    fn send(
        &self,
        message: http::Request<()>,
        body: &Bytes,
    ) -> Result<impl Future<Output = Result<http::Response<RecvStream>, h2::Error>> + use<>, Undone> {
        match self.poll_ready() {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Err(Undone::unsent(&error)),
            // Its last stream waits to be opened; a handle of its own lets this one wait beside it.
            Poll::Pending => drop(self.sender.replace_with(|sender| sender.clone())),
        }
        let sent = self.sender.borrow_mut().send_request(message, body.is_empty());
        let (response, mut stream) = sent.map_err(|error| Undone::unsent(&error))?;
        if !body.is_empty() {
            // It is all there already: what the target does not take yet waits in the connection.
            stream.send_data(body.clone(), true).map_err(|error| Undone::of(&error))?;
        }
        Ok(response)
    }

    fn poll_ready(&self) -> Poll<Result<(), h2::Error>> {
        self.sender.borrow_mut().poll_ready(&mut Context::from_waker(Waker::noop()))
    }

    fn build(&self, request: &Request<'_>, mut headers: HeaderMap) -> Result<http::Request<()>, Undone> {
        let allowed = request.headers.iter().filter(|(name, _)| !is_forbidden(name));
        headers.extend(allowed.map(|(name, value)| (name.clone(), value.clone())));
        if !request.body.is_empty() {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        }
        let mut message = http::Request::new(());
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = self.uri(request)?;
        *message.headers_mut() = headers;
        Ok(message)
    }

    /// Where `request` goes, put together from parts that are there already.
    fn uri(&self, request: &Request<'_>) -> Result<Uri, Undone> {
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority(request.headers.get(HOST))?);
        parts.path_and_query = request.path.path_and_query().cloned();
        Uri::from_parts(parts).map_err(|error| Undone::unmade(&error))
    }

    fn authority(&self, host: Option<&HeaderValue>) -> Result<Authority, Undone> {
        let host = host.ok_or_else(|| Undone::unmade(&"no Host header says where it goes"))?;
        let mut last = self.authority.borrow_mut();
        match &*last {
            Some((said, authority)) if said == host => Ok(authority.clone()),
            _ => {
                let authority = Authority::try_from(host.as_bytes()).map_err(|error| Undone::unmade(&error))?;
                *last = Some((host.clone(), authority.clone()));
                Ok(authority)
            }
        }
    }
}

impl Undone {
    fn of(error: &h2::Error) -> Self {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        // Streams that a GOAWAY does not leave out end with what they brought, or with the connection.
        Self { unprocessed: error.is_remote() && (refused || error.is_go_away()), error: CallError::of_http2(error) }
    }

    fn unsent(error: &h2::Error) -> Self {
        Self { error: CallError::of_http2(error), unprocessed: true }
    }

    fn unmade(why: &impl ToString) -> Self {
        let message = format!("HTTP/2 cannot carry this request: {}", why.to_string());
        Self { error: CallError::new(Failure::Protocol, message), unprocessed: false }
    }
}

/// Does what there is to do on `connection` until it ends; says when the target has told what it takes.
async fn drive(mut connection: Connection<Transport, Bytes>, settled: oneshot::Sender<Result<(), CallError>>) {
    let mut settled = Some(settled);
    let ended = poll_fn(|cx| {
        let polled = pin!(&mut connection).poll(cx);
        if settled.is_some() && connection.max_concurrent_send_streams() != UNSAID {
            settled.take().map(|settled| settled.send(Ok(())));
        }
        polled
    });
    // Whoever waits on a stream learns the same from it.
    let ended = ended.await;
    if let Some(settled) = settled {
        let nothing = || CallError::new(Failure::Closed, "the target hung up");
        let _ = settled.send(Err(ended.err().map_or_else(nothing, |error| CallError::of_http2(&error))));
    }
}

/// What it means that a target ended a connection before it said anything in HTTP/2.
fn not_spoken(error: CallError) -> CallError {
    let failure = if error.failure == Failure::Closed { Failure::Protocol } else { error.failure };
    CallError::new(failure, format!("it does not speak HTTP/2: {}", error.message))
}

/// What says how HTTP/1.1 uses its connection, and has no place here.
fn is_forbidden(name: &HeaderName) -> bool {
    // As text, which costs less than a list of names made for each header.
    matches!(
        name.as_str(),
        "host" | "connection" | "te" | "upgrade" | "keep-alive" | "proxy-connection" | "transfer-encoding"
    )
}

async fn read_body(mut body: RecvStream, keep: usize) -> Result<(Bytes, u64), h2::Error> {
    let mut gathered = Gathered::at_most(keep);
    while !body.is_end_stream() {
        let Some(data) = poll_fn(|cx| body.poll_data(cx)).await else { break };
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        gathered.add(&data);
    }
    Ok(gathered.finish())
}
