//! The thin binary: parse, run, exit code.

use clap::Parser as _;
use mnload::cli::{Cli, Command};
use mnload::commands;

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Demo(args) => commands::demo::run(&args),
    }
}
