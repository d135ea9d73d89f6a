//! Findings in words: what keeps a verdict from being a pass, what is only a warning, and what a pass stands on.

use std::time::Duration;

use super::result::RunResult;
use super::statement::counted;
use crate::units::format_duration;
use crate::verdict::{Finding, Interval, Kind, Status, Verdict};

/// A sentence for everything that keeps the verdict from being a pass.
pub(super) fn reasons(findings: &[Finding]) -> Vec<String> {
    let deciding = findings.iter().filter(|finding| !finding.warn);
    let mut reasons: Vec<String> = deciding.filter_map(sentence).collect();
    if reasons.is_empty() && Verdict::of(findings) == Verdict::Inconclusive {
        let why = if findings.iter().any(|finding| finding.warn) {
            "is only a warning or was skipped"
        } else {
            "was skipped"
        };
        reasons.push(match findings.is_empty() {
            true => "there is no gate, so there is nothing to pass".to_owned(),
            false => format!("nothing decides: every gate {why}"),
        });
    }
    reasons
}

/// The reasons of a result, those first that decide: what cannot be judged outweighs what failed.
pub(super) fn reasons_by_weight(result: &RunResult) -> Vec<String> {
    let undecided = result.findings.iter().filter(|finding| matches!(finding.status, Status::Invalid | Status::NoData));
    let decisive: Vec<_> = undecided.filter_map(|finding| finding.reason.as_deref()).collect();
    let mut reasons = result.reasons.clone();
    reasons.sort_by_key(|reason| !decisive.iter().any(|decisive| reason.contains(decisive)));
    reasons
}

/// A sentence for every gate that is only a warning and does not hold.
pub(super) fn warnings(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|finding| finding.warn).filter_map(sentence).collect()
}

fn sentence(finding: &Finding) -> Option<String> {
    let broken = first_broken(finding).map(|broken| format!(", {broken}")).unwrap_or_default();
    match (finding.status, finding.kind) {
        (Status::Pass | Status::Skipped, _) => None,
        (Status::Fail, _) => {
            let observed = finding.observed.as_deref().unwrap_or("nothing");
            let why = finding.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            Some(format!("{}: wanted {}, observed {observed}{broken}{why}", finding.name, finding.wanted))
        }
        (Status::NoData | Status::Invalid, kind) => {
            let why = finding.reason.as_deref().unwrap_or("it cannot be judged");
            Some(if kind == Kind::Validity { why.to_owned() } else { format!("{}: {why}", finding.name) })
        }
    }
}

/// Since when a gate that does not hold did not.
pub(super) fn first_broken(finding: &Finding) -> Option<String> {
    let second = finding.first_broken_s.filter(|_| finding.status != Status::Pass)?;
    Some(format!("first broken {} into the load", format_duration(Duration::from_secs(second))))
}

/// What a verdict without reasons stands on, in the singular or plural that fits.
pub(super) fn stands_on(result: &RunResult) -> String {
    let held = |finding: &&Finding| finding.kind != Kind::Validity && !finding.warn && finding.status == Status::Pass;
    let gates = counted(result.findings.iter().filter(held).count() as u64, "gate");
    let requests = counted(result.times_us.response.count, "request");
    match result.findings.iter().filter(|finding| is_warning(finding)).count() as u64 {
        0 => format!("{gates} held over {requests}"),
        broken => format!("{gates} held over {requests}; {}", counted(broken, "warning")),
    }
}

/// One word for how `finding` came out.
pub(super) fn outcome(finding: &Finding) -> &'static str {
    word(finding.status, finding.warn)
}

/// The same for whatever has such a status.
pub(super) fn word(status: Status, warn: bool) -> &'static str {
    match status {
        _ if warns(status, warn) => "warning",
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::NoData => "no data",
        Status::Invalid => "invalid",
        Status::Skipped => "skipped",
    }
}

/// Whether `finding` warns: it is only reported, and there is something to report.
pub(super) fn is_warning(finding: &Finding) -> bool {
    warns(finding.status, finding.warn)
}

/// The same for whatever has such a status.
pub(super) fn warns(status: Status, warn: bool) -> bool {
    warn && !matches!(status, Status::Pass | Status::Skipped)
}

/// An observed figure alone, without where it was seen or what it was made of, which have more room elsewhere.
pub(super) fn figure(observed: &str) -> &str {
    let end = [" (", ": "].iter().filter_map(|more| observed.find(more)).min();
    &observed[..end.unwrap_or(observed.len())]
}

/// An interval for a table: `198–240ms`.
pub(super) fn short_interval(interval: &Interval) -> String {
    let unit_of = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
    match interval.text.split_once(" to ") {
        Some((low, high)) if unit_of(low) == unit_of(high) => format!("{}–{high}", low.trim_end_matches(&unit_of(low))),
        Some((low, high)) => format!("{low}–{high}"),
        None => interval.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding, invalid};

    fn short(text: &str) -> String {
        short_interval(&Interval {
            confidence: 0.95,
            low: None,
            high: None,
            text: text.to_owned(),
            effective_samples: 1,
        })
    }

    #[test]
    fn an_interval_names_its_unit_once() {
        for (text, wanted) in [
            ("198ms to 240ms", "198–240ms"),
            ("998µs to 1.02ms", "998µs–1.02ms"),
            ("0.12% to 0.42%", "0.12–0.42%"),
            ("198ms or more", "198ms or more"),
            ("10m 2s to 11m", "10m 2s–11m"),
            ("unknown", "unknown"),
        ] {
            assert_eq!(short(text), wanted);
        }
    }

    #[test]
    fn what_decides_is_a_reason_and_what_only_warns_is_a_warning() {
        let failed = finding("latency", Status::Fail, "p95 < 600ms", Some("640ms"));
        let late = Finding { first_broken_s: Some(123), ..failed.clone() };
        let since = "latency: wanted p95 < 600ms, observed 640ms, first broken 2m 3s into the load";
        assert_eq!(reasons(std::slice::from_ref(&late)), [since]);
        let warns = Finding { warn: true, ..late };
        let passed = finding("errors", Status::Pass, "error_rate < 1%", Some("0%"));
        assert_eq!(
            (reasons(&[warns.clone(), passed]), warnings(std::slice::from_ref(&warns))),
            (vec![], vec![since.to_owned()])
        );
        assert_eq!(reasons(&[warns]), ["nothing decides: every gate is only a warning or was skipped"]);
        let skipped = finding("search", Status::Skipped, "p95 < 1s", None);
        assert_eq!(reasons(&[skipped]), ["nothing decides: every gate was skipped"]);
        assert_eq!(reasons(&[invalid("punctual", "send lag", "48ms", "it was late")]), ["it was late"]);
        assert_eq!(reasons(&[]).len(), 1);
    }

    #[test]
    fn what_cannot_be_judged_comes_before_what_failed() {
        let mut result = Fixture::default().report().result;
        result.findings = vec![
            finding("latency", Status::Fail, "p95 < 600ms", Some("640ms")),
            invalid("punctual", "send lag", "48ms", "it was late"),
        ];
        result.reasons = reasons(&result.findings);
        assert_eq!(reasons_by_weight(&result), ["it was late", "latency: wanted p95 < 600ms, observed 640ms"]);
    }

    #[test]
    fn a_warning_holds_no_gate() {
        let mut result = Fixture::default().report().result;
        assert_eq!(stands_on(&result), "3 gates held over 9,600 requests; 1 warning");
        result.findings.retain(|finding| !finding.warn);
        assert_eq!(stands_on(&result), "3 gates held over 9,600 requests");
    }
}
