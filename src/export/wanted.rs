//! What the command line asks for: `prometheus=URL` or `openmetrics=ADDRESS`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

/// Where Prometheus takes remote writes.
const WRITE_PATH: &str = "/api/v1/write";

/// One export.
#[derive(Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Written to Prometheus, or what speaks its language.
    Prometheus(Receiver),
    /// Offered at an address.
    OpenMetrics(SocketAddr),
}

/// Who receives remote writes.
#[derive(Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The name or address.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// Whether TLS is spoken.
    pub(super) tls: bool,
    /// Path and query.
    pub(super) path: String,
    /// The value of the header `authorization`.
    pub(super) authorization: Option<String>,
    /// What may be shown of it: no password and no query.
    pub(super) shown: String,
}

/// Why an export cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// It is none of the kinds.
    #[error("write prometheus=URL or openmetrics=ADDRESS, such as prometheus=http://127.0.0.1:9090")]
    Kind,
    /// The URL is none.
    #[error("this is no http or https URL; write prometheus=http://127.0.0.1:9090")]
    Url,
    /// The address is none.
    #[error("this is no address to listen on; write openmetrics=127.0.0.1:9464")]
    Address,
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, WantedError> {
        match text.split_once('=') {
            Some(("prometheus", url)) => receiver(url).map(Self::Prometheus).ok_or(WantedError::Url),
            Some(("openmetrics", address)) => address.parse().map(Self::OpenMetrics).map_err(|_| WantedError::Address),
            _ => Err(WantedError::Kind),
        }
    }
}

impl Wanted {
    /// The same, whose receiver is shown `token` unless its URL names somebody.
    pub fn with_token(self, token: Option<&str>) -> Self {
        match self {
            Self::Prometheus(receiver) => {
                let given = token.filter(|token| !token.is_empty()).map(|token| format!("Bearer {token}"));
                Self::Prometheus(Receiver { authorization: receiver.authorization.or(given), ..receiver })
            }
            other => other,
        }
    }
}

fn receiver(text: &str) -> Option<Receiver> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default()?;
    let path = if url.path() == "/" { WRITE_PATH } else { url.path() };
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let authorization = (!url.username().is_empty()).then(|| {
        let pair = format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default()));
        format!("Basic {}", STANDARD.encode(pair))
    });
    let shown_host = url.host_str()?;
    Some(Receiver {
        shown: format!("{}://{shown_host}:{port}{path}", url.scheme()),
        tls: url.scheme() == "https",
        path: format!("{path}{query}"),
        host,
        port,
        authorization,
    })
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prometheus(receiver) => write!(f, "prometheus={}", receiver.shown),
            Self::OpenMetrics(address) => write!(f, "openmetrics={address}"),
        }
    }
}

/// Without what must not be shown.
impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Receiver {
        match text.parse() {
            Ok(Wanted::Prometheus(receiver)) => receiver,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_url_is_taken_apart_and_its_password_is_not_shown() {
        let plain = of("prometheus=http://127.0.0.1:9090");
        assert_eq!((plain.path.as_str(), plain.port, plain.tls), ("/api/v1/write", 9090, false));
        let secret = "prometheus=https://me:p%40ss@push.example.test/api/prom/push?token=hunter2";
        let receiver = of(secret);
        assert_eq!((receiver.port, receiver.path.as_str()), (443, "/api/prom/push?token=hunter2"));
        assert_eq!(receiver.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        let wanted: Wanted = secret.parse().unwrap();
        assert_eq!(
            format!("{wanted} {wanted:?}"),
            ["prometheus=https://push.example.test:443/api/prom/push"; 2].join(" ")
        );
        let token = |text: &str| match text.parse::<Wanted>().unwrap().with_token(Some("t")) {
            Wanted::Prometheus(receiver) => receiver.authorization,
            Wanted::OpenMetrics(_) => None,
        };
        assert_eq!(token("prometheus=http://[::1]:9090").as_deref(), Some("Bearer t"));
        assert_eq!(token("prometheus=http://a:b@h").as_deref(), Some("Basic YTpi"));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_write() {
        for (text, error) in [
            ("graphite=h", WantedError::Kind),
            ("prometheus", WantedError::Kind),
            ("prometheus=ftp://h", WantedError::Url),
            ("prometheus=9090", WantedError::Url),
            ("openmetrics=9464", WantedError::Address),
        ] {
            assert_eq!(text.parse::<Wanted>(), Err(error), "{text}");
        }
    }
}
