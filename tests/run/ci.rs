//! Runs as part of a build: what its server is told, and what it must never take for a command.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use mnload::cli::Cli;
use mnload::demo::{Demo, DemoOptions};
use serde_json::Value;

use crate::support::raw::{self, RawServer};
use crate::support::{Outcome, Workspace};

const GATES: &str = "[gates]\nerrors = \"error_rate < 1%\"\n";

fn scenario(name: &str, base_url: &str) -> String {
    format!(
        "name = \"{name}\"\n[target]\nbase_url = \"{base_url}\"\n[[step]]\nname = \"a page\"\nget = \"/no-such-page\"\nexpect = {{ status = 200, body = \"x\" }}\n{GATES}"
    )
}

fn file(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a step of GitHub gives to those after it.
fn outputs_of(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match (line.split_once("<<"), line.split_once('=')) {
            (Some((name, end)), _) => {
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                outputs.insert(name.to_owned(), value.join("\n"));
            }
            (None, Some((name, value))) => drop(outputs.insert(name.to_owned(), value.to_owned())),
            (None, None) => panic!("not an output: {line}"),
        }
    }
    outputs
}

/// The commands that a runner of GitHub would carry out.
fn commands_of(log: &str) -> Vec<String> {
    let mut stopped: Option<String> = None;
    let mut commands = Vec::new();
    for line in log.lines().map(str::trim) {
        assert!(!line.contains("##["), "the older form of commands: {line}");
        match (&stopped, line.strip_prefix("::")) {
            (Some(token), Some(rest)) if rest == format!("{token}::") => stopped = None,
            (None, Some(rest)) => match rest.strip_prefix("stop-commands::") {
                Some(token) => stopped = Some(token.to_owned()),
                None => commands.push(line.to_owned()),
            },
            _ => {}
        }
    }
    assert_eq!(stopped, None, "commands are taken again at the end");
    commands
}

/// The body of an answer that tries to be a command.
const HOSTILE: &str =
    "::error::from the body\n##vso[task.complete result=Succeeded;]\n\u{1b}[0Ksection_start:1:x\r::stop-commands::x\n";

/// A target whose answers are commands, and a scenario whose names are.
fn hostile(variables: &[(&str, &str)]) -> (Workspace, Outcome) {
    let server = RawServer::start(|_, _| raw::answer(500, "content-type: text/plain\r\n", HOSTILE));
    let workspace = Workspace::with(&scenario("::warning::from the name ##vso[x]", &server.base_url()));
    let workspace = variables.iter().fold(workspace, |workspace, (name, value)| workspace.env(name, value));
    let outcome = workspace.run(&["--workers", "1"]).exits_with(99);
    (workspace, outcome)
}

#[test]
fn github_is_told_in_its_own_words_and_takes_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("summary"), "before\n").unwrap();
    let (summary, output) = (path("summary"), path("output"));
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", summary.as_str()), ("GITHUB_OUTPUT", &output)];
    let (_workspace, outcome) = hostile(&variables);
    let told = commands_of(&outcome.stdout);
    assert!(told.iter().all(|command| command.starts_with("::error file=scenario.toml,")), "{told:?}");
    assert!(
        told[0].starts_with("::error file=scenario.toml,line=9,title=errors::wanted error_rate < 1%25"),
        "{told:?}"
    );
    assert_eq!(commands_of(&outcome.stderr), Vec::<String>::new());
    assert!(outcome.stdout.contains("from the body"), "it is shown all the same");
    let summary = file(Path::new(&summary));
    assert!(summary.starts_with("before\n## ❌ FAIL: "), "{summary}");
    let outputs = outputs_of(&file(Path::new(&output)));
    assert_eq!((outputs["verdict"].as_str(), outputs["exit_code"].as_str()), ("fail", "99"));
    assert_eq!(outputs["report_path"], "run/report.html");
    assert!(outputs["p95_ms"].parse::<f64>().is_ok(), "{outputs:?}");
}

#[test]
fn what_a_failed_setup_saw_is_no_command_either() {
    let server = RawServer::start(|_, _| raw::answer(500, "content-type: text/plain\r\n", HOSTILE));
    let setup = "[[setup]]\nname = \"::error::sign in\"\nget = \"/\"\nexpect = { body = \"x\" }\n";
    let workspace = Workspace::with(&format!("{}{setup}", scenario("::error::x", &server.base_url())));
    for (name, value) in [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")] {
        let outcome = Workspace::with(&std::fs::read_to_string(workspace.path().join("scenario.toml")).unwrap());
        let outcome = outcome.env(name, value).run(&[]).exits_with(3).tells("from the body");
        let all = format!("{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(commands_of(&all), Vec::<String>::new());
        assert!(!all.to_ascii_lowercase().contains("##vso["), "{all}");
    }
}

#[test]
fn a_document_on_stdout_stays_whole_beside_annotations() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = Workspace::with(&scenario("x", &demo.base_url())).env("GITHUB_ACTIONS", "true");
    let outcome = workspace.run(&["--format", "json"]).exits_with(99);
    assert!(serde_json::from_str::<Value>(&outcome.stdout).is_ok());
    assert!(!commands_of(&outcome.stderr).is_empty(), "{}", outcome.stderr);
}

#[test]
fn gitlab_finds_its_files_and_azure_its_lines() {
    let (_workspace, outcome) = hostile(&[("GITLAB_CI", "true")]);
    let shown: Value = serde_json::from_str(&file(&outcome.run_folder.join("load-performance.json"))).unwrap();
    assert_eq!(shown["metrics"]["checks"]["passes"], 0);
    assert!(file(&outcome.run_folder.join("metrics.txt")).ends_with("# EOF\n"));
    assert!(!outcome.stdout.contains('\u{1b}') && !outcome.stderr.contains('\u{1b}'));

    let (_workspace, outcome) = hostile(&[("TF_BUILD", "True")]);
    assert!(!outcome.run_folder.join("metrics.txt").exists());
    let is_command = |line: &&str| line.to_ascii_lowercase().contains("##vso[");
    let all = format!("{}{}", outcome.stdout, outcome.stderr);
    let commands: Vec<&str> = all.lines().filter(is_command).collect();
    let (last, issues) = commands.split_last().unwrap();
    assert!(
        issues.iter().all(|line| line.starts_with("##vso[task.logissue type=error;sourcepath=scenario.toml;")),
        "{issues:?}"
    );
    assert!(issues.iter().all(|line| line.matches("##").count() == 1), "{issues:?}");
    let summary = last.strip_prefix("##vso[task.uploadsummary]").unwrap();
    assert!(Path::new(summary).is_absolute() && file(Path::new(summary)).contains("FAIL"), "{last}");
}

#[test]
fn no_server_is_told_of_what_is_not_its_business() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("output");
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = Workspace::with(&scenario("x", &demo.base_url()))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", &output.display().to_string());
    let outcome = workspace.run(&["--no-ci"]).exits_with(99);
    assert!(!output.exists() && !outcome.stdout.contains("::"), "{}", outcome.stdout);
    // What the server's files do not take is said, and changes nothing.
    let workspace = workspace.env("GITHUB_OUTPUT", "/none/output");
    workspace.run(&["--overwrite"]).exits_with(99).tells("cannot write /none/output");
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&file(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path))).unwrap()
}

/// The scripts of the GitHub action by the names of their steps.
fn action_scripts() -> BTreeMap<String, String> {
    let action = yaml("ci/github/action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap().clone();
    let scripts =
        steps.iter().filter_map(|step| Some((step["name"].as_str()?.to_owned(), step["run"].as_str()?.to_owned())));
    scripts.collect()
}

fn gitlab_scripts() -> Vec<String> {
    let job = &yaml("ci/gitlab/mnload.gitlab-ci.yml")[".mnload"];
    let lines = [&job["before_script"], &job["script"]].into_iter().flat_map(|part| part.as_array().unwrap());
    lines.map(|line| line.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_files_for_github_and_gitlab_ask_for_what_there_is() {
    let cli = Cli::command();
    let run = cli.find_subcommand("run").unwrap();
    let known: Vec<String> =
        run.get_arguments().filter_map(|argument| argument.get_long().map(|long| format!("--{long}"))).collect();
    let calls = [action_scripts()["Run mnload"].clone(), gitlab_scripts()[1].clone()];
    let words = calls.iter().flat_map(|text| text.split([' ', '\n', '(']));
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    let flags: Vec<&str> = words.filter(|word| word.starts_with("--") && word.len() > 2).collect();
    assert!(flags.len() >= 6, "{flags:?}");
    assert!(flags.iter().all(|flag| known.contains(&(*flag).to_owned())), "{flags:?} of {known:?}");

    let action = yaml("ci/github/action.yml");
    let outputs: Vec<&String> = action["outputs"].as_object().unwrap().keys().collect();
    let result = Demo::start(DemoOptions::without_latency())
        .map(|demo| Workspace::with(&scenario("x", &demo.base_url())).run(&[]).result());
    let written = outputs_of(&mnload::report::github_outputs(&result.unwrap(), "", "t"));
    let own = ["state".to_owned()];
    assert!(outputs.iter().all(|name| written.contains_key(*name) || own.contains(name)), "{outputs:?} of {written:?}");
    for input in action["inputs"].as_object().unwrap().keys() {
        let text = file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/github/action.yml"));
        assert!(text.contains(&format!("inputs.{input}")), "{input} is asked for and not used");
    }

    let gitlab = yaml("ci/gitlab/mnload.gitlab-ci.yml");
    let reports = gitlab[".mnload"]["artifacts"]["reports"].as_object().unwrap().clone();
    let files: Vec<&str> = mnload::report::Kind::ALL.iter().map(|kind| kind.file_name()).collect();
    for (name, path) in &reports {
        let known = path.as_str().unwrap().strip_prefix("mnload-run/").is_some_and(|file| files.contains(&file));
        assert!(known, "{name}: {path}");
    }
    assert_eq!(reports.len(), 3);
    assert_eq!(gitlab[".mnload-inconclusive-warns"]["allow_failure"]["exit_codes"][0], 4);
}

#[test]
fn every_script_is_one_that_the_shell_reads() {
    let scripts = action_scripts().into_values().chain(gitlab_scripts());
    for script in scripts {
        let read = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
        assert!(read.status.success(), "{}\n{script}", String::from_utf8_lossy(&read.stderr));
    }
}

/// Runs a script of the action as GitHub does.
fn step(script: &str, folder: &Path, variables: &[(&str, &str)]) -> (Option<i32>, String, BTreeMap<String, String>) {
    let bin = Path::new(env!("CARGO_BIN_EXE_mnload")).parent().unwrap();
    let output = folder.join("output");
    std::fs::write(&output, "").unwrap();
    let done = Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_STEP_SUMMARY", folder.join("summary"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned(), outputs_of(&file(&output)))
}

#[test]
fn the_action_keeps_going_after_a_failure_and_its_last_step_decides() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = Workspace::with(&scenario("fails", &demo.base_url()));
    let passing =
        scenario("passes", &demo.base_url()).replace("/no-such-page", "/health").replace(", body = \"x\"", "");
    workspace.file("passing.toml", &passing);
    workspace.file("wrong.toml", "nmae = 1");
    workspace
        .file("undecided.toml", &passing.replace("\"error_rate < 1%\"", "\"error_rate < 1%, at least 1000 samples\""));
    let scripts = action_scripts();
    for (name, more, state, code, decided) in [
        ("passing.toml", "", "pass", "0", [0, 0]),
        ("passing.toml", "--quiet --report k6", "pass", "0", [0, 0]),
        ("scenario.toml", "", "fail", "99", [99, 99]),
        ("undecided.toml", "", "inconclusive", "4", [4, 0]),
        ("wrong.toml", "", "error", "3", [3, 3]),
    ] {
        let variables =
            [("MNLOAD_SCENARIO", name), ("MNLOAD_PROFILE", ""), ("MNLOAD_ARGS", more), ("MNLOAD_OUT", "kept")];
        let (ended, log, outputs) = step(&scripts["Run mnload"], workspace.path(), &variables);
        assert_eq!(ended, Some(0), "the evidence is still to be kept: {log}");
        assert_eq!((outputs["state"].as_str(), outputs["exit_code"].as_str()), (state, code), "{name}: {log}");
        assert_eq!(outputs.contains_key("verdict"), state != "error", "{outputs:?}");
        // Nothing of an earlier run is taken for this one's.
        let is_there = |file: &str| workspace.path().join("kept").join(file).exists();
        assert_eq!(is_there("k6-summary.json"), more.contains("k6"), "{name}");
        assert_eq!(is_there("result.json"), state != "error", "{name}");
        for (inconclusive, wanted) in ["fail", "warn"].into_iter().zip(decided) {
            let variables = [("MNLOAD_STATE", state), ("MNLOAD_CODE", code), ("MNLOAD_INCONCLUSIVE", inconclusive)];
            let (ended, _, _) = step(&scripts["Decide"], workspace.path(), &variables);
            assert_eq!(ended, Some(wanted), "{name} with {inconclusive}");
        }
    }
    assert!(file(&workspace.path().join("summary")).contains("PASS"));
}

#[test]
fn the_job_of_gitlab_exits_as_mnload_does() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let workspace = Workspace::with(&scenario("fails", &demo.base_url()));
    let variables = [
        ("MNLOAD_SCENARIO", "scenario.toml"),
        ("MNLOAD_PROFILE", ""),
        ("MNLOAD_ARGS", "--quiet"),
        ("GITLAB_CI", "true"),
        ("GITHUB_ACTIONS", ""),
    ];
    let (ended, log, _) = step(&gitlab_scripts()[1], workspace.path(), &variables);
    assert_eq!(ended, Some(99), "{log}");
    for name in ["junit.xml", "metrics.txt", "load-performance.json"] {
        assert!(workspace.path().join("mnload-run").join(name).exists(), "{name}");
    }
}
