//! The thin binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use mnload::cli::Cli;
use mnload::commands;

fn main() -> ExitCode {
    commands::execute(&Cli::parse()).into()
}
