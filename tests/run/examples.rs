//! The example scenarios do what they say against the built-in target, and say what is wrong when it misbehaves.

use std::path::{Path, PathBuf};

use mnload::demo::{Demo, DemoOptions};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Outcome, Workspace, punctual};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn example(name: &str) -> Workspace {
    Workspace::with(&std::fs::read_to_string(scenarios().join(name)).unwrap())
}

/// The example against `base_url` instead of the built-in target.
fn against(name: &str, base_url: &str) -> Outcome {
    example(name).env("BASE_URL", base_url).run(&[])
}

#[test]
fn every_example_can_be_planned() {
    let mut count = 0;
    for entry in std::fs::read_dir(scenarios()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        Workspace::with("").mnload(&["plan", &path.display().to_string(), "--no-probe"]).exits_with(0).says("step 1");
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn smoke_passes_and_is_short_enough_to_read() {
    let result = example("smoke.toml").run(&["--demo"]).exits_with(0).result();
    assert_eq!((result.steps.0.len(), result.errors.len()), (8, 0));
    assert!(std::fs::read_to_string(scenarios().join("smoke.toml")).unwrap().lines().count() <= 60);
}

#[test]
fn smoke_names_a_wrong_body_a_missing_header_and_an_open_door() {
    let wrong_body = RawServer::start(|_, _| ok("", "{\"status\":\"degraded\"}"));
    against("smoke.toml", &wrong_body.base_url()).exits_with(99).says("health").says("degraded");
    let no_headers = RawServer::start(|_, head| match head {
        _ if head.starts_with("GET /health") => ok("", "{\"status\":\"ok\"}"),
        _ if head.contains("/api/health") => ok("", "{\"service\":\"backend\",\"uptime\":5}"),
        _ if head.contains("demo-metrics-token") => ok("", "medianest_http_requests_total 1"),
        _ => answer(401, "", "{\"error\":\"Unauthorized\"}"),
    });
    against("smoke.toml", &no_headers.base_url()).exits_with(99).says("security headers").says("x-frame-options");
    let open_door = RawServer::start(|_, head| match head {
        _ if head.starts_with("GET /health") => ok("", "{\"status\":\"ok\"}"),
        _ if head.contains("/api/health") => ok("", "{\"service\":\"backend\",\"uptime\":5}"),
        _ => ok("", "medianest_http_requests_total 1"),
    });
    let outcome = against("smoke.toml", &open_door.base_url()).exits_with(99);
    outcome.says("metrics without a token").says("- status 401").says("+ status 200");
}

#[test]
fn light_passes_in_its_short_form_and_once() {
    let result = punctual(|| example("light.toml").run(&["--demo", "--profile", "short"])).exits_with(0).result();
    assert!(result.times_us.response.count > 100);
    assert_eq!(result.errors, []);
    assert_eq!(result.steps.0.iter().filter(|(_, step)| step.requests > 0).count(), 4, "both flows ran");
    let once = example("light.toml").run(&["--demo", "--profile", "smoke"]).exits_with(0).says("skipped");
    assert_eq!(once.result().name, "light, once");
}

#[test]
fn light_stops_before_the_load_when_nobody_can_sign_in() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let outcome =
        example("light.toml").env("BASE_URL", &demo.base_url()).env("USER_PASSWORD", "wrong-password").run(&[]);
    outcome.exits_with(3).tells("the setup step `sign in` failed").tells("expected status 200, got status 401");
    assert_eq!(demo.requests_seen(), 1);
}

#[test]
fn light_fails_when_answers_are_errors() {
    let server = RawServer::start(|number, head| match head {
        _ if head.contains("/api/auth/login") => ok("", "{\"data\":{\"token\":\"t\"}}"),
        _ if number % 3 == 0 => answer(500, "", ""),
        _ => ok("", "{\"data\":{\"results\":[1]}}"),
    });
    let outcome = punctual(|| example("light.toml").env("BASE_URL", &server.base_url()).run(&["--profile", "short"]));
    outcome.exits_with(99).says("http_500");
}

#[test]
fn e2e_passes_once_and_names_the_broken_link_of_its_chain() {
    example("e2e.toml").run(&["--demo"]).exits_with(0);
    let no_token = RawServer::start(|_, _| ok("", "{\"data\":{\"user\":1}}"));
    let outcome = against("e2e.toml", &no_token.base_url()).exits_with(99);
    outcome.says("sign in").says("→ `token`").says("user");
    assert_eq!(no_token.requests_seen(), 1, "the chain ends where it breaks");
}
