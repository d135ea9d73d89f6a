//! One call as data: what is sent, what came back, and when what happened.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, Uri, Version};

use super::certificate::Certificate;
use super::error::CallError;

/// One request, ready to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Which of the connector's places it goes to.
    pub place: usize,
    /// The HTTP method.
    pub method: &'a Method,
    /// Path and query.
    pub path: &'a Uri,
    /// All headers but those that framing needs.
    pub headers: &'a HeaderMap,
    /// The body; empty for none.
    pub body: &'a Bytes,
    /// How long it may take, from being taken up to the last byte.
    pub timeout: Duration,
    /// How many bytes of the answer's body are wanted at the most.
    pub keep_body: usize,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The version of HTTP that it came in.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// As much of the body as was wanted.
    pub body: Bytes,
    /// How long the body was.
    pub body_bytes: u64,
}

/// One request with its times, in nanoseconds of the clock.
#[derive(Debug)]
pub struct Exchange {
    /// When it was taken up; connecting, if that was needed, came after.
    pub sent_ns: u64,
    /// When the head of the answer was there.
    pub first_byte_ns: Option<u64>,
    /// When the last byte was read, or the request given up.
    pub done_ns: u64,
    /// Connections that were opened for it.
    pub opened: u64,
    /// Whether it went over a connection that had carried others.
    pub reused: bool,
    /// Whether that connection speaks HTTP/2.
    pub http2: bool,
    /// How the last of those was opened; none if the call went over one that was there already.
    pub opening: Option<Opening>,
    /// What the target showed when the connection was made; none without TLS.
    pub certificate: Option<Certificate>,
    /// The answer, or why there is none.
    pub result: Result<Answer, CallError>,
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
    /// How long it took to connect, in microseconds.
    pub fn connect_us(&self) -> Option<u64> {
        Some(self.connected_ns?.saturating_sub(self.began_ns) / 1_000)
    }

    /// How long TLS took, in microseconds.
    pub fn tls_us(&self) -> Option<u64> {
        Some(self.secured_ns?.saturating_sub(self.connected_ns?) / 1_000)
    }

    pub(super) fn at(began_ns: u64) -> Self {
        Self { began_ns, connected_ns: None, secured_ns: None }
    }
}
