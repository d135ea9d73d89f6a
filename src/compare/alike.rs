//! Whether two sides can be compared at all, and what must be kept in mind if they are.

use super::{Baseline, Options, Refusal, Run};

/// Why these cannot be compared; nothing if they can.
pub(super) fn refused(base: &Baseline, new: &[Run], options: &Options) -> Option<Refusal> {
    let refusal = |message: String, hint: &str| Some(Refusal { message, hint: hint.to_owned() });
    let runs = base.runs().iter().chain(new);
    if new.is_empty() || (base.runs().is_empty() && matches!(base, Baseline::Runs(_))) {
        return refusal("a side has no run".to_owned(), "name at least one run on each side");
    }
    if options.different_scenarios {
        return None;
    }
    let first = runs.clone().next()?;
    let other = runs.clone().find(|run| run.scenario != first.scenario);
    if let Some(other) = other {
        let message = format!(
            "these are runs of different scenarios: `{}` ({}) and `{}` ({})",
            first.scenario, first.origin, other.scenario, other.origin
        );
        return refusal(message, "compare runs of one scenario, or say --different-scenarios");
    }
    let other = runs.clone().find(|run| run.scenario_hash != first.scenario_hash);
    other.and_then(|other| {
        let message = format!(
            "the scenario `{}` is not the same in {} and {}: its steps, its load or its variables have changed",
            first.scenario, first.origin, other.origin
        );
        refusal(message, "run the base again with the scenario as it is now, or say --different-scenarios")
    })
}

/// What differs although it can be compared, and what was not looked at.
pub(super) fn flags(base: &Baseline, new: &[Run]) -> Vec<String> {
    let mut flags = Vec::new();
    if let Baseline::Summary(summary) = base {
        let name = summary.tool.name();
        flags.push(format!(
            "{name}'s summary says nothing of its own noise: its figures are taken as exact, and only NEW's interval is looked at"
        ));
        flags.push(format!("of {name}: {}", summary.tool.about_times()));
        flags.push(format!(
            "{name}'s summary does not tell which scenario, machine or steps it is of: that they are the same is not checked"
        ));
    }
    let runs: Vec<&Run> = base.runs().iter().chain(new).collect();
    let differ = |what: fn(&Run) -> String| {
        let mut all: Vec<String> = runs.iter().map(|run| what(run)).collect();
        all.sort();
        all.dedup();
        (all.len() > 1).then(|| all.join(" and "))
    };
    if let Some(names) = differ(|run| format!("`{}`", run.scenario)) {
        flags.push(format!("these are runs of different scenarios: {names}"));
    } else if differ(|run| run.scenario_hash.clone()).is_some() {
        flags.push("the scenario is not the same in all runs: steps, load or variables have changed".to_owned());
    }
    if let Some(machines) = differ(|run| run.machine.told()) {
        flags.push(format!("the runs are from different machines: {machines}; a difference may be theirs"));
    }
    if let Some(versions) = differ(|run| run.mnload_version.clone()) {
        flags.push(format!("the runs are of different versions of mnload: {versions}"));
    }
    flags
}

/// What is only said: a candidate usually has another address.
pub(super) fn notes(base: &Baseline, new: &[Run]) -> Vec<String> {
    let urls = |runs: &[Run]| {
        let mut urls: Vec<&str> = runs.iter().map(|run| run.base_url.as_str()).collect();
        urls.sort_unstable();
        urls.dedup();
        urls.join(", ")
    };
    let (of_base, of_new) = (urls(base.runs()), urls(new));
    let mut notes = Vec::new();
    if !of_base.is_empty() && of_base != of_new {
        notes.push(format!("BASE is {of_base}, NEW is {of_new}"));
    }
    if base.runs().len() == 1 && new.len() == 1 {
        notes.push("one run on each side: how much runs differ from each other is not seen".to_owned());
    }
    notes
}
