//! What the target itself saw of each request: the truth that a generator's figures can be held against.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::HeaderMap;
use tokio::time::Instant;

use super::headers::CORRELATION;

/// One request as the target saw it; times run from the arrival of the first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// When its head had arrived.
    pub arrived: Duration,
    /// The connection that it came by, counted from zero in the order they were accepted.
    pub connection: u64,
    /// Its `X-Correlation-ID`, if that is a number: which of the client's requests it is.
    pub number: Option<u64>,
    /// When its answer was let go; none if it never was.
    pub answered: Option<Duration>,
}

/// The records of one target.
#[derive(Debug, Clone, Default)]
pub(super) struct Records(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    /// When the first request arrived.
    first: Option<Instant>,
    /// In the order of arrival.
    records: Vec<Record>,
}

impl Records {
    /// Notes an arrival and gives its place among the records.
    pub(super) fn arrived(&self, at: Instant, connection: u64, headers: &HeaderMap) -> usize {
        let number = headers.get(CORRELATION).and_then(|id| id.to_str().ok()?.parse().ok());
        let mut notes = self.notes();
        let arrived = at.duration_since(*notes.first.get_or_insert(at));
        notes.records.push(Record { arrived, connection, number, answered: None });
        notes.records.len() - 1
    }

    /// Notes that the request at `place` is answered at `at`.
    pub(super) fn answered(&self, place: usize, at: Instant) {
        let mut notes = self.notes();
        let since_first = notes.first.map(|first| at.duration_since(first));
        if let Some(record) = notes.records.get_mut(place) {
            record.answered = since_first;
        }
    }

    /// All records so far.
    pub(super) fn all(&self) -> Vec<Record> {
        self.notes().records.clone()
    }

    /// When the first request arrived: where the records' times start.
    pub(super) fn first(&self) -> Option<Instant> {
        self.notes().first
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
