//! What all requests of one demo target share. It lives on the target's own thread, so cells do where locks would be.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::HeaderMap;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::auth::Authority;
use super::capacity::{Turn, Turns};
use super::faults::FaultSource;
use super::latency::LatencySource;
use super::limits::Limiters;
use super::media::MediaStore;
use super::metrics_text::ServerMetrics;
use super::moment::Moment;
use super::options::DemoOptions;
use super::record::Records;

/// Nobody waits longer than this on purpose; it keeps times of any size within what clocks can hold.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// What anybody may know of the target from outside.
#[derive(Debug)]
pub(super) struct Seen {
    /// Requests whose head has arrived.
    pub(super) requests: Arc<AtomicU64>,
    /// Connections that were made.
    pub(super) connections: Arc<AtomicU64>,
}

/// The shared state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: DemoOptions,
    pub(super) authority: Authority,
    pub(super) media: RefCell<MediaStore>,
    pub(super) metrics: RefCell<ServerMetrics>,
    pub(super) limits: RefCell<Option<Limiters>>,
    turns: RefCell<Option<Turns>>,
    pub(super) latency: RefCell<LatencySource>,
    pub(super) faults: RefCell<FaultSource>,
    /// Wakes all who wait for the first request.
    first_seen: Notify,
    first: Cell<Option<Instant>>,
    seen: Seen,
    records: Option<Records>,
    numbers: Cell<u64>,
    started: Instant,
    started_epoch_ms: u64,
}

impl State {
    /// The state of a target that starts now and listens at `address`; it counts in `seen` and may note
    /// them in `records`.
    pub(super) fn new(mut options: DemoOptions, address: SocketAddr, seen: Seen, records: Option<Records>) -> Self {
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        options.allowed_origins.push(format!("{scheme}://{address}"));
        options.allowed_origins.push(format!("{scheme}://localhost:{}", address.port()));
        Self {
            authority: Authority::new(options.seed, options.token_lifetime),
            media: RefCell::new(MediaStore::new(options.most_media_requests)),
            metrics: RefCell::default(),
            limits: RefCell::new(options.rate_limits.map(Limiters::new)),
            turns: RefCell::new(options.capacity.map(Turns::new)),
            latency: RefCell::new(LatencySource::new(options.latency, options.seed)),
            faults: RefCell::new(FaultSource::new(options.faults, options.seed)),
            first_seen: Notify::new(),
            first: Cell::new(None),
            seen,
            records,
            numbers: Cell::new(0),
            started: Instant::now(),
            started_epoch_ms: u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0),
            options,
        }
    }

    /// Counts a connection.
    pub(super) fn note_connection(&self) {
        self.seen.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request and says when it arrived.
    pub(super) fn arrival(&self) -> Instant {
        let now = Instant::now();
        self.seen.requests.fetch_add(1, Ordering::Relaxed);
        if self.first.get().is_none() {
            self.first.set(Some(now));
            self.first_seen.notify_waiters();
        }
        now
    }

    /// Returns at `after` the first request: never, if that is beyond what clocks can hold.
    pub(super) async fn after_first(&self, after: Duration) {
        let seen = self.first_seen.notified();
        if self.first.get().is_none() {
            seen.await;
        }
        match self.first.get().and_then(|first| first.checked_add(after)) {
            Some(then) => sleep_until(then).await,
            None => pending().await,
        }
    }

    /// The time since the first request.
    pub(super) fn since_first(&self, at: Instant) -> Duration {
        self.first.get().map_or(Duration::ZERO, |first| at.duration_since(first))
    }

    /// Notes the arrival at `at` by connection number `connection`, if arrivals are noted.
    pub(super) fn note_arrival(&self, at: Instant, connection: u64, headers: &HeaderMap) -> Option<usize> {
        self.records.as_ref().map(|records| records.arrived(at, connection, headers))
    }

    /// Notes that the noted arrival `number` is answered now.
    pub(super) fn note_answer(&self, number: Option<usize>) {
        if let (Some(records), Some(number)) = (&self.records, number) {
            records.answered(number, Instant::now());
        }
    }

    /// The moment `at` on both clocks.
    pub(super) fn moment(&self, at: Instant) -> Moment {
        Moment::new(at.duration_since(self.started), self.started_epoch_ms)
    }

    /// The turn of a request that arrived at `arrived`: it is served at once, unless there is a limit to what can be.
    pub(super) fn take_turn(&self, arrived: Instant) -> Turn {
        let at = self.since_first(arrived);
        self.turns.borrow_mut().as_mut().map_or(Turn::ServedAt(at), |turns| turns.take(at))
    }

    /// When a request is answered that arrived at `arrived` by connection number `connection`, was served at `served`
    /// after the first one, and needs `latency` while the server is awake and as fast as at first.
    pub(super) fn answer_at(&self, arrived: Instant, served: Duration, connection: u64, latency: Duration) -> Instant {
        let (faults, since_first) = (&self.options.faults, self.since_first(arrived));
        let slower = faults.slow_down.map_or(Duration::ZERO, |slow_down| slow_down.at(since_first));
        let latency = latency.saturating_add(slower).min(LONGEST_WAIT);
        let answered = match faults.freeze_of(connection) {
            Some(freeze) => freeze.answer_at(served, latency),
            None => served.saturating_add(latency),
        };
        arrived + answered.saturating_sub(since_first).min(LONGEST_WAIT)
    }

    /// When a request is refused that arrived at `arrived` by connection number `connection`: at once, unless the server
    /// is frozen.
    pub(super) fn refuse_at(&self, arrived: Instant, connection: u64) -> Instant {
        let since_first = self.since_first(arrived);
        let frozen = self.options.faults.freeze_of(connection).and_then(|freeze| freeze.frozen_until(since_first));
        arrived + frozen.map_or(Duration::ZERO, |thaw| thaw.saturating_sub(since_first))
    }

    /// A number that was not given before.
    pub(super) fn next_number(&self) -> u64 {
        self.numbers.replace(self.numbers.get() + 1)
    }
}
