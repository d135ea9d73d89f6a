//! Reports that runners really wrote, and those that must not be believed.

use super::*;

fn results(path: &str) -> Results {
    super::results(&super::super::real(path), None).unwrap_or_else(|why| panic!("{path}: {why}"))
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let said = super::results(text.as_bytes(), None).map(|results| results.ran()).unwrap_err();
    assert!(said.contains(why), "{why} in {said}");
}

#[test]
fn every_runner_is_counted_by_its_tests() {
    for (path, [passed, flaky, failed, skipped, broken]) in [
        ("vitest/passed.json", [3, 0, 0, 2, 0]),
        ("vitest/passed.xml", [3, 0, 0, 2, 0]),
        ("vitest/failed.json", [1, 1, 1, 0, 1]),
        ("vitest/failed.xml", [2, 0, 2, 0, 0]),
        ("vitest/none-ran.json", [0, 0, 0, 5, 0]),
        ("vitest/none-ran.xml", [0, 0, 0, 5, 0]),
        ("vitest/no-files.json", [0; 5]),
        ("vitest/no-files.xml", [0; 5]),
        ("jest/passed.json", [1, 0, 0, 2, 0]),
        ("jest/failed.json", [0, 1, 1, 0, 1]),
        ("jest/runtime-error.json", [1, 0, 0, 2, 1]),
        ("playwright/flaky.json", [1, 1, 0, 1, 0]),
        ("playwright/flaky.xml", [2, 0, 0, 1, 0]),
        ("playwright/failed.json", [1, 0, 1, 0, 0]),
        ("playwright/failed.xml", [1, 0, 1, 0, 0]),
        ("playwright/errors.json", [0, 0, 0, 0, 1]),
        ("playwright/errors.xml", [0; 5]),
        ("playwright/none.json", [0; 5]),
        ("playwright/serial.json", [1, 0, 1, 3, 0]),
        ("playwright/max-failures.json", [0, 0, 1, 2, 1]),
        ("playwright/before-all.json", [0, 0, 1, 2, 0]),
        ("vitest/bail.json", [0, 0, 1, 1, 0]),
        ("vitest/bail.xml", [0, 0, 1, 1, 0]),
        ("vitest/before-all.json", [1, 0, 0, 3, 1]),
        ("vitest/before-all.xml", [1, 0, 1, 1, 0]),
        ("pytest/passed.xml", [1, 0, 0, 1, 0]),
        ("pytest/failed.xml", [0, 0, 4, 1, 0]),
        ("pytest/none.xml", [0; 5]),
        ("pytest/rerun.xml", [0, 1, 0, 0, 0]),
        ("nextest/flaky.xml", [1, 1, 0, 0, 0]),
        ("nextest/failed.xml", [1, 1, 1, 0, 0]),
    ] {
        let found = results(path);
        let counts = [found.passed, found.flaky.count, found.failed.count, found.skipped.count, found.broken.count];
        assert_eq!(counts, [passed, flaky, failed, skipped, broken], "{path}");
        assert!(found.duration_s.is_some_and(|duration| duration >= 0.0) || found.ran() == 0, "{path}");
        assert!(found.made.is_some() || found.ran() == 0 || path.ends_with(".xml"), "{path}");
    }
}

#[test]
fn totals_that_differ_from_their_tests_are_not_believed() {
    for (path, written, changed, why) in [
        (
            "vitest/failed.json",
            "\"numFailedTests\":1",
            "\"numFailedTests\":0",
            "failed tests is 0 by its totals, and 1",
        ),
        ("vitest/passed.json", "\"numTotalTests\":5", "\"numTotalTests\":500", "the number of tests is 500"),
        ("vitest/passed.json", "\"numTotalTests\":5", "\"numTotalTests\":-5", "is no count"),
        ("vitest/failed.json", "\"success\":false", "\"success\":true", "says that it succeeded"),
        ("vitest/passed.json", "\"success\":true,", "", "does not say whether it succeeded"),
        ("vitest/passed.json", "\"status\":\"todo\"", "\"status\":\"great\"", "unknown status `great`"),
        ("playwright/failed.json", "\"unexpected\": 1", "\"unexpected\": 0", "`unexpected` is 0"),
        ("playwright/failed.json", "\"status\": \"unexpected\"", "\"status\": \"expected\"", "is called expected"),
        ("pytest/failed.xml", "failures=\"1\"", "failures=\"0\"", "failures and errors is 3"),
        ("pytest/passed.xml", "tests=\"2\"", "tests=\"200\"", "the number of tests is 200"),
        ("pytest/passed.xml", "skipped=\"1\"", "skipped=\"0\"", "skipped tests is 0"),
        ("nextest/failed.xml", "failures=\"1\"", "failures=\"0\"", "failures and errors is 0"),
    ] {
        let text = String::from_utf8(super::super::real(path)).unwrap();
        assert!(text.contains(written), "{path} has no {written}");
        refused(&text.replacen(written, changed, 1), why);
    }
    refused("{}", "junit, jest (that of Vitest, too) and playwright");
    refused("<html/>", "none of the formats");
    let deep = format!("{}{}", "<testsuite>".repeat(1_000), "</testsuite>".repeat(1_000));
    refused(&deep, "nested deeper");
}

#[test]
fn suites_in_suites_are_counted_once_and_their_errors_are_told() {
    let text = r#"<testsuites tests="3" failures="0" errors="1"><testsuite name="outer" tests="1">
        <testcase name="a"/><testsuite name="inner" tests="2" skipped="1"><testcase name="b"/>
        <testcase name="c"><skipped/></testcase><error message="cannot &lt;close&gt;"/></testsuite></testsuite></testsuites>"#;
    let found = super::results(text.as_bytes(), Some(Format::Junit)).unwrap();
    assert_eq!((found.passed, found.skipped.count, found.broken.count), (2, 1, 1));
    let never = r#"<testsuite tests="1"><testcase name="a"/><testcase name="a"><failure/></testcase></testsuite>"#;
    let found = super::results(never.as_bytes(), None).unwrap();
    assert_eq!((found.passed, found.failed.count), (0, 1), "an attempt is no test");
    let not_run =
        r#"<testsuite><testcase name="a" status="notrun"/><testcase name="b" result="suppressed"/></testsuite>"#;
    assert_eq!(super::results(not_run.as_bytes(), None).unwrap().skipped.count, 2);
}

#[test]
fn what_was_to_run_and_did_not_counts_as_failed() {
    for (path, not_run) in [
        ("playwright/serial.json", 2),
        ("playwright/max-failures.json", 8),
        ("playwright/before-all.json", 1),
        ("playwright/flaky.json", 0),
        ("vitest/bail.json", 2),
        ("vitest/bail.xml", 2),
        ("vitest/before-all.xml", 2),
        ("vitest/passed.json", 0),
        ("vitest/passed.xml", 0),
        ("jest/passed.json", 0),
    ] {
        let found = results(path);
        assert_eq!(found.not_run.count, not_run, "{path}: {found:?}");
    }
    let mut reading = Reading::default();
    let secrets = crate::values::Secrets::default();
    results("playwright/serial.json").tell(&mut reading, &Context::bare(Timestamp::now(), &secrets));
    let figure = |name: &str| reading.figures.iter().find(|(own, _)| own == name).and_then(|(_, own)| own.number());
    // One passed, one failed, two did not run.
    assert_eq!([figure("pass_share"), figure("tests"), figure("failed")], [Some(0.25), Some(4.0), Some(3.0)]);
    let told =
        "did not run, which counts as failed: serial.spec.js › order › is paid; serial.spec.js › order › is sent";
    assert!(reading.notes.contains(&told.to_owned()), "{reading:?}");
    assert!(reading.which.iter().any(|(figure, which)| figure == "pass_share" && which.contains(told)), "{reading:?}");
}

#[test]
fn what_was_interrupted_or_is_a_part_says_so() {
    let text = String::from_utf8(super::super::real("jest/passed.json")).unwrap();
    let text = text.replace("\"wasInterrupted\":false", "\"wasInterrupted\":true");
    assert_eq!(super::results(text.as_bytes(), None).unwrap().missing, ["the tests were interrupted"]);
    let text = String::from_utf8(super::super::real("playwright/failed.json")).unwrap();
    let part = text.replace("\"shard\": null", "\"shard\": { \"current\": 1, \"total\": 4 }");
    assert_eq!(super::results(part.as_bytes(), None).unwrap().notes, ["this is part 1 of 4 of the tests"]);
    let cut = text.replacen("\"status\": \"failed\"", "\"status\": \"interrupted\"", 1);
    assert_eq!(super::results(cut.as_bytes(), None).unwrap().missing.len(), 1);
}
