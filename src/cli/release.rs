//! `mnload release`.

mod emit;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, key_and_value};
use crate::report::{ReleaseKind, UnknownReleaseKind};
pub use emit::{EmitArgs, EmitTo, Inconclusive};

/// `mnload release`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = CODES)]
pub struct ReleaseArgs {
    /// Something else than to carry it out.
    #[command(subcommand)]
    pub action: Option<ReleaseAction>,

    /// The release file.
    #[arg(value_name = "FILE", required = true)]
    pub file: Option<PathBuf>,

    /// Carry out these gates and items only; several with commas, or given several times. What they need of others is
    /// taken as met, and the release cannot go.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub only: Vec<String>,

    /// Carry out this gate and all behind it.
    #[arg(long, value_name = "GATE", conflicts_with = "only")]
    pub from: Option<String>,

    /// Take up an earlier run [default: the latest in reports/]: what passed there and still holds is not done again. May be
    /// given several times, for runs of parts of the release.
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "")]
    // No path: an empty one, for the latest, would be refused.
    pub resume: Vec<String>,

    /// Run nothing: take what the runs of --resume say of each item as it is, and judge that as a whole. They must be of the
    /// present state of the repository. For the last job of a pipeline.
    #[arg(long, requires = "resume", conflicts_with_all = ["only", "from", "dry_run"])]
    pub collect: bool,

    /// Confirm an item for this commit: `uat=Ann`, or `uat=Ann: seen on staging`; may be given several times.
    #[arg(long, value_name = "ITEM=NAME[: NOTE]")]
    pub sign: Vec<String>,

    /// The file that sign-offs are read from and written to [default: `signoffs` of the release file].
    #[arg(long, value_name = "FILE")]
    pub signoffs: Option<PathBuf>,

    /// Items that run at one time at the most [default: `parallel` of the release file, or 2].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: Option<u16>,

    /// Set a variable of the release file's `[vars]`; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<(String, String)>,

    /// Read environment variables from a dotenv file, for the release file and for all commands; the process's own win.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Say what would be done, and in which order; run nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// The run folder [default: reports/NAME-TIME/].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace an earlier run in the run folder.
    #[arg(long)]
    pub overwrite: bool,

    /// Say only the verdict and what keeps it from being a go.
    #[arg(long, short)]
    pub quiet: bool,

    /// Write a report to a path as well; `-` is standard output, in place of the text. May be given several times. Kinds:
    /// json, html, junit, markdown, ownership; the run folder holds all of them.
    #[arg(long, value_name = "KIND[=PATH]", value_parser = report)]
    pub report: Vec<(ReleaseKind, Option<PathBuf>)>,

    /// Tell the build server nothing: no annotations, summaries and outputs.
    #[arg(long)]
    pub no_ci: bool,

    /// What is written to standard output at the end.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

fn report(text: &str) -> Result<(ReleaseKind, Option<PathBuf>), UnknownReleaseKind> {
    match text.split_once('=') {
        None => Ok((text.parse()?, None)),
        Some((kind, path)) => Ok((kind.parse()?, Some(path.into()))),
    }
}

/// What else can be done with a release file.
#[derive(Debug, Subcommand)]
pub enum ReleaseAction {
    /// Write the release as a workflow of GitHub, a pipeline of GitLab, a shell script or a checklist; run nothing.
    Emit(EmitArgs),
}

const CODES: &str = "\
Exit codes:
  0        every item that was asked for passed
  1        something broke in mnload or its environment
  2        the command line is wrong
  3        the release file is invalid
  4        inconclusive: of at least one item nothing is known
  5        nothing was done
  99       an item failed
  130, 143 interrupted; a partial report was written";
