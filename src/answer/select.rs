//! Takes the selected part out of an answer, or says in one line what was there instead.

use std::borrow::Cow;

use hyper::header::{HeaderMap, SET_COOKIE};
use regex::Regex;
use serde_json::Value;

use super::nearest::list;
use super::seen::Seen;
use super::selector::Selector;
use super::text::{EXCERPT, one_line, one_line_of};

/// What a selector found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    /// A value that has a type.
    Json(Cow<'a, Value>),
    /// Text, which may stand for a number or a boolean.
    Text(Cow<'a, str>),
}

/// A selector found nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{selector} is not there: {found}")]
pub struct Missing {
    /// What was looked for, at most 80 characters.
    pub selector: String,
    /// What was there instead, in one line of at most 200 characters.
    pub found: String,
}

/// Why a selector found nothing, before anyone asks for words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why<'a> {
    /// The answer could be read and does not have it.
    Absent,
    /// The answer could not be read, for this reason, so nothing is known about what it has.
    Unreadable(&'a str),
}

impl Found<'_> {
    /// The value, its own.
    pub fn into_value(self) -> Value {
        match self {
            Self::Json(value) => value.into_owned(),
            Self::Text(text) => Value::String(text.into_owned()),
        }
    }
}

impl Selector {
    /// The selected part as a value of its own: what a step extracts.
    ///
    /// # Errors
    /// When there is none, with what was there instead.
    pub fn select(&self, seen: &Seen<'_>) -> Result<Value, Missing> {
        match self.skim(seen) {
            Some(Ok(found)) => Ok(found.into_value()),
            _ => self.find(seen).map(Found::into_value),
        }
    }

    /// The selected part, not copied where that can be avoided.
    ///
    /// # Errors
    /// As [`Selector::select`].
    pub fn find<'s>(&self, seen: &'s Seen<'_>) -> Result<Found<'s>, Missing> {
        self.look(seen).map_err(|why| self.missing(seen, why))
    }

    /// As [`Selector::look`], from what the step's outline has: enough to be met, not to be shown. None if the whole
    /// document has to be asked.
    pub(super) fn skim<'s>(&self, seen: &'s Seen<'_>) -> Option<Result<Found<'s>, Why<'s>>> {
        let Self::Json(path) = self else { return None };
        Some(seen.skimmed(path)?.map(|value| Found::Json(Cow::Borrowed(value))).ok_or(Why::Absent))
    }

    /// As [`Selector::find`], without words for what was not found.
    pub(super) fn look<'s>(&self, seen: &'s Seen<'_>) -> Result<Found<'s>, Why<'s>> {
        let headers = seen.facts().headers;
        match self {
            Self::Status => Ok(Found::Json(Cow::Owned(seen.facts().status.into()))),
            Self::Body => seen.text().map(Found::Text).map_err(Why::Unreadable),
            Self::Json(path) => path.find(seen.json().map_err(Why::Unreadable)?).map(Found::Json).ok_or(Why::Absent),
            Self::Regex(regex) => {
                captured(regex, seen.text().map_err(Why::Unreadable)?).map(Found::Text).ok_or(Why::Absent)
            }
            Self::Header(name) => {
                let mut lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
                let first = lines.next().ok_or(Why::Absent)?;
                Ok(Found::Text(lines.fold(first, |all, line| Cow::Owned(format!("{all}, {line}")))))
            }
            Self::Cookie(name) => {
                let named = cookies(headers).filter(|(cookie, _)| cookie == name);
                named.last().map(|(_, value)| Found::Text(value)).ok_or(Why::Absent)
            }
        }
    }

    /// Words for what was not found.
    pub(super) fn missing(&self, seen: &Seen<'_>, why: Why<'_>) -> Missing {
        let headers = seen.facts().headers;
        let found = match (why, self) {
            (Why::Unreadable(reason), _) => with_excerpt(reason, seen),
            (_, Self::Json(path)) => seen.json().map_or_else(str::to_owned, |document| path.nearest(document)),
            (_, Self::Header(_)) if headers.is_empty() => "the answer has no headers".to_owned(),
            (_, Self::Header(_)) => {
                format!("the headers are {}", list(headers.keys().map(hyper::header::HeaderName::as_str)))
            }
            (_, Self::Cookie(_)) => {
                let names: Vec<String> = cookies(headers).map(|(name, _)| name.into_owned()).collect();
                match names.as_slice() {
                    [] => "the answer sets no cookies".to_owned(),
                    names => format!("the answer sets {}", list(names.iter().map(String::as_str))),
                }
            }
            (_, Self::Regex(_) | Self::Status | Self::Body) => with_excerpt("", seen),
        };
        Missing { selector: one_line(&self.to_string(), 80), found: one_line(&found, EXCERPT) }
    }
}

/// `reason` and how the body starts.
fn with_excerpt(reason: &str, seen: &Seen<'_>) -> String {
    let gap = if reason.is_empty() { "" } else { "; " };
    match seen.body() {
        Ok([]) if reason.is_empty() => "the body is empty".to_owned(),
        Ok(body) if !body.is_empty() => format!("{reason}{gap}the body is: {}", one_line_of(body, EXCERPT)),
        _ => reason.to_owned(),
    }
}

/// The first group of the first match; all of it where the expression has no groups.
fn captured<'t>(regex: &Regex, text: Cow<'t, str>) -> Option<Cow<'t, str>> {
    let range = match regex.captures_len() {
        1 => regex.find(&text)?.range(),
        _ => regex.captures(&text)?.get(1)?.range(),
    };
    match text {
        Cow::Borrowed(text) => text.get(range).map(Cow::Borrowed),
        Cow::Owned(text) => text.get(range).map(|part| Cow::Owned(part.to_owned())),
    }
}

/// Names and values of the cookies that are set, in order.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    headers.get_all(SET_COOKIE).iter().filter_map(|line| {
        let pair = line.as_bytes().split(|byte| *byte == b';').next()?;
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
        Some((String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::seen::tests::{facts, headers};
    use super::*;

    fn selected(selector: &str, lines: &[&str], body: &[u8]) -> Result<Value, String> {
        let headers = headers(lines);
        let seen = Seen::new(facts(201, &headers, body));
        Selector::parse(selector).unwrap().select(&seen).map_err(|missing| missing.to_string())
    }

    #[test]
    fn every_part_is_taken_out() {
        let lines = ["x-new-token: abc", "vary: a", "vary: b"];
        let body = br#"{"data":{"token":"t","n":5}}"#;
        assert_eq!(selected("json:$.data.token", &lines, body).unwrap(), "t");
        assert_eq!(selected("json:$.data.n", &lines, body).unwrap(), 5);
        assert_eq!(selected("header:X-New-Token", &lines, body).unwrap(), "abc");
        assert_eq!(selected("header:vary", &lines, body).unwrap(), "a, b");
        assert_eq!(selected("regex:\"n\":(\\d)", &lines, body).unwrap(), "5");
        assert_eq!(selected("regex:tok.n", &lines, body).unwrap(), "token");
        assert_eq!(selected("status", &lines, body).unwrap(), 201);
        assert_eq!(selected("body", &lines, b"x\xff").unwrap(), "x\u{fffd}");
    }

    #[test]
    fn of_several_cookies_of_one_name_the_last_wins() {
        let lines =
            ["set-cookie: a=1; Path=/", "set-cookie: b=x=y; Secure", "set-cookie: a=2; HttpOnly", "set-cookie: odd"];
        assert_eq!(selected("cookie:a", &lines, b"").unwrap(), "2");
        assert_eq!(selected("cookie:b", &lines, b"").unwrap(), "x=y");
        let missing = selected("cookie:c", &lines, b"").unwrap_err();
        assert_eq!(missing, "cookie:c is not there: the answer sets a, b, a");
        assert!(selected("cookie:c", &[], b"").unwrap_err().ends_with("the answer sets no cookies"));
    }

    #[test]
    fn what_is_missing_says_what_was_there_instead() {
        let lines = ["content-type: text/html"];
        let missing = |selector, body: &str| selected(selector, &lines, body.as_bytes()).unwrap_err();
        assert_eq!(
            missing("json:$.data.token", r#"{"data":{"id":1}}"#),
            "json:$.data.token is not there: $.data has the key id"
        );
        assert_eq!(
            missing("json:$.a", "<h1>\n502</h1>"),
            "json:$.a is not there: the body is not JSON: expected value at line 1 column 1; the body is: <h1> 502</h1>"
        );
        assert_eq!(missing("header:etag", ""), "header:etag is not there: the headers are content-type");
        assert_eq!(missing("regex:id=(\\d+)", "no\tid"), "regex:id=(\\d+) is not there: the body is: no id");
        assert_eq!(missing("regex:x", ""), "regex:x is not there: the body is empty");
        assert_eq!(missing("regex:a(b)?", "a"), "regex:a(b)? is not there: the body is: a");
    }

    #[test]
    fn words_are_bounded_and_in_one_line() {
        let long = format!("json:$.{}", "k".repeat(900));
        let body = format!("{{\"{}\u{1b}\": 1}}", "x\\n".repeat(1_000));
        for selector in [long.as_str(), "regex:zzz"] {
            let missing = selected(selector, &[], body.as_bytes()).unwrap_err();
            assert!(missing.chars().count() <= 300 && !missing.contains(char::is_control), "{missing}");
        }
    }
}
