//! Reads one line of an `expect` table: a key that says what is looked at, and a value that says what it must be.
//!
//! Values may hold templates: those that a check wants are handed on untouched, all others must be final.

use std::ops::Range;

use serde_json::Value;

use super::check::{Check, Version};
use super::matcher::{Bound, JsonType, Matcher, Relation};
use super::number;
use super::selector::{Selector, compile};
use super::status::StatusSet;
use crate::diagnostic::nearest;
use crate::units::parse_duration;

/// Which part of the written line is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the key.
    Key(Range<usize>),
    /// The value.
    Value,
    /// A key of the value, which is a table.
    Matcher(String),
    /// The value of that key.
    MatcherValue(String),
}

/// An expectation that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// Which part is wrong.
    pub part: Part,
    /// What is wrong with it.
    pub message: String,
    /// What to write.
    pub hint: String,
}

impl ReadError {
    pub(super) fn new(part: Part, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { part, message: message.into(), hint: hint.into() }
    }
}

/// Keys of an `expect` table that are no selectors.
const KEYS: [&str; 3] = ["time", "certificate_days", "version"];
/// Keys of a table that says what a selected part must be.
const MATCHERS: [&str; 17] = [
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "less_than",
    "at_most",
    "more_than",
    "at_least",
    "exists",
    "present",
    "absent",
    "not_empty",
    "length",
    "matches",
    "type",
    "sha256",
    "empty",
];

impl Check<Value> {
    /// Reads one line of an `expect` table; a table of several matchers gives as many checks.
    ///
    /// # Errors
    /// When the key or the value is none of an expectation, with the part of it that is wrong.
    pub fn read(key: &str, written: &Value) -> Result<Vec<Self>, ReadError> {
        let one = |check| Ok(vec![check]);
        match key {
            "status" => one(Self::Status(StatusSet::read(written)?)),
            "time" => one(Self::Time(time(written)?)),
            "certificate_days" => one(Self::CertificateDays(days(written)?)),
            "version" => one(Self::Version(version(written)?)),
            _ => {
                let selector = selector(key)?;
                match written {
                    Value::Object(entries) if entries.is_empty() => {
                        Err(ReadError::new(Part::Value, "this expects nothing", "for example { not_empty = true }"))
                    }
                    Value::Object(entries) => {
                        let checks = entries.iter().map(|(name, written)| matching(&selector, name, written));
                        let checks = checks.collect::<Result<Vec<_>, _>>()?;
                        match contradiction(&checks) {
                            Some(problem) => Err(ReadError::new(Part::Value, problem, "keep one of the two")),
                            None => Ok(checks),
                        }
                    }
                    value => one(Self::Part { selector, matcher: Matcher::Equals(value.clone()) }),
                }
            }
        }
    }
}

fn selector(key: &str) -> Result<Selector, ReadError> {
    Selector::parse(key).map_err(|error| {
        let near = if key.contains([':', '$']) { None } else { nearest(key, KEYS) };
        let hint = near.map_or(error.hint, |near| format!("did you mean `{near}`?"));
        ReadError::new(Part::Key(error.span), error.message, hint)
    })
}

/// One entry of a table of matchers.
fn matching(selector: &Selector, name: &str, written: &Value) -> Result<Check, ReadError> {
    let wrong = |message: &str, hint: &str| {
        Err(ReadError::new(Part::MatcherValue(name.to_owned()), format!("the value of `{name}` {message}"), hint))
    };
    let wanted = || written.clone();
    let matcher = match (name, written) {
        ("equals", _) => Matcher::Equals(wanted()),
        ("not_equals", _) => Matcher::Differs(wanted()),
        ("contains", _) => Matcher::Contains(wanted()),
        ("not_contains", _) => Matcher::Lacks(wanted()),
        ("less_than" | "at_most" | "more_than" | "at_least", written) if may_be_number(written) => {
            Matcher::Compares(relation_called(name), wanted())
        }
        ("less_than" | "at_most" | "more_than" | "at_least", _) => {
            return wrong("is not a number", &format!("for example {name} = 10"));
        }
        ("exists" | "present", Value::Bool(there)) => Matcher::Exists(*there),
        ("absent", Value::Bool(absent)) => Matcher::Exists(!absent),
        ("not_empty", Value::Bool(filled)) => Matcher::NotEmpty(*filled),
        ("empty", Value::Bool(empty)) => Matcher::NotEmpty(!empty),
        ("exists" | "present" | "absent" | "not_empty" | "empty", _) => {
            return wrong("is not true or false", &format!("write {name} = true, without quotes"));
        }
        ("length", _) => match length(written) {
            Some(bound) => Matcher::Length(bound),
            None => return wrong("is not a length", "write 3, or a comparison such as \">= 3\""),
        },
        ("matches", Value::String(text)) => match compile(text) {
            Ok(regex) => Matcher::Matches(regex),
            Err(problem) => return wrong(&format!("cannot be used: {problem}"), "see docs.rs/regex#syntax"),
        },
        ("matches", _) => return wrong("is not a regular expression", "put it in quotes"),
        ("type", _) => match JsonType::ALL.into_iter().find(|kind| written == kind.name()) {
            Some(kind) => Matcher::Type(kind),
            None => return wrong("is not a type", "one of string, number, integer, boolean, array, object, null"),
        },
        ("sha256", _) => {
            return match (selector, written.as_str().and_then(digest)) {
                (Selector::Body, Some(digest)) => Ok(Check::BodySha256(digest)),
                (Selector::Body, None) => wrong("is not a SHA-256", "write 64 hexadecimal digits, as sha256sum prints"),
                _ => wrong("is of the whole body, not of a part", "write body = { sha256 = \"…\" }"),
            };
        }
        _ => return Err(unknown(name)),
    };
    Ok(Check::Part { selector: selector.clone(), matcher })
}

fn unknown(name: &str) -> ReadError {
    let hint = match nearest(name, MATCHERS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}; a whole object is compared by {{ equals = {{ … }} }}", MATCHERS.join(", ")),
    };
    ReadError::new(Part::Matcher(name.to_owned()), format!("`{name}` is not something to expect of a value"), hint)
}

/// What a template renders is text, and not known yet.
fn may_be_number(written: &Value) -> bool {
    match written {
        Value::Number(_) => true,
        Value::String(text) => text.contains("${") || number::parse(text).is_some(),
        _ => false,
    }
}

/// Why no part of an answer can be all of this at one time.
fn contradiction(checks: &[Check]) -> Option<&'static str> {
    let has = |wanted: fn(&Matcher) -> bool| {
        checks.iter().any(|check| matches!(check, Check::Part { matcher, .. } if wanted(matcher)))
    };
    let is_absent = has(|matcher| matches!(matcher, Matcher::Exists(false)));
    let is_there = has(|matcher| !matches!(matcher, Matcher::Exists(false)));
    let both = has(|matcher| matches!(matcher, Matcher::NotEmpty(true)))
        && has(|matcher| matches!(matcher, Matcher::NotEmpty(false)));
    match (is_absent && is_there, both) {
        (true, _) => Some("what is absent cannot be anything else"),
        (_, true) => Some("this cannot be empty and not empty"),
        _ => None,
    }
}

fn relation_called(name: &str) -> Relation {
    match name {
        "less_than" => Relation::LessThan,
        "at_most" => Relation::AtMost,
        "more_than" => Relation::MoreThan,
        _ => Relation::AtLeast,
    }
}

/// `3` or `">= 3"`.
fn length(written: &Value) -> Option<Bound> {
    match written {
        Value::String(text) => {
            let (relation, number) = Relation::split(text).unwrap_or((Relation::Exactly, text.trim()));
            Some(Bound { relation, limit: number.parse().ok()? })
        }
        number => Some(Bound { relation: Relation::Exactly, limit: number.as_u64()? }),
    }
}

/// `"< 500ms"`.
fn time(written: &Value) -> Result<Bound, ReadError> {
    let wrong = |message: String| Err(ReadError::new(Part::Value, message, "write a bound such as \"< 500ms\""));
    let Some((relation, limit)) = written.as_str().and_then(Relation::split) else {
        return wrong("this is not a bound on a time".to_owned());
    };
    match parse_duration(limit) {
        Ok(limit) => Ok(Bound { relation, limit: u64::try_from(limit.as_micros()).unwrap_or(u64::MAX) }),
        Err(error) => wrong(error.problem),
    }
}

/// `14`, `"> 14"`, or `{ at_least = 14 }`.
fn days(written: &Value) -> Result<i64, ReadError> {
    let number = match written {
        Value::Object(entries) if entries.len() == 1 => entries.get("at_least").unwrap_or(written),
        other => other,
    };
    let days = match number {
        Value::String(text) => match Relation::split(text) {
            Some((Relation::AtLeast, days)) => days.parse().ok(),
            Some((Relation::MoreThan, days)) => days.parse::<i64>().ok().and_then(|days| days.checked_add(1)),
            Some(_) => None,
            None => text.trim().parse().ok(),
        },
        other => other.as_i64(),
    };
    days.ok_or_else(|| {
        ReadError::new(Part::Value, "this is not a number of days", "write how many must be left: 14, or \"> 14\"")
    })
}

/// 64 hexadecimal digits.
fn digest(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.trim().chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

/// `"1.1"` or `"2"`, in quotes or not.
fn version(written: &Value) -> Result<Version, ReadError> {
    let text = match written {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Version::parse(&text)
        .ok_or_else(|| ReadError::new(Part::Value, "this is not a version of HTTP", "write \"1.1\" or \"2\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistake(key: &str, written: Value) -> ReadError {
        Check::read(key, &written).unwrap_err()
    }

    #[test]
    fn a_table_of_matchers_gives_as_many_checks() {
        let checks = Check::read("json:$.a", &json!({ "type": "array", "length": "<= 3", "not_empty": true })).unwrap();
        assert_eq!(checks.len(), 3);
    }

    #[test]
    fn every_matcher_that_is_suggested_can_be_read() {
        let value = |name: &str| match name {
            "exists" | "present" | "absent" | "not_empty" | "empty" => json!(true),
            "sha256" => json!("ab".repeat(32)),
            "type" => json!("string"),
            "matches" => json!("x"),
            _ => json!(1),
        };
        for name in MATCHERS {
            let written = Value::Object([(name.to_owned(), value(name))].into_iter().collect());
            assert!(Check::read("body", &written).is_ok(), "{name}");
        }
    }

    #[test]
    fn mistakes_name_their_part() {
        assert_eq!(mistake("json:data", json!(1)).part, Part::Key(5..9));
        assert_eq!(mistake("tiem", json!("< 1s")).hint, "did you mean `time`?");
        assert_eq!(mistake("json:$.a", json!({ "lenght": 1 })).part, Part::Matcher("lenght".into()));
        assert_eq!(mistake("json:$.a", json!({ "lenght": 1 })).hint, "did you mean `length`?");
        assert!(mistake("json:$.a", json!({ "userdata": 1 })).hint.contains("equals = {"));
        assert_eq!(mistake("json:$.a", json!({ "length": "many" })).part, Part::MatcherValue("length".into()));
        assert!(mistake("json:$.a", json!({ "matches": "(" })).message.contains("unclosed group"));
        assert!(mistake("json:$.a", json!({ "sha256": "00" })).message.contains("whole body"));
        assert!(mistake("body", json!({ "sha256": "zz".repeat(32) })).message.contains("not a SHA-256"));
        assert!(mistake("json:$.a", json!({ "exists": "yes" })).message.contains("true or false"));
        assert!(mistake("json:$.a", json!({ "at_most": [] })).message.contains("not a number"));
        assert!(mistake("json:$.a", json!({})).message.contains("expects nothing"));
        for written in [json!("500ms"), json!("< 500"), json!(5), json!("<")] {
            assert_eq!(mistake("time", written).part, Part::Value);
        }
        assert!(mistake("certificate_days", json!("< 3")).message.contains("days"));
        assert!(mistake("version", json!("4")).message.contains("version"));
    }

    #[test]
    fn days_and_versions_may_be_written_in_several_ways() {
        for written in [json!(14), json!({ "at_least": 14 }), json!(">= 14"), json!("14"), json!("> 13")] {
            assert!(matches!(Check::read("certificate_days", &written).unwrap()[..], [Check::CertificateDays(14)]));
        }
        for (written, version) in
            [(json!(1.1), Version::Http11), (json!(2), Version::Http2), (json!("HTTP/3"), Version::Http3)]
        {
            assert!(
                matches!(Check::read("version", &written).unwrap()[..], [Check::Version(found)] if found == version)
            );
        }
    }
}
