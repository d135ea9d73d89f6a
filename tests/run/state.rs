//! What a user keeps between requests: cookies, connections, values; where redirects lead; bodies of all kinds.

use std::sync::{Arc, Mutex};

use crate::support::raw::{RawServer, answer, ok};
use crate::support::{Outcome, Workspace};

/// All requests that a server saw, head and body.
type Seen = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A server that notes all requests and answers by the path.
fn noting(by_path: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (RawServer, Seen) {
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let server = RawServer::reading(move |_, head, body| {
        noted.lock().unwrap().push((head.to_owned(), body.to_vec()));
        by_path(head.split(' ').nth(1).unwrap_or_default())
    });
    (server, seen)
}

fn run(server: &RawServer, scenario: &str) -> Outcome {
    Workspace::with(&with_target(server, scenario)).run(&[])
}

/// The scenario, `TARGET` in it being what is to be in `[target]` beside the base URL.
fn with_target(server: &RawServer, scenario: &str) -> String {
    format!("[target]\nbase_url = \"{}\"\n{scenario}", server.base_url())
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn cookies(seen: &Seen) -> Vec<Option<String>> {
    seen.lock().unwrap().iter().map(|(head, _)| header(head, "cookie")).collect()
}

const SIGN_IN: &str = "[[step]]\nget = \"/in\"\n[[step]]\nget = \"/page\"\n";

fn setting_cookies(path: &str) -> Vec<u8> {
    match path {
        "/in" => ok("set-cookie: csrf=first; Path=/\r\nset-cookie: csrf=last; Path=/; Secure; HttpOnly\r\n", "{}"),
        _ => ok("", "{}"),
    }
}

#[test]
fn cookies_are_sent_back_the_last_of_one_name_and_each_journey_starts_without() {
    let (server, seen) = noting(setting_cookies);
    let load = "[load]\nmodel = \"closed\"\nusers = 1\niterations = 2\n[gates]\nerrors = \"error_rate <= 0%\"\n";
    run(&server, &format!("{load}{SIGN_IN}")).exits_with(0);
    let last = Some("csrf=last".to_owned());
    assert_eq!(cookies(&seen), [None, last.clone(), None, last]);
}

#[test]
fn a_user_that_keeps_its_state_has_its_cookies_and_values_in_the_next_journey() {
    let (server, seen) = noting(|path| match path {
        "/in" => ok("set-cookie: session=s1; Path=/\r\n", "{\"token\": \"t-1\"}"),
        _ => ok("", "{}"),
    });
    let scenario = "[load]\nmodel = \"closed\"\nusers = 1\niterations = 3\nkeep_state = true\n[gates]\nerrors = \"error_rate <= 0%\"\n\
        [[step]]\nget = \"/in\"\nunless = \"token is defined\"\nextract = { token = \"json:$.token\" }\n\
        [[step]]\nget = \"/page?${ token }\"\n";
    run(&server, scenario).exits_with(0);
    let paths: Vec<String> =
        seen.lock().unwrap().iter().filter_map(|(head, _)| head.split(' ').nth(1).map(str::to_owned)).collect();
    assert_eq!(paths, ["/in", "/page?t-1", "/page?t-1", "/page?t-1"]);
    let kept = Some("session=s1".to_owned());
    assert_eq!(cookies(&seen), [None, kept.clone(), kept.clone(), kept]);
}

#[test]
fn setups_cookies_are_everybodys_and_a_steps_own_header_wins() {
    let (server, seen) = noting(setting_cookies);
    let scenario = "[[setup]]\nget = \"/in\"\n[[step]]\nget = \"/page\"\n[[step]]\nname = \"own\"\nget = \"/own\"\nheaders = { Cookie = \"a=b\" }\n";
    run(&server, scenario).exits_with(0);
    assert_eq!(cookies(&seen), [None, Some("csrf=last".to_owned()), Some("a=b".to_owned())]);
}

#[test]
fn cookies_can_be_refused() {
    let (server, seen) = noting(setting_cookies);
    run(&server, &format!("cookies = false\n{SIGN_IN}")).exits_with(0);
    run(&server, &format!("{SIGN_IN}cookies = false\n[[step]]\nget = \"/again\"\n")).exits_with(0);
    assert_eq!(cookies(&seen), [None, None, None, None, Some("csrf=last".to_owned())]);
}

fn redirecting(path: &str) -> Vec<u8> {
    match path {
        "/old" => answer(302, "location: /older/../new?x=1\r\nset-cookie: hop=1; Path=/\r\n", ""),
        "/form" => answer(303, "location: /new\r\n", ""),
        "/again" => answer(307, "location: /new\r\n", ""),
        "/round" => answer(302, "location: /round\r\n", ""),
        "/away" => answer(302, "location: http://elsewhere.example/x\r\n", ""),
        _ => ok("", "{\"here\": true}"),
    }
}

#[test]
fn a_redirect_is_an_answer_unless_it_is_to_be_followed() {
    let (server, seen) = noting(redirecting);
    run(&server, "[[step]]\nget = \"/old\"\nexpect = { status = 302, \"header:location\" = { present = true } }\n")
        .exits_with(0);
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[test]
fn a_followed_redirect_is_measured_hop_by_hop_and_judged_by_its_end() {
    let (server, seen) = noting(redirecting);
    let scenario =
        "[[step]]\nname = \"page\"\nget = \"/old\"\nredirects = 3\nexpect = { status = 200, \"json:$.here\" = true }\n";
    let result = run(&server, scenario).exits_with(0).result();
    let (_, page) = &result.steps.0[0];
    let calls: Vec<_> = result.calls.iter().map(|call| (call.status, call.redirected, call.passed)).collect();
    assert_eq!(calls, [(Some(302), true, true), (Some(200), false, true)]);
    assert_eq!((page.requests, page.redirects, page.failed, page.checks_passed), (2, 1, 0, 2));
    let seen_heads: Vec<String> = seen.lock().unwrap().iter().map(|(head, _)| head.clone()).collect();
    assert!(seen_heads[1].starts_with("GET /new?x=1 "), "{}", seen_heads[1]);
    assert_eq!(header(&seen_heads[1], "cookie").as_deref(), Some("hop=1"));
}

#[test]
fn a_redirected_form_becomes_a_visit_and_307_repeats_it() {
    let (server, seen) = noting(redirecting);
    run(
        &server,
        "redirects = 1\n[[step]]\npost = \"/form\"\nform = { a = \"1\" }\n[[step]]\npost = \"/again\"\nform = { a = \"1\" }\n",
    )
    .exits_with(0);
    let seen = seen.lock().unwrap();
    let lines: Vec<&str> = seen.iter().filter_map(|(head, _)| head.lines().next()).collect();
    assert_eq!(lines, ["POST /form HTTP/1.1", "GET /new HTTP/1.1", "POST /again HTTP/1.1", "POST /new HTTP/1.1"]);
    assert_eq!((header(&seen[1].0, "content-type"), seen[1].1.len()), (None, 0));
    assert_eq!(seen[3].1, b"a=1");
}

#[test]
fn a_redirect_that_goes_round_or_away_fails_with_the_reason() {
    let (server, seen) = noting(redirecting);
    let said = |path: &str| {
        let outcome = run(&server, &format!("[[step]]\nget = \"{path}\"\nredirects = 2\n")).exits_with(99);
        outcome.result().errors[0].examples[0].message.clone()
    };
    let round = said("/round");
    assert!(round.contains("followed 2 redirects, and the answer leads on to"), "{round}");
    assert_eq!(seen.lock().unwrap().len(), 3);
    let away = said("/away");
    assert!(away.contains("a host that the scenario does not name"), "{away}");
}

#[test]
fn a_token_does_not_follow_a_redirect_to_another_host() {
    let (other, other_seen) = noting(|_| ok("", "{}"));
    let place = other.base_url();
    let (server, seen) = noting(move |path| match path {
        "/leave" => answer(302, &format!("location: {place}/there\r\n"), ""),
        _ => ok("", "{}"),
    });
    let scenario = format!(
        "[[step]]\nname = \"named\"\nget = \"{}/\"\n[[step]]\nget = \"/leave\"\nredirects = 1\nbearer = \"canary\"\n",
        other.base_url()
    );
    run(&server, &scenario).exits_with(0);
    assert!(seen.lock().unwrap()[0].0.contains("canary"));
    let there = other_seen.lock().unwrap()[1].0.clone();
    assert!(there.starts_with("GET /there ") && !there.contains("canary"), "{there}");
    assert_eq!(header(&there, "host"), Some(other.address.to_string()));
}

#[test]
fn files_and_fields_are_sent_as_parts() {
    let (server, seen) = noting(|_| ok("", "{}"));
    let scenario = "[vars]\nwho = \"me\"\n[[step]]\npost = \"/up\"\n\
        multipart = { title = \"for ${ who } ${ iteration }\", poster = { file = \"poster.png\" }, note = { file = \"poster.png\", filename = \"n.txt\", type = \"text/plain\" } }\n";
    let workspace = Workspace::with(&with_target(&server, scenario));
    workspace.file("poster.png", "not really a picture");
    workspace.run(&[]).exits_with(0);
    let (head, body) = seen.lock().unwrap()[0].clone();
    let body = String::from_utf8(body).unwrap();
    let boundary = header(&head, "content-type").unwrap().split_once("boundary=").unwrap().1.to_owned();
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    assert_eq!((parts.len(), parts[0], parts[4]), (5, "", "--\r\n"), "{body}");
    assert_eq!(parts[1], "\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nfor me 0\r\n");
    assert!(parts[2].contains("filename=\"poster.png\"\r\nContent-Type: image/png\r\n\r\nnot really"), "{}", parts[2]);
    assert!(parts[3].contains("filename=\"n.txt\"\r\nContent-Type: text/plain"), "{}", parts[3]);
}

#[test]
fn bodies_can_be_compressed() {
    let (server, seen) = noting(|_| ok("", "{}"));
    let scenario = "[[step]]\nname = \"same\"\npost = \"/\"\njson = { a = 1 }\ncompression = \"gzip\"\n\
        [[step]]\nname = \"filled in\"\npost = \"/\"\njson = { a = \"${ iteration }\" }\ncompression = \"gzip\"\n";
    run(&server, scenario).exits_with(0);
    for ((head, body), wanted) in seen.lock().unwrap().iter().zip(["{\"a\":1}", "{\"a\":0}"]) {
        assert_eq!(header(head, "content-encoding").as_deref(), Some("gzip"));
        let mut plain = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&body[..]), &mut plain).unwrap();
        assert_eq!(plain, wanted);
    }
}

fn connections(policy: &str, load: &str) -> (u64, u64) {
    let (server, _) = noting(|_| ok("", "{}"));
    let scenario = format!(
        "{policy}\n[load]\n{load}\n[gates]\nerrors = \"error_rate <= 0%\"\n[[step]]\nname = \"a\"\nget = \"/\"\n[[step]]\nname = \"b\"\nget = \"/\"\n"
    );
    let workspace = Workspace::with(&with_target(&server, &scenario));
    // Whether the generator was on time matters nothing here.
    let generator = workspace.run(&["--workers", "1"]).result().generator;
    (generator.connections_opened, generator.connections_reused)
}

#[test]
fn connections_are_used_as_the_policy_says() {
    let closed = "model = \"closed\"\nusers = 3\niterations = 30";
    assert_eq!(connections("", closed), (3, 57), "each user has one");
    // Users take journeys as they come, so one of them may be on its last connection's first request.
    let (opened, reused) = connections("connections = { max_requests = 5 }", closed);
    assert!((12..=15).contains(&opened) && opened + reused == 60, "{opened} opened, {reused} reused");
    assert_eq!(connections("connections = { max_age = \"1us\" }", closed), (60, 0));
    let open = "model = \"open\"\nrate = \"20/s\"\nduration = \"1s\"";
    let (opened, reused) = connections("", open);
    assert!(opened <= 8 && opened + reused == 40, "{opened} opened by people who share them, {reused} reused");
    assert_eq!(connections("connections = \"user\"", open), (20, 20), "everybody is somebody new");
    let (opened, reused) = connections("connections = \"pooled\"", closed);
    assert!(opened <= 3 && opened + reused == 60, "{opened} opened, {reused} reused");
}

#[test]
fn credentials_stay_with_the_host_they_are_for_and_a_steps_cookies_with_its_step() {
    let (other, other_seen) = noting(|_| ok("", "{}"));
    let place = other.base_url();
    let (server, seen) = noting(move |path| match path {
        "/leave" => answer(302, &format!("location: {place}/there\r\n"), ""),
        "/stay" => answer(302, "location: /here\r\n", ""),
        _ => ok("", "{}"),
    });
    let scenario = format!(
        "[[step]]\nname = \"named\"\nget = \"{}/\"\n\
         [[step]]\nget = \"/leave\"\nredirects = 1\nheaders = {{ X-API-Key = \"canary-1\", X-Auth = \"canary-2\", X-Own = \"${{ secret.OWN }}\", Accept-Language = \"en\" }}\n\
         [[step]]\nget = \"/stay\"\nredirects = 1\nheaders = {{ Cookie = \"session=mine\" }}\n",
        other.base_url()
    );
    Workspace::with(&with_target(&server, &scenario)).env("OWN", "canary-3").run(&[]).exits_with(0);
    let there = other_seen.lock().unwrap()[1].0.clone();
    assert!(!there.contains("canary") && there.to_ascii_lowercase().contains("accept-language: en"), "{there}");
    let heads: Vec<String> = seen.lock().unwrap().iter().map(|(head, _)| head.clone()).collect();
    assert!(heads[0].contains("canary-1") && heads[0].contains("canary-3"));
    assert_eq!(header(&heads[2], "cookie").as_deref(), Some("session=mine"), "{}", heads[2]);
}

#[test]
fn a_redirect_may_lead_to_the_base_url_and_without_a_place_it_is_an_answer() {
    let (server, seen) = noting(|_| ok("", "{}"));
    let base = server.base_url();
    let (other, _) = noting(move |path| match path {
        "/nowhere" => answer(302, "", ""),
        _ => answer(302, &format!("location: {base}/landed\r\n"), ""),
    });
    let scenario = format!(
        "redirects = 2\n[[step]]\nget = \"{0}/go\"\n[[step]]\nget = \"{0}/nowhere\"\nexpect = {{ status = 302 }}\n",
        other.base_url()
    );
    run(&server, &scenario).exits_with(0);
    assert!(seen.lock().unwrap()[0].0.starts_with("GET /landed "));
}

#[test]
fn an_upload_that_is_answered_early_does_not_hold_the_next_request_up() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut head = [0; 1024];
                let read = stream.read(&mut head).unwrap_or(0);
                let early = head[..read].starts_with(b"POST");
                let _ = stream.write_all(&if early { answer(413, "", "") } else { ok("", "{}") });
                // The rest of the upload is never read.
                std::thread::sleep(std::time::Duration::from_secs(20));
            });
        }
    });
    let body = "x".repeat(900_000);
    let text = format!(
        "[target]\nbase_url = \"http://{address}\"\ntimeout = \"10s\"\n\
         [[step]]\npost = \"/up\"\nmultipart = {{ f = {{ file = \"big.bin\" }} }}\nexpect = {{ status = 413 }}\n[[step]]\nget = \"/ok\"\n"
    );
    let workspace = Workspace::with(&text);
    workspace.file("big.bin", &body.repeat(8));
    workspace.run(&[]).exits_with(0);
}
