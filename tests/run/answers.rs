//! Looking into answers and carrying values on; secrets stay out of everything that is written.

use std::path::Path;

use crate::support::Workspace;
use crate::support::raw::{RawServer, answer, ok};

fn scenario(server: &RawServer, steps: &str) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{}\"\ntimeout = \"5s\"\n{steps}", server.base_url()))
}

#[test]
fn a_value_travels_from_one_answer_into_the_next_request_and_may_be_replaced() {
    let server = RawServer::start(|number, head| match number {
        0 => ok("", "{\"data\":{\"token\":\"first\"}}"),
        1 if head.contains("Bearer first") => ok("X-New-Token: second\r\n", "{}"),
        2 if head.contains("Bearer second") => ok("Set-Cookie: a=1\r\nSet-Cookie: a=2; Secure\r\n", "id=77;"),
        3 if head.starts_with("GET /items/77?a=2 ") => ok("", "{}"),
        _ => answer(400, "", ""),
    });
    let steps = "[[step]]\nname = \"1\"\npost = \"/login\"\nextract = { token = \"json:$.data.token\" }\n\
                 [[step]]\nname = \"2\"\nget = \"/a\"\nbearer = \"${ token }\"\nextract = { token = \"header:X-New-Token\" }\n\
                 [[step]]\nname = \"3\"\nget = \"/b\"\nbearer = \"${ token }\"\nextract = { id = \"regex:id=(\\\\d+);\", a = \"cookie:a\" }\n\
                 [[step]]\nname = \"4\"\nget = \"/items/${ id }?a=${ a }\"\n";
    let result = scenario(&server, steps).run(&[]).exits_with(0).result();
    assert_eq!(result.accounting.passed, 1);
    assert_eq!(server.requests_seen(), 4);
}

#[test]
fn what_is_wrong_with_an_answer_is_said_with_what_was_wanted_and_found() {
    let server = RawServer::start(|_, _| ok("", "{\"data\":{\"results\":[],\"count\":3}}"));
    for (expect, said) in [
        ("\"json:$.data.results\" = { not_empty = true }", "results"),
        ("\"json:$.data.count\" = { at_least = 5 }", "3"),
        ("\"json:$.data.pages\" = 2", "pages"),
        ("\"header:x-id\" = { present = true }", "x-id"),
        ("body = { contains = \"hello\" }", "hello"),
        ("version = \"2\"", "HTTP/1.1"),
        ("status = 201", "- status 201"),
    ] {
        let outcome =
            scenario(&server, &format!("[[step]]\nget = \"/\"\nexpect = {{ {expect} }}\n")).run(&[]).exits_with(99);
        outcome.says(said);
    }
}

#[test]
fn expectations_may_want_what_was_extracted() {
    let server = RawServer::start(|number, _| match number {
        0 => ok("", "{\"id\":7}"),
        _ => ok("", "{\"items\":[{\"id\":5},{\"id\":7}]}"),
    });
    let steps = |wanted: &str| {
        format!(
            "[[step]]\nname = \"a\"\nget = \"/a\"\nextract = {{ id = \"json:$.id\" }}\n[[step]]\nname = \"b\"\nget = \"/b\"\nexpect = {{ \"json:$.items[*].id\" = {{ contains = \"{wanted}\" }} }}\n"
        )
    };
    scenario(&server, &steps("${ id }")).run(&[]).exits_with(0);
    scenario(&server, &steps("${ id + 1 }")).run(&[]).exits_with(99);
}

#[test]
fn mistakes_in_expectations_and_extractions_have_their_place() {
    let server = RawServer::start(|_, _| ok("", ""));
    for (line, place, said) in [
        ("expect = { statsu = 200 }", "5:12", "did you mean"),
        ("expect = { status = \"abc\" }", "5:21", "status"),
        ("expect = { \"json:$.[\" = 1 }", "5:", "JSON"),
        ("expect = { body = { containz = \"a\" } }", "5:21", "contains"),
        ("expect = { certificate_days = \"< 20\" }", "5:31", "not a number of days"),
        ("extract = { a = 5 }", "5:17", "where the value stands"),
        ("extract = { a = \"jsn:$.a\" }", "5:", "json"),
        ("extract = { \"a b\" = \"status\" }", "5:13", "cannot be a variable"),
    ] {
        let outcome = scenario(&server, &format!("[[step]]\n{line}\nget = \"/\"\n")).run(&[]).exits_with(3);
        outcome.tells(&format!("scenario.toml:{place}")).tells(said);
    }
    assert_eq!(server.requests_seen(), 0);
}

#[test]
fn variables_are_set_from_the_command_line_and_a_dotenv_file() {
    let server = RawServer::start(|_, head| match head.starts_with("GET /films/de ") {
        true => ok("", ""),
        false => answer(404, "", ""),
    });
    let workspace = scenario(
        &server,
        "[vars]\nkind = \"books\"\nlanguage = \"${ env.LANGUAGE_OF_TEST }\"\n[[step]]\nget = \"/${ kind }/${ language }\"\n",
    );
    workspace.file("test.env", "# a comment\nLANGUAGE_OF_TEST=\"de\"\n");
    workspace.run(&["--env-file", "test.env", "--set", "kind=films"]).exits_with(0);
    workspace
        .run(&["--env-file", "test.env", "--set", "knd=films", "--overwrite"])
        .exits_with(3)
        .tells("did you mean `kind`?");
    workspace.run(&["--env-file", "none.env", "--overwrite"]).exits_with(1).tells("cannot read none.env");
    workspace.run(&["--overwrite"]).exits_with(3).tells("LANGUAGE_OF_TEST is not set");
    workspace.file("bad.env", "PASSWORD canary-in-a-bad-line\n");
    let outcome = workspace.run(&["--env-file", "bad.env", "--overwrite"]).exits_with(1);
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
}

#[test]
fn no_secret_is_in_anything_that_a_run_writes() {
    const CANARY: &str = "canary-7f3a9c";
    // A server that throws everything it was told back at the client, in every shape.
    let server = RawServer::start(move |number, head| {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJjYW5hcnktN2YzYTljIn0.canary-7f3a9c";
        let echoed = head.replace(['\r', '\n'], " ");
        match number {
            0 => ok(&format!("Set-Cookie: auth-token={CANARY}\r\n"), &format!("{{\"data\":{{\"token\":\"{jwt}\"}}}}")),
            _ => answer(
                500,
                &format!("X-Seen: {CANARY}\r\nSet-Cookie: session={CANARY}\r\n"),
                &format!("{echoed} {{\"password\":\"{CANARY}\"}}"),
            ),
        }
    });
    let steps = "[[step]]\nname = \"sign in\"\npost = \"/login?key=${ secret.PASSWORD }\"\njson = { password = \"${ secret.PASSWORD }\" }\nextract = { token = \"json:$.data.token\", missing = \"cookie:nothing\" }\non_failure = \"continue\"\n\
                 [[step]]\nname = \"use it\"\nget = \"/a?key=${ secret.PASSWORD }\"\nbearer = \"${ token }\"\nexpect = { status = 200, body = { contains = \"nothing\" }, \"json:$.data\" = 1, \"header:x-none\" = { present = true }, \"header:x-seen\" = \"other\" }\non_failure = \"continue\"\n\
                 [[step]]\nget = \"/b/${ secret.PASSWORD }\"\nbasic = { user = \"u\", password = \"${ secret.PASSWORD }\" }\nexpect = { body = \"x\" }\n";
    let workspace = scenario(&server, steps).env("PASSWORD", CANARY);
    let outcome = workspace.run(&[]).exits_with(99);
    let plan = workspace.mnload(&["plan", "scenario.toml"]);
    let json = workspace.run(&["--overwrite", "--format", "json"]);
    let mut written: Vec<(String, String)> = [&outcome, &plan, &json]
        .iter()
        .flat_map(|outcome| {
            [("stdout".to_owned(), outcome.stdout.clone()), ("stderr".to_owned(), outcome.stderr.clone())]
        })
        .collect();
    written.extend(files_of(&outcome.run_folder));
    assert!(written.len() >= 10);
    let encoded = "dTpjYW5hcnktN2YzYTlj";
    for (name, text) in written {
        for secret in [CANARY, "eyJhbGciOiJIUzI1NiJ9.", encoded] {
            assert!(!text.contains(secret), "{secret} is in {name}:\n{text}");
        }
    }
}

fn files_of(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()))
        .collect()
}
