//! `[target] proxy`: what all connections go through, and what it is shown to be let through.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use url::Url;

use super::resolver::Resolver;
use crate::scenario::Spanned;

const EXAMPLE: &str = "for example http://127.0.0.1:3128 or socks5://127.0.0.1:1080";
/// Where SOCKS proxies listen.
const SOCKS_PORT: u16 = 1080;
/// SOCKS 5 says the length of each in one byte.
const LONGEST_FOR_SOCKS: usize = 255;

/// A proxy that all connections go through.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub speech: ProxySpeech,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user and the password that it wants.
    pub credentials: Option<(String, String)>,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxySpeech {
    /// HTTP.
    Http,
    /// SOCKS 5.
    Socks5,
}

/// Without its credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} proxy at {}:{}", self.speech, self.host, self.port)
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, written: &Spanned<String>) -> Option<Proxy> {
    let text = resolver.known(written)?;
    let refuse = |resolver: &mut Resolver<'_>, problem: &str, hint: &str| {
        resolver.mistake(written.span(), format!("this is not a proxy: {problem}"), hint);
        None
    };
    let escape = "for example http://127.0.0.1:3128; write what stands in credentials as ${ secret.PASS | urlencode }";
    let Ok(url) = text.parse::<Url>() else {
        return refuse(resolver, "it cannot be read as a URL", escape);
    };
    let speech = match url.scheme() {
        "http" => ProxySpeech::Http,
        "socks5" | "socks5h" => ProxySpeech::Socks5,
        "https" => return refuse(resolver, "TLS to the proxy itself is not spoken", EXAMPLE),
        _ => return refuse(resolver, "it must start with http:// or socks5://", EXAMPLE),
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return refuse(resolver, "it has something behind its host and port", escape);
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return refuse(resolver, "it names no host", EXAMPLE);
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(SOCKS_PORT);
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let credentials = (!url.username().is_empty() || url.password().is_some())
        .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
    if let Some((user, password)) = &credentials {
        if speech == ProxySpeech::Socks5 && (user.len() > LONGEST_FOR_SOCKS || password.len() > LONGEST_FOR_SOCKS) {
            return refuse(resolver, "SOCKS takes no user or password above 255 bytes", EXAMPLE);
        }
        // However they come back to us, they are not shown.
        let encoded = BASE64.encode(format!("{user}:{password}"));
        for secret in [&encoded, password] {
            resolver.secrets.note(secret, secret);
        }
    }
    Some(Proxy { speech, host, port, credentials })
}

#[cfg(test)]
mod tests {
    use crate::plan::fixture::plan;
    use crate::plan::{ProxySpeech, Route};

    const STEP: &str = "[[step]]\nget = \"/\"\n";

    #[test]
    fn a_proxy_has_a_port_of_its_kind_and_credentials_that_are_not_shown() {
        for (text, speech, at, credentials) in [
            ("http://proxy.example", ProxySpeech::Http, ("proxy.example", 80), None),
            ("http://[::1]:3128/", ProxySpeech::Http, ("::1", 3128), None),
            ("socks5://127.0.0.1", ProxySpeech::Socks5, ("127.0.0.1", 1080), None),
            ("socks5h://me:a%40canary@127.0.0.1:9", ProxySpeech::Socks5, ("127.0.0.1", 9), Some(("me", "a@canary"))),
        ] {
            let plan = plan(&format!("proxy = \"{text}\"\n{STEP}"));
            let Route::Proxy(proxy) = &plan.target.network.route else { panic!("no proxy") };
            let wanted = credentials.map(|(user, password): (&str, &str)| (user.to_owned(), password.to_owned()));
            assert_eq!((proxy.speech, proxy.host.as_str(), proxy.port), (speech, at.0, at.1));
            assert_eq!(proxy.credentials, wanted);
            assert!(!format!("{plan:?}").contains("canary"));
            if credentials.is_some() {
                assert_eq!(plan.secrets.redact("a@canary bWU6YUBjYW5hcnk="), "[redacted] [redacted]");
            }
        }
    }
}
