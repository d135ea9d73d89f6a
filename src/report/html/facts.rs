//! Facts with their names: the figures that are asked for first, whether they can be trusted, and what ran where.

use serde::Serialize;

use super::Room;
use super::fact::{self, Fact};
use super::page::{NONE, format_us, time};
use crate::report::inert;
use crate::report::result::RunResult;
use crate::report::statement::counted;
use crate::report::strain;
use crate::report::stretches::Identity;
use crate::units::{format_bytes, format_count, format_rate, format_share};
use crate::verdict::{Ending, Kind, Status};

/// Whether the figures can be trusted.
#[derive(Debug, Serialize)]
pub(super) struct Validity {
    sentence: &'static str,
    sound: bool,
    scheduled: String,
    /// What became of the journeys, in the order of the identity.
    parts: Vec<Fact>,
    balances: bool,
    facts: Vec<Fact>,
}

/// The figures that are asked for first.
pub(super) fn key_figures(result: &RunResult) -> Vec<Fact> {
    let response = &result.times_us.response;
    let all = result.all_steps();
    let (requests, failed) = (all.requests, all.failed);
    let share = all.error_rate().map_or_else(|| NONE.to_owned(), format_share);
    if result.is_once() {
        let checks = format!("of {}", counted(all.checks_passed + all.checks_failed, "expectation"));
        return vec![
            Fact::new("Requests", format_count(requests)),
            Fact::noted("Failed", format_count(failed), share),
            Fact::noted("Met", format_count(all.checks_passed), checks),
            Fact::noted("Longest", time(response, response.max), "due to done"),
            Fact::noted("In all", fact::seconds(result.elapsed_s), "from the first to the last"),
            Fact::noted("Connections", format_count(result.generator.connections_opened), "opened"),
        ];
    }
    vec![
        Fact::noted("Requests", format_count(requests), format_rate(result.rates.requests_per_s)),
        Fact::noted("Failed", share, format_count(failed)),
        Fact::noted("Response p50", time(response, response.p50), "half are faster"),
        Fact::noted("Response p95", time(response, response.p95), "1 in 20 is slower"),
        Fact::noted("Response p99", time(response, response.p99), "1 in 100 is slower"),
        Fact::noted("Longest", time(response, response.max), "due to done"),
    ]
}

/// Whether the figures can be trusted, and what speaks for it.
pub(super) fn validity(result: &RunResult) -> Validity {
    let accounting = &result.accounting;
    let broken = result.findings.iter().any(|finding| finding.kind == Kind::Validity && finding.status != Status::Pass);
    let sound = !broken && accounting.started() > 0;
    Validity {
        sentence: match (sound, broken, result.times_us.send_lag.count) {
            (_, true, _) => "The figures cannot be trusted: see what was found about the run above.",
            (false, ..) => "No journey was started, so there are no figures to trust.",
            (.., 0) => "Nothing speaks against the figures: every journey is accounted for.",
            _ => "Nothing speaks against the figures: the generator was punctual and every journey is accounted for.",
        },
        sound,
        scheduled: format_count(accounting.scheduled),
        parts: vec![
            Fact::new("passed", format_count(accounting.passed)),
            Fact::new("failed", format_count(accounting.failed)),
            Fact::new("abandoned", format_count(accounting.abandoned)),
            Fact::new("unstarted", format_count(accounting.unstarted)),
        ],
        balances: accounting.balances(),
        facts: [rates(result), generator(result)].into_iter().flatten().chain(machine(result)).collect(),
    }
}

fn rates(result: &RunResult) -> [Fact; 5] {
    let (rates, lag) = (&result.rates, &result.times_us.send_lag);
    let reached = match rates.offered_per_s > 0.0 {
        true => format!("{} of what was offered", format_share(rates.achieved_per_s / rates.offered_per_s)),
        false => String::new(),
    };
    [
        Fact::noted("Offered", format_rate(rates.offered_per_s), "journeys that were due"),
        Fact::noted("Achieved", format_rate(rates.achieved_per_s), reached),
        Fact::noted("Send lag p50", time(lag, lag.p50), "due to sent"),
        Fact::noted("Send lag p99", time(lag, lag.p99), "the generator’s own lateness"),
        Fact::noted("Send lag max", time(lag, lag.max), counted(lag.count, "request")),
    ]
}

fn generator(result: &RunResult) -> [Fact; 5] {
    let (generator, plan) = (&result.generator, &result.plan);
    let memory = match generator.peak_rss_bytes {
        0 => NONE.to_owned(),
        bytes => format_bytes(bytes),
    };
    let waited = match generator.waited_for_slot {
        0 => format!("of {} allowed", format_count(plan.max_in_flight)),
        waited => {
            format!("of {} allowed; {} waited for a place", format_count(plan.max_in_flight), format_count(waited))
        }
    };
    [
        Fact::noted(
            "Generator CPU",
            if generator.unknown { NONE.to_owned() } else { format!("{:.0}%", generator.cpu_share * 100.0) },
            format!("busy, of each worker’s core{}", strain::busiest(result)),
        ),
        Fact::new("Workers", format_count(generator.workers)),
        Fact::noted("Memory", memory, "highest resident"),
        stalls(result),
        Fact::noted(
            "In flight",
            if generator.unknown { NONE.to_owned() } else { format_count(generator.peak_in_flight) },
            waited,
        ),
    ]
}

/// How late the generator's own loops came round.
fn stalls(result: &RunResult) -> Fact {
    let generator = &result.generator;
    match generator.loop_lag_us.count {
        0 => Fact::noted("Stalls", NONE, "were not looked for"),
        _ => {
            let longest = format_us(generator.loop_lag_us.max);
            Fact::noted("Stalls", format_count(generator.stalls), format!("its loops were {longest} late at the most"))
        }
    }
}

/// What was in the way of the generator, where something was.
fn machine(result: &RunResult) -> Option<Fact> {
    let notes = strain::notes(result);
    (!notes.is_empty()).then(|| Fact::new("Machine", notes.join("; ")))
}

/// How a run came to its end, in words.
pub(super) fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Completed => "the plan was carried out",
        Ending::Aborted => "stopped before its end, by a step or for a gate",
        Ending::Interrupted => "stopped by Ctrl-C",
        Ending::Terminated => "stopped by SIGTERM",
        Ending::Killed => "killed; this is what its journal holds",
    }
}

/// What ran, from where, against what.
pub(super) fn environment(result: &RunResult, room: Room) -> Vec<Fact> {
    let plan = &result.plan;
    let cut = |text: &str| inert::cut(text, room.text);
    let warm_up_s = result.warm_up.as_ref().map_or(0.0, |warm_up| warm_up.seconds);
    let facts = vec![
        Fact::new("Plan", cut(&plan.statement)),
        Fact::new("Load model", cut(&plan.load.model)),
        Fact::new("Scenario file", cut(&plan.file)),
        Fact::new("Target", cut(&plan.base_url)),
        Fact::new("Certificates", if plan.insecure { "NOT CHECKED (insecure)" } else { "checked" }),
        Fact::new("Seed", plan.seed.to_string()),
        Fact::new("Started", cut(&result.started_at)),
        Fact::noted(
            "Elapsed",
            fact::seconds(result.elapsed_s),
            format!("load for {}", fact::seconds(result.window_s + warm_up_s)),
        ),
        Fact::new("Ending", ending(result.ending)),
    ];
    let identity = result.identity.iter().flat_map(identity).map(|fact| Fact { value: cut(&fact.value), ..fact });
    let versions = [
        Fact::new("mnload", cut(&result.mnload_version)),
        Fact::new("Result", format!("{} {}", cut(&result.schema), cut(&result.schema_version))),
    ];
    let warm_up = result.warm_up.iter().map(|warm_up| Fact::new("Warm-up", cut(&warm_up.told())));
    let warnings = result.warnings.iter().take(room.rows).map(|text| Fact::new("Warning", cut(text)));
    facts.into_iter().chain(identity).chain(versions).chain(warm_up).chain(warnings).collect()
}

/// The machine, the commit and the hash of the scenario.
fn identity(identity: &Identity) -> Vec<Fact> {
    let machine = fact::machine(&identity.machine);
    let commit = identity.commit.as_ref().map(|commit| {
        Fact::noted(
            "Commit",
            commit.id.clone(),
            if commit.changed { "with changes that are not committed" } else { "" },
        )
    });
    let machine = (!machine.is_empty()).then(|| Fact::new("Machine", machine));
    let hash = Fact::noted("Scenario hash", identity.scenario_hash.clone(), "of what is sent and when");
    machine.into_iter().chain(commit).chain([hash]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn what_was_in_the_generators_way_stands_with_its_facts() {
        let mut result = Fixture::default().report().result;
        let machine = |result: &RunResult| validity(result).facts.into_iter().find(|fact| fact.name == "Machine");
        assert!(machine(&result).is_none());
        result.generator.stalls = 1;
        result.generator.loop_lag_us.max = 84_000;
        assert_eq!(
            machine(&result).map(|fact| fact.value).as_deref(),
            Some("stood still once, for 84ms at the longest")
        );
    }
}
