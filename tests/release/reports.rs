//! Reports of tools as evidence, through the binary: what commands leave is read, and what is no evidence is no pass.

use std::path::Path;

use mnload::verdict::Status;

use super::words::Release;

/// A report that a tool really wrote.
fn real(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/release/files").join(path).display().to_string()
}

/// An item whose command leaves the report as `report`, and reads it.
fn item(id: &str, report: &str, read: &str) -> String {
    let (run, read) = (format!("cp '{}' {id}.report", real(report)), read.replace("REPORT", &format!("{id}.report")));
    format!("[[gate.item]]\nid = '{id}'\nrun = \"\"\"{run}\"\"\"\n{read}\n")
}

const COVERAGE: &str = "read = { coverage = 'REPORT' }\naccept = 'lines >= 65%'";
const TESTS: &str = "read = { tests = 'REPORT' }";
const AUDIT: &str = "read = { vulnerabilities = 'REPORT' }";

#[test]
fn green_reports_pass_with_their_figures() {
    let release = Release::items(
        &[
            item("coverage", "vitest/coverage-v8/lcov.info", COVERAGE),
            item("jest", "vitest/coverage-v8/coverage-summary.json", COVERAGE),
            item("audit", "npm-audit/clean.json", AUDIT),
        ]
        .concat(),
    );
    let left = release.run(&[]).exits_with(0);
    let coverage = left.item("coverage");
    assert_eq!(coverage.checks[0].observed.as_deref(), Some("72.72%"));
    let figures: Vec<&str> = coverage.evidence[0].figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(figures, ["lines", "branches", "functions", "files", "lines_total"]);
    assert!(coverage.evidence[0].sources[0].sha256.is_some());
}

#[test]
fn what_others_take_for_green_is_not() {
    let stale = "[[gate.item]]\nid = 'stale'\nrun = 'true'\n".to_owned() + &COVERAGE.replace("REPORT", "old.info");
    let nobody = "[[gate.item]]\nid = 'nobody'\nrun = 'true'\nread = { tests = 'junit.xml' }\n";
    let release = Release::items(
        &[
            item("misspelt", "vitest/coverage-thin/coverage-summary.json", COVERAGE),
            item("refused", "npm-audit/refused.json", AUDIT),
            item("nothing", "npm-audit/nothing.json", AUDIT),
            item("none", "vitest/no-files.xml", TESTS),
            // By its own word it is older than the command that left it.
            item("copied", "vitest/passed.xml", TESTS),
            item("vulnerable", "npm-audit/vulnerable.json", AUDIT),
            stale,
            "\n".to_owned(),
            nobody.to_owned(),
        ]
        .concat(),
    );
    let old = release.path().join("old.info");
    std::fs::copy(real("vitest/coverage-v8/lcov.info"), &old).unwrap();
    let week = std::time::Duration::from_secs(7 * 24 * 3_600);
    let file = std::fs::File::options().append(true).open(&old).unwrap();
    file.set_modified(std::time::SystemTime::now() - week).unwrap();
    let left = release.run(&[]).exits_with(4);
    left.came_out("misspelt", Status::Fail, "`lines >= 65%` does not hold: it is 0.94%");
    left.came_out("refused", Status::NoData, "npm could not audit: 405 Method Not Allowed");
    left.came_out("nothing", Status::NoData, "it audited no packages");
    left.came_out("none", Status::NoData, "no test ran");
    left.came_out("copied", Status::NoData, "before the command that should have made it started");
    left.came_out("vulnerable", Status::Fail, "`critical == 0` does not hold: it is 2");
    left.came_out("stale", Status::NoData, "is older, by 7days");
    left.came_out("nobody", Status::NoData, "junit.xml does not exist: nothing wrote it");
}

#[test]
fn a_share_of_tests_may_fail_if_the_file_says_so_and_a_waiver_counts_until_its_day() {
    let waived = |day: &str| {
        let waivers = ["lodash", "minimist"]
            .map(|id| format!("{{ id = '{id}', reason = 'it is never called', expires = '{day}' }}"));
        format!("read = {{ vulnerabilities = {{ from = 'REPORT', waivers = [{}] }} }}", waivers.join(", "))
    };
    // Its times have no zone, so it may be from this run.
    let shell = "printf '%s' '<testsuite tests=\"4\" failures=\"1\"><testcase name=\"a\"/><testcase name=\"b\"/>\
                 <testcase name=\"c\"/><testcase name=\"d\"><failure/></testcase></testsuite>'";
    let tests = |id: &str, accept: &str| {
        format!("[[gate.item]]\nid = '{id}'\nrun = '''{shell}'''\nread = {{ tests = 'stdout' }}\n{accept}\n")
    };
    let release = Release::items(
        &[
            tests("most", "accept = 'pass_share >= 75%'"),
            tests("more", "accept = 'pass_share >= 76%'"),
            tests("all", ""),
            tests("enough", "accept = 'tests >= 4'"),
            item("waived", "npm-audit/vulnerable.json", &waived("2999-12-31")),
            item("expired", "npm-audit/vulnerable.json", &waived("2020-12-31")),
        ]
        .concat(),
    );
    let left = release.run(&[]).exits_with(99);
    left.came_out("most", Status::Pass, "");
    left.came_out("more", Status::Fail, "`pass_share >= 76%` does not hold: it is 75%");
    left.came_out("all", Status::Fail, "`failed == 0` does not hold: it is 1");
    left.came_out("enough", Status::Fail, "`failed == 0` does not hold: it is 1");
    assert_eq!(left.item("all").evidence[0].notes, ["failed: d"]);
    left.came_out("waived", Status::Pass, "");
    left.came_out("expired", Status::Fail, "`high == 0` does not hold: it is 1");
    let notes = left.item("expired").evidence[0].notes.join("\n");
    assert!(notes.contains("the waiver of lodash ended on 2020-12-31"), "{notes}");
}
