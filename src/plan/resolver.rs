//! What every part of the plan needs to read values: templates, units, and a place for mistakes.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::template::{Environment, Templates};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::scenario::Value;
use crate::units::{self, UnitError};

/// Reads values of one file, noting what is wrong with them.
pub(super) struct Resolver<'a> {
    pub(super) source: &'a Source,
    pub(super) mistakes: Diagnostics,
    templates: Templates<'a>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(source: &'a Source, environment: &'a Environment) -> Self {
        Self { source, mistakes: Diagnostics::default(), templates: Templates::new(source, environment) }
    }

    /// Notes a mistake at `span`; the caller adds a label and hints.
    pub(super) fn mistake(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Diagnostic::at(self.source, span, message).hint(hint));
    }

    /// The text with its templates filled in; empty where that fails.
    pub(super) fn text(&mut self, written: &Spanned<String>) -> String {
        let rendered = self.templates.render(written.get_ref(), &written.span());
        self.mistakes.keep(rendered).unwrap_or_default()
    }

    /// The text with its templates filled in, read by `parse`; none where that fails.
    pub(super) fn parsed<T>(
        &mut self,
        written: &Spanned<String>,
        parse: impl FnOnce(&str) -> Result<T, UnitError>,
    ) -> Option<T> {
        let rendered = self.templates.render(written.get_ref(), &written.span());
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
    pub(super) fn duration(&mut self, written: &Spanned<String>, positive: bool) -> Option<Duration> {
        self.parsed(written, |text| {
            let duration = units::parse_duration(text)?;
            match positive && duration.is_zero() {
                true => Err(UnitError {
                    problem: "this must be longer than nothing".into(),
                    hint: "for example 10s".into(),
                }),
                false => Ok(duration),
            }
        })
    }

    /// A rate per second.
    pub(super) fn rate(&mut self, written: &Spanned<String>) -> Option<f64> {
        self.parsed(written, units::parse_rate)
    }

    /// A whole number of at least `least`, written as a number or as text with templates.
    pub(super) fn count(&mut self, key: &str, written: &Spanned<Value>, least: u64) -> Option<u64> {
        let number = match written.get_ref() {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::String(text) => {
                let rendered = self.templates.render(text, &written.span());
                self.mistakes.keep(rendered)?.trim().parse().ok()
            }
            _ => None,
        };
        let number = number.filter(|number| *number >= least);
        if number.is_none() {
            self.mistake(
                written.span(),
                format!("`{key}` must be a whole number of at least {least}"),
                format!("for example {key} = 10"),
            );
        }
        number
    }

    /// Text or a plain number or boolean, as text with its templates filled in.
    pub(super) fn scalar(&mut self, key: &str, written: &Spanned<Value>) -> String {
        match written.get_ref() {
            Value::String(text) => {
                let rendered = self.templates.render(text, &written.span());
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
    pub(super) fn json(&mut self, written: &Spanned<Value>) -> serde_json::Value {
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
