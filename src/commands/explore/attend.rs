//! Ctrl-C while something is under way: the first one ends it in good order, the second does not wait.

use std::pin::pin;

use crate::commands::signals::Signals;
use crate::engine::Stop;
use crate::verdict::Ending;

/// Who waits for signals.
pub(super) struct Attendant {
    signals: Signals,
    ending: Option<Ending>,
}

impl Attendant {
    pub(super) fn new(signals: Signals) -> Self {
        Self { signals, ending: None }
    }

    /// Why it is to end; none if nobody wants that.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Carries `work` out, which ends early once `stop` is asked to; none if somebody does not want to wait even for that.
    pub(super) async fn during<T>(
        &mut self,
        stop: &Stop,
        say: impl Fn(&str),
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                ending = self.signals.next() => {
                    if self.ending.is_some() {
                        return None;
                    }
                    self.ending = Some(ending);
                    stop.ask(ending);
                    say("stopping: requests under way may finish; once more leaves at once");
                }
            }
        }
    }
}
