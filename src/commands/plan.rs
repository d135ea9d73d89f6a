//! `mnload plan`: everything that would happen, without sending anything.

use std::io::Write as _;

use anyhow::Context as _;

use super::CommandError;
use super::machine::this_machine;
use crate::cli::PlanArgs;
use crate::gate::Origin;
use crate::plan::{Environment, Overrides, Plan};
use crate::report;
use crate::scenario::ScenarioFile;
use crate::units::format_duration;
use crate::verdict::ExitCode;

pub(super) fn run(args: &PlanArgs) -> Result<ExitCode, CommandError> {
    let file = ScenarioFile::read(&args.scenario, args.profile.as_deref())?;
    let overrides =
        Overrides { base_url: None, workers: args.workers.map(usize::from), environment: Environment::of_process() };
    let plan = Plan::resolve(&file, &overrides, &this_machine())?;
    print(&plan).context("cannot write to standard output")?;
    Ok(ExitCode::Passed)
}

fn print(plan: &Plan) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{}: {}", plan.name, report::statement(plan))?;
    for (number, step) in plan.steps.iter().enumerate() {
        let timeout = format_duration(step.timeout);
        writeln!(
            out,
            "  step {}  {}: {} {} → {} within {timeout}",
            number + 1,
            step.name,
            step.method,
            step.path,
            step.expect
        )?;
    }
    for named in &plan.gates {
        let origin = if named.origin == Origin::Default { "  (added by mnload)" } else { "" };
        writeln!(out, "  gate    {}: {}{origin}", named.name, named.gate)?;
    }
    writeln!(out, "  seed    {}", plan.seed)
}
