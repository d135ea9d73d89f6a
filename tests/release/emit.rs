//! `mnload release emit`: the same bytes from the same file wherever it is made, and every form does what the file says.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use mnload::cli::Cli;
use serde_json::Value;

use crate::support::Workspace;

const FORMS: [&str; 4] = ["github", "gitlab", "shell", "markdown"];

/// Three gates: one that needs nothing, one that needs an item of it, one that needs nothing and comes last.
const RELEASE: &str = r#"
name = "Shop staging"
description = "What must hold before staging is handed over."
env = { BASE_URL = "${ env.BASE_URL }", PORT = "${ env.PORT | default('8080') }" }

[roles.devops]
title = "DevOps DRI"
duty = "deployments and rollback"
people = ["Kim Park"]

[roles.qa]
title = "QA DRI"

[[gate]]
id = "A"
title = "Prep & baseline: \"all\" # of ${ '$' ~ '{{ secrets.NOTHING }' ~ '}' } it"
owners = ["devops"]

[[gate.item]]
id = "lint"
title = "Type check | lint"
rationale = "A broken build is found before it is deployed."
run = "npm run typecheck && npm run lint"

[[gate.item]]
id = "report"
title = "A report"
run = { command = ["sh", "-c", "echo ok > report.txt"], dir = "web", timeout = "5m", exit_codes = [0, 3] }
read = { text = { from = "web/report.txt", contains = ["ok"] } }
accept = "lines >= 1"
artifacts = ["web/dist"]

[[gate]]
id = "E"
title = "Deploy"
owners = ["devops", "qa"]

[[gate.item]]
id = "deploy"
run = { command = "deploy --token \"$DEPLOY_TOKEN\"", env = { DEPLOY_TOKEN = "${ secret.DEPLOY_TOKEN }" } }
needs = ["lint"]
warn = true

[[gate.item]]
id = "smoke"
title = "Smoke"
scenario = { file = "smoke.toml", profile = "staging" }

[[gate]]
id = "H"
title = "Sign-offs"

[[gate.item]]
id = "uat"
title = "Manual acceptance"
manual = "The critical paths were walked through"
owners = ["qa"]
"#;

const SMOKE: &str = "[target]\nbase_url = \"http://127.0.0.1:9\"\nheaders = { authorization = \"Bearer ${ secret.METRICS_TOKEN }\" }\n[profile.staging]\n[[step]]\nget = \"/health\"\n";

pub(super) fn workspace(release: &str) -> Workspace {
    let workspace = Workspace::with(SMOKE);
    workspace.file("smoke.toml", SMOKE);
    workspace.file("release.toml", release);
    workspace
}

pub(super) fn emitted(workspace: &Workspace, form: &str, more: &[&str]) -> String {
    let arguments = [&["release", "emit", "release.toml", "--to", form], more].concat();
    let outcome = workspace.mnload(&arguments);
    assert_eq!(outcome.code, Some(0), "{form}: {}", outcome.stderr);
    outcome.stdout
}

pub(super) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn every_form_is_written_as_before_wherever_it_is_made() {
    let here = workspace(RELEASE);
    let there = workspace(RELEASE)
        .env("BASE_URL", "http://elsewhere.example")
        .env("DEPLOY_TOKEN", "a-real-token-value")
        .env("METRICS_TOKEN", "another-real-token")
        .env("TZ", "Asia/Tokyo")
        .env("GITHUB_ACTIONS", "true");
    for form in FORMS {
        let text = emitted(&here, form, &[]);
        assert_eq!(text, emitted(&there, form, &[]), "{form}");
        assert_eq!(text, emitted(&here, form, &[]), "{form}");
        assert!(!text.contains("real-token") && !text.contains("elsewhere"), "{form}:\n{text}");
        let out = here.path().join("out.txt");
        let written = emitted(&here, form, &["--out", "out.txt"]);
        assert_eq!(written, "");
        // Only the line that says how it was made differs.
        let (text, file) = (without_origin(&text), without_origin(&std::fs::read_to_string(out).unwrap()));
        assert_eq!(text, file, "{form}");
        insta::assert_snapshot!(format!("emit_{form}"), emitted(&here, form, &[]));
    }
}

fn without_origin(text: &str) -> String {
    text.lines().filter(|line| !line.contains("Made by")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_workflow_has_a_job_for_each_gate_and_one_for_the_whole() {
    let text = emitted(&workspace(RELEASE), "github", &[]);
    let workflow = yaml(&text);
    assert_eq!(workflow["name"], "Release: Shop staging");
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    assert!(workflow["on"]["workflow_dispatch"]["inputs"]["sign"].is_object());
    let jobs = workflow["jobs"].as_object().unwrap();
    assert_eq!(jobs.keys().collect::<BTreeSet<_>>().len(), 4);
    for (id, job) in jobs {
        for need in job["needs"].as_array().into_iter().flatten() {
            assert!(jobs.contains_key(need.as_str().unwrap()), "{id} needs {need}");
        }
        for step in job["steps"].as_array().unwrap() {
            assert_ne!(step["run"].is_string(), step["uses"].is_string(), "{id}: {step}");
        }
    }
    // A gate that needs nothing runs whatever becomes of those before; one that needs something does not.
    assert_eq!((&jobs["gate-A"]["needs"], &jobs["gate-A"]["if"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&jobs["gate-E"]["needs"][0], &jobs["gate-E"]["if"]),
        (&"gate-A".into(), &"${{ !cancelled() && needs.gate-A.result == 'success' }}".into())
    );
    assert_eq!((&jobs["gate-H"]["needs"][0], &jobs["gate-H"]["if"]), (&"gate-E".into(), &"${{ !cancelled() }}".into()));
    assert_eq!(jobs["go-no-go"]["needs"].as_array().unwrap().len(), 3);
    // Secrets of the file and of its scenarios; variables without a default.
    let wanted = serde_json::json!({
        "BASE_URL": "${{ vars.BASE_URL }}",
        "DEPLOY_TOKEN": "${{ secrets.DEPLOY_TOKEN }}",
        "METRICS_TOKEN": "${{ secrets.METRICS_TOKEN }}",
    });
    let step = jobs["gate-E"]["steps"].as_array().unwrap().iter().find(|step| step["name"] == "Gate E").unwrap();
    assert_eq!(step["env"], wanted);
    assert_eq!(text.matches("secrets.DEPLOY_TOKEN }}").count(), 4, "no other step gets them:\n{text}");
    assert!(!text.contains("${{ secrets.NOTHING"), "a title is not evaluated:\n{text}");
}

#[test]
fn a_pipeline_has_a_stage_for_each_gate_and_keeps_its_evidence() {
    let workspace = workspace(RELEASE);
    let pipeline = yaml(&emitted(&workspace, "gitlab", &[]));
    assert_eq!(pipeline["stages"], serde_json::json!(["gate-A", "gate-E", "gate-H", "go-no-go"]));
    for job in ["gate-A", "gate-E", "gate-H", "go-no-go"] {
        let job = &pipeline[job];
        assert_eq!(job["artifacts"]["when"], "always");
        assert!(job["artifacts"]["reports"]["junit"].as_str().unwrap().ends_with("/junit.xml"));
        assert_eq!(job["allow_failure"], Value::Null);
    }
    assert_eq!(pipeline["gate-E"]["needs"][0], "gate-A");
    assert_eq!(pipeline["gate-H"]["when"], "always");
    let kept = pipeline["gate-A"]["artifacts"]["paths"].as_array().unwrap();
    assert_eq!(*kept, ["reports/release-A", "web/report.txt", "web/dist"]);
    let warns = yaml(&emitted(&workspace, "gitlab", &["--inconclusive", "warn"]));
    let allowed = |job: &str| warns[job]["allow_failure"]["exit_codes"].clone();
    // Nothing stands on a gate of which nothing is known.
    assert_eq!((allowed("gate-A"), allowed("gate-E")), (Value::Null, serde_json::json!([4])));
    assert_eq!(allowed("go-no-go"), serde_json::json!([4]));
}

#[test]
fn no_text_of_a_file_leaves_its_place() {
    let texts = [
        "a: b # c",
        // A template that gives the start of an expression of GitHub.
        "x ${ '$' ~ '{{ secrets.GITHUB_TOKEN }' ~ '}' } {{ y }}",
        "\"quoted\" 'and' \\\\ $(touch pwned) `touch pwned`",
        "- [x] <script>alert(1)</script> | @everyone\\n::error::x",
        "\\u001b[31m \\u202e \\u0085 ]]>",
    ];
    for text in texts {
        let quoted = format!("\"{}\"", text.replace('"', "\\\""));
        let release = format!(
            "name = {quoted}\ndescription = {quoted}\n[[gate]]\nid = \"A\"\ntitle = {quoted}\n[[gate.item]]\nid = \"a\"\ntitle = {quoted}\nrun = \"true\"\nmanual = {quoted}\nartifacts = [{quoted}]\n"
        );
        let workspace = workspace(&release);
        let github = emitted(&workspace, "github", &["--inconclusive", "warn"]);
        assert!(!github.contains("${{ secrets.GITHUB_TOKEN"), "{github}");
        let jobs = yaml(&github)["jobs"].as_object().unwrap().len();
        assert_eq!(jobs, 2, "{github}");
        let gitlab = yaml(&emitted(&workspace, "gitlab", &[]));
        assert_eq!(gitlab.as_object().unwrap().len(), 4, "{gitlab}");
        let shell = emitted(&workspace, "shell", &["--inconclusive", "warn"]);
        assert_runs_as(&workspace, "sh", &shell);
        let markdown = emitted(&workspace, "markdown", &[]);
        let bare: String = markdown.split('`').step_by(2).collect();
        assert!(!bare.contains("<script") && !bare.contains("@everyone"), "{markdown}");
        for form in [&github, &shell, &markdown] {
            assert!(!form.contains(['\u{1b}', '\u{202e}', '\u{85}']), "{form}");
        }
    }
}

/// `sh -n` and the like: whether a shell would read it.
fn assert_runs_as(workspace: &Workspace, shell: &str, script: &str) {
    let path = workspace.file("script", script);
    let checked = Command::new(shell).arg("-n").arg(&path).output().unwrap();
    assert!(checked.status.success(), "{}\n{script}", String::from_utf8_lossy(&checked.stderr));
    assert!(!workspace.path().join("pwned").exists());
}

/// Every `run` and `script` in a document of YAML.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), field) {
                    ("run", Value::String(text)) => found.push(text.clone()),
                    ("script" | "before_script", Value::Array(parts)) => {
                        found.extend(parts.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => scripts(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| scripts(item, found)),
        _ => {}
    }
}

#[test]
fn every_script_is_one_and_uses_options_that_exist() {
    let cli = Cli::command();
    let release = cli.find_subcommand("release").unwrap();
    let known: BTreeSet<String> =
        release.get_arguments().filter_map(|it| it.get_long()).map(|long| format!("--{long}")).collect();
    let workspace = workspace(RELEASE);
    for (form, shell) in [("github", "bash"), ("gitlab", "sh"), ("shell", "sh")] {
        let text = emitted(&workspace, form, &["--inconclusive", "warn"]);
        let mut all = Vec::new();
        match form {
            "shell" => all.push(text),
            _ => scripts(&yaml(&text), &mut all),
        }
        assert!(!all.is_empty(), "{form}");
        let mut calls = 0;
        for script in &all {
            assert_runs_as(&workspace, shell, script);
            let is_call = |line: &&str| line.contains("mnload release ") && !line.starts_with('#');
            for line in script.lines().filter(is_call) {
                let words = line.split_whitespace().filter(|word| word.starts_with("--"));
                let unknown: Vec<&str> = words.filter(|word| !known.contains(*word)).collect();
                assert!(unknown.is_empty(), "{form}: {unknown:?} in {line}");
                calls += 1;
            }
            shellchecked(&workspace, shell, script);
        }
        // A script has one function for all gates.
        assert_eq!(calls, if form == "shell" { 2 } else { 4 }, "{form}");
    }
    for option in ["--sign", "--resume", "--only", "--out", "--overwrite"] {
        assert!(known.contains(option), "{option} of {known:?}");
    }
}

/// shellcheck, where it is installed; with MNLOAD_REQUIRE_SHELLCHECK it must be.
fn shellchecked(workspace: &Workspace, shell: &str, script: &str) {
    let path = workspace.file("script", script);
    let checked = Command::new("shellcheck").args(["--shell", shell, "--severity", "warning"]).arg(&path).output();
    match checked {
        Ok(checked) => assert!(checked.status.success(), "{}\n{script}", String::from_utf8_lossy(&checked.stdout)),
        Err(_) => assert!(std::env::var_os("MNLOAD_REQUIRE_SHELLCHECK").is_none(), "there is no shellcheck"),
    }
}

/// check-jsonschema with the schemas of GitHub and GitLab that it brings, by MNLOAD_CHECK_JSONSCHEMA.
#[test]
fn the_build_servers_own_schemas_accept_it() {
    let Some(program) = std::env::var_os("MNLOAD_CHECK_JSONSCHEMA") else { return };
    let workspace = workspace(RELEASE);
    for (form, schema) in [("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")] {
        let path = workspace.file(&format!("{form}.yml"), &emitted(&workspace, form, &["--inconclusive", "warn"]));
        let checked = Command::new(&program).args(["--builtin-schema", schema]).arg(path).output().unwrap();
        assert!(checked.status.success(), "{form}: {}", String::from_utf8_lossy(&checked.stdout));
    }
}

#[test]
fn gates_that_need_each_other_are_refused_and_others_are_put_in_order() {
    let gate = |id: &str, needs: &str| {
        format!(
            "[[gate]]\nid = \"{id}\"\n[[gate.item]]\nid = \"{id}1\"\nrun = \"true\"\nneeds = [{needs}]\n[[gate.item]]\nid = \"{id}2\"\nrun = \"true\"\n"
        )
    };
    let circle = workspace(&(gate("A", "\"B2\"") + &gate("B", "\"A2\"")));
    let outcome = circle.mnload(&["release", "emit", "release.toml", "--to", "shell"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the gates A, B need each other's items"), "{}", outcome.stderr);
    let later = workspace(&(gate("A", "\"B2\"") + &gate("B", "")));
    let pipeline = yaml(&emitted(&later, "gitlab", &[]));
    assert_eq!(pipeline["stages"], serde_json::json!(["gate-B", "gate-A", "go-no-go"]));
}

#[test]
fn what_must_be_known_is_asked_for_with_a_default() {
    let release = |timeout: &str| {
        format!(
            "[[gate]]\nid = \"A\"\n[[gate.item]]\nid = \"a\"\nrun = {{ command = \"true\", timeout = \"{timeout}\" }}\n"
        )
    };
    let outcome =
        workspace(&release("${ env.LIMIT }")).mnload(&["release", "emit", "release.toml", "--to", "markdown"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("default('30s')") && outcome.stderr.contains("$LIMIT"), "{}", outcome.stderr);
    emitted(&workspace(&release("${ env.LIMIT | default('30s') }")), "markdown", &[]);
}

/// Runs the script that a release file was written as, with the mnload of these tests.
fn run_script(workspace: &Workspace) -> (Option<i32>, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_mnload")).parent().unwrap().to_path_buf();
    let own = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(program).chain(std::env::split_paths(&own))).unwrap();
    let mut command = Command::new("sh");
    command.arg("release.sh").current_dir(workspace.path()).env("PATH", path);
    for name in ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"] {
        command.env_remove(name);
    }
    let run = command.output().unwrap();
    let said = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (run.status.code(), said)
}

#[test]
fn the_script_shows_every_gate_and_ends_with_the_verdict_of_the_whole() {
    let release = r#"
[[gate]]
id = "A"
[[gate.item]]
id = "broken"
run = "test -e fixed"
inputs = ["fixed"]
[[gate]]
id = "B"
needs = ["A"]
[[gate.item]]
id = "deploy"
run = "echo deployed >> deployed"
inputs = []
[[gate]]
id = "C"
[[gate.item]]
id = "other"
run = "echo other >> other"
inputs = []
"#;
    let workspace = workspace(release);
    workspace.file("release.sh", &emitted(&workspace, "shell", &[]));
    let (code, said) = run_script(&workspace);
    assert_eq!(code, Some(99), "{said}");
    assert!(said.contains("not done: gate A did not pass"), "{said}");
    assert!(!workspace.path().join("deployed").exists(), "what needs a broken gate is not run");
    let lines = |name: &str| std::fs::read_to_string(workspace.path().join(name)).unwrap().lines().count();
    assert_eq!(lines("other"), 1, "the whole takes up what the gates did");
    workspace.file("fixed", "");
    let (code, said) = run_script(&workspace);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(lines("deployed"), 1);
}
