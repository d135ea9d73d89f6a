//! One request of a journey, with everything prebuilt that does not change.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};
use toml::Spanned;

use super::expect::{self, Expect};
use super::resolver::Resolver;
use super::target::{Target, resolve_headers};
use crate::scenario::{Document, StepSection};

/// One request of a journey.
#[derive(Debug, Clone)]
pub struct Step {
    /// What reports and gates call it.
    pub name: String,
    /// The HTTP method.
    pub method: Method,
    /// Which of the target's endpoints it goes to.
    pub endpoint: usize,
    /// Path and query.
    pub path: Uri,
    /// All headers but those that framing needs.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// How long it may take.
    pub timeout: Duration,
    /// What the answer must be.
    pub expect: Expect,
}

pub(super) fn resolve_all(resolver: &mut Resolver<'_>, document: &Document, target: &mut Target) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for written in &document.step {
        let Some(step) = resolve(resolver, written, target) else { continue };
        if steps.iter().any(|other| other.name == step.name) {
            let span = written.get_ref().name.as_ref().map_or(written.span(), Spanned::span);
            let message = format!("two steps are called `{}`", step.name);
            resolver.mistake(
                span,
                message,
                "give each a `name` of its own, so that reports and gates can tell them apart",
            );
        }
        steps.push(step);
    }
    steps
}

fn resolve(resolver: &mut Resolver<'_>, written: &Spanned<StepSection>, target: &mut Target) -> Option<Step> {
    let section = written.get_ref();
    let (method, path) = the_method(resolver, written)?;
    let location = location(resolver, path, target);
    let own_headers =
        section.headers.as_ref().map(|headers| resolve_headers(resolver, headers.get_ref())).unwrap_or_default();
    let (body, content_type) = body(resolver, section);
    let timeout =
        section.timeout.as_ref().and_then(|timeout| resolver.duration(timeout, true)).unwrap_or(target.timeout);
    let expect = section.expect.as_ref().map(|expect| expect::resolve(resolver, expect.get_ref())).unwrap_or_default();
    let name = section.name.as_ref().map(|name| resolver.text(name));
    let (endpoint, path) = location?;
    let name = name.unwrap_or_else(|| format!("{method} {}", path.path()));
    let mut headers = default_headers(&target.endpoints[endpoint].authority, content_type);
    override_headers(&mut headers, &target.headers);
    override_headers(&mut headers, &own_headers);
    Some(Step { name, method, endpoint, path, headers, body, timeout, expect })
}

/// The one method of the step and what it is applied to.
fn the_method<'s>(
    resolver: &mut Resolver<'_>,
    written: &'s Spanned<StepSection>,
) -> Option<(Method, &'s Spanned<String>)> {
    const ONE: &str = "a step has exactly one of get, post, put, patch, delete, head, options";
    let mut methods = written.get_ref().methods();
    let Some((method, path)) = methods.next() else {
        resolver.mistake(written.span(), "this step has no method, so nothing to send", ONE);
        return None;
    };
    if let Some((other, second)) = methods.next() {
        let message = format!("this step has two methods, {} and {}", method.to_lowercase(), other.to_lowercase());
        resolver.mistake(second.span(), message, ONE);
        return None;
    }
    Some((Method::from_bytes(method.as_bytes()).ok()?, path))
}

/// The endpoint and the path with its query that `written` means: a path under the base URL, or a URL of its own.
fn location(resolver: &mut Resolver<'_>, written: &Spanned<String>, target: &mut Target) -> Option<(usize, Uri)> {
    let before = resolver.mistakes.0.len();
    let text = resolver.text(written);
    if resolver.mistakes.0.len() > before {
        return None;
    }
    let full = text.starts_with("http://") || text.starts_with("https://");
    if !full && !text.starts_with('/') {
        resolver.mistake(
            written.span(),
            format!("`{text}` is neither a path nor a URL"),
            "start a path with /, a URL with http:// or https://",
        );
        return None;
    }
    if !full && target.base_url.is_empty() {
        // The missing base URL has been reported.
        return None;
    }
    let url = if full { text.clone() } else { format!("{}{text}", target.base_url) };
    let parsed = url
        .parse::<Uri>()
        .ok()
        .filter(|url| url.authority().is_some_and(|authority| !authority.as_str().contains('@')));
    let found = parsed.and_then(|url| {
        let path = url.path_and_query().map_or("/", |path| path.as_str()).parse().ok()?;
        Some((target.endpoint_of(&url)?, path))
    });
    if found.is_none() {
        resolver.mistake(
            written.span(),
            format!("`{text}` cannot be requested"),
            "percent-encode spaces and other special characters: a%20b",
        );
    }
    found
}

/// The body, and its type if the kind of body has one.
fn body(resolver: &mut Resolver<'_>, section: &StepSection) -> (Bytes, Option<&'static str>) {
    match (&section.json, &section.body) {
        (Some(_), Some(body)) => {
            resolver.mistake(body.span(), "this step has two bodies, json and body", "keep one of them");
            (Bytes::new(), None)
        }
        (Some(json), None) => (Bytes::from(resolver.json(json).to_string()), Some("application/json")),
        (None, Some(body)) => (Bytes::from(resolver.text(body)), None),
        (None, None) => (Bytes::new(), None),
    }
}

fn default_headers(authority: &str, content_type: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(authority) = HeaderValue::from_str(authority) {
        headers.insert(HOST, authority);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("mnload/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers
}

/// Replaces in `headers` every name that `by` holds.
fn override_headers(headers: &mut HeaderMap, by: &HeaderMap) {
    for name in by.keys() {
        headers.remove(name);
        for value in by.get_all(name) {
            headers.append(name, value.clone());
        }
    }
}
