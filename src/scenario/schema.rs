//! The JSON Schema of a scenario file, from which editors complete keys and mark mistakes while one types.
//!
//! Names, types and descriptions are those of [`super::file`]. What a type cannot say (which texts are a duration, which
//! choices there are, what a table of free names holds) is said here, by key: a key means the same in every table.
//! The schema never refuses what mnload accepts; mnload itself refuses more.

mod answer;

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use super::file::Document;
use super::value::{Entries, Value};
use super::{include, profile};

/// Names the form of the file, not a place on the net.
const ID: &str = "urn:mnload:scenario:1";
/// Part of any text with a template in it.
const TEMPLATE: &str = r"\$\{";
/// The keys of which a step has exactly one.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// The schema of a scenario file, as draft 7: the one that editors of TOML know.
pub fn schema() -> Json {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>().to_value();
    without_null(&mut schema);
    refine(&mut schema);
    for definition in schema["definitions"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        refine(definition);
    }
    schema["definitions"][answer::MATCHERS] = answer::matchers();
    schema["properties"][include::KEY] = json!({
        "description": "Files that this one stands on, relative to it. They are laid under it, in their order.",
        "type": "array",
        "items": { "type": "string" },
        "examples": [["common.toml"]],
    });
    schema["properties"][profile::KEY] = profiles(&schema["properties"]);
    schema["$id"] = ID.into();
    schema["title"] = "mnload scenario".into();
    schema["description"] =
        "Where requests go, when, which, what the answers must be, and what the run must show.".into();
    schema
}

/// `[profile.NAME]`: some of the document's own keys, and what it starts from.
fn profiles(document: &Json) -> Json {
    let settable = profile::SETTABLE.iter().map(|key| ((*key).to_owned(), document[*key].clone()));
    let mut keys: Map<String, Json> = settable.collect();
    keys.insert(
        profile::BASE.to_owned(),
        json!({ "description": "The profile that this one starts from.", "type": "string" }),
    );
    json!({
        "description": "What is different with `--profile NAME`, by name.",
        "type": "object",
        "additionalProperties": {
            "description": "What is different with this profile. `load` replaces the file's as a whole, the rest merges.",
            "type": "object",
            "properties": keys,
            "additionalProperties": false,
        },
    })
}

/// What is said of the values of `key`, beyond name, type and description.
fn shape(key: &str) -> Option<Json> {
    Some(match key {
        "timeout" | "duration" | "ramp_up" | "warm_up" | "drain" | "over" | "pause" | "every" | "deadline"
        | "start_after" => text("A duration: \"500ms\", \"1.5s\", \"1m 30s\".", &["500ms", "10s", "1m 30s"]),
        "mean" | "deviation" | "median" | "p95" | "max" | "max_age" => text("A duration.", &["500ms", "2s"]),
        "think" => json!({
            "description": "A duration, a range of them, or a distribution.",
            "examples": ["1s", "1s..3s", { "distribution": "exponential", "mean": "2s" }],
        }),
        "distribution" => choice(&["exponential", "normal", "lognormal"]),
        "policy" => choice(&["user", "pooled"]),
        "connections" => json!({ "examples": ["user", "pooled", { "max_age": "30s", "max_requests": 100 }] }),
        "lookup" => text("`once` or a duration.", &["once", "30s"]),
        "resolve" => json!({
            "additionalProperties": {
                "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }],
            },
            "examples": [{ "app.example": "127.0.0.1", "app.example:8443": "127.0.0.1:9443" }],
        }),
        "local_addresses" => json!({ "minItems": 1, "examples": [["127.0.0.2", "127.0.0.3"]] }),
        "unix_socket" => text("A path, relative to the file that it stands in.", &["/run/app.sock"]),
        "proxy" => text("`http://` or `socks5://`.", &["http://127.0.0.1:3128", "socks5://127.0.0.1:1080"]),
        "compression" => choice(&["gzip"]),
        "multipart" => json!({
            "additionalProperties": {
                "type": ["string", "number", "boolean", "object"],
                "properties": {
                    "file": { "description": "The file that is sent, relative to this one.", "type": "string" },
                    "filename": { "description": "What the target is told that it is called.", "type": "string" },
                    "type": { "description": "Its media type; by the file's name if left out.", "type": "string" },
                },
                "additionalProperties": false,
            },
        }),
        "rate" | "to" | "max_rate" => text("A rate: \"20/s\", \"90/m\", \"1_000/h\".", &["20/s", "90/m"]),
        "probability" => text("A share: \"10%\".", &["10%", "0.5%"]),
        "seed" | "weight" | "redirects" => count(0),
        "users" | "iterations" | "max_in_flight" | "repeat" | "times" | "max_requests" => count(1),
        "model" => choice(&["once", "open", "closed"]),
        "arrivals" => choice(&["even", "poisson"]),
        "pacing" => choice(&["default", "precise", "economy"]),
        "order" => choice(&["sequential", "random", "shuffled", "unique"]),
        "per" => choice(&["journey", "user"]),
        "exhausted" => choice(&["repeat", "stop"]),
        "on_failure" => choice(&["stop_journey", "continue", "abort_run"]),
        "when" | "unless" => text("An expression, without `${ }`.", &["token is defined", "user == 0"]),
        "base_url" => {
            let from_environment = "${ env.BASE_URL | default('http://127.0.0.1:3000') }";
            text("`http://` or `https://`.", &["http://127.0.0.1:3000", from_environment])
        }
        "tags" => json!({
            "additionalProperties": { "type": ["string", "number", "boolean"] },
            "examples": [{ "kind": "read" }],
        }),
        "headers" | "form" => json!({ "additionalProperties": { "type": ["string", "number", "boolean"] } }),
        "gates" => {
            let note = "`FIGURE [of STEP] COMPARISON BOUND`, by a name of your choice.";
            json!({
                "description": note,
                "additionalProperties": text("", &["p95 < 600ms", "error_rate < 1%", "p99 of search < 1s"]),
            })
        }
        "expect" => answer::expectations(),
        "extract" => answer::extractions(),
        _ => return None,
    })
}

fn text(note: &str, examples: &[&str]) -> Json {
    match note {
        "" => json!({ "type": "string", "examples": examples }),
        note => json!({ "description": note, "type": "string", "examples": examples }),
    }
}

/// A whole number, or a text with a template that gives one.
fn count(least: u64) -> Json {
    json!({ "type": ["integer", "string"], "minimum": least, "pattern": format!("{TEMPLATE}|^\\s*\\+?[0-9]+\\s*$") })
}

/// One of a few texts, or a template that gives one.
///
/// `anyOf` refuses nothing: it is where editors look for what they offer, and they go by the type of each part. The
/// condition refuses, with a message that names the choices.
fn choice(choices: &[&str]) -> Json {
    json!({
        "type": "string",
        "anyOf": [{ "type": "string", "enum": choices }, { "type": "string" }],
        "if": { "not": { "pattern": TEMPLATE } },
        "then": { "enum": choices },
    })
}

/// Says of each key of `table` what there is to say; a description is added to the one that is there.
fn refine(table: &mut Json) {
    let properties = table.get_mut("properties").and_then(Json::as_object_mut);
    for (key, property) in properties.into_iter().flatten() {
        let Some(Json::Object(shape)) = shape(key) else { continue };
        for (name, said) in shape {
            let both = match (name.as_str(), property[&name].as_str(), said.as_str()) {
                ("description", Some(there), Some(more)) => format!("{there} {more}").into(),
                _ => said,
            };
            property[&name] = both;
        }
    }
}

/// A key of a TOML file is left out or has a value: there is no null. Empty defaults are nothing to fill in.
fn without_null(schema: &mut Json) {
    match schema {
        Json::Object(keywords) => {
            keywords.remove("default");
            if let Some(Json::Array(types)) = keywords.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    keywords.insert("type".to_owned(), only);
                }
            }
            if let Some(Json::Array(mut kinds)) = keywords.remove("anyOf") {
                kinds.retain(|kind| *kind != json!({ "type": "null" }));
                let keyword = if kinds.len() == 1 { "allOf" } else { "anyOf" };
                keywords.insert(keyword.to_owned(), kinds.into());
            }
            keywords.values_mut().for_each(without_null);
        }
        Json::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// That a step has exactly one method. Without any, the message names one instead of quoting the whole step.
pub(super) fn one_method(step: &mut Schema) {
    let each: Vec<Json> = METHODS.iter().map(|method| json!({ "required": [method] })).collect();
    step.insert("if".to_owned(), json!({ "anyOf": each }));
    step.insert("then".to_owned(), json!({ "oneOf": each }));
    step.insert("else".to_owned(), json!({ "required": [METHODS[0]] }));
}

/// Any value, where the shape is the user's choice.
impl JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

/// Any names and values.
impl JsonSchema for Entries {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Entries".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object" })
    }
}
