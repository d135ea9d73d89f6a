//! The command line: clap types only, one struct per command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::demo::{Freeze, Latency, Share};

/// Load and smoke tests that decide whether a build may ship.
#[derive(Debug, Parser)]
#[command(name = "mnload", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the built-in MediaNest-like target on loopback.
    Demo(DemoArgs),
}

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

    /// Fault: answer this share of requests with status 500, as in `2%`.
    #[arg(long, value_name = "PERCENT", default_value_t)]
    pub error_share: Share,

    /// Fault: reset the connection for this share of requests.
    #[arg(long, value_name = "PERCENT", default_value_t)]
    pub reset_share: Share,

    /// Fault: never answer this share of requests.
    #[arg(long, value_name = "PERCENT", default_value_t)]
    pub hang_share: Share,

    /// Fault: send the head at once and the body over this time.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "0s")]
    pub slow_body: Duration,

    /// Fault: drop all connections and refuse new ones this long after the first request.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub die_after: Option<Duration>,

    /// Serve HTTPS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}
