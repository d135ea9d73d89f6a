//! What an answer must be for its step to pass.

use std::fmt;

use toml::Spanned;

use super::resolver::Resolver;
use crate::scenario::{StepSection, Value, unknown_key};

/// What an answer must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The statuses that pass.
    pub status: Vec<StatusRange>,
}

/// Statuses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

const KEYS: [&str; 1] = ["status"];

impl Default for Expect {
    /// Any answer that is not an error.
    fn default() -> Self {
        Self { status: vec![StatusRange { first: 100, last: 399 }] }
    }
}

impl Expect {
    /// Whether `status` passes.
    pub fn accepts(&self, status: u16) -> bool {
        self.status.iter().any(|range| (range.first..=range.last).contains(&status))
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("status ")?;
        for (at, range) in self.status.iter().enumerate() {
            f.write_str(if at > 0 { " or " } else { "" })?;
            match (range.first, range.last) {
                (first, last) if first == last => write!(f, "{first}")?,
                (100, 399) => f.write_str("below 400")?,
                (first, _) => write!(f, "{}xx", first / 100)?,
            }
        }
        Ok(())
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &StepSection) -> Expect {
    let mut expect = Expect::default();
    for (key, value) in section.expect.iter().flat_map(|entries| &entries.get_ref().0) {
        match key.get_ref().as_str() {
            "status" => expect.status = statuses(resolver, value),
            other => {
                let unknown = unknown_key(resolver.source, key.span(), other, KEYS.into_iter());
                resolver.mistakes.push(unknown);
            }
        }
    }
    expect
}

/// `200`, `"2xx"`, or a list of those.
fn statuses(resolver: &mut Resolver<'_>, written: &Spanned<Value>) -> Vec<StatusRange> {
    let range = match written.get_ref() {
        Value::Integer(status) => u16::try_from(*status).ok().map(|status| StatusRange { first: status, last: status }),
        Value::String(class) => class.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok()).map(|hundreds| {
            let first = hundreds.saturating_mul(100);
            StatusRange { first, last: first.saturating_add(99) }
        }),
        Value::Array(items) if !items.is_empty() => {
            return items.iter().flat_map(|item| statuses(resolver, item)).collect();
        }
        _ => None,
    };
    match range.filter(|range| (100..=599).contains(&range.first)) {
        Some(range) => vec![range],
        None => {
            resolver.mistake(
                written.span(),
                "this is not a status",
                "write 200, \"2xx\", or a list such as [200, 204]",
            );
            Vec::new()
        }
    }
}
