//! What will run: a scenario with every value resolved and checked, immutable from here on.
//!
//! Takes a [`ScenarioFile`], overrides from the command line and the machine's limits; gives a [`Plan`], or every
//! mistake in what the file means. Nothing is sent, and nothing is validated again later.

mod expect;
mod gates;
mod limits;
mod load;
mod resolver;
mod step;
mod target;
mod template;

pub use expect::{Expect, StatusRange};
pub use limits::{Limits, Machine};
pub use step::Step;
pub use target::{Endpoint, Target};
pub use template::Environment;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::gate::NamedGate;
use crate::load::Load;
use crate::scenario::ScenarioFile;
use resolver::Resolver;

/// What will run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the run is called.
    pub name: String,
    /// What it is for; empty if the file does not say.
    pub description: String,
    /// The file that it comes from, as it was named.
    pub file: String,
    /// Where requests go.
    pub target: Target,
    /// When they go.
    pub load: Load,
    /// What every random draw follows.
    pub seed: u64,
    /// How much may happen at one time.
    pub limits: Limits,
    /// What one journey does, in order.
    pub steps: Vec<Step>,
    /// What the run must show.
    pub gates: Vec<NamedGate>,
}

/// What the command line sets in place of the file or the machine.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The target, instead of `[target] base_url`.
    pub base_url: Option<String>,
    /// The number of workers, instead of one that fits the load.
    pub workers: Option<usize>,
    /// The values behind `env.NAME`.
    pub environment: Environment,
}

impl Plan {
    /// Checks and resolves `file`.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the file.
    pub fn resolve(file: &ScenarioFile, overrides: &Overrides, machine: &Machine) -> Result<Self, Diagnostics> {
        let mut resolver = Resolver::new(&file.source, &overrides.environment);
        let document = &file.document;
        let name = match &document.name {
            Some(name) => resolver.text(name),
            None => stem(&file.source.name),
        };
        let description = document.description.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
        let mut target = target::resolve(&mut resolver, document.target.as_ref(), overrides.base_url.as_deref());
        let steps = step::resolve_all(&mut resolver, document, &mut target);
        let load = load::resolve(&mut resolver, document.load.as_ref());
        let gates = gates::resolve(&mut resolver, document.gates.as_ref(), &steps, &load.load);
        let limits = limits::resolve(&load, &steps, overrides.workers, machine);
        if steps.is_empty() && document.step.is_empty() {
            let missing = "the scenario has no steps: nothing would be sent";
            resolver.mistakes.push(
                Diagnostic::nowhere(format!("{}: {missing}", file.source.name))
                    .hint("add a [[step]] with get = \"/health\""),
            );
        }
        let (file, seed, load) = (file.source.name.to_string(), load.seed, load.load);
        resolver.mistakes.unless_empty(Self { name, description, file, target, load, seed, limits, steps, gates })
    }

    /// Requests of one journey.
    pub fn requests_per_journey(&self) -> u64 {
        self.steps.len() as u64
    }
}

fn stem(path: &str) -> String {
    let stem = std::path::Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "scenario".to_owned())
}
