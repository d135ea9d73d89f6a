//! One thing that an answer must be, compiled: what is looked at, and how it is judged.

use std::fmt;

use serde_json::Value;

use super::matcher::{Bound, Matcher};
use super::selector::Selector;
use super::status::StatusSet;
use super::text::one_line;
use crate::units::format_us;

/// One thing that an answer must be. `W` is as in [`Matcher`].
#[derive(Debug, Clone)]
pub enum Check<W = Value> {
    /// One of these statuses.
    Status(StatusSet),
    /// A part of the answer that matches.
    Part {
        /// Which part.
        selector: Selector,
        /// What it must be.
        matcher: Matcher<W>,
    },
    /// A body with this SHA-256, after decoding.
    BodySha256([u8; 32]),
    /// A service time within this bound, in microseconds.
    Time(Bound),
    /// A certificate that is valid for at least so many days.
    CertificateDays(i64),
    /// This version of the protocol.
    Version(Version),
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Version {
    Http10,
    Http11,
    Http2,
    Http3,
}

impl<W> Check<W> {
    /// Whether the body must be kept for it.
    pub fn needs_body(&self) -> bool {
        match self {
            Self::Part { selector, .. } => selector.needs_body(),
            Self::BodySha256(_) => true,
            Self::Status(_) | Self::Time(_) | Self::CertificateDays(_) | Self::Version(_) => false,
        }
    }

    /// What it looks at, as a scenario names it.
    pub fn target(&self) -> String {
        match self {
            Self::Status(_) => "status".to_owned(),
            Self::Part { selector, .. } => one_line(&selector.to_string(), 80),
            Self::BodySha256(_) => "body".to_owned(),
            Self::Time(_) => "time".to_owned(),
            Self::CertificateDays(_) => "certificate_days".to_owned(),
            Self::Version(_) => "version".to_owned(),
        }
    }

    /// The value that it wants, if it wants one: at most one, so that a caller whose rendering can fail may try first.
    pub fn wanted(&self) -> Option<&W> {
        match self {
            Self::Part { matcher, .. } => matcher.wanted(),
            _ => None,
        }
    }

    /// The same check with its wanted value made into something else: how a plan puts templates in.
    ///
    /// # Errors
    /// What `make` gives.
    pub fn try_map<V, E>(self, make: impl FnOnce(W) -> Result<V, E>) -> Result<Check<V>, E> {
        Ok(match self {
            Self::Part { selector, matcher } => Check::Part { selector, matcher: matcher.try_map(make)? },
            Self::Status(statuses) => Check::Status(statuses),
            Self::BodySha256(digest) => Check::BodySha256(digest),
            Self::Time(bound) => Check::Time(bound),
            Self::CertificateDays(days) => Check::CertificateDays(days),
            Self::Version(version) => Check::Version(version),
        })
    }
}

impl<W: fmt::Display> fmt::Display for Check<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(statuses) => write!(f, "{statuses}"),
            Self::Part { selector, matcher } => write!(f, "{selector} {matcher}"),
            Self::BodySha256(digest) => write!(f, "body has the sha256 {}", hex(digest)),
            Self::Time(bound) => write!(f, "response time {} {}", bound.relation, format_us(bound.limit)),
            Self::CertificateDays(days) => write!(f, "certificate valid for at least {days} days"),
            Self::Version(version) => write!(f, "{version}"),
        }
    }
}

impl Version {
    /// Reads `1.0`, `1.1`, `2` or `3`, with or without `HTTP/` before it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_prefix("HTTP/").or_else(|| text.strip_prefix("http/")).unwrap_or(text) {
            "1.0" => Some(Self::Http10),
            "1.1" => Some(Self::Http11),
            "2" | "2.0" => Some(Self::Http2),
            "3" | "3.0" => Some(Self::Http3),
            _ => None,
        }
    }

    /// Whether `version` is this one.
    pub(super) fn is(self, version: hyper::Version) -> bool {
        let this = match self {
            Self::Http10 => hyper::Version::HTTP_10,
            Self::Http11 => hyper::Version::HTTP_11,
            Self::Http2 => hyper::Version::HTTP_2,
            Self::Http3 => hyper::Version::HTTP_3,
        };
        this == version
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
        })
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(key: &str, written: Value) -> Check {
        Check::read(key, &written).unwrap().remove(0)
    }

    #[test]
    fn checks_read_as_sentences() {
        let shown = |key, written| read(key, written).to_string();
        assert_eq!(shown("json:$.a", json!({ "not_empty": true })), "json:$.a is not empty");
        assert_eq!(shown("json:$.a", json!({ "length": ">= 3" })), "json:$.a has a length >= 3");
        assert_eq!(shown("header:X-A", json!("b")), "header:x-a equals \"b\"");
        assert_eq!(shown("header:X-A", json!({ "absent": true })), "header:x-a is absent");
        assert_eq!(shown("json:$.a", json!({ "at_most": 5 })), "json:$.a <= 5");
        assert_eq!(shown("time", json!("< 500ms")), "response time < 500ms");
        assert_eq!(shown("certificate_days", json!(14)), "certificate valid for at least 14 days");
        assert_eq!(shown("version", json!("2")), "HTTP/2");
        assert_eq!(shown("status", json!([401, 403])), "status 401 or 403");
    }

    #[test]
    fn only_what_looks_into_the_body_needs_it() {
        assert!(read("json:$.a", json!(1)).needs_body());
        assert!(read("body", json!({ "sha256": "00".repeat(32) })).needs_body());
        assert!(!read("status", json!(200)).needs_body());
        assert!(!read("header:a", json!("b")).needs_body());
    }

    #[test]
    fn a_plan_may_put_something_else_in_place_of_the_wanted_value() {
        let check = read("json:$.a", json!("${ id }"));
        assert_eq!(check.wanted(), Some(&json!("${ id }")));
        let mapped: Check<usize> = check.try_map(|_| Ok::<_, String>(7)).unwrap();
        assert_eq!((mapped.wanted(), mapped.to_string()), (Some(&7), "json:$.a equals 7".to_owned()));
        assert!(read("json:$.a", json!(1)).try_map(|_| Err::<u8, _>("no")).is_err());
        assert!(read("json:$.a", json!({ "exists": true })).wanted().is_none());
    }

    #[test]
    fn checks_may_be_shared_between_workers() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<Check>();
    }
}
