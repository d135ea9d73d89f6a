//! What every part of the plan needs to read values: templates, units, and a place for mistakes.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use super::{Condition, Environment, Names, Node, Scope, Secrets, Templates, Text};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, nearest};
use crate::scenario::{Spanned, Value, beside};
use crate::units::{self, UnitError};

/// Thirty days: longer is a slip of the pen.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Of anything that is counted: as many as a run has journeys.
const MOST: u64 = 1_000_000_000;
/// A seed may be any number, and sockets have a bound of their own.
const UNBOUNDED: [&str; 3] = ["seed", "users", "max_in_flight"];
const FASTEST_PER_S: f64 = 1_000_000.0;

/// Reads values of one file, noting what is wrong with them.
pub(crate) struct Resolver<'a> {
    pub(crate) source: &'a Source,
    pub(crate) mistakes: Diagnostics,
    pub(crate) secrets: Secrets,
    templates: Templates<'a>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(source: &'a Source, environment: &Environment, secrets: &Secrets) -> Self {
        let templates = Templates::new(source, environment, secrets);
        Self { source, mistakes: Diagnostics::default(), secrets: secrets.clone(), templates }
    }

    /// The names that templates may use.
    pub(crate) fn names(&mut self) -> &mut Names {
        self.templates.names()
    }

    /// The place of the variable `name`, which a step extracts.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        self.templates.slot(name)
    }

    /// The mistakes, and the scope that every journey starts from.
    pub(crate) fn finish(self, seed: u64) -> (Diagnostics, Scope) {
        (self.mistakes, Scope::new(self.templates.finish(seed)))
    }

    /// A text that may differ from journey to journey.
    pub(crate) fn run_text(&mut self, written: &Spanned<String>) -> Option<Text> {
        let text = self.templates.text(written.get_ref(), &written.span());
        self.mistakes.keep(text)
    }

    /// Text or a plain number or boolean that may differ from journey to journey.
    pub(crate) fn run_scalar(&mut self, key: &str, written: &Spanned<Value>) -> Option<Text> {
        match written.get_ref() {
            Value::String(text) => {
                let text = self.templates.text(text, &written.span());
                self.mistakes.keep(text)
            }
            _ => Some(Text::from(self.scalar(key, written).as_str())),
        }
    }

    /// An expression that holds or not.
    pub(crate) fn condition(&mut self, written: &Spanned<String>) -> Option<Condition> {
        let condition = self.templates.condition(written.get_ref(), &written.span());
        self.mistakes.keep(condition)
    }

    /// The text filled in if all of it is known before the run, else as it is; mistakes in it are noted.
    pub(crate) fn known_text(&mut self, text: &str, span: &Range<usize>) -> String {
        let compiled = self.templates.text(text, span);
        let constant = self.mistakes.keep(compiled).and_then(|text| text.constant().map(str::to_owned));
        constant.unwrap_or_else(|| text.to_owned())
    }

    /// The value of a text that is one template and known before the run, with its type.
    pub(crate) fn known_value(&self, text: &str) -> Option<serde_json::Value> {
        self.templates.known_value(text)
    }

    /// JSON whose texts may hold templates, written at `span`.
    pub(crate) fn node_of(&mut self, json: serde_json::Value, span: &Range<usize>) -> Option<Node> {
        use serde_json::Value as Json;
        let node = match json {
            Json::String(text) if text.contains("${") => {
                let node = match self.templates.value(&text, span) {
                    Some(value) => value.map(Node::Value),
                    None => self.templates.text(&text, span).map(Node::Text),
                };
                self.mistakes.keep(node)?
            }
            Json::Array(items) => {
                Node::Array(items.into_iter().map(|item| self.node_of(item, span)).collect::<Option<_>>()?)
            }
            Json::Object(fields) => Node::Object(
                fields
                    .into_iter()
                    .map(|(name, field)| Some((name, self.node_of(field, span)?)))
                    .collect::<Option<_>>()?,
            ),
            constant => Node::Constant(constant),
        };
        Some(node.constant().map_or(node, Node::Constant))
    }

    /// A value of any shape that may differ from journey to journey.
    pub(crate) fn run_json(&mut self, written: &Spanned<Value>) -> Node {
        match written.get_ref() {
            Value::String(text) => {
                let span = written.span();
                if let Some(known) = self.templates.known_value(text) {
                    return Node::Constant(known);
                }
                let node = match self.templates.value(text, &span) {
                    Some(value) => value.map(Node::Value),
                    None => self.templates.text(text, &span).map(Node::Text),
                };
                self.mistakes.keep(node).unwrap_or(Node::Constant(serde_json::Value::Null))
            }
            Value::Array(items) => Node::Array(items.iter().map(|item| self.run_json(item)).collect()),
            Value::Table(entries) => Node::Object(
                entries.0.iter().map(|(key, value)| (key.get_ref().clone(), self.run_json(value))).collect(),
            ),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Node::Constant(self.json(written)),
        }
    }

    /// Notes a mistake at `span`; the caller adds a label and hints.
    pub(crate) fn mistake(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Diagnostic::at(self.source, span, message).hint(hint));
    }

    /// The text with its templates filled in; none where that fails.
    pub(crate) fn known(&mut self, written: &Spanned<String>) -> Option<String> {
        let rendered = self.templates.before(written.get_ref(), &written.span());
        self.mistakes.keep(rendered)
    }

    /// The path that the text names, as seen from the file that it is written in.
    pub(crate) fn path(&mut self, written: &Spanned<String>) -> Option<PathBuf> {
        let path = self.known(written)?;
        Some(beside(self.source.file_at(&written.span()), &path))
    }

    /// The text with its templates filled in; empty where that fails.
    pub(crate) fn text(&mut self, written: &Spanned<String>) -> String {
        let rendered = self.templates.before(written.get_ref(), &written.span());
        self.mistakes.keep(rendered).unwrap_or_default()
    }

    /// The text with its templates filled in, read by `parse`; none where that fails.
    pub(crate) fn parsed<T>(
        &mut self,
        written: &Spanned<String>,
        parse: impl FnOnce(&str) -> Result<T, UnitError>,
    ) -> Option<T> {
        let rendered = self.templates.before(written.get_ref(), &written.span());
        let text = self.mistakes.keep(rendered)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(written.span(), error.problem, error.hint);
                None
            }
        }
    }

    /// A span of time; `positive` refuses zero.
    pub(crate) fn duration(&mut self, written: &Spanned<String>, positive: bool) -> Option<Duration> {
        self.parsed(written, |text| {
            let wrong = |problem: String, hint: &str| Err(UnitError { problem, hint: hint.to_owned() });
            match units::parse_duration(text)? {
                duration if positive && duration.is_zero() => {
                    wrong("this must be longer than nothing".to_owned(), "for example 10s")
                }
                duration if duration > LONGEST => {
                    wrong(format!("`{text}` is longer than a run can be"), "at most 720h")
                }
                duration => Ok(duration),
            }
        })
    }

    /// A rate per second.
    pub(crate) fn rate(&mut self, written: &Spanned<String>) -> Option<f64> {
        self.parsed(written, |text| match units::parse_rate(text)? {
            rate if rate > FASTEST_PER_S => Err(UnitError {
                problem: format!("`{text}` is more than any generator sends"),
                hint: "at most 1000000/s".into(),
            }),
            rate => Ok(rate),
        })
    }

    /// A whole number of at least `least`, written as a number or as text with templates.
    pub(crate) fn count(&mut self, key: &str, written: &Spanned<Value>, least: u64) -> Option<u64> {
        let number = match written.get_ref() {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::String(text) => {
                let rendered = self.templates.before(text, &written.span());
                self.mistakes.keep(rendered)?.trim().parse().ok()
            }
            _ => None,
        };
        let number = number.filter(|number| *number >= least);
        if number.is_none() {
            self.mistake(
                written.span(),
                format!("`{key}` must be a whole number of at least {least}"),
                format!("for example {key} = {}", least.max(10)),
            );
        }
        if let Some(number) = number.filter(|number| *number > MOST && !UNBOUNDED.contains(&key)) {
            self.mistake(written.span(), format!("{number} is more than a run can have"), format!("at most {MOST}"));
            return None;
        }
        number
    }

    /// Text or a plain number or boolean, as text with its templates filled in.
    pub(crate) fn scalar(&mut self, key: &str, written: &Spanned<Value>) -> String {
        match written.get_ref() {
            Value::String(text) => {
                let rendered = self.templates.before(text, &written.span());
                self.mistakes.keep(rendered).unwrap_or_default()
            }
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(value) => value.to_string(),
            other => {
                self.mistake(
                    written.span(),
                    format!("`{key}` must be text, not {}", other.type_name()),
                    "put it in quotes",
                );
                String::new()
            }
        }
    }

    /// A value of any shape as JSON, with the templates in its texts filled in.
    pub(crate) fn json(&mut self, written: &Spanned<Value>) -> serde_json::Value {
        match written.get_ref() {
            Value::Integer(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Boolean(value) => (*value).into(),
            Value::String(_) => self.scalar("json", written).into(),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect::<Vec<_>>().into(),
            Value::Table(entries) => {
                let fields = entries.0.iter().map(|(key, value)| (key.get_ref().clone(), self.json(value)));
                serde_json::Value::Object(fields.collect())
            }
        }
    }
}

/// The one of `choices` that `text` names.
pub(crate) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, UnitError> {
    let names = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| UnitError {
        problem: format!("`{text}` is not a choice here"),
        hint: match nearest(text, choices.iter().map(|(name, _)| *name)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write one of {names}"),
        },
    })
}
