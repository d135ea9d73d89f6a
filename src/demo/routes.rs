//! The table of routes and who may call them; what each does stands in [`pages`].
//!
//! Takes a request whose body is already read, gives an answer. No clock, no socket, no waiting.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};

use super::auth::{Identity, Session};
use super::headers;
use super::moment::Moment;
use super::pages;
use super::reply::{self, Reply};
use super::state::State;

/// A request as the routes see it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
    pub(super) now: Moment,
    pub(super) identity: Identity,
    pub(super) correlation: Cow<'a, str>,
}

impl Call<'_> {
    /// An error of the coded shape, carrying this call's correlation id.
    pub(super) fn error(&self, status: StatusCode, code: &str, message: &str) -> Reply {
        reply::coded_error(status, code, message, &self.correlation)
    }
}

/// Everything that the demo serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Home,
    Health,
    ApiHealth,
    Metrics,
    Login,
    Session,
    CsrfToken,
    Logout,
    Dashboard,
    Search,
    CreateRequest,
    ListRequests,
    SocketIo,
}

const TABLE: [(Method, &str, Route); 13] = [
    (Method::GET, "/", Route::Home),
    (Method::GET, "/health", Route::Health),
    (Method::GET, "/api/health", Route::ApiHealth),
    (Method::GET, "/metrics", Route::Metrics),
    (Method::POST, "/api/auth/login", Route::Login),
    (Method::GET, "/api/auth/session", Route::Session),
    (Method::GET, "/api/v1/csrf/token", Route::CsrfToken),
    (Method::POST, "/api/v1/auth/logout", Route::Logout),
    (Method::GET, "/api/dashboard/status", Route::Dashboard),
    (Method::GET, "/api/media/search", Route::Search),
    (Method::POST, "/api/media/request", Route::CreateRequest),
    (Method::GET, "/api/media/requests", Route::ListRequests),
    (Method::GET, "/socket.io/", Route::SocketIo),
];

/// What the table says about a method and a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A route, and its path as a label.
    Route(Route, &'static str),
    /// The path is known, but takes another method.
    OtherMethod(&'static str, &'static str),
    /// Any other path.
    Nothing,
}

impl Found {
    /// Looks up a request; HEAD is served like GET.
    pub(super) fn by(method: &Method, path: &str) -> Self {
        let Some((wanted, path, route)) = TABLE.iter().find(|(_, known, _)| *known == path) else {
            return Self::Nothing;
        };
        if method == wanted || (method == Method::HEAD && wanted == Method::GET) {
            Self::Route(*route, path)
        } else if wanted == Method::GET {
            Self::OtherMethod(path, "GET, HEAD, OPTIONS")
        } else {
            Self::OtherMethod(path, "POST, OPTIONS")
        }
    }

    /// The path as a label of the server's metrics: bounded, whatever strangers ask for.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Route(_, path) | Self::OtherMethod(path, _) => path,
            Self::Nothing => "unknown",
        }
    }
}

/// Answers a call.
pub(super) fn answer(state: &State, found: Found, call: &Call<'_>) -> Reply {
    if call.method == Method::OPTIONS {
        return headers::preflight();
    }
    match found {
        Found::Route(route, _) => serve(state, route, call),
        Found::OtherMethod(_, allowed) => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut reply = reply::plain_error(status, "method not allowed");
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            reply
        }
        Found::Nothing => reply::plain_error(StatusCode::NOT_FOUND, "route not found"),
    }
}

fn serve(state: &State, route: Route, call: &Call<'_>) -> Reply {
    match route {
        Route::Home => pages::open::home(),
        Route::Health => pages::open::health(call),
        Route::ApiHealth => pages::open::api_health(call),
        Route::Metrics => pages::open::metrics(state, call),
        Route::SocketIo => pages::open::socket_io(state, call),
        Route::Login => pages::account::login(state, call),
        Route::Session => pages::account::session(call),
        Route::CsrfToken => pages::account::csrf_token(state),
        Route::Logout => signed_in(call, |_| pages::account::logout(state, call)),
        Route::Dashboard => signed_in(call, |session| pages::media::dashboard(state, call, session)),
        Route::Search => signed_in(call, |_| pages::media::search(call)),
        Route::CreateRequest => signed_in(call, |session| pages::media::create_request(state, call, session)),
        Route::ListRequests => signed_in(call, |session| pages::media::list_requests(state, call, session)),
    }
}

/// Lets signed-in users through and answers 401 to everybody else.
pub(super) fn signed_in(call: &Call<'_>, page: impl FnOnce(&Session) -> Reply) -> Reply {
    let (code, message) = match &call.identity {
        Identity::User(session) => return page(session),
        Identity::Anonymous => ("AUTH_REQUIRED", "authentication required"),
        Identity::Expired => ("TOKEN_EXPIRED", "the token has expired"),
        Identity::Malformed | Identity::Forged => ("INVALID_TOKEN", "the token is not valid"),
    };
    call.error(StatusCode::UNAUTHORIZED, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_its_own_row() {
        for (method, path, route) in &TABLE {
            assert_eq!(Found::by(method, path), Found::Route(*route, path));
        }
    }

    #[test]
    fn head_is_served_like_get_and_other_methods_are_named() {
        assert_eq!(Found::by(&Method::HEAD, "/health"), Found::Route(Route::Health, "/health"));
        assert_eq!(Found::by(&Method::HEAD, "/api/auth/login").label(), "/api/auth/login");
        assert!(matches!(Found::by(&Method::DELETE, "/health"), Found::OtherMethod("/health", _)));
        assert_eq!(Found::by(&Method::GET, "/health/").label(), "unknown");
    }
}
