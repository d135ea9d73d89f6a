//! A target with a known limit, as a client sees it. What must not take long is compared with an hour.

use std::thread;
use std::time::Duration;

use crate::client::Client;
use mnload::demo::{Capacity, Demo, DemoOptions, Quota, RateLimits};

const fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

fn demo_of(capacity: &str, queue: Option<Duration>) -> Demo {
    let capacity = capacity.parse::<Capacity>().unwrap().with_queue(queue);
    let options = DemoOptions { capacity: Some(capacity), record: true, ..DemoOptions::without_latency() };
    Demo::start(options).unwrap()
}

/// Asks by a connection of its own; none if there is no answer soon.
fn status_of(demo: &Demo, path: &str) -> Option<u16> {
    let answer = Client::of(demo.address()).patience(ms(300)).get(path).attempt();
    answer.ok().map(|answer| answer.status)
}

#[test]
fn requests_are_served_one_after_the_other_whoever_asks() {
    let demo = demo_of("50/s", None);
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let mut client = Client::of(demo.address());
                (0..4).for_each(|_| assert_eq!(client.get("/health").now().status, 200));
            });
        }
    });
    let (mut served, mut late) = (Duration::ZERO, Vec::new());
    for record in demo.records() {
        served = served.max(record.arrived) + ms(20);
        // No more than a rounding early.
        let answered = record.answered.unwrap() + Duration::from_micros(1);
        assert!(answered >= served, "{record:?} is due at {served:?}");
        late.push(answered - served);
    }
    assert_eq!(late.len(), 20);
    assert!(served >= ms(20 * 20), "twenty take at least so long: {served:?}");
    let quickest = late.iter().min().unwrap();
    assert!(*quickest < ms(500), "{late:?}");
}

#[test]
fn who_would_wait_too_long_is_refused_at_once_and_told_when_to_come_back() {
    let hour = Duration::from_secs(3_600);
    let demo = demo_of("1/h", Some(2 * hour));
    // One is served, one waits an hour, one waits nearly two.
    for _ in 0..3 {
        assert_eq!(status_of(&demo, "/health"), None);
    }
    for _ in 0..3 {
        let refused = Client::of(demo.address()).get("/health").now();
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
        assert!(refused.json()["error"].as_str().unwrap().contains("wait for their turn"));
    }
}

#[test]
fn what_is_no_route_takes_no_turn_and_metrics_do() {
    let demo = demo_of("1/h", Some(Duration::ZERO));
    for _ in 0..3 {
        assert_eq!(status_of(&demo, "/no/such/path"), Some(404));
    }
    let mut other = Client::of(demo.address());
    assert_eq!(other.post("/health", &serde_json::json!({})).now().status, 405);
    assert_eq!(status_of(&demo, "/metrics"), None, "it is served, in an hour");
    assert_eq!(status_of(&demo, "/health"), Some(503), "nobody may wait behind it");
    assert_eq!(status_of(&demo, "/no/such/path"), Some(404));
}

#[test]
fn what_the_limits_per_address_refuse_takes_no_turn() {
    let limits = RateLimits { login: Quota { requests: 0, window: Duration::from_secs(60) }, ..RateLimits::default() };
    let capacity = "1/h".parse::<Capacity>().unwrap().with_queue(Some(Duration::ZERO));
    let options = DemoOptions { capacity: Some(capacity), rate_limits: Some(limits), ..DemoOptions::without_latency() };
    let demo = Demo::start(options).unwrap();
    let answer = Client::of(demo.address()).post("/api/auth/login", &serde_json::json!({})).now();
    assert_eq!(answer.status, 429);
    assert_eq!(status_of(&demo, "/health"), None, "the turn is still to be had");
    assert_eq!(status_of(&demo, "/health"), Some(503));
}

#[test]
fn latency_holds_nobody_else_up_and_faults_take_a_turn() {
    let demo = demo_of("200/s", None);
    thread::scope(|scope| {
        let slow = scope.spawn(|| Client::of(demo.address()).get("/health").fault("delay=2s").now());
        // The others come while it is waited for.
        while demo.requests_seen() == 0 {
            thread::sleep(ms(1));
        }
        let mut client = Client::of(demo.address());
        let quickest = (0..10).map(|_| client.get("/health").now().to_end).min().unwrap();
        assert!(quickest >= ms(5) && quickest < ms(2_000), "{quickest:?}");
        let failed = client.get("/health").fault("status=418").now();
        assert!(failed.status == 418 && failed.to_end >= ms(5), "{:?}", failed.to_end);
        let slow = slow.join().unwrap();
        assert!(slow.status == 200 && slow.to_end >= ms(2_005), "{:?}", slow.to_end);
    });
}
