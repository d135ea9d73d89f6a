//! `mnload init`: what it writes can be run at once, every option in it is true, and nobody's file is lost.

use std::path::Path;

use crate::support::{Outcome, Workspace, punctual};

const STARTERS: [&str; 4] = ["smoke", "light", "e2e", "capacity"];

/// A folder in which `mnload init` has been called.
fn started(arguments: &[&str]) -> (Workspace, Outcome) {
    let workspace = Workspace::with("");
    let outcome = workspace.mnload(&[&["init"], arguments].concat()).exits_with(0);
    (workspace, outcome)
}

fn read(workspace: &Workspace, name: &str) -> String {
    std::fs::read_to_string(workspace.path().join(name)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn smoke_and_light_are_written_with_their_schema_and_the_next_command() {
    let (workspace, outcome) = started(&[]);
    outcome.says("wrote smoke.toml").says("wrote light.toml").says("mnload run smoke.toml --demo").says("BASE_URL=");
    assert_eq!(names(workspace.path()), ["light.toml", "scenario.schema.json", "scenario.toml", "smoke.toml"]);
    assert_eq!(read(&workspace, "scenario.schema.json"), workspace.mnload(&["schema"]).stdout);
}

#[test]
fn every_starter_is_planned_and_passes_against_the_built_in_target() {
    let (workspace, _) = started(&STARTERS);
    for name in STARTERS {
        workspace.mnload(&["plan", &format!("{name}.toml")]).exits_with(0).says("step 1");
    }
    let run =
        |arguments: &[&str]| workspace.mnload(&[&["run", "--demo", "--out", "run", "--overwrite"], arguments].concat());
    run(&["smoke.toml"]).exits_with(0).says("PASS");
    run(&["e2e.toml"]).exits_with(0).says("PASS");
    punctual(|| run(&["light.toml", "--profile", "short"])).exits_with(0).says("PASS");
    punctual(|| run(&["capacity.toml", "--profile", "short"])).exits_with(0).says("PASS");
    run(&["light.toml", "--profile", "once"]).exits_with(0).says("PASS");
}

/// Takes the `#` from one block of options after the other.
#[test]
fn every_option_in_a_starter_is_true() {
    let (workspace, _) = started(&STARTERS);
    let certificate = rcgen::generate_simple_self_signed(["staging.example".to_owned()]).unwrap().cert.pem();
    workspace.file("staging-ca.pem", &certificate);
    workspace.file("accounts.csv", "email\na@example.com\nb@example.com\n");
    workspace.file("common.toml", "[vars]\nshared = 1\n");
    let mut count = 0;
    for starter in STARTERS {
        let text = read(&workspace, &format!("{starter}.toml"));
        let lines: Vec<&str> = text.lines().collect();
        let option = |line: &str| {
            line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()))
        };
        let blocks = lines.chunk_by(|one, other| option(one) == option(other));
        let sizes: Vec<usize> = blocks.map(<[&str]>::len).collect();
        let mut start = 0;
        for size in sizes {
            if option(lines[start]) {
                let switched =
                    lines.iter().enumerate().map(|(number, line)| match (start..start + size).contains(&number) {
                        true => &line[1..],
                        false => line,
                    });
                let text: Vec<&str> = switched.collect();
                workspace.file("switched.toml", &text.join("\n"));
                let mut outcomes = vec![workspace.mnload(&["plan", "switched.toml"])];
                if let Some(profile) = text[start].strip_prefix("[profile.") {
                    let profile = profile.trim_end_matches(']');
                    outcomes.push(workspace.mnload(&["plan", "switched.toml", "--profile", profile]));
                }
                for outcome in outcomes {
                    assert_eq!(outcome.code, Some(0), "{starter}.toml:{}:\n{}", start + 1, outcome.stderr);
                }
                count += 1;
            }
            start += size;
        }
    }
    assert!(count >= 20, "only {count} options were found");
}

#[test]
fn every_starter_says_where_all_keys_are() {
    let (workspace, _) = started(&STARTERS);
    for name in STARTERS {
        let text = read(&workspace, &format!("{name}.toml"));
        assert!(text.starts_with("#:schema ./scenario.schema.json\n") && text.contains("docs/scenario.md"), "{name}");
    }
}

#[test]
fn nothing_is_written_over_unless_that_is_asked_for() {
    let (workspace, _) = started(&["smoke"]);
    workspace.file("smoke.toml", "mine");
    workspace.mnload(&["init", "light", "smoke"]).exits_with(1).tells("smoke.toml already exists").tells("--overwrite");
    assert_eq!(read(&workspace, "smoke.toml"), "mine");
    assert!(!workspace.path().join("light.toml").exists(), "all or nothing");
    workspace.mnload(&["init", "smoke", "--overwrite"]).exits_with(0);
    assert!(read(&workspace, "smoke.toml").starts_with("#:schema"));
}

#[test]
fn an_older_schema_is_brought_up_to_date_and_another_file_of_its_name_is_not() {
    let workspace = Workspace::with("");
    workspace.file("scenario.schema.json", "{ \"$id\": \"urn:mnload:scenario:0\" }");
    workspace.mnload(&["init"]).exits_with(0);
    assert!(read(&workspace, "scenario.schema.json").contains("base_url"));
    workspace.file("scenario.schema.json", "{ \"$id\": \"urn:other\" }");
    workspace.mnload(&["init", "e2e"]).exits_with(1).tells("scenario.schema.json already exists");
    assert!(!workspace.path().join("e2e.toml").exists());
}

#[test]
fn the_url_of_a_service_is_put_in() {
    let (workspace, outcome) = started(&["--url", "https://staging.example/shop", "smoke", "smoke"]);
    outcome.says("then, against your service:         mnload run smoke.toml");
    assert!(read(&workspace, "smoke.toml").contains("${ env.BASE_URL | default('https://staging.example/shop') }"));
    workspace.mnload(&["plan", "smoke.toml"]).exits_with(0).says("https://staging.example/shop");
    for wrong in ["staging.example", "ftp://staging.example", "http://a/?q=1", "http://user:pass@a/"] {
        Workspace::with("").mnload(&["init", "--url", wrong]).exits_with(1).tells("--url").tells("not a base URL");
    }
    let outcome = Workspace::with("").mnload(&["init", "--url", "http://a/') } ${ env.HOME"]);
    outcome.exits_with(1).tells("has a meaning in scenario files");
}

#[test]
fn another_folder_is_used_if_it_is_there() {
    let workspace = Workspace::with("");
    workspace.mnload(&["init", "--dir", "none"]).exits_with(1).tells("there is no folder none: create it first");
    workspace.mnload(&["init", "--dir", "scenario.toml"]).exits_with(1).tells("is not a folder");
    std::fs::create_dir(workspace.path().join("load tests")).unwrap();
    let outcome = workspace.mnload(&["init", "--dir", "load tests"]).exits_with(0);
    outcome.says("mnload run 'load tests/smoke.toml' --demo");
    workspace.mnload(&["plan", "load tests/smoke.toml"]).exits_with(0);
    workspace.mnload(&["init", "nightly"]).exits_with(2).tells("smoke, light, e2e");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    // Whoever runs the tests may be allowed to write everywhere; nobody may create files in /proc.
    if Path::new("/proc/self").is_dir() {
        let outcome = Workspace::with("").mnload(&["init", "--dir", "/proc/self"]).exits_with(1);
        outcome.tells("cannot write /proc/self/smoke.toml");
    }
}

#[test]
fn a_release_is_written_with_its_smoke_check_and_every_option_in_it_resolves() {
    let (workspace, outcome) = started(&["release"]);
    outcome.says("wrote release.toml").says("wrote smoke.toml").says("mnload release release.toml --dry-run");
    assert_eq!(read(&workspace, "release.schema.json"), workspace.mnload(&["schema", "release"]).stdout);
    workspace.mnload(&["release", "release.toml", "--dry-run"]).exits_with(0).says("smoke.toml");
    // Options are lines whose `#` is followed by a key or a bracket.
    let text = read(&workspace, "release.toml");
    let option = |line: &&str| {
        line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()))
    };
    assert!(text.lines().filter(option).count() >= 20, "{text}");
    let all: Vec<&str> = text.lines().map(|line| if option(&line) { &line[1..] } else { line }).collect();
    workspace.file("release.toml", &all.join("\n"));
    let outcome = workspace.mnload(&["release", "release.toml", "--dry-run"]).exits_with(0);
    outcome.says("lines >= 65%").says("rollback-restore");
    // A scenario that is there stays.
    workspace.file("smoke.toml", "mine");
    workspace.mnload(&["init", "release", "--overwrite"]).exits_with(0);
    assert_eq!(read(&workspace, "smoke.toml"), "mine");
}
