//! Student's t and the normal distribution, as far as intervals need them.

/// The share of the t distribution with `df` degrees of freedom that lies above `t`.
pub(super) fn t_above(t: f64, df: f64) -> f64 {
    if !t.is_finite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let tail = 0.5 * incomplete_beta(0.5 * df, 0.5, df / (df + t * t));
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// The t above which lies `share` (below one half) of the distribution: Newton's method, which climbs to it from zero
/// without passing it, since the tail is convex.
pub(super) fn t_beyond(share: f64, df: f64) -> f64 {
    let scale = (ln_gamma(0.5 * (df + 1.0)) - ln_gamma(0.5 * df)).exp() / (df * std::f64::consts::PI).sqrt();
    let mut t = 0.0;
    for _ in 0..100 {
        let density = scale * (1.0 + t * t / df).powf(-0.5 * (df + 1.0));
        let step = (t_above(t, df) - share) / density;
        t += step;
        if step <= 1e-9 * (1.0 + t) {
            break;
        }
    }
    t
}

/// The share of the normal distribution that lies above `z`: Abramowitz and Stegun, 1964, 7.1.26, to 1e-7.
pub(super) fn normal_above(z: f64) -> f64 {
    const TERMS: [f64; 5] = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let sum = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let tail = 0.5 * sum * (-x * x).exp();
    if z >= 0.0 { tail } else { 1.0 - tail }
}

/// The regularised incomplete beta function by its continued fraction (Lentz's method).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = (a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp() / a;
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for step in 1..300 {
        let m = f64::from(step);
        for term in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-12 {
            break;
        }
    }
    front * fraction
}

/// The logarithm of the gamma function: Lanczos, 1964.
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.120_865_097_386_617_9e-2,
        -0.539_523_938_495_3e-5,
    ];
    let base = x + 5.5;
    let sum: f64 = TERMS.iter().zip(1..).map(|(term, k)| term / (x + f64::from(k))).sum();
    (x + 0.5) * base.ln() - base + (2.506_628_274_631_000_5 * (1.000_000_000_190_015 + sum) / x).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_books_come_out() {
        // Two-sided 95 % and one-sided 0.5 %, from any table of Student's t.
        for (share, df, wanted) in [
            (0.025, 1.0, 12.706),
            (0.025, 5.0, 2.571),
            (0.025, 28.0, 2.048),
            (0.005, 10.0, 3.169),
            (0.0005, 30.0, 3.646),
            (0.0005, 2.0, 31.599),
            (0.025, 1e4, 1.960),
        ] {
            assert!((t_beyond(share, df) - wanted).abs() < 2e-3, "{share} {df}: {}", t_beyond(share, df));
        }
        for (z, wanted) in [(0.0, 0.5), (1.96, 0.025), (-1.96, 0.975), (3.0, 0.001_35)] {
            assert!((normal_above(z) - wanted).abs() < 1e-5);
        }
        assert_eq!((t_above(f64::INFINITY, 3.0), t_above(f64::NEG_INFINITY, 3.0)), (0.0, 1.0));
    }
}
