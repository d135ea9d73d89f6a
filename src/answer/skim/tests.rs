use hyper::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

use super::super::check::Check;
use super::super::outline::Outline;
use super::super::seen::{Seen, tests::facts};
use super::super::selector::Selector;
use super::*;

/// Texts that are JSON or nearly so, with fields of one name, odd numbers and escapes, as no value in memory has them.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "null",
        "true",
        "0",
        "-0",
        "1",
        "1.0",
        "3.14",
        "1e2",
        "123456789012345678901",
        "0.1234567890123456789",
        "1e999",
        "\"\"",
        "\"x\"",
        "\"pending\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"é\"",
        "[]",
        "{}",
        "tru",
        "01",
        "\"\\x\"",
    ]);
    let scalar = scalar.prop_map(str::to_owned);
    let value = scalar.prop_recursive(5, 40, 4, |inner| {
        let name = prop::sample::select(vec!["a", "b", "\\u0061", "c"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((name, inner), 0..5).prop_map(|fields| {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(" ,"))
            }),
        ]
    });
    (value, prop::sample::select(vec!["", "", "", " \n", "x", "}"])).prop_map(|(value, rest)| format!("{value}{rest}"))
}

fn path() -> impl Strategy<Value = String> {
    let step = prop::sample::select(vec![".a", ".b", "['a']", ".c", "[0]", "[1]", "[2]", "[*]"]);
    prop::collection::vec(step, 0..5).prop_map(|steps| format!("json:${}", steps.concat()))
}

fn matcher() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({ "exists": true }),
        json!({ "exists": false }),
        json!({ "not_empty": true }),
        json!({ "empty": true }),
        json!({ "length": ">= 2" }),
        json!({ "length": 0 }),
        json!({ "type": "array" }),
        json!({ "type": "integer" }),
        json!({ "equals": 1 }),
        json!({ "equals": { "a": 1 } }),
        json!({ "not_equals": "x" }),
        json!({ "contains": "pending" }),
        json!({ "not_contains": 1 }),
        json!({ "at_least": 1 }),
        json!({ "matches": "^x" }),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_words_and_values_are_those_of_the_whole_document(
        body in document(),
        checks in prop::collection::vec((path(), matcher()), 0..4),
        extracts in prop::collection::vec(path(), 0..3),
    ) {
        let checks: Vec<Check> = checks.iter().flat_map(|(path, matcher)| Check::read(path, matcher).unwrap()).collect();
        let extracts: Vec<Selector> = extracts.iter().map(|path| Selector::parse(path).unwrap()).collect();
        let headers = HeaderMap::new();
        let facts = facts(200, &headers, body.as_bytes());
        let outline = Outline::of(&checks, &extracts);
        let (skimmed, whole) = (Seen::new(facts).through(outline.as_ref()), Seen::new(facts));
        for check in &checks {
            prop_assert_eq!(check.judge_constant(&skimmed), check.judge_constant(&whole), "{} in {}", check, body);
        }
        for extract in &extracts {
            prop_assert_eq!(extract.select(&skimmed), extract.select(&whole), "{} in {}", extract, body);
        }
        if let Some(outline) = &outline {
            let is_json = serde_json::from_str::<Value>(&body).is_ok();
            prop_assert!(is_json || outline.skim(body.as_bytes()).is_none(), "{}", body);
        }
    }
}

fn outline(checks: &[(&str, Value)], extracts: &[&str]) -> Option<Outline> {
    let checks: Vec<Check> = checks.iter().flat_map(|(path, matcher)| Check::read(path, matcher).unwrap()).collect();
    let extracts: Vec<Selector> = extracts.iter().map(|path| Selector::parse(path).unwrap()).collect();
    Outline::of(&checks, &extracts)
}

const BODY: &[u8] =
    br#"{"data":{"results":[{"id":7,"tags":["x","y"]},{"id":8}],"total":2,"owner":{"name":"someone"}}}"#;

#[test]
fn only_what_is_asked_for_is_built() {
    let asks = [("json:$.data.results", json!({ "not_empty": true })), ("json:$.data.total", json!(2))];
    let outline = outline(&asks, &["json:$.data.results[0].id", "json:$.data.results[*].id"]).unwrap();
    let Skimmed(found) = outline.skim(BODY).unwrap();
    // Of the list nothing but how long it is.
    assert_eq!(found, [Some(json!([null, null])), Some(json!(2)), Some(json!(7)), Some(json!([7, 8]))]);
}

#[test]
fn checks_that_are_met_build_no_document_and_those_that_are_missed_do() {
    let outline = outline(&[("json:$.data.total", json!(2))], &["json:$.data.owner.name"]);
    let headers = HeaderMap::new();
    let seen = Seen::new(facts(200, &headers, BODY)).through(outline.as_ref());
    let judge = |wanted| Check::read("json:$.data.total", &wanted).unwrap()[0].judge_constant(&seen);
    assert!(judge(json!(2)).is_ok());
    assert_eq!(Selector::parse("json:$.data.owner.name").unwrap().select(&seen).unwrap(), "someone");
    assert!(!seen.has_built_all());
    assert_eq!(judge(json!(3)).unwrap_err().found, "2");
    assert!(seen.has_built_all());
}

#[test]
fn a_step_with_a_query_builds_the_document_once_and_no_parts() {
    assert!(outline(&[("json:$.data.total", json!(2))], &["json:$..id"]).is_none());
    assert!(outline(&[("status", json!(200))], &["header:etag"]).is_none());
}

#[test]
fn of_fields_of_one_name_the_last_counts() {
    let body = br#"{"a":[{"b":1,"b":2},{"b":3}],"a":[{"b":4,"b":5},{"c":0},{"b":6}]}"#;
    let outline = outline(&[("json:$.a", json!({ "length": 3 }))], &["json:$.a[*].b"]).unwrap();
    assert_eq!(outline.skim(body).unwrap().0[1], Some(json!([5, 6])));
}
