//! How long an answer takes: a seeded draw from a distribution.
//!
//! Owns the written form (`none`, `5ms`, `5ms..40ms`) and the draws. Knows no clock: it gives durations, others wait.

use std::str::FromStr;
use std::time::Duration;

use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64;

/// The standard normal distribution's 99th percentile: what ties a log-normal's p99 to its sigma.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The distribution that the delay of each answer is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// Answer at once; no timer is involved.
    None,
    /// The same delay for every answer.
    Fixed(Duration),
    /// A log-normal distribution, the usual shape of a healthy server's latency.
    LogNormal {
        /// Half of the answers are faster.
        median: Duration,
        /// One answer in a hundred is slower.
        p99: Duration,
    },
}

impl Default for Latency {
    /// A median of 4 ms and a p99 of 30 ms.
    fn default() -> Self {
        Self::LogNormal { median: Duration::from_millis(4), p99: Duration::from_millis(30) }
    }
}

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Fixed(delay) => write!(f, "{}", humantime::format_duration(*delay)),
            Self::LogNormal { median, p99 } => {
                write!(f, "{}..{}", humantime::format_duration(*median), humantime::format_duration(*p99))
            }
        }
    }
}

/// Why a text is no latency.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LatencyError {
    /// One of the durations cannot be read.
    #[error(
        "`{text}` in a latency is not a duration ({reason}); write `none`, `5ms`, or median and p99 as in `5ms..40ms`"
    )]
    Duration {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The median is zero or above the p99.
    #[error("a latency's median must be above zero and not above its p99, as in `5ms..40ms`; `{0}` is not")]
    Order(String),
}

impl FromStr for Latency {
    type Err = LatencyError;

    fn from_str(text: &str) -> Result<Self, LatencyError> {
        let span = |part: &str| {
            humantime::parse_duration(part.trim())
                .map_err(|error| LatencyError::Duration { text: part.to_owned(), reason: error.to_string() })
        };
        if text == "none" {
            return Ok(Self::None);
        }
        let Some((median, p99)) = text.split_once("..") else {
            return Ok(Self::Fixed(span(text)?));
        };
        let (median, p99) = (span(median)?, span(p99)?);
        if median.is_zero() || median > p99 {
            return Err(LatencyError::Order(text.to_owned()));
        }
        Ok(Self::LogNormal { median, p99 })
    }
}

/// Draws one delay after the other; the same seed gives the same sequence.
#[derive(Debug)]
pub(super) struct LatencySource {
    shape: Shape,
    random: Pcg64,
}

#[derive(Debug)]
enum Shape {
    Fixed(Duration),
    Drawn(LogNormal<f64>),
}

impl LatencySource {
    /// A source for `latency`, fed by a random stream of its own so that faults do not shift the delays.
    pub(super) fn new(latency: Latency, seed: u64) -> Self {
        const STREAM: u128 = 0x006c_6174_656e_6379;
        let shape = match latency {
            Latency::None => Shape::Fixed(Duration::ZERO),
            Latency::Fixed(delay) => Shape::Fixed(delay),
            Latency::LogNormal { median, p99 } => log_normal(median, p99),
        };
        Self { shape, random: Pcg64::new(u128::from(seed), STREAM) }
    }

    /// The next answer's delay.
    pub(super) fn draw(&mut self) -> Duration {
        match &self.shape {
            Shape::Fixed(delay) => *delay,
            Shape::Drawn(distribution) => {
                let seconds = distribution.sample(&mut self.random);
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
        }
    }
}

fn log_normal(median: Duration, p99: Duration) -> Shape {
    let (median_s, p99_s) = (median.as_secs_f64(), p99.as_secs_f64());
    // Built by hand, a latency may hold what its parser refuses: such a pair falls back to its median.
    match LogNormal::new(median_s.ln(), (p99_s / median_s).ln() / NORMAL_P99) {
        Ok(distribution) if median <= p99 && !median.is_zero() => Shape::Drawn(distribution),
        _ => Shape::Fixed(median),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn each_written_form_is_read() {
        assert_eq!("none".parse(), Ok(Latency::None));
        assert_eq!("5ms".parse(), Ok(Latency::Fixed(ms(5))));
        assert_eq!("5ms..40ms".parse(), Ok(Latency::LogNormal { median: ms(5), p99: ms(40) }));
        for latency in [Latency::None, Latency::Fixed(ms(7)), Latency::default()] {
            assert_eq!(latency.to_string().parse(), Ok(latency));
        }
    }

    #[test]
    fn what_is_no_latency_is_refused_with_an_example() {
        for text in ["", "fast", "40ms..5ms", "0ms..5ms", "5ms..", "..5ms"] {
            let error = text.parse::<Latency>().unwrap_err().to_string();
            assert!(error.contains("5ms..40ms"), "{error}");
        }
    }

    #[test]
    fn the_draws_have_the_median_and_the_p99_that_were_asked_for() {
        let mut source = LatencySource::new(Latency::LogNormal { median: ms(5), p99: ms(40) }, 1);
        let mut draws: Vec<Duration> = (0..20_000).map(|_| source.draw()).collect();
        draws.sort_unstable();
        let near = |got: Duration, wanted: Duration| (got.as_secs_f64() / wanted.as_secs_f64() - 1.0).abs() < 0.1;
        assert!(near(draws[10_000], ms(5)), "{:?}", draws[10_000]);
        assert!(near(draws[19_800], ms(40)), "{:?}", draws[19_800]);
    }

    #[test]
    fn a_seed_gives_the_same_sequence_every_time() {
        let sequence = |seed| {
            let mut source = LatencySource::new(Latency::default(), seed);
            (0..50).map(|_| source.draw()).collect::<Vec<_>>()
        };
        assert_eq!(sequence(7), sequence(7));
        assert_ne!(sequence(7), sequence(8));
    }

    #[test]
    fn a_fixed_latency_does_not_vary_and_none_is_zero() {
        let mut fixed = LatencySource::new(Latency::Fixed(ms(3)), 1);
        assert!((0..10).all(|_| fixed.draw() == ms(3)));
        assert_eq!(LatencySource::new(Latency::None, 1).draw(), Duration::ZERO);
    }
}
