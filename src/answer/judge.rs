//! Whether an answer is what a check wants; if not, what was wanted and what was found, ready for a diff.

use std::borrow::Cow;

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use super::check::{Check, hex};
use super::difference;
use super::matcher::{Matcher, Relation};
use super::number;
use super::seen::Seen;
use super::select::{Found, Why};
use super::selector::Selector;
use super::text::{EXCERPT, MESSAGE, json_line, one_line};
use crate::units::format_us;

/// A longer text is not compared line by line.
const LONGEST_DOCUMENT: usize = 256 << 10;

/// A check that was not met. What was wanted and what was found are one line each, of at most 300 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {wanted}, found {found}")]
pub struct Missed {
    /// What was wanted.
    pub wanted: String,
    /// What was found.
    pub found: String,
    /// Both in full, of many lines, where that says more and was asked for.
    pub documents: Option<Box<Documents>>,
}

/// Two texts of many lines that should be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// What was wanted.
    pub wanted: String,
    /// What was found.
    pub found: String,
}

impl Missed {
    fn new(wanted: impl AsRef<str>, found: impl AsRef<str>) -> Self {
        Self { wanted: one_line(wanted.as_ref(), MESSAGE), found: one_line(found.as_ref(), MESSAGE), documents: None }
    }
}

impl Check<Value> {
    /// As [`Check::judge`], for a check that wants constants.
    ///
    /// # Errors
    /// When the check is not met.
    pub fn judge_constant(&self, seen: &Seen<'_>) -> Result<(), Missed> {
        self.judge(seen, Cow::Borrowed)
    }
}

impl<W> Check<W> {
    /// Whether `seen` meets this check, where `value_of` gives the value for what is wanted; it is asked once,
    /// and only if a value is wanted.
    ///
    /// # Errors
    /// When the check is not met.
    pub fn judge<'w>(&'w self, seen: &Seen<'_>, value_of: impl Fn(&'w W) -> Cow<'w, Value>) -> Result<(), Missed> {
        let facts = seen.facts();
        match self {
            Self::Status(statuses) => met(statuses.accepts(facts.status), || {
                Missed::new(statuses.to_string(), format!("status {}", facts.status))
            }),
            Self::Time(bound) => met(bound.holds(facts.response_us), || {
                Missed::new(format!("{} {}", bound.relation, format_us(bound.limit)), format_us(facts.response_us))
            }),
            Self::CertificateDays(least) => met(facts.certificate_days.is_some_and(|days| days >= *least), || {
                let found = match facts.certificate_days {
                    Some(days) if days < 0 => format!("one that ended {} days ago", days.unsigned_abs()),
                    Some(days) => format!("{days} days"),
                    None => "no certificate: the call was not encrypted".to_owned(),
                };
                Missed::new(format!("a certificate valid for at least {least} days"), found)
            }),
            Self::Version(version) => {
                met(version.is(facts.version), || Missed::new(version.to_string(), format!("{:?}", facts.version)))
            }
            Self::BodySha256(wanted) => {
                let wanted_text = || format!("sha256 {}", hex(wanted));
                let body = seen.body().map_err(|reason| Missed::new(wanted_text(), reason))?;
                let found = Sha256::digest(body);
                met(found.as_slice() == wanted, || {
                    Missed::new(wanted_text(), format!("sha256 {} of {} bytes", hex(&found), body.len()))
                })
            }
            Self::Part { selector, matcher } => part(selector, matcher, seen, value_of),
        }
    }
}

fn met(met: bool, missed: impl FnOnce() -> Missed) -> Result<(), Missed> {
    if met { Ok(()) } else { Err(missed()) }
}

fn part<'w, W>(
    selector: &Selector,
    matcher: &'w Matcher<W>,
    seen: &Seen<'_>,
    value_of: impl Fn(&'w W) -> Cow<'w, Value>,
) -> Result<(), Missed> {
    // Rendered once: what is said about a failure is the value that was compared.
    let wanted = matcher.wanted().map(value_of);
    let said = || {
        let mut said = String::new();
        let value = |_: &W| wanted.as_deref().map(|value| json_line(value, EXCERPT)).unwrap_or_default();
        let _ = matcher.write(&mut said, value);
        said
    };
    let is_met = |looked: &Result<Found<'_>, Why<'_>>| match looked {
        Ok(found) => matches(matcher, found, wanted.as_deref()),
        Err(Why::Absent) => matches!(matcher, Matcher::Exists(false)),
        Err(Why::Unreadable(_)) => false,
    };
    if selector.skim(seen).is_some_and(|looked| is_met(&looked)) {
        return Ok(());
    }
    let looked = selector.look(seen);
    if is_met(&looked) {
        return Ok(());
    }
    match looked {
        Err(why) => {
            let missing = selector.missing(seen, why);
            Err(Missed::new(said(), format!("nothing: {}", missing.found)))
        }
        Ok(found) => {
            let documents = || documents(matcher, &found, wanted.as_deref()).map(Box::new);
            let documents = seen.in_full.then(documents).flatten();
            Err(Missed { documents, ..Missed::new(said(), shown(matcher, &found, wanted.as_deref())) })
        }
    }
}

/// Whether `found` is what `matcher` wants; `wanted` is its value if it has one.
fn matches<W>(matcher: &Matcher<W>, found: &Found<'_>, wanted: Option<&Value>) -> bool {
    match (matcher, wanted) {
        (Matcher::Equals(_), Some(wanted)) => equals(found, wanted),
        (Matcher::Differs(_), Some(wanted)) => !equals(found, wanted),
        (Matcher::Contains(_), Some(wanted)) => contains(found, wanted),
        (Matcher::Lacks(_), Some(wanted)) => !contains(found, wanted),
        (Matcher::Compares(relation, _), Some(wanted)) => compares(found, *relation, wanted),
        (Matcher::Exists(there), _) => *there,
        (Matcher::NotEmpty(filled), _) => is_empty(found) != *filled,
        (Matcher::Length(bound), _) => length(found).is_some_and(|length| bound.holds(length)),
        (Matcher::Matches(regex), _) => text(found).is_some_and(|text| regex.is_match(&text)),
        (Matcher::Type(kind), _) => match found {
            Found::Json(value) => kind.accepts(value),
            Found::Text(_) => *kind == super::matcher::JsonType::String,
        },
        (_, None) => false,
    }
}

fn equals(found: &Found<'_>, wanted: &Value) -> bool {
    match (found, wanted) {
        (Found::Json(found), wanted) => number::same(found, wanted),
        (Found::Text(found), Value::String(wanted)) => found == wanted,
        (Found::Text(found), Value::Bool(wanted)) => found.parse() == Ok(*wanted),
        (Found::Text(found), Value::Number(wanted)) => {
            number::parse(found).is_some_and(|found| number::compare(&found, wanted).is_some_and(|order| order.is_eq()))
        }
        (Found::Text(_), _) => false,
    }
}

fn contains(found: &Found<'_>, wanted: &Value) -> bool {
    let in_text = |text: &str| match wanted {
        Value::String(wanted) => text.contains(wanted.as_str()),
        Value::Number(wanted) => text.contains(&wanted.to_string()),
        _ => false,
    };
    match found {
        Found::Text(text) => in_text(text),
        Found::Json(value) => match (value.as_ref(), wanted) {
            (Value::String(text), _) => in_text(text),
            (Value::Array(items), wanted) => items.iter().any(|item| has(item, wanted)),
            (object @ Value::Object(_), Value::Object(_)) => has(object, wanted),
            _ => false,
        },
    }
}

/// Whether `value` is `wanted`, where an object may have fields beside those that are wanted.
fn has(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(fields), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| fields.get(key).is_some_and(|value| has(value, wanted)))
        }
        _ => number::same(value, wanted),
    }
}

fn compares(found: &Found<'_>, relation: Relation, wanted: &Value) -> bool {
    let found = match found {
        Found::Json(value) => value.as_number().cloned(),
        Found::Text(text) => number::parse(text),
    };
    let wanted: Option<Cow<'_, Number>> = match wanted {
        Value::Number(wanted) => Some(Cow::Borrowed(wanted)),
        // What a template rendered is text.
        Value::String(wanted) => number::parse(wanted).map(Cow::Owned),
        _ => None,
    };
    let order = found.zip(wanted).and_then(|(found, wanted)| number::compare(&found, &wanted));
    order.is_some_and(|order| relation.holds(order))
}

fn is_empty(found: &Found<'_>) -> bool {
    match found {
        Found::Json(value) => value.is_null() || length(found) == Some(0),
        Found::Text(text) => text.is_empty(),
    }
}

fn length(found: &Found<'_>) -> Option<u64> {
    let length = match found {
        Found::Text(text) => text.chars().count(),
        Found::Json(value) => match value.as_ref() {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            _ => return None,
        },
    };
    Some(length as u64)
}

/// The text that an expression looks at: of a number or a boolean what it is written as, of a structure none.
fn text<'f>(found: &'f Found<'_>) -> Option<Cow<'f, str>> {
    match found {
        Found::Text(text) => Some(Cow::Borrowed(text)),
        Found::Json(value) => match value.as_ref() {
            Value::String(text) => Some(Cow::Borrowed(text)),
            scalar @ (Value::Number(_) | Value::Bool(_)) => Some(Cow::Owned(scalar.to_string())),
            _ => None,
        },
    }
}

/// What was found, in the words that the matcher asks about.
fn shown<W>(matcher: &Matcher<W>, found: &Found<'_>, wanted: Option<&Value>) -> String {
    let line = match found {
        Found::Json(value) => json_line(value, EXCERPT),
        Found::Text(text) => format!("{:?}", one_line(text, EXCERPT)),
    };
    if let (Matcher::Equals(_), Found::Json(found), Some(wanted)) = (matcher, found, wanted) {
        let differs = difference::first(found, wanted).map(|differs| format!("{}; ", one_line(&differs, EXCERPT)));
        return differs.unwrap_or_default() + &line;
    }
    match (matcher, length(found)) {
        (Matcher::Length(_), Some(length)) => format!("a length of {length}: {line}"),
        (Matcher::Length(_), None) => format!("a value that has no length: {line}"),
        _ => line,
    }
}

/// What was wanted and found, of many lines: structures laid out, and texts that have several.
fn documents<W>(matcher: &Matcher<W>, found: &Found<'_>, wanted: Option<&Value>) -> Option<Documents> {
    let (Matcher::Equals(_), Some(wanted)) = (matcher, wanted) else { return None };
    let laid_out = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => serde_json::to_string_pretty(value).ok(),
        _ => None,
    };
    let found = match found {
        Found::Json(value) => laid_out(value)?,
        Found::Text(text) => text.to_string(),
    };
    let wanted = laid_out(wanted)?;
    let fit = [&found, &wanted].iter().all(|text| text.len() <= LONGEST_DOCUMENT);
    (fit && (found.contains('\n') || wanted.contains('\n'))).then_some(Documents { wanted, found })
}

#[cfg(test)]
mod tests;
