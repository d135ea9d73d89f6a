//! Flows: which steps belong to one journey, and how often each flow is chosen.

use std::collections::BTreeSet;
use std::ops::Range;

use super::step::{self, OnFailure, Step};
use super::target::Target;
use crate::scenario::{Document, FlowSection, Spanned, StepSection};
use crate::values::{Resolver, vars};

/// One flow of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// What reports call it; empty for the only flow of a file.
    pub name: String,
    /// How often it is chosen, relative to the others.
    pub weight: u64,
    /// Its steps, as numbers of the plan's steps.
    pub steps: Range<usize>,
}

/// All steps of a scenario.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    pub(super) setup: Vec<Step>,
    pub(super) all: Vec<Step>,
    pub(super) flows: Vec<Flow>,
    pub(super) teardown: Vec<Step>,
    /// What a failure means if a step does not say.
    on_failure: OnFailure,
    /// What the steps of the flows are called.
    names: BTreeSet<String>,
}

/// Gives every name that templates may use its place, before the first template is read.
pub(super) fn declare(resolver: &mut Resolver<'_>, document: &Document, given: &[(String, String)]) {
    vars::declare(resolver, document.vars.as_ref(), given);
    let steps = [&document.setup, &document.step, &document.teardown]
        .into_iter()
        .chain(document.flow.iter().map(|flow| &flow.get_ref().step));
    for (name, _) in
        steps.flatten().filter_map(|step| step.get_ref().extract.as_ref()).flat_map(|extract| &extract.get_ref().0)
    {
        let is_name = |text: &str| {
            let mut letters = text.chars();
            letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
                && letters.all(|c| c.is_alphanumeric() || c == '_')
        };
        vars::refuse_own_name(resolver, name);
        match is_name(name.get_ref()) {
            true => drop(resolver.slot(name.get_ref())),
            false => resolver.mistake(
                name.span(),
                format!("`{}` cannot be a variable", name.get_ref()),
                "variables have letters, digits and _",
            ),
        }
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, document: &Document, target: &mut Target) -> Steps {
    let on_failure = document.on_failure.as_ref().and_then(|text| resolver.parsed(text, step::reaction));
    let setup = once(resolver, &document.setup, target);
    let mut steps = Steps { setup, on_failure: on_failure.unwrap_or_default(), ..Steps::default() };
    if let (Some(first), false) = (document.flow.first(), document.step.is_empty()) {
        resolver.mistake(
            first.span(),
            "a file has either [[step]] or [[flow]]",
            "move the steps at the top level into a [[flow]] of their own",
        );
    }
    if !document.step.is_empty() {
        let taken = add(resolver, &document.step, target, &mut steps);
        steps.flows.push(Flow { name: String::new(), weight: 1, steps: taken });
    }
    for (number, written) in document.flow.iter().enumerate() {
        let flow = flow(resolver, number, written, target, &mut steps);
        steps.flows.push(flow);
    }
    steps.teardown = once(resolver, &document.teardown, target);
    steps
}

fn flow(
    resolver: &mut Resolver<'_>,
    number: usize,
    written: &Spanned<FlowSection>,
    target: &mut Target,
    steps: &mut Steps,
) -> Flow {
    let section = written.get_ref();
    let name = section.name.as_ref().map(|name| resolver.text(name)).unwrap_or_else(|| format!("flow {}", number + 1));
    let weight = section.weight.as_ref().and_then(|weight| resolver.count("weight", weight, 0)).unwrap_or(1);
    if section.step.is_empty() {
        resolver.mistake(
            written.span(),
            format!("the flow `{name}` has no steps"),
            "add [[flow.step]] with get = \"/health\"",
        );
    }
    if let Some(place) = section.name.as_ref().filter(|_| steps.flows.iter().any(|flow| flow.name == name)) {
        resolver.mistake(place.span(), format!("two flows are called `{name}`"), "give each a `name` of its own");
    }
    let taken = add(resolver, &section.step, target, steps);
    Flow { name, weight, steps: taken }
}

/// Adds `written` to `steps`, and says which numbers they got.
fn add(
    resolver: &mut Resolver<'_>,
    written: &[Spanned<StepSection>],
    target: &mut Target,
    steps: &mut Steps,
) -> Range<usize> {
    let first = steps.all.len();
    for written in written {
        let Some(mut step) = step::resolve(resolver, written, target) else { continue };
        if written.get_ref().on_failure.is_none() {
            step.on_failure = steps.on_failure;
        }
        if !steps.names.insert(step.name.clone()) {
            let span = written.get_ref().name.as_ref().map_or(written.span(), Spanned::span);
            let message = format!("two steps are called `{}`", step.name);
            resolver.mistake(
                span,
                message,
                "give each a `name` of its own, so that reports and gates can tell them apart",
            );
        }
        steps.all.push(step);
    }
    first..steps.all.len()
}

/// Steps that run once, outside the figures.
fn once(resolver: &mut Resolver<'_>, written: &[Spanned<StepSection>], target: &mut Target) -> Vec<Step> {
    written.iter().filter_map(|written| step::resolve(resolver, written, target)).collect()
}
