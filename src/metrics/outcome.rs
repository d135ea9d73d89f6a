//! How steps came out, one by one: only what a gate on failures in a row asks for.

/// The end of one step: its last request, and whether it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// When it came, in nanoseconds from the start of the load.
    pub done_ns: u64,
    /// In which series of steps.
    pub series: usize,
    /// Whether it failed.
    pub failed: bool,
}
