//! `read = { json = { from = "stdout", values = { status = "$.status" } } }`: values of a JSON document, by their paths.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::super::figure::{Figure, Reading, Unit};
use super::source::{Context, Place};
use crate::answer::{JsonQuery, Selector};
use crate::scenario::{Entries, Spanned, Value};
use crate::values::Resolver;

/// What stands in front of a path where paths stand beside other selectors.
const KIND: &str = "json:";

/// What is read of a document.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonSection {
    /// `stdout` (default), `stderr` or a file.
    pub from: Option<Spanned<String>>,
    /// How old the file may be.
    pub max_age: Option<Spanned<String>>,
    /// Names of figures, and the paths (RFC 9535) to their values.
    pub values: Option<Spanned<Entries>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct JsonValues {
    pub(super) from: Place,
    values: Vec<(String, JsonQuery)>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<JsonSection>) -> Option<JsonValues> {
    const HINT: &str = "for example values = { status = \"$.status\" }";
    let written = section.get_ref();
    let stdout = Spanned::new(section.span(), "stdout".to_owned());
    let from = Place::resolve(resolver, written.from.as_ref().unwrap_or(&stdout), written.max_age.as_ref());
    let entries = written.values.as_ref().map(|values| values.get_ref().0.as_slice()).unwrap_or_default();
    if entries.is_empty() {
        resolver.mistake(section.span(), "no value is named", HINT);
    }
    let mut values = Vec::new();
    for (name, path) in entries {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if name.get_ref().is_empty() || !name.get_ref().chars().all(is_word) {
            let message = format!("`{}` cannot be the name of a figure", name.get_ref());
            resolver.mistake(name.span(), message, "names have letters, digits, - and _");
        }
        let Value::String(text) = path.get_ref() else {
            resolver.mistake(path.span(), format!("a path is a text, not {}", path.get_ref().type_name()), HINT);
            continue;
        };
        let Some(text) = resolver.known(&Spanned::new(path.span(), text.clone())) else { continue };
        match Selector::parse(&format!("{KIND}{text}")) {
            Ok(Selector::Json(query)) => values.push((name.get_ref().clone(), query)),
            Ok(_) => resolver.mistake(path.span(), "this is no path", HINT),
            Err(error) => {
                let own = |at: usize| at.saturating_sub(KIND.len());
                let span = resolver.source.within(&path.span(), &text, own(error.span.start)..own(error.span.end));
                resolver.mistake(span, error.message, error.hint.replace(KIND, ""));
            }
        }
    }
    Some(JsonValues { from: from?, values })
}

impl JsonValues {
    pub(super) fn figures(&self) -> Vec<(String, Unit)> {
        self.values.iter().map(|(name, _)| (name.clone(), Unit::Any)).collect()
    }

    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let evidence = match context.evidence(&self.from) {
            Ok(evidence) => evidence,
            Err(why) => return Reading::nothing(why),
        };
        let document: Json = match serde_json::from_slice(&evidence.bytes) {
            Ok(document) => document,
            Err(error) => return Reading::nothing(format!("{} is no JSON: {error}", evidence.source.name)),
        };
        let mut reading = Reading::default();
        for (name, query) in &self.values {
            match figure(query, &document) {
                Ok(figure) => reading.figure(name, figure),
                Err(why) => reading.missing.push(format!("{name}: {why}")),
            }
        }
        reading.sources.push(evidence.source);
        reading
    }
}

/// The one value that `query` finds: as it is, or the length of a list or an object.
fn figure(query: &JsonQuery, document: &Json) -> Result<Figure, String> {
    let nodes = query.nodes(document);
    let node = match nodes.as_slice() {
        [] => return Err(format!("{query} finds nothing: {}", query.nearest(document))),
        [node] => *node,
        many => return Err(format!("{query} finds {} values, and may find one", many.len())),
    };
    match node {
        Json::Null => Err(format!("{query} is null")),
        Json::Bool(value) => Ok(Figure::Boolean(*value)),
        Json::String(text) => Ok(Figure::Text(text.clone())),
        Json::Array(items) => Ok(Figure::Count(items.len() as u64)),
        Json::Object(fields) => Ok(Figure::Count(fields.len() as u64)),
        Json::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(count), _) => Ok(Figure::Count(count)),
            (None, Some(number)) => Ok(Figure::Number(number)),
            (None, None) => Err(format!("{query} is a number that cannot be read")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(path: &str) -> Result<Figure, String> {
        let document = json!({
            "status": "ok", "up": true, "count": 3, "load": -0.5, "gone": null, "items": [{"id": 1}, {"id": 2}]
        });
        match Selector::parse(&format!("{KIND}{path}")) {
            Ok(Selector::Json(query)) => figure(&query, &document),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_path_gives_one_value_or_none() {
        assert_eq!(of("$.status"), Ok(Figure::Text("ok".to_owned())));
        assert_eq!(of("$.up"), Ok(Figure::Boolean(true)));
        assert_eq!(of("$.count"), Ok(Figure::Count(3)));
        assert_eq!(of("$.load"), Ok(Figure::Number(-0.5)));
        assert_eq!(of("$.items"), Ok(Figure::Count(2)));
        assert_eq!(of("$.items[1].id"), Ok(Figure::Count(2)));
        for (path, wanted) in [("$.items[*].id", "finds 2 values"), ("$.none", "finds nothing"), ("$.gone", "is null")]
        {
            let why = of(path).unwrap_err();
            assert!(why.contains(wanted), "{why}");
        }
    }
}
