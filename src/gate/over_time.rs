//! Gates on windows and on failures in a row, from what was seen of them over time.

use super::NamedGate;
use super::watch::Trace;
use crate::verdict::Finding;

/// Judges a gate that is not about the run as a whole.
pub(super) fn judge(_named: &NamedGate, trace: Trace, finding: Finding) -> Finding {
    Finding { first_broken_s: trace.first_broken_s, ..finding }
}
