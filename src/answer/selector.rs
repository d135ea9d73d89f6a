//! What part of an answer is meant: `json:$.data.token`, `header:Name`, `cookie:name`, `regex:…`, `status`, `body`.

use std::fmt;
use std::ops::Range;

use hyper::header::HeaderName;
use regex::{Regex, RegexBuilder};

use super::path::JsonQuery;
use crate::diagnostic::nearest;

/// How much memory a compiled regular expression may take, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// One part of an answer.
#[derive(Debug, Clone)]
pub enum Selector {
    /// What a JSONPath finds in the body.
    Json(JsonQuery),
    /// A header; several of one name are joined by `, `, as HTTP defines.
    Header(HeaderName),
    /// A cookie that the answer sets; of several of one name the last.
    Cookie(String),
    /// What a regular expression finds first in the body: its first group, or all of it.
    Regex(Regex),
    /// The status, as a number.
    Status,
    /// The body, as text.
    Body,
}

/// A text that is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SelectorError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What to write.
    pub hint: String,
}

const KINDS: [&str; 6] = ["json", "header", "cookie", "regex", "status", "body"];
const FORMS: &str = "write json:$.data.token, header:Name, cookie:name, regex:id=(\\d+), status or body";

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// When the text is none, with the place.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let error = |message: String, span, hint: &str| SelectorError { message, span, hint: hint.to_owned() };
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let start = text.len() - rest.len();
        let place = start..text.len();
        let named = text.contains(':');
        match kind {
            "status" if !named => Ok(Self::Status),
            "body" if !named => Ok(Self::Body),
            "status" | "body" => {
                Err(error(format!("`{kind}` takes nothing behind it"), place, "leave out what follows"))
            }
            "json" | "header" | "cookie" | "regex" if rest.trim().is_empty() => {
                Err(error(format!("`{kind}:` does not say which"), 0..text.len(), FORMS))
            }
            "json" => JsonQuery::parse(rest).map(Self::Json).map_err(|wrong| {
                let place = start + wrong.span.start..start + wrong.span.end;
                error(wrong.message, place, wrong.hint)
            }),
            "header" => rest.trim().parse().map(Self::Header).map_err(|_| {
                error(format!("`{rest}` is not the name of a header"), place, "for example header:X-New-Token")
            }),
            "cookie" if rest.contains([';', '=', ',']) => {
                Err(error(format!("`{rest}` is not the name of a cookie"), place, "for example cookie:auth-token"))
            }
            "cookie" => Ok(Self::Cookie(rest.trim().to_owned())),
            "regex" => {
                compile(rest).map(Self::Regex).map_err(|message| error(message, place, "see docs.rs/regex#syntax"))
            }
            _ => Err(unknown(text, kind)),
        }
    }

    /// Whether it looks into the body.
    pub fn needs_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Regex(_) | Self::Body)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(path) => write!(f, "json:{path}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Regex(regex) => write!(f, "regex:{regex}"),
            Self::Status => f.write_str("status"),
            Self::Body => f.write_str("body"),
        }
    }
}

/// Compiles a regular expression of bounded size; the error is one line.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(REGEX_SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "this regular expression is too large".to_owned(),
        // The last line says what is wrong, those before draw it.
        other => {
            let drawn = other.to_string();
            let reason = drawn.lines().last().unwrap_or_default();
            format!("this is not a regular expression: {}", reason.trim_start_matches("error: "))
        }
    })
}

fn unknown(text: &str, kind: &str) -> SelectorError {
    let hint = match nearest(kind, KINDS) {
        _ if text.starts_with('$') => format!("did you mean `json:{text}`?"),
        Some(near) => format!("did you mean `{near}`?"),
        None => FORMS.to_owned(),
    };
    SelectorError { message: format!("`{text}` is not a part of an answer"), span: 0..kind.len(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_and_printed() {
        for text in ["json:$.data.token", "header:x-new-token", "cookie:auth-token", "regex:a:(b)", "status", "body"] {
            assert_eq!(Selector::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Selector::parse("header: X-New-Token").unwrap().to_string(), "header:x-new-token");
    }

    #[test]
    fn only_what_looks_into_the_body_needs_it() {
        let needs = |text| Selector::parse(text).unwrap().needs_body();
        assert!(needs("json:$") && needs("regex:x") && needs("body"));
        assert!(!needs("header:a") && !needs("cookie:a") && !needs("status"));
    }

    #[test]
    fn mistakes_have_a_place_and_a_hint() {
        let error = |text| Selector::parse(text).unwrap_err();
        assert_eq!(error("jsno:$.a").hint, "did you mean `json`?");
        assert_eq!(error("$.a").hint, "did you mean `json:$.a`?");
        assert_eq!(error("json:data").span, 5..9);
        assert_eq!(error("json:").span, 0..5);
        assert_eq!(error("header:a b").span, 7..10);
        assert_eq!(error("status:200").span, 7..10);
        assert!(error("regex:(").message.contains("unclosed group"), "{}", error("regex:(").message);
        assert!(error(r"regex:(\w{900}){900}").message.contains("too large"));
        assert!(error("").hint.starts_with("write json:"));
        assert!(error("cookie:a=b").message.contains("not the name of a cookie"));
    }
}
