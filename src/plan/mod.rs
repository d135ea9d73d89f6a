//! What will run: a scenario with every value resolved and checked, immutable from here on.
//!
//! Takes a [`ScenarioFile`], overrides from the command line and the machine's limits; gives a [`Plan`], or every
//! mistake in what the file means. Nothing is sent, and nothing is validated again later.

mod at_rate;
mod body;
mod connections;
mod data;
mod effective;
mod expect;
mod explore;
mod explored;
#[cfg(test)]
pub(crate) mod fixture;
mod flow;
mod gates;
mod identity;
mod limits;
mod load;
mod meant;
mod multipart;
mod network;
mod probe;
mod prospects;
mod proxy;
mod redirected;
mod request;
mod step;
mod stream;
mod target;
mod think;
mod wait_for;

use std::borrow::Cow;
use std::time::Duration;

pub use crate::values::{Condition, Environment, RenderError, Scope, Seat, Secrets};
pub use at_rate::AtRate;
pub use connections::{Connections, Http, Per};
pub use data::Data;
pub use expect::{Expect, Judged, Miss};
pub use explore::{Explore, ExploreAsked, ExploreError};
pub use explored::Explored;
pub use flow::Flow;
pub use limits::{Limits, Machine};
pub use network::{Network, Route};
pub use probe::Probe;
pub use proxy::{Proxy, ProxySpeech};
pub use request::{Rendered, Request};
pub use step::{Again, OnFailure, Only, Step};
pub use stream::Stream;
pub use target::{Endpoint, Target};
pub use think::Think;
pub use wait_for::WaitFor;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::gate::NamedGate;
use crate::metrics::Series;
use crate::scenario::ScenarioFile;
use crate::values::Resolver;
use flow::Steps;
use prospects::Loads;
use stream::Streams;

/// What will run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the run is called.
    pub name: String,
    /// What it is for; empty if the file does not say.
    pub description: String,
    /// The file that it comes from, as it was named.
    pub file: String,
    /// A hash of what is sent and when: two runs that share it can be compared.
    pub scenario_hash: String,
    /// The effective scenario as text, without secrets.
    pub scenario: String,
    /// Where requests go.
    pub target: Target,
    /// When they go: one stream of journeys, and one more for each flow with a load of its own.
    pub streams: Vec<Stream>,
    /// What every random draw follows.
    pub seed: u64,
    /// How much may happen at one time.
    pub limits: Limits,
    /// Steps that run once before the load, outside the figures.
    pub setup: Vec<Step>,
    /// The steps of all flows.
    pub steps: Vec<Step>,
    /// Which of them are counted each by itself.
    pub series: Series,
    /// Which steps one journey does.
    pub flows: Vec<Flow>,
    /// Steps that run once after the load, outside the figures.
    pub teardown: Vec<Step>,
    /// Rows that journeys get.
    pub data: Vec<Data>,
    /// The values that every journey starts from.
    pub scope: Scope,
    /// What must stand in no output.
    pub secrets: Secrets,
    /// What the run must show.
    pub gates: Vec<NamedGate>,
    /// What `mnload explore` may try.
    pub explore: Explore,
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
    /// Variables, instead of or beside those of `[vars]`.
    pub vars: Vec<(String, String)>,
}

impl Plan {
    /// Checks and resolves `file`.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the file.
    pub fn resolve(file: &ScenarioFile, overrides: &Overrides, machine: &Machine) -> Result<Self, Diagnostics> {
        let secrets = Secrets::default();
        let mut resolver = Resolver::new(&file.source, &overrides.environment, &secrets);
        let document = &file.document;
        flow::declare(&mut resolver, document, &overrides.vars);
        let data = data::resolve(&mut resolver, document.data.as_ref());
        let name = match &document.name {
            Some(name) => resolver.text(name),
            None => stem(&file.source.name),
        };
        let description = document.description.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
        let mut target = target::resolve(&mut resolver, document.target.as_ref(), overrides.base_url.as_deref());
        let Steps { setup, all: steps, flows, teardown, .. } = flow::resolve(&mut resolver, document, &mut target);
        network::check(&mut resolver, document.target.as_ref(), &target);
        let Streams { all: streams, seed, limits } =
            stream::resolve(&mut resolver, document, &steps, &flows, overrides.workers, machine);
        let mut gates =
            gates::resolve(&mut resolver, document, Loads { streams: &streams, flows: &flows, steps: &steps });
        let named: Vec<usize> = gates.iter().filter_map(|named| named.series.as_deref()).flatten().copied().collect();
        let series = Series::of_steps(steps.len(), &named);
        for step in gates.iter_mut().filter_map(|named| named.series.as_mut()).flatten() {
            *step = series.of(*step);
        }
        let explore = explore::resolve(&mut resolver, document.explore.as_ref());
        data::check(&mut resolver, document.data.as_ref(), &data, &streams);
        if document.step.is_empty() && document.flow.is_empty() {
            let missing = "the scenario has no steps: nothing would be sent";
            let mistake = Diagnostic::nowhere(format!("{}: {missing}", file.source.name));
            resolver.mistakes.push(mistake.hint("add a [[step]] with get = \"/health\""));
        }
        let scenario_hash = identity::hash(file, &overrides.vars, &streams);
        let scenario = effective::text(file, &overrides.vars, &secrets);
        let file = file.source.name.to_string();
        let data = data.into_iter().map(|data| data.seeded(seed)).collect();
        let (mistakes, scope) = resolver.finish(seed);
        // A name stands in every report, in metrics and in the run folder's own name.
        let shown = |text: &mut String| {
            if let Cow::Owned(clean) = secrets.redact_noted(text) {
                *text = clean;
            }
        };
        let (mut name, mut description, mut steps, mut flows) = (name, description, steps, flows);
        [&mut name, &mut description].into_iter().for_each(shown);
        for step in &mut steps {
            shown(&mut step.name);
            step.group.iter_mut().chain(step.tags.values_mut()).for_each(shown);
        }
        flows.iter_mut().for_each(|flow| shown(&mut flow.name));
        mistakes.unless_empty(Self {
            name,
            description,
            file,
            scenario_hash,
            scenario,
            target,
            streams,
            seed,
            limits,
            setup,
            steps,
            series,
            flows,
            teardown,
            gates,
            explore,
            data,
            scope,
            secrets,
        })
    }

    /// Whether every flow is done once, in order: a smoke run.
    pub fn is_once(&self) -> bool {
        stream::is_once(&self.streams)
    }

    /// How long journeys are started, where that is known beforehand.
    pub fn duration(&self) -> Option<Duration> {
        let ends: Option<Vec<_>> = self.streams.iter().map(Stream::ends_after).collect();
        ends?.into_iter().max()
    }

    /// When the window of the rates begins, from the start of the load: where the first warm-up is over.
    pub fn judged_from(&self) -> Duration {
        judged_from(&self.streams)
    }

    /// The pauses of a journey at their longest, together.
    pub fn longest_pauses(&self) -> Duration {
        let of = |step: &Step| step.think.as_ref().map_or(Duration::ZERO, Think::longest) * step.repeat as u32;
        let flows = self.flows.iter().map(|flow| self.steps[flow.steps.clone()].iter().map(of).sum());
        flows.max().unwrap_or_default()
    }

    /// The most requests of one journey of `stream`, if none is tried again.
    pub fn requests_per_journey(&self, stream: &Stream) -> u64 {
        let flows = stream.flows.iter().filter_map(|flow| self.flows.get(*flow));
        flows.map(|flow| self.steps[flow.steps.clone()].iter().map(|step| step.repeat).sum()).max().unwrap_or(0)
    }
}

fn judged_from(streams: &[Stream]) -> Duration {
    let any = streams.iter().any(|stream| !stream.warm_up.is_zero());
    streams.iter().map(Stream::judged_from).min().filter(|_| any).unwrap_or_default()
}

fn stem(path: &str) -> String {
    let stem = std::path::Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "scenario".to_owned())
}
