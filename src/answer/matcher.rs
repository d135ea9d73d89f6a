//! What a selected value must be: the closed set of matchers, and how they read in a report.

use std::cmp::Ordering;
use std::fmt;

use regex::Regex;
use serde_json::Value;

use super::text::one_line;

/// What a selected value must be. `W` is what is known of a wanted value before the run: the value itself, or
/// whatever a plan renders for each journey.
#[derive(Debug, Clone)]
pub enum Matcher<W = Value> {
    /// The same value; numbers compare by value, and text from a header, a cookie, a regular expression or the body
    /// equals the number or boolean that it spells.
    Equals(W),
    /// Any other value.
    Differs(W),
    /// Text with this in it, an array with this among its elements, an object with these fields.
    Contains(W),
    /// None of what [`Matcher::Contains`] accepts.
    Lacks(W),
    /// A number that compares so.
    Compares(Relation, W),
    /// Whether it is there at all, `null` included.
    Exists(bool),
    /// Whether there is something in it: not `""`, `[]`, `{}` or `null`.
    NotEmpty(bool),
    /// Characters of a text, elements of an array, fields of an object.
    Length(Bound),
    /// Text in which the expression finds something.
    Matches(Regex),
    /// A value of this type.
    Type(JsonType),
}

/// How a number must compare with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Exactly,
    /// `<`
    LessThan,
    /// `<=`
    AtMost,
    /// `>`
    MoreThan,
    /// `>=`
    AtLeast,
}

/// A bound on a count or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How it must compare.
    pub relation: Relation,
    /// With what: a count, or microseconds.
    pub limit: u64,
}

/// The types of JSON, whole numbers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum JsonType {
    String,
    Number,
    Integer,
    Boolean,
    Array,
    Object,
    Null,
}

impl<W> Matcher<W> {
    /// The value that it wants, if it wants one.
    pub fn wanted(&self) -> Option<&W> {
        match self {
            Self::Equals(wanted) | Self::Differs(wanted) | Self::Contains(wanted) | Self::Lacks(wanted) => Some(wanted),
            Self::Compares(_, wanted) => Some(wanted),
            _ => None,
        }
    }

    /// The same matcher with its wanted value made into something else: how a plan puts templates in.
    ///
    /// # Errors
    /// What `make` gives.
    pub fn try_map<V, E>(self, make: impl FnOnce(W) -> Result<V, E>) -> Result<Matcher<V>, E> {
        Ok(match self {
            Self::Equals(wanted) => Matcher::Equals(make(wanted)?),
            Self::Differs(wanted) => Matcher::Differs(make(wanted)?),
            Self::Contains(wanted) => Matcher::Contains(make(wanted)?),
            Self::Lacks(wanted) => Matcher::Lacks(make(wanted)?),
            Self::Compares(relation, wanted) => Matcher::Compares(relation, make(wanted)?),
            Self::Exists(there) => Matcher::Exists(there),
            Self::NotEmpty(filled) => Matcher::NotEmpty(filled),
            Self::Length(bound) => Matcher::Length(bound),
            Self::Matches(regex) => Matcher::Matches(regex),
            Self::Type(kind) => Matcher::Type(kind),
        })
    }

    /// Writes the matcher with its wanted value shown by `show`.
    pub(super) fn write(&self, f: &mut dyn fmt::Write, show: impl Fn(&W) -> String) -> fmt::Result {
        match self {
            Self::Equals(wanted) => write!(f, "equals {}", show(wanted)),
            Self::Differs(wanted) => write!(f, "differs from {}", show(wanted)),
            Self::Contains(wanted) => write!(f, "contains {}", show(wanted)),
            Self::Lacks(wanted) => write!(f, "does not contain {}", show(wanted)),
            Self::Compares(relation, wanted) => write!(f, "{relation} {}", show(wanted)),
            Self::Exists(true) => f.write_str("is there"),
            Self::Exists(false) => f.write_str("is absent"),
            Self::NotEmpty(true) => f.write_str("is not empty"),
            Self::NotEmpty(false) => f.write_str("is empty"),
            Self::Length(bound) => write!(f, "has a length {} {}", bound.relation, bound.limit),
            Self::Matches(regex) => write!(f, "matches {}", one_line(regex.as_str(), 100)),
            Self::Type(kind) => write!(f, "is of type {}", kind.name()),
        }
    }
}

impl<W: fmt::Display> fmt::Display for Matcher<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |wanted| one_line(&wanted.to_string(), 100))
    }
}

impl Relation {
    /// Whether something that is `ordering` its bound meets it.
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Exactly => ordering.is_eq(),
            Self::LessThan => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::MoreThan => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }

    /// The relation that `text` starts with, and the rest of it.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        const SYMBOLS: [(&str, Relation); 6] = [
            ("<=", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("==", Relation::Exactly),
            ("<", Relation::LessThan),
            (">", Relation::MoreThan),
            ("=", Relation::Exactly),
        ];
        let text = text.trim();
        SYMBOLS.iter().find_map(|(symbol, relation)| Some((*relation, text.strip_prefix(symbol)?.trim_start())))
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exactly => "==",
            Self::LessThan => "<",
            Self::AtMost => "<=",
            Self::MoreThan => ">",
            Self::AtLeast => ">=",
        })
    }
}

impl Bound {
    /// Whether `count` meets it.
    pub fn holds(self, count: u64) -> bool {
        self.relation.holds(count.cmp(&self.limit))
    }
}

impl JsonType {
    /// All types, as they are written.
    pub(super) const ALL: [Self; 7] =
        [Self::String, Self::Number, Self::Integer, Self::Boolean, Self::Array, Self::Object, Self::Null];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
        }
    }

    /// Whether `value` is of this type; `1.0` is an integer, as in JSON Schema.
    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
        }
    }
}
