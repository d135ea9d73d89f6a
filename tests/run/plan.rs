//! `mnload plan` through the binary: what it says of a file, the one request it sends, and what it makes of the answer.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions, RateLimits, TlsFiles};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Outcome, Workspace, free_address};

/// The plan of a scenario with `steps`, sent to `base_url`.
fn plan(base_url: &str, steps: &str, more: &[&str]) -> Outcome {
    let text = format!("[target]\nbase_url = \"{base_url}\"\n{steps}");
    Workspace::with(&text).mnload(&[&["plan", "scenario.toml"], more].concat())
}

/// Words as they were before lines were broken.
fn flowing(outcome: &Outcome) -> String {
    outcome.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn holds(outcome: &Outcome, text: &str) {
    let said = flowing(outcome);
    assert!(said.contains(text), "no `{text}` in:\n{}\n{}", outcome.stdout, outcome.stderr);
}

const OPEN: &str = "[load]\nmodel = \"open\"\nrate = \"20/s\"\nduration = \"1m\"\n[[step]]\nget = \"/health\"\n";

#[test]
fn without_a_probe_nothing_is_sent() {
    let server = RawServer::start(|_, _| ok("", ""));
    let outcome = plan(&server.base_url(), OPEN, &["--no-probe"]).exits_with(0).says("not asked");
    holds(&outcome, "1,200 journeys of 1 request");
    assert_eq!((server.connections_seen(), server.requests_seen()), (0, 0));
}

#[test]
fn the_probe_is_one_request_of_the_first_step_that_stands_alone() {
    let server = RawServer::start(|_, head| {
        let wanted = head.starts_with("GET /base/second?q=1 ") && head.contains("x-client: me");
        if wanted { ok("", "fine") } else { answer(500, "", "") }
    });
    let base_url = format!("{}/base", server.base_url());
    let steps = "headers = { X-Client = \"me\" }\n[[step]]\npost = \"/first\"\nextract = { a = \"body\" }\n[[step]]\nget = \"/needs/${ a }\"\n[[step]]\nget = \"/second?q=1\"\n[[step]]\nget = \"/third\"\n";
    let outcome = plan(&base_url, steps, &[]).exits_with(0);
    holds(&outcome, "was answered with 200 over HTTP/1.1 in");
    holds(&outcome, "none announced");
    assert_eq!((server.connections_seen(), server.requests_seen()), (1, 1));
}

#[test]
fn a_target_that_hangs_up_is_not_asked_twice() {
    let server = RawServer::start(|_, _| Vec::new());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let at = format!("http://{}", silent.local_addr().unwrap());
    let outcome = plan(&at, OPEN, &[]).exits_with(0);
    holds(&outcome, "was not answered: no complete answer within the timeout");
    assert!(!outcome.stdout.contains("A run would stop"), "a run only connects:\n{}", outcome.stdout);
    holds(&plan(&server.base_url(), OPEN, &[]).exits_with(0), "was not answered");
    assert_eq!(server.requests_seen(), 1);
    // Twice three seconds, and time for a busy machine.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_host_that_no_step_goes_to_is_not_asked() {
    let (base, load) = (RawServer::start(|_, _| ok("", "")), RawServer::start(|_, _| ok("", "")));
    let steps = format!("[[step]]\npost = \"{}/x\"\n", load.base_url());
    plan(&base.base_url(), &steps, &[]).exits_with(0);
    assert_eq!((base.requests_seen(), load.requests_seen()), (0, 1));
}

#[test]
fn nobody_there_is_a_note_and_no_failure() {
    let outcome = plan(&format!("http://{}", free_address()), OPEN, &[]).exits_with(0);
    holds(&outcome, "was not answered: Connection refused");
    holds(&outcome, "A run would stop before it starts. Is it running, and is base_url right?");
}

#[test]
fn a_certificate_that_is_not_trusted_is_a_note_and_the_plans_trust_is_used() {
    let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let workspace = Workspace::with("");
    let path = workspace.file("cert.pem", &certificate.cert.pem());
    let key = workspace.file("key.pem", &certificate.signing_key.serialize_pem());
    let tls = Some(TlsFiles { certificate: path.clone(), key });
    let demo = Demo::start(DemoOptions { tls, ..DemoOptions::without_latency() }).unwrap();
    let outcome = plan(&demo.base_url(), OPEN, &[]).exits_with(0);
    holds(&outcome, "invalid peer certificate");
    holds(&outcome, "name its authority in [target] ca");
    assert_eq!(demo.requests_seen(), 0);
    let trusting = format!("ca = \"{}\"\n{OPEN}", path.display());
    holds(&plan(&demo.base_url(), &trusting, &[]).exits_with(0), "was answered with 200");
    assert_eq!(demo.requests_seen(), 1);
}

#[test]
fn the_light_test_is_told_that_staging_will_refuse_it() {
    let options = DemoOptions { rate_limits: Some(RateLimits::default()), ..DemoOptions::without_latency() };
    let demo = Demo::start(options).unwrap();
    let light = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/light.toml")).unwrap();
    let workspace = Workspace::with(&light).env("BASE_URL", &demo.base_url());
    let outcome = workspace.mnload(&["plan", "scenario.toml"]).exits_with(0);
    holds(&outcome, "100 requests per 15m; 99 left");
    holds(&outcome, "this plan sends up to 40 requests/s; the target allows 100 per 15m from one address");
    // 98 requests after setup: 49 journeys of a rate that climbs by 2/s every second.
    holds(&outcome, "it will be refused after about 7s. Raise the limit on staging, or lower the load to");
    assert_eq!(demo.requests_seen(), 1);
    let once = workspace.mnload(&["plan", "scenario.toml", "--profile", "smoke"]).exits_with(0);
    assert!(!once.stdout.contains("will be refused"), "{}", once.stdout);
}

#[test]
fn a_target_that_refuses_already_says_for_how_long() {
    let server = RawServer::start(|_, _| answer(429, "retry-after: 120\r\n", ""));
    let outcome = plan(&server.base_url(), OPEN, &[]).exits_with(0);
    holds(&outcome, "was answered with 429");
    holds(&outcome, "asks to stay away for 2m");
}

#[test]
fn no_secret_is_said_and_what_the_target_says_moves_no_cursor() {
    let server = RawServer::start(|_, head| {
        let token = head.lines().find_map(|line| line.strip_prefix("authorization: Bearer ")).unwrap_or_default();
        let hostile = "x-ratelimit-limit: 5\u{9b}31m\r\nratelimit-policy: \"\u{9b}31m\";q=2;w=60\r\n";
        ok(&format!("{hostile}ratelimit-policy: \"{token}\";q=1;w=60\r\n"), "")
    });
    let text = format!(
        "[target]\nbase_url = \"{}\"\n[[step]]\nget = \"/a?key=${{ secret.PASSWORD }}\"\nbearer = \"${{ secret.PASSWORD }}\"\n[[step]]\nget = \"/${{ secret.PASSWORD }}/b\"\n",
        server.base_url()
    );
    let outcome =
        Workspace::with(&text).env("PASSWORD", "canary-7f3a9c").mnload(&["plan", "scenario.toml"]).exits_with(0);
    assert_eq!(server.requests_seen(), 1);
    holds(&outcome, "1 request per 1m");
    for said in [&outcome.stdout, &outcome.stderr] {
        assert!(!said.contains("canary") && !said.contains(['\u{1b}', '\u{9b}']), "{said}");
    }
}

#[test]
fn a_mistake_in_the_file_is_told_before_anybody_is_asked() {
    let server = RawServer::start(|_, _| ok("", ""));
    plan(&server.base_url(), "[[step]]\ngte = \"/\"\n", &[]).exits_with(3).tells("did you mean `get`?");
    assert_eq!(server.connections_seen(), 0);
}

#[test]
fn the_document_holds_the_same_facts() {
    let server = RawServer::start(|_, _| {
        ok("ratelimit-policy: \"default\";q=100;w=900\r\nratelimit: \"default\";r=99;t=900\r\n", "")
    });
    let outcome = plan(&server.base_url(), OPEN, &["--format", "json"]).exits_with(0);
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&document["schema"], &document["journeys"]["planned"]), (&"mnload.plan".into(), &1200.0.into()));
    assert_eq!((&document["peak_requests_per_s"], &document["load_s"]), (&20.0.into(), &60.0.into()));
    let target = &document["target"];
    assert_eq!((&target["status"], &target["version"]), (&200.into(), &"HTTP/1.1".into()));
    let limit = &target["limits"][0];
    assert_eq!((&limit["limit"], &limit["window_s"], &limit["remaining"]), (&100.into(), &900.0.into(), &99.into()));
    assert!(limit["refused"].as_str().unwrap().contains("lower the load to 6.6/m"), "{limit}");
    assert_eq!(document["warnings"][0], limit["refused"]);
    let unasked = plan(&server.base_url(), OPEN, &["--format", "json", "--no-probe"]).exits_with(0);
    let document: serde_json::Value = serde_json::from_str(&unasked.stdout).unwrap();
    assert!(document["target"].is_null() && document["warnings"].as_array().unwrap().is_empty(), "{document}");
    assert_eq!(server.requests_seen(), 1);
}
