//! Signing in and out, the session, and the CSRF token.

use hyper::StatusCode;
use hyper::header::{HeaderValue, SET_COOKIE};
use serde_json::{Value, json};

use super::media::json_body;
use crate::demo::auth::{self, Identity};
use crate::demo::reply::{self, Detail, Reply};
use crate::demo::routes::{Call, signed_in};
use crate::demo::state::State;

pub(in crate::demo) fn login(state: &State, call: &Call<'_>) -> Reply {
    let body = json_body(call);
    let text = |field: &str| body.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (email, password) = match (text("email").filter(|email| email.contains('@')), text("password")) {
        (Some(email), Some(password)) => (email, password),
        (email, password) => return login_incomplete(email, password),
    };
    if !auth::is_account(email) || password != state.options.password {
        let status = StatusCode::UNAUTHORIZED;
        return call.error(status, "INVALID_CREDENTIALS", "the email address or the password is wrong");
    }
    let token = state.authority.issue(email, call.now);
    let mut answer = reply::data(&json!({
        "token": token,
        "user": { "email": email, "role": "user" },
        "expiresIn": state.authority.lifetime().as_secs(),
    }));
    let life = state.authority.lifetime().as_secs();
    set_cookie(&mut answer, &format!("auth-token={token}; Max-Age={life}; Path=/; HttpOnly; SameSite=Strict"));
    answer
}

fn login_incomplete(email: Option<&str>, password: Option<&str>) -> Reply {
    let mut details = Vec::new();
    if email.is_none() {
        details.push(Detail { field: "email", message: "a valid email address is required" });
    }
    if password.is_none() {
        details.push(Detail { field: "password", message: "a password is required" });
    }
    reply::detailed_error("validation failed; send email and password as JSON", &details)
}

/// Like the real backend, a token that is none at all is the server's own error, not the sender's.
pub(in crate::demo) fn session(call: &Call<'_>) -> Reply {
    if call.identity == Identity::Malformed {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return call.error(status, "INTERNAL_ERROR", "the token cannot be read");
    }
    signed_in(call, |session| {
        reply::data(&json!({
            "user": { "email": session.email, "role": "user" },
            "expiresIn": session.expires_ms.saturating_sub(call.now.epoch_ms()) / 1_000,
        }))
    })
}

/// Sends the cookie twice, as the real backend may: the last one counts, and it is the one in the body.
pub(in crate::demo) fn csrf_token(state: &State) -> Reply {
    let [outdated, token] = [(); 2].map(|()| state.authority.csrf_token(state.next_number()));
    let mut answer = reply::data(&json!({ "token": token }));
    for value in [outdated, token] {
        set_cookie(&mut answer, &format!("csrf-token={value}; Path=/; Secure; SameSite=Strict"));
    }
    answer
}

pub(in crate::demo) fn logout(state: &State, call: &Call<'_>) -> Reply {
    if !state.authority.csrf_holds(call.headers) {
        let message = "send the csrf-token cookie and the same token as X-CSRF-Token";
        return call.error(StatusCode::FORBIDDEN, "CSRF_TOKEN_INVALID", message);
    }
    let mut answer = reply::data(&json!({ "message": "signed out" }));
    set_cookie(&mut answer, "auth-token=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
    answer
}

fn set_cookie(answer: &mut Reply, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(SET_COOKIE, value);
    }
}
