//! Small builders for answers, among them the four shapes of error body that a MediaNest-like API has.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

/// An answer whose body is complete.
pub(super) type Reply = Response<Bytes>;

/// One thing that is wrong with a request's body.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    /// The field.
    pub(super) field: &'static str,
    /// What is wrong with it.
    pub(super) message: &'static str,
}

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    // Only maps with keys that are not text can fail, and no type here has one.
    let bytes = serde_json::to_vec(body).unwrap_or_else(|_| b"null".to_vec());
    text(status, "application/json; charset=utf-8", bytes)
}

/// An answer `{"success":true,"data":…}` with status 200.
pub(super) fn data(data: &impl Serialize) -> Reply {
    data_with(StatusCode::OK, data)
}

/// An answer `{"success":true,"data":…}`.
pub(super) fn data_with(status: StatusCode, data: &impl Serialize) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        success: bool,
        data: &'a T,
    }
    json(status, &Envelope { success: true, data })
}

/// An answer with a body of any type.
pub(super) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Error shape one: `{error:"text"}`.
pub(super) fn plain_error(status: StatusCode, message: &str) -> Reply {
    json(status, &json!({ "error": message }))
}

/// Error shape two: `{success:false,error:{code,message,correlationId}}`.
pub(super) fn coded_error(status: StatusCode, code: &str, message: &str, correlation: &str) -> Reply {
    let error = json!({ "code": code, "message": message, "correlationId": correlation });
    json(status, &json!({ "success": false, "error": error }))
}

/// Error shape three: `{error:true,message,details}`, status 400.
pub(super) fn detailed_error(message: &str, details: &[Detail]) -> Reply {
    json(StatusCode::BAD_REQUEST, &json!({ "error": true, "message": message, "details": details }))
}

/// Error shape four: `{success:false,error:"CODE",message,retryAfter}`, status 429.
pub(super) fn too_many_requests(message: &str, retry_after_s: u64) -> Reply {
    let body = json!({
        "success": false, "error": "RATE_LIMIT_EXCEEDED", "message": message, "retryAfter": retry_after_s,
    });
    json(StatusCode::TOO_MANY_REQUESTS, &body)
}
