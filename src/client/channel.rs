//! What one virtual user sends through: takes a connection, or opens one, for each request, and gives it back after.

use std::pin::pin;
use std::rc::Rc;

use http_body_util::Full;
use hyper::header::HeaderMap;
use hyper::http;

use super::clock::Clock;
use super::connector::Connector;
use super::deadline::Deadline;
use super::exchange::{Answer, Exchange, Opening, Request};
use super::http1::{Broken, HttpRequest};
use super::pool::{Held, Pool};

/// How often a request is sent anew that targets did not process; one that refuses it for ever must not be asked for ever.
const MOST_SENT_ANEW: u32 = 8;

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
        let mut held = self.pool.take(request.place, sent_ns);
        let mut attempt = Attempt { opened: 0, reused: false, opening: None, connected: false, first_byte_ns: None };
        // Pinned here, since it is too large to be moved for nothing.
        let result = {
            let exchange = pin!(attempt.run(&self.connector, &self.pool, &mut held, headers, request, &self.clock));
            self.deadline.bound(until, exchange).await
        };
        let result = result.unwrap_or_else(|| Err(Broken::timed_out(attempt.connected)));
        let done_ns = self.clock.now_ns();
        let certificate = held.as_ref().and_then(|held| held.certificate().cloned());
        let http2 = matches!(held, Some(Held::Shared(_)));
        // What is left of an exchange that failed would answer the next request.
        if let (Ok(_), Some(held)) = (&result, held) {
            self.pool.put(request.place, held, request.body.is_empty(), done_ns);
        }
        let result = result.map_err(|broken| broken.error);
        let Attempt { opened, reused, opening, first_byte_ns, .. } = attempt;
        Exchange { sent_ns, first_byte_ns, done_ns, opened, reused, http2, opening, certificate, result }
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
        pool: &Rc<Pool>,
        slot: &mut Option<Held>,
        mut headers: HeaderMap,
        request: &Request<'_>,
        clock: &Clock,
    ) -> Result<Answer, Broken> {
        let (mut message, mut sent_anew) = (None, 0);
        loop {
            self.reused = slot.is_some();
            let held = match slot {
                Some(held) => held,
                None => {
                    // On the heap, since it is rare and large: all that waits for answers would carry its room along.
                    let opened = Box::pin(pool.open(connector, request.place, clock, &mut self.opening)).await;
                    let (held, opened) = opened.map_err(|error| Broken { error, unsent: None })?;
                    self.opened += u64::from(opened);
                    self.reused = !opened;
                    slot.insert(held)
                }
            };
            self.connected = true;
            match held {
                Held::Alone(kept) => {
                    let ready = message.take().unwrap_or_else(|| build(request, std::mem::take(&mut headers)));
                    match kept.connection.exchange(ready, request.keep_body, clock, &mut self.first_byte_ns).await {
                        // The target hung up before a byte was written, as it may: nothing was asked yet, so ask anew.
                        Err(Broken { unsent: Some(unsent), .. }) if self.reused => message = Some(*unsent),
                        other => return other,
                    }
                }
                Held::Shared(lease) => {
                    let headers = std::mem::take(&mut headers);
                    match lease.exchange(request, headers, clock, &mut self.first_byte_ns).await {
                        Err(undone) if undone.unprocessed && sent_anew < MOST_SENT_ANEW => {
                            sent_anew += 1;
                            lease.retire();
                        }
                        other => return other.map_err(|undone| Broken { error: undone.error, unsent: None }),
                    }
                }
            }
            *slot = pool.take(request.place, clock.now_ns());
            self.connected = false;
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
