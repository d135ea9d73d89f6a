//! Reports that tools really wrote or have documented, and those that must not be believed.

use super::super::source::{Output, PlaceKind};
use super::*;
use crate::values::Secrets;

const NOW: &str = "2026-11-22T01:30:00Z";

fn waiver(id: &str, expires: &str) -> Waiver {
    Waiver::new(id, "it is never called", expires)
}

fn read(path: &str, waivers: &[Waiver]) -> Reading {
    let stdout = Output { bytes: super::super::real(path), cut: false };
    let from = Place { kind: PlaceKind::Stdout, max_age: None, span: 0..0 };
    let reader = Vulnerabilities { from, format: None, waivers: waivers.to_vec() };
    let secrets = Secrets::default();
    reader.read(&Context { stdout: Some(&stdout), ..Context::bare(NOW.parse().unwrap(), &secrets) })
}

/// Critical, high, moderate, low, info, unknown and waived.
fn counts(reading: &Reading) -> Vec<u64> {
    let count = |figure: &Figure| figure.number().map(|number| number as u64);
    reading.figures.iter().filter_map(|(_, figure)| count(figure)).collect()
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let said = audit(text.as_bytes(), None).map(|audit| audit.issues.len()).unwrap_err();
    assert!(said.contains(why), "{why} in {said}");
}

#[test]
fn what_was_found_is_counted_by_severity() {
    for (path, wanted) in [
        ("npm-audit/vulnerable.json", [2, 1, 0, 0, 0, 0, 0]),
        ("npm-audit/clean.json", [0; 7]),
        ("trivy/vulnerable.json", [2, 2, 0, 1, 0, 1, 0]),
        ("trivy/clean.json", [0; 7]),
        ("sarif/trivy.sarif", [0, 1, 0, 1, 0, 0, 0]),
        ("sarif/other.sarif", [1, 0, 0, 0, 0, 1, 0]),
    ] {
        let reading = read(path, &[]);
        assert_eq!(counts(&reading), wanted, "{path}: {reading:?}");
        assert!(reading.missing.is_empty(), "{path}: {reading:?}");
    }
    let notes = read("trivy/clean.json", &[]).notes;
    assert_eq!(notes, ["its system is no longer supported, so new vulnerabilities may not be known"]);
    let notes = read("trivy/vulnerable.json", &[]).notes;
    let first = "critical: CVE-2023-45853 in zlib1g 1:1.2.13.dfsg-1: zlib: integer overflow";
    assert!(notes[0].starts_with(first), "{notes:?}");
    let suppressed = &read("sarif/other.sarif", &[]).notes;
    assert!(suppressed.iter().any(|note| note.starts_with("1 are suppressed")), "{suppressed:?}");
}

#[test]
fn an_audit_that_asked_nobody_or_looked_at_nothing_says_nothing() {
    for (path, why) in [
        ("npm-audit/refused.json", "npm could not audit: 405 Method Not Allowed"),
        ("npm-audit/unreachable.json", "npm could not audit: request to"),
        ("npm-audit/nothing.json", "it audited no packages"),
        ("trivy/nothing.json", "nothing is known to have been scanned"),
    ] {
        let reading = read(path, &[]);
        assert!(reading.missing[0].contains(why), "{path}: {reading:?}");
        assert_eq!(reading.figures.len(), 0, "{path}");
    }
    let clean = String::from_utf8(super::super::real("npm-audit/clean.json")).unwrap();
    let vulnerable = String::from_utf8(super::super::real("npm-audit/vulnerable.json")).unwrap();
    refused(r#"{"auditReportVersion": 2, "vulnerabilities": {}}"#, "it has no metadata");
    refused(&clean.replace("\"auditReportVersion\": 2", "\"auditReportVersion\": 3"), "only version 2 is known");
    refused(&clean.replace("\"total\": 3", "\"total\": 0"), "it audited no packages");
    refused(&vulnerable.replace("\"critical\": 2", "\"critical\": 0"), "critical is 0 by its totals, and 2");
    refused(&vulnerable.replacen("\"severity\": \"high\"", "\"severity\": \"low\"", 1), "has a cause that is high");
    refused("{}", "which are npm-audit, trivy, sarif");
    refused(r#"{"advisories": {}}"#, "none of the formats");
    refused(r#"{"version": "2.1.0", "runs": []}"#, "it has no runs");
    refused(r#"{"version": "2.1.0", "runs": [{"results": []}]}"#, "does not say which tool");
    refused(r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}"#, "x did not scan");
    let other = String::from_utf8(super::super::real("sarif/other.sarif")).unwrap();
    refused(&other.replace("\"executionSuccessful\": true", "\"executionSuccessful\": false"), "did not succeed");
    let clean = super::super::real("trivy/clean.json");
    let said = audit(&clean, Some(Format::Sarif)).map(|audit| audit.issues.len()).unwrap_err();
    assert_eq!(said, "it is no `sarif`: it looks like `trivy`");
}

#[test]
fn a_waiver_holds_until_its_day_and_only_for_all_causes() {
    let of = |ids: &[&str]| {
        let waivers: Vec<Waiver> = ids.iter().map(|id| waiver(id, "2026-11-22")).collect();
        counts(&read("npm-audit/vulnerable.json", &waivers))
    };
    // One of two advisories is not enough for lodash.
    assert_eq!(of(&["GHSA-35jh-r3h4-6jhm"]), [2, 1, 0, 0, 0, 0, 0]);
    assert_eq!(of(&["ghsa-35jh-r3h4-6jhm", "1106918"]), [2, 0, 0, 0, 0, 0, 1]);
    assert_eq!(of(&["lodash"]), [2, 0, 0, 0, 0, 0, 1]);
    // The advisory of minimist is the cause of mkdirp, too; mkdirp is no cause of minimist.
    assert_eq!(of(&["GHSA-xvch-5gv4-984h"]), [0, 1, 0, 0, 0, 0, 2]);
    assert_eq!(of(&["minimist"]), [0, 1, 0, 0, 0, 0, 2]);
    assert_eq!(of(&["mkdirp"]), [1, 1, 0, 0, 0, 0, 1]);
    let expired = read("npm-audit/vulnerable.json", &[waiver("lodash", "2026-11-21"), waiver("express", "2026-12-31")]);
    assert_eq!(counts(&expired), [2, 1, 0, 0, 0, 0, 0]);
    let notes = expired.notes.join("\n");
    assert!(notes.contains("the waiver of lodash ended on 2026-11-21: it does not count"), "{notes}");
    assert!(notes.contains("nothing needs the waiver of express"), "{notes}");
    let waived =
        read("trivy/vulnerable.json", &[waiver("CVE-2023-45853", "2026-12-31"), waiver("github-pat", "2026-12-31")]);
    assert_eq!(counts(&waived), [0, 2, 0, 1, 0, 1, 2]);
    let notes = waived.notes.join("\n");
    assert!(notes.contains("waived until 2026-12-31 (it is never called): CVE-2023-45853"), "{notes}");
}

#[test]
fn severities_are_read_in_any_case_and_scores_by_the_steps_of_their_standard() {
    use Severity::{Critical, High, Info, Low, Moderate, Unknown};
    for (word, wanted) in [("HIGH", High), ("Medium", Moderate), ("negligible", Info), ("Critical ", Critical)] {
        assert_eq!(Severity::of_word(word), Some(wanted), "{word}");
    }
    assert_eq!(Severity::of_word("error"), None);
    for (score, wanted) in [(10.0, Critical), (9.0, Critical), (8.9, High), (6.9, Moderate), (0.1, Low)] {
        assert_eq!(Severity::of_score(score), Some(wanted), "{score}");
    }
    for score in [0.0, 11.0, f64::NAN, -1.0] {
        assert_eq!(Severity::of_score(score), None, "{score}");
    }
    assert_eq!(Severity::worst([Low, High]), High);
    assert_eq!(Severity::worst([]), Unknown);
}
