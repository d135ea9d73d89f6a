//! One request from its head to its answer: count, decide its fate, prepare the answer, wait, and let it go.
//!
//! Whether it is let in is decided when its head is there. The answer is prepared when the request arrives (so what it changes is changed then, and times in it are the
//! arrival's) and held back until it is due.

use std::borrow::Cow;
use std::cell::Cell;
use std::future::pending;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response, StatusCode};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::auth::Identity;
use super::body::{Dropped, ReplyBody};
use super::capacity::Turn;
use super::faults::{FaultHeaderError, FaultPlan, Outcome};
use super::headers::{self, Origin};
use super::reply::{self, Reply};
use super::routes::{self, Call, Found, Route};
use super::state::State;

/// Larger bodies are refused with 413.
const LARGEST_BODY: usize = 64 * 1024;
/// What one is told that would have to wait too long for its turn.
const RETRY_AFTER_S: u64 = 1;

/// Which HTTP a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Http {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

/// What a request must know of the connection that it came by.
#[derive(Debug)]
pub(super) struct Line {
    /// Which one it is, counted from zero.
    pub(super) number: u64,
    /// Who is at the other end.
    peer: IpAddr,
    /// What is spoken.
    pub(super) http: Http,
    /// Set to end the connection with a reset.
    reset: Rc<Cell<bool>>,
    /// Told to end the connection at once.
    pub(super) hang_up: Notify,
    /// Told to end it with the requests that are under way.
    pub(super) finish: Notify,
    /// Requests that came by it.
    carried: Cell<u64>,
}

impl Line {
    pub(super) fn new(number: u64, peer: IpAddr, http: Http, reset: Rc<Cell<bool>>) -> Self {
        Self { number, peer, http, reset, hang_up: Notify::new(), finish: Notify::new(), carried: Cell::new(0) }
    }

    /// Counts a request; says whether it is to be the last one, as one in so many is.
    fn is_last(&self, most: Option<u64>) -> bool {
        self.carried.set(self.carried.get() + 1);
        most.is_some_and(|most| self.carried.get() >= most)
    }

    /// Lets `answer` be the last one of the connection.
    fn end_with(&self, answer: &mut Response<ReplyBody>) {
        match self.http {
            Http::One => drop(answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"))),
            Http::Two => self.finish.notify_one(),
        }
    }
}

/// Serves one request; an error ends the connection without an answer.
pub(super) async fn serve(
    state: Rc<State>,
    line: Rc<Line>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Dropped> {
    let arrived = state.arrival();
    let noted = state.note_arrival(arrived, line.number, request.headers());
    let is_last = line.is_last(state.options.faults.close_every);
    let (head, body) = request.into_parts();
    let found = Found::by(&head.method, head.uri.path());
    let asked = asked_fault(&head.headers);
    let plan = state.faults.borrow_mut().decide(*asked.as_ref().unwrap_or(&FaultPlan::default()));
    let mut latency = state.latency.borrow_mut().draw().saturating_add(plan.delay);
    if matches!(found, Found::Route(Route::Login, _)) {
        latency = latency.saturating_add(state.options.login_delay);
    }

    let Admission { announced, refusal, due } = admit(&state, &line, &head, found, arrived, latency);

    let body = read(body).await?;
    let fate = match (refusal, asked) {
        (Some(refusal), _) => Err(refusal),
        (None, Err(error)) => Err(reply::plain_error(StatusCode::BAD_REQUEST, &error.to_string())),
        (None, Ok(_)) => Ok(plan.outcome),
    };
    let mut reply = prepare(&state, &head, found, body, fate, arrived);
    reply.headers_mut().extend(announced);
    if due > arrived {
        sleep_until(due).await;
    }
    let mut answer = conclude(&line, plan, reply).await?;
    if is_last {
        line.end_with(&mut answer);
    }
    state.note_answer(noted);
    state.metrics.borrow_mut().record(&head.method, found.label(), answer.status(), arrived.elapsed());
    Ok(answer)
}

fn asked_fault(headers: &HeaderMap) -> Result<FaultPlan, FaultHeaderError> {
    match headers.get("x-demo-fault").map(|value| String::from_utf8_lossy(value.as_bytes())) {
        Some(text) => text.parse(),
        None => Ok(FaultPlan::default()),
    }
}

/// What is decided of a request before anything is done for it.
struct Admission {
    /// Headers that tell of limits.
    announced: HeaderMap,
    /// What it is answered if it is not let in.
    refusal: Option<Reply>,
    /// When its answer is due.
    due: Instant,
}

/// Lets a request in that arrived at `arrived` and needs `latency`: by the limits per address first, and then for its
/// turn, which only what is a route of the target takes.
fn admit(state: &State, line: &Line, head: &Parts, found: Found, arrived: Instant, latency: Duration) -> Admission {
    let mut announced = HeaderMap::new();
    let is_login = matches!(found, Found::Route(Route::Login, _));
    let mut limits = state.limits.borrow_mut();
    let now = state.moment(arrived);
    let refusal =
        limits.as_mut().and_then(|limits| limits.admit(line.peer, head.uri.path(), is_login, now, &mut announced));
    let takes_turn = refusal.is_none() && matches!(found, Found::Route(..));
    let turn = if takes_turn { state.take_turn(arrived) } else { Turn::ServedAt(state.since_first(arrived)) };
    match turn {
        Turn::ServedAt(served) => {
            Admission { announced, refusal, due: state.answer_at(arrived, served, line.number, latency) }
        }
        Turn::Refused => {
            let mut busy = reply::plain_error(StatusCode::SERVICE_UNAVAILABLE, "too many requests wait for their turn");
            busy.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into());
            Admission { announced, refusal: Some(busy), due: state.refuse_at(arrived, line.number) }
        }
    }
}

/// The request's body, or none if it is too large.
async fn read(body: Incoming) -> Result<Option<Bytes>, Dropped> {
    if body.is_end_stream() {
        return Ok(Some(Bytes::new()));
    }
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => Ok(Some(collected.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(_) => Err(Dropped),
    }
}

/// The answer as it will be sent, unless the connection goes first; `fate` is an answer for what is not let in.
fn prepare(
    state: &State,
    head: &Parts,
    found: Found,
    body: Option<Bytes>,
    fate: Result<Outcome, Reply>,
    arrived: Instant,
) -> Reply {
    let now = state.moment(arrived);
    let origin = Origin::of(&head.headers, &state.options.allowed_origins);
    let too_large = body.is_none();
    let call = Call {
        method: &head.method,
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: body.unwrap_or_default(),
        now,
        identity: state.authority.identify(&head.headers, now),
        correlation: correlation(state, &head.headers),
    };

    let mut reply = match fate {
        Err(refusal) => refusal,
        Ok(Outcome::Status(status)) => on_purpose(&call, status),
        Ok(_) if origin == Origin::Foreign => headers::foreign_origin(&call.correlation),
        Ok(_) if too_large => payload_too_large(&call),
        Ok(_) => routes::answer(state, found, &call),
    };
    let answer = reply.headers_mut();
    offer_renewal(state, &call, answer);
    origin.announce(answer);
    headers::complete(answer, &head.headers);
    reply
}

/// The correlation id that was sent, or one of our own for error bodies.
fn correlation<'a>(state: &State, headers: &'a HeaderMap) -> Cow<'a, str> {
    match headers.get(headers::CORRELATION).and_then(|id| id.to_str().ok()) {
        Some(id) => Cow::Borrowed(id),
        None => Cow::Owned(format!("demo-{}", state.next_number())),
    }
}

fn on_purpose(call: &Call<'_>, status: StatusCode) -> Reply {
    if [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        let mut empty = Reply::new(Bytes::new());
        *empty.status_mut() = status;
        return empty;
    }
    call.error(status, "DEMO_FAULT", "this answer was asked for as a fault")
}

fn payload_too_large(call: &Call<'_>) -> Reply {
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    let mut reply = call.error(status, "PAYLOAD_TOO_LARGE", "a body may have at most 64 KiB");
    // What is left of the body was not read, so the connection cannot be used again.
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// Offers a signed-in user whose token is near its end the next one.
fn offer_renewal(state: &State, call: &Call<'_>, answer: &mut HeaderMap) {
    let Identity::User(session) = &call.identity else {
        return;
    };
    let Some(token) = state.authority.renewal(session, call.now) else {
        return;
    };
    if let Ok(token) = HeaderValue::try_from(token) {
        answer.insert("x-token-rotated", HeaderValue::from_static("true"));
        answer.insert("x-new-token", token);
    }
}

/// Lets the answer go, or carries out how the connection ends instead. Over HTTP/2 a reset, or half a body, is the one
/// request's alone; a connection that is closed takes all requests on it along.
async fn conclude(line: &Line, plan: FaultPlan, reply: Reply) -> Result<Response<ReplyBody>, Dropped> {
    match plan.outcome {
        Outcome::Hang => pending().await,
        Outcome::Close if line.http == Http::Two => {
            line.hang_up.notify_one();
            pending().await
        }
        Outcome::Close => Err(Dropped),
        Outcome::Reset => {
            line.reset.set(line.http == Http::One);
            Err(Dropped)
        }
        Outcome::Truncate => Ok(reply.map(ReplyBody::cut)),
        Outcome::CloseAfter => {
            let mut answer = reply.map(|bytes| ReplyBody::slow(bytes, plan.slow_body));
            line.end_with(&mut answer);
            Ok(answer)
        }
        Outcome::Answer | Outcome::Status(_) => Ok(reply.map(|bytes| ReplyBody::slow(bytes, plan.slow_body))),
    }
}
