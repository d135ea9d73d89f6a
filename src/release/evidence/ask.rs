//! One question to a service, over the client that loads are sent with: bounded in time and size, following nothing.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use tokio::time::Instant;
use url::Url;

use super::source::{Context, Place};
use crate::client::{Answer, Channel, Clock, Connector, Http, Network, Pool, Remote, Request, Trust, Wear};
use crate::scenario::Spanned;
use crate::units::{format_bytes, format_duration};
use crate::values::Resolver;

/// So long a service may take if the file does not say.
const TIMEOUT: Duration = Duration::from_secs(10);
/// No answer of interest is longer.
const MOST_BODY: usize = 8 << 20;
/// So much of what a service complains about is shown.
const MOST_SHOWN: usize = 200;

/// A service that is asked.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) from: Place,
    url: Url,
    headers: HeaderMap,
    timeout: Duration,
}

/// As it may be shown: without credentials.
impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

/// What of a section names a service.
pub(super) struct Named<'s> {
    pub(super) url: Option<&'s Spanned<String>>,
    pub(super) token: Option<&'s Spanned<String>>,
    pub(super) tenant: Option<&'s Spanned<String>>,
    pub(super) timeout: Option<&'s Spanned<String>>,
    pub(super) span: Range<usize>,
}

impl Service {
    /// The service that is named; mistakes in it are noted.
    pub(super) fn resolve(resolver: &mut Resolver<'_>, named: &Named<'_>) -> Option<Self> {
        const HINT: &str = "for example url = \"http://127.0.0.1:9090\"";
        let Some(written) = named.url else {
            resolver.mistake(named.span.clone(), "this names no service", HINT);
            return None;
        };
        let text = resolver.known(written)?;
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = url else {
            resolver.mistake(written.span(), "this is no http or https URL", HINT);
            return None;
        };
        let mut headers = HeaderMap::new();
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        if !url.username().is_empty() {
            let password = decoded(url.password().unwrap_or_default());
            resolver.secrets.note(&format!("=password at {}", written.span().start), &password);
            let pair = STANDARD.encode(format!("{}:{password}", decoded(url.username())));
            add(resolver, &mut headers, AUTHORIZATION, &format!("Basic {pair}"), written);
        }
        if let Some(token) = named.token {
            let value = resolver.known(token)?;
            resolver.secrets.note(&format!("=token at {}", token.span().start), &value);
            if value.is_empty() {
                resolver.mistake(
                    token.span(),
                    "this token is empty",
                    "leave it out, or set the variable that it names",
                );
            }
            add(resolver, &mut headers, AUTHORIZATION, &format!("Bearer {value}"), token);
        }
        if let Some(tenant) = named.tenant {
            let value = resolver.known(tenant)?;
            add(resolver, &mut headers, HeaderName::from_static("x-scope-orgid"), &value, tenant);
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = format!("{}{port}", url.host_str().unwrap_or_default());
        add(resolver, &mut headers, HOST, &host, written);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("mnload/", env!("CARGO_PKG_VERSION"))));
        let timeout = named.timeout.and_then(|time| resolver.duration(time, true)).unwrap_or(TIMEOUT);
        Some(Self { from: Place::live(written.span()), url, headers, timeout })
    }

    /// Its address, without user, password and query.
    pub(super) fn shown(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = self.url.path().trim_end_matches('/');
        format!("{}://{}{port}{path}", self.url.scheme(), self.url.host_str().unwrap_or_default())
    }

    /// The status and the JSON that it answers at `path`.
    ///
    /// # Errors
    /// Why there is none, as a sentence without secrets.
    pub(super) fn json(
        &self,
        context: &Context<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(u16, Json), String> {
        let shown = self.shown();
        let answer = self.ask(path, query).map_err(|why| context.secrets.redact(&why).into_owned())?;
        let status = answer.status;
        match status {
            300..=399 => {
                return Err(format!("{shown} answers {path} with {status}, which leads elsewhere: name that address"));
            }
            401 | 403 => return Err(format!("{shown} answers {path} with {status}: it wants another token, or none")),
            _ => {}
        }
        if answer.body_bytes > MOST_BODY as u64 {
            let most = format_bytes(MOST_BODY as u64);
            return Err(format!("{shown} answers {path} with more than {most}, of which nothing is read"));
        }
        let json = serde_json::from_slice(&answer.body).map_err(|_| {
            let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("no type");
            let said = first_line(&answer.body);
            let why = format!("{shown} answers {path} with {status} and no JSON ({kind}): {said}");
            context.secrets.redact(&why).into_owned()
        })?;
        Ok((status, json))
    }

    fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, String> {
        let shown = self.shown();
        let mut text = format!("{}{path}", self.url.path().trim_end_matches('/'));
        if !query.is_empty() {
            let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            text = format!("{text}?{pairs}");
        }
        let path: Uri = text.parse().map_err(|_| format!("{shown} cannot be asked for such a path"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot ask {shown}: {error}"))?;
        let silent = || format!("{shown} does not answer within {}", format_duration(self.timeout));
        let asked = async { tokio::time::timeout(self.timeout, self.call(&path)).await };
        runtime.block_on(asked).map_err(|_| silent())?.map_err(|why| format!("{shown} does not answer: {why}"))
    }

    async fn call(&self, path: &Uri) -> Result<Answer, String> {
        let remote = Remote {
            host: self.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: self.url.port_or_known_default().unwrap_or(80),
            tls: self.url.scheme() == "https",
            addresses: Vec::new(),
        };
        let connector = Connector::prepare(vec![remote], &Trust::System, &Network::default(), Http::One).await;
        let connector = connector.map_err(|error| error.to_string())?;
        let pool = Rc::new(Pool::new(&connector, Wear::default()));
        let mut channel = Channel::new(connector, Clock::starting_at(Instant::now()), pool);
        let request = Request {
            place: 0,
            method: &Method::GET,
            path,
            headers: &self.headers,
            body: &Bytes::new(),
            timeout: self.timeout,
            keep_body: MOST_BODY,
        };
        channel.call(&request).await.result.map_err(|error| error.message)
    }
}

fn add(resolver: &mut Resolver<'_>, headers: &mut HeaderMap, name: HeaderName, value: &str, from: &Spanned<String>) {
    match HeaderValue::from_str(value) {
        Ok(mut value) => {
            value.set_sensitive(name == AUTHORIZATION);
            headers.insert(name, value);
        }
        Err(_) => resolver.mistake(from.span(), "no header can hold this", "take line breaks and special letters out"),
    }
}

/// The beginning of what a service says, in one line.
fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing at all");
    first.trim().chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}
