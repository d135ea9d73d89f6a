//! Playwright's JSON: suites of files, specs in them, and a test of each for every project.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::super::shapes::{count, list, word};
use super::{Outcome, Results, contradiction};

pub(super) fn is(json: &Json) -> bool {
    json.get("suites").is_some_and(Json::is_array) && json.get("stats").is_some_and(Json::is_object)
}

pub(super) fn results(json: &Json) -> Result<Results, String> {
    let mut results = Results::default();
    let mut open: Vec<(&Json, String)> = Vec::new();
    open.extend(list(json, "suites")?.iter().rev().map(|suite| (suite, word(suite, "title").to_owned())));
    while let Some((suite, title)) = open.pop() {
        for spec in suite.get("specs").and_then(Json::as_array).into_iter().flatten() {
            let title = format!("{title} › {}", word(spec, "title"));
            for test in list(spec, "tests")? {
                let outcome = outcome(test, &mut results)?;
                results.count(outcome, || match word(test, "projectName") {
                    "" => title.clone(),
                    project => format!("[{project}] {title}"),
                });
            }
        }
        let within = suite.get("suites").and_then(Json::as_array).into_iter().flatten().rev();
        open.extend(within.map(|suite| (suite, format!("{title} › {}", word(suite, "title")))));
    }
    let stats = json.get("stats").unwrap_or(&Json::Null);
    for (key, lists) in [
        ("expected", results.passed),
        ("unexpected", results.failed.count),
        ("flaky", results.flaky.count),
        // It calls so, too, what was to run and did not.
        ("skipped", results.skipped.count + results.not_run.count),
    ] {
        let says = count(stats, key)?;
        if says != lists {
            return Err(contradiction(&format!("`{key}`"), says, lists));
        }
    }
    for error in json.get("errors").and_then(Json::as_array).into_iter().flatten() {
        results.broken.add(|| match word(error, "message") {
            "" => "an error without a message".to_owned(),
            message => message.to_owned(),
        });
    }
    if let Some(shard) = json.get("config").and_then(|config| config.get("shard")).filter(|shard| !shard.is_null()) {
        let (current, total) = (count(shard, "current")?, count(shard, "total")?);
        if total > 1 {
            results.notes.push(format!("this is part {current} of {total} of the tests"));
        }
    }
    results.made = word(stats, "startTime").parse::<Timestamp>().ok();
    results.duration_s = stats.get("duration").and_then(Json::as_f64).map(|ms| ms / 1e3);
    Ok(results)
}

fn outcome(test: &Json, results: &mut Results) -> Result<Outcome, String> {
    let attempts = list(test, "results")?;
    if attempts.iter().any(|attempt| word(attempt, "status") == "interrupted") && results.missing.is_empty() {
        results.missing.push("the tests were interrupted".to_owned());
    }
    let last = attempts.last().map_or("", |attempt| word(attempt, "status"));
    match word(test, "status") {
        "expected" if last == word(test, "expectedStatus") => Ok(Outcome::Passed),
        "expected" => Err(format!("it contradicts itself: a test that ended as `{last}` is called expected")),
        "flaky" => Ok(Outcome::Flaky),
        "unexpected" => Ok(Outcome::Failed),
        // The rest of a serial group, behind a failed beforeAll, or beyond --max-failures.
        "skipped" if word(test, "expectedStatus") != "skipped" => Ok(Outcome::NotRun),
        "skipped" => Ok(Outcome::Skipped),
        other => Err(format!("a test has the unknown status `{other}`")),
    }
}
