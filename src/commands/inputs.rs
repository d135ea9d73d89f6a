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
    let more = args.env_file.as_deref().map(of_env_file).transpose()?;
    let environment = Environment::of_process().with(more.unwrap_or_default());
    let file = ScenarioFile::read(&args.scenario, args.profile.as_deref())?;
    let overrides = Overrides { base_url, workers: args.workers.map(usize::from), environment, vars: args.set.clone() };
    Ok(Plan::resolve(&file, &overrides, &this_machine())?)
}

/// The variables of a dotenv file that the process's own environment does not have.
pub(super) fn of_env_file(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let lines = dotenvy::from_path_iter(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The library's message may quote the line, and with it a secret.
    let pairs = lines.map(|line| {
        line.ok().with_context(|| format!("{} is not a dotenv file: a line in it is not NAME=value", path.display()))
    });
    let pairs = pairs.collect::<anyhow::Result<Vec<_>>>()?;
    let own = Environment::of_process();
    Ok(pairs.into_iter().filter(|(name, _)| own.get(name).is_none()).collect())
}
