//! One HTTP/1.1 connection, polled in the task of whoever uses it: a task of its own would cost a tenth more CPU.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::http;
use hyper_util::rt::TokioIo;

use super::certificate::Certificate;
use super::clock::Clock;
use super::error::CallError;
use super::exchange::Answer;
use super::gather::Gathered;
use super::transport::{Transport, Watched};
use crate::failure::Failure;

/// The largest head that is read; buffers start small and grow when it is needed.
const LARGEST_HEAD: usize = 256 * 1024;

pub(super) type HttpRequest = http::Request<Full<Bytes>>;

/// A connection that is open, as far as is known.
#[derive(Debug)]
pub(super) struct Http1 {
    sender: SendRequest<Full<Bytes>>,
    /// None once it has ended: what was not sent by then comes back from it when it is dropped.
    connection: Option<Box<Connection<TokioIo<Watched>, Full<Bytes>>>>,
    /// Set while bytes wait to be written.
    writing: Arc<AtomicBool>,
    /// What the target showed when the connection was made; none without TLS.
    pub(super) certificate: Option<Certificate>,
}

/// A request that did not come to an answer.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) error: CallError,
    /// The request, if not a byte of it was written: it can be sent again elsewhere.
    pub(super) unsent: Option<Box<HttpRequest>>,
}

impl Http1 {
    pub(super) async fn handshake(transport: Transport) -> Result<Self, CallError> {
        let certificate = transport.certificate();
        let mut builder = Builder::new();
        builder.max_buf_size(LARGEST_HEAD).writev(false);
        let (transport, writing) = Watched::new(transport);
        let handshake = builder.handshake(TokioIo::new(transport)).await;
        let (sender, connection) = handshake.map_err(|error| CallError::of_http(&error))?;
        Ok(Self { sender, connection: Some(Box::new(connection)), writing, certificate })
    }

    /// Whether the target has not hung up meanwhile; to be asked while nothing is asked of it.
    pub(super) fn is_open(&mut self) -> bool {
        self.drive_alone();
        self.reusable()
    }

    /// Whether the last request is written to its end.
    pub(super) fn has_sent_all(&mut self) -> bool {
        self.drive_alone();
        !self.writing.load(Ordering::Relaxed)
    }

    /// Whether another request can be sent.
    pub(super) fn reusable(&self) -> bool {
        self.connection.is_some() && !self.sender.is_closed()
    }

    /// Sends `request` and reads the whole answer; its body is kept up to `keep_body` bytes.
    pub(super) async fn exchange(
        &mut self,
        request: HttpRequest,
        keep_body: usize,
        clock: &Clock,
        first_byte_ns: &mut Option<u64>,
    ) -> Result<Answer, Broken> {
        // After a whole answer it is ready; each look at the connection costs a tenth of a request.
        if !self.sender.is_ready()
            && let Err(error) = self.ready().await
        {
            return Err(Broken { error, unsent: Some(Box::new(request)) });
        }
        let mut response = pin!(self.sender.try_send_request(request));
        let head = poll_fn(|cx| {
            self.drive(cx);
            response.as_mut().poll(cx)
        });
        let response = head.await.map_err(|mut failed| {
            let unsent = failed.take_message().map(Box::new);
            Broken { error: CallError::of_http(failed.error()), unsent }
        })?;
        *first_byte_ns = Some(clock.now_ns());
        let (parts, body) = response.into_parts();
        let (body, body_bytes) =
            self.read_body(body, keep_body).await.map_err(|error| Broken { error, unsent: None })?;
        Ok(Answer { status: parts.status.as_u16(), version: parts.version, headers: parts.headers, body, body_bytes })
    }

    /// Waits until the last answer is wholly out of the way.
    async fn ready(&mut self) -> Result<(), CallError> {
        poll_fn(|cx| {
            self.drive(cx);
            self.sender.poll_ready(cx)
        })
        .await
        .map_err(|error| CallError::of_http(&error))
    }

    async fn read_body(&mut self, mut body: Incoming, keep: usize) -> Result<(Bytes, u64), CallError> {
        let mut gathered = Gathered::at_most(keep);
        while !body.is_end_stream() {
            let frame = poll_fn(|cx| {
                // What came with the head is there already.
                if let Poll::Ready(frame) = Pin::new(&mut body).poll_frame(cx) {
                    return Poll::Ready(frame);
                }
                self.drive(cx);
                Pin::new(&mut body).poll_frame(cx)
            });
            let Some(frame) = frame.await else { break };
            let frame = frame.map_err(|error| CallError::of_http(&error))?;
            frame.data_ref().into_iter().for_each(|data| gathered.add(data));
        }
        Ok(gathered.finish())
    }

    /// The same while nobody waits: whoever sends the next request waits with a waker of its own.
    fn drive_alone(&mut self) {
        self.drive(&mut Context::from_waker(Waker::noop()));
    }

    /// Lets the connection do what it can; an error of its own reaches the request that waits on it.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if self.connection.as_mut().is_some_and(|connection| Pin::new(&mut **connection).poll(cx).is_ready()) {
            self.connection = None;
        }
    }
}

impl Broken {
    pub(super) fn timed_out(connected: bool) -> Self {
        let error = match connected {
            true => CallError::new(Failure::Timeout, "no complete answer within the timeout"),
            false => CallError::new(Failure::ConnectTimeout, "not connected within the timeout"),
        };
        Self { error, unsent: None }
    }
}
