//! What an item runs: a command of the team's, or a scenario of mnload's own.

use std::path::PathBuf;
use std::time::Duration;

use super::file::{RunSection, ScenarioSection};
use super::written::pairs;
use crate::scenario::{Short, Spanned, Value, beside};
use crate::values::Resolver;

/// So long anything may take if the file does not say.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// What is run.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// A command.
    Command(CommandLine),
    /// A run of mnload.
    Scenario(ScenarioRun),
}

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandLine {
    /// What is started.
    pub program: Program,
    /// Where.
    pub dir: PathBuf,
    /// With which environment variables, beside mnload's own and those of the file.
    pub env: Vec<(String, String)>,
    /// How long it may take.
    pub timeout: Duration,
    /// The exit codes that are no failure by themselves.
    pub exit_codes: Vec<i32>,
    /// The environment variable that later commands get, with the first line that it prints.
    pub sets: Option<String>,
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A text for a shell, in which the failure of any part of a pipe counts.
    Shell(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

/// A run of mnload.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRun {
    /// The scenario file.
    pub file: PathBuf,
    /// Its profile.
    pub profile: Option<String>,
    /// Its variables.
    pub set: Vec<(String, String)>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// How long it may take.
    pub timeout: Duration,
    /// The item whose run it is compared with.
    pub baseline: Option<String>,
}

impl Program {
    /// As a person would type it.
    pub fn shown(&self) -> String {
        match self {
            Self::Shell(text) => text.clone(),
            Self::Words(words) => shell_words::join(words),
        }
    }
}

/// The command that is written; mistakes in it are noted.
pub(super) fn command(resolver: &mut Resolver<'_>, written: &Spanned<Short<RunSection>>) -> Option<CommandLine> {
    let section = match written.get_ref() {
        Short::Text(text) => {
            let command = Spanned::new(written.span(), Value::String(text.clone()));
            RunSection { command: Some(command), ..RunSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let dir = match &section.dir {
        Some(dir) => resolver.path(dir),
        None => Some(beside(resolver.source.file_at(&written.span()), "")),
    };
    let exit_codes = section.exit_codes.as_ref().map(|list| {
        let code = |code: &Spanned<Value>| match code.get_ref() {
            Value::Integer(code @ 0..=255) => i32::try_from(*code).ok(),
            _ => {
                resolver.mistake(code.span(), "this is no exit code", "exit codes are whole numbers from 0 to 255");
                None
            }
        };
        list.get_ref().iter().filter_map(code).collect::<Vec<_>>()
    });
    if let (Some(list), Some([])) = (&section.exit_codes, exit_codes.as_deref()) {
        resolver.mistake(list.span(), "no exit code would be right", "leave it out for 0, or write [0, 1]");
    }
    let sets = section.sets.as_ref().and_then(|name| {
        let text = resolver.known(name)?;
        let mut letters = text.chars();
        let is_name = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            resolver.mistake(
                name.span(),
                format!("`{text}` is no name of an environment variable"),
                "for example PREVIOUS_TAG",
            );
        }
        is_name.then_some(text)
    });
    Some(CommandLine {
        program: program(resolver, section.command.as_ref(), written)?,
        dir: dir?,
        env: pairs(resolver, section.env.as_ref()),
        timeout: section.timeout.as_ref().and_then(|time| resolver.duration(time, true)).unwrap_or(TIMEOUT),
        exit_codes: exit_codes.unwrap_or_else(|| vec![0]),
        sets,
    })
}

fn program(
    resolver: &mut Resolver<'_>,
    command: Option<&Spanned<Value>>,
    written: &Spanned<Short<RunSection>>,
) -> Option<Program> {
    const HINT: &str = "write command = \"npm run build\", or a list: command = [\"npm\", \"ci\"]";
    let Some(command) = command else {
        resolver.mistake(written.span(), "this names no command", HINT);
        return None;
    };
    let program = match command.get_ref() {
        Value::String(text) => Program::Shell(resolver.known(&Spanned::new(command.span(), text.clone()))?),
        Value::Array(words) => Program::Words(words.iter().map(|word| resolver.scalar("command", word)).collect()),
        other => {
            resolver.mistake(command.span(), format!("a command is a text or a list, not {}", other.type_name()), HINT);
            return None;
        }
    };
    let is_empty = match &program {
        Program::Shell(text) => text.trim().is_empty(),
        Program::Words(words) => words.first().is_none_or(String::is_empty),
    };
    if is_empty {
        resolver.mistake(command.span(), "this command is empty", HINT);
    }
    (!is_empty).then_some(program)
}

/// The scenario that is written; mistakes in it are noted, and those in the scenario are its own run's business.
pub(super) fn scenario(resolver: &mut Resolver<'_>, written: &Spanned<Short<ScenarioSection>>) -> Option<ScenarioRun> {
    let section = match written.get_ref() {
        Short::Text(text) => {
            let file = Spanned::new(written.span(), text.clone());
            ScenarioSection { file: Some(file), ..ScenarioSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let Some(file) = &section.file else {
        resolver.mistake(written.span(), "this names no scenario", "for example scenario = \"smoke.toml\"");
        return None;
    };
    let path = resolver.path(file)?;
    if !path.is_file() {
        let message = format!("there is no scenario {}", path.display());
        resolver.mistake(file.span(), message, "name it relative to this file");
    }
    Some(ScenarioRun {
        file: path,
        profile: section.profile.as_ref().map(|profile| resolver.text(profile)),
        set: pairs(resolver, section.set.as_ref()),
        env: pairs(resolver, section.env.as_ref()),
        timeout: section.timeout.as_ref().and_then(|time| resolver.duration(time, true)).unwrap_or(TIMEOUT),
        baseline: section.baseline.as_ref().map(|item| resolver.text(item)),
    })
}
