//! Where something that only falls crosses zero, from values with errors at a few places.
//!
//! The margin of a gate falls as the rate grows, and nothing else is assumed of how. For each gap between two rates the
//! question is how well the values fit if the crossing lies there: a falling curve that is nowhere below zero left of it,
//! and nowhere above zero right of it, fitted by least squares. Gaps that fit hardly worse than the best belong to the
//! interval: the likelihood-ratio interval of M. Banerjee and J. A. Wellner ("Likelihood ratio tests for monotone
//! functions", *Annals of Statistics* 29(6), 2001), with the threshold of the chi-squared distribution, which is larger.

/// A value with its weight, the inverse of its squared error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    /// Where it is.
    pub(super) at: f64,
    /// What it is.
    pub(super) value: f64,
    /// How much it counts.
    pub(super) weight: f64,
}

/// Where the crossing lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Crossing {
    /// The gap that fits best: from the value below it to that above; none beyond the first or the last.
    pub(super) best: (Option<f64>, Option<f64>),
    /// The values at the ends of that gap; zero beyond the first or the last.
    pub(super) values: (f64, f64),
    /// All gaps that fit hardly worse.
    pub(super) interval: (Option<f64>, Option<f64>),
}

/// Places that differ by less than this share are one.
const SAME: f64 = 1e-3;

/// The crossing of `values`; gaps that fit worse than the best by more than `threshold` are out of the interval. None of
/// nothing.
pub(super) fn crossing(values: &[Value], threshold: f64) -> Option<Crossing> {
    let values = pooled(values);
    // Gap k lies below value k.
    let costs: Vec<f64> =
        (0..=values.len()).map(|gap| cost(&values[..gap], f64::max) + cost(&values[gap..], f64::min)).collect();
    let least = costs.iter().copied().reduce(f64::min).filter(|_| !values.is_empty())?;
    let best: Vec<usize> = (0..costs.len()).filter(|gap| costs[*gap] <= least + 1e-9).collect();
    let within: Vec<usize> = (0..costs.len()).filter(|gap| costs[*gap] <= least + threshold).collect();
    let around = |gaps: &[usize]| {
        let low = gaps.first().and_then(|gap| gap.checked_sub(1)).map(|below| values[below].at);
        (low, gaps.last().and_then(|gap| values.get(*gap)).map(|above| above.at))
    };
    let value = |at: Option<f64>| values.iter().find(|own| Some(own.at) == at).map_or(0.0, |own| own.value);
    let (low, high) = around(&best);
    Some(Crossing { best: (low, high), values: (value(low), value(high)), interval: around(&within) })
}

/// The values in order of place, those of one place as one.
fn pooled(values: &[Value]) -> Vec<Value> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|one, other| one.at.total_cmp(&other.at));
    let mut pooled: Vec<Value> = Vec::with_capacity(sorted.len());
    for own in sorted {
        match pooled.last_mut() {
            Some(last) if own.at <= last.at * (1.0 + SAME) => *last = together(*last, own),
            _ => pooled.push(own),
        }
    }
    pooled
}

/// Two values as one, at the place of the first.
fn together(one: Value, other: Value) -> Value {
    let weight = one.weight + other.weight;
    Value { value: (one.value * one.weight + other.value * other.weight) / weight, weight, ..one }
}

/// How badly a falling curve fits `values` that is on one side of zero, to which `bound` moves it.
fn cost(values: &[Value], bound: fn(f64, f64) -> f64) -> f64 {
    // Pool adjacent violators: a value above the one before it is put together with it.
    let mut blocks: Vec<(Value, usize)> = Vec::with_capacity(values.len());
    for own in values {
        let mut block = (*own, 1);
        while let Some((last, count)) = blocks.pop_if(|(last, _)| last.value <= block.0.value) {
            block = (together(last, block.0), block.1 + count);
        }
        blocks.push(block);
    }
    let fitted = blocks.iter().flat_map(|(block, count)| std::iter::repeat_n(bound(block.value, 0.0), *count));
    values.iter().zip(fitted).map(|(own, fit)| own.weight * (own.value - fit).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(all: &[(f64, f64, f64)]) -> Vec<Value> {
        all.iter().map(|(at, value, weight)| Value { at: *at, value: *value, weight: *weight }).collect()
    }

    #[test]
    fn it_lies_between_what_holds_and_what_breaks() {
        let clear = values(&[(10.0, 2.0, 9.0), (20.0, 1.0, 9.0), (40.0, -1.0, 9.0)]);
        let found = crossing(&clear, 3.84).unwrap();
        assert_eq!((found.best, found.interval), ((Some(20.0), Some(40.0)), (Some(20.0), Some(40.0))));
        let weak = values(&[(10.0, 2.0, 9.0), (20.0, 1.0, 1.0), (40.0, -1.0, 1.0)]);
        assert_eq!(crossing(&weak, 3.84).unwrap().interval, (Some(10.0), None), "one weak value decides nothing");
    }

    #[test]
    fn values_that_agree_decide_together_and_such_that_do_not_cancel_each_other() {
        let twice = values(&[(20.0, 1.0, 3.0), (20.0, 1.0, 3.0), (40.0, -1.0, 3.0), (41.0, -1.0, 3.0)]);
        assert_eq!(crossing(&twice, 3.84).unwrap().interval, (Some(20.0), Some(41.0)));
        let torn = values(&[(10.0, 1.0, 9.0), (20.0, 1.0, 3.0), (20.0, -1.0, 3.0), (40.0, -1.0, 9.0)]);
        assert_eq!(crossing(&torn, 3.84).unwrap().interval, (Some(10.0), Some(40.0)));
    }

    #[test]
    fn beyond_all_values_there_is_no_end() {
        let all_hold = crossing(&values(&[(10.0, 1.0, 9.0), (20.0, 1.0, 9.0)]), 3.84).unwrap();
        assert_eq!(all_hold.best, (Some(20.0), None));
        let none_holds = crossing(&values(&[(10.0, -1.0, 9.0)]), 3.84).unwrap();
        assert_eq!(none_holds.best, (None, Some(10.0)));
        assert_eq!(crossing(&[], 3.84), None);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_best_gap_and_order_does_not_matter(
            all in prop::collection::vec((1.0f64..1_000.0, -3.0f64..3.0, 0.1f64..9.0), 1..12), threshold in 0.0f64..9.0,
        ) {
            let found = crossing(&values(&all), threshold).unwrap();
            let low = |end: Option<f64>| end.unwrap_or(0.0);
            let high = |end: Option<f64>| end.unwrap_or(f64::INFINITY);
            prop_assert!(low(found.interval.0) <= low(found.best.0) && high(found.best.1) <= high(found.interval.1));
            let wider = crossing(&values(&all), threshold + 1.0).unwrap();
            prop_assert!(low(wider.interval.0) <= low(found.interval.0) && high(found.interval.1) <= high(wider.interval.1));
            let mut turned = values(&all);
            turned.reverse();
            let again = crossing(&turned, threshold).unwrap();
            prop_assert!((low(again.best.0) - low(found.best.0)).abs() < 1.1, "{again:?} {found:?}");
        }
    }
}
