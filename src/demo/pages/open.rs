//! Routes that need no sign-in: the front page, the health checks, the metrics and the realtime handshake.

use hyper::StatusCode;
use serde_json::json;

use crate::demo::auth;
use crate::demo::query;
use crate::demo::reply::{self, Reply};
use crate::demo::routes::Call;
use crate::demo::state::State;

const HOME: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>MediaNest demo</title></head>\n\
    <body><h1>MediaNest demo</h1><p>The built-in target of mnload.</p></body></html>\n";

pub(in crate::demo) fn home() -> Reply {
    reply::text(StatusCode::OK, "text/html; charset=utf-8", HOME)
}

pub(in crate::demo) fn health(call: &Call<'_>) -> Reply {
    reply::json(StatusCode::OK, &json!({ "status": "ok", "timestamp": call.now.iso() }))
}

pub(in crate::demo) fn api_health(call: &Call<'_>) -> Reply {
    let body = json!({
        "status": "healthy",
        "service": "backend",
        "timestamp": call.now.iso(),
        "version": env!("CARGO_PKG_VERSION"),
        "uptime": call.now.elapsed.as_secs_f64(),
    });
    reply::json(StatusCode::OK, &body)
}

pub(in crate::demo) fn metrics(state: &State, call: &Call<'_>) -> Reply {
    if auth::bearer(call.headers) != Some(state.options.metrics_token.as_str()) {
        return reply::plain_error(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let text = state.metrics.borrow().render();
    reply::text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}

/// The first packet of an Engine.IO 4 polling transport; there is no session behind it.
pub(in crate::demo) fn socket_io(state: &State, call: &Call<'_>) -> Reply {
    let refuse =
        |code: u8, message: &str| reply::json(StatusCode::BAD_REQUEST, &json!({ "code": code, "message": message }));
    if query::parameter(call.query, "transport").as_deref() != Some("polling") {
        return refuse(0, "Transport unknown");
    }
    if query::parameter(call.query, "EIO").as_deref() != Some("4") {
        return refuse(5, "Unsupported protocol version");
    }
    let open = json!({
        "sid": format!("demo{:016x}", state.next_number()),
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    });
    reply::text(StatusCode::OK, "text/plain; charset=UTF-8", format!("0{open}"))
}
