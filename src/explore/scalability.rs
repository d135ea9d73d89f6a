//! The Universal Scalability Law, fitted to throughput over concurrency, where it earns its place.
//!
//! N. J. Gunther (*Guerrilla Capacity Planning*, 2007, chapters 4 to 6): `X(n) = γ n / (1 + α (n − 1) + β n (n − 1))`, with
//! contention α and the cost of keeping in step β. `n / X(n)` is linear in `1`, `n − 1` and `n (n − 1)`, so the fit is one of
//! weighted least squares with no coefficient below zero. A law that explains little, or no more than a straight line does,
//! is not told (H. Akaike's criterion with the correction of C. M. Hurvich and C.-L. Tsai, *Biometrika* 76(2), 1989).

use super::knee::LEAST_S;
use super::point::{Ended, Outcome, Point};
use super::result::{Fit, Scalability};

/// With fewer points three coefficients fit anything.
const FEWEST: usize = 6;
/// Concurrency must reach over so wide a range.
const RANGE: f64 = 4.0;
/// The share of the variance that must be explained.
const EXPLAINED: f64 = 0.95;
/// So much better than a straight line it must be: the other has essentially no support then.
const BETTER: f64 = 10.0;

/// A peak has a point within this factor of its concurrency, and no more than this factor of the highest throughput.
const NEAR: f64 = 2.0;
const BEYOND: f64 = 1.05;

/// A number at one time, and how many a second.
#[derive(Debug, Clone, Copy)]
struct Load {
    n: f64,
    x: f64,
}

/// The law that `points` follow; none if they are too few or too alike, or follow no such law.
pub fn scalability(points: &[Point]) -> Option<Scalability> {
    let usable = points
        .iter()
        .filter(|own| !matches!(own.outcome, Outcome::Interrupted | Outcome::Generator) && own.judged_s >= LEAST_S)
        // Where it was stopped early, or never steady, throughput and concurrency are of different moments.
        .filter(|own| own.steady_from_s.is_some() && !matches!(own.ended, Ended::Spared | Ended::Refused));
    let loads: Vec<Load> = usable
        .map(|own| Load { n: own.in_flight, x: own.passed_per_s() })
        .filter(|own| own.n > 0.0 && own.x > 0.0)
        .collect();
    fitted(&loads)
}

fn fitted(loads: &[Load]) -> Option<Scalability> {
    let least = loads.iter().map(|own| own.n).reduce(f64::min)?;
    let most = loads.iter().map(|own| own.n).reduce(f64::max)?;
    if loads.len() < FEWEST || most < least * RANGE {
        return None;
    }
    // Each of the two costs may be absent.
    let all = [[true, true], [true, false], [false, true]].into_iter().filter_map(|with| solve(loads, with));
    let [a, b, c] = all.min_by(|one, other| squares(loads, *one).total_cmp(&squares(loads, *other)))?;
    let (gamma, alpha, beta) = (1.0 / a, b / a, c / a);
    let mean = loads.iter().map(|own| own.x).sum::<f64>() / loads.len() as f64;
    let variance: f64 = loads.iter().map(|own| (own.x - mean).powi(2)).sum();
    let left = squares(loads, [a, b, c]);
    let [line, _, _] = solve(loads, [false, false])?;
    let straight = squares(loads, [line, 0.0, 0.0]);
    let better_by = criterion(straight, loads.len(), 2) - criterion(left, loads.len(), 4);
    let r_squared = 1.0 - left / variance;
    if r_squared < EXPLAINED || better_by < BETTER {
        return None;
    }
    // A peak that nothing was seen of is none: between points far apart a curve may go anywhere.
    let highest = loads.iter().map(|own| own.x).fold(0.0, f64::max);
    let is_seen = |n: &f64| {
        let is_near = |own: &Load| own.n >= n / NEAR && own.n <= n * NEAR;
        loads.iter().any(is_near) && n / linear([a, b, c], *n) <= highest * BEYOND
    };
    let peak = (beta > 0.0 && alpha < 1.0).then(|| ((1.0 - alpha) / beta).sqrt());
    if peak.is_some_and(|n| n <= most && !is_seen(&n)) {
        return None;
    }
    let peak = peak.filter(is_seen);
    Some(Scalability {
        gamma,
        alpha,
        beta,
        peak_in_flight: peak,
        peak_per_s: peak.map(|n| n / linear([a, b, c], n)),
        fit: Fit { points: loads.len() as u64, r_squared, better_by },
    })
}

/// `n / X(n)`.
fn linear([a, b, c]: [f64; 3], n: f64) -> f64 {
    a + b * (n - 1.0) + c * n * (n - 1.0)
}

/// The squared differences of throughput.
fn squares(loads: &[Load], of: [f64; 3]) -> f64 {
    loads.iter().map(|own| (own.x - own.n / linear(of, own.n)).powi(2)).sum()
}

/// Corrected for few points; `count` coefficients, the scatter being one of them.
fn criterion(squares: f64, points: usize, count: usize) -> f64 {
    let (n, k) = (points as f64, count as f64);
    let correction = if n > k + 1.0 { 2.0 * k * (k + 1.0) / (n - k - 1.0) } else { f64::INFINITY };
    n * (squares.max(1e-12) / n).ln() + 2.0 * k + correction
}

/// The coefficients of `1`, `n − 1` and `n (n − 1)`, the last two only if `with` them; none if one is below zero.
fn solve(loads: &[Load], with: [bool; 2]) -> Option<[f64; 3]> {
    let used: Vec<usize> =
        [true, with[0], with[1]].iter().enumerate().filter(|(_, used)| **used).map(|(at, _)| at).collect();
    let mut rows = vec![[0.0; 4]; used.len()];
    for own in loads {
        let terms = [1.0, own.n - 1.0, own.n * (own.n - 1.0)];
        // A difference of n / X is one of X this many times.
        let weight = (own.x * own.x / own.n).powi(2);
        for (row, at) in rows.iter_mut().zip(&used) {
            for (column, other) in used.iter().enumerate() {
                row[column] += weight * terms[*at] * terms[*other];
            }
            row[3] += weight * terms[*at] * own.n / own.x;
        }
    }
    let solution = eliminated(rows)?;
    let mut all = [0.0; 3];
    used.iter().zip(&solution).for_each(|(at, value)| all[*at] = *value);
    (all[0] > 0.0 && all.iter().all(|own| *own >= 0.0)).then_some(all)
}

/// Solves linear equations whose right sides stand in the last column; none if they have no single solution.
fn eliminated(mut rows: Vec<[f64; 4]>) -> Option<Vec<f64>> {
    let count = rows.len();
    for column in 0..count {
        let pivot =
            (column..count).max_by(|one, other| rows[*one][column].abs().total_cmp(&rows[*other][column].abs()))?;
        rows.swap(column, pivot);
        let scale = rows[column][column];
        if scale.abs() < 1e-300 || !scale.is_finite() {
            return None;
        }
        rows[column].iter_mut().for_each(|value| *value /= scale);
        let own = rows[column];
        for (_, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != column) {
            let factor = row[column];
            row.iter_mut().zip(own).for_each(|(value, of)| *value -= factor * of);
        }
    }
    Some(rows.into_iter().map(|row| row[3]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(gamma: f64, alpha: f64, beta: f64, noise: f64) -> Vec<Load> {
        let x = |n: f64| gamma * n / (1.0 + alpha * (n - 1.0) + beta * n * (n - 1.0));
        let all = [0.1, 0.3, 1.0, 2.0, 5.0, 9.0, 20.0, 60.0];
        (0u32..).zip(all).map(|(k, n)| Load { n, x: x(n) * (1.0 + noise * f64::from(k % 3) - noise) }).collect()
    }

    #[test]
    fn the_law_that_points_follow_is_found() {
        let found = fitted(&law(100.0, 0.05, 0.0005, 0.0)).unwrap();
        assert!((found.gamma - 100.0).abs() < 1e-6 && (found.alpha - 0.05).abs() < 1e-9, "{found:?}");
        let peak = found.peak_in_flight.unwrap();
        assert!((peak - (0.95f64 / 0.0005).sqrt()).abs() < 1e-3, "{found:?}");
        let noisy = fitted(&law(100.0, 0.05, 0.0005, 0.02)).unwrap();
        assert!((noisy.gamma - 100.0).abs() < 10.0 && noisy.fit.r_squared > 0.98, "{noisy:?}");
    }

    #[test]
    fn one_server_has_contention_and_nothing_to_keep_in_step() {
        // M/M/1: X = μ n / (1 + n), which is the law with γ = μ / 2 and α = 1 / 2.
        let loads: Vec<Load> =
            [0.1, 0.25, 0.5, 1.0, 3.0, 9.0, 30.0].map(|n| Load { n, x: 80.0 * n / (1.0 + n) }).into();
        let found = fitted(&loads).unwrap();
        assert!((found.gamma - 40.0).abs() < 1e-3 && (found.alpha - 0.5).abs() < 1e-4, "{found:?}");
        assert!(found.beta < 1e-6, "{found:?}");
    }

    #[test]
    fn a_straight_line_few_points_and_a_cloud_have_no_law() {
        let line: Vec<Load> = (1..9u32).map(|n| Load { n: f64::from(n), x: 50.0 * f64::from(n) }).collect();
        assert!(fitted(&line).is_none());
        assert!(fitted(&law(100.0, 0.05, 0.0005, 0.0)[..5]).is_none());
        let cloud: Vec<Load> =
            (1..9u32).map(|n| Load { n: f64::from(n), x: 50.0 + f64::from(n * 7919 % 97) }).collect();
        assert!(fitted(&cloud).is_none());
    }
}
