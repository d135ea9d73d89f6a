//! What one step sends: everything that is the same for all journeys is prebuilt, the rest is rendered for each.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use hyper::{Method, Uri};

use super::body::{self, Body};
use super::target::{Endpoint, Target, has_bad_port};
use crate::scenario::{BasicSection, Entries, Spanned, StepSection};
use crate::values::Resolver;
use crate::values::{RenderError, Scope, Text};

/// What one step sends.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Which of the target's endpoints it goes to.
    pub endpoint: usize,
    /// The path as it was written, templates and all: what reports may show.
    pub written: String,
    path: Path,
    headers: HeaderMap,
    own_headers: Vec<(HeaderName, Text)>,
    body: Body,
}

/// A request as one journey sends it.
#[derive(Debug)]
pub struct Rendered<'r> {
    /// Path and query.
    pub path: Cow<'r, Uri>,
    /// All headers but those that framing needs.
    pub headers: Cow<'r, HeaderMap>,
    /// The body; empty for none.
    pub body: Bytes,
}

#[derive(Debug, Clone)]
enum Path {
    Constant(Uri),
    /// The path of the base URL, and what comes behind it.
    Rendered(String, Text),
}

impl Request {
    /// The request for the journey of `scope`.
    ///
    /// # Errors
    /// When a variable has no value yet, or what comes out cannot be sent.
    pub fn render<'r>(&'r self, scope: &Scope) -> Result<Rendered<'r>, RenderError> {
        let path = match &self.path {
            Path::Constant(path) => Cow::Borrowed(path),
            Path::Rendered(base, rest) => Cow::Owned(sendable_path(base, &rest.render(scope)?)?),
        };
        let headers = match self.own_headers.is_empty() {
            true => Cow::Borrowed(&self.headers),
            false => Cow::Owned(self.with_own_headers(scope)?),
        };
        let body = self.body.render(scope)?;
        Ok(Rendered { path, headers, body })
    }

    /// Method and path without its query, for people.
    pub fn summary(&self) -> String {
        let path = self.written.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }

    fn with_own_headers(&self, scope: &Scope) -> Result<HeaderMap, RenderError> {
        let mut headers = self.headers.clone();
        for (name, text) in &self.own_headers {
            let value = HeaderValue::try_from(text.render(scope)?.into_owned())
                .map_err(|_| RenderError::new(format!("the value of the header {name} cannot be sent")))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &Spanned<StepSection>,
    target: &mut Target,
) -> Option<Request> {
    let section = written.get_ref();
    let (method, path_as_written) = the_method(resolver, written)?;
    let location = location(resolver, path_as_written, target);
    let (body, content_type) = body::resolve(resolver, section);
    let has_length = matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let mut own_headers = Vec::new();
    if let Some(headers) = &section.headers {
        own_headers = texts_of_headers(resolver, headers.get_ref());
    }
    own_headers.extend(authorization(resolver, section));
    let (endpoint, path) = location?;
    let mut headers = default_headers(&target.endpoints[endpoint], content_type);
    if has_length && body.is_empty() {
        // Some servers refuse a body-less POST that does not say so.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if body.is_compressed() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    override_headers(&mut headers, &target.headers);
    let own_headers = settle_constants(resolver, written, &mut headers, own_headers);
    let written = path_as_written.get_ref().clone();
    Some(Request { method, endpoint, written, path, headers, own_headers, body })
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
fn location(resolver: &mut Resolver<'_>, written: &Spanned<String>, target: &mut Target) -> Option<(usize, Path)> {
    let text = resolver.run_text(written)?;
    let raw = text.constant().unwrap_or(written.get_ref()).to_owned();
    let full = raw.starts_with("http://") || raw.starts_with("https://");
    if !full && !raw.starts_with('/') {
        let shown = written.get_ref();
        resolver.mistake(
            written.span(),
            format!("`{shown}` is neither a path nor a URL"),
            "start a path with /, a URL with http:// or https://",
        );
        return None;
    }
    if !full && target.base_url.is_empty() {
        // The missing base URL has been reported.
        return None;
    }
    if full && target.replaced {
        let message = "everything goes to the built-in target, but this step names a host of its own";
        resolver.mistake(written.span(), message, "write a path, or run without --demo");
        return None;
    }
    if text.constant().is_none() {
        return rendered_location(resolver, written, target, text, full);
    }
    if raw.contains('#') {
        let hint = "leave out what follows #: it never leaves a browser; a # in a value is written %23";
        resolver.mistake(written.span(), format!("`{}` has a fragment", written.get_ref()), hint);
        return None;
    }
    let url = if full { raw.clone() } else { format!("{}{raw}", target.base_url) };
    let parsed = url
        .parse::<Uri>()
        .ok()
        .filter(|url| url.authority().is_some_and(|authority| !authority.as_str().contains('@')) && !has_bad_port(url));
    let found = parsed.and_then(|url| {
        let path = url.path_and_query().map_or("/", |path| path.as_str()).parse().ok()?;
        Some((target.endpoint_of(&url)?, Path::Constant(path)))
    });
    if found.is_none() {
        resolver.mistake(
            written.span(),
            format!("`{}` cannot be requested", written.get_ref()),
            match () {
                () if raw.contains("{{") => "templates are written ${ name }",
                () if full && raw.contains('@') => "leave the credentials out: send them with `basic`",
                () if full => "a URL needs a host, and perhaps a port from 1 to 65535: http://127.0.0.1:3000/health",
                () => "percent-encode spaces and other special characters: a%20b",
            },
        );
    }
    found
}

/// A path with values that are known only while a journey runs; where it goes must be known before.
fn rendered_location(
    resolver: &mut Resolver<'_>,
    written: &Spanned<String>,
    target: &mut Target,
    text: Text,
    full: bool,
) -> Option<(usize, Path)> {
    if full {
        resolver.mistake(
            written.span(),
            "the host of a request must be known before the run",
            "use templates in the path, under base_url",
        );
        return None;
    }
    let url = target.base_url.parse::<Uri>().ok()?;
    let base = url.path().trim_end_matches('/').to_owned();
    Some((target.endpoint_of(&url)?, Path::Rendered(base, text)))
}

fn texts_of_headers(resolver: &mut Resolver<'_>, entries: &Entries) -> Vec<(HeaderName, Text)> {
    let mut headers = Vec::with_capacity(entries.0.len());
    for (key, value) in &entries.0 {
        refuse_framing(resolver, key);
        let text = resolver.run_scalar(key.get_ref(), value);
        match (HeaderName::try_from(key.get_ref().as_str()), text) {
            (Ok(_), Some(text)) if text.constant().is_some_and(|text| HeaderValue::try_from(text).is_err()) => resolver
                .mistake(
                    value.span(),
                    "this cannot be sent as a header value",
                    "header values are one line of visible text",
                ),
            (Ok(name), Some(text)) => headers.push((name, text)),
            (Err(_), _) => {
                resolver.mistake(
                    key.span(),
                    format!("`{}` is not a header name", key.get_ref()),
                    "header names have letters, digits and -",
                );
            }
            (Ok(_), None) => {}
        }
    }
    headers
}

/// Headers that say where a message ends are mnload's own business.
pub(super) fn refuse_framing(resolver: &mut Resolver<'_>, key: &Spanned<String>) {
    if ["content-length", "transfer-encoding", "connection"].contains(&key.get_ref().to_ascii_lowercase().as_str()) {
        let message = format!("the header `{}` cannot be set", key.get_ref());
        resolver.mistake(key.span(), message, "mnload sets it to fit what is sent");
    }
}

/// The header that `bearer` or `basic` means.
fn authorization(resolver: &mut Resolver<'_>, section: &StepSection) -> Option<(HeaderName, Text)> {
    if let (Some(_), Some(basic)) = (&section.bearer, &section.basic) {
        resolver.mistake(basic.span(), "`bearer` and `basic` contradict each other", "keep one of them");
    }
    if let Some(bearer) = &section.bearer {
        let text = resolver.run_text(bearer)?;
        return Some((AUTHORIZATION, text.after("Bearer ")));
    }
    let basic = section.basic.as_ref()?;
    let BasicSection { user, password } = basic.get_ref();
    let (Some(user), Some(password)) = (user, password) else {
        resolver.mistake(
            basic.span(),
            "`basic` needs `user` and `password`",
            "for example { user = \"a\", password = \"${ secret.PASSWORD }\" }",
        );
        return None;
    };
    let credentials = format!("{}:{}", resolver.text(user), resolver.text(password));
    let encoded = BASE64.encode(credentials);
    resolver.secrets.note(&encoded, &encoded);
    Some((AUTHORIZATION, Text::from(format!("Basic {encoded}").as_str())))
}

/// Puts the headers that are the same for all into `headers` and gives back the others.
fn settle_constants(
    resolver: &mut Resolver<'_>,
    written: &Spanned<StepSection>,
    headers: &mut HeaderMap,
    own: Vec<(HeaderName, Text)>,
) -> Vec<(HeaderName, Text)> {
    let mut rendered = Vec::new();
    for (name, text) in own {
        match text.constant().map(HeaderValue::try_from) {
            None => rendered.push((name, text)),
            Some(Ok(value)) => drop(headers.insert(name, value)),
            Some(Err(_)) => {
                let message = format!("the value of the header {name} cannot be sent");
                resolver.mistake(written.span(), message, "header values are one line of visible text");
            }
        }
    }
    rendered
}

pub(super) fn default_headers(endpoint: &Endpoint, content_type: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(authority) = HeaderValue::from_str(&endpoint.authority) {
        headers.insert(HOST, authority);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("mnload/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers
}

/// Replaces in `headers` every name that `by` holds.
pub(super) fn override_headers(headers: &mut HeaderMap, by: &HeaderMap) {
    for name in by.keys() {
        headers.remove(name);
        for value in by.get_all(name) {
            headers.append(name, value.clone());
        }
    }
}

/// The path as it can be sent: what no URL may hold is percent-encoded, what it may hold stays as it is.
fn sendable_path(base: &str, text: &str) -> Result<Uri, RenderError> {
    let mut path = String::with_capacity(base.len() + text.len());
    for part in [base, text] {
        match part.bytes().any(is_encoded) {
            false => path.push_str(part),
            true => part.bytes().for_each(|byte| match is_encoded(byte) {
                true => path.push_str(&format!("%{byte:02X}")),
                false => path.push(char::from(byte)),
            }),
        }
    }
    // From the text itself and not a copy of it.
    Uri::try_from(path).map_err(|_| RenderError::new(format!("`{base}{text}` cannot be requested")))
}

/// Whether no path may hold `byte` as it is.
fn is_encoded(byte: u8) -> bool {
    matches!(byte, 0..=0x20 | 0x7F.. | b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;

    #[test]
    fn what_is_the_same_for_all_is_not_made_again() {
        let plan = plan(
            "[vars]\nname = 'x'\n[[step]]\npost = '/a?b=${ name }'\nbearer = '${ name }'\njson = { a = '${ name }', b = [1] }",
        );
        let request = &plan.steps[0].request;
        let (first, second) = (request.render(&plan.scope).unwrap(), request.render(&plan.scope).unwrap());
        assert!(matches!((&first.path, &first.headers), (Cow::Borrowed(_), Cow::Borrowed(_))), "{first:?}");
        assert_eq!(first.body.as_ptr(), second.body.as_ptr(), "the body is written out once");
        assert_eq!((first.path.path(), &first.body[..]), ("/a", &br#"{"a":"x","b":[1]}"#[..]));
    }

    #[test]
    fn only_what_differs_is_made_for_each_journey() {
        let plan =
            plan("[[step]]\nget = '/${ user }'\nbody = 'same'\n[[step]]\nget = '/'\nheaders = { X-A = '${ user }' }");
        let rendered: Vec<_> = plan.steps.iter().map(|step| step.request.render(&plan.scope).unwrap()).collect();
        assert!(matches!((&rendered[0].path, &rendered[0].headers), (Cow::Owned(_), Cow::Borrowed(_))));
        assert!(matches!((&rendered[1].path, &rendered[1].headers), (Cow::Borrowed(_), Cow::Owned(_))));
    }

    #[test]
    fn a_path_is_encoded_where_it_must_be() {
        let path = |text| sendable_path("/base", text).unwrap().to_string();
        assert_eq!(path("/a?b=c%20d&e=f"), "/base/a?b=c%20d&e=f");
        assert_eq!(path("/ä b#c"), "/base/%C3%A4%20b%23c");
    }
}
