//! The command line: clap types only, one struct per command.

mod compare;
mod demo;
mod explore;
mod release;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::Wanted;
use crate::units;
pub use compare::CompareArgs;
pub use demo::DemoArgs;
pub use explore::ExploreArgs;
pub use release::{EmitArgs, EmitTo, Inconclusive, ReleaseAction, ReleaseArgs};

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
    /// Find out how much the target can take: the highest rate at which the gates hold, with an interval.
    Explore(Box<ExploreArgs>),
    /// Write commented scenario files to start from, and the schema that lets an editor check them.
    Init(InitArgs),
    /// Say whether NEW is worse than BASE, given the noise of both: from finished runs, or from runs in turn.
    Compare(Box<CompareArgs>),
    /// Carry out the gates of a release: run what they name, read the evidence, ask for sign-offs, and say go or no-go.
    Release(Box<ReleaseArgs>),
    /// Make the reports of a run anew, of one that was killed too; or check that its files are as it left them.
    Report(ReportArgs),
    /// Examine this machine: how punctual it is, how much it can send and what limits it; takes less than ten seconds.
    Doctor(DoctorArgs),
    /// Print the JSON Schema of scenario files, for editors, or that of release files or of a result.json.
    Schema(SchemaArgs),
    /// Start the built-in MediaNest-like target on loopback.
    Demo(Box<DemoArgs>),
}

/// What `run`, `plan` and `explore` have in common.
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

/// A share, such as `10%`.
fn share(text: &str) -> Result<f64, String> {
    units::parse_share(text).map_err(|error| format!("{error}; {}", error.hint))
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
    // Not parsed here: what is wrong would be shown, with the password in it.
    #[arg(long, value_name = "KIND=WHERE")]
    pub export: Vec<String>,

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
    /// Release files.
    Release,
    /// The result.json of a release.
    ReleaseResult,
    /// The result.json of an exploration.
    ExplorationResult,
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

/// `mnload report`.
#[derive(Debug, Args)]
#[command(after_help = REPORT_CODES)]
pub struct ReportArgs {
    /// The run folder.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Make this report and no other, in the run folder or at PATH; `-` is standard output. May be given several times.
    /// Of an exploration: csv, html, markdown, json.
    #[arg(long, value_name = "KIND[=PATH]", conflicts_with = "verify")]
    pub report: Vec<Wanted<String>>,

    /// Check that every file is as manifest.json says, and make nothing.
    #[arg(long)]
    pub verify: bool,

    /// Replace files that say something else.
    #[arg(long, conflicts_with = "verify")]
    pub overwrite: bool,

    /// Do not write for the log of a build server, whatever the environment says.
    #[arg(long)]
    pub no_ci: bool,

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
    /// The highest rate at which the gates hold, for `mnload explore`; as a run, a load that climbs in steps.
    Capacity,
    /// The gates of a release, and the smoke check that it runs.
    Release,
}
