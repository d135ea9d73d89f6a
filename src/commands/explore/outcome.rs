//! From the points of an exploration to its result, whether it is over or not.

use jiff::Timestamp;

use super::course::Course;
use super::wishes::Wishes;
use crate::cli::ExploreArgs;
use crate::commands::machine::machine_facts;
use crate::commands::repeat::{for_shell, of_scenario};
use crate::compare::MachineFacts;
use crate::explore::{self, End, ExplorationResult, SCHEMA, SCHEMA_VERSION};
use crate::units::{format_duration, format_share};
use crate::verdict::{Ending, ExitCode};

/// What its figures do not say.
#[derive(Debug)]
pub(super) struct Occasion {
    pub(super) started_at: Timestamp,
    machine: MachineFacts,
    command: String,
}

impl Occasion {
    /// That of an exploration that starts now.
    pub(super) fn now(args: &ExploreArgs, wishes: &Wishes) -> Self {
        Self { started_at: Timestamp::now(), machine: machine_facts(), command: repeated(args, wishes) }
    }

    /// What `course` has come to, if it ends in `ending`, and `why` if that needs to be told.
    pub(super) fn result_of(&self, course: &Course<'_>, ending: Ending, why: Option<&str>) -> ExplorationResult {
        let Wishes { plan, asked, capacity_gates, .. } = course.wishes;
        let points = course.points.clone();
        let capacity = explore::capacity(asked, &points);
        let end = End { ending, spent: course.spent(), why };
        let judged = explore::judge(asked, &capacity, &points, capacity_gates, &end);
        ExplorationResult {
            schema: SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            mnload_version: env!("CARGO_PKG_VERSION").to_owned(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            file: plan.file.clone(),
            base_url: plan.target.base_url.clone(),
            scenario_hash: plan.scenario_hash.clone(),
            scenario: plan.scenario.clone(),
            started_at: format!("{:.0}", self.started_at),
            elapsed_s: course.elapsed().as_secs_f64(),
            verdict: judged.verdict,
            exit_code: judged.exit_code,
            reasons: judged.reasons,
            findings: judged.findings,
            used_up: judged.used_up,
            asked: asked.clone(),
            capacity,
            knee: explore::knee(&points),
            scalability: explore::scalability(&points),
            points,
            requests: course.requests,
            machine: self.machine.clone(),
            command: self.command.clone(),
            ending,
            warnings: course.warnings.clone(),
        }
    }
}

/// What the process exits with.
pub(super) fn exit_code(result: &ExplorationResult, exit_zero: bool) -> ExitCode {
    let requests = result.points.iter().map(|point| point.requests).sum();
    match result.verdict.exit_code(result.ending, requests) {
        ExitCode::Failed | ExitCode::Inconclusive | ExitCode::NothingRan if exit_zero => ExitCode::Passed,
        code => code,
    }
}

/// The command that carries out the same, for a shell; what is secret stands as `[redacted]` in it.
fn repeated(args: &ExploreArgs, wishes: &Wishes) -> String {
    let mut words = of_scenario("explore", &args.scenario, &wishes.plan);
    // To the last digit, which people do not read.
    let rate = |per_s: f64| format!("{per_s}/s");
    let gates = args.gate.iter().map(|gate| ("--gate", Some(gate.clone())));
    let options = [
        ("--from", args.from.map(rate)),
        ("--to", args.to.map(rate)),
        ("--precision", args.precision.map(format_share)),
        ("--budget", args.budget.map(format_duration)),
        ("--max-requests", args.max_requests.map(|most| most.to_string())),
        ("--demo-capacity", args.demo_capacity.map(rate)),
    ];
    for (name, value) in gates.chain(options).filter_map(|(name, value)| Some((name, value?))) {
        words.extend([name.to_owned(), value]);
    }
    words.extend(args.demo.then(|| "--demo".to_owned()));
    for_shell(&words, &wishes.plan)
}
