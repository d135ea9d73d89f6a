//! The headers that stand on every answer, and the CORS rules.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderName, HeaderValue, ORIGIN,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};

use super::reply::{self, Reply};

/// The header that ties a client's sample to a server's log line.
pub(super) const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");

/// Puts the security headers on an answer and echoes the correlation id.
pub(super) fn complete(answer: &mut HeaderMap, asked: &HeaderMap) {
    answer.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let one_year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
    answer.insert(STRICT_TRANSPORT_SECURITY, one_year);
    if let Some(id) = asked.get(CORRELATION) {
        answer.insert(CORRELATION, id.clone());
    }
}

/// Where a request comes from, by its `Origin` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// No header: not a browser's cross-origin request.
    None,
    /// A page that may call.
    Allowed(HeaderValue),
    /// Any other page.
    Foreign,
}

impl Origin {
    /// Judges a request's `Origin` by the list of allowed ones.
    pub(super) fn of(asked: &HeaderMap, allowed: &[String]) -> Self {
        match asked.get(ORIGIN) {
            None => Self::None,
            Some(origin) if allowed.iter().any(|one| one.as_bytes() == origin.as_bytes()) => {
                Self::Allowed(origin.clone())
            }
            Some(_) => Self::Foreign,
        }
    }

    /// Tells an allowed page's browser that it may read the answer.
    pub(super) fn announce(&self, answer: &mut HeaderMap) {
        let Self::Allowed(origin) = self else { return };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        let exposed = HeaderValue::from_static("X-Correlation-ID, X-Token-Rotated, X-New-Token");
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        answer.insert(VARY, HeaderValue::from_static("Origin"));
    }
}

/// The answer to a preflight from an allowed page or from nobody in particular.
pub(super) fn preflight() -> Reply {
    let mut answer = reply::text(StatusCode::OK, "text/plain; charset=utf-8", "");
    let headers = answer.headers_mut();
    let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let names = HeaderValue::from_static("Content-Type, Authorization, X-CSRF-Token, X-Correlation-ID, X-Demo-Fault");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
    answer
}

/// The answer to a foreign page: like the real backend's, a 500 and no word about CORS in its headers.
pub(super) fn foreign_origin(correlation: &str) -> Reply {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    reply::coded_error(status, "INTERNAL_ERROR", "not allowed by CORS", correlation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &str) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_str(origin).unwrap())])
    }

    #[test]
    fn only_listed_origins_are_allowed() {
        let allowed = ["http://localhost:3000".to_owned()];
        assert_eq!(Origin::of(&HeaderMap::new(), &allowed), Origin::None);
        assert!(matches!(Origin::of(&from("http://localhost:3000"), &allowed), Origin::Allowed(_)));
        assert_eq!(Origin::of(&from("http://localhost:3000.evil.example"), &allowed), Origin::Foreign);
    }

    #[test]
    fn a_foreign_origin_is_told_nothing() {
        let mut answer = HeaderMap::new();
        Origin::Foreign.announce(&mut answer);
        assert!(answer.is_empty());
    }
}
