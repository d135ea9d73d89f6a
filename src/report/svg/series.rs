//! A long series as at most [`MOST_POINTS`] points that keep every peak and every dip.

/// More points than this no screen shows apart.
pub(crate) const MOST_POINTS: usize = 600;

/// Points that are joined by a line.
pub(crate) type Run = Vec<(f64, f64)>;

/// The values by second as runs without gaps, at the middle of their seconds.
///
/// Where there are more than `most` seconds they are put together, and each group leaves its lowest and its highest value in
/// the order in which they came.
pub(crate) fn runs(values: &[(u64, f64)], most: usize) -> Vec<Run> {
    let (Some((first, _)), Some((last, _))) = (values.first(), values.last()) else { return Vec::new() };
    let span = last.saturating_sub(*first) + 1;
    let group = match span <= most as u64 {
        true => 1,
        false => span.div_ceil(most.max(2) as u64 / 2),
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Option<u64> = None;
    for chunk in values.chunk_by(|left, right| (left.0 - first) / group == (right.0 - first) / group) {
        let number = (chunk[0].0 - first) / group;
        let points = extremes(chunk).map(|(second, value)| (second as f64 + 0.5, value));
        match runs.last_mut().filter(|_| before.is_some_and(|before| before + 1 == number)) {
            Some(run) => run.extend(points),
            None => runs.push(points.collect()),
        }
        before = Some(number);
    }
    runs
}

/// The lowest and the highest, in order of time; one of them where they are the same.
fn extremes(chunk: &[(u64, f64)]) -> impl Iterator<Item = (u64, f64)> + use<> {
    let lowest = chunk.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let highest = chunk.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
    let (first, second) = match (lowest, highest) {
        (Some(low), Some(high)) if low.0 == high.0 || low.1 == high.1 => (Some(low), None),
        (Some(low), Some(high)) if high.0 < low.0 => (Some(high), Some(low)),
        both => both,
    };
    first.into_iter().chain(second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_series_are_left_alone_and_gaps_stay() {
        assert_eq!(runs(&[(0, 1.0), (1, 2.0), (4, 3.0)], 600), [vec![(0.5, 1.0), (1.5, 2.0)], vec![(4.5, 3.0)]]);
        assert!(runs(&[], 600).is_empty());
    }

    proptest! {
        #[test]
        fn few_points_keep_the_extremes(values in prop::collection::vec(0.0f64..1e9, 1..5_000), most in 2usize..700) {
            let values: Vec<_> = (0..).zip(values).collect();
            let drawn: Vec<_> = runs(&values, most).concat();
            prop_assert!(drawn.len() <= most.max(2));
            prop_assert!(drawn.is_sorted_by_key(|point| point.0));
            let highest = |ys: Vec<f64>| ys.into_iter().fold(f64::MIN, f64::max);
            let lowest = |ys: Vec<f64>| ys.into_iter().fold(f64::MAX, f64::min);
            let (all, shown): (Vec<_>, Vec<_>) = (values.iter().map(|v| v.1).collect(), drawn.iter().map(|v| v.1).collect());
            prop_assert_eq!((highest(all.clone()), lowest(all)), (highest(shown.clone()), lowest(shown)));
        }
    }
}
