//! What checks accept and what they say when they do not, one line per case; and that nothing makes them panic.

use hyper::header::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

use super::super::seen::Facts;
use super::super::seen::tests::{facts, headers};
use super::*;

/// Judges a JSON document that is found at `$`.
fn judged(document: &Value, written: Value) -> Result<(), String> {
    answered("json:$", written, &[], document.to_string().as_bytes())
}

fn answered(key: &str, written: Value, lines: &[&str], body: &[u8]) -> Result<(), String> {
    let headers = headers(lines);
    all(key, &written, &Seen::new(facts(200, &headers, body)))
}

fn all(key: &str, written: &Value, seen: &Seen<'_>) -> Result<(), String> {
    let checks = Check::read(key, written).unwrap();
    checks.iter().try_for_each(|check| check.judge_constant(seen).map_err(|missed| missed.to_string()))
}

#[test]
fn values_are_matched() {
    let cases = [
        (json!(1), json!(1.0), true),
        (json!("1"), json!(1), false),
        (json!([1, "a"]), json!([1, "a"]), true),
        (json!({ "a": 1 }), json!({ "equals": { "a": 1.0 } }), true),
        (json!({ "a": 1, "b": 2 }), json!({ "equals": { "a": 1 } }), false),
        (json!("new"), json!({ "not_equals": "old" }), true),
        (json!("old"), json!({ "not_equals": "old" }), false),
        (json!(null), json!({ "exists": true }), true),
        (json!(null), json!({ "exists": false }), false),
        (json!(null), json!({ "not_empty": true }), false),
        (json!(0), json!({ "not_empty": true }), true),
        (json!([]), json!({ "empty": true }), true),
        (json!([1, 2, 3]), json!({ "length": 3 }), true),
        (json!([1, 2, 3]), json!({ "length": "> 3" }), false),
        (json!("äöü"), json!({ "length": "<= 3" }), true),
        (json!(5), json!({ "length": 1 }), false),
        (json!("a-12"), json!({ "matches": "^a-\\d+$" }), true),
        (json!(42), json!({ "matches": "^\\d+$" }), true),
        (json!([42]), json!({ "matches": "42" }), false),
        (json!(1.0), json!({ "type": "integer" }), true),
        (json!(1.5), json!({ "type": "integer" }), false),
        (json!(1.5), json!({ "type": "number" }), true),
        (json!(true), json!({ "type": "boolean" }), true),
        (json!(null), json!({ "type": "null" }), true),
        (json!({}), json!({ "type": "array" }), false),
        (json!(5), json!({ "less_than": 5 }), false),
        (json!(5), json!({ "at_most": 5, "at_least": 5 }), true),
        (json!(5), json!({ "more_than": "4.5" }), true),
        (json!("5"), json!({ "more_than": 4 }), false),
        (json!("a text"), json!({ "contains": "tex" }), true),
        (json!("a text"), json!({ "not_contains": "tex" }), false),
        (json!([1, { "id": 7, "name": "x" }]), json!({ "contains": { "id": 7 } }), true),
        (json!([1, { "id": 7, "name": "x" }]), json!({ "contains": { "id": 8 } }), false),
        (json!([1, 2]), json!({ "contains": 2.0 }), true),
        (json!({ "a": { "b": 1, "c": 2 } }), json!({ "contains": { "a": { "c": 2 } } }), true),
    ];
    for (document, written, passes) in cases {
        assert_eq!(judged(&document, written.clone()).is_ok(), passes, "{document} against {written}");
    }
}

#[test]
fn headers_cookies_and_bodies_are_matched() {
    let lines = ["x-limit: 100", "x-flag: true", "set-cookie: sid=abc; HttpOnly"];
    let cases = [
        ("header:x-limit", json!(100), true),
        ("header:x-limit", json!("100"), true),
        ("header:x-limit", json!({ "at_least": 101 }), false),
        ("header:x-flag", json!(true), true),
        ("header:x-flag", json!({ "present": true, "matches": "^t" }), true),
        ("header:x-none", json!({ "absent": true }), true),
        ("header:x-none", json!({ "present": true }), false),
        ("header:x-limit", json!({ "absent": true }), false),
        ("header:x-limit", json!({ "type": "string" }), true),
        ("cookie:sid", json!({ "not_empty": true }), true),
        ("cookie:other", json!({ "exists": false }), true),
        ("body", json!({ "contains": "llo", "matches": "^h" }), true),
        ("body", json!({ "contains": "nothing" }), false),
        ("regex:h(.)", json!("e"), true),
        ("status", json!("2xx"), true),
        ("status", json!([401, 403]), false),
        ("time", json!("< 500ms"), true),
        ("time", json!("< 12ms"), false),
        ("time", json!("<= 12ms"), true),
        ("version", json!("1.1"), true),
        ("version", json!("2"), false),
        ("certificate_days", json!(1), false),
    ];
    for (key, written, passes) in cases {
        assert_eq!(answered(key, written.clone(), &lines, b"hello").is_ok(), passes, "{key} = {written}");
    }
}

#[test]
fn a_body_is_known_by_its_digest() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(answered("body", json!({ "sha256": abc }), &[], b"abc").is_ok());
    assert!(answered("body", json!({ "sha256": abc.to_uppercase() }), &[], b"abc").is_ok());
    let missed = answered("body", json!({ "sha256": abc }), &[], b"abd").unwrap_err();
    assert!(missed.ends_with("of 3 bytes") && missed.contains(abc), "{missed}");
}

#[test]
fn what_was_missed_reads_as_a_diff() {
    let missed = |document: Value, written| judged(&document, written).unwrap_err();
    assert_eq!(missed(json!("b\nc"), json!("a")), r#"expected equals "a", found "b\nc""#);
    assert_eq!(missed(json!([]), json!({ "not_empty": true })), "expected is not empty, found []");
    assert_eq!(missed(json!([1]), json!({ "length": ">= 3" })), "expected has a length >= 3, found a length of 1: [1]");
    let missed = answered("json:$.a.b", json!(1), &[], br#"{"a":{"c":1}}"#).unwrap_err();
    assert_eq!(missed, "expected equals 1, found nothing: $.a has the key c");
    let missed = answered("json:$", json!({ "equals": { "a": { "b": 1 } } }), &[], br#"{"a":{"b":2}}"#).unwrap_err();
    assert!(missed.ends_with(r#"found $["a"]["b"] is 2 instead of 1; {"a":{"b":2}}"#), "{missed}");
    let missed = answered("status", json!(401), &[], b"").unwrap_err();
    assert_eq!(missed, "expected status 401, found status 200");
    let missed = answered("header:server", json!({ "absent": true }), &["server: x"], b"").unwrap_err();
    assert_eq!(missed, r#"expected is absent, found "x""#);
}

#[test]
fn certificates_are_judged_by_the_days_that_are_left() {
    let headers = HeaderMap::new();
    let with = |certificate_days| Facts { certificate_days, ..facts(200, &headers, b"") };
    let judge = |days| all("certificate_days", &json!(14), &Seen::new(with(days)));
    assert!(judge(Some(14)).is_ok());
    assert!(judge(Some(13)).unwrap_err().ends_with("found 13 days"));
    assert!(judge(Some(-2)).unwrap_err().ends_with("ended 2 days ago"));
    assert!(judge(None).unwrap_err().contains("no certificate"));
}

#[test]
fn an_answer_that_cannot_be_read_does_not_prove_that_something_is_absent() {
    let absent = json!({ "exists": false });
    assert!(answered("json:$.error", absent.clone(), &[], br#"{"data":1}"#).is_ok());
    assert!(answered("json:$.error", absent.clone(), &[], b"<html>").is_err());
    assert!(answered("body", json!({ "not_contains": "x" }), &["content-encoding: br"], b"y").is_err());
    assert!(answered("json:$.list", json!({ "not_contains": 1 }), &[], b"{}").is_err());
}

#[test]
fn a_wanted_value_may_be_rendered_for_each_call() {
    let headers = HeaderMap::new();
    let seen = Seen::new(facts(200, &headers, br#"{"id": 7}"#));
    let check =
        Check::read("json:$.id", &json!("${ id }")).unwrap().remove(0).try_map(|_| Ok::<_, String>(3_u8)).unwrap();
    assert!(check.judge(&seen, |template| Cow::Owned(json!(template + 4))).is_ok());
    let missed = check.judge(&seen, |_| Cow::Owned(json!(8))).unwrap_err();
    assert_eq!((missed.wanted.as_str(), missed.found.as_str()), ("equals 8", "7"));
}

#[test]
fn hostile_bodies_are_reported_in_one_bounded_line() {
    let deep = "[".repeat(200_000);
    let wide = format!("[{}1]", "\"\u{1b}[2J\",".repeat(50_000));
    for body in [deep.as_bytes(), wide.as_bytes(), b"\xff\xfe\x00", b"{\"a\":", b""] {
        for (key, written) in [("json:$.a.b", json!(1)), ("body", json!("x")), ("json:$", json!({ "length": 0 }))] {
            let missed = answered(key, written, &[], body).unwrap_err();
            assert!(missed.chars().count() < 640 && !missed.contains(char::is_control), "{missed}");
        }
    }
}

proptest! {
    #[test]
    fn no_selector_and_no_body_panics(text in selector_text(), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let headers = headers(&["content-type: x", "set-cookie: a=b", "set-cookie: =", "set-cookie: \u{ff};;"]);
        let seen = Seen::new(facts(200, &headers, &body));
        if let Ok(selector) = Selector::parse(&text) {
            let _ = selector.select(&seen).map_err(|missing| prop_assert_bounded(&missing.to_string()));
        }
    }

    #[test]
    fn no_document_panics(text in selector_text(), document in document(), wanted in document()) {
        let body = document.to_string();
        let headers = HeaderMap::new();
        let seen = Seen::new(facts(200, &headers, body.as_bytes()));
        for check in Check::read(&text, &wanted).unwrap_or_default() {
            let _ = check.judge_constant(&seen).map_err(|missed| { prop_assert_bounded(&missed.wanted); prop_assert_bounded(&missed.found) });
        }
    }

    #[test]
    fn a_value_equals_itself_and_contains_itself(document in document()) {
        let wanted = |name: &str| Value::Object([(name.to_owned(), document.clone())].into_iter().collect());
        prop_assert!(judged(&document, wanted("equals")).is_ok());
        prop_assert!(judged(&document, wanted("not_equals")).is_err());
        prop_assert!(judged(&json!([0, document]), wanted("contains")).is_ok());
    }

    #[test]
    fn encoded_rubbish_does_not_panic(body in proptest::collection::vec(any::<u8>(), 0..300), gzip in any::<bool>()) {
        let headers = headers(&[if gzip { "content-encoding: gzip" } else { "content-encoding: deflate" }]);
        let seen = Seen::new(facts(200, &headers, &body));
        let _ = (seen.json(), seen.text());
    }
}

fn prop_assert_bounded(line: &str) {
    assert!(line.chars().count() <= 300 && !line.contains(char::is_control), "{line}");
}

fn selector_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(json|header|cookie|regex|body|status):?[$.\\[\\]()?@*a-c0-9'\" ,:<=&|!-]{0,40}",
        "json:\\$([.]{1,2}[a-c*]|\\[[0-9:*?@.a=']{0,8}\\]){0,6}",
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]|[a-z_]{1,9}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
