//! `[rollback]`: the drill as five items of a gate, each standing on the one before.
//!
//! The version before is asked for, deployed and checked by the same scenario as the new one; then the new one is put back,
//! however the drill went, and checked again.

use std::time::Duration;

use super::checklist::{Gate, Item};
use super::evidence::Reader;
use super::file::RollbackSection;
use super::item::own_run;
use super::wanted::defaults_of;
use super::work::{self, Work};
use super::written::owners;
use crate::diagnostic::nearest;
use crate::scenario::{Short, Spanned};
use crate::values::Resolver;

/// The environment variable that holds the version to go back to.
const PREVIOUS: &str = "MNLOAD_PREVIOUS";

/// Adds the steps of the drill to the gate that it names.
pub(super) fn add_to<'r>(
    resolver: &mut Resolver<'_>,
    gates: &mut [Gate],
    written: &Spanned<RollbackSection>,
    roles: impl Iterator<Item = &'r String> + Clone,
) {
    let section = written.get_ref();
    let Some(gate) = section.gate.as_ref() else {
        resolver.mistake(written.span(), "the drill belongs to no gate", "name one, as in gate = \"H\"");
        return;
    };
    let id = resolver.text(gate);
    let required = [
        ("previous", section.previous.is_some(), "previous = \"git describe --tags --abbrev=0 HEAD^\""),
        ("deploy", section.deploy.is_some(), "deploy = \"docker compose up -d\""),
        ("smoke", section.smoke.is_some(), "smoke = \"smoke.toml\""),
        ("restore", section.restore.is_some(), "restore = \"docker compose up -d\""),
    ];
    for (name, _, example) in required.iter().filter(|(_, is_there, _)| !is_there) {
        resolver.mistake(written.span(), format!("the drill has no `{name}`"), format!("for example {example}"));
    }
    let owners = owners(resolver, section.owners.as_ref(), roles);
    let title = section.title.as_ref().map_or_else(|| "Rollback drill".to_owned(), |text| resolver.text(text));
    let rationale = section.rationale.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
    let command = |resolver: &mut Resolver<'_>, command: &Option<Spanned<Short<super::file::RunSection>>>| {
        command.as_ref().and_then(|command| work::command(resolver, command))
    };
    let previous = command(resolver, &section.previous).map(|mut previous| {
        previous.sets = Some(PREVIOUS.to_owned());
        Work::Command(previous)
    });
    let deploy = command(resolver, &section.deploy).map(Work::Command);
    let restore = command(resolver, &section.restore).map(Work::Command);
    let smoke = section.smoke.as_ref().and_then(|smoke| work::scenario(resolver, smoke)).map(|mut smoke| {
        smoke.baseline = section.baseline.as_ref().map(|item| resolver.text(item)).or(smoke.baseline);
        Work::Scenario(smoke)
    });
    let needs: Vec<String> =
        section.needs.iter().flat_map(|list| list.get_ref()).map(|name| resolver.text(name)).collect();
    let read = |work: &Option<Work>| -> Vec<Reader> {
        match work {
            Some(Work::Scenario(scenario)) => vec![own_run(scenario, written.span())],
            _ => Vec::new(),
        }
    };
    let step = |name: &str, what: &str, work: Option<Work>| Item {
        id: format!("rollback-{name}"),
        title: format!("{title}: {what}"),
        owners: owners.clone(),
        rationale: rationale.clone(),
        readers: read(&work),
        accept: read(&work).iter().flat_map(defaults_of).collect(),
        work,
        needs: Vec::new(),
        after: Vec::new(),
        inputs: None,
        // What it did to the target is over when the run is.
        holds_for: Some(Duration::ZERO),
        manual: None,
        warn: false,
        drill: true,
        artifacts: Vec::new(),
        span: written.span(),
    };
    let needing = |item: Item, id: &str| Item { needs: vec![format!("rollback-{id}")], ..item };
    let after = vec!["rollback-deploy".to_owned(), "rollback-smoke".to_owned()];
    let items = [
        Item { needs, ..step("previous", "the version to go back to", previous) },
        needing(step("deploy", "the previous version is deployed", deploy), "previous"),
        needing(step("smoke", "the previous version passes its smoke check", smoke.clone()), "deploy"),
        Item { after, ..step("restore", "the new version is deployed again", restore) },
        needing(step("restored", "the new version passes its smoke check again", smoke), "restore"),
    ];
    let names: Vec<String> = gates.iter().map(|gate| gate.id.clone()).collect();
    match gates.iter_mut().find(|known| known.id == id) {
        Some(gate) => {
            let mut items = items;
            // The steps behind it stand on it; what puts the new version back waits for nothing else.
            items[0].needs.extend(gate.needs.iter().cloned());
            gate.items.extend(items);
        }
        None => {
            let hint = match nearest(&id, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name the id of a [[gate]]".to_owned(),
            };
            resolver.mistake(gate.span(), format!("there is no gate `{id}`"), hint);
        }
    }
}
