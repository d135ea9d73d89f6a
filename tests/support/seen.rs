//! What a recording server saw of an open load, held against the schedule that the load promised.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mnload::demo::Record;

/// The header that tells the server which arrival a request belongs to, for a step.
pub(crate) const NUMBERED: &str = "headers = { X-Correlation-ID = \"${ arrival }\" }\n";

/// One request, on the schedule's clock: zero is the start of the load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) number: u64,
    pub(crate) connection: u64,
    pub(crate) due: Duration,
    pub(crate) arrived: Duration,
    /// From being due to the server's letting go of the answer; none if it never did.
    pub(crate) waited: Option<Duration>,
    /// When that was, on the server's clock, which starts with the first request.
    pub(crate) answered: Option<Duration>,
}

/// The server's records by the numbers of the arrivals, arrival `k` being due at `due(k)`.
///
/// Only the generator knows when its load started. The arrival that came soonest after its due time is taken as having
/// come on time, so all others are seen a little more punctual than they were: by what one request needs to get there.
pub(crate) fn against_schedule(records: &[Record], due: impl Fn(u64) -> Duration) -> Vec<Seen> {
    let numbered = || records.iter().filter_map(|record| Some((record, record.number?)));
    let nanos = |span: Duration| span.as_nanos() as i128;
    let start = numbered().map(|(record, number)| nanos(record.arrived) - nanos(due(number))).min().unwrap_or(0);
    let on_schedule = |at: Duration| Duration::from_nanos((nanos(at) - start) as u64);
    let mut seen: Vec<Seen> = numbered()
        .map(|(record, number)| {
            let (due, arrived) = (due(number), on_schedule(record.arrived));
            let waited = record.answered.map(|at| on_schedule(at).saturating_sub(due));
            Seen { number, connection: record.connection, due, arrived, waited, answered: record.answered }
        })
        .collect();
    seen.sort_by_key(|seen| seen.number);
    seen
}

/// Panics unless every arrival below `scheduled` came exactly once, but for those of `missing`.
#[track_caller]
pub(crate) fn assert_each_came_once(records: &[Record], scheduled: u64, missing: &BTreeSet<u64>) {
    let mut times = BTreeMap::<u64, u64>::new();
    records.iter().for_each(|record| *times.entry(record.number.unwrap()).or_default() += 1);
    let wanted: BTreeMap<u64, u64> = (0..scheduled).filter(|k| !missing.contains(k)).map(|k| (k, 1)).collect();
    assert!(times == wanted, "not each of {scheduled} arrivals came once: {:?}", difference(&times, &wanted));
}

/// The first few arrivals that came not as often as wanted, and how often they came.
fn difference(times: &BTreeMap<u64, u64>, wanted: &BTreeMap<u64, u64>) -> Vec<(u64, u64)> {
    let numbers: BTreeSet<&u64> = times.keys().chain(wanted.keys()).collect();
    let came = |number: &u64| times.get(number).copied().unwrap_or(0);
    let odd = numbers.into_iter().filter(|number| came(number) != wanted.get(number).copied().unwrap_or(0));
    odd.map(|number| (*number, came(number))).take(10).collect()
}

/// How late each request came, the most punctual first.
pub(crate) fn lags(seen: &[Seen]) -> Vec<Duration> {
    sorted(seen.iter().map(|seen| seen.arrived.saturating_sub(seen.due)))
}

/// The most requests that came within one millisecond.
pub(crate) fn worst_burst(seen: &[Seen]) -> usize {
    let arrived = sorted(seen.iter().map(|seen| seen.arrived));
    let within = |k: usize| arrived[k..].iter().take_while(|at| **at < arrived[k] + Duration::from_millis(1)).count();
    (0..arrived.len()).map(within).max().unwrap_or(0)
}

pub(crate) fn sorted(spans: impl IntoIterator<Item = Duration>) -> Vec<Duration> {
    let mut spans: Vec<_> = spans.into_iter().collect();
    spans.sort_unstable();
    spans
}

/// The lowest that at least this share of all does not exceed, as mnload defines its percentiles.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

pub(crate) fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
