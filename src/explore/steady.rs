//! Where a load has become steady: the beginning of it, in which queues fill and caches warm up, is not judged.
//!
//! MSER (K. P. White, "An effective truncation heuristic for bias reduction in simulation output", *Simulation* 69(6),
//! 1997): of all cuts, the one whose remainder has a mean with the smallest standard error. A remainder that would be best
//! with half of the load cut off, or more, has no such beginning: it is on its way somewhere.

/// The first second is never judged: connections are made in it.
const FIRST: usize = 1;
/// Fewer values than this say nothing of where they are steady.
const FEWEST: usize = 4;

/// How many of `values`, one a second, belong to the beginning; none if they are not steady (yet).
pub(super) fn steady_from(values: &[f64]) -> Option<usize> {
    if values.len() < FEWEST {
        return None;
    }
    let latest = values.len() / 2;
    let cut = (FIRST..=latest).min_by(|one, other| mser(&values[*one..]).total_cmp(&mser(&values[*other..])))?;
    (cut < latest).then_some(cut)
}

/// The squared standard error of the mean of `values`.
fn mser(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some noise without a pattern, from 0 to 1.
    fn noise(k: usize) -> f64 {
        (k * 2_654_435_761 % 1_000) as f64 / 1_000.0
    }

    #[test]
    fn a_beginning_is_cut_off_where_it_ends() {
        let values: Vec<f64> = (0..20).map(|k| if k < 4 { 90.0 - 20.0 * k as f64 } else { 10.0 + noise(k) }).collect();
        assert!(steady_from(&values).is_some_and(|cut| (4..=6).contains(&cut)), "{:?}", steady_from(&values));
        let even: Vec<f64> = (0..12).map(|k| 10.0 + noise(k)).collect();
        assert!(steady_from(&even).is_some_and(|cut| cut <= 4), "{:?}", steady_from(&even));
    }

    #[test]
    fn what_climbs_to_its_end_is_not_steady_and_neither_is_too_little() {
        let climbing: Vec<f64> = (0..20).map(|k| 10.0 * k as f64).collect();
        assert_eq!(steady_from(&climbing), None);
        assert_eq!(steady_from(&[1.0, 1.0, 1.0]), None);
        assert_eq!(steady_from(&[9.0, 1.0, 1.0, 1.0, 1.0, 1.0]), Some(1), "the first second is never judged");
    }
}
