//! `mnload release emit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `mnload release emit`.
#[derive(Debug, Args)]
pub struct EmitArgs {
    /// The release file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What it is written as.
    #[arg(long, value_enum, value_name = "FORM")]
    pub to: EmitTo,

    /// Where it is written to [default: standard output].
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// The label of GitHub's runners, or the image of GitLab's jobs [default: ubuntu-latest, rust:1-bookworm].
    #[arg(long, value_name = "LABEL")]
    pub runner: Option<String>,

    /// What becomes of a job of which nothing is known.
    #[arg(long, value_enum, default_value_t = Inconclusive::Fail, value_name = "WHAT")]
    pub inconclusive: Inconclusive,
}

/// The forms that a release can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmitTo {
    /// A workflow of GitHub Actions.
    #[value(name = "github")]
    GitHub,
    /// A pipeline of GitLab.
    #[value(name = "gitlab")]
    GitLab,
    /// A script for any POSIX shell.
    Shell,
    /// A checklist for people, with the verification matrix.
    Markdown,
}

/// What becomes of a job of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Inconclusive {
    /// It fails.
    Fail,
    /// It is green, with a warning.
    Warn,
}
