//! The JSON Schema of a release file, from which editors complete keys and mark mistakes while one types.
//!
//! Names, types and descriptions are those of [`super::file`] and of the readers; what a type cannot say is said here, by
//! key. The schema never refuses what mnload accepts.

use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};

use super::file::ReleaseDocument;
use crate::scenario::form::{count, refine_all, text, used_files};

/// Names the form of the file, not a place on the net.
const ID: &str = "urn:mnload:release:1";

/// The schema of a release file, as draft 7: the one that editors of TOML know.
pub fn schema() -> Json {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<ReleaseDocument>().to_value();
    refine_all(&mut schema, shape);
    schema["properties"]["use"] = used_files();
    schema["$id"] = ID.into();
    schema["title"] = "mnload release".into();
    schema["description"] =
        "What must hold before a release may go: gates, their items, and who answers for them.".into();
    schema
}

/// What is said of the values of `key`, beyond name, type and description.
fn shape(key: &str) -> Option<Json> {
    let scalars = || json!({ "additionalProperties": { "type": ["string", "number", "boolean"] } });
    Some(match key {
        "timeout" | "holds_for" | "max_age" => text("A duration: \"90s\", \"30m\", \"24h\".", &["30m", "24h"]),
        "parallel" => count(1),
        "id" => json!({ "examples": ["A", "typecheck"] }),
        "vars" | "env" | "set" => scalars(),
        "accept" => json!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
            "examples": ["lines >= 65%", ["failed == 0", "tests >= 1"]],
        }),
        "command" => json!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": ["string", "number", "boolean"] }, "minItems": 1 }],
            "examples": ["npm run build", ["npm", "ci"]],
        }),
        "exit_codes" => json!({
            "items": { "type": "integer", "minimum": 0, "maximum": 255 },
            "minItems": 1,
            "examples": [[0, 1]],
        }),
        "sets" => json!({ "examples": ["PREVIOUS_TAG"] }),
        _ => return None,
    })
}
