//! A start that is unlike the rest: caches that fill, code that is compiled, connections that are made.
//!
//! MSER-5 (K. P. White, "An effective truncation heuristic for bias reduction in simulation output", *Simulation* 69(6),
//! 1997; it did best among the rules compared by Hoad, Robinson and Davies, "Automating warm-up length estimation",
//! *Journal of the Operational Research Society* 61, 2010): of all cuts, the one whose remainder has a mean with the
//! smallest standard error. Values are put together by five to tame noise.

use super::timeline::{Timeline, TimelineRow};

/// Seconds that are put together.
const BATCH_S: u64 = 5;
/// A shorter run says too little.
const LEAST_BATCHES: usize = 6;
/// What differs by less than this factor is not worth a word.
const TOLD: f64 = 1.2;

/// The beginning that is unlike the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transient {
    /// How long it is.
    pub seconds: u64,
    /// The median of its service times, each the mean of some seconds, in microseconds: one slow moment does not move it.
    pub start_us: f64,
    /// The same of the rest.
    pub rest_us: f64,
}

/// The beginning of `timeline` that is unlike the rest, if there is one and the rest is at least half of it.
pub fn transient(timeline: &Timeline) -> Option<Transient> {
    let rows: Vec<&TimelineRow> = timeline.overall().collect();
    // In a long run the oldest rows are wider than a batch.
    let batch_s = rows.iter().map(|row| row.seconds).max()?.next_multiple_of(BATCH_S);
    let means: Vec<f64> = rows.chunk_by(|a, b| a.second / batch_s == b.second / batch_s).filter_map(mean).collect();
    if means.len() < LEAST_BATCHES {
        return None;
    }
    let cut = (0..=means.len() / 2).min_by(|a, b| mser(&means[*a..]).total_cmp(&mser(&means[*b..])))?;
    // A cut at the last place looked at says that no steady state was found, not where it begins.
    if cut == 0 || cut == means.len() / 2 {
        return None;
    }
    let (start_us, rest_us) = (median(&means[..cut])?, median(&means[cut..])?);
    let differs = start_us > rest_us * TOLD || start_us * TOLD < rest_us;
    differs.then_some(Transient { seconds: cut as u64 * batch_s, start_us, rest_us })
}

/// The mean service time of all requests in `rows`.
fn mean(rows: &[&TimelineRow]) -> Option<f64> {
    let count: u64 = rows.iter().map(|row| row.service.count).sum();
    let sum: f64 = rows.iter().map(|row| row.service.mean * row.service.count as f64).sum();
    (count > 0).then(|| sum / count as f64)
}

/// The marginal standard error: the squared one of the mean of `values`.
fn mser(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count * count)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Latency;

    /// A run of one row a second with these mean service times.
    fn of(means: impl Iterator<Item = f64>) -> Timeline {
        let row = |(second, mean): (u64, f64)| TimelineRow {
            second,
            seconds: 1,
            requests: 20,
            started: 20,
            service: Latency { count: 20, mean, ..Latency::default() },
            ..TimelineRow::default()
        };
        Timeline { rows: (0..).zip(means).map(row).collect() }
    }

    /// Some noise without a pattern, up to a tenth of `mean`.
    fn noisy(second: u64, mean: f64) -> f64 {
        mean * (1.0 + ((second * 2_654_435_761) % 1_000) as f64 / 10_000.0)
    }

    #[test]
    fn a_slow_start_is_found_where_it_ends() {
        let slow = |second: u64| if second < 20 { 48_000.0 } else { 12_000.0 };
        let found = transient(&of((0..120).map(|second| noisy(second, slow(second))))).unwrap();
        assert_eq!(found.seconds, 20);
        assert!((48_000.0..53_000.0).contains(&found.start_us) && (12_000.0..13_500.0).contains(&found.rest_us));
    }

    #[test]
    fn a_start_that_fades_is_found_and_a_fast_one_too() {
        let fading = |second: u64| 10_000.0 + 90_000.0 * (-(second as f64) / 6.0).exp();
        let found = transient(&of((0..200).map(|second| noisy(second, fading(second))))).unwrap();
        assert!((10..=60).contains(&found.seconds), "{found:?}");
        let fast = |second: u64| noisy(second, if second < 10 { 2_000.0 } else { 9_000.0 });
        assert_eq!(transient(&of((0..60).map(fast))).map(|found| found.seconds), Some(10));
    }

    #[test]
    fn what_is_steady_short_or_never_settles_is_left_alone() {
        assert_eq!(transient(&of((0..300).map(|second| noisy(second, 9_000.0)))), None);
        assert_eq!(transient(&of((0..25).map(|second| if second < 5 { 90_000.0 } else { 1_000.0 }))), None);
        assert_eq!(transient(&of((0..100).map(|second| 1_000.0 * (second + 1) as f64))), None, "it climbs to the end");
        let once = |second: u64| if second == 41 { 900_000.0 } else { noisy(second, 9_000.0) };
        assert_eq!(transient(&of((0..120).map(once))), None, "one slow moment is no beginning");
        assert_eq!(transient(&Timeline::default()), None);
    }
}
