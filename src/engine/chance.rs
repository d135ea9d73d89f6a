//! What is left to chance in a journey, decided by its own stream of draws.

use crate::load::Load;
use crate::plan::{Flow, Plan, Scope, Seat};

/// The flow that this journey takes: each as often as its weight says, or each once in order.
pub(super) fn choose_flow<'p>(plan: &'p Plan, scope: &Scope, seat: Seat) -> Option<&'p Flow> {
    let flows = &plan.flows;
    if plan.load == Load::Once {
        return flows.get(usize::try_from(seat.arrival).ok()?);
    }
    if let [only] = &flows[..] {
        return Some(only);
    }
    let total: u64 = flows.iter().map(|flow| flow.weight).sum();
    let mut at = scope.draw() * total as f64;
    flows.iter().filter(|flow| flow.weight > 0).find(|flow| {
        at -= flow.weight as f64;
        at < 0.0
    })
}
