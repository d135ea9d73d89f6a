//! From the command line and the file to what is explored, and what is refused before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use crate::cli::ExploreArgs;
use crate::commands::CommandError;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::explore::{Asked, KEEPS_UP, REFUSED};
use crate::gate::{Gate, Metric, NamedGate};
use crate::plan::{ExploreAsked, Plan};
use crate::units::format_count;

/// What is explored.
#[derive(Debug)]
pub(super) struct Wishes {
    /// What is sent; its gates are those that each rate must hold.
    pub(super) plan: Arc<Plan>,
    /// What was asked for.
    pub(super) asked: Asked,
    /// Gates on what is found.
    pub(super) capacity_gates: Vec<NamedGate>,
    /// How old the setup may be when a rate is tried.
    pub(super) setup_every: Duration,
    /// Threads that send, instead of as many as each rate needs.
    pub(super) workers: Option<usize>,
}

impl Wishes {
    /// What `args` ask for of `plan`.
    ///
    /// # Errors
    /// When the plan has no rate that could be another, a gate is none, or the figures contradict each other.
    pub(super) fn of(args: &ExploreArgs, plan: Plan) -> Result<Self, CommandError> {
        if !plan.has_one_rate() {
            return Err(no_rate(&plan));
        }
        if let Some(mistake) = rows_that_end(&plan) {
            return Err(CommandError::Scenario(Diagnostics(vec![mistake])));
        }
        let on_command_line = ExploreAsked {
            from_per_s: args.from,
            to_per_s: args.to,
            precision: args.precision,
            budget: args.budget,
            max_requests: args.max_requests,
        };
        let explore = plan.explore.with(&on_command_line).map_err(|error| CommandError::Usage(error.to_string()))?;
        let (plan, explored) = plan.explored(&args.gate).map_err(CommandError::Usage)?;
        if let Some((message, hint)) = explored.gates.iter().find_map(no_use) {
            return Err(match args.gate.is_empty() {
                true => {
                    let mistake = Diagnostic::nowhere(format!("{}: {message}", plan.file)).hint(hint);
                    CommandError::Scenario(Diagnostics(vec![mistake]))
                }
                false => CommandError::Usage(format!("{message}; {hint}")),
            });
        }
        let gates = explored.gates.iter().map(|named| (named.name.clone(), named.gate.to_string()));
        let asked = Asked {
            from_per_s: explore.from_per_s,
            to_per_s: explore.to_per_s,
            precision: explore.precision,
            budget_s: explore.budget.as_secs_f64(),
            max_requests: explore.max_requests,
            pauses_s: plan.longest_pauses().as_secs_f64(),
            requests_per_journey: plan
                .streams
                .iter()
                .map(|stream| plan.requests_per_journey(stream))
                .max()
                .unwrap_or(1),
            gates: gates.collect(),
            left_out: explored.left_out,
        };
        let (setup_every, workers) = (explore.setup_every, args.scenario.workers.map(usize::from));
        let plan = Arc::new(Plan { gates: explored.gates, ..plan });
        Ok(Self { plan, asked, capacity_gates: explored.capacity, setup_every, workers })
    }
}

/// That rows run out: it goes through more journeys than the load of the file, and the target would be blamed.
fn rows_that_end(plan: &Plan) -> Option<Diagnostic> {
    let (name, rows) = plan.data.iter().find_map(|data| Some((&data.name, data.rows_end_after()?)))?;
    let rows = format_count(rows);
    let message = format!(
        "{}: the {rows} rows of [data.{name}] are used once each, and exploring goes through more journeys than the load of \
         the file",
        plan.file
    );
    let hint = "let them be used again with exhausted = \"repeat\" or order = \"sequential\"; a --profile can do that";
    Some(Diagnostic::nowhere(message).hint(hint))
}

/// Whether even a target that answers in no time and never fails would break `gate`.
fn can_never_hold(gate: &Gate) -> bool {
    let best = match gate.metric {
        // A microsecond: no request takes no time at all.
        Metric::Time(..) => 1.0,
        Metric::ErrorRate(_) => 0.0,
        Metric::Checks | Metric::Journeys => 1.0,
        Metric::Errors(_) | Metric::Failures | Metric::Rate | Metric::Capacity => return false,
    };
    !gate.holds(best)
}

/// What is wrong with a gate that rates must hold, and what to do about it; none if nothing is.
fn no_use(named: &NamedGate) -> Option<(String, &'static str)> {
    if can_never_hold(&named.gate) {
        let message = format!("no target can keep the gate `{}`, so no rate would hold", named.gate);
        return Some((message, "give it a bound that can be met, for example p95 < 300ms"));
    }
    [KEEPS_UP, REFUSED].contains(&named.name.as_str()).then(|| {
        let message = format!("a gate named `{}` would be mistaken for what mnload itself says of a rate", named.name);
        (message, "give it another name")
    })
}

fn no_rate(plan: &Plan) -> CommandError {
    let has = match &plan.streams[..] {
        [only] if only.load.model() == "once" => "its load is `once`, which has none".to_owned(),
        [only] => format!("its load is `{}`, whose rate the target decides", only.load.model()),
        several => format!("it has {} loads side by side", several.len()),
    };
    let message = format!("{}: exploring varies the rate of one open load, and {has}", plan.file);
    let mistake =
        Diagnostic::nowhere(message).hint("give it one [load] with model = \"open\"; a --profile can do that");
    CommandError::Scenario(Diagnostics(vec![mistake]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_nothing_can_meet_is_told_from_a_hard_one() {
        for (text, never) in [
            ("p95 < 0ms", true),
            ("service.mean <= 0ms", true),
            ("p95 < 1ms", false),
            ("error_rate < 0%", true),
            ("error_rate <= 0%", false),
            ("checks > 100%", true),
            ("checks >= 100%", false),
            ("journeys > 100%", true),
        ] {
            // What the language itself refuses needs no more than that.
            let Ok(gate) = text.parse() else { continue };
            assert_eq!(can_never_hold(&gate), never, "{text}");
        }
        assert!(can_never_hold(&"p95 < 0ms".parse().unwrap()));
    }
}
