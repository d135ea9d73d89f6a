//! Setup runs once, whatever rates come, and again when what it gave is too old.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::Workspace;
use crate::support::raw::{RawServer, answer, ok};
use crate::{LOAD, explore, result_of};

/// What was asked for, with the token that was shown, in order.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// Gives a token for each sign-in; each is good for `lifetime`.
fn signing_in(lifetime: Duration) -> (RawServer, Asked) {
    let asked = Asked::default();
    let (noted, given) = (Arc::clone(&asked), Mutex::new(Vec::<Instant>::new()));
    let server = RawServer::start(move |_, head| {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let token = head.lines().find_map(|line| line.strip_prefix("x-token: ")).map(str::to_owned);
        noted.lock().unwrap().push((path.clone(), token.clone()));
        let mut given = given.lock().unwrap();
        if path == "/login" {
            given.push(Instant::now());
            return ok("content-type: application/json\r\n", &format!("{{\"token\":\"{}\"}}", given.len()));
        }
        let number = token.and_then(|token| token.parse::<usize>().ok());
        match number.and_then(|number| given.get(number - 1)) {
            Some(at) if at.elapsed() < lifetime => ok("", "{}"),
            _ => answer(401, "", ""),
        }
    });
    (server, asked)
}

fn scenario(server: &RawServer, explore: &str) -> Workspace {
    Workspace::with(&format!(
        "[target]\nbase_url = \"{}\"\n{LOAD}\
         [[setup]]\nname = \"login\"\nget = \"/login\"\nextract = {{ token = \"json:$.token\" }}\n\
         [[step]]\nname = \"one\"\nget = \"/one\"\nheaders = {{ X-Token = \"${{ token }}\" }}\n\
         [[teardown]]\nname = \"bye\"\nget = \"/bye\"\nheaders = {{ X-Token = \"${{ token }}\" }}\n\
         [gates]\nerrors = \"error_rate < 20%\"\nlatency = \"p90 < 1s\"\n{explore}",
        server.base_url()
    ))
}

fn count(asked: &Asked, path: &str) -> usize {
    asked.lock().unwrap().iter().filter(|(seen, _)| seen == path).count()
}

#[test]
fn all_rates_share_one_sign_in() {
    let (server, asked) = signing_in(Duration::from_secs(600));
    let outcome = explore(&scenario(&server, ""), &["--from", "40/s", "--to", "80/s", "--budget", "30s"]);
    let result = result_of(&outcome);
    assert!(result.points.len() > 1, "{:?}", result.points);
    assert_eq!((count(&asked, "/login"), count(&asked, "/bye")), (1, 1), "{}", outcome.stderr);
    assert_eq!(result.requests, server.requests_seen(), "those of setup and teardown are counted");
    assert!(result.points.iter().all(|point| point.failed == 0), "{:?}", result.points);
}

#[test]
fn a_sign_in_that_is_too_old_is_renewed_before_the_next_rate() {
    let (server, asked) = signing_in(Duration::from_secs(25));
    let section = "[explore]\nsetup_every = \"1s\"\n";
    let outcome = explore(&scenario(&server, section), &["--from", "40/s", "--to", "80/s", "--budget", "30s"]);
    let result = result_of(&outcome);
    assert!(result.points.len() > 1, "{:?}", result.points);
    // The first rate has that of the start, unless a busy machine took long to begin.
    let logins = count(&asked, "/login");
    assert!((result.points.len()..=result.points.len() + 2).contains(&logins), "{logins} sign-ins\n{}", outcome.stderr);
    assert_eq!(count(&asked, "/bye"), logins, "what each did is undone");
    let tokens: Vec<usize> =
        asked.lock().unwrap().iter().filter_map(|(_, token)| token.as_ref()?.parse().ok()).collect();
    assert!(tokens.is_sorted(), "no rate goes on with an old one");
    assert!(result.points.iter().all(|point| point.failed == 0), "{:?}", result.points);
}

#[test]
fn a_setup_that_fails_is_told_and_nothing_is_tried() {
    let server = RawServer::start(|_, _| answer(500, "", ""));
    let outcome = explore(&scenario(&server, ""), &[]).exits_with(3).tells("the setup step `login` failed");
    assert_eq!(server.requests_seen(), 1);
    assert!(!outcome.run_folder.exists());
}

#[test]
fn a_setup_that_fails_leaves_an_earlier_exploration_as_it_was() {
    let server = RawServer::start(|_, _| answer(500, "", ""));
    let workspace = scenario(&server, "");
    std::fs::create_dir(workspace.path().join("run")).unwrap();
    let earlier = [("result.json", "{\"schema\":\"mnload.exploration\"}"), ("report.html", "the earlier one")];
    earlier.iter().for_each(|(name, text)| drop(workspace.file(&format!("run/{name}"), text)));
    explore(&workspace, &["--overwrite"]).exits_with(3).tells("the setup step `login` failed");
    for (name, text) in earlier {
        assert_eq!(std::fs::read_to_string(workspace.path().join("run").join(name)).unwrap(), text);
    }
}
