//! The cookies of one virtual user, by the rules of RFC 6265: what answers set, requests to the same places send back.
//!
//! As in curl, a `Secure` cookie is also sent over plain http to loopback.

use std::sync::Arc;

use cookie_store::CookieStore;
use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

/// The cookies of one virtual user; costs nothing until one is set, and a copy nothing until it differs.
#[derive(Debug, Clone, Default)]
pub struct Jar(Option<Arc<CookieStore>>);

impl Jar {
    /// Whether no answer has set a cookie yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value of the `Cookie` header for a request to `url`; none if there is nothing to send.
    pub fn header(&self, url: &Url) -> Option<HeaderValue> {
        let mut text = String::new();
        for (name, value) in self.0.as_ref()?.get_request_values(url) {
            let separator = if text.is_empty() { "" } else { "; " };
            text.extend([separator, name, "=", value]);
        }
        HeaderValue::try_from(text).ok().filter(|value| !value.is_empty())
    }

    /// Keeps what the answer from `url` sets, in its order: of several cookies of one name the last one stays.
    pub fn keep(&mut self, headers: &HeaderMap, url: &Url) {
        for set in headers.get_all(SET_COOKIE) {
            let Ok(text) = std::str::from_utf8(set.as_bytes()) else { continue };
            let store = Arc::make_mut(self.0.get_or_insert_default());
            // A cookie that the rules refuse, such as one for another host, is dropped as a browser does.
            let _ = store.parse(text, url);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(url: &str, set: &[&'static str]) -> Jar {
        let mut headers = HeaderMap::new();
        for text in set {
            headers.append(SET_COOKIE, HeaderValue::from_static(text));
        }
        let mut jar = Jar::default();
        jar.keep(&headers, &Url::parse(url).unwrap());
        jar
    }

    fn sent(jar: &Jar, url: &str) -> Option<String> {
        jar.header(&Url::parse(url).unwrap()).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn of_several_cookies_of_one_name_the_last_one_is_sent() {
        let jar = jar(
            "http://127.0.0.1:3000/api/csrf",
            &["csrf=first; Path=/; Secure; SameSite=Strict", "csrf=last; Path=/"],
        );
        assert_eq!(sent(&jar, "http://127.0.0.1:3000/api/out").as_deref(), Some("csrf=last"));
    }

    #[test]
    fn secure_cookies_go_over_plain_http_to_loopback_only() {
        for (url, wanted) in [
            ("http://127.0.0.1:3000/", Some("a=1")),
            ("http://localhost:3000/", Some("a=1")),
            ("http://[::1]:3000/", Some("a=1")),
            ("https://shop.example/", Some("a=1")),
            ("http://shop.example/", None),
        ] {
            assert_eq!(sent(&jar(url, &["a=1; Secure; Path=/"]), url).as_deref(), wanted, "{url}");
        }
    }

    #[test]
    fn paths_hosts_and_removal_are_honoured() {
        let url = "http://127.0.0.1:3000/api/in";
        let mut jar = jar(url, &["a=1; Path=/api", "b=2", "other=3; Domain=elsewhere.example"]);
        assert_eq!(sent(&jar, "http://127.0.0.1:3000/front"), None);
        assert_eq!(sent(&jar, "http://127.0.0.2:3000/api/x"), None);
        let both = sent(&jar, "http://127.0.0.1:3000/api/x").unwrap();
        assert!(both.contains("a=1") && both.contains("b=2") && !both.contains("other"), "{both}");
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("a=; Max-Age=0; Path=/api"));
        jar.keep(&headers, &Url::parse(url).unwrap());
        assert_eq!(sent(&jar, "http://127.0.0.1:3000/api/x").as_deref(), Some("b=2"));
    }
}
