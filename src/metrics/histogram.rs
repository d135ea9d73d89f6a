//! A histogram of times in microseconds: HDR, three significant digits, 1 µs to one hour.

use std::fmt;

use hdrhistogram::Histogram as Hdr;

/// Beyond an hour a time is counted as an hour; the exact maximum is kept beside.
const HIGHEST_US: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// Counted times. Empty ones cost nothing: the counters come with the first time.
#[derive(Clone, Default)]
pub struct Histogram {
    counts: Option<Box<Hdr<u64>>>,
    /// The extremes, exactly: the library's own depend on the order of merging within a bucket.
    min_us: u64,
    max_us: u64,
}

/// The figures of a histogram, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Latency {
    /// How many times were counted.
    pub count: u64,
    /// The lowest.
    pub min: u64,
    /// The arithmetic mean, within 0.1 %.
    pub mean: f64,
    /// Percentiles: the lowest counted time that at least this share is not above, rounded up by at most 0.1 %.
    pub p50: u64,
    /// 90 %
    pub p90: u64,
    /// 95 %
    pub p95: u64,
    /// 99 %
    pub p99: u64,
    /// 99.9 %
    pub p999: u64,
    /// The highest, exactly.
    pub max: u64,
}

/// One point of a percentile curve.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CurvePoint {
    /// The share of times that are not above `us`, from 0 to 1.
    pub quantile: f64,
    /// The time in microseconds.
    pub us: u64,
}

impl Histogram {
    /// Counts one time.
    pub fn record(&mut self, us: u64) {
        self.widen(us, us);
        self.counts.get_or_insert_with(empty).saturating_record(us);
    }

    /// Adds every count of `other`; exact, and in any order.
    pub fn merge(&mut self, other: &Self) {
        let Some(counts) = &other.counts else { return };
        self.widen(other.min_us, other.max_us);
        match &mut self.counts {
            None => self.counts = Some(counts.clone()),
            // Cannot fail: both have the same fixed bounds.
            Some(own) => drop(own.add(counts.as_ref())),
        }
    }

    fn widen(&mut self, min_us: u64, max_us: u64) {
        self.min_us = if self.counts.is_none() { min_us } else { self.min_us.min(min_us) };
        self.max_us = self.max_us.max(max_us);
    }

    /// The memory of one that has counted something, whatever it has counted.
    pub fn bytes_in_use() -> u64 {
        (size_of::<Hdr<u64>>() + empty().distinct_values() * size_of::<u64>()) as u64
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.counts.as_ref().map_or(0, |counts| counts.len())
    }

    /// The time at `quantile` (0 to 1); none of nothing.
    pub fn quantile_us(&self, quantile: f64) -> Option<u64> {
        let counts = self.counts.as_ref()?;
        let us = counts.value_at_quantile(quantile);
        // A bucket's upper edge may lie above the highest time in it; beyond an hour only the exact maximum is known.
        Some(if quantile >= 1.0 { self.max_us } else { us.min(self.max_us) })
    }

    /// The figures that reports show.
    pub fn latency(&self) -> Latency {
        let Some(counts) = &self.counts else { return Latency::default() };
        let at = |quantile| self.quantile_us(quantile).unwrap_or_default();
        Latency {
            count: counts.len(),
            min: self.min_us,
            mean: counts.mean(),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: self.max_us,
        }
    }

    /// The percentile curve, denser towards the tail, ending in the maximum.
    pub fn curve(&self) -> Vec<CurvePoint> {
        let Some(counts) = &self.counts else { return Vec::new() };
        let mut points: Vec<CurvePoint> = counts
            .iter_quantiles(5)
            .map(|step| CurvePoint {
                quantile: step.quantile_iterated_to(),
                us: step.value_iterated_to().min(self.max_us),
            })
            .collect();
        if let Some(last) = points.last_mut() {
            last.us = self.max_us;
        }
        points
    }

    /// Every bucket that holds something: its lowest time and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.counts.iter().flat_map(|counts| {
            counts
                .iter_recorded()
                .map(|step| (counts.lowest_equivalent(step.value_iterated_to()), step.count_at_value()))
        })
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.buckets()).finish()
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        (self.min_us, self.max_us) == (other.min_us, other.max_us) && self.buckets().eq(other.buckets())
    }
}

#[expect(clippy::expect_used, reason = "the bounds are constants that a test holds valid")]
fn empty() -> Box<Hdr<u64>> {
    Box::new(Hdr::new_with_bounds(1, HIGHEST_US, DIGITS).expect("1 µs to one hour with 3 digits are valid bounds"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(times: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        times.iter().for_each(|us| histogram.record(*us));
        histogram
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Histogram::default().quantile_us(0.95), None);
        assert_eq!(Histogram::default().latency(), Latency::default());
        assert!(Histogram::default().curve().is_empty());
    }

    #[test]
    fn percentiles_are_within_a_thousandth_and_the_maximum_is_exact() {
        let histogram = of(&(1..=100_000).collect::<Vec<_>>());
        let latency = histogram.latency();
        for (seen, wanted) in [(latency.p50, 50_000), (latency.p95, 95_000), (latency.p999, 99_900)] {
            assert!((wanted..=wanted + wanted / 1000).contains(&seen), "{seen} for {wanted}");
        }
        assert_eq!((latency.min, latency.max, latency.count), (1, 100_000, 100_000));
    }

    #[test]
    fn beyond_the_highest_time_the_maximum_stays_exact() {
        let latency = of(&[5, HIGHEST_US * 3]).latency();
        assert_eq!(latency.max, HIGHEST_US * 3);
        assert!(latency.p99 >= HIGHEST_US);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn merging_parts_is_exact_whatever_the_order(times in prop::collection::vec(0u64..4_000_000_000, 0..200), cut in 0usize..200) {
            let (left, right) = times.split_at(cut.min(times.len()));
            let (whole, left, right) = (of(&times), of(left), of(right));
            let mut forth = left.clone();
            forth.merge(&right);
            let mut back = right;
            back.merge(&left);
            prop_assert!(forth == whole && back == whole);
        }

        #[test]
        fn the_curve_climbs_to_the_maximum(times in prop::collection::vec(0u64..90_000_000, 1..200)) {
            let curve = of(&times).curve();
            prop_assert!(curve.is_sorted_by_key(|point| point.us));
            prop_assert_eq!(curve.last().map(|point| point.us), times.iter().max().copied());
        }
    }
}
