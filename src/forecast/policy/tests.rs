use hyper::header::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000;

fn read(headers: &[(&str, &str)]) -> RateLimits {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    rate_limits(&map, Timestamp::from_second(NOW).unwrap())
}

/// Name, limit, window in seconds, remaining, reset in seconds.
type Short<'a> = (Option<&'a str>, Option<u64>, Option<u64>, Option<u64>, Option<u64>);

#[track_caller]
fn reads(headers: &[(&str, &str)], wanted: &[Short<'_>]) {
    let policies = read(headers).policies;
    let short = policies.iter().map(|policy| {
        let window = match policy.window {
            Window::Known(window) => Some(window.as_secs()),
            Window::AtLeast(_) | Window::Unknown => None,
        };
        (policy.name.as_deref(), policy.limit, window, policy.remaining, policy.resets_in.map(|time| time.as_secs()))
    });
    assert_eq!(short.collect::<Vec<_>>(), wanted, "{policies:?}");
}

#[test]
fn policies_of_every_draft() {
    reads(&[("ratelimit-policy", "100;w=900")], &[(None, Some(100), Some(900), None, None)]);
    reads(
        &[("ratelimit-policy", "10;w=1, 1000;w=3600;comment=\"a, b\"")],
        &[(None, Some(10), Some(1), None, None), (None, Some(1000), Some(3600), None, None)],
    );
    reads(
        &[("ratelimit-policy", "\"burst\";q=10;w=1"), ("ratelimit-policy", "\"day\";q=1000;w=86400;pk=:cHNk:")],
        &[(Some("burst"), Some(10), Some(1), None, None), (Some("day"), Some(1000), Some(86_400), None, None)],
    );
    reads(
        &[("ratelimit-limit", "100, 100;w=60, 5000;w=3600"), ("ratelimit-remaining", "7"), ("ratelimit-reset", "50")],
        &[(None, Some(100), Some(60), Some(7), Some(50)), (None, Some(5000), Some(3600), None, None)],
    );
}

#[test]
fn what_is_left_finds_its_policy() {
    let policy = ("ratelimit-policy", "100;w=900");
    let wanted = [(None, Some(100), Some(900), Some(42), Some(30))];
    reads(&[policy, ("ratelimit-limit", "100"), ("ratelimit-remaining", "42"), ("ratelimit-reset", "30")], &wanted);
    reads(&[policy, ("ratelimit", "limit=100, remaining=42, reset=30")], &wanted);
    reads(
        &[("ratelimit-policy", "\"a\";q=100;w=900, \"b\";q=5;w=60"), ("ratelimit", "\"b\";r=4;t=59, \"a\";r=42;t=30")],
        &[(Some("a"), Some(100), Some(900), Some(42), Some(30)), (Some("b"), Some(5), Some(60), Some(4), Some(59))],
    );
    // Of two windows of one size, the one in which a reset in ten minutes can be.
    reads(
        &[("ratelimit-policy", "100;w=60, 100;w=900"), ("ratelimit", "limit=100, remaining=42, reset=600")],
        &[(None, Some(100), Some(60), None, None), (None, Some(100), Some(900), Some(42), Some(600))],
    );
}

#[test]
fn a_limit_without_a_policy_has_a_window_at_least_until_its_reset() {
    let policy = read(&[("ratelimit", "\"default\";r=50;t=30")]).policies.remove(0);
    assert_eq!((policy.limit, policy.remaining), (None, Some(50)));
    assert_eq!(policy.window, Window::AtLeast(Duration::from_secs(30)));
    let policy = read(&[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "59")]).policies.remove(0);
    assert_eq!((policy.limit, policy.window, policy.header), (Some(60), Window::Unknown, "X-RateLimit-Limit"));
}

#[test]
fn a_reset_is_a_span_or_a_moment() {
    for (reset, seconds) in [
        ("60", Some(60)),
        ("59.2", Some(60)),
        ("1700000060", Some(60)),
        ("1700000060000", Some(60)),
        ("2023-11-14T22:14:20.000Z", Some(60)),
        ("2023-11-14T23:14:20+01:00", Some(60)),
        ("Tue, 14 Nov 2023 22:14:20 GMT", Some(60)),
        ("1600000000", Some(0)),
        ("soon", None),
        ("-1", None),
        ("99999999999999999999", None),
        ("9999999999", None),
        ("1e300", None),
        ("NaN", None),
    ] {
        let headers = [("x-ratelimit-limit", "10"), ("x-ratelimit-reset", reset)];
        assert_eq!(read(&headers).policies[0].resets_in.map(|time| time.as_secs()), seconds, "{reset}");
    }
    assert_eq!(read(&[("retry-after", "120")]).retry_after, Some(Duration::from_secs(120)));
    assert_eq!(read(&[("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT")]).retry_after, Some(Duration::from_secs(60)));
}

#[test]
fn headers_of_two_families_are_one_limit_only_if_they_agree() {
    let standard = [
        ("ratelimit-policy", "100;w=900"),
        ("ratelimit-limit", "100"),
        ("ratelimit-remaining", "99"),
        ("ratelimit-reset", "900"),
    ];
    let legacy = |reset| [("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "99"), ("x-ratelimit-reset", reset)];
    assert_eq!(read(&[&standard[..], &legacy("1700000901")].concat()).policies.len(), 1);
    assert_eq!(read(&[&standard[..], &legacy("1700000060")].concat()).policies.len(), 2, "another limit");
}

#[test]
fn what_counts_no_requests_or_says_nothing_is_left_out() {
    reads(
        &[("ratelimit-policy", "\"bytes\";q=1000;qu=\"content-bytes\";w=10"), ("ratelimit", "\"bytes\";r=9;t=3")],
        &[],
    );
    reads(&[("ratelimit-policy", "\"x\";q=100;qu=\"requests\";w=10")], &[(Some("x"), Some(100), Some(10), None, None)]);
    reads(&[("ratelimit-policy", "nonsense;;=, ;w=3"), ("x-ratelimit-limit", "many"), ("ratelimit", "")], &[]);
    reads(&[("ratelimit-policy", "5;w=forever")], &[(None, Some(5), None, None, None)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_header_panics(values in prop::collection::vec(("[\"\\\\;,=a-zA-Z0-9 .:+-]{0,60}", 0usize..10), 0..8)) {
        let names = [
            "ratelimit-policy", "ratelimit", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit",
            "x-ratelimit-remaining", "x-ratelimit-reset", "x-rate-limit-reset", "retry-after",
        ];
        let headers: Vec<(&str, &str)> = values.iter().map(|(value, name)| (names[*name], value.as_str())).collect();
        let limits = read(&headers);
        let longest = Duration::from_secs(LONGEST_WAIT_S + 1);
        prop_assert!(limits.policies.iter().all(|policy| policy.resets_in.is_none_or(|time| time <= longest)));
    }

    #[test]
    fn no_bytes_panic(value in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            let mut map = HeaderMap::new();
            for name in ["ratelimit-policy", "ratelimit", "x-ratelimit-limit", "x-ratelimit-reset", "retry-after"] {
                map.insert(name, value.clone());
            }
            rate_limits(&map, Timestamp::from_second(NOW).unwrap());
        }
    }
}
