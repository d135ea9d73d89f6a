//! The dashboard, the search, and the users' media requests: all for signed-in users.

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::demo::auth::Session;
use crate::demo::media::{self, Wish};
use crate::demo::query;
use crate::demo::reply::{self, Detail, Reply};
use crate::demo::routes::Call;
use crate::demo::state::State;

/// Longer texts are refused, so that the store's memory is bounded by its number of entries.
const LONGEST_TEXT: usize = 200;

/// Requests listed when the query does not say how many, and at most.
const PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;

pub(in crate::demo) fn dashboard(state: &State, call: &Call<'_>, session: &Session) -> Reply {
    let pending = state.media.borrow().count(&session.email);
    let service = |name: &str| json!({ "name": name, "status": "up", "lastChecked": call.now.iso() });
    reply::data(&json!({
        "services": [service("plex"), service("overseerr"), service("uptime-kuma")],
        "requests": { "pending": pending },
    }))
}

pub(in crate::demo) fn search(call: &Call<'_>) -> Reply {
    let text = query::parameter(call.query, "q").unwrap_or_default();
    if text.trim().is_empty() || text.len() > LONGEST_TEXT {
        return invalid(call, "give a search text as q, of at most 200 bytes");
    }
    let page = query::count(call.query, "page", 1, u32::MAX);
    let limit = query::count(call.query, "limit", PAGE, LARGEST_PAGE);
    match page.zip(limit) {
        Some((page, limit)) => reply::data(&media::search(&text, page, limit)),
        None => invalid(call, "page must be at least 1 and limit from 1 to 100"),
    }
}

pub(in crate::demo) fn create_request(state: &State, call: &Call<'_>, session: &Session) -> Reply {
    let wish = match wish(&json_body(call)) {
        Ok(wish) => wish,
        Err(details) => return reply::detailed_error("validation failed", &details),
    };
    let mut store = state.media.borrow_mut();
    match store.create(&session.email, wish, call.now) {
        Some(request) => reply::data_with(StatusCode::CREATED, &json!({ "request": request })),
        None => call.error(StatusCode::CONFLICT, "ALREADY_REQUESTED", "you already requested this title"),
    }
}

pub(in crate::demo) fn list_requests(state: &State, call: &Call<'_>, session: &Session) -> Reply {
    let Some(limit) = query::count(call.query, "limit", PAGE, LARGEST_PAGE) else {
        return invalid(call, "limit must be from 1 to 100");
    };
    let status = query::parameter(call.query, "status").filter(|status| status != "all");
    let known = ["pending", "approved", "declined", "available"];
    if status.as_deref().is_some_and(|status| !known.contains(&status)) {
        return invalid(call, "status must be all, pending, approved, declined or available");
    }
    let store = state.media.borrow();
    let requests = store.list(&session.email, status.as_deref(), limit as usize);
    reply::data(&json!({ "requests": requests }))
}

/// The body as JSON; null if it is none or is not declared as such.
pub(super) fn json_body(call: &Call<'_>) -> Value {
    let declared = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !declared.is_some_and(|value| value.to_ascii_lowercase().contains("json")) {
        return Value::Null;
    }
    serde_json::from_slice(&call.body).unwrap_or(Value::Null)
}

fn wish(body: &Value) -> Result<Wish, Vec<Detail>> {
    let title = body["title"].as_str().filter(|title| !title.trim().is_empty() && title.len() <= LONGEST_TEXT);
    let media_type = match body["mediaType"].as_str() {
        Some("movie") => Some("movie"),
        Some("tv") => Some("tv"),
        _ => None,
    };
    let tmdb_id = match &body["tmdbId"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    };
    if let (Some(title), Some(media_type), Some(tmdb_id)) = (title, media_type, tmdb_id) {
        return Ok(Wish { title: title.to_owned(), media_type, tmdb_id });
    }
    let missing = [
        (title.is_none(), Detail { field: "title", message: "a text of at most 200 bytes is required" }),
        (media_type.is_none(), Detail { field: "mediaType", message: "movie or tv is required" }),
        (tmdb_id.is_none(), Detail { field: "tmdbId", message: "a number is required" }),
    ];
    Err(missing.into_iter().filter(|(wrong, _)| *wrong).map(|(_, detail)| detail).collect())
}

fn invalid(call: &Call<'_>, message: &str) -> Reply {
    call.error(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
}
