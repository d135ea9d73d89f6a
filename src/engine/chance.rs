//! What is left to chance in a journey, decided by its own stream of draws.

use crate::plan::{Flow, Scope};

/// The flow that this journey takes: each as often as its weight says.
pub(super) fn choose_flow<'p>(flows: &'p [Flow], scope: &Scope) -> Option<&'p Flow> {
    if let [only] = flows {
        return Some(only);
    }
    let total: u64 = flows.iter().map(|flow| flow.weight).sum();
    let mut at = scope.draw() * total as f64;
    flows.iter().filter(|flow| flow.weight > 0).find(|flow| {
        at -= flow.weight as f64;
        at < 0.0
    })
}
