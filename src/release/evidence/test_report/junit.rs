//! JUnit's XML, whoever writes it: suites in suites, counted by their test cases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roxmltree::Node;

use super::super::shapes::{attribute, children};
use super::{Outcome, Results, contradiction};

/// No runner nests suites deeper.
const DEEPEST: u32 = 64;

/// What a suite has, with those within it.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    cases: u64,
    failed: u64,
    /// Elements that say so: a case may have several.
    failures: u64,
    skipped: u64,
}

pub(super) fn is(root: Node<'_, '_>) -> bool {
    ["testsuites", "testsuite"].contains(&root.tag_name().name())
}

pub(super) fn results(root: Node<'_, '_>) -> Result<Results, String> {
    let mut results = Results::default();
    let is_vitest = root.attribute("name") == Some("vitest tests");
    suite(root, 0, is_vitest, &mut results)?;
    results.duration_s = seconds(root).or_else(|| {
        let suites: Vec<f64> = children(root, "testsuite").filter_map(seconds).collect();
        (!suites.is_empty()).then(|| suites.iter().sum())
    });
    Ok(results)
}

fn suite(node: Node<'_, '_>, depth: u32, is_vitest: bool, results: &mut Results) -> Result<Counts, String> {
    if depth > DEEPEST {
        return Err(format!("its suites are nested deeper than {DEEPEST}"));
    }
    let mut counts = Counts::default();
    let mut cases = Vec::new();
    for child in node.children() {
        match child.tag_name().name() {
            "testsuite" | "testsuites" => {
                let within = suite(child, depth + 1, is_vitest, results)?;
                counts.cases += within.cases;
                counts.failed += within.failed;
                counts.failures += within.failures;
                counts.skipped += within.skipped;
            }
            "testcase" => cases.push((child, outcome(child))),
            "error" | "failure" => {
                counts.failures += 1;
                let message = child.attribute("message").or(child.text()).unwrap_or("an error").to_owned();
                results.broken.add(|| format!("{}: {message}", node.attribute("name").unwrap_or("a suite")));
            }
            _ => {}
        }
    }
    counts.failures += cases.iter().map(|(case, _)| failures(*case)).sum::<u64>();
    if let Some(says) = attribute(node, "tests")?
        && says < counts.cases + cases.len() as u64
    {
        cases = without_attempts(cases, says.saturating_sub(counts.cases));
    }
    let direct = cases.len() as u64;
    counts.cases += direct;
    let failed_groups: Vec<String> = match is_vitest {
        true => {
            cases.iter().filter(|(_, outcome)| *outcome == Outcome::Failed).map(|(case, _)| within(*case)).collect()
        }
        false => Vec::new(),
    };
    for (case, outcome) in cases {
        counts.failed += u64::from(outcome == Outcome::Failed);
        counts.skipped += u64::from(outcome == Outcome::Skipped);
        let outcome = match outcome {
            // Vitest writes what it did not come to as a test that passed in no time.
            Outcome::Passed if is_vitest && case.attribute("time") == Some("0") => Outcome::NotRun,
            // Its failed beforeAll is a failed case with the name of the group, whose tests are skipped.
            Outcome::Skipped if is_behind(case, &failed_groups) => Outcome::NotRun,
            other => other,
        };
        results.count(outcome, || name(case));
    }
    // A time without a zone says nothing that could be compared.
    let began = node.attribute("timestamp").and_then(|time| time.parse::<Timestamp>().ok());
    results.made = [results.made, began].into_iter().flatten().min();
    check(node, counts, direct)?;
    Ok(counts)
}

/// How the names of cases begin that lie in the group `case`.
fn within(case: Node<'_, '_>) -> String {
    format!("{} > ", case.attribute("name").unwrap_or_default())
}

fn is_behind(case: Node<'_, '_>, failed_groups: &[String]) -> bool {
    let name = case.attribute("name").unwrap_or_default();
    failed_groups.iter().any(|group| name.starts_with(group.as_str()))
}

/// Some list each attempt as a case of the same name, the failed ones as passed: if there are as many names as the suite
/// says it has `tests`, each name is one test.
fn without_attempts<'a, 'i>(cases: Vec<(Node<'a, 'i>, Outcome)>, tests: u64) -> Vec<(Node<'a, 'i>, Outcome)> {
    let mut by_name: BTreeMap<String, Vec<(Node<'a, 'i>, Outcome)>> = BTreeMap::new();
    for (case, outcome) in &cases {
        by_name.entry(name(*case)).or_default().push((*case, *outcome));
    }
    if by_name.len() as u64 != tests {
        return cases;
    }
    let outcome_of = |attempts: &[(Node<'_, '_>, Outcome)]| match attempts {
        [(_, outcome)] => *outcome,
        _ if attempts.iter().any(|(_, outcome)| *outcome == Outcome::Failed) => Outcome::Failed,
        _ if attempts.iter().all(|(_, outcome)| *outcome == Outcome::Skipped) => Outcome::Skipped,
        _ => Outcome::Flaky,
    };
    let first = |attempts: Vec<(Node<'a, 'i>, Outcome)>| Some((attempts.first()?.0, outcome_of(&attempts)));
    by_name.into_values().filter_map(first).collect()
}

/// Elements of a case that say that it failed.
fn failures(case: Node<'_, '_>) -> u64 {
    has(case, &["failure", "error"])
}

fn has(case: Node<'_, '_>, names: &[&str]) -> u64 {
    case.children().filter(|child| names.contains(&child.tag_name().name())).count() as u64
}

fn outcome(case: Node<'_, '_>) -> Outcome {
    let is = |attribute: &str, words: &[&str]| case.attribute(attribute).is_some_and(|word| words.contains(&word));
    if failures(case) > 0 || is("status", &["failed", "error"]) {
        return Outcome::Failed;
    }
    // GoogleTest says with attributes what was not run.
    let not_run = is("status", &["notrun", "skipped", "disabled"]) || is("result", &["skipped", "suppressed"]);
    if has(case, &["skipped", "disabled"]) > 0 || not_run {
        return Outcome::Skipped;
    }
    match has(case, &["flakyFailure", "flakyError"]) {
        0 => Outcome::Passed,
        _ => Outcome::Flaky,
    }
}

/// The totals of a suite must be those of its cases.
fn check(node: Node<'_, '_>, counts: Counts, direct: u64) -> Result<(), String> {
    if let Some(says) = attribute(node, "tests")? {
        // Some leave out what was skipped, or what stands in suites within.
        let possible = [counts.cases, direct, counts.cases - counts.skipped];
        // A test that fails twice is one of pytest's tests and two of its cases.
        let twice = counts.failed > 0 && says < counts.cases;
        if !possible.contains(&says) && !twice {
            return Err(contradiction("the number of tests", says, counts.cases));
        }
    }
    let (failures, errors) = (attribute(node, "failures")?, attribute(node, "errors")?);
    if failures.is_some() || errors.is_some() {
        let says = failures.unwrap_or(0) + errors.unwrap_or(0);
        if ![counts.failed, counts.failures].contains(&says) {
            return Err(contradiction("the number of failures and errors", says, counts.failed));
        }
    }
    let disabled = attribute(node, "disabled")?.unwrap_or(0);
    if let Some(says) = attribute(node, "skipped")?
        && ![says, says + disabled].contains(&counts.skipped)
    {
        return Err(contradiction("the number of skipped tests", says, counts.skipped));
    }
    Ok(())
}

fn name(case: Node<'_, '_>) -> String {
    let name = case.attribute("name").unwrap_or("a test without a name");
    match case.attribute("classname").filter(|class| !class.is_empty() && *class != name) {
        Some(class) => format!("{class} › {name}"),
        None => name.to_owned(),
    }
}

fn seconds(node: Node<'_, '_>) -> Option<f64> {
    node.attribute("time")?.replace(',', "").parse().ok()
}
