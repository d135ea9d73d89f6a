//! What one virtual user sends through: takes a connection, or opens one, for each request, and gives it back after.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderMap;
use hyper::{Method, Uri, Version, http};

use super::certificate::Certificate;
use super::clock::Clock;
use super::connector::{Connector, Opening};
use super::deadline::Deadline;
use super::error::CallError;
use super::http1::{Broken, HttpRequest};
use super::pool::{Kept, Pool};

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
    /// How the last of those was opened; none if the call went over one that was there already.
    pub opening: Option<Opening>,
    /// What the target showed when the connection was made; none without TLS.
    pub certificate: Option<Certificate>,
    /// The answer, or why there is none.
    pub result: Result<Answer, CallError>,
}

/// What one virtual user sends through.
#[derive(Debug)]
pub struct Channel {
    connector: Connector,
    clock: Clock,
    pool: Rc<Pool>,
    deadline: Deadline,
    /// The map of the last answer, emptied: the next request needs no new one.
    spare_headers: HeaderMap,
}

impl Channel {
    /// A channel that uses the connections of `pool`, or opens its own into it.
    pub fn new(connector: Connector, clock: Clock, pool: Rc<Pool>) -> Self {
        let deadline = Deadline::new(clock.instant(clock.now_ns()));
        Self { connector, clock, pool, deadline, spare_headers: HeaderMap::new() }
    }

    /// Sends `request` and waits for the whole answer or the timeout.
    pub async fn call(&mut self, request: &Request<'_>) -> Exchange {
        let sent_ns = self.clock.now_ns();
        let until = self.clock.instant(sent_ns + request.timeout.as_nanos() as u64);
        let headers = std::mem::take(&mut self.spare_headers);
        let message = build(request, headers);
        let mut connection = self.pool.take(request.place, sent_ns);
        let mut attempt = Attempt { opened: 0, reused: false, opening: None, connected: false, first_byte_ns: None };
        let exchange = attempt.run(&self.connector, &self.pool, &mut connection, message, request, &self.clock);
        let result = match self.deadline.bound(until, exchange).await {
            Some(result) => result,
            None => Err(Broken::timed_out(attempt.connected)),
        };
        let done_ns = self.clock.now_ns();
        let certificate = connection.as_ref().and_then(|kept| kept.connection.certificate.clone());
        // What is left of an exchange that failed would answer the next request; a body that the target did not wait for
        // is still being written, and would hold the next request up.
        let good =
            |kept: &mut Kept| (request.body.is_empty() || kept.connection.has_sent_all()) && kept.connection.reusable();
        if let (Ok(_), Some(mut kept)) = (&result, connection)
            && good(&mut kept)
        {
            kept.carried += 1;
            self.pool.put(request.place, kept, done_ns);
        }
        let result = result.map_err(|broken| broken.error);
        let Attempt { opened, reused, opening, first_byte_ns, .. } = attempt;
        Exchange { sent_ns, first_byte_ns, done_ns, opened, reused, opening, certificate, result }
    }

    /// Takes back an answer's header map for the next request.
    pub fn recycle(&mut self, mut headers: HeaderMap) {
        headers.clear();
        self.spare_headers = headers;
    }

    /// Hangs up: the next request comes from somebody else.
    pub fn hang_up(&self) {
        self.pool.clear();
    }
}

/// What is known of a call while it is under way, so that a timeout loses none of it.
struct Attempt {
    opened: u64,
    /// The request went over a connection that had carried others.
    reused: bool,
    opening: Option<Opening>,
    connected: bool,
    first_byte_ns: Option<u64>,
}

impl Attempt {
    async fn run(
        &mut self,
        connector: &Connector,
        pool: &Pool,
        slot: &mut Option<Kept>,
        mut message: HttpRequest,
        request: &Request<'_>,
        clock: &Clock,
    ) -> Result<Answer, Broken> {
        loop {
            self.reused = slot.is_some();
            let kept = match slot {
                Some(kept) => kept,
                None => {
                    let opening = self.opening.insert(Opening::at(clock.now_ns()));
                    let connected = connector.connect(request.place, clock, opening).await;
                    let connected = connected.map_err(|error| Broken { error, unsent: None })?;
                    self.opened += 1;
                    slot.insert(Kept { connection: connected, opened_ns: clock.now_ns(), carried: 0 })
                }
            };
            self.connected = true;
            match kept.connection.exchange(message, request.keep_body, clock, &mut self.first_byte_ns).await {
                // The target hung up before a byte was written, as it may: nothing was asked yet, so ask anew.
                Err(Broken { unsent: Some(unsent), .. }) if self.reused => {
                    *slot = pool.take(request.place, clock.now_ns());
                    self.connected = false;
                    message = *unsent;
                }
                other => return other,
            }
        }
    }
}

fn build(request: &Request<'_>, mut headers: HeaderMap) -> HttpRequest {
    headers.extend(request.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut message = http::Request::new(Full::new(request.body.clone()));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = request.path.clone();
    *message.headers_mut() = headers;
    message
}
