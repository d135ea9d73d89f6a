//! The smoke check: every call with its phases, every failure with all there is to see, certificates, and waiting for
//! a target that is starting.

use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions, TlsFiles};
use mnload::report::{CallFailure, CallResult};
use rcgen::{CertificateParams, KeyPair};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Outcome, Workspace, free_address};

fn scenario(base_url: &str, rest: &str) -> Workspace {
    Workspace::with(&format!("[target]\nbase_url = \"{base_url}\"\ntimeout = \"5s\"\n{rest}"))
}

/// What there is to see of the only call that failed.
fn failure_of(outcome: &Outcome) -> CallFailure {
    let mut failures: Vec<_> = outcome.result().calls.into_iter().filter_map(|call| call.failure).collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures.remove(0)
}

fn page_of(outcome: &Outcome) -> String {
    std::fs::read_to_string(outcome.run_folder.join("report.html")).unwrap()
}

#[test]
fn every_call_is_shown_with_its_phases() {
    let server = RawServer::start(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        ok("", "hello")
    });
    let base_url = server.base_url().replace("127.0.0.1", "localhost");
    let steps = "[[flow]]\nname = \"a\"\n[[flow.step]]\nname = \"one\"\nget = \"/1\"\n[[flow.step]]\nname = \"two\"\nget = \"/2\"\n[[flow]]\nname = \"b\"\n[[flow.step]]\nname = \"three\"\nget = \"/3\"\n";
    let outcome = scenario(&base_url, steps).run(&[]).exits_with(0);
    let calls = outcome.result().calls;
    let of = |call: &CallResult| (call.flow.clone(), call.step.clone(), call.status, call.passed, call.bytes);
    let wanted = |flow: &str, step: &str| (flow.to_owned(), step.to_owned(), Some(200), true, 5);
    assert_eq!(
        calls.iter().map(of).collect::<Vec<_>>(),
        [wanted("a", "one"), wanted("a", "two"), wanted("b", "three")]
    );
    let first = &calls[0].phases_us;
    assert!(first.lookup.is_some() && first.connect.is_some() && first.tls.is_none(), "{first:?}");
    assert!(!calls[0].reused);
    for (number, call) in calls.iter().enumerate() {
        let phases = &call.phases_us;
        let parts = phases.connect.unwrap_or(0) + phases.wait.unwrap() + phases.receive.unwrap();
        assert!(phases.wait.unwrap() >= 20_000, "the server thinks for 20 ms: {phases:?}");
        // Each part is rounded down to a microsecond.
        assert!(parts <= phases.total && phases.total >= 20_000, "{phases:?}");
        if number > 0 {
            assert!(call.reused && phases.connect.is_none() && phases.lookup.is_none(), "{call:?}");
        }
    }
    let outcome = outcome.says("lookup").says("receive");
    assert!(!outcome.stdout.contains("p95"), "percentiles of one call say nothing:\n{}", outcome.stdout);
    assert!(page_of(&outcome).contains("Table of calls"));
}

#[test]
fn a_load_keeps_its_percentiles_and_no_single_calls() {
    let server = RawServer::start(|_, _| ok("", ""));
    let load = "[load]\nmodel = \"closed\"\nusers = 1\niterations = 30\n[[step]]\nget = \"/\"\n";
    let outcome = scenario(&server.base_url(), load).run(&[]).exits_with(0).says("p95");
    assert!(outcome.result().calls.is_empty());
    let json = std::fs::read_to_string(outcome.run_folder.join("result.json")).unwrap();
    assert!(!json.contains("\"calls\""), "{json}");
}

#[test]
fn a_failure_shows_what_was_sent_what_came_and_how_they_differ() {
    let server = RawServer::start(|_, _| {
        answer(422, "X-Request-Id: r-17\r\nContent-Type: application/json\r\n", "{\n  \"error\": \"no such user\"\n}")
    });
    let step = "[[step]]\nname = \"create\"\npost = \"/users?dry=1\"\nheaders = { X-Kind = \"test\" }\njson = { name = \"someone\" }\nexpect = { status = 201, \"json:$.id\" = 7 }\n";
    let outcome = scenario(&server.base_url(), step).run(&[]).exits_with(99);
    for line in [
        "  create  http_422",
        "      - status 201",
        "      + status 422",
        "    json:$.id",
        "      - equals 7",
        "      + nothing: $ has the key error",
        &format!("    > POST {}/users?dry=1", server.base_url()),
        "    > x-kind: test",
        "    > {\"name\":\"someone\"}",
        "    < HTTP/1.1 422 Unprocessable Entity",
        "    < x-request-id: r-17",
        "    <   \"error\": \"no such user\"",
    ] {
        let shown = outcome.stdout.lines().any(|shown| shown.trim_end() == line);
        assert!(shown, "{line:?} is missing:\n{}", outcome.stdout);
    }
    assert!(outcome.stdout.lines().all(|line| line.chars().count() <= 80), "{}", outcome.stdout);
    let failure = failure_of(&outcome);
    let (request, response) = (failure.evidence.request.unwrap(), failure.evidence.response.unwrap());
    assert_eq!((failure.class.as_str(), request.method.as_str()), ("http_422", "POST"));
    assert_eq!(request.body.text, "{\"name\":\"someone\"}");
    assert_eq!((response.status_line.as_str(), response.body.bytes), ("HTTP/1.1 422 Unprocessable Entity", 29));
    assert_eq!(
        failure.evidence.checks.iter().map(|check| check.target.as_str()).collect::<Vec<_>>(),
        ["status", "json:$.id"]
    );
    assert!(page_of(&outcome).contains("<span class=\"wanted\">- status 201</span>"));
}

#[test]
fn long_documents_are_compared_line_by_line() {
    let server = RawServer::start(|_, _| ok("", "{\"user\":{\"name\":\"a\",\"roles\":[\"x\",\"y\"],\"age\":3}}"));
    let step = "[[step]]\nget = \"/\"\nexpect = { \"json:$.user\" = { equals = { name = \"a\", roles = [\"x\", \"z\"], age = 3 } } }\n";
    let failure = failure_of(&scenario(&server.base_url(), step).run(&[]).exits_with(99).says("-     \"z\""));
    let diff = &failure.evidence.checks[0].diff;
    let changed: Vec<&str> = diff.iter().map(String::as_str).filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(changed, ["-     \"z\"", "+     \"y\""], "{diff:?}");
}

#[test]
fn bodies_are_shown_as_far_as_a_person_reads() {
    let long: String = (0..5_000).map(|line| format!("line {line}\n")).collect();
    let server = RawServer::start(move |_, head| match () {
        () if head.contains("/binary") => answer(500, "", "\u{1}\u{2}\u{3}"),
        () => answer(500, "", &long),
    });
    let body = |path: &str| {
        let outcome = scenario(&server.base_url(), &format!("[[step]]\nget = \"{path}\"\n")).run(&[]).exits_with(99);
        failure_of(&outcome).evidence.response.unwrap().body
    };
    let binary = body("/binary");
    assert_eq!((binary.text.as_str(), binary.note.as_str(), binary.bytes), ("", "3 B, not shown: binary", 3));
    let long = body("/long");
    assert_eq!((long.text.lines().count(), long.text.lines().last()), (20, Some("line 19")));
    assert_eq!((long.bytes, long.note.as_str()), (48_890, "the start of 47.7 KiB"));
}

#[test]
fn an_answer_that_never_comes_shows_the_request_and_what_happened() {
    let server = RawServer::start(|_, _| Vec::new());
    let step = "[[step]]\nname = \"hangs\"\nget = \"/slow\"\ntimeout = \"200ms\"\n";
    let outcome = scenario(&server.base_url(), step).run(&[]).exits_with(99);
    let outcome = outcome.says("+ no complete answer within the timeout").says("> GET ").says("hangs  timeout");
    let call = outcome.result().calls.remove(0);
    assert!(call.status.is_none() && call.phases_us.connect.is_some() && call.phases_us.wait.is_none(), "{call:?}");
    assert!(call.phases_us.total >= 200_000);
    assert!(call.failure.unwrap().evidence.response.is_none());
}

#[test]
fn a_step_that_is_tried_again_shows_every_call_and_fails_with_the_last() {
    let server = RawServer::start(|number, _| if number < 2 { answer(503, "", "") } else { ok("", "") });
    let step = "[[step]]\nget = \"/\"\nretry = { times = 3 }\n";
    let outcome = scenario(&server.base_url(), step).run(&[]).exits_with(0).says("503 again");
    let calls = outcome.result().calls;
    assert_eq!(calls.iter().map(|call| call.tried_again).collect::<Vec<_>>(), [true, true, false]);
    assert!(calls.iter().all(|call| call.failure.is_none()) && calls[2].passed);
}

#[test]
fn a_request_that_cannot_be_made_is_a_call_that_failed() {
    let server = RawServer::start(|_, _| ok("", "{}"));
    let steps = "[[step]]\nname = \"a\"\nget = \"/a\"\nextract = { id = \"json:$.id\" }\non_failure = \"continue\"\n[[step]]\nname = \"b\"\nget = \"/b/${ id }\"\n";
    let outcome = scenario(&server.base_url(), steps).run(&[]).exits_with(99);
    let call = outcome.result().calls.remove(1);
    let evidence = call.failure.unwrap().evidence;
    assert!(evidence.request.is_none() && evidence.checks[0].actual.contains("id"), "{evidence:?}");
    assert_eq!(server.requests_seen(), 1);
}

#[test]
fn a_failing_setup_of_a_smoke_check_shows_its_call() {
    let server = RawServer::start(|_, _| answer(401, "", "{\"error\":\"wrong password\"}"));
    let steps = "[[setup]]\nname = \"sign in\"\npost = \"/login\"\n[[step]]\nget = \"/\"\n";
    let outcome = scenario(&server.base_url(), steps).run(&[]).exits_with(3);
    outcome.tells("the setup step `sign in` failed").tells("< HTTP/1.1 401").tells("{\"error\":\"wrong password\"}");
}

#[test]
fn no_secret_is_in_anything_that_a_failing_smoke_check_writes() {
    const CANARY: &str = "kanarie \"4\"&vogel";
    // All that can be told of it, however it is written, and what a server makes of what it is sent.
    let parts = ["kanarie", "vogel", "opaque-cookie", "opaque-key", "nobody's business"];
    let server = RawServer::start(move |_, head| {
        let echoed = head.replace("\r\n", "\n");
        let json = serde_json::json!({ "password": CANARY, "text": format!("it was {CANARY}"), "session_token": "nobody's business" });
        let headers =
            format!("Set-Cookie: sid=opaque-cookie; Path=/; HttpOnly\r\nX-Api-Key: opaque-key\r\nX-Echo: {CANARY}\r\n");
        // Long enough before the secret that an excerpt is cut within it.
        let filler = ".".repeat(150);
        answer(500, &headers, &format!("{json}\n{echoed}\n{filler}{filler}{filler}{filler}{CANARY}"))
    });
    let steps = "[[step]]\nname = \"a\"\npost = \"/a?key=${ secret.CANARY | urlencode }\"\nbearer = \"${ secret.CANARY | urlencode }\"\nheaders = { Cookie = \"sid=opaque-cookie\", X-Api-Key = \"opaque-key\" }\njson = { pin = \"${ secret.CANARY }\" }\nexpect = { status = 200, body = \"${ secret.CANARY }\", \"header:x-echo\" = \"x\", \"json:$\" = { equals = { text = \"${ secret.CANARY }\" } }, \"regex:\\\\.{150}(.*)\" = \"\" }\non_failure = \"continue\"\n\
                 [[step]]\nname = \"b\"\npost = \"/b\"\nform = { pin = \"${ secret.CANARY }\" }\nexpect = { \"regex:(?s).*\" = \"x\" }\non_failure = \"continue\"\n\
                 [[step]]\nname = \"c\"\nput = \"/c\"\nbody = \"it is ${ secret.CANARY }\"\nexpect = { \"json:$.text\" = \"${ secret.CANARY }!\" }\n";
    let setup = format!("{}[[setup]]\nname = \"s\"\npost = \"/s?key=${{ secret.CANARY | urlencode }}\"\n", steps);
    let workspace = scenario(&server.base_url(), steps).env("CANARY", CANARY);
    let outcomes = [
        workspace.run(&[]).exits_with(99),
        workspace.run(&["--overwrite", "--format", "json"]).exits_with(99),
        scenario(&server.base_url(), &setup).env("CANARY", CANARY).run(&[]).exits_with(3),
    ];
    let mut written: Vec<(String, String)> = Vec::new();
    for outcome in &outcomes {
        written.push(("stdout".to_owned(), outcome.stdout.clone()));
        written.push(("stderr".to_owned(), outcome.stderr.clone()));
    }
    for entry in std::fs::read_dir(&outcomes[1].run_folder).unwrap() {
        let path = entry.unwrap().path();
        written.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    assert!(written.len() >= 9 && outcomes[0].stdout.contains("[redacted]"));
    for (name, text) in written {
        for part in parts {
            assert!(!text.contains(part), "{part} is in {name}:\n{text}");
        }
    }
}

#[test]
fn a_certificate_must_be_good_for_long_enough() {
    let served = |days: u32| {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let now = std::time::SystemTime::now();
        let day = Duration::from_secs(24 * 3_600);
        params.not_before = (now - day).into();
        // Half a day more, so that no clock makes it a day less.
        params.not_after = (now + day * days + day / 2).into();
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        let demo = Demo::start(DemoOptions { tls: Some(files), ..DemoOptions::without_latency() }).unwrap();
        let base_url = demo.base_url().replace("127.0.0.1", "localhost");
        let steps = "[[step]]\nname = \"a\"\nget = \"/health\"\nexpect = { certificate_days = \"> 14\" }\n[[step]]\nname = \"b\"\nget = \"/health\"\nexpect = { certificate_days = \"> 14\" }\non_failure = \"continue\"\n";
        let workspace = Workspace::with(&format!("[target]\nbase_url = \"{base_url}\"\nca = \"ca.pem\"\n{steps}"));
        workspace.file("ca.pem", &certificate.pem());
        workspace.run(&[])
    };
    let calls = served(90).exits_with(0).result().calls;
    assert!(calls[0].phases_us.tls.is_some() && calls[1].reused, "{calls:?}");
    let outcome = served(5).exits_with(99).says("- a certificate valid for at least 15 days").says("+ 5 days");
    assert_eq!(failure_of(&outcome).evidence.checks[0].target, "certificate_days");
    let plain = RawServer::start(|_, _| ok("", ""));
    let step = "[[step]]\nget = \"/\"\nexpect = { certificate_days = 14 }\n";
    scenario(&plain.base_url(), step).run(&[]).exits_with(99).says("no certificate: the call was not encrypted");
}

#[test]
fn a_target_that_is_starting_is_waited_for() {
    let address = free_address();
    let target = format!(
        "[target]\nbase_url = \"http://{address}\"\nwait_for = {{ get = \"/health\", every = \"50ms\", deadline = \"60s\" }}\n"
    );
    let running = Workspace::with(&format!("{target}[[step]]\nget = \"/health\"\n")).start(&[]);
    std::thread::sleep(Duration::from_millis(500));
    let demo = Demo::start(DemoOptions { listen: address, ..DemoOptions::without_latency() }).unwrap();
    let outcome = running
        .finish()
        .exits_with(0)
        .tells(&format!("waiting for GET http://{address}/health: status 2xx, at most 1m"));
    assert_eq!(demo.requests_seen(), 2, "one that was waited for, one that counts");
    assert_eq!(outcome.result().times_us.response.count, 1);
}

#[test]
fn only_the_wanted_answer_ends_the_wait() {
    let server = RawServer::start(|number, head| match (number, head.contains("/ready ")) {
        (0 | 1, true) => answer(503, "", ""),
        (2, true) => answer(204, "", ""),
        (_, is_ready) => {
            if is_ready {
                answer(500, "", "")
            } else {
                ok("", "")
            }
        }
    });
    let target = |wait: &str| {
        format!(
            "[target]\nbase_url = \"{}\"\nwait_for = {wait}\n[[setup]]\nget = \"/setup\"\n[[step]]\nget = \"/\"\n",
            server.base_url()
        )
    };
    let text = target("{ get = \"/ready\", status = [204], every = \"10ms\" }");
    let outcome = Workspace::with(&text).run(&["--quiet"]).exits_with(0);
    assert_eq!(outcome.stderr, "", "quiet is quiet");
    assert_eq!(server.requests_seen(), 5);
    // In the short form the default is any 2xx.
    let outcome =
        Workspace::with(&target("{ get = \"/ready\", every = \"10ms\", deadline = \"200ms\" }")).run(&[]).exits_with(3);
    let outcome = outcome.tells("the target was not ready within 200ms: expected status 2xx, got status 500");
    assert!(!outcome.run_folder.exists() && server.requests_seen() > 7);
    Workspace::with(&target("\"/other\"")).run(&[]).exits_with(0);
}

#[test]
fn what_never_listens_is_told_when_the_time_is_over() {
    let address = free_address();
    for host in [address.to_string(), "no-such-host.invalid:80".to_owned()] {
        let text = format!(
            "[target]\nbase_url = \"http://{host}\"\nwait_for = {{ get = \"/health\", every = \"50ms\", deadline = \"300ms\" }}\n[[step]]\nget = \"/\"\n"
        );
        let outcome = Workspace::with(&text).run(&[]).exits_with(3).tells("was not ready within 300ms");
        let said = if host.contains("invalid") { "cannot find no-such-host.invalid" } else { "refused" };
        outcome.tells(said);
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_the_wait_at_once() {
    let text =
        format!("[target]\nbase_url = \"http://{}\"\nwait_for = \"/health\"\n[[step]]\nget = \"/\"\n", free_address());
    let running = Workspace::with(&text).start(&[]);
    std::thread::sleep(Duration::from_millis(500));
    let start = Instant::now();
    running.signal("INT");
    let outcome = running.finish().exits_with(130);
    assert!(start.elapsed() < Duration::from_secs(20), "the deadline is a minute");
    assert!(!outcome.run_folder.exists());
}

#[test]
fn mistakes_in_what_is_waited_for_have_their_place() {
    for (wait, place, said) in [
        ("5", "3:12", "a string or a table"),
        ("\"health\"", "3:12", "neither a path nor a URL"),
        ("{ every = \"1s\" }", "3:12", "`wait_for` needs `get`"),
        ("{ get = \"/\", evry = \"1s\" }", "3:25", "did you mean `every`?"),
        ("{ get = \"/\", every = \"soon\" }", "3:33", "soon"),
        ("{ get = \"/\", deadline = \"0s\" }", "3:36", "longer than nothing"),
        ("{ get = \"/\", status = \"fine\" }", "3:34", "not a status"),
        ("\"/${ tokn }\"", "3:", "tokn"),
    ] {
        let text = format!("[target]\nbase_url = \"http://127.0.0.1:9\"\nwait_for = {wait}\n[[step]]\nget = \"/\"\n");
        let outcome =
            Workspace::with(&text).run(&[]).exits_with(3).tells(&format!("scenario.toml:{place}")).tells(said);
        assert!(outcome.stderr.contains("1 mistake "), "{}", outcome.stderr);
    }
}

#[test]
fn a_checklist_goes_on_after_a_failure_and_says_what_was_not_done() {
    let server = RawServer::start(|_, head| if head.contains("/b") { answer(500, "", "") } else { ok("", "{}") });
    let steps = "[[step]]\nname = \"a\"\nget = \"/a\"\n[[step]]\nname = \"b\"\nget = \"/b\"\n[[step]]\nname = \"the last one\"\nget = \"/c\"\n";
    let scenario = |top: &str| format!("{top}[target]\nbase_url = \"{}\"\n{steps}", server.base_url());
    let stops = Workspace::with(&scenario("")).run(&[]).exits_with(99).says("not done   the last one");
    assert_eq!(stops.result().calls.len(), 2);
    let page = std::fs::read_to_string(stops.run_folder.join("report.html")).unwrap();
    assert!(page.contains("earlier failure: the last one"));
    let goes_on = Workspace::with(&scenario("on_failure = \"continue\"\n")).run(&[]).exits_with(99).result();
    assert_eq!((goes_on.calls.len(), goes_on.accounting.failed), (3, 1));
}

#[test]
fn what_an_answer_gives_as_a_credential_stands_in_no_output() {
    let canary = "canary7081";
    let server = RawServer::start(move |_, head| match head {
        _ if head.starts_with("GET /in") => {
            ok(&format!("set-cookie: sid={canary}; Path=/\r\n"), &format!("{{\"token\":\"{canary}-t\"}}"))
        }
        _ => answer(503, &format!("location: http://me:{canary}@127.0.0.1/x\r\n"), ""),
    });
    let steps = "on_failure = \"continue\"\nTARGET[[step]]\nname = \"in\"\nget = \"/in\"\n\
        expect = { \"header:set-cookie\" = { contains = \"HttpOnly\" }, \"cookie:sid\" = \"other\", \"json:$.token\" = { matches = \"^ey\" } }\n\
        extract = { sid = \"cookie:sid\", token = \"json:$.token\" }\n\
        [[step]]\nname = \"out\"\nget = \"/out?x=${ sid }\"\nheaders = { X-Ses = \"${ token }\" }\n\
        [[step]]\nname = \"parts\"\npost = \"/out\"\nmultipart = { password = \"canary7081-p\" }\n";
    let target = format!("[target]\nbase_url = \"{}\"\n", server.base_url());
    let outcome = Workspace::with(&steps.replace("TARGET", &target)).run(&[]).exits_with(99).says("cookie:sid");
    let mut files = 0;
    for entry in std::fs::read_dir(&outcome.run_folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(canary), "{}", &text[text.find(canary).unwrap().saturating_sub(200)..]);
        files += 1;
    }
    assert!(files >= 4);
    assert!(!outcome.stdout.contains(canary) && !outcome.stderr.contains(canary), "{}", outcome.stdout);
}
