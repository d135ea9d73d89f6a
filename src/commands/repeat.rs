//! The command that repeats a run, and the commit that its scenario is from.

use std::path::Path;
use std::time::Duration;

use crate::cli::{RunArgs, ScenarioArgs};
use crate::plan::Plan;
use crate::report::Commit;

/// So long `git` is waited for: a repository may lie on a disk that is slow.
const PATIENCE: Duration = Duration::from_secs(2);
/// No answer of interest is longer.
const MOST_BYTES: u64 = 4_096;

/// The command that carries out the same, for a shell; what is secret stands as `[redacted]` in it.
pub(super) fn repeated(args: &RunArgs, plan: &Plan) -> String {
    let mut words = of_scenario("run", &args.scenario, plan);
    args.baseline.iter().for_each(|path| words.extend(["--baseline".to_owned(), path.display().to_string()]));
    let flags = [("--demo", args.demo), ("--different-scenarios", args.different_scenarios)];
    words.extend(flags.into_iter().filter(|(_, given)| *given).map(|(name, _)| name.to_owned()));
    for_shell(&words, plan)
}

/// The words of `command` up to those of its own.
pub(super) fn of_scenario(command: &str, scenario: &ScenarioArgs, plan: &Plan) -> Vec<String> {
    let mut words = vec!["mnload".to_owned(), command.to_owned(), scenario.scenario.display().to_string()];
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    if let Some(profile) = &scenario.profile {
        option("--profile", profile.clone());
    }
    for (key, value) in &scenario.set {
        option("--set", format!("{key}={}", plan.secrets.redact_named(key, value)));
    }
    if let Some(file) = &scenario.env_file {
        option("--env-file", file.display().to_string());
    }
    if let Some(workers) = scenario.workers {
        option("--workers", workers.to_string());
    }
    words
}

/// `words` as one line for a shell, without secrets.
pub(super) fn for_shell(words: &[String], plan: &Plan) -> String {
    shell_words::join(words.iter().map(|word| plan.secrets.redact(word).into_owned()))
}

/// The commit of the repository that `scenario` lies in; none without `git` or a repository.
pub(super) fn commit_of(scenario: &Path) -> Option<Commit> {
    let folder = scenario.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = scenario.file_name()?.to_str()?;
    let id = git(folder, &["rev-parse", "--verify", "HEAD"])?.trim().to_owned();
    let is_hash = (40..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash {
        return None;
    }
    // What is not in the repository is not in its commit either.
    let known = git(folder, &["ls-files", "--error-unmatch", "--", file]).is_some();
    let status = git(folder, &["status", "--porcelain", "--untracked-files=no"])?;
    Some(Commit { id, changed: !known || !status.is_empty() })
}

/// What `git` says in `folder`, as far as it is of interest; none if it fails or takes too long.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    crate::system::git(folder, arguments, PATIENCE, MOST_BYTES)
}
