//! One complete answer, as checks and selectors look at it: decoded and parsed at most once, and only if asked.

use std::borrow::Cow;
use std::cell::OnceCell;

use hyper::header::HeaderMap;
use serde_json::Value;

use super::decode::decode;
use super::outline::{Outline, Skimmed};
use super::path::JsonQuery;

/// What is known about an answer.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The status.
    pub status: u16,
    /// The headers, trailers not included.
    pub headers: &'a HeaderMap,
    /// The body as it came, perhaps compressed.
    pub body: &'a [u8],
    /// The version of the protocol that it came in.
    pub version: hyper::Version,
    /// The service time, from sending to the end, in microseconds.
    pub response_us: u64,
    /// Whole days until the certificate ends, negative when it has ended; none without TLS.
    pub certificate_days: Option<i64>,
}

/// An answer that is being looked at.
#[derive(Debug)]
pub struct Seen<'a> {
    facts: Facts<'a>,
    /// Whether whole documents are kept of what a check misses.
    pub(super) in_full: bool,
    body: OnceCell<Result<Cow<'a, [u8]>, String>>,
    json: OnceCell<Result<Value, String>>,
    outline: Option<&'a Outline>,
    skimmed: OnceCell<Option<Skimmed>>,
}

impl<'a> Seen<'a> {
    /// Looks at the answer with these `facts`; free of cost until something is asked.
    pub fn new(facts: Facts<'a>) -> Self {
        let (body, json, skimmed) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { facts, in_full: false, body, json, outline: None, skimmed }
    }

    /// The same, with the whole documents of what a check misses: for answers that are looked at one by one.
    pub fn in_full(facts: Facts<'a>) -> Self {
        Self { in_full: true, ..Self::new(facts) }
    }

    /// The same, of which nothing is built but what `outline` asks for, as long as that is enough.
    #[must_use]
    pub fn through(self, outline: Option<&'a Outline>) -> Self {
        Self { outline, ..self }
    }

    /// What is known without looking into the body.
    pub fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// The decoded body.
    ///
    /// # Errors
    /// One line that says why it cannot be decoded.
    pub fn body(&self) -> Result<&[u8], &str> {
        let decoded = self.body.get_or_init(|| decode(self.facts.headers, self.facts.body));
        decoded.as_deref().map_err(String::as_str)
    }

    /// The decoded body as text; what is not UTF-8 in it is replaced.
    ///
    /// # Errors
    /// As [`Seen::body`].
    pub fn text(&self) -> Result<Cow<'_, str>, &str> {
        self.body().map(String::from_utf8_lossy)
    }

    /// The body as JSON, whatever its content type says.
    ///
    /// # Errors
    /// One line that says why it is none.
    pub fn json(&self) -> Result<&Value, &str> {
        let parsed = self.json.get_or_init(|| {
            let body = without_mark(self.body()?);
            if body.trim_ascii().is_empty() {
                return Err("the body is empty".to_owned());
            }
            serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))
        });
        parsed.as_ref().map_err(String::as_str)
    }

    /// What the outline found for `path`, enough to say that a check of the step is met; none if only the whole document
    /// tells.
    pub(super) fn skimmed(&self, path: &JsonQuery) -> Option<Option<&Value>> {
        let outline = self.outline?;
        let skimmed = self.skimmed.get_or_init(|| outline.skim(without_mark(self.body().ok()?)));
        outline.find(path, skimmed.as_ref()?)
    }

    /// Whether the whole document was built.
    #[cfg(test)]
    pub(super) fn has_built_all(&self) -> bool {
        self.json.get().is_some()
    }
}

/// `body` without the byte order mark that some servers put in front.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Facts about an answer with this status, these headers and this body.
    pub(in super::super) fn facts<'a>(status: u16, headers: &'a HeaderMap, body: &'a [u8]) -> Facts<'a> {
        let version = hyper::Version::HTTP_11;
        Facts { status, headers, body, version, response_us: 12_000, certificate_days: None }
    }

    /// The headers written as `name: value`.
    pub(in super::super) fn headers(lines: &[&str]) -> HeaderMap {
        let pair = |line: &&str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse::<hyper::header::HeaderName>().unwrap(), value.parse().unwrap())
        };
        lines.iter().map(pair).collect()
    }

    #[test]
    fn json_is_parsed_once_and_shared() {
        let headers = HeaderMap::new();
        let seen = Seen::new(facts(200, &headers, b"\xef\xbb\xbf{\"a\": 1}"));
        let (first, second) = (seen.json().unwrap(), seen.json().unwrap());
        assert!(std::ptr::eq(first, second));
        assert_eq!(first["a"], 1);
    }

    #[test]
    fn what_is_not_json_is_said() {
        let headers = HeaderMap::new();
        let problem = |body: &[u8]| Seen::new(facts(200, &headers, body)).json().unwrap_err().to_owned();
        assert_eq!(problem(b" \n"), "the body is empty");
        assert!(problem(b"<html>").starts_with("the body is not JSON: expected value at line 1"));
        assert!(problem("[".repeat(100_000).as_bytes()).contains("recursion limit"));
        assert!(problem(b"\"\xff\"").contains("not JSON"));
    }

    #[test]
    fn a_body_that_cannot_be_decoded_is_not_looked_into() {
        let headers = headers(&["content-encoding: br"]);
        let seen = Seen::new(facts(200, &headers, b"{}"));
        assert!(seen.json().unwrap_err().contains("encoded as br"));
        assert!(seen.text().is_err());
    }
}
