//! `junit.xml`: what a build server shows among its tests.
//!
//! A case is red exactly where the verdict is not PASS: what fails is a `failure`, what cannot be known an `error`. Names
//! are unique in the whole file, and stay from run to run.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Tests, TestCase, TestCaseStatus, TestSuite};

use super::Report;
use super::cases::{LONGEST_LINE, LONGEST_NAME, MOST_CASES, Names, red, skipped};
use super::finding::{first_broken, is_warning};
use super::inert::{line, lines};
use super::result::{CallFailure, CallResult, RunResult, StepResult};
use crate::metrics::FailedCheck;
use crate::units::{format_count, format_share, format_us};
use crate::verdict::{Finding, Kind, Status, Verdict};

const MOST_LINES: usize = 40;
const MOST_CHECKS: usize = 10;
/// What there is to see of more failed calls is left to `result.json`.
const MOST_SHOWN: usize = 100;

/// Writes the file.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    tests(&report.result).serialize(out).map_err(|error| io::Error::other(error.to_string()))
}

fn tests(result: &RunResult) -> Tests {
    let run = line(&result.name, LONGEST_NAME);
    let mut tests = Tests::new(run.as_str());
    tests.timestamp = result.started_at.parse().ok();
    tests.time = Duration::try_from_secs_f64(result.elapsed_s).ok();
    let mut names = Names::default();
    for (kind, word) in
        [(Kind::Gate, "gate"), (Kind::Validity, "validity"), (Kind::Baseline, "baseline"), (Kind::Item, "item")]
    {
        let of_kind = result.findings.iter().filter(|finding| finding.kind == kind);
        let cases = of_kind.map(|finding| judged(result, finding, names.unique(word, &finding.name)));
        let mut cases: Vec<TestCase> = cases.take(MOST_CASES).collect();
        // Where nothing decides there is no finding to be red.
        if kind == Kind::Validity && result.verdict != Verdict::Pass && !decides(result) {
            cases.push(undecided(result, names.unique(word, "verdict")));
        }
        add(&mut tests, &run, suite_name(kind), cases, result);
    }
    let cases = match result.is_once() {
        true => calls(result, &mut names),
        false => steps(result, &mut names),
    };
    add(&mut tests, &run, "checks", cases, result);
    tests
}

fn suite_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Gate => "gates",
        Kind::Validity => "validity",
        Kind::Baseline => "baseline",
        Kind::Item => "items",
    }
}

/// A suite is shown by the class name of its cases in GitLab, and by its own name elsewhere.
fn add(tests: &mut Tests, run: &str, name: &str, cases: Vec<TestCase>, result: &RunResult) {
    if cases.is_empty() {
        return;
    }
    let mut suite = TestSuite::new(name);
    for mut case in cases {
        case.set_classname(format!("{run}.{name}"));
        case.extra.insert("file".into(), line(&result.plan.file, LONGEST_NAME).into());
        suite.add_test_case(case);
    }
    tests.add_test_suite(suite);
}

/// Whether a finding is red already.
fn decides(result: &RunResult) -> bool {
    let red = |finding: &Finding| matches!(finding.status, Status::Fail | Status::NoData | Status::Invalid);
    result.findings.iter().any(|finding| !finding.warn && red(finding))
}

fn judged(result: &RunResult, finding: &Finding, name: String) -> TestCase {
    let told = told(result, finding);
    let status = match finding.status {
        _ if finding.warn => TestCaseStatus::success(),
        Status::Pass => TestCaseStatus::success(),
        Status::Fail => red(NonSuccessKind::Failure, "gate", &sentence(finding), &told),
        Status::NoData => red(NonSuccessKind::Error, "no data", &sentence(finding), &told),
        Status::Invalid => red(NonSuccessKind::Error, "invalid", &sentence(finding), &told),
        Status::Skipped => skipped(finding.reason.as_deref().unwrap_or("it was not asked for this time")),
    };
    let is_told = matches!(status, TestCaseStatus::Success { .. });
    let mut case = TestCase::new(name, status);
    if is_told {
        let warning = if is_warning(finding) { format!("warning: {}\n", sentence(finding)) } else { String::new() };
        case.set_system_out(format!("{warning}{told}"));
    }
    case
}

fn undecided(result: &RunResult, name: String) -> TestCase {
    let reasons = result.reasons.iter().map(|reason| line(reason, LONGEST_LINE)).collect::<Vec<_>>().join("\n");
    let message = line(result.reasons.first().map_or("it cannot be known", String::as_str), LONGEST_LINE);
    TestCase::new(name, red(NonSuccessKind::Error, "inconclusive", &message, &reasons))
}

fn sentence(finding: &Finding) -> String {
    match (&finding.observed, &finding.reason) {
        (Some(observed), _) => line(&format!("wanted {}, observed {observed}", finding.wanted), LONGEST_LINE),
        (None, Some(reason)) => line(&format!("wanted {}: {reason}", finding.wanted), LONGEST_LINE),
        (None, None) => line(&format!("wanted {}, observed nothing", finding.wanted), LONGEST_LINE),
    }
}

/// All there is to say of a finding, and how to see it again.
fn told(result: &RunResult, finding: &Finding) -> String {
    let interval = finding
        .interval
        .as_ref()
        .map(|interval| format!("{} with {:.0}% confidence", interval.text, interval.confidence * 100.0));
    let parts = [
        ("wanted", Some(finding.wanted.clone())),
        ("observed", finding.observed.clone()),
        ("interval", interval),
        ("samples", Some(format_count(finding.samples))),
        ("since", first_broken(finding)),
        ("reason", finding.reason.clone()),
        ("command", Some(result.command.clone()).filter(|command| !command.is_empty())),
    ];
    let parts = parts.into_iter().filter_map(|(label, text)| Some((label, text?)));
    parts.map(|(label, text)| format!("{label:<9} {}\n", line(&text, LONGEST_LINE))).collect()
}

/// Each call of a once run, and the steps that no call was made for.
fn calls(result: &RunResult, names: &mut Names) -> Vec<TestCase> {
    let mut shown = 0;
    let mut cases: Vec<TestCase> = Vec::new();
    for call in &result.calls {
        let mut case = TestCase::new(names.unique("check", &call.step), TestCaseStatus::success());
        case.set_time(Duration::from_micros(call.phases_us.total));
        let failure = call.failure.as_ref().filter(|_| !call.tried_again);
        let evidence = failure.filter(|_| shown < MOST_SHOWN).map(evidence).unwrap_or_default();
        match failure {
            Some(failure) if result.verdict != Verdict::Pass => {
                case.status = red(NonSuccessKind::Failure, &failure.class, &missed(call, failure), &evidence);
            }
            Some(failure) => {
                // No gate minds, so the build must not.
                case.set_system_out(format!("failed: {}\n{evidence}", missed(call, failure)));
            }
            None if call.tried_again => drop(case.set_system_out("it was tried again\n")),
            None if call.redirected => drop(case.set_system_out("a redirect that was followed\n")),
            None => {}
        }
        shown += usize::from(failure.is_some());
        cases.push(case);
    }
    for name in result.steps_not_done().into_iter().take(MOST_CASES) {
        cases.push(TestCase::new(names.unique("check", name), skipped("no request was sent for it")));
    }
    if result.calls_left_out > 0 {
        let why = format!("and {} more calls: see result.json", format_count(result.calls_left_out));
        cases.push(TestCase::new(names.unique("check", "(more)"), skipped(&why)));
    }
    cases
}

fn missed(call: &CallResult, failure: &CallFailure) -> String {
    let first = failure.evidence.checks.first();
    let text = match first {
        Some(FailedCheck { target, expected, actual, .. }) => {
            format!("{}: {target}: wanted {expected}, found {actual}", failure.class)
        }
        None => format!("{} in {}", failure.class, call.step),
    };
    line(&text, LONGEST_LINE)
}

/// What was wanted, sent and seen; no line of it begins with what somebody else wrote.
fn evidence(failure: &CallFailure) -> String {
    let mut out = Vec::new();
    let checks = &failure.evidence.checks;
    for check in checks.iter().take(MOST_CHECKS) {
        out.push(format!("- {}: {}", line(&check.target, LONGEST_LINE), line(&check.expected, LONGEST_LINE)));
        match check.diff.is_empty() {
            true => out.push(format!("+ {}", line(&check.actual, LONGEST_LINE))),
            false => {
                out.extend(check.diff.iter().take(MOST_LINES).map(|text| format!("  | {}", line(text, LONGEST_LINE))))
            }
        }
    }
    if checks.len() > MOST_CHECKS {
        out.push(format!("… {} more", checks.len() - MOST_CHECKS));
    }
    if let Some(request) = &failure.evidence.request {
        out.push(format!("> {}", line(&format!("{} {}", request.method, request.url), LONGEST_LINE)));
    }
    if let Some(response) = &failure.evidence.response {
        out.push(format!("< {}", line(&response.status_line, LONGEST_LINE)));
        out.extend(lines(&response.body.text, MOST_LINES, LONGEST_LINE).iter().map(|text| format!("< {text}")));
    }
    out.iter().map(|line| format!("{line}\n")).collect()
}

/// Each step of a load: its gates judge it, so a case only tells.
fn steps(result: &RunResult, names: &mut Names) -> Vec<TestCase> {
    let case = |(name, step): &(String, StepResult)| {
        let name = names.unique("check", name);
        match step.requests {
            0 => TestCase::new(name, skipped("no request was sent for it")),
            _ => {
                let mut case = TestCase::new(name, TestCaseStatus::success());
                case.set_system_out(figures(step));
                case
            }
        }
    };
    result.steps.0.iter().take(MOST_CASES).map(case).collect()
}

fn figures(step: &StepResult) -> String {
    let rate = step.error_rate().map(|rate| format!(" ({})", format_share(rate))).unwrap_or_default();
    let response = &step.response_us;
    format!(
        "requests  {}\nfailed    {}{rate}\nexpected  {} met, {} missed\nresponse  p50 {}, p95 {}, p99 {}, max {}\n",
        format_count(step.requests),
        format_count(step.failed),
        format_count(step.checks_passed),
        format_count(step.checks_failed),
        format_us(response.p50),
        format_us(response.p95),
        format_us(response.p99),
        format_us(response.max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding, invalid};

    fn of(findings: Vec<Finding>) -> Tests {
        tests(&Fixture { findings, ..Fixture::default() }.report().result)
    }

    #[test]
    fn a_case_is_red_exactly_where_the_verdict_is_not_a_pass() {
        let gate = |status| finding("latency", status, "p95 < 600ms", Some("1s"));
        let warns = Finding { warn: true, ..gate(Status::Fail) };
        for (findings, failures, errors) in [
            (vec![gate(Status::Pass), warns.clone()], 0, 0),
            (vec![gate(Status::Fail), gate(Status::Pass)], 1, 0),
            (vec![gate(Status::NoData)], 0, 1),
            (vec![gate(Status::Pass), invalid("punctual", "lag", "1s", "it was late")], 0, 1),
            (vec![warns], 0, 1),
            (vec![gate(Status::Skipped)], 0, 1),
            (vec![], 0, 1),
        ] {
            let tests = of(findings);
            assert_eq!((tests.failures, tests.errors), (failures, errors), "{}", tests.to_string().unwrap());
        }
    }

    #[test]
    fn a_smoke_check_has_a_case_for_each_call_with_what_was_seen() {
        let mut fixture = Fixture::once();
        fixture.steps.push("left out".to_owned());
        let mut result = fixture.report().result;
        result.steps.0[3].1.requests = 0;
        let text = tests(&result).to_string().unwrap();
        for part in [
            "<testcase name=\"check: sign in\" classname=\"light.checks\" time=\"0.001\" file=\"light.toml\">",
            "message=\"http_401: status: wanted status 200, found status 401\"",
            "&lt; HTTP/1.1 401 Unauthorized",
            "<skipped message=\"no request was sent for it\"/>",
            "<failure message=\"wanted checks &gt;= 100%, observed 33.33%\" type=\"gate\">",
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        assert!(text.lines().nth(1).unwrap().contains("<testsuites"), "{text}");
    }
}
