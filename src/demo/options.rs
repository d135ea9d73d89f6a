//! What a demo target can be told: plain data, with defaults that suit a first look.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::capacity::Capacity;
use super::faults::Faults;
use super::latency::Latency;
use super::limits::RateLimits;

/// How a demo target behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoOptions {
    /// Where to listen: a loopback address; port 0 takes any free port. Default 127.0.0.1:0.
    pub listen: SocketAddr,
    /// Seed of all draws and of the token signatures. Default 1.
    pub seed: u64,
    /// How long answers take. Default 4 ms at the median, 30 ms at p99.
    pub latency: Latency,
    /// How much it can serve, one request after the other; none has no limit but that of the machine. Default none.
    pub capacity: Option<Capacity>,
    /// Added to every login; the real backend needs about 230 ms for it. Default zero.
    pub login_delay: Duration,
    /// How long a session token is good for; renewals are offered in its last third. Default 15 minutes.
    pub token_lifetime: Duration,
    /// Rate limits per address; none by default.
    pub rate_limits: Option<RateLimits>,
    /// What goes wrong on purpose; nothing by default.
    pub faults: Faults,
    /// Serve HTTPS with this certificate; none serves HTTP. Default none.
    pub tls: Option<TlsFiles>,
    /// Speak HTTP/1.1 alone; else HTTP/2 too, over TLS to those who ask for it, and to those who just begin with it.
    /// Default off.
    pub http1_only: bool,
    /// The origins that browsers may call from, besides the demo's own base URL.
    pub allowed_origins: Vec<String>,
    /// The password of every demo account. Default `demo-password`.
    pub password: String,
    /// The bearer token for `/metrics`. Default `demo-metrics-token`.
    pub metrics_token: String,
    /// Media requests kept over all users before the oldest are forgotten. Default 10,000.
    pub most_media_requests: usize,
    /// Note when each request came and was answered, for [`super::Demo::records`]; memory grows with them. Default off.
    pub record: bool,
}

/// A certificate chain and its private key, in PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// The private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            latency: Latency::default(),
            capacity: None,
            login_delay: Duration::ZERO,
            token_lifetime: Duration::from_secs(900),
            rate_limits: None,
            faults: Faults::default(),
            tls: None,
            http1_only: false,
            allowed_origins: vec!["http://localhost:3000".to_owned(), "http://127.0.0.1:3000".to_owned()],
            password: "demo-password".to_owned(),
            metrics_token: "demo-metrics-token".to_owned(),
            most_media_requests: 10_000,
            record: false,
        }
    }
}

impl DemoOptions {
    /// The default, but every answer is immediate: what most tests want.
    #[must_use]
    pub fn without_latency() -> Self {
        Self { latency: Latency::None, ..Self::default() }
    }
}
