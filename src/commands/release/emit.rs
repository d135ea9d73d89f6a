//! `mnload release emit`: the release file in another form, from the file alone.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;

use anyhow::Context as _;

use super::super::CommandError;
use crate::cli::{EmitArgs, EmitTo, Inconclusive};
use crate::plan::Environment;
use crate::release::work::Work;
use crate::release::{Checklist, ReleaseFile, RunFacts};
use crate::report::{EmitKind, EmitOptions, emit};
use crate::verdict::ExitCode;

pub(super) fn run(args: &EmitArgs) -> Result<ExitCode, CommandError> {
    let file = ReleaseFile::read(&args.file).map_err(CommandError::Release)?;
    // What the environment holds here and now must not be in it.
    let environment = Environment::standing_in();
    let named = |name: &str| format!("$MNLOAD_{name}");
    let facts = RunFacts { id: named("RUN_ID"), commit: named("COMMIT"), started_at: named("STARTED_AT") };
    let checklist = Checklist::resolve(&file, &environment, &[], &facts).map_err(CommandError::NotEmitted)?;
    let mut needed = environment.needed();
    needed.secrets.extend(secrets_of_scenarios(&checklist));
    let kind = match args.to {
        EmitTo::GitHub => EmitKind::GitHub,
        EmitTo::GitLab => EmitKind::GitLab,
        EmitTo::Shell => EmitKind::Shell,
        EmitTo::Markdown => EmitKind::Markdown,
    };
    let options = EmitOptions {
        runner: args.runner.clone(),
        inconclusive_warns: args.inconclusive == Inconclusive::Warn,
        command: command(args),
    };
    let text = emit(kind, &checklist, &needed, &options).map_err(|error| CommandError::Usage(error.to_string()))?;
    match &args.out {
        Some(path) => fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
        }
    }
    Ok(ExitCode::Passed)
}

/// The command that makes it anew.
fn command(args: &EmitArgs) -> String {
    let form = match args.to {
        EmitTo::GitHub => "github",
        EmitTo::GitLab => "gitlab",
        EmitTo::Shell => "shell",
        EmitTo::Markdown => "markdown",
    };
    let mut words = ["mnload", "release", "emit"].map(str::to_owned).to_vec();
    words.extend([args.file.display().to_string(), "--to".to_owned(), form.to_owned()]);
    if let Some(runner) = &args.runner {
        words.extend(["--runner".to_owned(), runner.clone()]);
    }
    if args.inconclusive == Inconclusive::Warn {
        words.extend(["--inconclusive", "warn"].map(str::to_owned));
    }
    if let Some(out) = &args.out {
        words.extend(["--out".to_owned(), out.display().to_string()]);
    }
    shell_words::join(words)
}

/// The secrets that the scenarios of a release read: their runs get the environment of the job.
fn secrets_of_scenarios(checklist: &Checklist) -> BTreeSet<String> {
    let files: BTreeSet<_> = checklist
        .items()
        .filter_map(|item| match &item.work {
            Some(Work::Scenario(run)) => Some(&run.file),
            _ => None,
        })
        .collect();
    // What cannot be read has no secrets, and is a mistake of its own run.
    files.into_iter().filter_map(|file| fs::read_to_string(file).ok()).flat_map(|text| secrets_in(&text)).collect()
}

/// The names behind `secret.` in templates of `text`.
fn secrets_in(text: &str) -> Vec<String> {
    let templates = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    let names = templates.flat_map(|template| template.split("secret.").skip(1)).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest[..end].to_owned()
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_scenario_are_found_in_its_templates() {
        let text = "a = \"${ secret.TOKEN }\"\n# secret.NONE\nb = \"${ 'x' ~ secret.USER_1 }:${secret.PW|d('')}\"";
        assert_eq!(secrets_in(text), ["TOKEN", "USER_1", "PW"]);
    }
}
