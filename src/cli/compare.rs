//! What `mnload compare` takes: two sides, and how they may differ.

use std::path::PathBuf;

use clap::Args;

use super::{Format, key_and_value, share};
use crate::gate::{Bound, Gate, GateError};

/// `mnload compare`.
#[derive(Debug, Args)]
#[command(after_help = COMPARE_FORMS)]
pub struct CompareArgs {
    /// The earlier run or exploration: its folder or its result.json, or a summary of k6 or vegeta; with --interleave its
    /// base URL.
    #[arg(value_name = "BASE", required_unless_present = "base")]
    pub positional_base: Option<String>,

    /// The run or exploration that is judged; with --interleave its base URL.
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
  mnload compare explored/1.8 explored/1.9 --gate 'capacity >= 0.95x baseline'
  mnload compare main branch --gate 'p95 < 1.2x baseline, warn' --gate 'error_rate < 2x baseline'
  mnload compare --interleave 4 --scenario light.toml http://old.example http://new.example

Exit codes: 0 not worse, 99 worse, 4 it cannot be told, 3 they cannot be compared";

fn baseline_gate(text: &str) -> Result<Gate, String> {
    let gate: Gate = text.parse().map_err(|error: GateError| format!("{error}; {}", error.hint))?;
    match gate.bound {
        Bound::Baseline(_) => Ok(gate),
        _ => Err("this does not compare; write how it may differ from BASE: p95 < 1.2x baseline".to_owned()),
    }
}
