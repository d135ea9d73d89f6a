//! The JSON Schema of `result.json`, from the types that it is written from.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::result::{RunResult, StepResult, Steps};

/// Names the form of the file, not a place on the net. Its number is the major of `schema_version`.
const ID: &str = "urn:mnload:result:1";

/// The schema of what this version writes; what a later minor adds is not refused.
pub fn schema() -> Value {
    of_result::<RunResult>(ID, "mnload result", super::result::SCHEMA)
}

/// The schema of a document that names its `schema` and a `schema_version` of the first major.
pub(super) fn of_result<T: JsonSchema>(id: &str, title: &str, name: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    schema["$id"] = id.into();
    schema["title"] = title.into();
    schema["properties"]["schema"]["const"] = name.into();
    schema["properties"]["schema_version"]["pattern"] = r"^1\.[0-9]+\.[0-9]+$".into();
    schema
}

impl JsonSchema for Steps {
    fn schema_name() -> Cow<'static, str> {
        "Steps".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Steps by name, in the order of the scenario.",
            "type": "object",
            "additionalProperties": generator.subschema_for::<StepResult>(),
        })
    }
}
