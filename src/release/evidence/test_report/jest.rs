//! Jest's JSON, which Vitest writes, too: files, and the tests in them.

use serde_json::Value as Json;

use super::super::shapes::{count, epoch, list, word};
use super::{Outcome, Results, contradiction};

pub(super) fn is(json: &Json) -> bool {
    json.get("testResults").is_some_and(Json::is_array) && json.get("numTotalTests").is_some()
}

pub(super) fn results(json: &Json) -> Result<Results, String> {
    let mut results = Results::default();
    let mut last_ms = f64::NEG_INFINITY;
    // Only Jest tells of files that it could not run.
    let is_jest = json.get("numRuntimeErrorTestSuites").is_some();
    for file in list(json, "testResults")? {
        let failed = results.failed.count;
        let tests = list(file, "assertionResults")?;
        for test in tests {
            results.count(outcome(test, is_jest)?, || name(file, test));
        }
        // A file that cannot be loaded has no tests that could fail.
        if word(file, "status") == "failed" && results.failed.count == failed {
            results.broken.add(|| format!("{}: {}", word(file, "name"), word(file, "message")));
        }
        last_ms = last_ms.max(file.get("endTime").and_then(Json::as_f64).unwrap_or(last_ms));
    }
    let listed = results.ran() + results.skipped.count + results.not_run.count;
    let passed = results.passed + results.flaky.count;
    for (key, what, lists) in [
        ("numTotalTests", "the number of tests", listed),
        ("numPassedTests", "the number of passed tests", passed),
        ("numFailedTests", "the number of failed tests", results.failed.count),
    ] {
        let says = count(json, key)?;
        if says != lists {
            return Err(contradiction(what, says, lists));
        }
    }
    let success = json.get("success").and_then(Json::as_bool).ok_or("it does not say whether it succeeded")?;
    let lost = json.get("numRuntimeErrorTestSuites").map(|_| count(json, "numRuntimeErrorTestSuites")).transpose()?;
    let nothing_told = results.failed.count == 0 && results.broken.count == 0;
    if success && !nothing_told {
        return Err("it contradicts itself: it says that it succeeded, and lists failures".to_owned());
    }
    if let Some(lost @ 1..) = lost
        && results.broken.count == 0
    {
        results.broken.add(|| format!("{lost} test files could not be run"));
    } else if !success && nothing_told {
        results.broken.add(|| "it says that it did not succeed, though no test failed".to_owned());
    }
    if json.get("wasInterrupted").and_then(Json::as_bool) == Some(true) {
        results.missing.push("the tests were interrupted".to_owned());
    }
    let start_ms = json.get("startTime").and_then(Json::as_i64);
    results.made = start_ms.and_then(epoch);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let took_s = start_ms.map(|start| (last_ms - start as f64) / 1e3);
    results.duration_s = took_s.filter(|took| took.is_finite() && *took >= 0.0);
    Ok(results)
}

fn outcome(test: &Json, is_jest: bool) -> Result<Outcome, String> {
    let tried_again = || {
        let attempts = test.get("invocations").and_then(Json::as_u64).unwrap_or(1);
        let some = |key: &str| test.get(key).and_then(Json::as_array).is_some_and(|list| !list.is_empty());
        // Vitest keeps what failed before a test passed.
        attempts > 1 || some("retryReasons") || some("failureMessages")
    };
    match word(test, "status") {
        "passed" if tried_again() => Ok(Outcome::Flaky),
        "passed" => Ok(Outcome::Passed),
        "failed" => Ok(Outcome::Failed),
        // Vitest calls so what it did not come to, behind --bail; Jest what is marked to be skipped.
        "pending" if !is_jest => Ok(Outcome::NotRun),
        "pending" | "skipped" | "todo" | "disabled" => Ok(Outcome::Skipped),
        other => Err(format!("a test has the unknown status `{other}`")),
    }
}

fn name(file: &Json, test: &Json) -> String {
    let full = word(test, "fullName");
    let title = if full.is_empty() { word(test, "title") } else { full };
    let file = word(file, "name").rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file} › {title}")
}
