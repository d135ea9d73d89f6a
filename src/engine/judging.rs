//! From an exchange to what is looked at, and to what came of it.

use std::time::SystemTime;

use crate::answer::{Facts, Seen};
use crate::client::{Answer, Exchange};
use crate::plan::{Judged, Scope, Step};

/// What is known of `answer` by itself: no time, and no certificate.
pub(super) fn facts(answer: &Answer) -> Facts<'_> {
    Facts {
        status: answer.status,
        headers: &answer.headers,
        body: &answer.body,
        version: answer.version,
        response_us: 0,
        certificate_days: None,
    }
}

/// Why the call failed, if it did, and in which words; an answer that never came misses every expectation.
/// Its time counts from `since_ns`: redirects that led to it are part of what a user waits for.
pub(super) fn judge(step: &Step, exchange: &Exchange, since_ns: u64, scope: &Scope, in_full: bool) -> Judged {
    match &exchange.result {
        Err(error) => Judged::unanswered(error.failure, &error.message, step.expect.count()),
        Ok(answer) => {
            let facts = Facts {
                response_us: exchange.done_ns.saturating_sub(since_ns) / 1_000,
                certificate_days: exchange
                    .certificate
                    .as_ref()
                    .filter(|_| step.expect.needs_certificate())
                    .and_then(|shown| shown.days_left(SystemTime::now())),
                ..facts(answer)
            };
            let seen = if in_full { Seen::in_full(facts) } else { Seen::new(facts) };
            step.expect.judge(&seen.through(step.expect.outline()), scope)
        }
    }
}
