//! One item of a gate as it is written, resolved.

use std::ops::Range;

use super::checklist::Item;
use super::evidence::{self, Reader, RunFolder};
use super::file::ItemSection;
use super::wanted::accepted;
use super::work::{self, ScenarioRun, Work};
use super::written::{identifier, owners, texts};
use crate::scenario::Spanned;
use crate::values::Resolver;

pub(super) fn item<'r>(
    resolver: &mut Resolver<'_>,
    written: &Spanned<ItemSection>,
    roles: impl Iterator<Item = &'r String> + Clone,
) -> Item {
    let section = written.get_ref();
    let id = identifier(resolver, section.id.as_ref(), written.span(), "an item");
    let run = section.run.as_ref().and_then(|run| work::command(resolver, run));
    let scenario = section.scenario.as_ref().and_then(|scenario| work::scenario(resolver, scenario));
    if let (Some(run), Some(_)) = (&section.run, &section.scenario) {
        let hint = "make two items of them; one can need the other";
        resolver.mistake(run.span(), "an item has either `run` or `scenario`", hint);
    }
    if section.run.is_none() && section.scenario.is_none() && section.read.is_none() && section.manual.is_none() {
        let hint = "add run = \"a command\", scenario = \"smoke.toml\", read = { … } or manual = \"what to confirm\"";
        resolver.mistake(written.span(), format!("item `{id}` would show nothing"), hint);
    }
    let before = resolver.mistakes.0.len();
    let mut readers = section.read.as_ref().map(|read| evidence::resolve(resolver, read.get_ref())).unwrap_or_default();
    if let Some(read) = section.read.as_ref().filter(|_| readers.is_empty() && resolver.mistakes.0.len() == before) {
        let hint = "name a reader and what it reads, for example read = { tests = \"junit.xml\" }; or leave `read` out";
        resolver.mistake(read.span(), "this reads nothing", hint);
    }
    if let Some(scenario) = &scenario {
        if let Some(other) = section.read.as_ref().and_then(|read| read.get_ref().run.as_ref()) {
            let hint = "its own run is read by itself; read another one in an item of its own";
            resolver.mistake(other.span(), "an item reads one run", hint);
        }
        readers.insert(0, own_run(scenario, written.span()));
    }
    let inputs = section.inputs.as_ref().map(|list| {
        let paths = list.get_ref().iter().map(|path| resolver.path(path));
        paths.flatten().collect()
    });
    Item {
        title: section.title.as_ref().map_or_else(|| id.clone(), |text| resolver.text(text)),
        owners: owners(resolver, section.owners.as_ref(), roles),
        rationale: section.rationale.as_ref().map(|text| resolver.text(text)).unwrap_or_default(),
        accept: accepted(resolver, section, &readers),
        work: run.map(Work::Command).or(scenario.map(Work::Scenario)),
        needs: texts(resolver, section.needs.as_ref()),
        after: texts(resolver, section.after.as_ref()),
        inputs,
        holds_for: section.holds_for.as_ref().and_then(|time| resolver.duration(time, false)),
        manual: section.manual.as_ref().map(|text| resolver.text(text)),
        warn: section.warn.as_ref().is_some_and(|warn| *warn.get_ref()),
        drill: false,
        artifacts: texts(resolver, section.artifacts.as_ref()),
        span: written.span(),
        readers,
        id,
    }
}

/// The reader of the run that an item makes itself.
pub(super) fn own_run(scenario: &ScenarioRun, span: Range<usize>) -> Reader {
    Reader::Run(RunFolder::own(span, scenario.baseline.is_some()))
}
