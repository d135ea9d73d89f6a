//! `mnload plan`: everything that would happen, without sending anything.

use std::io::Write as _;

use anyhow::Context as _;

use super::CommandError;
use super::inputs::plan_of;
use crate::cli::PlanArgs;
use crate::gate::Origin;
use crate::plan::Plan;
use crate::report::{self, clean};
use crate::units::format_duration;
use crate::verdict::ExitCode;

pub(super) fn run(args: &PlanArgs) -> Result<ExitCode, CommandError> {
    let plan = plan_of(&args.scenario, None)?;
    print(&plan).context("cannot write to standard output")?;
    Ok(ExitCode::Passed)
}

fn print(plan: &Plan) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{}: {}", clean(&plan.name), report::statement(plan))?;
    for (number, step) in plan.steps.iter().enumerate() {
        let timeout = format_duration(step.timeout);
        let flow = plan.flows.iter().find(|flow| flow.steps.contains(&number)).map_or("", |flow| flow.name.as_str());
        let flow = if flow.is_empty() { String::new() } else { format!("{} / ", clean(flow)) };
        writeln!(
            out,
            "  step {}  {flow}{}: {} → {} within {timeout}",
            number + 1,
            clean(&step.name),
            clean(&step.request.summary()),
            step.expect
        )?;
    }
    for named in &plan.gates {
        let origin = if named.origin == Origin::Default { "  (added by mnload)" } else { "" };
        writeln!(out, "  gate    {}: {}{origin}", clean(&named.name), clean(&named.gate.to_string()))?;
    }
    writeln!(out, "  seed    {}", plan.seed)
}
