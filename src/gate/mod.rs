//! The gate language: what a run must show for the build to ship.
//!
//! Takes expressions such as `p95 of search < 300ms` and a [`crate::metrics::Summary`], gives
//! [`crate::verdict::Finding`]s: one per gate, and those about the run's own validity. A [`Watcher`] sees the run second
//! by second for what only the order of things tells.

mod budget;
mod figure;
mod interval;
mod judge;
mod language;
mod measured;
mod over_time;
mod strain;
#[cfg(test)]
mod tests;
mod validity;
mod watch;

pub use judge::judge;
pub use language::{
    Bound, Clock, Comparison, ErrorClass, Gate, GateError, Metric, Of, Options, Percentile, Span, Statistic,
};
pub use measured::{Measured, bears_load, measured, of_generator};
pub use watch::{Prospect, Supply, Trace, Watcher, logged};

/// A gate with its name and the step that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedGate {
    /// What reports call it.
    pub name: String,
    /// What must hold.
    pub gate: Gate,
    /// The series of the steps that `gate` names; none for all.
    pub series: Option<Vec<usize>>,
    /// Who asked for it.
    pub origin: Origin,
    /// Why it is not judged this time; none if it is.
    pub skip: Option<String>,
}

/// Who asked for a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The scenario file.
    File,
    /// mnload, because the file has no gates (or none that looks at errors).
    Default,
}
