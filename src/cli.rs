//! The command line: clap types only, one struct per command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::demo::{Absence, Freeze, Latency, Share, SlowDown};
use crate::export;
use crate::gate::{Bound, Gate, GateError};
use crate::report::Wanted;
use crate::units;

/// Load and smoke tests that decide whether a build may ship.
#[derive(Debug, Parser)]
#[command(name = "mnload", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to write colours; NO_COLOR and friends are honoured.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

const EXIT_CODES: &str = "\
Exit codes:
  0        every gate passed
  1        something broke in mnload or its environment
  2        the command line is wrong
  3        the scenario is invalid, or the target was not reachable before the start
  4        inconclusive: the run says nothing certain
  5        nothing ran
  99       a gate or check failed
  130, 143 interrupted; a partial report was written";

/// When to write colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On terminals.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load the target as a scenario says, judge it and report.
    Run(RunArgs),
    /// Check a scenario and say what would be sent; asks the target once, and sends no load.
    Plan(PlanArgs),
    /// Write commented scenario files to start from, and the schema that lets an editor check them.
    Init(InitArgs),
    /// Say whether NEW is worse than BASE, given the noise of both: from finished runs, or from runs in turn.
    Compare(Box<CompareArgs>),
    /// Make the reports of a run anew, of one that was killed too; or check that its files are as it left them.
    Report(ReportArgs),
    /// Examine this machine: how punctual it is, how much it can send and what limits it; takes less than ten seconds.
    Doctor(DoctorArgs),
    /// Print the JSON Schema of scenario files, for editors, or that of result.json.
    Schema(SchemaArgs),
    /// Start the built-in MediaNest-like target on loopback.
    Demo(Box<DemoArgs>),
}

/// What `run` and `plan` have in common.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    pub scenario: PathBuf,

    /// Apply the overrides in `[profile.NAME]` of the scenario.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// Set a variable of the scenario's `[vars]`; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<(String, String)>,

    /// Read environment variables from a dotenv file; the process's own win.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Threads that send [default: as many as the rate needs, at most one per core].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// `mnload run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Which scenario, and with which values.
    #[command(flatten)]
    pub scenario: ScenarioArgs,

    /// Start the built-in target and send everything to it instead of the scenario's base URL.
    #[arg(long)]
    pub demo: bool,

    /// The run folder [default: reports/NAME-TIME/].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace an earlier run in the run folder.
    #[arg(long)]
    pub overwrite: bool,

    /// Compare with an earlier run, its folder or its result.json, or a summary of k6 or vegeta; several times for several
    /// runs of mnload. Gates such as `p95 < 1.2x baseline` are then judged; without any, no figure may be worse by 10%.
    #[arg(long, value_name = "RUN")]
    pub baseline: Vec<PathBuf>,

    /// Compare with runs of another scenario all the same.
    #[arg(long, requires = "baseline")]
    pub different_scenarios: bool,

    /// Export metrics while it runs: `prometheus=URL` writes them there every 5s (remote write), `openmetrics=ADDRESS`
    /// offers them to scrapes at /metrics; may be given several times. A token can stand in MNLOAD_EXPORT_TOKEN.
    #[arg(long, value_name = "KIND=WHERE", value_parser = wanted_export)]
    pub export: Vec<export::Wanted>,

    /// Write every request to samples.csv.gz in the run folder; the first million, or as many as are named.
    #[arg(long, value_name = "COUNT", num_args = 0..=1, require_equals = true, default_missing_value = "1000000",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub samples: Option<u64>,

    /// Say only the verdict and what keeps it from being a pass.
    #[arg(long, short)]
    pub quiet: bool,

    /// Write a report of another kind, into the run folder or to a path; `-` is standard output, in place of the text. May
    /// be given several times. Kinds: json, summary, timeline, errors, html, junit, markdown, k6, gitlab, openmetrics,
    /// percentiles.
    #[arg(long, value_name = "KIND[=PATH]")]
    pub report: Vec<Wanted>,

    /// Tell the build server nothing: no annotations, summaries and outputs, and no reports for its sake.
    #[arg(long)]
    pub no_ci: bool,

    /// Exit with 0 whatever the verdict, for jobs that only report; errors and signals keep their codes.
    #[arg(long)]
    pub exit_zero: bool,

    /// What is written to standard output at the end.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// With the token from the environment, which is in no list of processes.
fn wanted_export(text: &str) -> Result<export::Wanted, export::WantedError> {
    let wanted: export::Wanted = text.parse()?;
    Ok(wanted.with_token(std::env::var("MNLOAD_EXPORT_TOKEN").ok().as_deref()))
}

/// What a command writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A report for people.
    Text,
    /// A document for programs; that of a run is the same as result.json.
    Json,
}

/// `mnload schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what.
    #[arg(value_enum, default_value_t = SchemaOf::Scenario, value_name = "OF")]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Scenario files.
    Scenario,
    /// The result.json of a run.
    Result,
}

/// `mnload plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Which scenario, and with which values.
    #[command(flatten)]
    pub scenario: ScenarioArgs,

    /// Send nothing at all: do not ask the target whether it is there and which rate limits it has.
    #[arg(long)]
    pub no_probe: bool,

    /// What is written to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `mnload compare`.
#[derive(Debug, Args)]
#[command(after_help = COMPARE_FORMS)]
pub struct CompareArgs {
    /// The earlier run: its folder or its result.json, or a summary of k6 or vegeta; with --interleave its base URL.
    #[arg(value_name = "BASE", required_unless_present = "base")]
    pub positional_base: Option<String>,

    /// The run that is judged; with --interleave its base URL.
    #[arg(value_name = "NEW", required_unless_present = "new")]
    pub positional_new: Option<String>,

    /// A run of the base; may be given several times.
    #[arg(long, value_name = "RUN", conflicts_with = "interleave")]
    pub base: Vec<String>,

    /// A run that is judged; may be given several times.
    #[arg(long, value_name = "RUN", conflicts_with = "interleave")]
    pub new: Vec<String>,

    /// No figure may be worse by more than this.
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = share, conflicts_with = "gate")]
    pub margin: f64,

    /// Judge this and nothing else, as in `p95 < 1.2x baseline, warn`; may be given several times.
    #[arg(long, value_name = "GATE", value_parser = baseline_gate)]
    pub gate: Vec<Gate>,

    /// A rise of an error rate by no more than so many percentage points is no failure.
    #[arg(long, value_name = "PERCENT", default_value = "0.5%", value_parser = share)]
    pub least_rise: f64,

    /// Compare runs of different scenarios all the same.
    #[arg(long)]
    pub different_scenarios: bool,

    /// Run both in turn first, so many times each: BASE NEW NEW BASE …; BASE and NEW are then base URLs.
    #[arg(long, value_name = "RUNS", requires = "scenario", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub interleave: Option<u64>,

    /// The scenario that is run in turn.
    #[arg(long, value_name = "FILE", requires = "interleave")]
    pub scenario: Option<PathBuf>,

    /// Apply the overrides in `[profile.NAME]` of the scenario.
    #[arg(long, value_name = "NAME", requires = "interleave")]
    pub profile: Option<String>,

    /// Set a variable of the scenario's `[vars]`; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value, requires = "interleave")]
    pub set: Vec<(String, String)>,

    /// Read environment variables from a dotenv file; the process's own win.
    #[arg(long, value_name = "FILE", requires = "interleave")]
    pub env_file: Option<PathBuf>,

    /// Threads that send [default: as many as the rate needs, at most one per core].
    #[arg(long, value_name = "COUNT", requires = "interleave", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    /// Write the comparison as JSON to this file; with --interleave the folder of all runs [default: reports/NAME-TIME/].
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// What is written to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

const COMPARE_FORMS: &str = "\
Examples:
  mnload compare reports/main reports/branch
  mnload compare --base a --base b --new c --new d
  mnload compare main branch --gate 'p95 < 1.2x baseline, warn' --gate 'error_rate < 2x baseline'
  mnload compare --interleave 4 --scenario light.toml http://old.example http://new.example

Exit codes: 0 not worse, 99 worse, 4 it cannot be told, 3 they cannot be compared";

fn share(text: &str) -> Result<f64, String> {
    units::parse_share(text).map_err(|error| format!("{error}; {}", error.hint))
}

fn baseline_gate(text: &str) -> Result<Gate, String> {
    let gate: Gate = text.parse().map_err(|error: GateError| format!("{error}; {}", error.hint))?;
    match gate.bound {
        Bound::Baseline(_) => Ok(gate),
        _ => Err("this does not compare; write how it may differ from BASE: p95 < 1.2x baseline".to_owned()),
    }
}

/// `mnload report`.
#[derive(Debug, Args)]
#[command(after_help = REPORT_CODES)]
pub struct ReportArgs {
    /// The run folder.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Make this report and no other, in the run folder or at PATH; `-` is standard output. May be given several times.
    #[arg(long, value_name = "KIND[=PATH]", conflicts_with = "verify")]
    pub report: Vec<Wanted>,

    /// Check that every file is as manifest.json says, and make nothing.
    #[arg(long)]
    pub verify: bool,

    /// Replace files that say something else.
    #[arg(long, conflicts_with = "verify")]
    pub overwrite: bool,

    /// Say only the verdict and what keeps it from being a pass.
    #[arg(long, short)]
    pub quiet: bool,

    /// What is written to standard output at the end.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

const REPORT_CODES: &str = "\
Exit codes: 0 all that was asked for was made, or every file is as it was left; 4 the same of a run that was killed;
1 something could not be made, or a file has changed";

/// `mnload doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// What is written to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `mnload init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Which files [default: smoke light].
    #[arg(value_enum, value_name = "KIND")]
    pub kinds: Vec<Starter>,

    /// The folder that they are written to; it must exist.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,

    /// The base URL of your service, which requests go to where BASE_URL is not set.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Replace files of these names.
    #[arg(long)]
    pub overwrite: bool,
}

/// The scenarios to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Starter {
    /// Once through what must work, judged by its answers.
    Smoke,
    /// A load at a steady rate, judged by gates.
    Light,
    /// A journey in which each step stands on the one before it.
    E2e,
    /// A load that climbs in steps, to see what the service can carry.
    Capacity,
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
