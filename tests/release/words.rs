//! The vocabulary of these tests: a folder with a release file, perhaps a repository, and what a release left there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mnload::release::result::{ItemResult, ReleaseResult};
use mnload::verdict::Status;

use super::support::{Outcome, Running, Workspace};

/// A folder whose `release.toml` is carried out.
pub(crate) struct Release {
    pub(crate) workspace: Workspace,
}

/// A release that is over.
pub(crate) struct Left {
    pub(crate) outcome: Outcome,
    pub(crate) folder: PathBuf,
}

impl Release {
    /// One with this text.
    pub(crate) fn of(text: &str) -> Self {
        let workspace = Workspace::with("");
        workspace.file("release.toml", text);
        std::fs::remove_file(workspace.path().join("scenario.toml")).unwrap();
        Self { workspace }
    }

    /// One gate `A` with these items.
    pub(crate) fn items(text: &str) -> Self {
        Self::of(&format!("name = 'test'\n[[gate]]\nid = 'A'\n{text}"))
    }

    /// The same in a repository, with all of it in a commit.
    pub(crate) fn committed(self) -> Self {
        std::fs::write(self.path().join(".gitignore"), "left/\nrun*/\n").unwrap();
        self.git(&["init", "-q"]);
        self.commit();
        self
    }

    pub(crate) fn env(self, name: &str, value: &str) -> Self {
        Self { workspace: self.workspace.env(name, value) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.workspace.path()
    }

    /// Puts everything into a commit.
    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        let own = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", "-c", "gc.auto=0"];
        let done = Command::new("git").args(own).args(arguments).current_dir(self.path()).status().unwrap();
        assert!(done.success(), "{arguments:?}");
    }

    /// `mnload release release.toml --out run …`, to its end.
    pub(crate) fn run(&self, more: &[&str]) -> Left {
        self.run_into("run", more)
    }

    /// The same with a run folder of this name.
    pub(crate) fn run_into(&self, folder: &str, more: &[&str]) -> Left {
        let outcome = self.start(folder, more).finish();
        Left { outcome, folder: self.path().join(folder) }
    }

    /// The same, under way.
    pub(crate) fn start(&self, folder: &str, more: &[&str]) -> Running {
        self.workspace.spawn(&[&["release", "release.toml", "--out", folder], more].concat())
    }

    /// Waits until the file `name` is there.
    pub(crate) fn wait_for(&self, name: &str) {
        let start = Instant::now();
        while !self.path().join(name).exists() {
            assert!(start.elapsed() < Duration::from_secs(60), "{name} never came");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many lines the file `name` has: commands write one each time they run.
    pub(crate) fn lines(&self, name: &str) -> usize {
        std::fs::read_to_string(self.path().join(name)).map_or(0, |text| text.lines().count())
    }
}

impl Left {
    /// Panics unless the exit code is `wanted`.
    pub(crate) fn exits_with(mut self, wanted: i32) -> Self {
        self.outcome = self.outcome.exits_with(wanted);
        self
    }

    /// `result.json`.
    pub(crate) fn result(&self) -> ReleaseResult {
        let text = std::fs::read_to_string(self.folder.join("result.json"));
        let text = text.unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.outcome.stdout, self.outcome.stderr));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    pub(crate) fn item(&self, id: &str) -> ItemResult {
        let gates = self.result().gates;
        gates.into_iter().flat_map(|gate| gate.items).find(|item| item.id == id).unwrap()
    }

    /// Panics unless the item came out so, with `why` among its reasons.
    pub(crate) fn came_out(&self, id: &str, status: Status, why: &str) {
        let item = self.item(id);
        assert_eq!(item.status, status, "{id}: {item:#?}");
        assert!(item.reasons.join("\n").contains(why) || why.is_empty(), "no `{why}` in {:#?}", item.reasons);
    }

    /// What is kept in the run folder under `name`.
    pub(crate) fn kept(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// Every file of the run folder and both streams, as one text.
    pub(crate) fn everything(&self) -> String {
        let mut all = format!("{}{}", self.outcome.stdout, self.outcome.stderr);
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap())),
                }
            }
        }
        all
    }
}
