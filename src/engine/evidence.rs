//! What there is to see of a call that failed: the request, the answer and what was expected, without secrets.
//!
//! Everything is cleared of secrets before it is cut: half a secret would not be recognised.

use std::time::Duration;

use hyper::header::HeaderMap;
use hyper::{StatusCode, http};
use similar::{ChangeTag, TextDiff};

use super::judging::facts;
use crate::answer::{Documents, Seen};
use crate::client::{Answer, Exchange, Request};
use crate::metrics::{Evidence, Excerpt, FailedCheck, HeaderLine, SeenResponse, SentRequest};
use crate::plan::{Judged, Miss, Plan, Secrets};
use crate::units::format_bytes;

/// How much of a body is kept to show its start.
pub(super) const KEPT: usize = 64 << 10;
/// What is cut off the end of text that was cut already: a secret may have been cut with it.
const TORN: usize = 8 << 10;
/// How much of a body is shown.
const MOST_LINES: usize = 20;
const MOST_BYTES: usize = 2 << 10;
/// How much of a difference is shown.
const MOST_DIFF_LINES: usize = 40;
const LONGEST_DIFF_LINE: usize = 200;
const MOST_HEADERS: usize = 50;
const LONGEST_HEADER: usize = 500;
/// Two long texts that have little in common are compared no longer than this.
const PATIENCE: Duration = Duration::from_millis(200);

/// What there is to see of the call.
pub(super) fn of(plan: &Plan, sent: &Request<'_>, exchange: &Exchange, judged: &Judged) -> Evidence {
    let secrets = &plan.secrets;
    Evidence {
        checks: judged.missed.iter().map(|miss| failed_check(secrets, miss)).collect(),
        request: Some(request(plan, sent)),
        response: exchange.result.as_ref().ok().map(|answer| response(secrets, answer)),
    }
}

fn failed_check(secrets: &Secrets, miss: &Miss) -> FailedCheck {
    let clear = |text: &str| secrets.redact(text).into_owned();
    FailedCheck {
        target: secrets.redact_noted(&miss.target).into_owned(),
        expected: clear(&miss.wanted),
        actual: clear(&miss.found),
        diff: miss.documents.as_deref().map(|documents| difference(secrets, documents)).unwrap_or_default(),
    }
}

/// The lines that differ, with those around them.
fn difference(secrets: &Secrets, documents: &Documents) -> Vec<String> {
    let (wanted, found) = (secrets.redact(&documents.wanted), secrets.redact(&documents.found));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(wanted.as_ref(), found.as_ref());
    let mut lines = Vec::new();
    for group in diff.grouped_ops(2) {
        if !lines.is_empty() {
            lines.push("  …".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let text = change.value().trim_end_matches(['\r', '\n']);
            lines.push(format!("{sign} {}", cut(text, LONGEST_DIFF_LINE)));
        }
    }
    if lines.len() > MOST_DIFF_LINES {
        let more = lines.len() - MOST_DIFF_LINES;
        lines.truncate(MOST_DIFF_LINES);
        lines.push(format!("  … and {more} more lines"));
    }
    lines
}

fn request(plan: &Plan, request: &Request<'_>) -> SentRequest {
    let place = plan.target.endpoints.get(request.place);
    let base = place.map(|place| format!("{}://{}", if place.tls { "https" } else { "http" }, place.authority));
    let url = format!("{}{}", base.unwrap_or_default(), request.path);
    SentRequest {
        method: request.method.to_string(),
        url: plan.secrets.redact(&url).into_owned(),
        headers: headers(&plan.secrets, request.headers),
        body: excerpt(&plan.secrets, request.body, request.body.len() as u64),
    }
}

fn response(secrets: &Secrets, answer: &Answer) -> SeenResponse {
    let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let status_line = format!("{:?} {} {}", answer.version, answer.status, reason.unwrap_or_default());
    let seen = Seen::new(facts(answer));
    let is_encoded = answer.headers.contains_key(http::header::CONTENT_ENCODING);
    let is_cut = (answer.body.len() as u64) < answer.body_bytes;
    let body = match seen.body() {
        _ if is_encoded && is_cut => unseen(answer.body_bytes, "compressed, and too long to be shown"),
        // What came decoded is as long as it is: only the text that was cut must be known as such.
        Ok(body) if is_cut => excerpt(secrets, body, answer.body_bytes),
        Ok(body) => Excerpt { bytes: answer.body_bytes, ..excerpt(secrets, body, body.len() as u64) },
        Err(problem) => unseen(answer.body_bytes, &secrets.redact(problem)),
    };
    SeenResponse { status_line: status_line.trim_end().to_owned(), headers: headers(secrets, &answer.headers), body }
}

fn headers(secrets: &Secrets, headers: &HeaderMap) -> Vec<HeaderLine> {
    let shown = |name: &str, value: &[u8]| {
        let value = secrets.redact_named(name, &String::from_utf8_lossy(value));
        HeaderLine { name: name.to_owned(), value: cut(&value, LONGEST_HEADER) }
    };
    headers.iter().take(MOST_HEADERS).map(|(name, value)| shown(name.as_str(), value.as_bytes())).collect()
}

/// The first lines of a body of which `bytes` is the start, or all if it is `whole` long.
fn excerpt(secrets: &Secrets, bytes: &[u8], whole: u64) -> Excerpt {
    if bytes.is_empty() {
        return Excerpt { bytes: whole, ..Excerpt::default() };
    }
    let part = &bytes[..bytes.len().min(KEPT)];
    let is_cut = (part.len() as u64) < whole;
    let text = match std::str::from_utf8(part) {
        Ok(text) => text,
        // A character that was cut is no reason to call it binary.
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&part[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return unseen(whole, "binary"),
    };
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return unseen(whole, "binary");
    }
    let text = secrets.redact(text);
    let text = if is_cut { start(&text, text.len().saturating_sub(TORN)) } else { &text };
    let lines = text.split_inclusive('\n').take(MOST_LINES).map(str::len).sum::<usize>();
    let shown = start(text, lines.min(MOST_BYTES));
    let note = match is_cut || shown.len() < text.trim_end().len() {
        true => format!("the start of {}", format_bytes(whole)),
        false => String::new(),
    };
    Excerpt { text: shown.trim_end().to_owned(), bytes: whole, note }
}

fn unseen(bytes: u64, why: &str) -> Excerpt {
    Excerpt { text: String::new(), bytes, note: format!("{}, not shown: {why}", format_bytes(bytes)) }
}

/// At most `most` bytes of `text`, whole characters.
fn start(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// At most `most` characters of `text`, with a mark if that is not all.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
