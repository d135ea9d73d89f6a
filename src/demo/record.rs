//! What the target itself saw of each request: the truth that a generator's figures can be held against.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::HeaderMap;

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

/// The records of one target, in the order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct Records(Arc<Mutex<Vec<Record>>>);

impl Records {
    /// Notes an arrival and gives its place among the records.
    pub(super) fn arrived(&self, at: Duration, connection: u64, headers: &HeaderMap) -> usize {
        let number = headers.get(CORRELATION).and_then(|id| id.to_str().ok()?.parse().ok());
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.push(Record { arrived: at, connection, number, answered: None });
        records.len() - 1
    }

    /// Notes that request `number` was answered.
    pub(super) fn answered(&self, number: usize, at: Duration) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = records.get_mut(number) {
            record.answered = Some(at);
        }
    }

    /// All records so far.
    pub(super) fn all(&self) -> Vec<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
