//! The vocabulary of the tests that go through the binary: write a scenario, run it, look at what it left.
#![allow(dead_code, reason = "every test program uses its own part of this")]

pub(crate) mod blocks;
pub(crate) mod prometheus;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod seen;
pub(crate) mod server;
pub(crate) mod starved;
pub(crate) mod tunnel;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mnload::report::RunResult;
use tempfile::TempDir;

/// Far longer than any test takes on any machine; a hang ends here.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with one scenario file in it.
pub(crate) struct Workspace {
    folder: Arc<TempDir>,
    environment: Vec<(String, String)>,
}

/// What a finished command left.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) run_folder: PathBuf,
    /// Kept for as long as somebody may look at the files.
    _folder: Arc<TempDir>,
}

/// A command under way.
pub(crate) struct Running {
    pub(crate) child: Child,
    folder: Arc<TempDir>,
}

impl Workspace {
    /// A folder whose `scenario.toml` holds `text`.
    pub(crate) fn with(text: &str) -> Self {
        let workspace = Self { folder: Arc::new(TempDir::new().unwrap()), environment: Vec::new() };
        workspace.file("scenario.toml", text);
        workspace
    }

    /// Sets an environment variable for commands.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes another file beside the scenario.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `mnload run scenario.toml --out run …`, to its end.
    pub(crate) fn run(&self, more: &[&str]) -> Outcome {
        self.start(more).finish()
    }

    /// The same, under way.
    pub(crate) fn start(&self, more: &[&str]) -> Running {
        let run = ["run", "scenario.toml", "--out", "run"];
        self.spawn(&[&run, more].concat())
    }

    /// Any command, to its end.
    pub(crate) fn mnload(&self, arguments: &[&str]) -> Outcome {
        self.spawn(arguments).finish()
    }

    /// Any command, under way.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        self.spawn_program(env!("CARGO_BIN_EXE_mnload"), arguments)
    }

    /// Any program, as mnload is run.
    pub(crate) fn spawn_program(&self, program: &str, arguments: &[&str]) -> Running {
        let child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            // The build that the tests may be part of is none of theirs.
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITLAB_CI")
            .env_remove("TF_BUILD")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { child, folder: Arc::clone(&self.folder) }
    }
}

impl Running {
    /// Sends a signal by its name, as `kill` does.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; outputs are small enough for the pipes to hold.
    pub(crate) fn finish(mut self) -> Outcome {
        let status = self.wait();
        let mut outcome = Outcome {
            code: status.code(),
            stdout: String::new(),
            stderr: String::new(),
            run_folder: self.folder.path().join("run"),
            _folder: self.folder,
        };
        self.child.stdout.take().unwrap().read_to_string(&mut outcome.stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut outcome.stderr).unwrap();
        outcome
    }

    fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if start.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("the command did not end within {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Outcome {
    /// `result.json`.
    pub(crate) fn result(&self) -> RunResult {
        let text = std::fs::read_to_string(self.run_folder.join("result.json")).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}\n{}", self.stderr))
    }

    /// Panics with everything that was said unless the exit code is `wanted`.
    pub(crate) fn exits_with(self, wanted: i32) -> Self {
        assert_eq!(self.code, Some(wanted), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless stdout holds `text`, however its lines are broken.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || in_one_line(&self.stdout).contains(text),
            "no `{text}` in stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Panics unless stderr holds `text`.
    pub(crate) fn tells(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in stderr:\n{}", self.stderr);
        self
    }
}

/// `text` without its line ends: the console breaks sentences at 80 columns.
pub(crate) fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is said of a run that the machine disturbed.
const DISTURBED: [&str; 3] =
    ["the generator was late", "the generator may have been the limit", "the generator stood still"];

/// What `attempt` leaves when the machine lets the generator be punctual.
///
/// A busy machine makes a run inconclusive, and rightly so; what such a test is about is seen in a quiet moment. One
/// load runs at a time, so that tests do not disturb each other.
pub(crate) fn punctual(attempt: impl Fn() -> Outcome) -> Outcome {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut attempts = (0..8).map(|_| attempt());
    let mut last = attempts.next().unwrap();
    while DISTURBED.iter().any(|words| in_one_line(&last.stdout).contains(words)) {
        match attempts.next() {
            Some(next) => last = next,
            None => break,
        }
    }
    last
}

/// An address on loopback where nothing listens.
pub(crate) fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
