//! The schema of `result.json`: it is the one of the code, and the document that says what each field holds is made of it.

use std::path::Path;

use mnload::report::{exploration_result_schema, release_result_schema, result_schema};
use serde_json::Value;

use crate::support::Workspace;
use crate::text_of;

/// What is asked for, how its schema is made, the committed one, and the document that is made of it.
type Of = (&'static str, fn() -> Value, &'static str, &'static str);

const KINDS: [Of; 3] = [
    ("result", result_schema, "docs/result.schema.json", "docs/result.md"),
    ("release-result", release_result_schema, "docs/release.schema.json", "docs/release-result.md"),
    (
        "exploration-result",
        exploration_result_schema,
        "docs/exploration-result.schema.json",
        "docs/exploration-result.md",
    ),
];
/// What stands before the part that is made here.
const MADE: &str = "<!-- Made of the schema: MNLOAD_BLESS=1 cargo test --test schema -->\n";

#[test]
fn the_committed_schemas_of_results_are_those_of_the_code() {
    for (of, schema, committed, _) in KINDS {
        assert!(jsonschema::meta::is_valid(&schema()));
        let printed = Workspace::with("").mnload(&["schema", of]).exits_with(0).stdout;
        let same = text_of(committed) == printed;
        assert!(same, "the form of result.json has changed: cargo run -- schema {of} > {committed}");
    }
}

#[test]
fn every_field_is_documented_as_the_code_says() {
    for (_, schema, _, document) in KINDS {
        let text = text_of(document);
        let (written, made) = text.split_once(MADE).unwrap();
        let wanted = fields(&schema());
        if std::env::var_os("MNLOAD_BLESS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
            std::fs::write(path, format!("{written}{MADE}{wanted}")).unwrap();
            continue;
        }
        assert!(made == wanted, "{document} is not what the code says: MNLOAD_BLESS=1 cargo test --test schema");
        assert!(!wanted.contains("|  |"), "a field without a word: {wanted}");
    }
}

/// Changing a field, or leaving one out that was there in 1.0.0, takes a new major.
#[test]
fn what_was_in_the_first_version_is_still_there() {
    let schema = result_schema();
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for name in [
        "schema",
        "schema_version",
        "name",
        "verdict",
        "exit_code",
        "reasons",
        "findings",
        "accounting",
        "rates",
        "times_us",
        "errors",
        "steps",
        "generator",
        "plan",
        "ending",
        "window_s",
        "elapsed_s",
    ] {
        assert!(required.contains(&name), "{name} is gone");
    }
}

/// A table for the document, and one for each kind of object in it.
fn fields(schema: &Value) -> String {
    let mut out = String::from("\n## The document\n\n");
    out.push_str(&table(schema));
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        let about = in_one_line(&definition["description"]);
        out.push_str(&format!("\n## {name}\n{about}\n\n"));
        out.push_str(&table(definition));
    }
    out
}

fn table(object: &Value) -> String {
    if let Some(choices) = object["oneOf"].as_array() {
        let row = |choice: &Value| {
            format!(
                "| `{}` | {} |\n",
                choice["const"].as_str().unwrap_or_default(),
                in_one_line(&choice["description"])
            )
        };
        return format!("| value | what it says |\n|---|---|\n{}", choices.iter().map(row).collect::<String>());
    }
    let Some(properties) = object["properties"].as_object() else {
        return format!("By name: {}.\n", type_of(&object["additionalProperties"]));
    };
    let required = object["required"].as_array().cloned().unwrap_or_default();
    let row = |(name, property): (&String, &Value)| {
        let presence = if required.iter().any(|known| known == name.as_str()) { "always" } else { "if there is one" };
        format!("| `{name}` | {} | {presence} | {} |\n", type_of(property), in_one_line(&property["description"]))
    };
    format!(
        "| field | type | there | what it holds |\n|---|---|---|---|\n{}",
        properties.iter().map(row).collect::<String>()
    )
}

fn in_one_line(text: &Value) -> String {
    text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The type of a property in a word or two.
fn type_of(property: &Value) -> String {
    if let Some(name) = property["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_ascii_lowercase());
    }
    if let Some(choices) = property["anyOf"].as_array() {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", type_of(&property["items"])),
        "object" => format!("by name: {}", type_of(&property["additionalProperties"])),
        other => other.to_owned(),
    };
    match &property["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => names.iter().map(|name| one(name.as_str().unwrap())).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}
