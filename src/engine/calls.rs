//! The calls of a once run, kept one by one: what a person would have seen of each with curl.

use std::cell::RefCell;
use std::time::Duration;

use super::evidence;
use crate::client::{Connector, Exchange, Opening, Request};
use crate::failure::Failure;
use crate::metrics::{Call, Calls, Evidence, FailedCheck, Phases, Role};
use crate::plan::{Judged, Plan};

/// The calls so far.
#[derive(Debug)]
pub(super) struct CallLog(RefCell<Log>);

#[derive(Debug)]
struct Log {
    calls: Calls,
    /// How long the name of each place was looked up, until it has been shown.
    lookups: Vec<Option<Duration>>,
}

impl CallLog {
    /// A log without calls; none for a load, of which nobody looks at single calls.
    pub(super) fn of(plan: &Plan, connector: &Connector) -> Option<Self> {
        let log = Log { calls: Calls::default(), lookups: connector.lookups().collect() };
        plan.is_once().then(|| Self(RefCell::new(log)))
    }

    /// Notes the call of step number `step` that asked for `sent` and came to `exchange`.
    pub(super) fn note(
        &self,
        plan: &Plan,
        step: usize,
        sent: &Request<'_>,
        exchange: &Exchange,
        judged: &Judged,
        role: Role,
    ) {
        let mut log = self.0.borrow_mut();
        let lookup = log.lookups.get_mut(sent.place).and_then(Option::take);
        let failure = judged.failure.filter(|_| role == Role::Final);
        let answer = exchange.result.as_ref().ok();
        log.calls.push(Call {
            step,
            status: answer.map(|answer| answer.status),
            failure,
            role,
            phases: phases(exchange, lookup),
            bytes: answer.map_or(0, |answer| answer.body_bytes),
            reused: exchange.opening.is_none(),
            evidence: failure.map(|_| Box::new(evidence::of(plan, sent, exchange, judged))),
        });
    }

    /// Notes a call that could not even be made, for the reason in `message`, which holds no secrets.
    pub(super) fn not_sent(&self, step: usize, message: &str) {
        let (target, expected) = ("request".to_owned(), "a request that can be sent".to_owned());
        let check = FailedCheck { target, expected, actual: message.to_owned(), diff: Vec::new() };
        let evidence = Some(Box::new(Evidence { checks: vec![check], ..Evidence::default() }));
        let call = Call { step, failure: Some(Failure::Check), evidence, ..Call::default() };
        self.0.borrow_mut().calls.push(call);
    }

    /// The calls; the log is empty afterwards.
    pub(super) fn take(&self) -> Calls {
        std::mem::take(&mut self.0.borrow_mut().calls)
    }
}

/// Where the time of a call went, as far as it came.
fn phases(exchange: &Exchange, lookup: Option<Duration>) -> Phases {
    let between = |from: u64, to: u64| to.saturating_sub(from) / 1_000;
    let Exchange { sent_ns, first_byte_ns, done_ns, opening, .. } = exchange;
    let ready_ns = match opening {
        Some(Opening { began_ns, connected_ns, secured_ns }) => secured_ns.or(*connected_ns).unwrap_or(*began_ns),
        None => *sent_ns,
    };
    Phases {
        lookup: lookup.map(|lookup| lookup.as_micros() as u64),
        connect: opening.and_then(|opening| opening.connect_us()),
        tls: opening.and_then(|opening| opening.tls_us()),
        wait: first_byte_ns.map(|first_byte_ns| between(ready_ns, first_byte_ns)),
        receive: first_byte_ns.map(|first_byte_ns| between(first_byte_ns, *done_ns)),
        total: between(*sent_ns, *done_ns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::CallError;

    fn exchange(opening: Option<Opening>, first_byte_ns: Option<u64>) -> Exchange {
        let error = CallError { failure: Failure::Timeout, message: String::new() };
        let result = Err(error);
        Exchange {
            sent_ns: 1_000,
            first_byte_ns,
            done_ns: 90_000,
            opened: 1,
            reused: false,
            http2: false,
            opening,
            certificate: None,
            result,
        }
    }

    #[test]
    fn phases_follow_each_other_and_what_did_not_happen_has_none() {
        let opening = Opening { began_ns: 1_000, connected_ns: Some(11_000), secured_ns: Some(41_000) };
        let whole = phases(&exchange(Some(opening), Some(81_000)), Some(Duration::from_micros(7)));
        let wanted =
            Phases { lookup: Some(7), connect: Some(10), tls: Some(30), wait: Some(40), receive: Some(9), total: 89 };
        assert_eq!(whole, wanted);
        let reused = phases(&exchange(None, Some(81_000)), None);
        assert_eq!(reused, Phases { wait: Some(80), receive: Some(9), total: 89, ..Phases::default() });
        let refused = phases(&exchange(Some(Opening { connected_ns: None, secured_ns: None, ..opening }), None), None);
        assert_eq!(refused, Phases { total: 89, ..Phases::default() });
    }
}
