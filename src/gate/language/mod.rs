//! The gate language: one statement about a run that holds or does not, as people write it.
//!
//! ```text
//! gate    = figure [ "of" what ] comparison bound [ "over" time | "in a row" ] { "," option }
//! figure  = [ time "." ] ( "pN" | "max" | "mean" ) | "error_rate" [ class ] | "errors" [ class ]
//!         | "failures" | "checks" | "journeys" | "rate" | "capacity"
//! time    = "response" | "service" | "lag" | "ttfb" | "connect" | "tls"
//! class   = "(" ( a class of errors | "4xx" | "5xx" ) ")"
//! what    = a step | "group" a group | "tag" name ":" value
//! bound   = a time | a percentage | a rate | a number | N "x baseline"
//! option  = "at least" N "samples" | "strict" | "warn" | "abort" [ "after" time ]
//! ```
//! `parse` reads it with the place of every mistake, `sense` says what does not go together, `print` writes it.

mod parse;
mod part;
mod print;
mod right;
mod sense;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::Duration;

use crate::failure::Failure;

/// A statement about a run that holds or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The figure that is judged.
    pub metric: Metric,
    /// What it is of.
    pub of: Of,
    /// How it must compare.
    pub comparison: Comparison,
    /// With what.
    pub bound: Bound,
    /// Over which part of the run.
    pub span: Span,
    /// What else is asked.
    pub options: Options,
}

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// A statistic of one of the times.
    Time(Clock, Statistic),
    /// Steps that failed, with an error of the class if one is named, of all that came to an end.
    ErrorRate(Option<ErrorClass>),
    /// How many steps failed, with an error of the class if one is named.
    Errors(Option<ErrorClass>),
    /// How many failed one after the other.
    Failures,
    /// Expectations met of all.
    Checks,
    /// Journeys that passed, of all that were started.
    Journeys,
    /// Steps that passed, per second.
    Rate,
    /// The highest rate of journeys at which the other gates hold: no figure of one run, but of an exploration.
    Capacity,
}

/// Which time of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Done − due: what a user waits.
    Response,
    /// Done − sent.
    Service,
    /// Sent − due: the generator's own fault.
    Lag,
    /// First byte − sent.
    FirstByte,
    /// From the first attempt to connect to the connection, of requests that opened one.
    Connect,
    /// The TLS handshake, of requests that did one.
    Tls,
}

/// What is asked of many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// The time that a share of all is not above.
    Percentile(Percentile),
    /// The highest.
    Max,
    /// The arithmetic mean.
    Mean,
}

/// A percentile in thousandths of a percent, so that `p99.9` is a whole number and equality is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentile(u32);

/// The errors that are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// One class.
    Exactly(Failure),
    /// All statuses of one hundred: 5 for `5xx`.
    Hundred(u16),
}

/// The requests that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// All.
    All,
    /// Those of one step.
    Step(String),
    /// Those of the steps of one group.
    Group(String),
    /// Those of the steps that have this tag with this value.
    Tag(String, String),
}

/// How a figure must compare with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// A time.
    Time(Duration),
    /// A percentage, as written: 1 for `1%`.
    Percent(f64),
    /// Events per second.
    PerSecond(f64),
    /// A number of events.
    Count(u64),
    /// So many times what it is in the baseline.
    Baseline(f64),
}

/// The part of a run that a gate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// All that is judged.
    Whole,
    /// Every stretch of so long, at every second.
    Over(Duration),
    /// One after the other.
    InARow,
}

/// What else is asked of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// With fewer samples there is nothing to judge.
    pub at_least: Option<u64>,
    /// Whether a bound within the interval of the figure decides nothing.
    pub strict: bool,
    /// Whether it is only reported, and fails no run.
    pub warn: bool,
    /// Stop the run when it can no longer hold, but not before so long a time.
    pub abort: Option<Duration>,
}

/// A text that is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GateError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the expression.
    pub span: Range<usize>,
    /// What to write.
    pub hint: String,
}

impl Gate {
    /// The bound in the unit of the metric: microseconds, a fraction of one, events per second, a number, or the factor
    /// of what is in the baseline.
    pub fn bound_value(&self) -> f64 {
        match self.bound {
            Bound::Time(time) => time.as_nanos() as f64 / 1e3,
            Bound::Percent(percent) => percent / 100.0,
            Bound::PerSecond(rate) => rate,
            Bound::Count(count) => count as f64,
            Bound::Baseline(factor) => factor,
        }
    }

    /// Whether `observed`, in the same unit, is as the gate wants it.
    pub fn holds(&self, observed: f64) -> bool {
        self.comparison.holds(observed, self.bound_value())
    }

    /// The same gate, judged over the whole run and without options: its figure and its bound alone.
    pub fn plain(&self) -> Self {
        Self { options: Options::default(), ..self.clone() }
    }
}

impl Metric {
    /// A percentile of the response time.
    pub fn percentile(self) -> Option<Percentile> {
        match self {
            Self::Time(_, Statistic::Percentile(percentile)) => Some(percentile),
            _ => None,
        }
    }

    /// Which time it is of, and what is asked of it.
    pub fn time(self) -> Option<(Clock, Statistic)> {
        match self {
            Self::Time(clock, statistic) => Some((clock, statistic)),
            _ => None,
        }
    }
}

impl Percentile {
    /// As a share, from 0 to 1.
    pub fn quantile(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }

    /// The fewest samples of which at least one lies beyond the percentile.
    pub fn least_samples(self) -> u64 {
        100_000u64.div_ceil(u64::from(100_000 - self.0))
    }
}

impl ErrorClass {
    /// Whether `failure` is meant.
    pub fn has(self, failure: Failure) -> bool {
        match (self, failure) {
            (Self::Exactly(class), failure) => class == failure,
            (Self::Hundred(hundred), Failure::Http(status)) => status / 100 == hundred,
            (Self::Hundred(_), _) => false,
        }
    }
}

impl Comparison {
    /// Whether `observed` compares so with `bound`.
    pub fn holds(self, observed: f64, bound: f64) -> bool {
        match self {
            Self::Below => observed < bound,
            Self::AtMost => observed <= bound,
            Self::Equal => observed == bound,
            Self::AtLeast => observed >= bound,
            Self::Above => observed > bound,
        }
    }

    /// Whether less is better.
    pub fn is_upper(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }
}
