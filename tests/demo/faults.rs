//! The demo target's faults, one by one, as a client sees them. Bounds are generous: a slow machine is no failure.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use mnload::demo::{Demo, DemoError, DemoOptions, Faults, Latency, Share};

fn demo_with(faults: Faults) -> Demo {
    Demo::start(DemoOptions { faults, ..DemoOptions::without_latency() }).unwrap()
}

const fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

#[test]
fn a_header_delays_one_request() {
    let demo = demo_with(Faults::default());
    let mut client = Client::of(demo.address());
    assert!(client.get("/health").fault("delay=200ms").now().to_head >= ms(200));
    let fastest = (0..20).map(|_| client.get("/health").now().to_end).min().unwrap();
    assert!(fastest < ms(200));
}

#[test]
fn a_header_asks_for_a_status_and_the_route_does_nothing() {
    let demo = demo_with(Faults::default());
    let mut client = Client::of(demo.address());
    for (fault, status) in [("status=503", 503), ("error", 500), ("status=429", 429), ("status=204", 204)] {
        assert_eq!(client.get("/health").fault(fault).now().status, status);
    }
    let token = client.sign_in("user@medianest.example");
    let wish = serde_json::json!({ "title": "The Lantern", "mediaType": "tv", "tmdbId": 7 });
    let failed = client.post("/api/media/request", &wish).bearer(&token).fault("error").now();
    assert_eq!(failed.status, 500);
    assert_eq!(client.post("/api/media/request", &wish).bearer(&token).now().status, 201);
}

#[test]
fn a_header_that_names_no_fault_is_refused_with_the_list_of_them() {
    let demo = demo_with(Faults::default());
    let answer = Client::of(demo.address()).get("/health").fault("explode").now();
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"].as_str().unwrap().contains("slow-body=TIME"));
}

#[test]
fn a_reset_ends_the_connection_with_rst() {
    let demo = demo_with(Faults::default());
    let error = Client::of(demo.address()).get("/health").fault("reset").attempt().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_close_ends_the_connection_in_order_without_an_answer() {
    let demo = demo_with(Faults::default());
    let error = Client::of(demo.address()).get("/health").fault("close").attempt().err().unwrap();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::UnexpectedEof, "closed without an answer".into()));
}

#[test]
fn a_close_after_answers_first() {
    let demo = demo_with(Faults::default());
    let mut client = Client::of(demo.address());
    let answer = client.get("/health").fault("close-after").now();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(client.get("/health").attempt().is_err());
}

#[test]
fn a_truncated_answer_has_a_head_and_half_a_body() {
    let demo = demo_with(Faults::default());
    let error = Client::of(demo.address()).get("/health").fault("truncate").attempt().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_ne!(error.to_string(), "closed without an answer", "the head came");
}

#[test]
fn a_hanging_request_is_never_answered_and_others_are() {
    let demo = demo_with(Faults::default());
    let mut hanging = Client::of(demo.address()).patience(ms(500));
    let error = hanging.get("/health").fault("hang").attempt().err().unwrap();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert_eq!(Client::of(demo.address()).get("/health").now().status, 200);
    assert_eq!(demo.requests_seen(), 2);
}

#[test]
fn a_slow_body_comes_after_its_head() {
    let demo = demo_with(Faults::default());
    let mut client = Client::of(demo.address());
    let plain = client.get("/").now();
    let slow = client.get("/").fault("slow-body=1s").now();
    assert_eq!(slow.body, plain.body);
    assert!(slow.to_end >= ms(1_000), "{:?}", slow.to_end);
    assert!(slow.to_end - slow.to_head >= ms(250), "the head did not wait for the body");
}

#[test]
fn faults_can_be_switched_on_for_all_requests() {
    let faults = Faults { delay: ms(100), slow_body: ms(100), error_share: Share::new(1.0), ..Faults::default() };
    let demo = demo_with(faults);
    let answer = Client::of(demo.address()).get("/health").now();
    assert_eq!(answer.status, 500);
    assert!(answer.to_head >= ms(100) && answer.to_end >= ms(200));

    let demo = demo_with(Faults { reset_share: Share::new(1.0), ..Faults::default() });
    let error = Client::of(demo.address()).get("/health").attempt().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let demo = demo_with(Faults { hang_share: Share::new(1.0), ..Faults::default() });
    assert!(Client::of(demo.address()).patience(ms(300)).get("/health").attempt().is_err());
}

#[test]
fn the_same_requests_fail_for_the_same_seed() {
    let statuses = |seed| {
        let faults = Faults { error_share: Share::new(0.3), ..Faults::default() };
        let demo = Demo::start(DemoOptions { seed, faults, ..DemoOptions::without_latency() }).unwrap();
        let mut client = Client::of(demo.address());
        (0..100).map(|_| client.get("/health").now().status).collect::<Vec<_>>()
    };
    let first = statuses(1);
    assert_eq!(first, statuses(1));
    assert_ne!(first, statuses(2));
    assert!((10..50).contains(&first.iter().filter(|status| **status == 500).count()));
}

#[test]
fn shares_of_more_than_everything_are_refused() {
    let faults = Faults { error_share: Share::new(0.6), hang_share: Share::new(0.6), ..Faults::default() };
    let error = Demo::start(DemoOptions { faults, ..DemoOptions::default() }).unwrap_err();
    assert!(matches!(error, DemoError::Shares));
}

#[test]
fn what_arrives_in_a_freeze_is_answered_together_at_its_end() {
    let faults = Faults { freeze: Some("1s/3s".parse().unwrap()), ..Faults::default() };
    let latency = Latency::Fixed(ms(1));
    let demo = Demo::start(DemoOptions { faults, latency, ..DemoOptions::default() }).unwrap();
    let mut client = Client::of(demo.address());
    let before = Instant::now();
    client.get("/health").now();
    let after = Instant::now();
    // Frozen from 2 s to 3 s after the first request; asked in the middle of it.
    thread::sleep(ms(2_300).saturating_sub(after.elapsed()));
    let ends: Vec<Instant> = thread::scope(|scope| {
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                scope.spawn(|| {
                    Client::of(demo.address()).get("/health").now();
                    Instant::now()
                })
            })
            .collect();
        waiting.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for end in ends {
        assert!(end - before >= ms(3_001), "not before the freeze's end");
        assert!(end - after < ms(4_900), "but promptly after it, and before the next one");
    }
}

#[test]
fn a_freeze_may_hold_a_share_of_the_connections_only() {
    let share = Some(Share::new(0.5));
    let demo = demo_with(Faults {
        freeze: Some("1s/1001ms".parse().unwrap()),
        freeze_connections: share,
        ..Faults::default()
    });
    // The first request wakes the clock of the freezes; every second connection is held.
    let (mut spared, mut held) = (Client::of(demo.address()), Client::of(demo.address()).patience(ms(200)));
    let fastest = (0..20).map(|_| spared.get("/health").now().to_end).min().unwrap();
    assert!(fastest < ms(200), "{fastest:?}");
    thread::sleep(ms(20));
    assert!(held.get("/health").attempt().is_err());
}

#[test]
fn a_target_that_slows_down_takes_longer_and_longer() {
    let demo = demo_with(Faults { slow_down: Some("50ms..300ms/1s".parse().unwrap()), ..Faults::default() });
    let mut client = Client::of(demo.address());
    let first = client.get("/health").now().to_end;
    assert!(first >= ms(50));
    thread::sleep(ms(1_000));
    assert!(client.get("/health").now().to_end >= ms(300));
}

#[test]
fn a_target_that_is_away_answers_what_is_under_way_refuses_and_comes_back() {
    let demo = demo_with(Faults { away: Some("1s@1s".parse().unwrap()), ..Faults::default() });
    let mut kept = Client::of(demo.address());
    let asked = Instant::now();
    assert_eq!(kept.get("/health").now().status, 200);
    let under_way = Client::of(demo.address()).get("/health").fault("delay=1300ms").now();
    assert_eq!(under_way.status, 200, "it was asked before the target left");
    assert!(kept.get("/health").attempt().is_err(), "idle connections are closed");
    if asked.elapsed() < ms(1_900) {
        assert_eq!(Client::try_of(demo.address()).err().unwrap().kind(), ErrorKind::ConnectionRefused);
    }
    let back = loop {
        assert!(asked.elapsed() < Duration::from_secs(20), "it never came back");
        match Client::try_of(demo.address()) {
            Ok(mut client) => break client.get("/health").now(),
            Err(_) => thread::sleep(ms(10)),
        }
    };
    assert!(back.status == 200 && asked.elapsed() >= ms(2_000));
    assert_eq!(demo.requests_seen(), 3);
}

#[test]
fn records_say_by_which_connection_and_as_what_number_a_request_came() {
    let demo = Demo::start(DemoOptions { record: true, ..DemoOptions::without_latency() }).unwrap();
    let (mut first, mut second) = (Client::of(demo.address()), Client::of(demo.address()));
    first.get("/health").with("x-correlation-id", 7).now();
    second.get("/health").with("x-correlation-id", "no number").now();
    let seen: Vec<_> = demo.records().iter().map(|record| (record.connection, record.number)).collect();
    assert_eq!(seen, [(0, Some(7)), (1, None)]);
    assert!(demo.records().iter().all(|record| record.answered >= Some(record.arrived)));
}

#[test]
fn a_dying_target_serves_until_its_time_and_then_refuses() {
    let demo = demo_with(Faults { die_after: Some(ms(500)), ..Faults::default() });
    let mut kept = Client::of(demo.address());
    thread::sleep(ms(700));
    assert_eq!(kept.get("/health").now().status, 200, "the time counts from the first request");
    let asked = Instant::now();
    while kept.get("/health").attempt().is_ok() {
        assert!(asked.elapsed() < Duration::from_secs(20), "it never died");
        thread::sleep(ms(10));
    }
    let error = Client::try_of(demo.address()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}
