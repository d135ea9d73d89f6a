//! The JSON Schema of a scenario file, from which editors complete keys and mark mistakes while one types.
//!
//! Names, types and descriptions are those of [`super::file`]. What a type cannot say (which texts are a duration, which
//! choices there are, what a table of free names holds) is said here, by key: a key means the same in every table.
//! The schema never refuses what mnload accepts; mnload itself refuses more.

mod answer;
pub(crate) mod form;

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use form::{TEMPLATE, choice, count, refine_all, text};

use super::file::Document;
use super::value::{Entries, Value};
use super::{include, profile};

/// Names the form of the file, not a place on the net.
const ID: &str = "urn:mnload:scenario:1";
/// The keys of which a step has exactly one.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// The schema of a scenario file, as draft 7: the one that editors of TOML know.
pub fn schema() -> Json {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>().to_value();
    refine_all(&mut schema, shape);
    schema["definitions"][answer::MATCHERS] = answer::matchers();
    schema["properties"][include::KEY] = form::used_files();
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
        | "start_after" | "budget" | "setup_every" => {
            text("A duration: \"500ms\", \"1.5s\", \"1m 30s\".", &["500ms", "10s", "1m 30s"])
        }
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
        "rate" | "from" | "to" | "ceiling" | "max_rate" => {
            text("A rate: \"20/s\", \"90/m\", \"1_000/h\".", &["20/s", "90/m"])
        }
        "probability" => text("A share: \"10%\".", &["10%", "0.5%"]),
        "precision" => text("A share: \"5%\".", &["5%", "2%"]),
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
