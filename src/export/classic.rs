//! Times as a classic histogram: how many were not above each of a few bounds, for whoever knows no native ones.

use crate::metrics::Histogram;

/// The bounds in microseconds: dense around what gates ask of a service.
const BOUNDS_US: [u64; 19] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 150_000, 200_000, 300_000, 400_000, 500_000, 600_000,
    800_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000,
];

/// How many of `times` were not above each bound, which is in seconds; the last is infinite and counts them all.
pub(super) fn cumulative(times: &Histogram) -> Vec<(f64, u64)> {
    let bounded = BOUNDS_US.map(|us| (us as f64 / 1e6, times.at_most(us)));
    bounded.into_iter().chain([(f64::INFINITY, times.count())]).collect()
}

/// The same, each bucket by itself.
pub(super) fn apart(times: &Histogram) -> Vec<(f64, u64)> {
    let mut below = 0;
    let each = cumulative(times).into_iter().map(|(bound, count)| {
        let own = count - below;
        below = count;
        (bound, own)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_below_every_bound_above_it() {
        let mut times = Histogram::default();
        [900, 5_000, 450_000, 90_000_000].into_iter().for_each(|us| times.record(us));
        let all = cumulative(&times);
        let at = |bound: f64| all.iter().find(|(at, _)| *at == bound).map(|(_, count)| *count);
        assert_eq!([0.001, 0.005, 0.4, 0.5, 30.0, f64::INFINITY].map(at), [1, 2, 2, 3, 3, 4].map(Some));
        assert_eq!(apart(&times).iter().map(|(_, count)| count).sum::<u64>(), 4);
    }
}
