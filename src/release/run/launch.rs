//! The command of an item: a team's own, or a run of mnload, in the environment that commands get.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::work::{CommandLine, Program, ScenarioRun, Work};
use super::ground::{Ground, file_time};
use super::process::{self, Ended, Halt, Launch};

/// A command has so long to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(5);
/// A run of mnload lets its requests finish and writes its report.
const GRACE_OF_RUNS: Duration = Duration::from_secs(15);
/// What was done with the command of an item.
pub(super) struct Carried {
    pub(super) ended: Ended,
    pub(super) text: String,
    pub(super) dir: PathBuf,
    pub(super) since: SystemTime,
    /// The run folder of a scenario.
    pub(super) run_folder: Option<PathBuf>,
    pub(super) notes: Vec<String>,
    /// The last line that it complained with, without secrets.
    pub(super) last_words: String,
}

/// What is said of a command that could not be run, and why.
pub(super) fn not_run(work: &Work, why: String) -> Carried {
    let ended = process::not_started(why);
    let since = SystemTime::UNIX_EPOCH;
    let (dir, notes) = (PathBuf::new(), Vec::new());
    Carried { ended, text: shown(work), dir, since, run_folder: None, notes, last_words: String::new() }
}

fn shown(work: &Work) -> String {
    match work {
        Work::Command(line) => line.program.shown(),
        Work::Scenario(run) => format!("mnload run {}", run.file.display()),
    }
}

/// Runs what an item runs, in an environment that `sets` is part of.
pub(super) fn run(ground: &Ground, work: &Work, folder: &Path, sets: &[(String, String)], halt: &Halt) -> Carried {
    match work {
        Work::Command(line) => run_command(ground, line, folder, sets, halt),
        Work::Scenario(run) => run_scenario(ground, run, folder, sets, halt),
    }
}

fn run_command(ground: &Ground, line: &CommandLine, folder: &Path, sets: &[(String, String)], halt: &Halt) -> Carried {
    let launch = Launch {
        words: &ground.starter.words(&line.program),
        dir: &line.dir,
        env: &environment(ground, sets, &line.env),
        timeout: line.timeout,
        grace: GRACE,
        own_session: ground.starter.own_session(),
    };
    let since = file_time(folder);
    let ended = process::carry_out(&launch, halt);
    let loss = ground.starter.loss(&line.program).map(str::to_owned);
    Carried {
        ended,
        text: line.program.shown(),
        dir: line.dir.clone(),
        since,
        run_folder: None,
        notes: loss.into_iter().collect(),
        last_words: String::new(),
    }
}

fn run_scenario(ground: &Ground, run: &ScenarioRun, folder: &Path, sets: &[(String, String)], halt: &Halt) -> Carried {
    let run_folder = folder.join("run");
    let mut words = vec!["run".to_owned(), run.file.display().to_string()];
    let profile = run.profile.iter().map(|profile| ("--profile", profile.clone()));
    let set = run.set.iter().map(|(name, value)| ("--set", format!("{name}={value}")));
    words.extend(profile.chain(set).flat_map(|(option, value)| [option.to_owned(), value]));
    words.extend(["--out".to_owned(), run_folder.display().to_string(), "--quiet".to_owned(), "--no-ci".to_owned()]);
    let text = format!("mnload {}", shell_words::join(&words));
    words.insert(0, ground.executable.display().to_string());
    let launch = Launch {
        words: &ground.starter.words(&Program::Words(words)),
        // Scenarios are named as seen from where this process runs.
        dir: Path::new(""),
        env: &environment(ground, sets, &run.env),
        timeout: run.timeout,
        grace: GRACE_OF_RUNS,
        own_session: ground.starter.own_session(),
    };
    let since = file_time(folder);
    let ended = process::carry_out(&launch, halt);
    let (dir, notes) = (PathBuf::new(), Vec::new());
    Carried { ended, text, dir, since, run_folder: Some(run_folder), notes, last_words: String::new() }
}

/// The environment of a command: the file's, what earlier items set, its own, and last what mnload says.
fn environment(ground: &Ground, sets: &[(String, String)], own: &[(String, String)]) -> Vec<(String, String)> {
    let commit = ground.commit.as_ref().map(|commit| commit.id.clone()).unwrap_or_default();
    let facts = [
        ("MNLOAD_RUN_ID", ground.run_id.clone()),
        ("MNLOAD_COMMIT", commit),
        ("MNLOAD_RELEASE_DIR", ground.folder.display().to_string()),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value));
    [&ground.env, &ground.checklist.env, sets, own, &facts].concat()
}
