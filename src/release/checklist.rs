//! What a release file means: gates, items and what they stand on, resolved once, every mistake with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use minijinja::Value as Variable;

use super::accept::Acceptance;
use super::evidence::{self, PlaceKind, Reader, RunFolder};
use super::file::{GateSection, ItemSection, ReleaseDocument};
use super::rollback;
use super::work::{self, ScenarioRun, Work};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, listed, nearest};
use crate::scenario::{Entries, Spanned, Value, beside, read_other};
use crate::values::{Environment, Resolver, Secrets, vars};

/// So many items run at one time if the file does not say.
const PARALLEL: u64 = 2;

/// A release file as it was written.
#[derive(Debug, Clone)]
pub struct ReleaseFile {
    /// The file's name and text and those of the files that it uses.
    pub source: Source,
    /// What it says.
    pub document: ReleaseDocument,
}

/// What is known of this run before it starts: templates name it `run.id`, `run.commit` and `run.started_at`.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// The run's own id.
    pub id: String,
    /// The commit; empty without a repository.
    pub commit: String,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
}

/// A release, checked.
#[derive(Debug, Clone)]
pub struct Checklist {
    /// What is released.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The file that it comes from, as it was named.
    pub file: String,
    /// The folder of that file, which commands run in.
    pub folder: PathBuf,
    /// Items that run at one time at the most.
    pub parallel: usize,
    /// Where sign-offs are kept.
    pub signoffs: Option<PathBuf>,
    /// Environment variables of every command.
    pub env: Vec<(String, String)>,
    /// Who answers for what.
    pub roles: BTreeMap<String, Role>,
    /// The gates, in order; each has items.
    pub gates: Vec<Gate>,
    /// What must stand in no output.
    pub secrets: Secrets,
    /// For messages that show a place.
    pub source: Source,
}

/// Somebody who answers for items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What the role is called.
    pub title: String,
    /// What it answers for.
    pub duty: String,
    /// Who may sign for it; empty if anybody may.
    pub people: Vec<String>,
}

/// Items that are accepted together.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Its short name.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Why it is there.
    pub rationale: String,
    /// Its items, in order.
    pub items: Vec<Item>,
}

/// One thing that must hold.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its short name, unique in the release.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Names of roles.
    pub owners: Vec<String>,
    /// Why it is there.
    pub rationale: String,
    /// What is run; none if evidence is only read, or a person asked.
    pub work: Option<Work>,
    /// What is read.
    pub readers: Vec<Reader>,
    /// What the evidence must show.
    pub accept: Vec<Acceptance>,
    /// Ids of items that must have passed before it starts.
    pub needs: Vec<String>,
    /// Ids of items that must be over before it starts.
    pub after: Vec<String>,
    /// What its outcome depends on; none for all of the working tree.
    pub inputs: Option<Vec<PathBuf>>,
    /// How long a pass holds when a release is resumed; none as long as its inputs are the same.
    pub holds_for: Option<Duration>,
    /// What a person must confirm.
    pub manual: Option<String>,
    /// Whether it decides nothing.
    pub warn: bool,
    /// Whether it is a step of the rollback drill.
    pub drill: bool,
    /// What it leaves, as written.
    pub artifacts: Vec<String>,
    /// Where it is written.
    pub span: Range<usize>,
}

impl ReleaseFile {
    /// Reads and parses the file at `path` and the files that it uses.
    ///
    /// # Errors
    /// When a file cannot be read, or with every mistake of form.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let (source, document, _) = read_other(path)?;
        Ok(Self { source, document })
    }
}

impl Checklist {
    /// Checks and resolves `file`; `given` are variables of the command line.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the file.
    pub fn resolve(
        file: &ReleaseFile,
        environment: &Environment,
        given: &[(String, String)],
        run: &RunFacts,
    ) -> Result<Self, Diagnostics> {
        let secrets = Secrets::default();
        let mut resolver = Resolver::new(&file.source, environment, &secrets);
        let document = &file.document;
        let facts = [("id", &run.id), ("commit", &run.commit), ("started_at", &run.started_at)];
        let facts: BTreeMap<&str, String> = facts.into_iter().map(|(name, value)| (name, value.clone())).collect();
        resolver.names().constants.insert("run".to_owned(), Variable::from(facts));
        vars::declare(&mut resolver, document.vars.as_ref(), given);
        let name = document.name.as_ref().map_or_else(|| stem(&file.source.name), |name| resolver.text(name));
        let description = document.description.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
        let parallel = document.parallel.as_ref().and_then(|count| resolver.count("parallel", count, 1));
        let signoffs = document.signoffs.as_ref().and_then(|path| resolver.path(path));
        let env = pairs(&mut resolver, document.env.as_ref());
        let roles = roles(&mut resolver, document);
        let mut gates: Vec<Gate> =
            document.gate.iter().map(|gate| self::gate(&mut resolver, gate, roles.keys())).collect();
        if let Some(section) = &document.rollback {
            rollback::add_to(&mut resolver, &mut gates, section, roles.keys());
        }
        if gates.is_empty() {
            let nothing = Diagnostic::nowhere(format!("{}: the release has no gates", file.source.name));
            resolver.mistakes.push(nothing.hint("add a [[gate]] with an id, and [[gate.item]] below it"));
        }
        expand(&mut resolver, document, &mut gates);
        check_evidence(&mut resolver, &gates);
        let checklist = Self {
            name,
            description,
            file: file.source.name.to_string(),
            folder: beside(&file.source.name, ""),
            parallel: usize::try_from(parallel.unwrap_or(PARALLEL)).unwrap_or(usize::MAX).min(64),
            signoffs,
            env,
            roles,
            gates,
            secrets,
            source: file.source.clone(),
        };
        resolver.mistakes.unless_empty(checklist)
    }

    /// All items, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.gates.iter().flat_map(|gate| &gate.items)
    }
}

fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "release".to_owned())
}

/// Names and values, filled in.
pub(super) fn pairs(resolver: &mut Resolver<'_>, entries: Option<&Spanned<Entries>>) -> Vec<(String, String)> {
    let entries = entries.iter().flat_map(|entries| &entries.get_ref().0);
    entries.map(|(name, value)| (name.get_ref().clone(), resolver.scalar(name.get_ref(), value))).collect()
}

fn texts(resolver: &mut Resolver<'_>, list: Option<&Spanned<Vec<Spanned<String>>>>) -> Vec<String> {
    list.iter().flat_map(|list| list.get_ref()).map(|text| resolver.text(text)).collect()
}

fn roles(resolver: &mut Resolver<'_>, document: &ReleaseDocument) -> BTreeMap<String, Role> {
    let role = |(name, section): (&String, &Spanned<super::file::RoleSection>)| {
        let section = section.get_ref();
        let title = section.title.as_ref().map_or_else(|| name.clone(), |text| resolver.text(text));
        let duty = section.duty.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
        let people = texts(resolver, section.people.as_ref());
        // A name may come from the environment, and be left out there.
        let people = people.into_iter().filter(|name| !name.trim().is_empty()).collect();
        (name.clone(), Role { title, duty, people })
    };
    document.roles.iter().map(role).collect()
}

fn gate<'r>(
    resolver: &mut Resolver<'_>,
    written: &Spanned<GateSection>,
    roles: impl Iterator<Item = &'r String> + Clone,
) -> Gate {
    let section = written.get_ref();
    let id = identifier(resolver, section.id.as_ref(), written.span(), "a gate");
    let title = section.title.as_ref().map_or_else(|| id.clone(), |text| resolver.text(text));
    let rationale = section.rationale.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
    let owners = owners(resolver, section.owners.as_ref(), roles.clone());
    let needs = texts(resolver, section.needs.as_ref());
    if section.item.is_empty() {
        resolver.mistake(written.span(), format!("gate `{id}` has no items"), "add a [[gate.item]] below it");
    }
    let items = section.item.iter().map(|written| {
        let mut item = item(resolver, written, roles.clone());
        if written.get_ref().owners.is_none() {
            item.owners.clone_from(&owners);
        }
        item.needs.extend(needs.iter().cloned());
        item
    });
    Gate { items: items.collect(), id, title, rationale }
}

/// A name that the command line, file names and environment variables can hold.
pub(super) fn identifier(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<String>>,
    owner: Range<usize>,
    what: &str,
) -> String {
    let Some(written) = written else {
        resolver.mistake(owner, format!("{what} needs an id"), "for example id = \"typecheck\"");
        return String::new();
    };
    let id = resolver.text(written);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 60 || !id.chars().all(plain) || id.starts_with('-') {
        let hint = "an id has up to 60 letters, digits, - and _; the title may be any text";
        resolver.mistake(written.span(), format!("`{id}` cannot be an id"), hint);
    }
    id
}

pub(super) fn owners<'r>(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<Vec<Spanned<String>>>>,
    roles: impl Iterator<Item = &'r String> + Clone,
) -> Vec<String> {
    for owner in written.iter().flat_map(|list| list.get_ref()) {
        let known = roles.clone().any(|role| role == owner.get_ref());
        if roles.clone().next().is_some() && !known {
            let names = || roles.clone().map(String::as_str);
            let hint = match nearest(owner.get_ref(), names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the roles are: {}", listed(names())),
            };
            resolver.mistake(owner.span(), format!("there is no role `{}`", owner.get_ref()), hint);
        }
    }
    texts(resolver, written)
}

fn item<'r>(
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
    let mut readers = section.read.as_ref().map(|read| evidence::resolve(resolver, read.get_ref())).unwrap_or_default();
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

/// The conditions that are written, and those of readers whose figures they do not name.
fn accepted(resolver: &mut Resolver<'_>, section: &ItemSection, readers: &[Reader]) -> Vec<Acceptance> {
    let written: Vec<Spanned<String>> = match section.accept.as_ref().map(|accept| (accept.get_ref(), accept.span())) {
        None => Vec::new(),
        Some((Value::String(text), span)) => vec![Spanned::new(span, text.clone())],
        Some((Value::Array(items), _)) => items.iter().filter_map(|item| condition_text(resolver, item)).collect(),
        Some((_, span)) => {
            resolver.mistake(
                span,
                "`accept` is a condition or a list of them",
                "for example accept = \"lines >= 65%\"",
            );
            Vec::new()
        }
    };
    let before = resolver.mistakes.0.len();
    let mut accept: Vec<Acceptance> = Vec::new();
    for text in &written {
        accept.extend(condition(resolver, text, readers));
    }
    if resolver.mistakes.0.len() > before {
        return accept;
    }
    for reader in readers {
        let figures = reader.figures();
        let is_own = |one: &Acceptance| match &one.reader {
            Some(name) => name == reader.name(),
            None => figures.iter().any(|(name, _)| *name == one.figure),
        };
        let own: Vec<&Acceptance> = accept.iter().filter(|one| is_own(one)).collect();
        let is_open = |default: &Acceptance| match reader.keeps_defaults() {
            true => !own.iter().any(|one| one.figure == default.figure || reader.says_enough(one, default)),
            false => own.is_empty(),
        };
        let more: Vec<Acceptance> = defaults_of(reader).filter(is_open).collect();
        let unwanted: Vec<String> = match own.is_empty() && more.is_empty() && !reader.judges() {
            true => vec![format!("nothing is wanted of what `{}` reads", reader.name())],
            false => {
                let asked = reader.asked_for();
                let open = asked.iter().filter(|name| !own.iter().any(|one| one.figure == **name));
                open.map(|name| format!("nothing is wanted of the figure `{name}`")).collect()
            }
        };
        for message in unwanted {
            let place = section.read.as_ref().map_or(0..0, Spanned::span);
            let names = listed(figures.iter().map(|(name, _)| name.as_str()));
            let example = reader.example().unwrap_or("…");
            let hint = format!("add accept = \"{example}\"; the figures of `{}` are: {names}", reader.name());
            resolver.mistake(place, message, hint);
        }
        accept.extend(more);
    }
    accept
}

/// What is wanted of `reader` where the file does not say.
pub(super) fn defaults_of(reader: &Reader) -> impl Iterator<Item = Acceptance> {
    let parsed = reader.defaults().iter().filter_map(|text| Acceptance::parse(text).ok());
    let name = reader.name().to_owned();
    parsed.map(move |one| Acceptance { reader: Some(name.clone()), ..one })
}

fn condition_text(resolver: &mut Resolver<'_>, item: &Spanned<Value>) -> Option<Spanned<String>> {
    match item.get_ref() {
        Value::String(text) => Some(Spanned::new(item.span(), text.clone())),
        other => {
            let message = format!("a condition is a text, not {}", other.type_name());
            resolver.mistake(item.span(), message, "for example \"failed == 0\"");
            None
        }
    }
}

fn condition(resolver: &mut Resolver<'_>, written: &Spanned<String>, readers: &[Reader]) -> Option<Acceptance> {
    let text = resolver.known(written)?;
    let accept = match Acceptance::parse(&text) {
        Ok(accept) => accept,
        Err(error) => {
            let span = resolver.source.within(&written.span(), &text, error.span);
            resolver.mistake(span, error.message, error.hint);
            return None;
        }
    };
    let of = readers.iter().filter(|reader| accept.reader.as_deref().is_none_or(|name| name == reader.name()));
    let figures: Vec<_> =
        of.flat_map(|reader| reader.figures().into_iter().map(|figure| (reader.name(), figure))).collect();
    let mut found = figures.iter().filter(|(_, (name, _))| *name == accept.figure);
    let problem = match (found.next(), found.next()) {
        (Some((_, (_, unit))), None) => match accept.mismatch(*unit) {
            None => return Some(accept),
            Some(mismatch) => (mismatch, "change the bound, or the figure".to_owned()),
        },
        (Some((one, _)), Some((other, _))) => {
            let hint = format!("write {one}.{0} or {other}.{0}", accept.figure);
            (format!("`{}` may be of `{one}` or of `{other}`", accept.figure), hint)
        }
        (None, _) => {
            let names = || figures.iter().map(|(_, (name, _))| name.as_str());
            let hint = match nearest(&accept.figure, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if figures.is_empty() => "add a reader with read = { … }: conditions are about its figures".into(),
                None => format!("the figures here are: {}", listed(names())),
            };
            (format!("there is no figure `{}`", accept.figure), hint)
        }
    };
    let span = resolver.source.within(&written.span(), &text, 0..text.len());
    resolver.mistake(span, problem.0, problem.1);
    None
}

/// Puts items in place of gates in `needs` and `after`, and refuses what is unknown, there twice, or a circle.
fn expand(resolver: &mut Resolver<'_>, document: &ReleaseDocument, gates: &mut [Gate]) {
    let mut seen = BTreeSet::new();
    let ids = gates.iter().flat_map(|gate| {
        std::iter::once((&gate.id, None)).chain(gate.items.iter().map(|item| (&item.id, Some(item.span.clone()))))
    });
    for (id, span) in ids {
        if !id.is_empty() && !seen.insert(id.clone()) {
            let span = span.unwrap_or(0..0);
            resolver.mistake(span, format!("the id `{id}` is there twice"), "gates and items need ids of their own");
        }
    }
    let of_gates: BTreeMap<String, Vec<String>> =
        gates.iter().map(|gate| (gate.id.clone(), gate.items.iter().map(|item| item.id.clone()).collect())).collect();
    let places = places_of_names(document);
    for item in gates.iter_mut().flat_map(|gate| &mut gate.items) {
        for list in [&mut item.needs, &mut item.after] {
            let mut expanded: Vec<String> = Vec::new();
            for name in list.iter() {
                let more = match of_gates.get(name) {
                    Some(items) => items.clone(),
                    None if seen.contains(name) => vec![name.clone()],
                    None => {
                        let hint = match nearest(name, seen.iter().map(String::as_str)) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "name the id of a gate or of an item".to_owned(),
                        };
                        let span = places.get(name).cloned().unwrap_or(item.span.clone());
                        resolver.mistake(span, format!("there is no gate and no item `{name}`"), hint);
                        Vec::new()
                    }
                };
                expanded
                    .extend(more.into_iter().filter(|id| !expanded.contains(id) || id == &item.id).collect::<Vec<_>>());
            }
            *list = expanded;
        }
    }
    refuse_circles(resolver, gates);
}

/// Where the names in `needs` and `after` are written, for messages.
fn places_of_names(document: &ReleaseDocument) -> BTreeMap<String, Range<usize>> {
    let of_gates = document.gate.iter().map(|gate| gate.get_ref());
    let lists = of_gates.flat_map(|gate| {
        let of_items = gate.item.iter().flat_map(|item| [&item.get_ref().needs, &item.get_ref().after]);
        std::iter::once(&gate.needs).chain(of_items)
    });
    let drill = document.rollback.iter().map(|section| &section.get_ref().needs);
    let names = lists.chain(drill).flatten().flat_map(|list| list.get_ref());
    names.map(|name| (name.get_ref().clone(), name.span())).collect()
}

/// Takes away what stands on nothing, until nothing is left, or a circle.
fn refuse_circles(resolver: &mut Resolver<'_>, gates: &[Gate]) {
    let items: Vec<&Item> = gates.iter().flat_map(|gate| &gate.items).collect();
    let mut left: BTreeMap<&str, &Item> = items.iter().map(|item| (item.id.as_str(), *item)).collect();
    loop {
        let free = |item: &Item| !item.needs.iter().chain(&item.after).any(|id| left.contains_key(id.as_str()));
        let done: Vec<&str> = left.iter().filter(|(_, item)| free(item)).map(|(id, _)| *id).collect();
        if done.is_empty() {
            break;
        }
        left.retain(|id, _| !done.contains(id));
    }
    if let Some(first) = items.iter().find(|item| left.contains_key(item.id.as_str())) {
        let names: Vec<&str> = left.keys().copied().collect();
        let message = format!("these items wait for each other: {}", names.join(", "));
        resolver.mistake(first.span.clone(), message, "take one of their `needs` or `after` away");
    }
}

/// Evidence must be new by something: a command that makes it, or an age.
fn check_evidence(resolver: &mut Resolver<'_>, gates: &[Gate]) {
    let items: BTreeMap<&str, &Item> =
        gates.iter().flat_map(|gate| &gate.items).map(|item| (item.id.as_str(), item)).collect();
    for item in items.values() {
        let needs_work = item.needs.iter().any(|id| items.get(id.as_str()).is_some_and(|item| item.work.is_some()));
        for place in item.readers.iter().flat_map(Reader::places) {
            match &place.kind {
                PlaceKind::Live | PlaceKind::Standing(_) => {}
                PlaceKind::Stdout | PlaceKind::Stderr if item.work.is_none() => resolver.mistake(
                    place.span.clone(),
                    "there is no output: this item runs no command",
                    "add run = \"…\", or read a file",
                ),
                PlaceKind::File(_) if item.work.is_none() && !needs_work && place.max_age.is_none() => resolver.mistake(
                    place.span.clone(),
                    "nothing here makes this file, so it may be from any time",
                    "say how old it may be, as in { from = \"…\", max_age = \"24h\" }, or `needs` the item that makes it",
                ),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse_other;

    fn resolved(text: &str) -> Result<Checklist, Diagnostics> {
        let (source, document, _) = parse_other("release.toml", text)?;
        let run = RunFacts { id: "r1".into(), ..RunFacts::default() };
        Checklist::resolve(&ReleaseFile { source, document }, &Environment::default(), &[], &run)
    }

    fn mistakes(text: &str) -> String {
        resolved(text).unwrap_err().to_string()
    }

    #[test]
    fn gates_in_needs_stand_for_their_items_and_the_drill_is_a_chain_of_them() {
        let text = r#"
            [vars]
            tag = "v1"
            [roles.devops]
            [[gate]]
            id = "A"
            owners = ["devops"]
            [[gate.item]]
            id = "lint"
            run = "npm run lint"
            [[gate.item]]
            id = "types"
            run = { command = ["tsc", "${ tag }", "${ run.id }"], exit_codes = [0, 2] }
            [[gate]]
            id = "H"
            needs = ["A"]
            [[gate.item]]
            id = "uat"
            manual = "it was seen by a person"
            [rollback]
            gate = "H"
            previous = "git describe"
            deploy = "./deploy $MNLOAD_PREVIOUS"
            smoke = "scenarios/smoke.toml"
            restore = "./deploy"
        "#;
        let checklist = resolved(text).unwrap();
        let ids: Vec<&str> = checklist.items().map(|item| item.id.as_str()).collect();
        let drill = ["previous", "deploy", "smoke", "restore", "restored"].map(|step| format!("rollback-{step}"));
        assert_eq!(ids[..3], ["lint", "types", "uat"]);
        assert_eq!(ids[3..], drill);
        assert_eq!(checklist.gates[1].items[0].needs, ["lint", "types"]);
        assert_eq!(checklist.gates[0].items[0].owners, ["devops"]);
        let Some(Work::Command(types)) = &checklist.gates[0].items[1].work else { panic!("no command") };
        assert_eq!(types.program.shown(), "tsc v1 r1");
        assert_eq!(types.exit_codes, [0, 2]);
    }

    #[test]
    fn every_mistake_says_where_and_what_to_do() {
        let gate = "[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\n";
        for (text, wanted) in [
            ("", "has no gates"),
            ("[[gate]]\nid = 'A'\n", "gate `A` has no items"),
            (&format!("{gate}"), "item `a` would show nothing"),
            (&format!("{gate}run = ''"), "this command is empty"),
            (&format!("{gate}run = 'x'\nneds = []"), "did you mean `needs`?"),
            (&format!("{gate}run = 'x'\nneeds = ['b']"), "no gate and no item `b`"),
            (&format!("{gate}run = 'x'\nneeds = ['a']"), "wait for each other: a"),
            (&format!("{gate}run = 'x'\nread = {{ file = 'y' }}\naccept = 'sise > 0'"), "did you mean `size`?"),
            (&format!("{gate}run = 'x'\nread = {{ file = 'y' }}\naccept = 'age < 5'"), "compared with a duration"),
            (&format!("{gate}read = {{ file = 'y' }}"), "nothing here makes this file"),
            (&format!("{gate}read = {{ text = {{ contains = ['y'] }} }}"), "this item runs no command"),
            (&format!("{gate}run = 'echo ${{TOKEN}}'"), "unknown variable `TOKEN`"),
            (&format!("{gate}run = 'x'\nowners = ['qa']\n[roles.q]"), "there is no role `qa`"),
            (&format!("{gate}run = 'x'\n[[gate.item]]\nid = 'a'\nrun = 'x'"), "the id `a` is there twice"),
            (&format!("{gate}scenario = 'none.toml'"), "there is no scenario none.toml"),
            (&format!("{gate}run = 'x'\n[rollback]\ngate = 'B'"), "there is no gate `B`"),
        ] {
            let said = mistakes(text);
            assert!(said.contains(wanted), "{wanted} in:\n{said}");
        }
    }
}
