//! What a system leaves as evidence, written in a release file: containers, images, environment files, backups, git, JSON.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mnload::release::{Checklist, ReleaseFile, RunFacts};
use mnload::values::Environment;
use mnload::verdict::Status;
use tempfile::TempDir;

use crate::judged::{Judged, judged};
use crate::support::{Workspace, free_address};

fn of_output(item: &str, printed: &str) -> Judged {
    let folder = TempDir::new().unwrap();
    judged(folder.path(), &format!("run = 'x'\n{item}"), Some(printed.as_bytes()))
}

fn of_files(files: &[(&str, &str)], item: &str) -> Judged {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    judged(folder.path(), item, None)
}

fn docker(name: &str) -> String {
    std::fs::read_to_string(Path::new("tests/release/files/docker").join(name)).unwrap()
}

#[test]
fn containers_are_well_in_a_loop_or_gone() {
    const ALL: &str = "services = ['backend', 'frontend', 'db', 'redis'], oneshot = ['migrate']";
    let read = |more: &str, accept: &str, file: &str| {
        of_output(&format!("read = {{ containers = {{ {more} }} }}\n{accept}"), &docker(file))
    };
    read(ALL, "", "compose-ps-healthy.jsonl").is(Status::Pass, "");
    read(ALL, "accept = 'youngest > 30s'", "compose-ps-healthy.jsonl").is(Status::Pass, "");
    read(ALL, "accept = 'without_health == 0'", "compose-ps-healthy.jsonl").is(Status::Fail, "");
    // What `accept` does not name still holds.
    read(ALL, "accept = 'services >= 5'", "compose-ps-loop.jsonl").is(Status::Fail, "Restarting (1)");
    read("services = ['backend', 'worker']", "", "compose-ps-healthy.jsonl")
        .is(Status::Fail, "worker has no container");
    read(ALL, "", "compose-ps-older.json").is(Status::Pass, "");
    read(ALL, "accept = 'youngest > 30s'", "compose-ps-older.json").is(Status::NoData, "");
    of_output("read = { containers = { services = ['backend'] } }", "[]\n").is(Status::NoData, "no container at all");
}

#[test]
fn the_last_two_tags_of_every_image_must_be_there() {
    let images = |more: &str| of_output(&format!("read = {{ images = {{ {more} }} }}"), &docker("image-ls.jsonl"));
    images("repositories = ['medianest-backend']").is(Status::Pass, "");
    images("repositories = ['medianest-backend', 'medianest-frontend']").is(Status::Fail, "");
    images("repositories = ['medianest-backend'], tags = ['v9']").is(Status::Fail, "no image medianest-backend:v9");
    images("repositories = ['medianest-worker']").is(Status::NoData, "no image of medianest-worker");
}

#[test]
fn values_of_json_are_wanted_by_name() {
    let read = |accept: &str, printed: &str| {
        let values = "values = { status = '$.status', items = '$.items' }";
        of_output(&format!("read = {{ json = {{ {values} }} }}\naccept = {accept}"), printed)
    };
    let wanted = "['status == \"ok\"', 'items >= 2']";
    read(wanted, "{\"status\":\"ok\",\"items\":[1,2]}").is(Status::Pass, "");
    read(wanted, "{\"status\":\"ok\",\"items\":[1]}").is(Status::Fail, "");
    read(wanted, "{\"status\":null,\"items\":[1]}").is(Status::NoData, "$.status is null");
    read(wanted, "{\"items\":[1]}").is(Status::NoData, "$ has the key items");
    read(wanted, "npm error code ENOTFOUND").is(Status::NoData, "no JSON");
    // A number in quotes is no number.
    read("['status < 5', 'items >= 0']", "{\"status\":\"3\",\"items\":[]}").is(Status::NoData, "");
}

#[test]
fn an_environment_file_is_in_sync_private_and_filled_in() {
    let example = ("example", "JWT_SECRET=your-secret\nPORT=3000\nNEW_KEY=\n");
    let sync = "read = { env_file = { from = 'staging', example = 'example', template = true } }";
    of_files(&[example, ("staging", "JWT_SECRET=\nPORT=\nNEW_KEY=\n")], sync).is(Status::Pass, "");
    of_files(&[example, ("staging", "JWT_SECRET=\nPORT=\n")], sync).is(Status::Fail, "missing: NEW_KEY");
    of_files(&[("staging", "PORT=\n")], sync).is(Status::NoData, "does not exist");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("env");
    let read = |text: &str, mode: u32| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let table = "from = 'env', required = ['JWT_SECRET', 'FEATURE_*'], equals = { PORT = 3000 }";
        let judged = judged(folder.path(), &format!("read = {{ env_file = {{ {table} }} }}"), None);
        assert!(!format!("{judged:?}").contains("hunter2"), "{judged:?}");
        judged
    };
    let right = "JWT_SECRET=hunter2-hunter2\nFEATURE_A=1\nPORT=3000\n";
    read(right, 0o600).is(Status::Pass, "");
    read(right, 0o640).is(Status::Fail, "mode 640");
    read(&right.replace("3000", "3001"), 0o600).is(Status::Fail, "PORT is not `3000`");
    read(&right.replace("hunter2-hunter2", "changeme"), 0o600).is(Status::Fail, "JWT_SECRET");
    read(&right.replace("hunter2-hunter2", ""), 0o600).is(Status::Fail, "empty: JWT_SECRET");
    read(&right.replace("FEATURE_A", "OTHER"), 0o600).is(Status::Fail, "missing: FEATURE_*");
    read(&format!("{right}PASSWORD='hunter2"), 0o600).is(Status::NoData, "behind `PORT`");
}

#[test]
fn a_backup_must_be_there_new_and_whole() {
    let item = "read = { backup = { from = 'staging-*.sql', max_age = '1h' } }";
    let whole = "-- PostgreSQL database cluster dump\nx\n-- PostgreSQL database cluster dump complete\n";
    of_files(&[("staging-1.sql", whole)], item).is(Status::Pass, "whole dump of pg_dumpall");
    of_files(&[("staging-1.sql", &whole[..40])], item).is(Status::Fail, "was cut off");
    of_files(&[("staging-1.sql", "")], item).is(Status::Fail, "");
    of_files(&[], item).is(Status::NoData, "there is no file");
}

#[test]
fn a_folder_without_a_repository_has_no_state() {
    of_files(&[], "read = { git = { tag = true } }").is(Status::NoData, "no working tree of git");
}

fn mistakes(item: &str) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("release.toml");
    std::fs::write(&path, format!("[[gate]]\nid = 'G'\n[[gate.item]]\nid = 'i'\nrun = 'x'\n{item}")).unwrap();
    let file = ReleaseFile::read(&path);
    let resolved = file.and_then(|file| Checklist::resolve(&file, &Environment::default(), &[], &RunFacts::default()));
    resolved.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn what_would_judge_nothing_is_a_mistake_with_its_place() {
    for (item, wanted) in [
        ("read = { json = { values = { a = '$.a' } } }", "nothing is wanted of what `json` reads"),
        (
            "read = { json = { values = { a = '$.a', b = '$.b' } } }\naccept = 'a > 0'",
            "nothing is wanted of the figure `b`",
        ),
        ("read = { json = { values = { a = 'a' } } }\naccept = 'a > 0'", "a JSON path starts with $"),
        ("read = { json = { values = { a = '$[' } } }\naccept = 'a > 0'", "not a JSON path"),
        ("read = { json = { values = {} } }", "no value is named"),
        (
            "read = { prometheus = { url = 'http://h', targets = ['a'], query = 'up' } }",
            "nothing is wanted of the figure `value`",
        ),
        ("read = { prometheus = { url = 'http://h' } }", "asked nothing"),
        ("read = { prometheus = { url = 'h:9090', targets = ['a'] } }", "no http or https URL"),
        ("read = { prometheus = { targets = ['a'] } }", "names no service"),
        ("read = { loki = { url = 'http://h', token = '' , query = '{}' } }", "this token is empty"),
        ("read = { loki = { url = 'http://h' } }", "no line is looked for"),
        ("read = { grafana = { url = 'http://h', dashboards = ['a b'] } }", "no uid"),
        ("read = { containers = {} }", "no service is named"),
        ("read = { images = {} }", "no repository is named"),
        ("read = { env_file = 'stdout' }", "this is no file"),
        ("read = { env_file = { from = 'a', template = true } }", "compared with nothing"),
        ("read = { env_file = { from = 'a', required = ['A B'] } }", "cannot be a key"),
        ("read = { backup = 'stdout' }", "an output is no backup"),
        ("read = { backup = '*/a.sql' }", "in the name of the file alone"),
        ("read = { git = { tag = 7 } }", "a tag is a name"),
        ("read = { run = 'stderr' }", "an output is no run folder"),
    ] {
        let said = mistakes(item);
        assert!(said.contains(wanted) && said.contains("release.toml:"), "{wanted} in:\n{said}");
    }
}

const OF_SECRETS: &str = r#"
[[gate]]
id = "C"
[[gate.item]]
id = "env"
read = { env_file = { from = "env", example = "example", equals = { PORT = 3000 } } }
[[gate.item]]
id = "torn"
read = { env_file = { from = "torn", private = false } }
[[gate.item]]
id = "prometheus"
read = { prometheus = { url = "http://me:hunter2-in-url@ADDRESS", targets = ["api"] } }
[[gate.item]]
id = "grafana"
read = { grafana = { url = "http://ADDRESS", token = "${ secret.TOKEN }", dashboards = ["d"] } }
"#;

#[test]
fn no_value_of_an_environment_file_and_no_token_stands_in_what_a_release_leaves() {
    let workspace = Workspace::with("").env("TOKEN", "hunter2-token");
    workspace.file("release.toml", &OF_SECRETS.replace("ADDRESS", &free_address().to_string()));
    workspace.file("example", "JWT_SECRET=\nPORT=\n");
    workspace.file("env", "JWT_SECRET=hunter2-jwt\nPORT=4711\nAPI_KEY=your-hunter2\n");
    workspace.file("torn", "PORT=3000\nJWT_SECRET='hunter2-torn\n");
    let outcome = workspace.mnload(&["release", "release.toml", "--out", "left"]);
    assert_eq!(outcome.code, Some(4), "{}{}", outcome.stdout, outcome.stderr);
    let mut texts = vec![outcome.stdout, outcome.stderr];
    let mut folders = vec![workspace.path().join("left")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => texts.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()),
            }
        }
    }
    assert!(texts.len() >= 3, "it leaves files: {}", texts.len());
    for said in [
        "placeholders, or as in the example: API_KEY",
        "PORT is not `3000`",
        "has mode 644",
        "behind `PORT`",
        "does not answer",
    ] {
        assert!(texts.iter().any(|text| text.contains(said)), "{said} in:\n{texts:?}");
    }
    for text in texts {
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
    }
}
