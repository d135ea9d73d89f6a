//! Where connections are kept between requests, and how long: each user's own, or shared by all users of a worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::certificate::Certificate;
use super::clock::Clock;
use super::connector::{Connection, Connector};
use super::error::CallError;
use super::exchange::Opening;
use super::http1::Http1;
use super::shared::{Lease, Promise, Promised, Shared};

/// A connection between two requests.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) connection: Http1,
    /// When it was opened.
    pub(super) opened_ns: u64,
    /// Requests that it has carried.
    pub(super) carried: u64,
}

/// What a request goes over: a connection of its own for as long, or a part of one.
#[derive(Debug)]
pub(super) enum Held {
    Alone(Kept),
    Shared(Lease),
}

impl Held {
    pub(super) fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Alone(kept) => kept.connection.certificate.as_ref(),
            Self::Shared(lease) => lease.certificate(),
        }
    }
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
    fn allows(&self, opened_ns: u64, carried: u64, now_ns: u64) -> bool {
        let age = Duration::from_nanos(now_ns.saturating_sub(opened_ns));
        self.max_age.is_none_or(|most| age < most) && self.allows_more(carried)
    }

    fn allows_more(&self, carried: u64) -> bool {
        self.max_requests.is_none_or(|most| carried < most)
    }
}

/// Connections by place that can take a request; the one that was used last is used next.
#[derive(Debug)]
pub struct Pool {
    idle: RefCell<Vec<Vec<Kept>>>,
    shared: RefCell<Vec<Streams>>,
    wear: Wear,
    /// Requests at one time over one connection, where the protocol can.
    streams: usize,
}

/// Connections to one place that carry several requests at one time.
#[derive(Debug, Default)]
struct Streams {
    /// Those that can take one more.
    free: Vec<Rc<Shared>>,
    /// Those that are being opened.
    promised: Vec<Rc<Promised>>,
    /// How many requests the last one can carry at one time.
    room: Cell<Option<usize>>,
}

impl Pool {
    /// No connections yet, to the places of `connector`, each for one request at a time.
    pub fn new(connector: &Connector, wear: Wear) -> Self {
        Self::shared(connector, wear, 1)
    }

    /// The same, for at most `streams` requests at one time over one connection, where the protocol can.
    pub fn shared(connector: &Connector, wear: Wear, streams: usize) -> Self {
        let idle = (0..connector.places()).map(|_| Vec::new()).collect();
        let shared = (0..connector.places()).map(|_| Streams::default()).collect();
        Self { idle: RefCell::new(idle), shared: RefCell::new(shared), wear, streams }
    }

    /// A connection to `place` that can take a request and is still good, as far as is known; using it shows whether it is.
    pub(super) fn take(self: &Rc<Self>, place: usize, now_ns: u64) -> Option<Held> {
        let mut idle = self.idle.borrow_mut();
        while let Some(kept) = idle[place].pop() {
            if self.wear.allows(kept.opened_ns, kept.carried, now_ns) && kept.connection.reusable() {
                return Some(Held::Alone(kept));
            }
        }
        self.lease(place, now_ns).map(Held::Shared)
    }

    fn lease(self: &Rc<Self>, place: usize, now_ns: u64) -> Option<Lease> {
        let free = &mut self.shared.borrow_mut()[place].free;
        loop {
            let shared = Rc::clone(free.last()?);
            let good = self.wear.allows(shared.opened_ns, shared.carried.get(), now_ns) && shared.is_open();
            let lease = good.then(|| Lease::new(Rc::clone(&shared), Rc::clone(self), place));
            if !good || !shared.may_take_more() || !self.wear.allows_more(shared.carried.get()) {
                shared.listed.set(false);
                free.pop();
            }
            if lease.is_some() {
                return lease;
            }
        }
    }

    /// Opens a connection to `place`, or waits for one that is being opened and can take the request, too; says whether it
    /// was opened here.
    pub(super) async fn open(
        self: &Rc<Self>,
        connector: &Connector,
        place: usize,
        clock: &Clock,
        opening: &mut Option<Opening>,
    ) -> Result<(Held, bool), CallError> {
        let several = self.streams > 1;
        while several && connector.speaks_http2(place) {
            let Some(promised) = self.join(place) else { break };
            promised.end().await?;
            if let Some(held) = self.take(place, clock.now_ns()) {
                return Ok((held, false));
            }
        }
        let promise = (several && connector.speaks_http2(place)).then(|| self.promise(place));
        let opening = opening.insert(Opening::at(clock.now_ns()));
        match connector.connect(place, clock, opening, several).await {
            Ok(Connection::Http1(connection)) => {
                Ok((Held::Alone(Kept { connection, opened_ns: clock.now_ns(), carried: 0 }), true))
            }
            Ok(Connection::Http2(connection)) => {
                let shared = Shared::new(connection, clock.now_ns(), self.streams);
                self.shared.borrow()[place].room.set(Some(shared.room()));
                let lease = Lease::new(Rc::clone(&shared), Rc::clone(self), place);
                self.offer(place, &shared);
                Ok((Held::Shared(lease), true))
            }
            Err(error) => {
                promise.into_iter().for_each(|promise| promise.fail(&error));
                Err(error)
            }
        }
    }

    /// A connection that is being opened and has something left for one more.
    fn join(&self, place: usize) -> Option<Rc<Promised>> {
        self.shared.borrow()[place].promised.iter().find(|promised| promised.take_one()).cloned()
    }

    fn promise(self: &Rc<Self>, place: usize) -> Promise {
        let streams = &mut self.shared.borrow_mut()[place];
        let promised = Promised::new(streams.room.get().unwrap_or(self.streams));
        streams.promised.push(Rc::clone(&promised));
        Promise { promised, pool: Rc::clone(self), place }
    }

    /// Nobody needs to wait for `promised` any more.
    pub(super) fn forget(&self, place: usize, promised: &Rc<Promised>) {
        self.shared.borrow_mut()[place].promised.retain(|other| !Rc::ptr_eq(other, promised));
    }

    /// Offers what `shared` can still carry, if it is good for more.
    pub(super) fn offer(&self, place: usize, shared: &Rc<Shared>) {
        // Whether it is still open is asked when it is taken.
        if !shared.listed.get() && shared.may_take_more() && self.wear.allows_more(shared.carried.get()) {
            shared.listed.set(true);
            self.shared.borrow_mut()[place].free.push(Rc::clone(shared));
        }
    }

    /// Takes back a connection to `place` that brought an answer, unless it is worn out; `waited` says that the target
    /// cannot have answered before all was written.
    pub(super) fn put(&self, place: usize, held: Held, waited: bool, now_ns: u64) {
        // A shared connection is offered again when its lease ends.
        let Held::Alone(mut kept) = held else { return };
        kept.carried += 1;
        // A body that the target did not wait for is still being written, and would hold the next request up.
        let good = (waited || kept.connection.has_sent_all()) && kept.connection.reusable();
        if good && self.wear.allows(kept.opened_ns, kept.carried, now_ns) {
            self.idle.borrow_mut()[place].push(kept);
        }
    }

    /// Lets go of connections that the target has closed or that are worn out; to be called now and then.
    pub fn sweep(&self, now_ns: u64) {
        for idle in &mut *self.idle.borrow_mut() {
            idle.retain_mut(|kept| self.wear.allows(kept.opened_ns, kept.carried, now_ns) && kept.connection.is_open());
        }
        for streams in &mut *self.shared.borrow_mut() {
            streams.free.retain(|shared| {
                let good = self.wear.allows(shared.opened_ns, shared.carried.get(), now_ns) && shared.is_open();
                shared.listed.set(good);
                good
            });
        }
    }

    /// Lets go of all connections.
    pub(super) fn clear(&self) {
        self.idle.borrow_mut().iter_mut().for_each(Vec::clear);
        for streams in &mut *self.shared.borrow_mut() {
            streams.free.drain(..).for_each(|shared| shared.listed.set(false));
        }
    }
}
