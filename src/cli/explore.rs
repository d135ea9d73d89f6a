//! What `mnload explore` takes: which rates, which gates, and what finding out may cost.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Format, ScenarioArgs, share};
use crate::report::{ExplorationKind, Wanted};
use crate::units;

/// `mnload explore`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExploreArgs {
    /// Which scenario, and with which values; it needs one open load, whose rate and duration are replaced.
    #[command(flatten)]
    pub scenario: ScenarioArgs,

    /// What must hold, in place of the file's gates, as in `p95 < 300ms`; may be given several times. `capacity >= 200/s`
    /// judges what is found.
    #[arg(long, value_name = "GATE")]
    pub gate: Vec<String>,

    /// The first rate, in journeys a second, minute or hour [default: `from` in `[explore]` of the file, or 10/s].
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub from: Option<f64>,

    /// The highest rate that may be tried [default: `to` in `[explore]`, or 2000/s]; `ceiling` in `[explore]` is never exceeded.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub to: Option<f64>,

    /// How far the ends of the interval may be from the capacity [default: `precision` in `[explore]`, or 5%].
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    pub precision: Option<f64>,

    /// How long it may take, as in `5m`; what is under way then may finish [default: `budget` in `[explore]`, or 5m].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub budget: Option<Duration>,

    /// How many requests may be sent in all, those of setup and teardown included [default: `max_requests` in `[explore]`, or
    /// any number].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_requests: Option<u64>,

    /// Start the built-in target and send everything to it instead of the scenario's base URL.
    #[arg(long)]
    pub demo: bool,

    /// Let the built-in target serve no more requests than this, one after the other, as in `300/s`.
    #[arg(long, value_name = "RATE", requires = "demo", value_parser = rate)]
    pub demo_capacity: Option<f64>,

    /// The folder of the exploration [default: reports/NAME-explore-TIME/].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace an earlier exploration in that folder.
    #[arg(long)]
    pub overwrite: bool,

    /// Say only the verdict and what keeps it from being a pass.
    #[arg(long, short)]
    pub quiet: bool,

    /// Write a report again, into the folder or to a path; `-` is standard output, in place of the text. May be given several
    /// times. Kinds: json, csv, html, markdown.
    #[arg(long, value_name = "KIND[=PATH]")]
    pub report: Vec<Wanted<ExplorationKind>>,

    /// Tell the build server nothing: no summaries and outputs.
    #[arg(long)]
    pub no_ci: bool,

    /// Exit with 0 whatever the verdict, for jobs that only report; errors and signals keep their codes.
    #[arg(long)]
    pub exit_zero: bool,

    /// What is written to standard output at the end.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

const EXAMPLES: &str = "\
Examples:
  mnload explore capacity.toml
  mnload explore light.toml --gate 'p95 < 300ms' --gate 'error_rate < 1%' --from 10/s --to 500/s --budget 10m
  mnload explore light.toml --gate 'p95 < 300ms' --gate 'capacity >= 200/s' --max-requests 100000
  mnload explore light.toml --demo --demo-capacity 300/s

Exit codes: 0 the capacity is known, or every capacity gate holds; 99 a capacity gate does not; 4 it cannot be told, and the
reason is given; 5 nothing was sent; the others are those of `mnload run`";

fn rate(text: &str) -> Result<f64, String> {
    units::parse_rate(text).map_err(|error| format!("{error}; {}", error.hint))
}

fn duration(text: &str) -> Result<Duration, String> {
    units::parse_duration(text).map_err(|error| format!("{error}; {}", error.hint))
}
