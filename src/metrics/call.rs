//! The calls of a once run, one by one: percentiles of one request say nothing, the request itself says all.
//!
//! Texts hold no secrets and are bounded by whoever makes them.

use serde::{Deserialize, Serialize};

use super::sample::Role;
use crate::failure::Failure;

/// More calls than this are counted, not kept.
const MOST_CALLS: usize = 1_000;

/// The calls of a once run, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calls {
    /// The first of them.
    pub list: Vec<Call>,
    /// How many came after those.
    pub left_out: u64,
}

/// One call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// Which step asked for it.
    pub step: usize,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// Which part it plays in its step.
    pub role: Role,
    /// Where the time went.
    pub phases: Phases,
    /// How long the body of the answer was.
    pub bytes: u64,
    /// Whether it went over a connection that was there already.
    pub reused: bool,
    /// What there is to see of a failure.
    pub evidence: Option<Box<Evidence>>,
}

/// Where the time of one call went, in microseconds; none for what did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Phases {
    /// The name was looked up. That is done once, before the run, and shown with the first call to its place.
    pub lookup: Option<u64>,
    /// TCP was connected.
    pub connect: Option<u64>,
    /// TLS was agreed on.
    pub tls: Option<u64>,
    /// From a connection to the first byte of the answer.
    pub wait: Option<u64>,
    /// From the first byte to the last.
    pub receive: Option<u64>,
    /// All of it but the lookup.
    pub total: u64,
}

/// What there is to see of a call that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// The expectations that were missed.
    pub checks: Vec<FailedCheck>,
    /// What was sent; none if it could not even be made.
    pub request: Option<SentRequest>,
    /// What came back, if anything did.
    pub response: Option<SeenResponse>,
}

/// An expectation that was missed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FailedCheck {
    /// What was looked at.
    pub target: String,
    /// What it should have been.
    pub expected: String,
    /// What it was.
    pub actual: String,
    /// The lines in which two long values differ, with `-`, `+` or a space in front.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<String>,
}

/// A request, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers but those of framing.
    pub headers: Vec<HeaderLine>,
    /// The body.
    pub body: Excerpt,
}

/// An answer, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SeenResponse {
    /// Version, status and what the status is called.
    pub status_line: String,
    /// The headers.
    pub headers: Vec<HeaderLine>,
    /// The body, decoded.
    pub body: Excerpt,
}

/// A header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HeaderLine {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The start of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Excerpt {
    /// Its first lines; empty if it is no text.
    pub text: String,
    /// How long the whole body was when it was sent.
    pub bytes: u64,
    /// Why not all of it is shown; empty if it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Calls {
    /// Adds a call, or counts it if there are many already.
    pub fn push(&mut self, call: Call) {
        match self.list.len() < MOST_CALLS {
            true => self.list.push(call),
            false => self.left_out += 1,
        }
    }
}

impl Call {
    /// Whether the answer was as expected.
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.role != Role::TriedAgain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_beyond_the_bound_are_counted() {
        let mut calls = Calls::default();
        (0..MOST_CALLS + 5).for_each(|_| calls.push(Call::default()));
        assert_eq!((calls.list.len(), calls.left_out), (MOST_CALLS, 5));
    }
}
