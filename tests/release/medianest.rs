//! MediaNest's release through the binary, with stand-in commands: from a NO-GO that its own pipeline would have called green
//! to a GO, item by item.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shop::Shop;

const SIGNED: [&str; 16] = [
    "ports",
    "provisioned",
    "proxy",
    "vaulted",
    "restore",
    "uat",
    "retention",
    "dashboards-fresh",
    "alerts-tested",
    "documented",
    "signoff-backend",
    "signoff-frontend",
    "signoff-qa",
    "signoff-security",
    "signoff-devops",
    "signoff-po",
];

/// Every item's status, with its first reason.
fn items(result: &Value) -> BTreeMap<String, (String, String)> {
    let gates = result["gates"].as_array().unwrap();
    let items = gates.iter().flat_map(|gate| gate["items"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items.map(|item| (text(&item["id"]), (text(&item["status"]), text(&item["reasons"][0])))).collect()
}

#[track_caller]
fn assert_item(result: &Value, id: &str, status: &str, reason: &str) {
    let (found, why) = items(result)[id].clone();
    assert!(found == status && why.contains(reason), "{id} is {found}, because {why:?}; wanted {status}, {reason:?}");
}

#[test]
fn what_is_green_for_the_wrong_reason_is_no_go_and_becomes_a_go_as_it_is_mended() {
    let shop = Shop::open();

    // The pipeline is green: every command below ends well, and none of the reports was ever read.
    shop.breaks(&["coverage", "audit", "unit", "containers", "tag", "e2e"]);
    shop.mode(".env.staging", 0o644);
    let (first, calls) = shop.release(&["--out", "reports/first"]);
    let result = shop.result("reports/first");
    assert_eq!((first.code, result["go"].as_bool()), (Some(4), Some(false)), "{}{}", first.stdout, first.stderr);
    assert_item(&result, "coverage", "fail", "lines");
    assert_item(&result, "security-scan", "no_data", "registry");
    assert_item(&result, "unit", "no_data", "test");
    assert_item(&result, "env-staging", "fail", "644");
    assert_item(&result, "lint", "pass", "");
    assert_item(&result, "deploy", "skipped", "");
    assert_item(&result, "smoke", "skipped", "");
    assert_item(&result, "vaulted", "no_data", "sign");
    assert!(!calls.contains("up -d"), "nothing is deployed before gate A has passed:\n{calls}");
    assert!(first.stdout.contains("0.9%") || first.stdout.contains("0.90%"), "{}", first.stdout);

    // Mended, and gone on from there: what passed is not repeated.
    shop.mends(&["coverage", "audit", "unit"]);
    shop.mode(".env.staging", 0o600);
    let signs = ["ports=Ana", "provisioned=Ana", "vaulted=Ana", "restore=Ana"].map(|sign| ["--sign", sign]).concat();
    let (second, calls) =
        shop.release(&[&["--out", "reports/second", "--resume", "reports/first"], &signs[..]].concat());
    let result = shop.result("reports/second");
    assert_eq!(second.code, Some(4), "{}{}", second.stdout, second.stderr);
    for id in ["install", "lint", "static", "build", "test-ci"] {
        assert_item(&result, id, "pass", "");
    }
    assert!(!calls.contains("npm ci") && !calls.contains("npm run typecheck"), "{calls}");
    assert!(calls.contains("npm run test:coverage") && calls.contains("docker compose"), "{calls}");
    assert_item(&result, "coverage", "pass", "");
    assert_item(&result, "deploy", "pass", "");
    assert_item(&result, "version", "fail", "medianest-backend:");
    assert_item(&result, "reachable", "skipped", "version");
    assert_item(&result, "containers", "fail", "restarting");
    assert_item(&result, "smoke", "skipped", "containers");
    assert_item(&result, "uat", "skipped", "smoke");
    assert_item(&result, "vaulted", "pass", "");
    assert_item(&result, "retention", "no_data", "sign");

    // The containers run, and they are the new ones; the end-to-end report is still looked for where nobody writes it, and nobody has signed.
    shop.mends(&["containers", "tag"]);
    let (third, calls) = shop.release(&["--out", "reports/third", "--resume", "reports/second"]);
    let result = shop.result("reports/third");
    assert_eq!(third.code, Some(4), "{}{}", third.stdout, third.stderr);
    assert_item(&result, "containers", "pass", "");
    assert_item(&result, "smoke", "pass", "");
    assert_item(&result, "e2e", "no_data", "e2e.json");
    assert_item(&result, "logs", "pass", "");
    assert_item(&result, "alerts", "pass", "");
    assert_item(&result, "uat", "no_data", "sign");
    assert!(!calls.contains("npm run test:coverage"), "{calls}");

    // All is well, and everybody has signed: a GO, with a drill that went back and forth.
    shop.mends(&["e2e"]);
    let signs = SIGNED.iter().flat_map(|item| ["--sign".to_owned(), format!("{item}=Ana: seen")]);
    let signs: Vec<String> = signs.collect();
    let mut more = vec!["--out", "reports/fourth", "--resume", "reports/third"];
    more.extend(signs.iter().map(String::as_str));
    let (fourth, calls) = shop.release(&more);
    let result = shop.result("reports/fourth");
    assert_eq!((fourth.code, result["go"].as_bool()), (Some(0), Some(true)), "{}{}", fourth.stdout, fourth.stderr);
    assert!(calls.contains("up -d") && !calls.contains("npm ci"), "{calls}");
    for (id, (status, why)) in items(&result) {
        assert_eq!(status, "pass", "{id}: {why}");
    }
    assert!(fourth.stdout.contains("GO"), "{}", fourth.stdout);

    // Another commit: what people signed was for the one before, and it was not what was tested.
    shop.commit("a third version", "v1.2.0");
    let (last, _) = shop.release(&["--out", "reports/last", "--resume", "reports/fourth", "--only", "A,signoff-po"]);
    let result = shop.result("reports/last");
    assert_eq!(last.code, Some(4), "{}{}", last.stdout, last.stderr);
    assert_item(&result, "signoff-po", "no_data", "Ana");
    assert_item(&result, "coverage", "pass", "");
    assert!(result["gates"][0]["items"][2]["reused_from"].is_null(), "the tree has changed");
    assert!(last.stdout.contains("not asked for") || result["asked_for"] == "A, signoff-po", "{}", last.stdout);
}

#[test]
fn a_dry_run_says_everything_and_does_nothing() {
    let shop = Shop::open();
    let (outcome, calls) = shop.release(&["--dry-run"]);
    assert_eq!((outcome.code, calls.as_str()), (Some(0), ""), "{}", outcome.stderr);
    for part in
        ["npm ci", "lines >= 65%", "git describe --tags --abbrev=0 HEAD^", "light.toml", "signoff-po", "p95 < 600ms"]
    {
        assert!(outcome.stdout.contains(part), "{part} in:\n{}", outcome.stdout);
    }
    assert!(!shop.path("reports").exists(), "it leaves nothing");
}

#[test]
fn it_can_be_written_as_a_pipeline_a_script_and_a_checklist() {
    let shop = Shop::open();
    for (to, part) in [("github", "gate-H"), ("gitlab", "gate-H"), ("shell", "gate H"), ("markdown", "Rollback drill")]
    {
        let (first, calls) = shop.release(&["emit", to]);
        assert_eq!((first.code, calls.as_str()), (Some(0), ""), "{to}: {}", first.stderr);
        assert!(first.stdout.contains(part), "{to}:\n{}", first.stdout);
        assert_eq!(shop.release(&["emit", to]).0.stdout, first.stdout, "{to}");
    }
}
