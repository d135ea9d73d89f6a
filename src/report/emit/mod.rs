//! A release file in other people's forms: a workflow of GitHub, a pipeline of GitLab, a shell script, a checklist to read.
//!
//! Each calls mnload gate by gate, and once more for the whole. The text follows from the file alone: no time, machine or
//! environment is in it, so that a test can hold it to the file.

mod github;
mod gitlab;
mod jobs;
mod markdown;
mod quote;
mod shell;

use crate::release::Checklist;
use crate::values::Needed;

/// What a release file is turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmitKind {
    /// A workflow of GitHub Actions.
    GitHub,
    /// A pipeline of GitLab.
    GitLab,
    /// A script for any POSIX shell.
    Shell,
    /// The checklist and the verification matrix, for people.
    Markdown,
}

/// What the file does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmitOptions {
    /// The label of GitHub's runners, or the image of GitLab's.
    pub runner: Option<String>,
    /// Whether a job is green with a warning where nothing certain can be said.
    pub inconclusive_warns: bool,
    /// The command that makes it anew.
    pub command: String,
}

/// A release that cannot be written so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// No order of gates is right.
    #[error(
        "the gates {} need each other's items, so none of them can be a job that comes first; move the items into one gate",
        .0.join(", ")
    )]
    Circle(Vec<String>),
}

/// The text of `checklist` as `kind`, with its variables and secrets as `needed`.
///
/// # Errors
/// When its gates cannot follow each other.
pub fn emit(
    kind: EmitKind,
    checklist: &Checklist,
    needed: &Needed,
    options: &EmitOptions,
) -> Result<String, EmitError> {
    let needed = needed_of_jobs(needed);
    Ok(match kind {
        EmitKind::GitHub => github::text(checklist, &jobs::jobs(checklist)?, &needed, options),
        EmitKind::GitLab => gitlab::text(checklist, &jobs::jobs(checklist)?, &needed, options),
        EmitKind::Shell => shell::text(checklist, &jobs::jobs(checklist)?, &needed, options),
        EmitKind::Markdown => markdown::text(checklist, options),
    })
}

/// What a job must be given: every server and shell has the others by itself.
fn needed_of_jobs(needed: &Needed) -> Needed {
    const OWN: [&str; 8] = ["CI", "HOME", "HOSTNAME", "LANG", "PATH", "PWD", "TMPDIR", "USER"];
    const PREFIXES: [&str; 4] = ["CI_", "GITHUB_", "MNLOAD_", "RUNNER_"];
    let is_name = |name: &String| {
        let mut letters = name.chars();
        letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    // No server gives a job a secret by itself, whatever it is called: GITHUB_TOKEN is there for who asks for it.
    let is_given = |name: &String| is_name(name) && !OWN.contains(&name.as_str());
    let given = |names: &[String]| {
        let mut names: Vec<String> = names.iter().filter(|name| is_given(name)).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let secrets = given(&needed.secrets);
    let is_plain = |name: &String| !secrets.contains(name) && !PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let variables = given(&needed.variables).into_iter().filter(is_plain).collect();
    Needed { variables, secrets }
}

/// The first lines: how it was made, and what to do instead of changing it.
fn header(checklist: &Checklist, options: &EmitOptions) -> String {
    let (command, file) = (quote::in_comment(&options.command), quote::in_comment(&checklist.file));
    format!("# Made by: {command}\n# Do not change it here: change {file}, and make it anew.\n")
}
