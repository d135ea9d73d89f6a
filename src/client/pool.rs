//! Where connections are kept between requests, and how long: each user's own, or shared by all users of a worker.

use std::cell::RefCell;
use std::time::Duration;

use super::connector::Connector;
use super::http1::Http1;

/// A connection between two requests.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) connection: Http1,
    /// When it was opened.
    pub(super) opened_ns: u64,
    /// Requests that it has carried.
    pub(super) carried: u64,
}

/// How long a connection is used and for how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wear {
    /// No connection is used for longer.
    pub max_age: Option<Duration>,
    /// No connection carries more requests.
    pub max_requests: Option<u64>,
}

impl Wear {
    fn allows(&self, kept: &Kept, now_ns: u64) -> bool {
        let age = Duration::from_nanos(now_ns.saturating_sub(kept.opened_ns));
        self.max_age.is_none_or(|most| age < most) && self.max_requests.is_none_or(|most| kept.carried < most)
    }
}

/// Idle connections by place; the one that was used last is used next.
#[derive(Debug)]
pub struct Pool {
    idle: RefCell<Vec<Vec<Kept>>>,
    wear: Wear,
}

impl Pool {
    /// No connections yet, to the places of `connector`.
    pub fn new(connector: &Connector, wear: Wear) -> Self {
        let idle = (0..connector.places()).map(|_| Vec::new()).collect();
        Self { idle: RefCell::new(idle), wear }
    }

    /// An idle connection to `place` that is still good, as far as is known; using it shows whether it is.
    pub(super) fn take(&self, place: usize, now_ns: u64) -> Option<Kept> {
        let mut idle = self.idle.borrow_mut();
        while let Some(kept) = idle[place].pop() {
            if self.wear.allows(&kept, now_ns) && kept.connection.reusable() {
                return Some(kept);
            }
        }
        None
    }

    /// Takes back a connection to `place`, unless it is worn out.
    pub(super) fn put(&self, place: usize, kept: Kept, now_ns: u64) {
        if self.wear.allows(&kept, now_ns) {
            self.idle.borrow_mut()[place].push(kept);
        }
    }

    /// Lets go of connections that the target has closed or that are worn out; to be called now and then.
    pub fn sweep(&self, now_ns: u64) {
        for idle in &mut *self.idle.borrow_mut() {
            idle.retain_mut(|kept| self.wear.allows(kept, now_ns) && kept.connection.is_open());
        }
    }

    /// Lets go of all connections.
    pub(super) fn clear(&self) {
        self.idle.borrow_mut().iter_mut().for_each(Vec::clear);
    }
}
