//! Gates while a run goes on: what only the order of things in time can tell.

/// What was seen of one gate over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    /// The second at whose end it was first broken, from the start of the load.
    pub first_broken_s: Option<u64>,
}
