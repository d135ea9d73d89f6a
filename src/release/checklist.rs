//! What a release file means: gates, items and what they stand on, resolved once, every mistake with its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use minijinja::Value as Variable;

use super::accept::Acceptance;
use super::evidence::Reader;
use super::file::{GateSection, ReleaseDocument};
use super::work::Work;
use super::{item, order, rollback};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, listed, nearest};
use crate::scenario::{Entries, Spanned, beside, read_other};
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

/// What is known of this run before it starts: templates name it `run.id`, `run.commit`, `run.started_at`, and
/// `run.number`, the second in which it started, counted since 1970: a number that no other run has.
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
    /// Names and texts of its variables: some are not to be shown.
    pub vars: Vec<(String, String)>,
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
    /// Whether `people` is written and all the same names nobody.
    pub names_nobody: bool,
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
    /// Gates and items that each of its items needs, as written.
    pub needs: Vec<String>,
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
        let number = run.started_at.parse().map_or(0, jiff::Timestamp::as_second).to_string();
        let facts = [("id", &run.id), ("commit", &run.commit), ("started_at", &run.started_at), ("number", &number)];
        let facts: BTreeMap<&str, String> = facts.into_iter().map(|(name, value)| (name, value.clone())).collect();
        resolver.names().constants.insert("run".to_owned(), Variable::from(facts));
        vars::declare(&mut resolver, document.vars.as_ref(), given);
        let vars = variables(&mut resolver, document, given);
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
        order::expand(&mut resolver, document, &mut gates);
        order::check_evidence(&mut resolver, &gates);
        let checklist = Self {
            name,
            description,
            file: file.source.name.to_string(),
            folder: beside(&file.source.name, ""),
            parallel: usize::try_from(parallel.unwrap_or(PARALLEL)).unwrap_or(usize::MAX).min(64),
            signoffs,
            vars,
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

/// The variables of the file and of the command line, with every text in them.
fn variables(
    resolver: &mut Resolver<'_>,
    document: &ReleaseDocument,
    given: &[(String, String)],
) -> Vec<(String, String)> {
    let written = document.vars.iter().flat_map(|vars| &vars.get_ref().0).map(|(name, _)| name.get_ref());
    let names: Vec<&String> = written.chain(given.iter().map(|(name, _)| name)).collect();
    let mut texts = Vec::new();
    for name in names {
        let value = resolver.names().constants.get(name).and_then(|value| serde_json::to_value(value).ok());
        add_texts(name, value.as_ref(), &mut texts);
    }
    texts
}

fn add_texts(name: &str, value: Option<&serde_json::Value>, texts: &mut Vec<(String, String)>) {
    use serde_json::Value as Json;
    match value {
        Some(Json::String(text)) => texts.push((name.to_owned(), text.clone())),
        Some(Json::Number(number)) => texts.push((name.to_owned(), number.to_string())),
        Some(Json::Array(items)) => items.iter().for_each(|item| add_texts(name, Some(item), texts)),
        Some(Json::Object(fields)) => {
            fields.iter().for_each(|(key, field)| add_texts(&format!("{name}_{key}"), Some(field), texts));
        }
        Some(Json::Null | Json::Bool(_)) | None => {}
    }
}

/// Names and values, filled in.
pub(super) fn pairs(resolver: &mut Resolver<'_>, entries: Option<&Spanned<Entries>>) -> Vec<(String, String)> {
    let entries = entries.iter().flat_map(|entries| &entries.get_ref().0);
    entries.map(|(name, value)| (name.get_ref().clone(), resolver.scalar(name.get_ref(), value))).collect()
}

pub(super) fn texts(resolver: &mut Resolver<'_>, list: Option<&Spanned<Vec<Spanned<String>>>>) -> Vec<String> {
    list.iter().flat_map(|list| list.get_ref()).map(|text| resolver.text(text)).collect()
}

fn roles(resolver: &mut Resolver<'_>, document: &ReleaseDocument) -> BTreeMap<String, Role> {
    let role = |(name, section): (&String, &Spanned<super::file::RoleSection>)| {
        let section = section.get_ref();
        let title = section.title.as_ref().map_or_else(|| name.clone(), |text| resolver.text(text));
        let duty = section.duty.as_ref().map(|text| resolver.text(text)).unwrap_or_default();
        let people = texts(resolver, section.people.as_ref());
        // A name may come from the environment, and be left out there.
        let people: Vec<String> = people.into_iter().filter(|name| !name.trim().is_empty()).collect();
        let names_nobody = section.people.is_some() && people.is_empty();
        (name.clone(), Role { title, duty, people, names_nobody })
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
        let mut item = item::item(resolver, written, roles.clone());
        if written.get_ref().owners.is_none() {
            item.owners.clone_from(&owners);
        }
        item.needs.extend(needs.iter().cloned());
        item
    });
    Gate { items: items.collect(), id, title, rationale, needs }
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
        let of_drill = |step: usize| &checklist.gates[1].items[1 + step];
        assert_eq!(of_drill(0).needs, ["lint", "types"], "the drill waits for what its gate waits for");
        assert!(of_drill(3).needs.is_empty(), "nothing keeps the new version from being put back");
        assert_eq!(checklist.gates[0].items[0].owners, ["devops"]);
        let Some(Work::Command(types)) = &checklist.gates[0].items[1].work else { panic!("no command") };
        assert_eq!(types.program.shown(), "tsc v1 r1");
        assert_eq!(types.exit_codes, [0, 2]);
    }

    #[test]
    fn what_is_compared_waits_for_what_it_is_compared_with() {
        let text = "[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'later'\n\
                    scenario = { file = 'Cargo.toml', baseline = 'first' }\n\
                    [[gate.item]]\nid = 'first'\nscenario = 'Cargo.toml'\n\
                    [rollback]\ngate = 'A'\nprevious = 'x'\ndeploy = 'x'\nrestore = 'x'\nsmoke = 'Cargo.toml'\n\
                    baseline = 'first'\n";
        let checklist = resolved(text).unwrap();
        let after = |id: &str| checklist.items().find(|item| item.id == id).unwrap().after.clone();
        assert_eq!(after("later"), ["first"]);
        assert_eq!(after("rollback-previous"), ["first"], "nothing is measured while the old version is deployed");
        assert_eq!(after("rollback-restored"), [""; 0]);
    }

    #[test]
    fn variables_are_known_with_every_text_in_them_and_roles_tell_that_nobody_is_named() {
        let checklist = resolved(
            "[vars]\ntag = 'v1'\nkeys = { api_token = ['a', 'b'] }\n[roles.qa]\npeople = [\"${ env.QA | default('') }\"]\n\
             [roles.po]\n[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\nrun = 'x'\n",
        );
        let checklist = checklist.unwrap();
        let wanted = [("tag", "v1"), ("keys_api_token", "a"), ("keys_api_token", "b")];
        assert_eq!(checklist.vars, wanted.map(|(name, text)| (name.to_owned(), text.to_owned())));
        assert!(checklist.roles["qa"].names_nobody && !checklist.roles["po"].names_nobody);
    }

    #[test]
    fn every_mistake_says_where_and_what_to_do() {
        let gate = "[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\n";
        let drill = "[rollback]\ngate = 'A'\nprevious = 'x'\ndeploy = 'x'\nrestore = 'x'\nsmoke = 'Cargo.toml'";
        for (text, wanted) in [
            ("", "has no gates"),
            ("[[gate]]\nid = 'A'\n", "gate `A` has no items"),
            (gate, "item `a` would show nothing"),
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
            (&format!("{gate}scenario = {{ file = 'Cargo.toml', baseline = 'b' }}"), "there is no item `b`"),
            (&format!("{gate}run = 'x'\n{drill}\nbaseline = 'b'"), "there is no item `b`"),
        ] {
            let said = mistakes(text);
            assert!(said.contains(wanted), "{wanted} in:\n{said}");
        }
    }
}
