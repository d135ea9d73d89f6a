//! The part of the schema that looks into answers: `expect` with its selectors and matchers, and `extract`.

use serde_json::{Value as Json, json};

use super::TEMPLATE;

/// The name of the definition of a table of matchers.
pub(super) const MATCHERS: &str = "Matchers";

/// The selectors that name a part of an answer, as patterns, and what each gives.
const SELECTORS: [(&str, &str); 4] = [
    (r"^json:.*\S", "What the JSONPath finds in the body."),
    (r"^header:.*\S", "The header, as text."),
    (r"^cookie:.*\S", "The value of the cookie that the answer sets."),
    (r"^regex:.*\S", "The first match in the body: its first group, or all of it without groups."),
];

/// `expect`
pub(super) fn expectations() -> Json {
    let selected =
        |what: &str| json!({ "description": what, "allOf": [{ "$ref": format!("#/definitions/{MATCHERS}") }] });
    let patterns: serde_json::Map<String, Json> =
        SELECTORS.iter().map(|(pattern, what)| ((*pattern).to_owned(), selected(what))).collect();
    json!({
        "properties": {
            "status": {
                "description": "The statuses that pass: 200, \"2xx\", or a list of those. Without it, any below 400.",
                "anyOf": [
                    status(),
                    { "type": "array", "items": status(), "minItems": 1 },
                ],
                "examples": [200, "2xx", [200, 204]],
            },
            "time": {
                "description": "A bound on the service time: \"< 500ms\".",
                "type": "string",
                "examples": ["< 500ms"],
            },
            "certificate_days": {
                "description": "The certificate is good for at least so many whole days more: 14, or \">= 14\".",
                "type": ["integer", "string"],
                "examples": [14, ">= 14"],
            },
            "version": {
                "description": "The version of HTTP: \"1.0\", \"1.1\", \"2\" or \"3\".",
                "type": ["string", "number"],
                "examples": ["1.1", "2"],
            },
            "body": selected("The body, as text."),
        },
        "patternProperties": patterns,
        "additionalProperties": false,
    })
}

/// `extract`
pub(super) fn extractions() -> Json {
    let named = SELECTORS.iter().map(|(pattern, _)| *pattern);
    let pattern = named.chain(["^(status|body)$"]).collect::<Vec<_>>().join("|");
    json!({
        "additionalProperties": {
            "description": "The part of the answer that the variable gets: as text, or as a table that says whether it may be missing.",
            "type": ["string", "object"],
            "pattern": pattern,
            "properties": {
                "from": { "description": "The part of the answer.", "type": "string", "pattern": pattern },
                "optional": {
                    "description": "Without the part, the variable keeps the value that it has; false by default.",
                    "type": "boolean",
                },
            },
            "required": ["from"],
            "additionalProperties": false,
            "examples": ["json:$.data.token", "header:X-Request-Id", "cookie:session", "regex:id=(\\d+)", "status", "body"],
        },
    })
}

/// A value that the selected part equals, or a table of matchers that it meets.
///
/// What is said of tables has no effect on other values, so that a mistake in a matcher is shown at its name.
pub(super) fn matchers() -> Json {
    let any = |what: &str| json!({ "description": what });
    let number = |what: &str| json!({ "description": what, "type": ["number", "string"] });
    let yes_or_no = |what: &str| json!({ "description": what, "type": "boolean" });
    json!({
        "description": "The value that it equals, or a table of matchers that it meets.",
        "type": ["string", "number", "boolean", "array", "object"],
        "properties": {
            "equals": any("It is this value."),
            "not_equals": any("It is not this value."),
            "contains": any("It is a text with this in it, a list with this element, or an object with these fields."),
            "not_contains": any("It is there and does not contain this."),
            "less_than": number("It is a number below this one."),
            "at_most": number("It is a number up to this one."),
            "more_than": number("It is a number above this one."),
            "at_least": number("It is a number from this one on."),
            "exists": yes_or_no("Whether it is there; null is there."),
            "present": yes_or_no("Whether it is there; null is there."),
            "absent": yes_or_no("Whether it is not there."),
            "not_empty": yes_or_no("Whether it is something else than \"\", [], {} or null."),
            "empty": yes_or_no("Whether it is \"\", [], {} or null."),
            "length": {
                "description": "How many characters, elements or fields it has: 3, or \">= 3\".",
                "type": ["integer", "string"],
                "minimum": 0,
                "examples": [3, ">= 3"],
            },
            "matches": {
                "description": "It is a text in which this regular expression finds something.",
                "type": "string",
            },
            "type": {
                "description": "It is of this type.",
                "anyOf": [
                    { "enum": ["string", "number", "integer", "boolean", "array", "object", "null"] },
                    { "type": "string", "pattern": TEMPLATE },
                ],
            },
            "sha256": {
                "description": "For `body` only: it has this SHA-256, in 64 hexadecimal digits.",
                "type": "string",
            },
        },
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// One status, a class of them, or a template that gives one.
fn status() -> Json {
    json!({
        "type": ["integer", "string"],
        "minimum": 100,
        "maximum": 599,
        "pattern": format!("{TEMPLATE}|^[1-5](xx|[0-9][0-9])$"),
    })
}
