//! One file per command; only orchestration.
//!
//! What goes wrong is told apart here: the user's file (3), the target before the start (3), everything else (1).

mod baseline;
mod carry;
mod ci;
mod compare;
mod comparing;
mod demo;
mod doctor;
mod explorations;
mod explore;
mod explored;
mod files;
mod init;
mod inputs;
mod interleave;
mod machine;
mod onlookers;
mod outputs;
mod plan;
mod release;
mod repeat;
mod replay;
mod report;
mod run;
mod samples;
mod schema;
mod signals;
mod starters;
mod verify;
mod wanted;

use std::io::{IsTerminal as _, Write as _};

use crate::cli::{Cli, Colour, Command};
use crate::diagnostic::Diagnostics;
use crate::engine::EngineError;
use crate::report::inert;
use crate::verdict::ExitCode;

/// Why a command did not come to its own end.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] Diagnostics),
    /// The release file, or that of its sign-offs, is wrong.
    #[error("{0}")]
    Release(Diagnostics),
    /// The release file cannot be written in another form.
    #[error("{0}")]
    NotEmitted(Diagnostics),
    /// The target is not there.
    #[error(
        "the target cannot be reached, so nothing was sent: {error}\n  target: {target}\n  is it running, and is base_url right? {hint}"
    )]
    Unreachable { target: String, error: EngineError, hint: &'static str },
    /// This machine cannot open connections as it should.
    #[error(
        "{error}\n  nothing was sent; [target] local_addresses names addresses of this machine, of the target's kind"
    )]
    LocalAddresses { error: EngineError },
    /// The target did not get ready.
    #[error(
        "{error}\n  {waited}\n  nothing else was sent; raise the deadline of [target] wait_for if it takes longer to start"
    )]
    NotReady { error: EngineError, waited: String },
    /// Setup failed, so the load was not started.
    #[error("{error}\n  the load was not started; setup steps run before it, and each must pass{seen}")]
    Setup { error: EngineError, seen: String },
    /// The runs cannot be compared.
    #[error("{message}\n  {hint}")]
    Incomparable { message: String, hint: String },
    /// The command line asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    /// Everything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl CommandError {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Scenario(_)
            | Self::Release(_)
            | Self::NotEmitted(_)
            | Self::Unreachable { .. }
            | Self::LocalAddresses { .. }
            | Self::NotReady { .. }
            | Self::Incomparable { .. }
            | Self::Setup { .. } => ExitCode::Invalid,
            Self::Usage(_) => ExitCode::Usage,
            Self::Other(_) => ExitCode::Internal,
        }
    }
}

/// Carries out what the command line asks for and says how it went.
pub fn execute(cli: &Cli) -> ExitCode {
    match cli.color {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
    let ended = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Explore(args) => explore::run(args),
        Command::Init(args) => init::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Release(args) => release::run(args),
        Command::Report(args) => report::run(args),
        Command::Doctor(args) => doctor::run(args).map(|()| ExitCode::Passed).map_err(CommandError::from),
        Command::Schema(args) => schema::run(args),
        Command::Demo(args) => demo::run(args).map(|()| ExitCode::Passed).map_err(CommandError::from),
    };
    ended.unwrap_or_else(|error| {
        complain(&error);
        error.exit_code()
    })
}

/// Tells what is wrong on stderr; if that is gone too, the exit code still says it.
fn complain(error: &CommandError) {
    let mut people = anstream::stderr();
    let _ = match error {
        CommandError::Scenario(mistakes) | CommandError::Release(mistakes) | CommandError::NotEmitted(mistakes) => {
            let (what, nothing) = match error {
                CommandError::Release(_) => ("release file", "nothing was run"),
                // The value of each is its name there, which is no number and no path that exists.
                CommandError::NotEmitted(_) => (
                    "release file",
                    "nothing was written\nwithout a default, ${ env.NAME } stands as $NAME in what is written: where a \
                     number, a duration or a file is needed, add one, as in ${ env.NAME | default('30s') }",
                ),
                _ => ("scenario", "nothing was sent"),
            };
            let count = mistakes.0.len();
            let plural = if count == 1 { "" } else { "s" };
            let styled = if std::io::stderr().is_terminal() { format!("{mistakes:#}") } else { mistakes.to_string() };
            let least = if count >= Diagnostics::MOST { "at least " } else { "" };
            let styled = inert(&styled);
            writeln!(people, "{styled}\n\n{least}{count} mistake{plural} in the {what}; {nothing}")
        }
        // What a target said may be among it.
        other => writeln!(people, "{}", inert(&format!("error: {other}"))),
    };
}
