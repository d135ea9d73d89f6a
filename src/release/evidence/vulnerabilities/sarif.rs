//! SARIF 2.1, as Trivy, CodeQL and others write it: results, whose rules say how bad they are.

use serde_json::Value as Json;

use super::super::shapes::{list, word};
use super::severity::Severity;
use super::{Audit, Issue};

pub(super) fn is(json: &Json) -> bool {
    json.get("runs").is_some() || word(json, "$schema").contains("sarif")
}

pub(super) fn audit(json: &Json) -> Result<Audit, String> {
    if !word(json, "version").starts_with("2.1") {
        return Err(format!("it is of version `{}`, and only 2.1 is known", word(json, "version")));
    }
    let runs = list(json, "runs")?;
    if runs.is_empty() {
        return Err("it has no runs, so nothing is known to have been scanned".to_owned());
    }
    let mut audit = Audit::default();
    let mut suppressed = 0;
    for run in runs {
        let driver = run.get("tool").and_then(|tool| tool.get("driver"));
        let tool = driver.map(|driver| word(driver, "name")).filter(|name| !name.is_empty());
        let tool = tool.ok_or("a run does not say which tool it is of")?;
        for invocation in run.get("invocations").and_then(Json::as_array).into_iter().flatten() {
            if invocation.get("executionSuccessful").and_then(Json::as_bool) == Some(false) {
                return Err(format!("{tool} says that it did not succeed"));
            }
        }
        // By the standard no list means that nothing was looked for.
        for result in list(run, "results").map_err(|why| format!("a run of {tool} did not scan: {why}"))? {
            if !result.is_object() {
                return Err("a result is no object".to_owned());
            }
            let kind = word(result, "kind");
            let is_gone = word(result, "baselineState") == "absent";
            if is_gone || ["pass", "notApplicable", "informational"].contains(&kind) {
                continue;
            }
            suppressed +=
                u64::from(result.get("suppressions").and_then(Json::as_array).is_some_and(|all| !all.is_empty()));
            audit.issues.push(issue(run, result));
        }
        audit.notes.push(format!("by {tool}; SARIF does not tell what was scanned"));
    }
    if suppressed > 0 {
        audit.notes.push(format!(
            "{suppressed} are suppressed in the report, and count: only waivers of the release file do not"
        ));
    }
    Ok(audit)
}

fn issue(run: &Json, result: &Json) -> Issue {
    let rule = rule(run, result).unwrap_or(&Json::Null);
    let own_id = result.get("rule").map_or("", |rule| word(rule, "id"));
    let id = [word(result, "ruleId"), own_id, word(rule, "id")].into_iter().find(|id| !id.is_empty());
    let id = id.unwrap_or("a result without a rule");
    let message = result.get("message").map_or("", |message| word(message, "text"));
    let severity = Severity::worst(said(rule).into_iter().chain(said(result)));
    Issue { severity, title: format!("{id} {message}"), causes: vec![vec![id.to_owned()]] }
}

/// The rule of a result: by its id, by its index, of the tool itself or of an extension.
fn rule<'j>(run: &'j Json, result: &'j Json) -> Option<&'j Json> {
    let tool = run.get("tool")?;
    let reference = result.get("rule");
    let extension = reference.and_then(|rule| rule.get("toolComponent")?.get("index")?.as_u64());
    let component = match extension {
        Some(index) => tool.get("extensions")?.get(usize::try_from(index).ok()?)?,
        None => tool.get("driver")?,
    };
    let rules = component.get("rules")?.as_array()?;
    let id = [word(result, "ruleId"), reference.map_or("", |rule| word(rule, "id"))];
    let by_id = rules.iter().find(|rule| id.iter().any(|id| !id.is_empty() && word(rule, "id") == *id));
    let index = result.get("ruleIndex").or(reference.and_then(|rule| rule.get("index"))).and_then(Json::as_u64);
    by_id.or_else(|| rules.get(usize::try_from(index?).ok()?))
}

/// What the properties of a rule or of a result say: a score of CVSS, a severity, or a tag that is one.
fn said(of: &Json) -> Vec<Severity> {
    let Some(properties) = of.get("properties") else { return Vec::new() };
    let score = properties.get("security-severity");
    let score = score.and_then(|score| score.as_f64().or_else(|| score.as_str()?.trim().parse().ok()));
    let tags = properties.get("tags").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let words = [word(properties, "severity")].into_iter().chain(tags).filter_map(Severity::of_word);
    score.and_then(Severity::of_score).into_iter().chain(words).collect()
}
