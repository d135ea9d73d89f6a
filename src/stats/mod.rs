//! How sure a figure is: intervals from counts, ranks and stretches of a run.
//!
//! Pure arithmetic without a clock, and without a word about load. `docs/measuring.md` says which methods these are and
//! where they come from.

mod mean;
mod quantile;
mod share;
mod stretches;
mod tails;
#[cfg(test)]
mod tests;

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

pub use mean::{Sum, mean};
pub use quantile::{Ranks, fewest_with_ends, ranks};
pub use share::share;
pub use stretches::{LEAST_STRETCHES, Part, Weight};
pub use tails::{normal_above, t_above, t_beyond};

/// The share of intervals that hold the true figure.
pub const CONFIDENCE: f64 = 0.95;

/// Beyond one end of an interval lies the true figure with this probability.
const TAIL: f64 = (1.0 - CONFIDENCE) / 2.0;
/// With more degrees of freedom Student's t is the normal distribution to three digits.
const AS_GOOD_AS_NORMAL: f64 = 1_000.0;

/// Where a figure lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ends {
    /// No lower than this.
    pub low: f64,
    /// No higher than this.
    pub high: f64,
}

/// So many standard errors to either side hold the true figure.
fn normal() -> f64 {
    Normal::standard().inverse_cdf(1.0 - TAIL)
}

/// The same where the standard error itself is estimated, with so many degrees of freedom.
fn student(freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if freedom < AS_GOOD_AS_NORMAL => student.inverse_cdf(1.0 - TAIL),
        _ => normal(),
    }
}
