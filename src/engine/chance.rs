//! What is left to chance in a journey, decided by its own stream of draws.

use crate::load::Load;
use crate::plan::{Flow, Plan, Scope, Stream};

/// The flow that journey number `journey` of `stream` takes: each as often as its weight says, or each once in order.
pub(super) fn choose_flow<'p>(plan: &'p Plan, stream: &Stream, scope: &Scope, journey: u64) -> Option<&'p Flow> {
    let numbers = &stream.flows;
    if stream.load == Load::Once {
        return plan.flows.get(*numbers.get(usize::try_from(journey).ok()?)?);
    }
    if let [only] = &numbers[..] {
        return plan.flows.get(*only);
    }
    let flows = || numbers.iter().filter_map(|number| plan.flows.get(*number));
    let total: u64 = flows().map(|flow| flow.weight).sum();
    let mut at = scope.draw() * total as f64;
    flows().filter(|flow| flow.weight > 0).find(|flow| {
        at -= flow.weight as f64;
        at < 0.0
    })
}
