//! HTTP/2 connections that carry several requests at one time, and the ones being opened that several requests wait for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hyper::header::HeaderMap;
use tokio::sync::Notify;

use super::certificate::Certificate;
use super::clock::Clock;
use super::error::CallError;
use super::exchange::{Answer, Request};
use super::http2::{Http2, Undone};
use super::pool::Pool;

/// A connection that several requests may use at one time.
#[derive(Debug)]
pub(super) struct Shared {
    connection: Http2,
    /// When it was opened.
    pub(super) opened_ns: u64,
    /// Requests that it has carried or carries.
    pub(super) carried: Cell<u64>,
    /// Requests that it carries now, and how many it may.
    busy: Cell<usize>,
    room: usize,
    /// The pool offers it.
    pub(super) listed: Cell<bool>,
    /// It carries nothing new.
    retired: Cell<bool>,
}

impl Shared {
    /// A new connection, for at most `streams` requests at one time.
    pub(super) fn new(connection: Http2, opened_ns: u64, streams: usize) -> Rc<Self> {
        let room = streams.min(connection.most_streams()).max(1);
        let (carried, busy, listed, retired) = Default::default();
        Rc::new(Self { connection, opened_ns, carried, busy, room, listed, retired })
    }

    /// How many requests it may carry at one time.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Whether it could carry more at this moment, if it is open.
    pub(super) fn may_take_more(&self) -> bool {
        self.busy.get() < self.room && !self.retired.get()
    }

    /// Whether it may carry anything new, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.retired.get() && self.connection.is_open()
    }
}

/// The right to send one request over a connection; it goes back to the pool by itself.
#[derive(Debug)]
pub(super) struct Lease {
    shared: Rc<Shared>,
    pool: Rc<Pool>,
    place: usize,
}

impl Lease {
    pub(super) fn new(shared: Rc<Shared>, pool: Rc<Pool>, place: usize) -> Self {
        shared.busy.set(shared.busy.get() + 1);
        shared.carried.set(shared.carried.get() + 1);
        Self { shared, pool, place }
    }

    /// See [`Http2::exchange`].
    pub(super) async fn exchange(
        &self,
        request: &Request<'_>,
        headers: HeaderMap,
        clock: &Clock,
        first_byte_ns: &mut Option<u64>,
    ) -> Result<Answer, Undone> {
        self.shared.connection.exchange(request, headers, clock, first_byte_ns).await
    }

    /// Lets the connection end with the requests that it carries now.
    pub(super) fn retire(&self) {
        self.shared.retired.set(true);
    }

    pub(super) fn certificate(&self) -> Option<&Certificate> {
        self.shared.connection.certificate.as_ref()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.busy.set(self.shared.busy.get() - 1);
        self.pool.offer(self.place, &self.shared);
    }
}

/// A connection that is being opened, and what of it is promised to requests that wait.
#[derive(Debug)]
pub(super) struct Promised {
    left: Cell<usize>,
    ended: Cell<bool>,
    failed: RefCell<Option<CallError>>,
    told: Notify,
}

impl Promised {
    pub(super) fn new(room: usize) -> Rc<Self> {
        let (ended, failed, told) = Default::default();
        // Whoever opens it needs one.
        Rc::new(Self { left: Cell::new(room.saturating_sub(1)), ended, failed, told })
    }

    /// Whether there was one left for whoever asks.
    pub(super) fn take_one(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    /// Waits until the connection is open, or whoever opens it has given up.
    ///
    /// # Errors
    /// The same as whoever opens it has.
    pub(super) async fn end(&self) -> Result<(), CallError> {
        while !self.ended.get() {
            self.told.notified().await;
        }
        self.failed.borrow().clone().map_or(Ok(()), Err)
    }
}

/// Held by whoever opens a connection; those who wait for it are told when it is dropped.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) promised: Rc<Promised>,
    pub(super) pool: Rc<Pool>,
    pub(super) place: usize,
}

impl Promise {
    /// Tells those who wait that it has failed.
    pub(super) fn fail(self, error: &CallError) {
        *self.promised.failed.borrow_mut() = Some(error.clone());
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.pool.forget(self.place, &self.promised);
        self.promised.ended.set(true);
        self.promised.told.notify_waiters();
    }
}
