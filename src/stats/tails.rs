//! The tails of Student's t and of the normal distribution.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The share of the t distribution with `freedom` degrees of freedom that lies above `t`.
pub fn t_above(t: f64, freedom: f64) -> f64 {
    let share = StudentsT::new(0.0, 1.0, freedom).map(|student| student.sf(t));
    // Without a degree of freedom nothing is known of either side.
    share.unwrap_or(0.5)
}

/// The t above which lies `share` of the distribution; endless without a degree of freedom.
pub fn t_beyond(share: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| -student.inverse_cdf(share))
}

/// The share of the normal distribution that lies above `z`.
pub fn normal_above(z: f64) -> f64 {
    Normal::standard().sf(z)
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
