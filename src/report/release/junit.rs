//! `junit.xml` of a release: a suite for each gate, a case for each item.
//!
//! A case is red exactly where its item keeps the release from being a go; what only warns is green and says so.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Tests, TestCase, TestCaseStatus, TestSuite};

use super::words;
use crate::release::result::{GateResult, ItemResult, OutputResult, ReleaseResult};
use crate::report::cases::{LONGEST_LINE, LONGEST_NAME, MOST_CASES, Names, red, skipped};
use crate::report::finding::warns;
use crate::report::inert::line;
use crate::verdict::{Status, Verdict};

const MOST_LINES: usize = 30;
const MOST_FACTS: usize = 20;

/// Writes the file.
pub(super) fn write(result: &ReleaseResult, out: &mut dyn io::Write) -> io::Result<()> {
    tests(result).serialize(out).map_err(|error| io::Error::other(error.to_string()))
}

fn tests(result: &ReleaseResult) -> Tests {
    let release = line(&result.name, LONGEST_NAME);
    let mut tests = Tests::new(release.as_str());
    tests.timestamp = result.started_at.parse().ok();
    tests.time = Duration::try_from_secs_f64(result.elapsed_s).ok();
    let mut names = Names::default();
    let mut room = MOST_CASES;
    for gate in &result.gates {
        let mut suite = TestSuite::new(suite_name(gate));
        for item in gate.items.iter().take(room) {
            let mut case = case(result, item, names.unique(&line(&item.id, LONGEST_NAME), &item.title));
            case.set_classname(format!("{release}.{}", line(&gate.id, LONGEST_NAME)));
            case.extra.insert("file".into(), line(&result.file, LONGEST_NAME).into());
            suite.add_test_case(case);
        }
        room = room.saturating_sub(gate.items.len());
        tests.add_test_suite(suite);
    }
    // Where no item decides there would be nothing red.
    if result.verdict != Verdict::Pass && !words::items(result).any(words::is_red) {
        let why = result.reasons.first().map_or("it cannot be known", String::as_str);
        let reasons = result.reasons.iter().take(MOST_FACTS).map(|reason| line(reason, LONGEST_LINE));
        let reasons = reasons.collect::<Vec<_>>().join("\n");
        let status = red(NonSuccessKind::Error, "inconclusive", &line(why, LONGEST_LINE), &reasons);
        let mut case = TestCase::new(names.unique("release", "verdict"), status);
        case.set_classname(format!("{release}.verdict"));
        let mut suite = TestSuite::new("verdict");
        suite.add_test_case(case);
        tests.add_test_suite(suite);
    }
    tests
}

fn suite_name(gate: &GateResult) -> String {
    match gate.title == gate.id {
        true => line(&gate.id, LONGEST_NAME),
        false => line(&format!("{}: {}", gate.id, gate.title), LONGEST_NAME),
    }
}

fn case(result: &ReleaseResult, item: &ItemResult, name: String) -> TestCase {
    let told = told(result, item);
    let message = line(&words::observed(item), LONGEST_LINE);
    let status = match item.status {
        Status::Skipped => skipped(&message),
        Status::Pass => TestCaseStatus::success(),
        _ if item.warn => TestCaseStatus::success(),
        Status::Fail => red(NonSuccessKind::Failure, "item", &message, &told),
        Status::NoData => red(NonSuccessKind::Error, "no data", &message, &told),
        Status::Invalid => red(NonSuccessKind::Error, "invalid", &message, &told),
    };
    let is_told = matches!(status, TestCaseStatus::Success { .. });
    let mut case = TestCase::new(name, status);
    case.time = Duration::try_from_secs_f64(item.elapsed_s).ok();
    if is_told {
        let warning = if warns(item.status, item.warn) { format!("warning: {message}\n") } else { String::new() };
        case.set_system_out(format!("{warning}{told}"));
    }
    case
}

/// All there is to say of an item, and how to see it again.
fn told(result: &ReleaseResult, item: &ItemResult) -> String {
    let mut facts: Vec<(&str, String)> = item.reasons.iter().map(|reason| ("reason", reason.clone())).collect();
    facts.extend(item.checks.iter().map(|check| {
        ("wanted", format!("{}, observed {}", check.wanted, check.observed.as_deref().unwrap_or("nothing")))
    }));
    for evidence in &item.evidence {
        let figures: Vec<String> =
            evidence.figures.iter().map(|figure| format!("{} {}", figure.name, figure.text)).collect();
        facts.push((evidence.reader.as_str(), figures.join(", ")));
        facts.extend(evidence.notes.iter().map(|note| ("note", note.clone())));
        facts.extend(evidence.sources.iter().map(|source| ("from", source.name.clone())));
    }
    if let Some(manual) = &item.manual {
        facts.push(("confirm", manual.ask.clone()));
        facts.extend(manual.signed.iter().map(|signed| ("signed", format!("by {} at {}", signed.by, signed.at))));
    }
    facts.extend(
        [words::owners(item, result).join("; ")].into_iter().filter(|it| !it.is_empty()).map(|it| ("owner", it)),
    );
    facts.extend(item.command.iter().map(|command| ("command", command.text.clone())));
    facts.extend(item.command.iter().map(|command| ("ended", words::end_of(command))));
    let facts = facts.iter().take(MOST_FACTS);
    let mut out: String =
        facts.map(|(label, text)| format!("{:<9} {}\n", line(label, LONGEST_NAME), line(text, LONGEST_LINE))).collect();
    if !item.repeat.is_empty() {
        out.push_str(&format!("{:<9} {}\n", "repeat", line(&item.repeat, LONGEST_LINE)));
    }
    if words::is_red(item) {
        let outputs =
            item.command.iter().flat_map(|command| [("stdout", &command.stdout), ("stderr", &command.stderr)]);
        outputs.for_each(|(name, output)| out.push_str(&tail(name, output)));
    }
    out
}

/// The last lines of what a command printed.
fn tail(name: &str, output: &OutputResult) -> String {
    let skipped = output.tail.lines().count().saturating_sub(MOST_LINES);
    let shown: Vec<String> = output.tail.lines().skip(skipped).map(|text| line(text, LONGEST_LINE)).collect();
    if shown.is_empty() { String::new() } else { format!("\n{name}:\n{}\n", shown.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_case_is_red_exactly_where_its_item_keeps_the_release_from_being_a_go() {
        for (name, result) in fixture::small() {
            let tests = tests(&result);
            let of = |status: Status| {
                words::items(&result).filter(|item| words::is_red(item) && item.status == status).count()
            };
            assert_eq!(tests.failures, of(Status::Fail), "{name}");
            let undecided = usize::from(words::red(&result).is_empty() && result.verdict != Verdict::Pass);
            assert_eq!(tests.errors, of(Status::NoData) + of(Status::Invalid) + undecided, "{name}");
            let green = tests.failures + tests.errors == 0;
            assert_eq!(green, result.verdict == Verdict::Pass, "{name}");
        }
    }

    #[test]
    fn the_end_of_an_output_is_shown() {
        let long: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let output = OutputResult { bytes: 1, tail: long, file: None, cut: false };
        let text = tail("stdout", &output);
        assert!(text.contains("line 99") && text.contains("line 70") && !text.contains("line 69"), "{text}");
    }
}
