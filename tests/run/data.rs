//! Rows of data files: who gets which, and what happens when there are not enough.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Workspace;
use crate::support::raw::{RawServer, ok};

const USERS: &str = "email,plan\na@x,free\nb@x,paid\n\"c,d@x\",free\n";

/// Runs `load` with `[data.users]` set as `data` says, and gives what `${ data.users.email }` was for each request, in order.
fn rows(data: &str, load: &str, wanted_exit: i32) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let server = RawServer::start(move |_, head| {
        noted.lock().unwrap().push(head.split(['=', ' ']).nth(2).unwrap_or_default().to_owned());
        ok("", "")
    });
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n[data.users]\nfile = \"users.csv\"\n{data}\n[load]\nmodel = \"closed\"\n{load}\n[[step]]\nname = \"s\"\nget = \"/u?e=${{ data.users.email }}\"\n[gates]\nc = \"checks >= 100%\"\n",
        server.base_url()
    ));
    workspace.file("users.csv", USERS);
    workspace.run(&[]).exits_with(wanted_exit);
    seen.lock().unwrap().clone()
}

#[test]
fn every_journey_has_its_row_and_every_user_may_have_one() {
    assert_eq!(rows("", "users = 1\niterations = 5", 0), ["a@x", "b@x", "c,d@x", "a@x", "b@x"]);
    assert_eq!(rows("order = \"unique\"", "users = 1\niterations = 3", 0), ["a@x", "b@x", "c,d@x"]);
    let mut by_user = rows("per = \"user\"", "users = 2\niterations = 6", 0);
    by_user.sort();
    assert_eq!(by_user.iter().filter(|row| *row == "a@x").count(), 3, "{by_user:?}");
    let shuffled = rows("order = \"shuffled\"", "users = 1\niterations = 3", 0);
    let mut sorted = shuffled.clone();
    sorted.sort();
    assert_eq!(sorted, ["a@x", "b@x", "c,d@x"]);
    assert_eq!(shuffled, rows("order = \"shuffled\"", "users = 1\niterations = 3", 0), "the seed decides");
}

#[test]
fn rows_that_would_run_out_are_known_before_the_run_or_fail_their_journeys() {
    assert!(rows("order = \"unique\"", "users = 1\niterations = 4", 3).is_empty());
    assert_eq!(rows("order = \"unique\"", "users = 1\nduration = \"300ms\"", 99).len(), 3);
}

#[test]
fn users_of_unlike_speed_use_every_row_once() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let server = RawServer::start(move |_, head| {
        let row = head.split(['=', ' ']).nth(2).unwrap_or_default().to_owned();
        // Whoever gets the first row is slow, and the other does all the rest.
        let pause = Duration::from_millis(if row == "a@x" { 400 } else { 0 });
        noted.lock().unwrap().push(row);
        std::thread::sleep(pause);
        ok("", "")
    });
    let workspace = Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n[data.users]\nfile = \"users.csv\"\norder = \"unique\"\n[load]\nmodel = \"closed\"\nusers = 2\niterations = 3\n[[step]]\nget = \"/u?e=${{ data.users.email }}\"\n",
        server.base_url()
    ));
    workspace.file("users.csv", USERS);
    let accounting = workspace.run(&[]).says("3 scheduled = 3 passed").result().accounting;
    assert_eq!((accounting.passed, accounting.failed), (3, 0));
    let mut rows = seen.lock().unwrap().clone();
    rows.sort();
    assert_eq!(rows, ["a@x", "b@x", "c,d@x"]);
}

#[test]
fn mistakes_with_data_have_their_place() {
    let wrong = |data: &str, path: &str, place: &str, said: &str| {
        let workspace = Workspace::with(&format!(
            "[target]\nbase_url = \"http://127.0.0.1:9\"\n[data.users]\n{data}\n[[step]]\nget = \"/${{ {path} }}\"\n"
        ));
        workspace.file("users.csv", USERS);
        workspace.file("bad.json", "[{\"a\":1},");
        workspace.mnload(&["plan", "scenario.toml"]).exits_with(3).tells(&format!("scenario.toml:{place}")).tells(said);
    };
    wrong("file = \"none.csv\"", "data.users.email", "4:8", "relative to the scenario file");
    wrong("file = \"bad.json\"", "data.users.email", "4:8", "bad.json");
    wrong("file = \"users.csv\"\norder = \"sorted\"", "data.users.email", "5:9", "\"shuffled\"");
    wrong("file = \"users.csv\"", "data.users.emial", "6:", "did you mean `email`?");
    wrong("file = \"users.csv\"", "data.usres.email", "6:", "did you mean `users`?");
    wrong("order = \"random\"", "data.users.email", "3:1", "does not name its file");
}
