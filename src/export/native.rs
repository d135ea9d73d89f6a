//! Times as a native histogram of Prometheus: buckets whose bounds grow by a constant factor, only those that hold something.
//!
//! Schema 7: each bound is 2^(1/128) (0.54 %) above the one before, so what is read from them is within 1 %. Source: the Prometheus data model, native histograms.

use super::message::{BucketSpan, NativeHistogram};
use crate::metrics::Histogram;

const SCHEMA: i32 = 7;
/// Buckets for each doubling of the time.
const PER_DOUBLING: f64 = 128.0;
/// What lies below counts as zero: the library's usual bound, 2^-128.
const ZERO_THRESHOLD: f64 = 2.938_735_877_055_719e-39;
/// The bit pattern that says that a series is over.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// The value that says that a series is over.
pub(super) fn stale() -> f64 {
    f64::from_bits(STALE)
}

/// `times` as they are at `at_ms`, in seconds.
pub(super) fn of(times: &Histogram, at_ms: i64) -> NativeHistogram {
    let mut zero = 0;
    let mut buckets: Vec<(i32, u64)> = Vec::new();
    for ((lowest, count), (highest, _)) in times.buckets().into_iter().zip(times.edges()) {
        // Times are cut to whole microseconds: the middle of what they may have been stands for all of a bin.
        let seconds = (lowest as f64 + highest as f64 + 1.0) / 2.0 / 1e6;
        match highest {
            0 => zero += count,
            _ => match buckets.last_mut() {
                Some((place, sum)) if *place == place_of(seconds) => *sum += count,
                _ => buckets.push((place_of(seconds), count)),
            },
        }
    }
    let (spans, deltas) = spans_and_deltas(&buckets);
    NativeHistogram {
        count: Some(times.count()),
        sum: times.sum_us() / 1e6,
        schema: SCHEMA,
        zero_threshold: ZERO_THRESHOLD,
        zero_count: Some(zero),
        positive_spans: spans,
        positive_deltas: deltas,
        timestamp: at_ms,
    }
}

/// What says that the times are over.
pub(super) fn over(at_ms: i64) -> NativeHistogram {
    NativeHistogram { count: Some(0), sum: stale(), schema: SCHEMA, timestamp: at_ms, ..NativeHistogram::default() }
}

/// The bucket that holds `seconds`: its upper bound is 2^(place / 128).
fn place_of(seconds: f64) -> i32 {
    (seconds.log2() * PER_DOUBLING).ceil() as i32
}

/// Buckets in the form of the message: runs of neighbours, and how each count differs from the one before.
fn spans_and_deltas(buckets: &[(i32, u64)]) -> (Vec<BucketSpan>, Vec<i64>) {
    let (mut spans, mut deltas) = (Vec::<BucketSpan>::new(), Vec::new());
    let (mut next, mut before) = (0, 0);
    for (place, count) in buckets {
        match spans.last_mut() {
            Some(span) if *place == next => span.length += 1,
            _ => spans.push(BucketSpan { offset: place - next, length: 1 }),
        }
        deltas.push(*count as i64 - before);
        (next, before) = (place + 1, *count as i64);
    }
    (spans, deltas)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The buckets of a message, as a receiver reads them.
    fn read(message: &NativeHistogram) -> Vec<(i32, u64)> {
        let (mut place, mut count) = (0, 0);
        let mut deltas = message.positive_deltas.iter();
        let mut all = Vec::new();
        for span in &message.positive_spans {
            place += span.offset;
            for _ in 0..span.length {
                count += deltas.next().unwrap();
                all.push((place, count as u64));
                place += 1;
            }
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_time_is_in_the_bucket_that_holds_it(times in prop::collection::vec(0u64..90_000_000, 0..200)) {
            let mut histogram = Histogram::default();
            times.iter().for_each(|us| histogram.record(*us));
            let message = of(&histogram, 7);
            let buckets = read(&message);
            let all = buckets.iter().map(|(_, count)| count).sum::<u64>() + message.zero_count.unwrap();
            prop_assert_eq!((message.count.unwrap(), all), (times.len() as u64, times.len() as u64));
            prop_assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0));
            // A percentile read from the buckets is that of the times, but for their width.
            if let Some(median) = histogram.quantile_us(0.5).filter(|us| *us > 0) {
                let (mut seen, rank) = (message.zero_count.unwrap(), (times.len() as f64 * 0.5).ceil() as u64);
                let place = buckets.iter().find(|(_, count)| { seen += count; seen >= rank }).map(|(place, _)| *place);
                let upper = place.map_or(0.0, |place| (f64::from(place) / PER_DOUBLING).exp2() * 1e6);
                let median = median as f64;
                prop_assert!(upper >= median * 0.998 && upper <= median * 1.008 + 1.0, "{upper} {median}");
            }
        }
    }

    #[test]
    fn what_is_over_is_told_by_one_bit_pattern() {
        assert_eq!(over(9).sum.to_bits(), STALE);
        assert!(stale().is_nan());
    }
}
