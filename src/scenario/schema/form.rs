//! What the schemas of all files have in common: texts, numbers and choices for which a template may stand, and no null.

use serde_json::{Map, Value as Json, json};

/// Part of any text with a template in it.
pub(crate) const TEMPLATE: &str = r"\$\{";

/// Says of each key of every table what `shape` says of it, and takes null out.
pub(crate) fn refine_all(schema: &mut Json, shape: fn(&str) -> Option<Json>) {
    without_null(schema);
    refine(schema, shape);
    for definition in schema["definitions"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        refine(definition, shape);
    }
}

/// The key that names the files that one stands on.
pub(crate) fn used_files() -> Json {
    json!({
        "description": "Files that this one stands on, relative to it. They are laid under it, in their order.",
        "type": "array",
        "items": { "type": "string" },
        "examples": [["common.toml"]],
    })
}

/// A text, with what is said of it.
pub(crate) fn text(note: &str, examples: &[&str]) -> Json {
    match note {
        "" => json!({ "type": "string", "examples": examples }),
        note => json!({ "description": note, "type": "string", "examples": examples }),
    }
}

/// A whole number, or a text with a template that gives one.
pub(crate) fn count(least: u64) -> Json {
    json!({ "type": ["integer", "string"], "minimum": least, "pattern": format!("{TEMPLATE}|^\\s*\\+?[0-9]+\\s*$") })
}

/// One of a few texts, or a template that gives one.
///
/// `anyOf` refuses nothing: it is where editors look for what they offer, and they go by the type of each part. The
/// condition refuses, with a message that names the choices.
pub(crate) fn choice(choices: &[&str]) -> Json {
    json!({
        "type": "string",
        "anyOf": [{ "type": "string", "enum": choices }, { "type": "string" }],
        "if": { "not": { "pattern": TEMPLATE } },
        "then": { "enum": choices },
    })
}

/// Says of each key of `table` what there is to say; a description is added to the one that is there.
fn refine(table: &mut Json, shape: fn(&str) -> Option<Json>) {
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
