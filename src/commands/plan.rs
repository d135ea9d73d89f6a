//! `mnload plan`: everything that would happen, and one question to the target; no load.

use std::io::Write as _;

use anyhow::Context as _;

use super::CommandError;
use super::inputs::plan_of;
use super::machine::this_host;
use crate::cli::{Format, PlanArgs};
use crate::client::PrepareError;
use crate::engine::{self, ProbeError};
use crate::failure::Failure;
use crate::forecast::{Forecast, rate_limits};
use crate::plan::{Plan, Probe};
use crate::report::{self, Asked, PlanDocument};
use crate::verdict::ExitCode;

pub(super) fn run(args: &PlanArgs) -> Result<ExitCode, CommandError> {
    let plan = plan_of(&args.scenario, None)?;
    let host = this_host();
    let forecast = Forecast::of(&plan, &host);
    if args.format == Format::Text {
        // What the file says is there at once, however long the target takes.
        print(&report::render_forecast(&plan, &forecast, &host))?;
    }
    let asked = match plan.probe().filter(|_| !args.no_probe) {
        Some(probe) => ask(&plan, &probe)?,
        None => Asked::Nobody,
    };
    match args.format {
        Format::Text => print(&format!("\n{}", report::render_target(&plan, &forecast, &asked)))?,
        Format::Json => {
            let document = PlanDocument::of(&plan, &forecast, &host, &asked);
            let text = serde_json::to_string_pretty(&document).context("cannot write the plan as JSON")?;
            print(&format!("{text}\n"))?;
        }
    }
    Ok(ExitCode::Passed)
}

/// Asks the target once. A plan is about the file: that nobody answers is worth a note, and no failure.
fn ask(plan: &Plan, probe: &Probe) -> Result<Asked, CommandError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    let probed = runtime.block_on(engine::probe(plan, probe));
    // A name that is still being looked up would keep the command from ending.
    runtime.shutdown_background();
    let place = &probe.endpoint;
    let scheme = if place.tls { "https" } else { "http" };
    let request = format!("{} at {scheme}://{}", probe.summary, place.authority);
    Ok(match probed {
        Ok(probed) => Asked::Answer {
            request,
            status: probed.answer.status,
            version: format!("{:?}", probed.answer.version),
            took: probed.took,
            limits: rate_limits(&probed.answer.headers, jiff::Timestamp::now()),
        },
        Err(error) => Asked::NoAnswer { request, hint: hint(&error), error: error.to_string() },
    })
}

/// What that means for a run, and what to do; a run needs a connection before it starts, but no answer.
fn hint(error: &ProbeError) -> &'static str {
    match error {
        ProbeError::Call(error) => match error.failure {
            Failure::Tls => {
                "A run would stop before it starts. If it has a certificate of your own, name its authority in [target] ca"
            }
            Failure::ConnectRefused | Failure::ConnectTimeout | Failure::Connect => {
                "A run would stop before it starts. Is it running, and is base_url right?"
            }
            _ => "",
        },
        ProbeError::Target(PrepareError::LocalAddress { .. } | PrepareError::Kind { .. }) => {
            "A run would stop before it starts."
        }
        ProbeError::Target(_) => "A run would stop before it starts. Is base_url right?",
    }
}

fn print(text: &str) -> Result<(), CommandError> {
    let mut out = anstream::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(())
}
