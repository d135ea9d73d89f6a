//! Evidence that others take for green: none of it passes here.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::super::{Checklist, ReleaseFile, RunFacts};
use super::source::{Context, Output};
use super::{Reading, real};
use crate::scenario::parse_other;
use crate::values::{Environment, Secrets};
use crate::verdict::Status;

/// A report that a tool really wrote, its reader, and how it comes out where the reader's defaults are asked for.
const REPORTS: [(&str, &str, Status); 52] = [
    ("vitest/coverage-v8/lcov.info", "coverage", Status::Pass),
    ("vitest/coverage-v8/coverage-final.json", "coverage", Status::Pass),
    ("vitest/coverage-v8/coverage-summary.json", "coverage", Status::Pass),
    ("vitest/coverage-v8/clover.xml", "coverage", Status::Pass),
    ("vitest/coverage-v8/cobertura-coverage.xml", "coverage", Status::Pass),
    ("vitest/coverage-istanbul/lcov.info", "coverage", Status::Pass),
    ("vitest/coverage-istanbul/coverage-final.json", "coverage", Status::Pass),
    ("vitest/coverage-istanbul/coverage-summary.json", "coverage", Status::Pass),
    ("vitest/coverage-istanbul/clover.xml", "coverage", Status::Pass),
    ("vitest/coverage-istanbul/cobertura-coverage.xml", "coverage", Status::Pass),
    // The threshold was misspelt in the tool's configuration, and the tool ended with 0.
    ("vitest/coverage-thin/coverage-summary.json", "coverage", Status::Fail),
    ("vitest/coverage-thin/lcov.info", "coverage", Status::Fail),
    ("coverage.py/lcov.info", "coverage", Status::Pass),
    ("coverage.py/cobertura.xml", "coverage", Status::Pass),
    ("vitest/passed.json", "tests", Status::Pass),
    ("vitest/passed.xml", "tests", Status::Pass),
    ("vitest/failed.json", "tests", Status::Fail),
    ("vitest/failed.xml", "tests", Status::Fail),
    // A name that no test has, and the tool ended with 0.
    ("vitest/none-ran.json", "tests", Status::NoData),
    ("vitest/none-ran.xml", "tests", Status::NoData),
    ("vitest/no-files.json", "tests", Status::NoData),
    ("vitest/no-files.xml", "tests", Status::NoData),
    ("jest/passed.json", "tests", Status::Pass),
    ("jest/failed.json", "tests", Status::Fail),
    ("jest/runtime-error.json", "tests", Status::Fail),
    ("playwright/flaky.json", "tests", Status::Pass),
    ("playwright/flaky.xml", "tests", Status::Pass),
    ("playwright/failed.json", "tests", Status::Fail),
    ("playwright/failed.xml", "tests", Status::Fail),
    ("playwright/errors.json", "tests", Status::NoData),
    ("playwright/errors.xml", "tests", Status::NoData),
    ("playwright/none.json", "tests", Status::NoData),
    // What a runner did not come to is called skipped there, pending, or even passed.
    ("playwright/serial.json", "tests", Status::Fail),
    ("playwright/max-failures.json", "tests", Status::Fail),
    ("vitest/bail.json", "tests", Status::Fail),
    ("vitest/bail.xml", "tests", Status::Fail),
    ("vitest/before-all.json", "tests", Status::Fail),
    ("vitest/before-all.xml", "tests", Status::Fail),
    ("pytest/passed.xml", "tests", Status::Pass),
    ("pytest/failed.xml", "tests", Status::Fail),
    ("pytest/none.xml", "tests", Status::NoData),
    ("pytest/rerun.xml", "tests", Status::Pass),
    ("nextest/flaky.xml", "tests", Status::Pass),
    ("nextest/failed.xml", "tests", Status::Fail),
    ("npm-audit/clean.json", "vulnerabilities", Status::Pass),
    ("npm-audit/vulnerable.json", "vulnerabilities", Status::Fail),
    ("npm-audit/refused.json", "vulnerabilities", Status::NoData),
    ("npm-audit/nothing.json", "vulnerabilities", Status::NoData),
    ("trivy/clean.json", "vulnerabilities", Status::Pass),
    ("trivy/vulnerable.json", "vulnerabilities", Status::Fail),
    ("trivy/nothing.json", "vulnerabilities", Status::NoData),
    ("sarif/trivy.sarif", "vulnerabilities", Status::Fail),
];

/// A release with one item that reads `what` with `reader`.
fn release(reader: &str, what: &str) -> Checklist {
    // 12 of 16 and 13 of 19 lines are enough.
    let accept = if reader == "coverage" { "accept = 'lines >= 65%'" } else { "" };
    let text = format!(
        "[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\nrun = 'x'\nread = {{ {reader} = {{ {what} }} }}\n{accept}\n"
    );
    resolved(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn resolved(text: &str) -> Result<Checklist, String> {
    let (source, document, _) = parse_other("release.toml", text).map_err(|mistakes| mistakes.to_string())?;
    Checklist::resolve(&ReleaseFile { source, document }, &Environment::default(), &[], &RunFacts::default())
        .map_err(|mistakes| mistakes.to_string())
}

/// How the item comes out, by what decides, and why.
fn judged(release: &Checklist, context: &Context<'_>) -> (Status, Reading) {
    let item = release.items().next().unwrap();
    let reading = item.readers[0].read(context);
    let checks = item.accept.iter().map(|accept| accept.check(&[(item.readers[0].name(), &reading)]).status);
    let broken = (!reading.broken.is_empty()).then_some(Status::Fail);
    let missing = (!reading.missing.is_empty()).then_some(Status::NoData);
    let statuses: Vec<Status> = checks.chain(broken).chain(missing).collect();
    let worst = [Status::NoData, Status::Fail].into_iter().find(|status| statuses.contains(status));
    let status = match missing {
        Some(missing) => missing,
        None if broken.is_some() => Status::Fail,
        None => worst.unwrap_or(Status::Pass),
    };
    (status, reading)
}

fn printed(release: &Checklist, bytes: &[u8]) -> (Status, Reading) {
    let stdout = Output { bytes: bytes.to_vec(), cut: false };
    let secrets = Secrets::default();
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    judged(release, &Context { stdout: Some(&stdout), ..Context::bare(now, &secrets) })
}

#[test]
fn reports_come_out_as_they_are() {
    for (path, reader, wanted) in REPORTS {
        let (status, reading) = printed(&release(reader, "from = 'stdout'"), &real(path));
        assert_eq!(status, wanted, "{path}: {reading:?}");
    }
}

#[test]
fn a_report_that_is_cut_off_says_nothing() {
    for (path, reader, _) in REPORTS {
        let release = release(reader, "from = 'stdout'");
        let whole = real(path);
        let end = whole.trim_ascii_end().len();
        // All ends of the short ones, and some of the others.
        let stride = if end < 1_500 { 1 } else { 29 };
        for at in (0..end).filter(|at| at % stride == 0 || at + 40 > end) {
            let (status, reading) = printed(&release, &whole[..at]);
            // Nothing in this format tells that it is whole: the count of files does.
            let is_shorter_report =
                path.ends_with("lcov.info") && whole[..at].trim_ascii_end().ends_with(b"end_of_record");
            match is_shorter_report {
                true => assert_eq!(reading.figures[3].1.number().map(|files| files < 2.0), Some(true), "{reading:?}"),
                false => assert_eq!(status, Status::NoData, "{path} up to {at}: {reading:?}"),
            }
        }
    }
}

#[test]
fn a_report_of_another_kind_says_nothing() {
    for other in ["coverage", "tests", "vulnerabilities"] {
        let release = release(other, "from = 'stdout'");
        for (path, ..) in REPORTS.into_iter().filter(|(_, reader, _)| *reader != other) {
            let (status, reading) = printed(&release, &real(path));
            assert_eq!(status, Status::NoData, "{path} as {other}: {reading:?}");
        }
        for text in ["SF:a\nLF:0\nLH:0\nend_of_record\n", "<coverage line-rate='1'><packages/></coverage>"] {
            assert_eq!(printed(&release, text.as_bytes()).0, Status::NoData, "{text:?} as {other}");
        }
        for text in ["", " \n", "null", "[]", "{}", "\"65%\"", "<a/>", "100%", "\u{feff}{}", "\0\0\0\0"] {
            assert_eq!(printed(&release, text.as_bytes()).0, Status::NoData, "{text:?} as {other}");
        }
    }
}

#[test]
fn a_report_from_last_week_is_none_of_this_command() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::default();
    let since = SystemTime::now();
    let context = Context { since: Some(since), ..Context::bare(Timestamp::now(), &secrets) };
    let week = Duration::from_secs(7 * 24 * 3_600);
    for (report, reader, embedded) in [
        ("vitest/coverage-v8/lcov.info", "coverage", false),
        ("vitest/coverage-v8/clover.xml", "coverage", true),
        ("vitest/coverage-v8/cobertura-coverage.xml", "coverage", true),
        ("vitest/passed.xml", "tests", true),
        ("vitest/passed.json", "tests", true),
        ("playwright/flaky.json", "tests", true),
        ("npm-audit/clean.json", "vulnerabilities", false),
        ("trivy/clean.json", "vulnerabilities", true),
    ] {
        let path = folder.path().join("report");
        // By its own word it is from long ago, whenever the file was written.
        let bytes = String::from_utf8(real(report)).unwrap().replace("2026-11-", "2025-11-").replace("17953", "17500");
        fs::write(&path, bytes).unwrap();
        let release = release(reader, &format!("from = '{}'", path.display()));
        let (status, reading) = judged(&release, &context);
        assert_eq!(status == Status::NoData, embedded, "{report}: {reading:?}");
        fs::write(&path, real(report)).unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(since - week).unwrap();
        let (status, reading) = judged(&release, &context);
        assert_eq!(status, Status::NoData, "{report}");
        assert!(reading.missing[0].contains("is older, by 7days"), "{reading:?}");
    }
}

#[test]
fn a_path_that_nothing_writes_is_no_pass_and_says_what_is_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::default();
    let context = Context::bare(Timestamp::now(), &secrets);
    let missing = |path: &Path| {
        let release = release("tests", &format!("from = '{}'", path.display()));
        let (status, reading) = judged(&release, &context);
        assert_eq!(status, Status::NoData);
        reading.missing[0].clone()
    };
    let said = missing(&folder.path().join("junit.xml"));
    assert!(said.ends_with("nothing wrote it; check what the command calls its report"), "{said}");
    fs::write(folder.path().join("test-results.xml"), real("vitest/passed.xml")).unwrap();
    let said = missing(&folder.path().join("junit.xml"));
    assert!(said.ends_with("beside it there is test-results.xml"), "{said}");
    let said = missing(&folder.path().join("reports/junit.xml"));
    assert!(said.contains("nor does its folder"), "{said}");
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(missing(&folder.path().join("empty")).contains("holds no .xml and no .json file"));
}

#[test]
fn all_reports_of_a_folder_count_and_one_bad_one_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::default();
    let release = release("tests", &format!("from = '{}'", folder.path().display()));
    let context = Context::bare(Timestamp::now(), &secrets);
    fs::write(folder.path().join("TEST-a.xml"), real("vitest/passed.xml")).unwrap();
    fs::write(folder.path().join("TEST-b.xml"), real("nextest/flaky.xml")).unwrap();
    fs::write(folder.path().join("notes.txt"), "no report").unwrap();
    let (status, reading) = judged(&release, &context);
    assert_eq!((status, reading.figures[1].1.number()), (Status::Pass, Some(5.0)), "{reading:?}");
    fs::write(folder.path().join("TEST-c.xml"), "<testsuites>").unwrap();
    assert_eq!(judged(&release, &context).0, Status::NoData);
    fs::write(folder.path().join("TEST-c.xml"), real("nextest/failed.xml")).unwrap();
    assert_eq!(judged(&release, &context).0, Status::Fail);
}

#[test]
fn what_must_not_be_shown_is_not() {
    let secrets = Secrets::default();
    secrets.note("TOKEN", "hunter2hunter2");
    let report = r#"<testsuite tests="1"><testcase name="with hunter2hunter2"><failure/></testcase></testsuite>"#;
    let stdout = Output { bytes: report.into(), cut: false };
    let context = Context { stdout: Some(&stdout), ..Context::bare(Timestamp::now(), &secrets) };
    let (status, reading) = judged(&release("tests", "from = 'stdout'"), &context);
    assert_eq!(status, Status::Fail);
    assert_eq!(reading.notes, ["failed: with [redacted]"]);
}

#[test]
fn mistakes_in_the_sections_say_what_to_write() {
    let item = |more: &str| resolved(&format!("[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\nrun = 'x'\n{more}"));
    for (written, wanted) in [
        ("read = { }", "this reads nothing"),
        ("[gate.item.read]", "this reads nothing"),
        ("read = { json = { values = { pct = '$.pct' } } }\naccept = 'pct >= 65%'", "`pct` is compared with a number"),
        ("read = { coverage = 'lcov.info' }", "nothing is wanted of what `coverage` reads"),
        ("read = { coverage = 'lcov.info' }", "accept = \"lines >= 65%\""),
        ("read = { coverage = { format = 'lcov' } }", "this names no report"),
        ("read = { coverage = { from = 'a', format = 'lkov' } }", "did you mean \"lcov\"?"),
        ("read = { tests = { from = 'a', format = 'tap' } }", "`tap` is not a choice here"),
        ("read = { tests = 'a' }\naccept = 'pass_share >= 95'", "a percentage"),
        (
            "read = { vulnerabilities = { from = 'a', waivers = [{ reason = 'x', expires = '2026-12-31' }] } }",
            "what it is for",
        ),
        (
            "read = { vulnerabilities = { from = 'a', waivers = [{ id = 'x', expires = '2026-12-31' }] } }",
            "has no reason",
        ),
        (
            "read = { vulnerabilities = { from = 'a', waivers = [{ id = 'x', reason = ' ', expires = '2026-12-31' }] } }",
            "has no reason",
        ),
        ("read = { vulnerabilities = { from = 'a', waivers = [{ id = 'x', reason = 'y' }] } }", "has no end"),
        (
            "read = { vulnerabilities = { from = 'a', waivers = [{ id = 'x', reason = 'y', expires = 'soon' }] } }",
            "is no day",
        ),
    ] {
        let said = item(written).unwrap_err();
        assert!(said.contains(wanted), "{wanted} in:\n{said}");
    }
    for (accept, wanted) in [
        ("[]", "failed == 0, critical == 0, high == 0, unknown == 0"),
        // What is added takes nothing away; a share says itself how many may fail.
        (
            "['tests >= 10', 'moderate == 0']",
            "tests >= 10, moderate == 0, failed == 0, critical == 0, high == 0, unknown == 0",
        ),
        ("['pass_share >= 95%', 'unknown <= 3']", "pass_share >= 95%, unknown <= 3, critical == 0, high == 0"),
    ] {
        let release = item(&format!("read = {{ tests = 'a', vulnerabilities = 'b' }}\naccept = {accept}")).unwrap();
        let texts: Vec<&str> = release.items().next().unwrap().accept.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts.join(", "), wanted);
    }
    let release = item("read = { file = 'site' }\naccept = 'files >= 3'").unwrap();
    let texts: Vec<&str> = release.items().next().unwrap().accept.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["files >= 3", "size > 0"], "three empty files are nothing");
}
