//! What `mnload demo` takes: the built-in target and its faults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::demo::{Absence, Capacity, Freeze, Latency, Share, SlowDown};

/// `mnload demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to listen; loopback addresses only, port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Seed of all random draws.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,

    /// How long answers take: `none`, a fixed time, or median and p99 as in `5ms..40ms`.
    #[arg(long, value_name = "MEDIAN..P99", default_value_t = Latency::default(), conflicts_with = "fixed_latency")]
    pub latency: Latency,

    /// Every answer takes exactly this long.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub fixed_latency: Option<Duration>,

    /// Serve so many requests a second and no more, one after the other, as in `300/s`: what comes faster waits for its
    /// turn.
    #[arg(long, value_name = "RATE")]
    pub capacity: Option<Capacity>,

    /// With a capacity: refuse at once, with status 503, who would wait longer than this for its turn.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, requires = "capacity")]
    pub queue: Option<Duration>,

    /// Added to every sign-in; the real backend needs about 230ms.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "0s")]
    pub login_delay: Duration,

    /// How long a session token is good for; its renewal is offered in the last third.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "15m")]
    pub token_lifetime: Duration,

    /// Limit requests per address as a staging host does: 100 per 15 minutes, 100 per minute under /api, 5 sign-ins per
    /// 15 minutes.
    #[arg(long)]
    pub rate_limits: bool,

    /// Fault: delay every answer by this much more.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "0s")]
    pub delay: Duration,

    /// Fault: answer nothing in the last part of every period, as in `1s/5s`, counted from the first request.
    #[arg(long, value_name = "LASTS/EVERY")]
    pub freeze: Option<Freeze>,

    /// Fault: a freeze holds only this share of the connections, every tenth at `10%`; the others are served.
    #[arg(long, value_name = "PERCENT", requires = "freeze")]
    pub freeze_connections: Option<Share>,

    /// Fault: delay answers more and more, as in `1ms..200ms/20s`, by the time since the first request.
    #[arg(long, value_name = "FROM..TO/OVER")]
    pub slow_down: Option<SlowDown>,

    /// Fault: answer this share of requests with status 500, as in `2%`.
    #[arg(long, value_name = "PERCENT", default_value_t)]
    pub error_share: Share,

    /// Fault: reset the connection for this share of requests; over HTTP/2 only the request.
    #[arg(long, value_name = "PERCENT", default_value_t)]
    pub reset_share: Share,

    /// Fault: never answer this share of requests.
    #[arg(long, value_name = "PERCENT", default_value_t)]
    pub hang_share: Share,

    /// Fault: send the head at once and the body over this time.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "0s")]
    pub slow_body: Duration,

    /// Fault: end every connection after this many requests, as a busy host does; over HTTP/2 with GOAWAY.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub close_every: Option<u64>,

    /// Fault: drop all connections and refuse new ones this long after the first request.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub die_after: Option<Duration>,

    /// Fault: be away for this long from this time after the first request on, as in `1s@10s`: finish what is under way,
    /// close all connections, refuse new ones, and come back.
    #[arg(long, value_name = "LASTS@AFTER")]
    pub away: Option<Absence>,

    /// Speak HTTP/1.1 alone, and no HTTP/2.
    #[arg(long)]
    pub http1_only: bool,

    /// When stopped, write when each request arrived and was answered to this file (CSV, nanoseconds from the first
    /// arrival); memory grows with the requests.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Serve HTTPS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}
