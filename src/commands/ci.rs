//! The build server that a run is part of: found by the environment, told in its own words.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::explore::ExplorationResult;
use crate::release::result::ReleaseResult;
use crate::report::{
    self, ExplorationKind, Kind, Place, ReleaseKind, RenderError, Report, Server, exploration_outputs, github_outputs,
    guarded, release_outputs, release_to_azure, release_to_github, step_summary, told_to_azure, told_to_github,
};

/// The server, if there is one that is to be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ci(Option<Server>);

impl Ci {
    /// The one that the environment tells of; none if it is not `wanted`.
    pub(super) fn around(wanted: bool) -> Self {
        Self(Server::of(|name| env::var(name).ok()).filter(|_| wanted))
    }

    /// What the run folder holds because of it.
    pub(super) fn kinds(self) -> &'static [Kind] {
        self.0.map_or(&[], Server::kinds)
    }

    /// The report for people, with nothing in it that the log takes for a command.
    pub(super) fn guard(self, text: &str) -> String {
        match self.0 {
            Some(Server::GitHub) => guarded(text, &token()),
            Some(Server::Azure | Server::GitLab) => report::inert(text),
            None => text.to_owned(),
        }
    }

    /// What the log is to show beside itself.
    pub(super) fn issues(self, report: &Report, folder: &Path) -> String {
        let place = || place_of(&report.result.plan.file);
        match self.0 {
            Some(Server::GitHub) => told_to_github(&report.result, &place()),
            Some(Server::Azure) => {
                let summary = folder.join(Kind::Markdown.file_name());
                told_to_azure(&report.result, &place(), &fs::canonicalize(&summary).unwrap_or(summary))
            }
            Some(Server::GitLab) | None => String::new(),
        }
    }

    /// What the log is to show of a release beside itself; `lines` are those of its items in its file.
    pub(super) fn issues_of_release(
        self,
        result: &ReleaseResult,
        lines: BTreeMap<String, usize>,
        folder: &Path,
    ) -> String {
        let place = || Place { file: in_repository(&result.file), lines };
        match self.0 {
            Some(Server::GitHub) => release_to_github(result, &place()),
            Some(Server::Azure) => {
                let summary = folder.join(ReleaseKind::Markdown.file_name());
                release_to_azure(result, &place(), &fs::canonicalize(&summary).unwrap_or(summary))
            }
            Some(Server::GitLab) | None => String::new(),
        }
    }

    /// Appends to the files that the server reads when the step is over; gives what could not be written.
    pub(super) fn append(self, report: &Report, folder: &Path) -> Vec<String> {
        let page = folder.join(Kind::Html.file_name());
        let outputs = |token: &str| github_outputs(&report.result, &page.display().to_string(), token);
        self.append_texts(|out| Kind::Markdown.render(report, out), outputs)
    }

    /// The same of a release.
    pub(super) fn append_release(self, result: &ReleaseResult, folder: &Path) -> Vec<String> {
        let page = folder.join(ReleaseKind::Html.file_name());
        let outputs = |token: &str| release_outputs(result, &page.display().to_string(), token);
        self.append_texts(|out| ReleaseKind::Markdown.render(result, out), outputs)
    }

    /// The same of an exploration.
    pub(super) fn append_exploration(self, result: &ExplorationResult, folder: &Path) -> Vec<String> {
        let page = folder.join(ExplorationKind::Html.file_name());
        let outputs = |token: &str| exploration_outputs(result, &page.display().to_string(), token);
        self.append_texts(|out| ExplorationKind::Markdown.render(result, out), outputs)
    }

    fn append_texts(
        self,
        render: impl FnOnce(&mut Vec<u8>) -> Result<(), RenderError>,
        outputs: impl FnOnce(&str) -> String,
    ) -> Vec<String> {
        let Some(Server::GitHub) = self.0 else { return Vec::new() };
        let mut troubles = Vec::new();
        if let Some(path) = named("GITHUB_STEP_SUMMARY") {
            let mut markdown = Vec::new();
            let rendered = render(&mut markdown).map_err(|error| error.to_string());
            let present = fs::metadata(&path).map_or(0, |file| file.len());
            let summary = step_summary(String::from_utf8_lossy(&markdown).into_owned(), present);
            troubles.extend(rendered.and_then(|()| append(&path, &summary)).err());
        }
        if let Some(path) = named("GITHUB_OUTPUT") {
            troubles.extend(append(&path, &outputs(&token())).err());
        }
        troubles
    }
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn append(path: &Path, text: &str) -> Result<(), String> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// What nobody can have known before: 128 bits from the system's randomness.
fn token() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}

/// Where the scenario lies in the repository, and which lines its gates stand in.
fn place_of(file: &str) -> Place {
    // A pipe was read to its end when the run was planned: it would never end again.
    let is_file = fs::metadata(file).is_ok_and(|it| it.is_file());
    let text = if is_file { fs::read_to_string(file).unwrap_or_default() } else { String::new() };
    Place { file: in_repository(file), lines: lines_of_gates(&text) }
}

/// The path from the root of the repository, as far as the server tells where that is.
fn in_repository(file: &str) -> String {
    let root = ["GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY"].into_iter().find_map(named);
    let whole = fs::canonicalize(file).ok();
    let below = root
        .and_then(|root| fs::canonicalize(root).ok())
        .zip(whole)
        .and_then(|(root, whole)| whole.strip_prefix(root).ok().map(|path| path.display().to_string()));
    below.unwrap_or_else(|| file.to_owned())
}

/// The lines of `[gates]` in a scenario, by name; those of other files and of profiles are left out.
fn lines_of_gates(text: &str) -> BTreeMap<String, usize> {
    #[derive(serde::Deserialize)]
    struct Gates {
        #[serde(default)]
        gates: BTreeMap<String, toml::Spanned<toml::Value>>,
    }
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let gates = toml::from_str::<Gates>(text).map(|scenario| scenario.gates).unwrap_or_default();
    gates.into_iter().map(|(name, gate)| (name, line(gate.span().start))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_found_in_their_lines() {
        let lines =
            lines_of_gates("name = 'x'\n[gates]\n\nlatency = 'p95 < 1s'\n\"a b\" = 'rate > 1/s'\n[profile.a]\n");
        assert_eq!(lines, BTreeMap::from([("latency".to_owned(), 4), ("a b".to_owned(), 5)]));
        assert_eq!(lines_of_gates("= wrong"), BTreeMap::new());
    }

    #[test]
    fn no_two_tokens_are_alike() {
        assert_ne!(token(), token());
        assert_eq!(token().len(), 32);
    }
}
