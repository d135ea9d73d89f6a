//! What must be the same however a target is spoken to: HTTP/1.1 and HTTP/2, plain and with TLS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use mnload::demo::{DemoOptions, Faults, Share};
use mnload::report::RunResult;

use crate::support::free_address;
use crate::support::server::{HttpServer, Identity, WAYS, Way};

const ALL_WELL: &str = "[gates]\nerrors = \"error_rate <= 0%\"\n";

fn closed(users: u64, iterations: u64) -> String {
    format!("[load]\nmodel = \"closed\"\nusers = {users}\niterations = {iterations}\n")
}

/// A run against the built-in target, with one worker; whether the generator was on time matters nothing here.
fn load(way: Way, options: DemoOptions, target: &str, rest: &str) -> (RunResult, u64, u64) {
    let identity = Identity::new();
    let demo = way.demo(&identity, options);
    let result = way.scenario(demo.address(), &identity, target, rest).run(&["--workers", "1"]).result();
    (result, demo.requests_seen(), demo.connections_seen())
}

fn classes(result: &RunResult) -> Vec<(&str, u64)> {
    result.errors.iter().map(|error| (error.class.as_str(), error.count)).collect()
}

/// What only a run by HTTP/2 may have: all of its connections.
fn assert_spoken(way: Way, result: &RunResult) {
    let wanted = if way.http2 { result.generator.connections_opened } else { 0 };
    assert_eq!(result.generator.connections_http2, wanted, "{way:?}");
}

#[test]
fn what_is_sent_and_what_comes_back_is_counted_exactly() {
    for way in WAYS {
        let version = if way.http2 { "2" } else { "1.1" };
        let steps = format!("[[step]]\nget = \"/health\"\nexpect = {{ version = \"{version}\", status = 200 }}\n");
        let (result, seen, _) =
            load(way, DemoOptions::without_latency(), "", &format!("{}{ALL_WELL}{steps}", closed(4, 80)));
        assert_eq!((result.exit_code, classes(&result)), (0, vec![]), "{way:?}");
        let accounting = &result.accounting;
        assert_eq!((accounting.scheduled, accounting.passed, accounting.failed), (80, 80, 0), "{way:?}");
        assert_eq!((seen, result.times_us.response.count), (80, 80), "{way:?}");
        let generator = &result.generator;
        assert_eq!((generator.connections_opened, generator.connections_reused), (4, 76), "{way:?}");
        assert_spoken(way, &result);
    }
}

#[test]
fn a_status_that_is_not_expected_fails() {
    for way in WAYS {
        let steps = "[[step]]\nget = \"/health\"\nheaders = { x-demo-fault = \"status=503\" }\n";
        let (result, _, _) = load(way, DemoOptions::without_latency(), "", &format!("{}{steps}", closed(2, 40)));
        assert_eq!((result.exit_code, classes(&result)), (99, vec![("http_503", 40)]), "{way:?}");
    }
}

#[test]
fn an_answer_that_does_not_come_in_time_is_a_timeout_and_the_next_one_comes() {
    for way in WAYS {
        let steps = "[[step]]\nname = \"hangs\"\nget = \"/health\"\nheaders = { x-demo-fault = \"hang\" }\ntimeout = \"100ms\"\non_failure = \"continue\"\n[[step]]\nname = \"answers\"\nget = \"/health\"\n";
        let (result, _, _) =
            load(way, DemoOptions::without_latency(), "connections = \"pooled\"", &format!("{}{steps}", closed(1, 5)));
        assert_eq!(classes(&result), [("timeout", 5)], "{way:?}");
        // A timeout costs HTTP/1.1 its connection; over HTTP/2 it costs the request alone.
        assert_eq!(result.generator.connections_opened, if way.http2 { 1 } else { 6 }, "{way:?}");
    }
}

#[test]
fn a_target_that_dies_refuses_connections() {
    for way in WAYS {
        let identity = Identity::new();
        let faults = Faults { die_after: Some(Duration::from_millis(200)), ..Faults::default() };
        let demo = way.demo(&identity, DemoOptions { faults, ..DemoOptions::without_latency() });
        let rest = "[load]\nmodel = \"closed\"\nusers = 4\nduration = \"1s\"\n[[step]]\nget = \"/health\"\n";
        let result = way.scenario(demo.address(), &identity, "", rest).run(&["--workers", "1"]).exits_with(99).result();
        let classes = classes(&result);
        assert!(classes.iter().any(|(class, count)| *class == "connect_refused" && *count > 4), "{way:?} {classes:?}");
        let ends = ["connect_refused", "closed", "reset"];
        assert!(classes.iter().all(|(class, _)| ends.contains(class)), "{way:?} {classes:?}");
    }
}

#[test]
fn nothing_that_listens_is_known_before_the_start() {
    for way in WAYS {
        let outcome = way.scenario(free_address(), &Identity::new(), "", "[[step]]\nget = \"/\"\n").run(&[]);
        outcome.exits_with(3).tells("refused");
    }
}

#[test]
fn a_reset_is_counted_as_one() {
    for way in WAYS {
        let faults = Faults { reset_share: Share::new(1.0), ..Faults::default() };
        let options = DemoOptions { faults, ..DemoOptions::without_latency() };
        let (result, seen, _) =
            load(way, options, "connections = \"pooled\"", &format!("{}[[step]]\nget = \"/health\"\n", closed(2, 10)));
        assert_eq!((classes(&result), seen), (vec![("reset", 10)], 10), "{way:?}");
    }
}

#[test]
fn a_connection_that_ends_within_an_answer_is_a_failure() {
    for way in WAYS {
        let of = |fault: &str| {
            let steps = format!("[[step]]\nget = \"/\"\nheaders = {{ x-demo-fault = \"{fault}\" }}\n");
            let (result, seen, _) = load(way, DemoOptions::without_latency(), "", &format!("{}{steps}", closed(1, 3)));
            assert_eq!(seen, 3, "{way:?} {fault}: what was under way is not sent again");
            result.errors[0].class.clone()
        };
        let closed = of("close");
        // A server that hangs up on frames which it has not read makes the system send a reset.
        assert!(closed == "closed" || way.http2 && closed == "reset", "{way:?}: {closed}");
        assert_eq!(of("truncate"), if way.http2 { "reset" } else { "closed" }, "{way:?}");
    }
}

#[test]
fn a_slow_body_is_waited_for() {
    for way in WAYS {
        let steps = "[[step]]\nget = \"/health\"\nheaders = { x-demo-fault = \"slow-body=200ms\" }\n";
        let (result, _, _) = load(way, DemoOptions::without_latency(), "", steps);
        let phases = &result.calls[0].phases_us;
        assert!(result.calls[0].passed && phases.receive.unwrap() >= 100_000, "{way:?} {phases:?}");
    }
}

#[test]
fn large_bodies_go_both_ways() {
    for way in WAYS {
        let identity = Identity::new();
        let server = HttpServer::start(way, &identity, |_, body| Response::new(Full::new(body)));
        let steps = "[[step]]\npost = \"/echo\"\nmultipart = { f = { file = \"big.bin\" } }\nexpect = { body = { contains = \"the end\" } }\n";
        let workspace = way.scenario(server.address, &identity, "", &format!("{}{ALL_WELL}{steps}", closed(3, 9)));
        workspace.file("big.bin", &format!("{}the end", "x".repeat(1024 * 1024)));
        let result = workspace.run(&["--workers", "1"]).exits_with(0).result();
        assert_eq!(result.accounting.passed, 9, "{way:?}");
        assert_spoken(way, &result);
    }
}

#[test]
fn a_post_carries_its_body_and_its_headers() {
    for way in WAYS {
        let identity = Identity::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let server = HttpServer::start(way, &identity, move |request, body| {
            noted.lock().unwrap().push((request.uri().to_string(), request.headers().clone(), body));
            Response::new(Full::default())
        });
        let steps = "[[step]]\npost = \"/a?b=c\"\njson = { n = 1 }\nbearer = \"t\"\nheaders = { TE = \"gzip\", Keep-Alive = \"5\", X-Own = \"x\" }\n\
            [[step]]\nname = \"without\"\npost = \"/empty\"\nheaders = { Host = \"other.example\" }\n";
        way.scenario(server.address, &identity, "", steps).run(&[]).exits_with(0);
        let seen = seen.lock().unwrap();
        let (uri, headers, body) = &seen[0];
        assert_eq!(&body[..], b"{\"n\":1}", "{way:?}");
        let sent = ["content-length", "authorization", "x-own"].map(|name| headers[name].to_str().unwrap());
        assert_eq!(sent, ["7", "Bearer t", "x"], "{way:?}");
        let (other, other_headers, _) = &seen[1];
        assert_eq!(other_headers["content-length"], "0");
        if way.http2 {
            let scheme = if way.tls { "https" } else { "http" };
            assert_eq!(*uri, format!("{scheme}://{}/a?b=c", server.address));
            assert_eq!(*other, format!("{scheme}://other.example/empty"));
            assert!(["host", "te", "keep-alive"].iter().all(|name| !headers.contains_key(*name)), "{headers:?}");
        } else {
            assert_eq!((uri.as_str(), headers["host"].to_str().unwrap()), ("/a?b=c", &*server.address.to_string()));
            assert_eq!(other_headers["host"], "other.example");
        }
    }
}

#[test]
fn a_redirect_is_followed_with_its_cookies() {
    for way in WAYS {
        let identity = Identity::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let server = HttpServer::start(way, &identity, move |request, _| {
            let cookie = request.headers().get("cookie").map(|value| value.to_str().unwrap().to_owned());
            noted.lock().unwrap().push((request.uri().path().to_owned(), cookie));
            let leads_on = request.uri().path() == "/old";
            let answer = Response::builder().status(if leads_on { 302 } else { 200 });
            let answer = answer.header("location", "/new").header("set-cookie", "hop=1; Path=/");
            answer.body(Full::default()).unwrap()
        });
        let steps = "[[step]]\nget = \"/old\"\nredirects = 2\n";
        let result = way.scenario(server.address, &identity, "", steps).run(&[]).exits_with(0).result();
        let wanted = [("/old".to_owned(), None), ("/new".to_owned(), Some("hop=1".to_owned()))];
        assert_eq!(*seen.lock().unwrap(), wanted, "{way:?}");
        assert_eq!((result.generator.connections_opened, result.generator.connections_reused), (1, 1), "{way:?}");
    }
}

#[test]
fn many_users_have_a_connection_each_and_lose_nothing() {
    for way in WAYS {
        let (result, seen, connections) = load(
            way,
            DemoOptions::without_latency(),
            "connections = \"user\"",
            &format!("{}{ALL_WELL}[[step]]\nget = \"/health\"\n", closed(64, 640)),
        );
        assert_eq!((result.exit_code, result.accounting.passed, seen), (0, 640, 640), "{way:?}");
        // The one more is the look at the target before the start.
        assert_eq!((result.generator.connections_opened, connections), (64, 65), "{way:?}");
    }
}

#[test]
fn a_connection_carries_no_more_than_it_may() {
    for way in WAYS {
        let of = |target: &str| {
            let rest = format!("{}{ALL_WELL}[[step]]\nget = \"/health\"\n", closed(1, 20));
            let (result, seen, _) = load(way, DemoOptions::without_latency(), target, &rest);
            assert_eq!((result.exit_code, seen), (0, 20), "{way:?} {target}");
            (result.generator.connections_opened, result.generator.connections_reused)
        };
        assert_eq!(of("connections = { max_requests = 5 }"), (4, 16), "{way:?}");
        assert_eq!(of("connections = { policy = \"pooled\", max_requests = 5 }"), (4, 16), "{way:?}");
        assert_eq!(of("connections = { policy = \"pooled\", max_age = \"1us\" }"), (20, 0), "{way:?}");
    }
}

#[test]
fn connections_that_the_target_ends_between_requests_fail_nothing() {
    for way in WAYS {
        // In order, with a word of it.
        let faults = Faults { close_every: Some(5), ..Faults::default() };
        let options = DemoOptions { faults, ..DemoOptions::without_latency() };
        let rest = format!("{}{ALL_WELL}[[step]]\nget = \"/health\"\n", closed(2, 60));
        let (result, seen, _) = load(way, options, "connections = \"pooled\"", &rest);
        assert_eq!((result.exit_code, result.accounting.passed, seen), (0, 60, 60), "{way:?} {:?}", classes(&result));
        assert!(result.generator.connections_opened >= 4, "{way:?}");
        // And without one, while nobody asks.
        let identity = Identity::new();
        let lives = Some(Duration::from_millis(100));
        let server = HttpServer::closing(way, &identity, lives, |_, _| Response::new(Full::<Bytes>::default()));
        let steps = "[[step]]\nget = \"/a\"\nthink = \"600ms\"\n[[step]]\nget = \"/b\"\n";
        let result = way.scenario(server.address, &identity, "", steps).run(&[]).exits_with(0).result();
        assert_eq!(result.generator.connections_opened, 2, "{way:?}");
    }
}
