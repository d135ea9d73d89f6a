//! The schema of scenario files: it is the one of the code, it accepts what mnload accepts, it refuses what it can, and
//! every key in it is documented. That of results is held in `result.rs` beside this file.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "schema/release.rs"]
mod release;
#[path = "schema/result.rs"]
mod result;
#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use mnload::answer::Check;
use mnload::plan::{Machine, Overrides, Plan};
use mnload::scenario::{ScenarioFile, schema};
use serde_json::{Value, json};
use support::Workspace;
use support::blocks::blocks_of;

const COMMITTED: &str = "scenarios/scenario.schema.json";

fn text_of(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What the schema says is wrong with a scenario; empty if it is right.
fn complaints(validator: &Validator, scenario: &str) -> String {
    let written: toml::Value = toml::from_str(scenario).unwrap();
    let instance = serde_json::to_value(written).unwrap();
    validator.iter_errors(&instance).map(|error| format!("{}: {error}\n", error.instance_path())).collect()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

/// What mnload says is wrong with a scenario, if anything is.
fn refusal(scenario: &str) -> Option<String> {
    let planned = ScenarioFile::parse("scenario.toml", scenario, None)
        .and_then(|file| Plan::resolve(&file, &Overrides::default(), &Machine { cores: 1, sockets: 1_000 }));
    planned.err().map(|mistakes| mistakes.to_string())
}

#[test]
fn the_committed_schema_is_the_one_of_the_code() {
    assert!(jsonschema::meta::is_valid(&schema()));
    let printed = Workspace::with("").mnload(&["schema"]).exits_with(0).stdout;
    let same = text_of(COMMITTED) == printed;
    assert!(same, "the form of scenario files has changed: cargo run -- schema > {COMMITTED}");
}

#[test]
fn every_example_and_every_block_of_the_documents_is_valid() {
    let validator = validator();
    let mut count = 0;
    for folder in ["scenarios", "src/commands/starters"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                // A release file has a schema of its own.
                if text.starts_with("#:schema ./release.schema.json\n") {
                    let release = jsonschema::validator_for(&mnload::release::schema()).unwrap();
                    assert_eq!(complaints(&release, &text), "", "{}", path.display());
                    continue;
                }
                assert_eq!(complaints(&validator, &text), "", "{}", path.display());
                assert!(text.starts_with("#:schema ./scenario.schema.json\n"), "{}", path.display());
                count += 1;
            }
        }
    }
    for block in ["docs/scenario.md", "README.md"].into_iter().flat_map(blocks_of) {
        assert_eq!(complaints(&validator, &block.text), "", "{}", block.place);
        count += 1;
    }
    assert!(count >= 20, "only {count} scenarios were found");
}

const TARGET: &str = "target.base_url = 'http://127.0.0.1:9'\n";
const STEP: &str = "[[step]]\nget = '/'\n";

#[test]
fn what_mnload_refuses_for_its_form_the_schema_refuses() {
    let validator = validator();
    let wrong = [
        "nmae = 'x'",
        "name = 5",
        "use = 'common.toml'",
        "target.timeout = 5",
        "target.insecure = 'yes'",
        "target.headers = { X = [1] }",
        "load = { modle = 'once' }",
        "load = { model = 'opened' }",
        "load = { model = 'closed', users = 0, duration = '1s' }",
        "load = { model = 'closed', users = 'ten', duration = '1s' }",
        "load = { model = 'open', stages = [{ over = '1s' }] }",
        "data.users = { file = 'u.csv', order = 'backwards' }",
        "gates = { errors = 1 }",
        "profile.smoke = { step = [] }",
        "profile.smoke.load = { model = 'once', rte = '1/s' }",
        "[[step]]\nname = 'nothing to send'",
        "[[step]]\nget = '/'\npost = '/'",
        "[[step]]\nget = '/'\nheder = { A = 'b' }",
        "[[step]]\nget = '/'\nretry = { pause = '1s' }",
        "[[step]]\nget = '/'\npoll = { every = '1s' }",
        "[[step]]\nget = '/'\nbasic = { user = 'a' }",
        "[[step]]\nget = '/'\nrepeat = 0",
        "[[step]]\nget = '/'\non_failure = 'shrug'",
        "[[step]]\nget = '/'\nexpect = { statsu = 200 }",
        "[[step]]\nget = '/'\nextract = { token = 'jsn:$.a' }",
        "[[step]]\nget = '/'\nextract = { token = { optional = true } }",
        "[[step]]\nget = '/'\nextract = { token = { from = 'json:$.a', optionl = true } }",
        "[[step]]\nget = '/'\nextract = { token = { from = 'json:$.a', optional = 'yes' } }",
        "[[setup]]\nget = '/'\ntimeout = 1",
        "[[flow]]\nweight = -1\n[[flow.step]]\nget = '/'",
        "[[flow]]\n[[flow.step]]\nname = 'nothing to send'",
    ];
    for part in wrong {
        let scenario = match part.contains("[[") {
            true => format!("{TARGET}{part}\n{STEP}name = 'another'\n"),
            false => format!(
                "{}\n{STEP}",
                if part.starts_with("target") { part.to_owned() } else { format!("{TARGET}{part}") }
            ),
        };
        assert!(refusal(&scenario).is_some(), "mnload accepts {part}");
        assert_ne!(complaints(&validator, &scenario), "", "the schema accepts {part}");
    }
    assert_eq!(complaints(&validator, &format!("{TARGET}{STEP}")), "");
}

#[test]
fn a_template_may_stand_for_a_choice_a_number_and_a_status() {
    let scenario = "\
target.base_url = 'http://127.0.0.1:9'
vars = { model = 'closed', users = '5', on_failure = 'continue' }
load = { model = '${ model }', users = '${ users }', iterations = '20' }
[[step]]
get = '/'
on_failure = '${ on_failure }'
repeat = '${ users }'
expect = { status = '${ users }00', 'json:$.a' = { at_least = '${ users }', type = 'string' } }
";
    assert_eq!(refusal(scenario), None);
    assert_eq!(complaints(&validator(), scenario), "");
}

/// Expectations that `expect` can hold, right and wrong: the schema and the code must say the same of each.
#[test]
fn expectations_are_judged_as_the_code_judges_them() {
    let validator = validator();
    let lines = [
        ("status", json!(200)),
        ("status", json!("2xx")),
        ("status", json!([200, "3xx"])),
        ("status", json!([])),
        ("status", json!(99)),
        ("status", json!("6xx")),
        ("status", json!(true)),
        ("time", json!("< 500ms")),
        ("time", json!(5)),
        ("version", json!("1.1")),
        ("version", json!(1.1)),
        ("version", json!([1])),
        ("tiem", json!("< 1s")),
        ("body", json!("text")),
        ("body", json!({ "sha256": "ab".repeat(32) })),
        ("body", json!({})),
        ("body:x", json!(1)),
        ("json:$.a", json!([1, 2])),
        ("json:$.a", json!({ "type": "array", "length": ">= 3", "not_empty": true })),
        (
            "json:$.a",
            json!({ "length": 3, "equals": { "a": 1 }, "contains": "x", "not_contains": "y", "not_equals": 1 }),
        ),
        ("json:$.a", json!({ "less_than": 3, "at_most": 1.5, "more_than": 3, "at_least": "1" })),
        ("json:$.a", json!({ "lenght": 3 })),
        ("json:$.a", json!({ "at_most": [] })),
        ("json:$.a", json!({ "exists": "yes" })),
        ("json:$.a", json!({ "type": "text" })),
        ("json:$.a", json!({ "matches": 5 })),
        ("json:$.a", json!({ "length": -1 })),
        ("json:", json!(1)),
        ("jsno:$.a", json!(1)),
        ("header:x", json!({ "absent": true })),
        ("header:x", json!({ "present": true, "exists": true, "matches": "^a" })),
        ("cookie:x", json!({ "empty": false })),
        ("regex:a(b)", json!("b")),
    ];
    for (key, value) in lines {
        let instance = json!({ "step": [{ "get": "/", "expect": { key: value } }] });
        let read = Check::read(key, &value);
        assert_eq!(validator.is_valid(&instance), read.is_ok(), "{key} = {value}: {read:?}");
    }
}

#[test]
fn the_choices_are_those_that_mnload_names() {
    let schema = schema();
    let cases = [
        ("/definitions/LoadSection/properties/model", "load = { model = 'x' }"),
        (
            "/definitions/LoadSection/properties/arrivals",
            "load = { model = 'open', rate = '1/s', duration = '1s', arrivals = 'x' }",
        ),
        ("/definitions/DataSection/properties/order", "data.a = { file = 'none.csv', order = 'x' }"),
        ("/definitions/DataSection/properties/per", "data.a = { file = 'none.csv', per = 'x' }"),
        ("/definitions/DataSection/properties/exhausted", "data.a = { file = 'none.csv', exhausted = 'x' }"),
        ("/definitions/StepSection/properties/on_failure", "[[step]]\nget = '/a'\non_failure = 'x'"),
    ];
    for (pointer, part) in cases {
        let offered = strings(schema.pointer(&format!("{pointer}/then/enum")).unwrap());
        assert_eq!(strings(schema.pointer(&format!("{pointer}/anyOf/0/enum")).unwrap()), offered);
        let refusal = refusal(&format!("{TARGET}{part}\n{STEP}")).unwrap();
        let hint = refusal.lines().find(|line| line.contains("help:") && line.contains('"')).unwrap();
        let named: BTreeSet<&str> = hint.split('"').skip(1).step_by(2).collect();
        assert_eq!(offered, named, "{refusal}");
    }
}

fn strings(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Every key, choice and matcher of the schema stands in backticks in the reference of the scenario file.
#[test]
fn every_key_is_documented() {
    let mut keys = BTreeSet::new();
    collect_keys(&schema(), &mut keys);
    assert!(keys.len() > 60, "{keys:?}");
    let document = text_of("docs/scenario.md");
    let words = words_in_backticks(&document);
    let missing: Vec<_> = keys.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "docs/scenario.md says nothing of {missing:?}");
}

/// The keys of every table, the choices of every key, and what selectors begin with.
fn collect_keys(schema: &Value, keys: &mut BTreeSet<String>) {
    let Value::Object(keywords) = schema else {
        schema.as_array().into_iter().flatten().for_each(|item| collect_keys(item, keys));
        return;
    };
    if let Some(Value::Object(properties)) = keywords.get("properties") {
        keys.extend(properties.keys().cloned());
    }
    if let Some(Value::Object(patterns)) = keywords.get("patternProperties") {
        keys.extend(patterns.keys().map(|key| key.trim_start_matches('^').split(':').next().unwrap().to_owned()));
    }
    if let Some(Value::Array(choices)) = keywords.get("enum") {
        keys.extend(choices.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    keywords.values().for_each(|value| collect_keys(value, keys));
}

/// What stands in backticks outside of code blocks: whole, and word by word.
fn words_in_backticks(document: &str) -> BTreeSet<&str> {
    let prose = document.split("```").step_by(2);
    let quoted = prose.flat_map(|text| text.lines()).flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}
