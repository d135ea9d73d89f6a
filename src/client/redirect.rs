//! What a redirect asks for, by the rules of RFC 9110 as curl and browsers apply them.

use hyper::Method;
use hyper::header::{HeaderMap, LOCATION};
use url::Url;

/// The request that a redirect asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Where it goes.
    pub url: Url,
    /// The method.
    pub method: Method,
    /// Whether the body is sent again.
    pub keeps_body: bool,
}

/// What the answer from `from` to a request by `asked` asks for, if it is a redirect.
///
/// # Errors
/// Says what is wrong with a redirect that leads nowhere.
pub fn redirect(status: u16, headers: &HeaderMap, asked: &Method, from: &Url) -> Result<Option<Redirect>, String> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    // Without a place it is an answer like any other, as in curl.
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let text = String::from_utf8_lossy(location.as_bytes());
    let url = from.join(&text).map_err(|error| format!("the redirect leads to `{text}`, which is no URL: {error}"))?;
    let method = match (status, asked.as_str()) {
        // Everybody turns a redirected form into a visit; only 307 and 308 repeat the request as it was.
        (303, "HEAD") => Method::HEAD,
        (303, _) | (301 | 302, "POST") => Method::GET,
        _ => asked.clone(),
    };
    // What has been answered elsewhere is not asked again, whatever the method.
    let keeps_body = status != 303 && method == *asked;
    Ok(Some(Redirect { url, method, keeps_body }))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn to(status: u16, method: Method, location: &'static str) -> Result<Option<Redirect>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static(location));
        redirect(status, &headers, &method, &Url::parse("http://127.0.0.1:3000/a/b?c").unwrap())
    }

    #[test]
    fn the_method_follows_from_the_status() {
        for (status, method, wanted) in [
            (301, Method::POST, Method::GET),
            (302, Method::POST, Method::GET),
            (302, Method::PUT, Method::PUT),
            (303, Method::DELETE, Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (307, Method::POST, Method::POST),
            (308, Method::PATCH, Method::PATCH),
        ] {
            assert_eq!(to(status, method.clone(), "/x").unwrap().unwrap().method, wanted, "{status} {method}");
        }
        assert_eq!(to(304, Method::GET, "/x"), Ok(None));
        let keeps_body = |status, method| to(status, method, "/x").unwrap().unwrap().keeps_body;
        assert!(keeps_body(307, Method::POST) && keeps_body(302, Method::PUT));
        assert!(!keeps_body(302, Method::POST) && !keeps_body(303, Method::GET));
    }

    #[test]
    fn places_may_be_relative_and_must_be_urls() {
        let url = |location| to(302, Method::GET, location).unwrap().unwrap().url.to_string();
        assert_eq!(url("../x?y"), "http://127.0.0.1:3000/x?y");
        assert_eq!(url("//127.0.0.1:4000/z"), "http://127.0.0.1:4000/z");
        assert!(to(302, Method::GET, "http://[").unwrap_err().contains("no URL"));
        let nowhere = redirect(302, &HeaderMap::new(), &Method::GET, &Url::parse("http://127.0.0.1/").unwrap());
        assert_eq!(nowhere, Ok(None));
    }
}
