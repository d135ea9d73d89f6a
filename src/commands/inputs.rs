//! From the command line to a plan: the scenario, its profile, variables and environment.

use std::path::Path;

use anyhow::Context as _;

use super::CommandError;
use super::machine::this_machine;
use crate::cli::ScenarioArgs;
use crate::plan::{Environment, Overrides, Plan};
use crate::scenario::ScenarioFile;

/// The plan that the command line asks for, sent to `base_url` if one is given.
pub(super) fn plan_of(args: &ScenarioArgs, base_url: Option<String>) -> Result<Plan, CommandError> {
    let environment = match &args.env_file {
        Some(path) => from_file(path)?,
        None => Environment::of_process(),
    };
    let file = ScenarioFile::read(&args.scenario, args.profile.as_deref())?;
    let overrides = Overrides { base_url, workers: args.workers.map(usize::from), environment, vars: args.set.clone() };
    Ok(Plan::resolve(&file, &overrides, &this_machine())?)
}

/// The process's environment, with a dotenv file behind it.
fn from_file(path: &Path) -> anyhow::Result<Environment> {
    let lines = dotenvy::from_path_iter(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The library's message may quote the line, and with it a secret.
    let pairs = lines.map(|line| {
        line.ok().with_context(|| format!("{} is not a dotenv file: a line in it is not NAME=value", path.display()))
    });
    let pairs = pairs.collect::<anyhow::Result<Vec<_>>>()?;
    let own = Environment::of_process();
    let new = pairs.into_iter().filter(|(name, _)| own.get(name).is_none()).collect::<Vec<_>>();
    Ok(own.with(new))
}
