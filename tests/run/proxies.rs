//! Proxies: what they are asked, what they are shown, and what is said when they do not do it.

use std::net::SocketAddr;

use super::addresses::demo_called;
use crate::support::raw::{RawServer, ok};
use crate::support::tunnel::{Manner, Tunnels};
use crate::support::{Outcome, Workspace, free_address};

const PASSWORD: &str = "a@b/c:canary";
const TWO: &str = "[[step]]\nname = \"one\"\nget = \"/1\"\n[[step]]\nname = \"two\"\nget = \"/2\"\n";

/// A scenario that goes to a name that only proxies know, through `proxy`.
fn through(proxy: &str, rest: &str) -> Workspace {
    let target = format!("[target]\nbase_url = \"http://app.example:81\"\ntimeout = \"5s\"\nproxy = \"{proxy}\"\n");
    Workspace::with(&format!("{target}{rest}")).env("PASS", PASSWORD)
}

type Start = fn(SocketAddr, fn(usize) -> Manner) -> Tunnels;

/// Both kinds of proxy, by the start of their URL.
fn kinds() -> [(&'static str, Start); 2] {
    [
        ("http", |target, manner| Tunnels::http(target, manner)),
        ("socks5", |target, manner| Tunnels::socks(target, manner)),
    ]
}

/// Panics if the password stands in anything that the run left, in any form.
#[track_caller]
fn assert_no_secret(outcome: &Outcome) {
    let files = std::fs::read_dir(&outcome.run_folder).into_iter().flatten().flatten();
    let files = files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default());
    for text in files.chain([outcome.stdout.clone(), outcome.stderr.clone()]) {
        assert!(!text.contains("canary") && !text.contains("bWU6YUBi"), "{text}");
    }
}

#[test]
fn requests_go_through_a_proxy_that_knows_the_name() {
    for (kind, start) in kinds() {
        let server = RawServer::start(|_, head| {
            assert!(!head.to_ascii_lowercase().contains("proxy-"), "{head}");
            assert!(head.starts_with("GET /") && head.contains("app.example:81"), "{head}");
            ok("", "")
        });
        let proxy = start(server.address, |_| Manner::Obliging);
        let workspace = through(&format!("{kind}://{}", proxy.address), TWO);
        workspace.run(&[]).exits_with(0);
        assert_eq!(server.requests_seen(), 2, "{kind}");
        // Once before the start, and once for the requests.
        assert_eq!(proxy.asked(), ["app.example:81"; 2], "{kind}");
        workspace.mnload(&["plan", "scenario.toml"]).exits_with(0).says("was answered with 200");
    }
}

#[test]
fn a_proxy_that_asks_for_credentials_gets_them_and_nobody_else_sees_them() {
    for (kind, start) in kinds() {
        let server = RawServer::start(|_, _| ok("", ""));
        let proxy = start(server.address, |_| Manner::Asking);
        let with = |credentials: &str| through(&format!("{kind}://{credentials}{}", proxy.address), TWO).run(&[]);
        let outcome = with("me:${ secret.PASS | urlencode }@").exits_with(0);
        assert_no_secret(&outcome);
        assert_eq!(server.requests_seen(), 2);

        let wrong = with("me:${ secret.PASS | urlencode }x@").exits_with(3);
        assert_no_secret(&wrong);
        let without = with("").exits_with(3);
        let words = match kind {
            "http" => ["does not take the credentials: 407", "asks for credentials: 407"],
            _ => ["credentials not accepted", "does not connect to app.example:81"],
        };
        for (outcome, words) in [wrong, without].into_iter().zip(words) {
            outcome
                .tells(&format!("cannot connect to app.example:81: the proxy {kind}://{}", proxy.address))
                .tells(words);
        }
        assert_eq!(server.requests_seen(), 2, "nothing is sent past the proxy");
    }
}

#[test]
fn encryption_goes_through_to_the_target() {
    for (kind, start) in kinds() {
        let workspace = Workspace::with("");
        let (demo, address) = demo_called("app.example", &workspace);
        let proxy = start(address, |_| Manner::Obliging);
        let proxied = format!("proxy = \"{kind}://{}\"", proxy.address);
        let text = format!(
            "[target]\nbase_url = \"https://app.example\"\nca = \"ca.pem\"\n{proxied}\n[[step]]\nget = \"/health\"\n"
        );
        workspace.file("scenario.toml", &text);
        workspace.run(&[]).exits_with(0);
        assert!(demo.requests_seen() > 0);
        assert_eq!(proxy.asked(), ["app.example:443"; 2]);
    }
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_named_before_the_start() {
    let server = RawServer::start(|_, _| ok("", ""));
    for (kind, start) in kinds() {
        let proxy = start(server.address, |_| Manner::Refusing);
        let words =
            if kind == "http" { "app.example:81: 403 Forbidden" } else { "app.example:81: connection not allowed" };
        let outcome = through(&format!("{kind}://{}", proxy.address), TWO).run(&[]).exits_with(3);
        outcome.tells(&format!("the proxy {kind}://{} does not connect to {words}", proxy.address));

        let dying = start(server.address, |_| Manner::Dying);
        through(&format!("{kind}://{}", dying.address), TWO).run(&[]).exits_with(3).tells("the proxy ");

        let dead = free_address();
        let outcome = through(&format!("{kind}://{dead}"), TWO).run(&[]).exits_with(3);
        outcome.tells(&format!("cannot connect to the proxy {kind}://{dead}: Connection refused"));
    }
    assert_eq!(server.connections_seen(), 0);
}

#[test]
fn a_proxy_that_fails_during_the_run_is_a_failure_to_connect() {
    for (kind, start) in kinds() {
        let server = RawServer::start(|_, _| ok("", ""));
        // Whether it is there, and the first request.
        let proxy = start(server.address, |number| if number < 2 { Manner::Obliging } else { Manner::Refusing });
        let rest = format!("connections = {{ max_requests = 1 }}\n{TWO}");
        let outcome = through(&format!("{kind}://{}", proxy.address), &rest).run(&[]).exits_with(99);
        let result = outcome.result();
        assert_eq!(result.errors[0].class, "connect");
        let message = &result.errors[0].examples[0].message;
        assert!(message.starts_with(&format!("the proxy {kind}://{} does not connect", proxy.address)), "{message}");
        assert_eq!(server.requests_seen(), 1);
    }
}

#[test]
fn what_the_environment_says_of_proxies_is_not_heeded() {
    let server = RawServer::start(|_, _| ok("", ""));
    let nobody = format!("http://{}", free_address());
    let text = format!("[target]\nbase_url = \"{}\"\n{TWO}", server.base_url());
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"];
    let workspace = names.into_iter().fold(Workspace::with(&text), |workspace, name| workspace.env(name, &nobody));
    workspace.run(&[]).exits_with(0);
    assert_eq!(server.requests_seen(), 2);
}
