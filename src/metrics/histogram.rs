//! A histogram of times in microseconds: HDR, three significant digits, 1 µs to one hour.

use std::fmt;

use hdrhistogram::Histogram as Hdr;

use super::pages::{self, Pages};

/// Beyond an hour a time is counted as an hour; the exact maximum is kept beside.
const HIGHEST_US: u32 = 3_600_000_000;
const DIGITS: u8 = 3;
/// So many times are kept as they are: what one step sees in a second is often no more.
const FEW: usize = 256;

/// Counted times. It takes memory for what was counted, not for what could be; figures are read from an
/// `hdrhistogram` that is made of it when somebody asks.
#[derive(Clone, Default)]
pub struct Histogram {
    /// The times themselves, while there are few.
    few: Vec<u32>,
    /// All of them, once there are more.
    pages: Pages,
    count: u64,
    /// The extremes, exactly: the library's own depend on the order of merging within a bucket.
    min_us: u64,
    max_us: u64,
}

/// The figures of a histogram, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
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
    /// How many times are not above `us`.
    #[serde(default)]
    pub count: u64,
}

impl Histogram {
    /// Counts one time.
    pub fn record(&mut self, us: u64) {
        self.widen(us, us);
        self.count += 1;
        self.put(u32::try_from(us).map_or(HIGHEST_US, |us| us.min(HIGHEST_US)));
    }

    /// Counts one time `count` times.
    pub fn record_n(&mut self, us: u64, count: u64) {
        if count > 0 {
            self.widen(us, us);
            self.count += count;
            self.spill();
            self.pages.count_n(u32::try_from(us).map_or(HIGHEST_US, |us| us.min(HIGHEST_US)), count);
        }
    }

    /// Adds every count of `other`; exact, and in any order.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.widen(other.min_us, other.max_us);
        self.count += other.count;
        if !other.pages.is_empty() {
            self.spill();
            self.pages.merge(&other.pages);
        }
        other.few.iter().for_each(|us| self.put(*us));
    }

    fn put(&mut self, us: u32) {
        if self.pages.is_empty() {
            if self.few.len() < FEW {
                return self.few.push(us);
            }
            self.spill();
        }
        self.pages.count(us);
    }

    fn spill(&mut self) {
        std::mem::take(&mut self.few).into_iter().for_each(|us| self.pages.count(us));
    }

    fn widen(&mut self, min_us: u64, max_us: u64) {
        self.min_us = if self.count == 0 { min_us } else { self.min_us.min(min_us) };
        self.max_us = self.max_us.max(max_us);
    }

    /// The memory that it has on the heap.
    pub fn bytes(&self) -> usize {
        self.few.capacity() * size_of::<u32>() + self.pages.bytes()
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The same as the library counts it; none of nothing.
    fn counts(&self) -> Option<Hdr<u64>> {
        let mut counts = (self.count > 0).then(|| sized_for(self.max_us))?;
        self.few.iter().for_each(|us| counts.saturating_record(u64::from(*us)));
        self.pages.bins().for_each(|(us, count)| counts.saturating_record_n(us, count));
        Some(counts)
    }

    /// The time at `quantile` (0 to 1); none of nothing.
    pub fn quantile_us(&self, quantile: f64) -> Option<u64> {
        let counts = self.counts()?;
        // A bucket's upper edge may lie above the highest time in it; beyond an hour only the exact maximum is known.
        Some(if quantile >= 1.0 { self.max_us } else { counts.value_at_quantile(quantile).min(self.max_us) })
    }

    /// How many times were not above `us`: exact for what [`Self::quantile_us`] gives.
    pub fn at_most(&self, us: u64) -> u64 {
        let few = self.few.iter().filter(|time| u64::from(**time) <= us).count() as u64;
        few + self.pages.bins().filter(|(lowest, _)| *lowest <= us).map(|(_, count)| count).sum::<u64>()
    }

    /// Between which times the one lies that comes at `rank`, counted from 1 for the lowest; none beyond the highest.
    pub fn at_rank(&self, rank: u64) -> Option<(u64, u64)> {
        let counts = self.counts()?;
        let mut below = 0;
        let step = counts.iter_recorded().find(|step| {
            below += step.count_at_value();
            below >= rank
        })?;
        let us = step.value_iterated_to();
        let (lowest, highest) = (counts.lowest_equivalent(us), counts.highest_equivalent(us));
        Some((lowest.max(self.min_us), highest.min(self.max_us)))
    }

    /// The sum of all times, within 0.1 %, without making the library's histogram.
    pub fn sum_us(&self) -> f64 {
        let few = self.few.iter().map(|us| (u64::from(*us), 1));
        few.chain(self.pages.bins()).map(|(us, count)| pages::middle(us) as f64 * count as f64).sum()
    }

    /// The mean and the variance of single times; none of nothing.
    pub fn mean_and_variance(&self) -> Option<(f64, f64)> {
        let counts = self.counts()?;
        Some((counts.mean(), counts.stdev().powi(2)))
    }

    /// The figures that reports show.
    pub fn latency(&self) -> Latency {
        let Some(counts) = self.counts() else { return Latency::default() };
        // All in one pass.
        let mut at = counts.value_at_quantiles([0.5, 0.9, 0.95, 0.99, 0.999]).map(|us| us.min(self.max_us));
        let mut next = || at.next().unwrap_or_default();
        let (p50, p90, p95, p99, p999) = (next(), next(), next(), next(), next());
        Latency { count: self.count, min: self.min_us, mean: counts.mean(), p50, p90, p95, p99, p999, max: self.max_us }
    }

    /// The percentile curve, denser towards the tail, ending in the maximum.
    pub fn curve(&self) -> Vec<CurvePoint> {
        let Some(counts) = self.counts() else { return Vec::new() };
        let mut seen = 0;
        let mut points: Vec<CurvePoint> = counts
            .iter_quantiles(5)
            .map(|step| {
                seen += step.count_since_last_iteration();
                let us = step.value_iterated_to().min(self.max_us);
                CurvePoint { quantile: step.quantile_iterated_to(), us, count: seen }
            })
            .collect();
        if let Some(last) = points.last_mut() {
            last.us = self.max_us;
        }
        points
    }

    /// Every bucket that holds something: its lowest time and its count.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let Some(counts) = self.counts() else { return Vec::new() };
        let recorded = counts.iter_recorded();
        recorded.map(|step| (counts.lowest_equivalent(step.value_iterated_to()), step.count_at_value())).collect()
    }
}

impl Histogram {
    /// The lowest and the highest time, exactly; none of nothing.
    pub fn extremes(&self) -> Option<(u64, u64)> {
        (self.count > 0).then_some((self.min_us, self.max_us))
    }

    /// An empty histogram of the library with the bounds of all of ours, so that any two can be added.
    pub fn library() -> Hdr<u64> {
        sized_for(u64::from(HIGHEST_US))
    }

    /// Puts the counts in place of those of `library`, which has the bounds of [`Self::library`].
    pub fn copy_to(&self, library: &mut Hdr<u64>) {
        library.reset();
        self.few.iter().for_each(|us| library.saturating_record(u64::from(*us)));
        self.pages.bins().for_each(|(us, count)| library.saturating_record_n(us, count));
    }

    /// What [`Self::copy_to`] gave `library`, with the exact extremes; none if they do not belong to the counts.
    pub fn copied_from(library: &Hdr<u64>, min_us: u64, max_us: u64) -> Option<Self> {
        let highest = u64::from(HIGHEST_US);
        let mut times = Self::default();
        for step in library.iter_recorded() {
            times.record_n(library.lowest_equivalent(step.value_iterated_to()).min(highest), step.count_at_value());
        }
        let belong = |us: u64, counted: u64| library.equivalent(us.min(highest), counted);
        let belong = belong(min_us, times.min_us) && belong(max_us, times.max_us) && min_us <= max_us;
        (times.min_us, times.max_us) = (min_us, max_us);
        (times.count > 0 && belong).then_some(times)
    }

    /// Every bucket that holds something: the highest time that falls into it, as percentiles give it, and its count.
    pub fn edges(&self) -> Vec<(u64, u64)> {
        let Some(counts) = self.counts() else { return Vec::new() };
        let highest = |us: u64| counts.highest_equivalent(us).min(self.max_us);
        counts.iter_recorded().map(|step| (highest(step.value_iterated_to()), step.count_at_value())).collect()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.buckets()).finish()
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        (self.min_us, self.max_us) == (other.min_us, other.max_us) && self.buckets() == other.buckets()
    }
}

/// A histogram of the library with room for times up to `us`; where its buckets lie does not depend on that.
#[expect(clippy::expect_used, reason = "any highest time of two or more is valid with three digits from 1 µs on")]
pub(super) fn sized_for(us: u64) -> Hdr<u64> {
    let highest = us.clamp(2, u64::from(HIGHEST_US));
    Hdr::new_with_bounds(1, highest, DIGITS).expect("1 µs to at most an hour with 3 digits are valid bounds")
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

    /// Times of every size, beyond the highest too.
    fn any_time() -> impl Strategy<Value = u64> {
        prop_oneof![0u64..4_096, 0u64..100_000, 0u64..90_000_000, 0u64..5_000_000_000]
    }

    #[test]
    fn memory_is_for_what_was_counted() {
        assert_eq!(Histogram::default().bytes(), 0);
        assert!(of(&[7; 100]).bytes() <= 512);
        // A second of a busy step, between 1 and 5 ms.
        let busy = of(&(0..20_000u64).map(|k| 1_000 + k * 7_919 % 4_000).collect::<Vec<_>>());
        assert!(busy.bytes() < 24 << 10, "{}", busy.bytes());
        // Whatever comes, no more than all counters there are: the library's own are 184 KiB.
        let every =
            of(&(0..32u32).flat_map(|shift| (0..4_096u32).map(move |k| u64::from(k << shift))).collect::<Vec<u64>>());
        assert!(every.bytes() < 200 << 10, "{}", every.bytes());
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
        let latency = of(&[5, u64::from(HIGHEST_US) * 3]).latency();
        assert_eq!(latency.max, u64::from(HIGHEST_US) * 3);
        assert!(latency.p99 >= u64::from(HIGHEST_US));
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
        fn figures_are_those_of_the_library(times in prop::collection::vec(any_time(), 1..2_000), cuts in prop::collection::vec(0usize..2_000, 0..4)) {
            let mut library = Hdr::<u64>::new_with_bounds(1, u64::from(HIGHEST_US), DIGITS).unwrap();
            times.iter().for_each(|us| library.saturating_record((*us).min(u64::from(HIGHEST_US))));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % times.len()).chain([0, times.len()]).collect();
            cuts.sort_unstable();
            let mut merged = Histogram::default();
            cuts.windows(2).for_each(|part| merged.merge(&of(&times[part[0]..part[1]])));
            for histogram in [of(&times), merged] {
                for quantile in [0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999] {
                    let max = times.iter().max().copied().unwrap();
                    let wanted = library.value_at_quantile(quantile).min(max);
                    prop_assert_eq!(histogram.quantile_us(quantile), Some(wanted), "at {}", quantile);
                }
                prop_assert_eq!(histogram.latency().mean, library.mean());
                let sum = library.mean() * library.len() as f64;
                prop_assert!((histogram.sum_us() - sum).abs() <= sum * 1e-9, "{} for {}", histogram.sum_us(), sum);
                prop_assert_eq!(histogram.count(), library.len());
                prop_assert_eq!(histogram.curve().len(), library.iter_quantiles(5).count());
            }
        }

        #[test]
        fn ranks_and_counts_agree_with_the_times_themselves(times in prop::collection::vec(any_time(), 1..600), rank in 1u64..700) {
            let (histogram, mut sorted) = (of(&times), times.clone());
            sorted.sort_unstable();
            // Beyond the highest time only the maximum is known.
            let within = |us: u64| us.min(u64::from(HIGHEST_US));
            match (histogram.at_rank(rank), sorted.get(rank as usize - 1)) {
                (Some((low, high)), Some(us)) if *us <= u64::from(HIGHEST_US) => {
                    prop_assert!((low..=high).contains(us), "{} in {}..={}", us, low, high);
                    prop_assert!(high - low <= high / 1_000);
                }
                (seen, wanted) => prop_assert_eq!(seen.is_some(), wanted.is_some()),
            }
            for quantile in [0.1, 0.5, 0.95] {
                let us = histogram.quantile_us(quantile).unwrap();
                let wanted = times.iter().filter(|time| within(**time) <= us).count() as u64;
                prop_assert_eq!(histogram.at_most(us), wanted);
                prop_assert!(wanted as f64 >= quantile * times.len() as f64);
            }
        }

        #[test]
        fn what_the_library_is_given_comes_back_the_same(times in prop::collection::vec(any_time(), 1..600)) {
            let (histogram, mut library) = (of(&times), Histogram::library());
            histogram.copy_to(&mut library);
            let (min, max) = histogram.extremes().unwrap();
            prop_assert_eq!(Histogram::copied_from(&library, min, max), Some(histogram));
            if max < 1_000_000_000 {
                prop_assert_eq!(Histogram::copied_from(&library, min, max * 2 + 2), None, "that was not counted");
            }
        }

        #[test]
        fn the_curve_climbs_to_the_maximum(times in prop::collection::vec(0u64..90_000_000, 1..200)) {
            let curve = of(&times).curve();
            prop_assert!(curve.is_sorted_by_key(|point| point.us));
            prop_assert_eq!(curve.last().map(|point| point.us), times.iter().max().copied());
        }
    }
}
