//! From a release file as written to what it means: resolved once, every mistake with its place.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::Value as Variable;

use super::checklist::{Checklist, Gate, ReleaseFile, Role, RunFacts};
use super::file::{GateSection, ReleaseDocument, RoleSection};
use super::written::{identifier, owners, pairs, texts};
use super::{item, order, rollback};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::{Spanned, beside};
use crate::values::{Environment, Resolver, Secrets, vars};

/// So many items run at one time if the file does not say.
const PARALLEL: u64 = 2;

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

fn roles(resolver: &mut Resolver<'_>, document: &ReleaseDocument) -> BTreeMap<String, Role> {
    let role = |(name, section): (&String, &Spanned<RoleSection>)| {
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

#[cfg(test)]
mod tests {
    use super::super::work::Work;
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
