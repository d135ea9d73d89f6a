//! One request on its way: as the step made it, then as each redirect changes it.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use url::Url;

use crate::client::{Answer, Jar, Redirect, Request, redirect};
use crate::plan::{Plan, Rendered, Secrets, Step, Target};

/// One request on its way.
pub(super) struct Hop<'s> {
    pub(super) place: usize,
    pub(super) method: Cow<'s, Method>,
    pub(super) path: Cow<'s, Uri>,
    pub(super) headers: Cow<'s, HeaderMap>,
    pub(super) body: Bytes,
    /// Its cookies are the jar's, not the step's own.
    jar_cookies: bool,
    /// Redirects that were followed to get here.
    taken: u64,
}

impl<'s> Hop<'s> {
    /// The request that `step` makes.
    pub(super) fn first(step: &'s Step, rendered: Rendered<'s>) -> Self {
        Self {
            place: step.request.endpoint,
            method: Cow::Borrowed(&step.request.method),
            path: rendered.path,
            jar_cookies: false,
            headers: rendered.headers,
            body: rendered.body,
            taken: 0,
        }
    }

    /// Adds what `jar` holds for it, unless the step has cookies of its own.
    pub(super) fn add_cookies(&mut self, jar: &Jar, target: &Target) {
        if jar.is_empty() || self.headers.contains_key(COOKIE) {
            return;
        }
        if let Some(cookies) = self.url(target).and_then(|url| jar.header(&url)) {
            self.headers.to_mut().insert(COOKIE, cookies);
            self.jar_cookies = true;
        }
    }

    /// The request as it is sent, of whose answer so many bytes are kept.
    pub(super) fn request(&self, step: &Step, keep_body: usize) -> Request<'_> {
        Request {
            place: self.place,
            method: &self.method,
            path: &self.path,
            headers: &self.headers,
            body: &self.body,
            timeout: step.timeout,
            keep_body,
        }
    }

    /// Its whole URL.
    pub(super) fn url(&self, target: &Target) -> Option<Url> {
        let place = target.endpoints.get(self.place)?;
        Url::parse(&format!("{}{}", place.url(), self.path)).ok()
    }

    /// The request that `answer` asks for instead, if `step` follows it.
    ///
    /// # Errors
    /// Says why a redirect that should be followed cannot be.
    pub(super) fn next(&self, step: &Step, plan: &Plan, answer: &Answer) -> Result<Option<Self>, String> {
        let target = &plan.target;
        // Most answers are none, and their URL need not be made.
        if step.redirects == 0 || !(300..400).contains(&answer.status) {
            return Ok(None);
        }
        let Some(from) = self.url(target) else { return Ok(None) };
        let Some(asked) = redirect(answer.status, &answer.headers, &self.method, &from)? else { return Ok(None) };
        if self.taken >= step.redirects {
            let most = step.redirects;
            return Err(format!("followed {most} redirects, and the answer leads on to {}", asked.url));
        }
        self.follow(plan, asked).map(Some)
    }

    fn follow(&self, plan: &Plan, to: Redirect) -> Result<Self, String> {
        let target = &plan.target;
        let unknown = || {
            format!(
                "the redirect leads to {}, a host that the scenario does not name: nothing is sent there; \
                 give it a step of its own, or expect the redirect itself",
                to.url
            )
        };
        let url: Uri = to.url.as_str().parse().map_err(|_| unknown())?;
        let place = target.known_endpoint(&url).ok_or_else(unknown)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|_| unknown())?;
        let mut headers = self.headers.clone().into_owned();
        if self.jar_cookies || place != self.place {
            // They are chosen anew for where it goes.
            headers.remove(COOKIE);
        }
        if place != self.place {
            without_credentials(&mut headers, &plan.secrets);
            if let Ok(authority) = HeaderValue::from_str(&target.endpoints[place].authority) {
                headers.insert(HOST, authority);
            }
        }
        if !to.keeps_body {
            for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
                headers.remove(name);
            }
        }
        let body = if to.keeps_body { self.body.clone() } else { Bytes::new() };
        let (method, path, headers) = (Cow::Owned(to.method), Cow::Owned(path), Cow::Owned(headers));
        Ok(Self { place, method, path, headers, body, jar_cookies: false, taken: self.taken + 1 })
    }
}

/// Takes out of `headers` what is meant for one host alone: what its name or its value tells to be a credential.
fn without_credentials(headers: &mut HeaderMap, secrets: &Secrets) {
    let is_credential = |name: &HeaderName, value: &HeaderValue| {
        let value = String::from_utf8_lossy(value.as_bytes());
        secrets.redact_named(name.as_str(), &value) != value
    };
    let names: Vec<HeaderName> =
        headers.iter().filter(|(name, value)| is_credential(name, value)).map(|(name, _)| name.clone()).collect();
    for name in names {
        headers.remove(name);
    }
}
