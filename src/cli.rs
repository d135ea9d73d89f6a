//! The command line: clap types only, one struct per command.

use clap::{Args, Parser, Subcommand};

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
pub struct DemoArgs {}
