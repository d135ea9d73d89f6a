//! `[target] proxy`: what all connections go through, and what it is shown to be let through.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::scenario::Spanned;
use crate::values::Resolver;

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

/// Its URL, without its credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.speech {
            ProxySpeech::Http => "http",
            ProxySpeech::Socks5 => "socks5",
        };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, written: &Spanned<String>) -> Option<Proxy> {
    let text = resolver.known(written)?;
    let refuse = |resolver: &mut Resolver<'_>, problem: &str, hint: &str| {
        resolver.mistake(written.span(), format!("this is not a proxy: {problem}"), hint);
        None
    };
    // A password may hold what would end the host of a URL; a host holds no @.
    let (start, rest) = text.split_once("://").unwrap_or(("", &text));
    let (credentials, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    let Ok(url) = format!("{start}://{place}").parse::<Url>() else {
        return refuse(resolver, "it cannot be read as a URL", EXAMPLE);
    };
    let speech = match url.scheme() {
        "http" => ProxySpeech::Http,
        "socks5" | "socks5h" => ProxySpeech::Socks5,
        "https" => return refuse(resolver, "TLS to the proxy itself is not spoken", EXAMPLE),
        _ => return refuse(resolver, "it must start with http:// or socks5://", EXAMPLE),
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return refuse(resolver, "it has something behind its host and port", EXAMPLE);
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return refuse(resolver, "it names no host", EXAMPLE);
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(SOCKS_PORT);
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let credentials = credentials.map(|both| both.split_once(':').unwrap_or((both, "")));
    let credentials = credentials.map(|(user, password)| (decoded(user), decoded(password)));
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
    use super::*;
    use crate::plan::Route;
    use crate::plan::fixture::plan;

    const STEP: &str = "[[step]]\nget = \"/\"\n";

    #[test]
    fn a_proxy_has_a_port_of_its_kind_and_credentials_that_are_not_shown() {
        for (text, shown, credentials) in [
            ("http://proxy.example", "http://proxy.example:80", None),
            ("http://[::1]:3128/", "http://[::1]:3128", None),
            ("socks5://127.0.0.1", "socks5://127.0.0.1:1080", None),
            ("http://me:a/b#c@d?:canary@127.0.0.1:9", "http://127.0.0.1:9", Some(("me", "a/b#c@d?:canary"))),
            ("socks5h://me:a%40canary@127.0.0.1:9", "socks5://127.0.0.1:9", Some(("me", "a@canary"))),
        ] {
            let plan = plan(&format!("proxy = \"{text}\"\n{STEP}"));
            let Route::Proxy(proxy) = &plan.target.network.route else { panic!("no proxy") };
            let wanted = credentials.map(|(user, password): (&str, &str)| (user.to_owned(), password.to_owned()));
            assert_eq!((proxy.to_string().as_str(), &proxy.credentials), (shown, &wanted));
            assert!(!format!("{plan:?} {proxy}").contains("canary"));
            if let Some((user, password)) = credentials {
                let shown = format!("{password} {}", BASE64.encode(format!("{user}:{password}")));
                assert_eq!(plan.secrets.redact(&shown), "[redacted] [redacted]");
            }
        }
    }
}
