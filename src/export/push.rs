//! One receiver of remote writes: sends what is due, and remembers what it has refused.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Method, Uri};
use jiff::Timestamp;
use tokio::time::Instant;

use super::families::Family;
use super::remote_write::{Form, bodies, farewell};
use super::wanted::Receiver;
use crate::client::{
    Answer, Channel, Clock, Connector, Http, Network, Pool, Remote, Request, Trust, Wear, retry_after,
};

/// So long a receiver may take for one request.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Nobody is left alone for longer.
const LONGEST_REST: Duration = Duration::from_secs(3_600);
/// So much of an answer is looked at.
const MOST_BODY: usize = 2 << 10;
/// So much of an answer is shown.
const MOST_SHOWN: usize = 160;
/// What Prometheus says when it was not told to take native histograms.
const NO_NATIVE: &str = "native histograms are disabled";

/// A receiver.
pub(super) struct Pusher {
    receiver: Receiver,
    path: Uri,
    headers: HeaderMap,
    channel: Option<Channel>,
    form: Form,
    /// Not before this time: it has asked to be left alone.
    rests_until: Option<Instant>,
    /// Nothing more is sent.
    given_up: bool,
    /// Pushes that were tried, and those of which not all arrived.
    tried: u64,
    failed: u64,
    /// What was said last, so that it is said once.
    said: Option<String>,
    /// What is to be said beside all trouble.
    hint: Option<&'static str>,
}

/// What came of one request.
enum Sent {
    Taken,
    /// Not now; perhaps later, and not before that.
    Later(String, Option<Duration>),
    /// Never in this form.
    NoNative,
    /// Never.
    Never(String),
}

impl Pusher {
    /// A receiver that nothing was sent to yet.
    pub(super) fn new(receiver: Receiver) -> Self {
        // It was a URL: what it consists of is a path.
        let path = receiver.path.parse().unwrap_or_default();
        Self {
            path,
            headers: headers(&receiver),
            receiver,
            channel: None,
            form: Form::Native,
            rests_until: None,
            given_up: false,
            tried: 0,
            failed: 0,
            said: None,
            hint: None,
        }
    }

    /// Sends `families`, as they are at `at_ms`; gives what somebody should know of.
    pub(super) async fn push(&mut self, families: &[Family], at_ms: i64) -> Option<String> {
        if self.given_up || self.rests_until.is_some_and(|until| Instant::now() < until) {
            self.failed += 1;
            self.tried += 1;
            return None;
        }
        self.tried += 1;
        let trouble = self.send_all(families, at_ms).await;
        self.failed += u64::from(trouble.is_some());
        if let Some(hint) = self.hint.take() {
            return Some(format!("prometheus: {} {hint}", self.receiver.shown));
        }
        let trouble = trouble.map(|words| format!("prometheus: {}: {words}", self.receiver.shown));
        // What goes on is said once.
        (self.said != trouble).then(|| self.said.clone_from(&trouble))?;
        trouble
    }

    /// Says that every series is over, and gives what was lost on the way.
    pub(super) async fn finish(mut self, families: &[Family], at_ms: i64) -> Option<String> {
        if !self.given_up {
            for body in farewell(families, self.form, at_ms) {
                // Series that nobody ends are over after five minutes.
                let _ = self.send(body).await;
            }
        }
        let (tried, failed, to) = (self.tried, self.failed, &self.receiver.shown);
        (failed > 0).then(|| format!("metrics: {failed} of {tried} writes to {to} did not arrive"))
    }

    /// Sends all of it; in the other form, too, if the receiver does not know the first. Gives what went wrong.
    async fn send_all(&mut self, families: &[Family], at_ms: i64) -> Option<String> {
        for body in bodies(families, self.form, at_ms) {
            match self.send(body).await {
                Sent::Taken => {}
                Sent::NoNative => {
                    self.form = Form::Classic;
                    self.hint = Some(
                        "takes no native histograms; times are sent by a few bounds: start it with --enable-feature=native-histograms",
                    );
                    return Box::pin(self.send_all(families, at_ms)).await;
                }
                Sent::Later(words, rest) => {
                    self.rests_until = rest.map(|rest| Instant::now() + rest);
                    return Some(words);
                }
                Sent::Never(words) => {
                    self.given_up = true;
                    return Some(words);
                }
            }
        }
        None
    }

    async fn send(&mut self, body: Vec<u8>) -> Sent {
        let channel = match &mut self.channel {
            Some(channel) => channel,
            None => match channel_to(&self.receiver).await {
                Ok(channel) => self.channel.insert(channel),
                Err(words) => return Sent::Later(words, None),
            },
        };
        let body = Bytes::from(body);
        let request = Request {
            place: 0,
            method: &Method::POST,
            path: &self.path,
            headers: &self.headers,
            body: &body,
            timeout: TIMEOUT,
            keep_body: MOST_BODY,
        };
        match channel.call(&request).await.result {
            Ok(answer) => judged(&answer, self.form),
            Err(error) => Sent::Later(error.message, None),
        }
    }
}

fn judged(answer: &Answer, form: Form) -> Sent {
    let text = String::from_utf8_lossy(&answer.body);
    let first = text.lines().next().unwrap_or_default();
    let shown: String = first.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect();
    let words = format!("answered {}: {shown}", answer.status);
    let rest = retry_after(&answer.headers, Timestamp::now()).map(|rest| rest.min(LONGEST_REST));
    match answer.status {
        200..=299 => Sent::Taken,
        _ if form == Form::Native && text.contains(NO_NATIVE) => Sent::NoNative,
        404 | 405 => Sent::Never(
            "it takes no remote writes at this path; start Prometheus with --web.enable-remote-write-receiver"
                .to_owned(),
        ),
        401 | 403 => Sent::Never(format!("{words} (name a user in the URL, or a token in MNLOAD_EXPORT_TOKEN)")),
        429 | 500..=599 => Sent::Later(words, rest),
        _ => Sent::Later(words, None),
    }
}

fn headers(receiver: &Receiver) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let with_port = match receiver.host.contains(':') {
        true => format!("[{}]:{}", receiver.host, receiver.port),
        false => format!("{}:{}", receiver.host, receiver.port),
    };
    let mut add = |name: HeaderName, value: &str| {
        // A URL holds nothing that a header cannot; of a token that does, the receiver says that it is missing.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    add(HOST, &with_port);
    add(CONTENT_TYPE, "application/x-protobuf");
    add(CONTENT_ENCODING, "snappy");
    add(USER_AGENT, concat!("mnload/", env!("CARGO_PKG_VERSION")));
    add(HeaderName::from_static("x-prometheus-remote-write-version"), "0.1.0");
    if let Some(authorization) = &receiver.authorization {
        add(AUTHORIZATION, authorization);
    }
    headers
}

async fn channel_to(receiver: &Receiver) -> Result<Channel, String> {
    let remote = Remote { host: receiver.host.clone(), port: receiver.port, tls: receiver.tls, addresses: Vec::new() };
    let network = Network::default();
    let connector = Connector::prepare(vec![remote], &Trust::System, &network, Http::One);
    let connector =
        tokio::time::timeout(TIMEOUT, connector).await.map_err(|_| "its name is not found in time".to_owned())?;
    let connector = connector.map_err(|error| error.to_string())?;
    let pool = Rc::new(Pool::new(&connector, Wear::default()));
    Ok(Channel::new(connector, Clock::starting_at(Instant::now()), pool))
}
