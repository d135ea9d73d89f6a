//! The demo target's API, as a client sees it: routes, accounts, limits, CORS, TLS.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use crate::client::{Answer, Client};
use mnload::demo::{Demo, DemoError, DemoOptions, Latency, Quota, RateLimits, TlsFiles};
use serde_json::json;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const USER: &str = "user@medianest.example";

fn demo() -> Demo {
    Demo::start(DemoOptions::without_latency()).unwrap()
}

fn refused_with(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.json()["success"], false);
    assert_eq!(answer.json()["error"]["code"], code);
}

#[test]
fn the_open_routes_need_no_token() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let home = client.get("/").now();
    assert_eq!((home.status, home.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let health = client.get("/health?verbose=1").now().json();
    assert_eq!(health["status"], "ok");
    assert!(health["timestamp"].as_str().unwrap().ends_with('Z'));
    let health = client.get("/api/health").now().json();
    assert_eq!((&health["status"], &health["service"]), (&json!("healthy"), &json!("backend")));
    assert!(health["uptime"].is_number() && health["version"].is_string());
    let handshake = client.get("/socket.io/?EIO=4&transport=polling").now();
    assert_eq!(handshake.status, 200);
    assert!(handshake.text().starts_with("0{"));
    assert_eq!(client.get("/socket.io/?EIO=3&transport=polling").now().status, 400);
}

#[test]
fn every_answer_has_the_security_headers_and_echoes_the_correlation_id() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let too_large = vec![b'x'; 100_000];
    let answers = [
        client.get("/health").with("x-correlation-id", "abc").now(),
        client.get("/nowhere").with("x-correlation-id", "abc").now(),
        client.get("/health").with("x-correlation-id", "abc").with("origin", "http://x.example").now(),
        client.get("/health").with("x-correlation-id", "abc").fault("error").now(),
        client.get("/health").with("x-correlation-id", "abc").fault("nonsense").now(),
        client.ask("POST", "/api/auth/login").with("x-correlation-id", "abc").body(&too_large).now(),
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 404, 500, 500, 400, 413]);
    for answer in &answers {
        assert_eq!(answer.header("x-correlation-id"), Some("abc"));
        for name in ["x-frame-options", "x-content-type-options", "strict-transport-security"] {
            assert!(answer.header(name).is_some(), "{name} on {}", answer.status);
        }
    }
    assert_eq!(answers[3].json()["error"]["correlationId"], "abc");
    assert_eq!(Client::of(demo.address()).get("/health").now().header("x-correlation-id"), None);
}

#[test]
fn unknown_paths_are_404_and_wrong_methods_405() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    assert_eq!(client.get("/api/nothing").now().json(), json!({ "error": "route not found" }));
    let answer = client.ask("DELETE", "/health").now();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(client.get("/api/auth/login").now().status, 405);
    let head = client.ask("HEAD", "/health").now();
    assert_eq!(head.status, 200);
    assert_eq!(client.get("/health").now().status, 200, "HEAD left no body on the connection");
}

#[test]
fn a_sign_in_gives_a_token_in_the_body_and_as_a_cookie() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let credentials = json!({ "email": USER, "password": "demo-password" });
    let answer = client.post("/api/auth/login", &credentials).now();
    let token = answer.json()["data"]["token"].as_str().unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3);
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with(&format!("auth-token={token};")));

    let session = client.get("/api/auth/session").bearer(&token).now();
    assert_eq!(session.json()["data"]["user"]["email"], USER);
    let by_cookie = client.get("/api/auth/session").with("cookie", format!("auth-token={token}")).now();
    assert_eq!(by_cookie.status, 200);
    client.sign_in("user4711@medianest.example");
}

#[test]
fn a_sign_in_with_wrong_or_missing_credentials_is_refused() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    for (email, password) in [(USER, "wrong"), ("stranger@medianest.example", "demo-password")] {
        let answer = client.post("/api/auth/login", &json!({ "email": email, "password": password })).now();
        refused_with(&answer, 401, "INVALID_CREDENTIALS");
    }
    let answer = client.post("/api/auth/login", &json!({ "email": "no address" })).now();
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(true)));
    assert_eq!(answer.json()["details"].as_array().unwrap().len(), 2);
    let undeclared = json!({ "email": USER, "password": "demo-password" }).to_string();
    let answer = client.ask("POST", "/api/auth/login").body(undeclared.as_bytes()).now();
    assert_eq!(answer.status, 400, "JSON that is not declared as JSON is not read");
    let answer = client.ask("POST", "/api/auth/login").with("content-type", "application/json").body(b"{").now();
    assert_eq!(answer.status, 400);
}

#[test]
fn a_token_that_is_not_ours_is_refused() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    refused_with(&client.get("/api/auth/session").now(), 401, "AUTH_REQUIRED");
    refused_with(&client.get("/api/auth/session").bearer("garbage").now(), 500, "INTERNAL_ERROR");
    refused_with(&client.get("/api/dashboard/status").bearer("garbage").now(), 401, "INVALID_TOKEN");

    let other = Demo::start(DemoOptions { seed: 2, ..DemoOptions::without_latency() }).unwrap();
    let foreign = Client::of(other.address()).sign_in(USER);
    refused_with(&client.get("/api/auth/session").bearer(&foreign).now(), 401, "INVALID_TOKEN");
}

#[test]
fn a_token_near_its_end_is_rotated_and_then_expires() {
    let token_lifetime = Duration::from_secs(6);
    let demo = Demo::start(DemoOptions { token_lifetime, ..DemoOptions::without_latency() }).unwrap();
    let mut client = Client::of(demo.address());
    let token = client.sign_in(USER);
    let mut renewed = None;
    loop {
        let answer = client.get("/health").bearer(&token).now();
        if let Some(next) = answer.header("x-new-token") {
            assert_eq!(answer.header("x-token-rotated"), Some("true"));
            renewed = Some(next.to_owned());
        }
        if client.get("/api/auth/session").bearer(&token).now().status == 401 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let renewed = renewed.expect("offered before the old one ended");
    assert_ne!(renewed, token);
    assert_eq!(client.get("/api/auth/session").bearer(&renewed).now().status, 200);
}

#[test]
fn signing_out_needs_the_csrf_cookie_and_the_same_token_as_a_header() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let token = client.sign_in(USER);
    let csrf = client.get("/api/v1/csrf/token").now();
    let cookies = csrf.all("set-cookie");
    assert_eq!(cookies.len(), 2);
    assert!(cookies.iter().all(|cookie| cookie.ends_with("; Secure; SameSite=Strict")));
    let [first, last] = [0, 1].map(|place| cookies[place].split(';').next().unwrap().to_owned());
    let in_body = csrf.json()["data"]["token"].as_str().unwrap().to_owned();
    assert_eq!(last, format!("csrf-token={in_body}"), "the last one wins");
    assert_ne!(first, last);

    let path = "/api/v1/auth/logout";
    let nothing = json!({});
    refused_with(&client.post(path, &nothing).now(), 401, "AUTH_REQUIRED");
    refused_with(&client.post(path, &nothing).bearer(&token).now(), 403, "CSRF_TOKEN_INVALID");
    let outdated = client.post(path, &nothing).bearer(&token).with("cookie", &first).with("x-csrf-token", &in_body);
    refused_with(&outdated.now(), 403, "CSRF_TOKEN_INVALID");
    let good = client.post(path, &nothing).bearer(&token).with("cookie", &last).with("x-csrf-token", &in_body);
    assert_eq!(good.now().status, 200);
}

#[test]
fn the_dashboard_and_the_search_answer_signed_in_users() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    for path in ["/api/dashboard/status", "/api/media/search?q=x", "/api/media/requests"] {
        refused_with(&client.get(path).now(), 401, "AUTH_REQUIRED");
    }
    let token = client.sign_in(USER);
    let dashboard = client.get("/api/dashboard/status").bearer(&token).now().json();
    assert_eq!(dashboard["data"]["services"].as_array().unwrap().len(), 3);

    let found = client.get("/api/media/search?q=two+words&limit=5").bearer(&token).now().json();
    let results = found["data"]["results"].as_array().unwrap();
    assert!((1..=5).contains(&results.len()));
    assert_eq!(results[0]["title"], "two words");
    assert_eq!(found["data"]["pagination"]["limit"], 5);
    let again = client.get("/api/media/search?q=two%20words&limit=5").bearer(&token).now().json();
    assert_eq!(found, again);
    for query in ["", "?q=", "?q=x&page=0", "?q=x&limit=1000"] {
        let answer = client.get(&format!("/api/media/search{query}")).bearer(&token).now();
        refused_with(&answer, 400, "VALIDATION_ERROR");
    }
}

#[test]
fn a_media_request_is_created_once_per_user_and_listed() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let token = client.sign_in(USER);
    let wish = json!({ "title": "The Lantern", "mediaType": "movie", "tmdbId": 42 });
    let created = client.post("/api/media/request", &wish).bearer(&token).now();
    assert_eq!(created.status, 201);
    let id = created.json()["data"]["request"]["id"].clone();
    assert!(id.is_string());
    refused_with(&client.post("/api/media/request", &wish).bearer(&token).now(), 409, "ALREADY_REQUESTED");
    let other = client.sign_in("user2@medianest.example");
    assert_eq!(client.post("/api/media/request", &wish).bearer(&other).now().status, 201);

    let listed = client.get("/api/media/requests?status=pending&limit=10").bearer(&token).now().json();
    assert_eq!(listed["data"]["requests"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"]["requests"][0]["id"], id);
    let approved = client.get("/api/media/requests?status=approved").bearer(&token).now().json();
    assert_eq!(approved["data"]["requests"], json!([]));
    assert_eq!(client.get("/api/media/requests?status=lost").bearer(&token).now().status, 400);
}

#[test]
fn a_media_request_with_a_missing_field_is_told_which() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let token = client.sign_in(USER);
    let answer =
        client.post("/api/media/request", &json!({ "title": "The Lantern", "tmdbId": 1 })).bearer(&token).now();
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(true)));
    assert_eq!(answer.json()["details"][0]["field"], "mediaType");
}

#[test]
fn the_servers_own_metrics_need_their_token_and_count_what_was_answered() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    let refused = client.get("/metrics").bearer("wrong").now();
    assert_eq!((refused.status, refused.json()), (401, json!({ "error": "Unauthorized" })));
    for _ in 0..3 {
        client.get("/health").now();
    }
    let answer = client.get("/metrics").bearer("demo-metrics-token").now();
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let series = r#"method="GET",route="/health",status_code="200""#;
    let line = format!("medianest_http_requests_total{{{series},status_class=\"2xx\"}} 3");
    assert!(answer.text().contains(&line), "{}", answer.text());
    let line = format!("medianest_http_request_duration_seconds_bucket{{{series},le=\"+Inf\"}} 3");
    assert!(answer.text().contains(&line));
    assert_eq!(demo.requests_seen(), 5);
}

#[test]
fn cors_allows_listed_origins_and_tells_others_nothing() {
    let demo = demo();
    let mut client = Client::of(demo.address());
    for origin in ["http://localhost:3000", &demo.base_url()] {
        let answer = client.get("/health").with("origin", origin).now();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let preflight = client.ask("OPTIONS", "/api/auth/login").with("origin", origin).now();
        assert_eq!(preflight.status, 200);
        assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
    }
    for method in ["GET", "OPTIONS"] {
        let answer = client.ask(method, "/health").with("origin", "https://foreign.example").now();
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (500, None));
    }
}

#[test]
fn rate_limits_are_announced_and_enforced() {
    let limits = RateLimits {
        global: Quota::per_seconds(8, 900),
        api: Quota::per_seconds(5, 60),
        login: Quota::per_seconds(2, 900),
    };
    let demo = Demo::start(DemoOptions { rate_limits: Some(limits), ..DemoOptions::without_latency() }).unwrap();
    let mut client = Client::of(demo.address());
    let health = client.get("/health").now();
    assert_eq!(health.header("ratelimit-policy"), Some("8;w=900"));
    assert_eq!(health.header("ratelimit-remaining"), Some("7"));
    assert_eq!(health.header("x-ratelimit-remaining"), None);
    let wrong = json!({ "email": USER, "password": "wrong" });
    let mut sign_in = || client.post("/api/auth/login", &wrong).now();
    assert_eq!([sign_in().status, sign_in().status], [401, 401]);
    let third = sign_in();
    assert_eq!(third.status, 429);
    assert!(third.header("x-ratelimit-reset").unwrap().contains('T'), "ISO 8601");
    let api: Vec<_> = (0..3).map(|_| client.get("/api/health").now()).collect();
    assert_eq!([api[0].status, api[1].status, api[2].status], [200, 200, 429]);
    assert!(api[0].header("x-ratelimit-reset").unwrap().parse::<u64>().unwrap() > 1_700_000_000);
    assert_eq!(client.get("/health").now().status, 200);
    let last = client.get("/health").now();
    for refused in [&third, &api[2], &last] {
        let body = refused.json();
        assert_eq!((refused.status, &body["error"]), (429, &json!("RATE_LIMIT_EXCEEDED")));
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert_eq!(body["retryAfter"], seconds);
    }
}

#[test]
fn the_default_limits_are_those_of_a_staging_host() {
    let limits = Some(RateLimits::default());
    let demo = Demo::start(DemoOptions { rate_limits: limits, ..DemoOptions::without_latency() }).unwrap();
    let mut client = Client::of(demo.address());
    let statuses: Vec<_> = (0..101).map(|_| client.get("/health").now()).collect();
    assert_eq!(statuses[0].header("ratelimit-policy"), Some("100;w=900"));
    assert!(statuses[..100].iter().all(|answer| answer.status == 200));
    assert_eq!(statuses[100].status, 429);
}

#[test]
fn a_sign_in_can_be_made_slow_without_slowing_the_rest() {
    let login_delay = Duration::from_millis(300);
    let demo = Demo::start(DemoOptions { login_delay, ..DemoOptions::without_latency() }).unwrap();
    let mut client = Client::of(demo.address());
    let credentials = json!({ "email": USER, "password": "demo-password" });
    assert!(client.post("/api/auth/login", &credentials).now().to_end >= login_delay);
    let fastest = (0..20).map(|_| client.get("/health").now().to_end).min().unwrap();
    assert!(fastest < login_delay);
}

#[test]
fn a_fixed_latency_is_kept() {
    let latency = Latency::Fixed(Duration::from_millis(50));
    let demo = Demo::start(DemoOptions { latency, ..DemoOptions::default() }).unwrap();
    let mut client = Client::of(demo.address());
    assert!((0..5).all(|_| client.get("/health").now().to_end >= Duration::from_millis(50)));
}

#[test]
fn only_loopback_and_only_a_free_port_can_be_listened_on() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let error = Demo::start(DemoOptions { listen, ..DemoOptions::default() }).unwrap_err();
    assert!(matches!(error, DemoError::NotLoopback(_)) && error.to_string().contains("127.0.0.1"));
    let demo = demo();
    let error = Demo::start(DemoOptions { listen: demo.address(), ..DemoOptions::default() }).unwrap_err();
    assert!(matches!(error, DemoError::Listen { .. }));
}

#[test]
fn a_stopped_demo_refuses_connections() {
    let demo = demo();
    let address = demo.address();
    let mut kept = Client::of(address);
    assert_eq!(kept.get("/health").now().status, 200);
    demo.stop();
    assert!(kept.get("/health").attempt().is_err());
    assert!(Client::try_of(address).is_err());
}

#[test]
fn https_is_served_with_a_given_certificate() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Some(TlsFiles { certificate: certificate.clone(), key });
    let demo = Demo::start(DemoOptions { tls, ..DemoOptions::without_latency() }).unwrap();
    assert!(demo.base_url().starts_with("https://127.0.0.1:"));

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(mnload::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(session, TcpStream::connect(demo.address()).unwrap());
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

    let swapped = Some(TlsFiles { certificate: certificate.clone(), key: certificate });
    let error = Demo::start(DemoOptions { tls: swapped, ..DemoOptions::default() }).unwrap_err();
    assert!(error.to_string().contains("a private key"), "{error}");
}
