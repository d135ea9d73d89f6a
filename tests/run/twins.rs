//! Each example scenario against a target that misbehaves in one way: the verdict, the exit code and the words name it.

use std::path::Path;
use std::time::Duration;

use mnload::demo::{Demo, DemoOptions, RateLimits, TlsFiles};
use rcgen::{CertificateParams, KeyPair};

use crate::support::proxy::altered;
use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Outcome, Workspace, free_address, punctual};

fn text_of(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)).unwrap()
}

/// `text` with `from` in it replaced; a test that replaces nothing tests nothing.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in the scenario");
    text.replace(from, to)
}

fn demo() -> Demo {
    Demo::start(DemoOptions::without_latency()).unwrap()
}

/// One way in which a target misbehaves, and what must be said of it.
struct Twin {
    /// Part of the request line or of a header of the calls that are altered.
    of: &'static str,
    alter: fn(String) -> String,
    /// The step that fails, its class, and the words of the failure: the difference, and the sentence.
    step: &'static str,
    class: &'static str,
    lines: [&'static str; 2],
    sentence: &'static str,
}

/// Runs the scenario `text` once against each twin.
fn each_is_named(text: &str, twins: &[Twin]) {
    for Twin { of, alter, step, class, lines, sentence } in twins {
        let (demo, of, alter) = (demo(), *of, *alter);
        let target =
            altered(&demo.base_url(), move |head, answer| if head.contains(of) { alter(answer) } else { answer });
        let outcome = Workspace::with(text).env("BASE_URL", &target.base_url()).run(&[]).exits_with(99).says(step);
        let outcome = outcome.says(lines[0]).says(lines[1]);
        let result = outcome.result();
        let failed: Vec<&str> =
            result.steps.0.iter().filter(|(_, found)| found.failed > 0).map(|(name, _)| name.as_str()).collect();
        // What else the same mistake breaks comes after it.
        assert_eq!((failed.first(), result.errors.len()), (Some(step), 1), "{}", outcome.stdout);
        let error = &result.errors[0];
        assert_eq!(error.class, *class, "{}", outcome.stdout);
        assert!(error.examples[0].message.contains(sentence), "{sentence}: {}", error.examples[0].message);
    }
}

fn server_error(_: String) -> String {
    String::from_utf8(answer(500, "", "{\"error\":\"Internal server error\"}")).unwrap()
}

#[test]
fn smoke_names_what_does_not_work() {
    let text = with(&text_of("smoke.toml"), "\"5s\"", "\"500ms\"");
    let wrong_body = |answer: String| with(&answer, "\"ok\"", "\"no\"");
    let no_header = |answer: String| with(&answer, "x-frame-options", "x-other-options");
    let open_door = |_: String| String::from_utf8(ok("", "medianest_http_requests_total 1\n")).unwrap();
    let no_metrics = |_: String| String::from_utf8(ok("", "<html>not metrics</html>")).unwrap();
    let granted = |answer: String| {
        with(&answer, "x-frame-options", "access-control-allow-origin: https://elsewhere.example\r\nx-frame-options")
    };
    let not_granted = |answer: String| with(&answer, "access-control-allow-credentials", "x-other");
    let twins = [
        Twin {
            of: "GET /health",
            alter: wrong_body,
            step: "health",
            class: "check",
            lines: ["- equals \"ok\"", "+ \"no\""],
            sentence: "json:$.status: expected equals \"ok\", got \"no\"",
        },
        Twin {
            of: "GET /api/health",
            alter: |_| String::new(),
            step: "API health",
            class: "timeout",
            lines: ["- an answer", "+ no complete answer within the timeout"],
            sentence: "no complete answer within the timeout",
        },
        Twin {
            of: "GET /api/health",
            alter: no_header,
            step: "security headers",
            class: "check",
            lines: ["header:x-frame-options", "- is there"],
            sentence: "header:x-frame-options",
        },
        Twin {
            of: "GET /metrics",
            alter: open_door,
            step: "metrics, no token",
            class: "http_200",
            lines: ["- status 401", "+ status 200"],
            sentence: "expected status 401, got status 200",
        },
        Twin {
            of: "not-the-token",
            alter: open_door,
            step: "metrics, wrong token",
            class: "http_200",
            lines: ["- status 401", "+ status 200"],
            sentence: "expected status 401, got status 200",
        },
        Twin {
            of: "demo-metrics-token",
            alter: no_metrics,
            step: "metrics, right token",
            class: "check",
            lines: ["- contains \"medianest_http_requests_total\"", "+ \"<html>"],
            sentence: "body: expected contains",
        },
        Twin {
            of: "http://localhost:3000",
            alter: not_granted,
            step: "CORS, own origin",
            class: "check",
            lines: ["header:access-control-allow-credentials", "- equals \"true\""],
            sentence: "header:access-control-allow-credentials",
        },
        Twin {
            of: "https://elsewhere.example",
            alter: granted,
            step: "CORS, foreign origin",
            class: "check",
            lines: ["header:access-control-allow-origin", "+ \"https://elsewhere.example\""],
            sentence: "header:access-control-allow-origin: expected is absent",
        },
        Twin {
            of: "GET / ",
            alter: server_error,
            step: "front end",
            class: "http_500",
            lines: ["- status 200", "+ status 500"],
            sentence: "expected status 200, got status 500",
        },
    ];
    each_is_named(&text, &twins);
}

/// A demo over TLS with a certificate for so many days more, and `smoke-staging.toml` for it.
fn staging(days: u32, rate_limits: Option<RateLimits>) -> (Demo, Workspace) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let (now, day) = (std::time::SystemTime::now(), Duration::from_secs(24 * 3_600));
    params.not_before = (now - day).into();
    // Half a day more, so that no clock makes it a day less.
    params.not_after = (now + day * days + day / 2).into();
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let workspace =
        Workspace::with(&with(&text_of("smoke-staging.toml"), "[target]\n", "[target]\nca = \"cert.pem\"\n"));
    workspace.file("smoke.toml", &text_of("smoke.toml"));
    let files = TlsFiles {
        certificate: workspace.file("cert.pem", &certificate.pem()),
        key: workspace.file("key.pem", &key.serialize_pem()),
    };
    let demo = Demo::start(DemoOptions { tls: Some(files), rate_limits, ..DemoOptions::without_latency() }).unwrap();
    let base_url = demo.base_url().replace("127.0.0.1", "localhost");
    (demo, workspace.env("BASE_URL", &base_url))
}

#[test]
fn the_smoke_check_of_staging_names_a_certificate_that_is_about_to_end() {
    let (_demo, workspace) = staging(90, Some(RateLimits::default()));
    let result = workspace.run(&[]).exits_with(0).result();
    assert_eq!(result.calls.len(), 10, "all of smoke.toml and the certificate, but not the rate limit");
    let (_demo, workspace) = staging(5, None);
    let outcome =
        workspace.run(&[]).exits_with(99).says("certificate").says("- a certificate valid for at least 14 days");
    outcome.says("+ 5 days");
}

#[test]
fn the_smoke_check_of_staging_names_a_rate_limit_that_does_nothing() {
    let rate_limits = ["--profile", "rate-limits"];
    let (demo, workspace) = staging(90, Some(RateLimits::default()));
    let result = workspace.run(&rate_limits).exits_with(0).result();
    assert_eq!(result.calls.last().map(|call| (call.step.as_str(), call.status)), Some(("rate limit", Some(429))));
    assert_eq!(demo.requests_seen(), 101, "it stops at the first refusal");
    let (demo, workspace) = staging(90, None);
    workspace.run(&rate_limits).exits_with(99).says("rate limit").says("- status 429").says("+ status 200");
    assert_eq!(demo.requests_seen(), 1 + 10 + 121, "it does not ask for ever");
}

#[test]
fn a_staging_host_that_does_not_come_up_is_no_verdict() {
    let text = with(&text_of("smoke-staging.toml"), "deadline = \"2m\"", "deadline = \"3s\"");
    let workspace = Workspace::with(&text).env("BASE_URL", &format!("http://{}", free_address()));
    workspace.file("smoke.toml", &text_of("smoke.toml"));
    workspace.run(&[]).exits_with(3).tells("the target was not ready within 3s").tells("refused");
}

#[test]
fn e2e_names_the_broken_link_of_its_chain() {
    let forgets = |_: String| String::from_utf8(ok("", "{\"data\":{\"requests\":[]}}")).unwrap();
    let lets_in = |_: String| String::from_utf8(ok("", "{\"data\":{}}")).unwrap();
    let twins = [
        Twin {
            of: "GET /api/media/requests",
            alter: forgets,
            step: "list contains it",
            class: "check",
            lines: ["json:$.data.requests[*].id", "- contains"],
            sentence: "json:$.data.requests[*].id: expected contains",
        },
        Twin {
            of: "GET /api/media/search",
            alter: server_error,
            step: "search",
            class: "http_500",
            lines: ["- status 200", "+ status 500"],
            sentence: "expected status 200, got status 500",
        },
        Twin {
            of: "POST /api/media/request",
            alter: |answer| answer.replace("409 Conflict", "201 Created"),
            step: "twice is a conflict",
            class: "http_201",
            lines: ["- status 409", "+ status 201"],
            sentence: "expected status 409, got status 201",
        },
        Twin {
            of: "POST /api/v1/auth/logout",
            alter: lets_in,
            step: "sign out without it",
            class: "http_200",
            lines: ["- status 403", "+ status 200"],
            sentence: "expected status 403, got status 200",
        },
    ];
    each_is_named(&text_of("e2e.toml"), &twins);
    let no_token = RawServer::start(|_, _| ok("", "{\"data\":{\"user\":1}}"));
    let outcome = Workspace::with(&text_of("e2e.toml")).env("BASE_URL", &no_token.base_url()).run(&[]).exits_with(99);
    outcome.says("sign in").says("→ `token`").says("journeys: wanted journeys >= 95%, observed 0%");
    assert_eq!(no_token.requests_seen(), 1, "the chain ends where it breaks");
}

#[test]
fn e2e_allows_five_journeys_of_a_hundred_to_fail_and_no_more() {
    // Every n-th journey is told that its film is already there: its fifth call.
    let failing = |every: u64| {
        let (demo, asked) = (demo(), std::sync::atomic::AtomicU64::new(0));
        let target = altered(&demo.base_url(), move |head, answer| {
            let is_first = head.starts_with("POST /api/media/request") && answer.starts_with("HTTP/1.1 201");
            match is_first && asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % every == every - 1 {
                true => server_error(answer),
                false => answer,
            }
        });
        Workspace::with(&text_of("e2e.toml")).env("BASE_URL", &target.base_url()).run(&["--profile", "many"])
    };
    let outcome = failing(20).exits_with(0);
    assert_eq!(outcome.result().accounting.failed, 2, "of 40");
    let outcome = failing(10).exits_with(99).says("journeys: wanted journeys >= 95%, observed 90%");
    assert_eq!((outcome.result().accounting.failed, outcome.result().errors[0].class.as_str()), (4, "http_500"));
}

fn light(base_url: &str) -> Workspace {
    Workspace::with(&text_of("light.toml")).env("BASE_URL", base_url)
}

#[test]
fn light_says_when_a_rate_limit_refused_it() {
    // The demo's limits count by windows, so each attempt needs a fresh one.
    let outcome = punctual(|| {
        let demo =
            Demo::start(DemoOptions { rate_limits: Some(RateLimits::default()), ..DemoOptions::without_latency() });
        light(&demo.unwrap().base_url()).run(&["--profile", "short"])
    });
    let outcome = outcome.exits_with(99).says("http_429");
    let result = outcome.result();
    let reason = result.reasons.iter().find(|reason| reason.starts_with("errors:")).unwrap();
    assert!(reason.contains("were refused by a rate limit of the target (status 429)"), "{reason}");
    assert_eq!(result.errors.len(), 1, "nothing else went wrong: {:?}", result.errors);
}

#[test]
fn light_fails_when_answers_are_errors_and_cannot_judge_what_never_came() {
    let short = |alter: fn(u64, &str) -> bool| {
        let server = RawServer::start(move |number, head| match head {
            _ if head.contains("/api/auth/login") => ok("", "{\"data\":{\"token\":\"t\"}}"),
            _ if alter(number, head) => answer(500, "", ""),
            _ if head.starts_with("POST") => answer(201, "", "{\"data\":{\"request\":{\"id\":1}}}"),
            _ => ok("", "{\"data\":{\"results\":[1]}}"),
        });
        punctual(|| light(&server.base_url()).run(&["--profile", "short"]))
    };
    short(|number, _| number % 3 == 0).exits_with(99).says("http_500").says("errors: wanted error_rate < 1%");
    // Without a dashboard nobody comes to the search, whose gate has nothing to judge then.
    short(|_, head| head.contains("dashboard")).exits_with(4).says("search: no request gave a figure to judge");
}

const ROTATION: &str = "extract = { token = { from = \"header:X-New-Token\", optional = true } }\n";

/// `light.toml` with its profile `long` cut to what a test has time for.
fn long(users: &str, end: &str) -> String {
    let text = with(&text_of("light.toml"), "users = 15", users);
    with(&text, "duration = \"30m\"", end)
}

#[test]
fn a_run_longer_than_a_token_lives_follows_its_rotation_and_fails_without() {
    let demo =
        Demo::start(DemoOptions { token_lifetime: Duration::from_secs(6), ..DemoOptions::without_latency() }).unwrap();
    let base_url = demo.base_url();
    let never_offered =
        altered(&base_url, |_, answer| answer.replace("x-new-token", "x-other").replace("x-token-rotated", "x-else"));
    let text = long("users = 3", "duration = \"9s\"");
    let open = with(&text, "duration = \"4s\"", "duration = \"9s\"");
    // Films of its own for each, since all ask one demo.
    let start = |text: &str, base_url: &str, profile: &str, seed: &str| {
        Workspace::with(text).env("BASE_URL", base_url).start(&["--profile", profile, "--set", seed])
    };
    let running = [
        start(&text, &base_url, "long", "seed=1"),
        start(&with(&text, ROTATION, ""), &base_url, "long", "seed=2"),
        start(&text, &never_offered.base_url(), "long", "seed=3"),
        start(&open, &base_url, "short", "seed=4"),
    ];
    let [followed, not_taken, not_offered, open] = running.map(crate::support::Running::finish);
    let result = followed.exits_with(0).result();
    assert_eq!((result.errors.len(), result.accounting.failed), (0, 0), "each user has its own next token");
    let expired = |outcome: Outcome| {
        let result = outcome.result();
        assert_ne!(outcome.code, Some(0), "{}", outcome.stdout);
        assert_eq!(result.errors.iter().map(|error| error.class.as_str()).collect::<Vec<_>>(), ["http_401"]);
        assert!(result.errors[0].examples[0].message.contains("got status 401"), "{:?}", result.errors);
        outcome
    };
    expired(not_taken).exits_with(99).says("errors: wanted error_rate < 1%");
    expired(not_offered).exits_with(99);
    // As the file says: journeys that start anew each time start with the token of the setup.
    expired(open);
}

#[test]
fn a_server_that_no_longer_takes_the_old_token_is_followed_at_once() {
    let server = || {
        RawServer::start(|number, head| {
            let current = if number <= 100 { "t0" } else { "t1" };
            match head {
                _ if head.contains("/api/auth/login") => ok("", "{\"data\":{\"token\":\"t0\"}}"),
                _ if !head.contains(&format!("Bearer {current}")) => answer(401, "", "{\"error\":\"expired\"}"),
                _ if number == 100 => {
                    let renewed = "X-Token-Rotated: true\r\nX-New-Token: t1\r\n";
                    answer(
                        if head.starts_with("POST") { 201 } else { 200 },
                        renewed,
                        "{\"data\":{\"results\":[1],\"request\":{\"id\":1}}}",
                    )
                }
                _ => answer(
                    if head.starts_with("POST") { 201 } else { 200 },
                    "",
                    "{\"data\":{\"results\":[1],\"request\":{\"id\":1}}}",
                ),
            }
        })
    };
    let text = with(&long("users = 1", "iterations = 150"), "max_rate = \"20/s\", ", "");
    let text = with(&text, "think = \"100ms..300ms\"\n", "");
    let run = |text: &str| {
        let server = server();
        Workspace::with(text).env("BASE_URL", &server.base_url()).run(&["--profile", "long"])
    };
    let followed = run(&text).exits_with(0).result();
    assert_eq!((followed.accounting.passed, followed.errors.len()), (150, 0));
    run(&with(&text, ROTATION, "")).exits_with(99).says("http_401");
}

#[test]
fn capacity_names_errors_and_a_target_that_is_too_slow() {
    let capacity = |alter: fn(String) -> String| {
        punctual(|| {
            let demo = demo();
            let target =
                altered(
                    &demo.base_url(),
                    move |head, answer| {
                        if head.contains("/api/media/search") { alter(answer) } else { answer }
                    },
                );
            Workspace::with(&text_of("capacity.toml")).env("BASE_URL", &target.base_url()).run(&["--profile", "short"])
        })
    };
    let outcome = capacity(server_error).exits_with(99).says("http_500").says("errors: wanted error_rate < 1%");
    let message = outcome.result().errors[0].examples[0].message.clone();
    assert!(message.starts_with("expected status 200, got status 500; "), "{message}");
    let slow = |answer: String| {
        std::thread::sleep(Duration::from_millis(800));
        answer
    };
    capacity(slow).exits_with(99).says("latency: wanted p95 < 600ms");
}
