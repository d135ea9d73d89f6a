//! The JSON Schema of an exploration's `result.json`, from the types that it is written from.

use serde_json::Value;

use crate::explore::{ExplorationResult, SCHEMA};
use crate::report::schema::of_result;

/// Names the form of the file, not a place on the net. Its number is the major of `schema_version`.
const ID: &str = "urn:mnload:exploration-result:1";

/// The schema of what this version writes; what a later minor adds is not refused.
pub fn schema() -> Value {
    of_result::<ExplorationResult>(ID, "mnload exploration result", SCHEMA)
}
