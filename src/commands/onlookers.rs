//! Who is shown each second of a load when it is complete. None of them holds it up.

use crate::metrics::Second;

/// All that look on.
#[derive(Debug, Default)]
pub(super) struct Onlookers {}

impl Onlookers {
    /// Shows them the next complete second; gives what somebody should know of, if there is something.
    pub(super) fn see(&mut self, _second: &Second) -> Option<String> {
        None
    }

    /// There will be no more seconds: waits, not for long, until all is written and sent.
    pub(super) fn finish(self) {}
}
