//! `k6-summary.json`, in the form of k6's `--summary-export`, and the part of it that GitLab shows of a merge request.
//!
//! What mnload does not measure is left out, never guessed. k6 writes `true` for a threshold that is **crossed**.

use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use super::Report;
use super::inert;
use super::result::{RunResult, StepResult};
use crate::gate::{Clock, Gate, Metric};
use crate::metrics::Latency;
use crate::verdict::{Finding, Kind, Status, Verdict};

/// Longer names are cut.
const LONGEST: usize = 500;
/// More steps than this have no checks of their own.
const MOST_STEPS: usize = 2_000;

/// The whole summary.
pub(super) fn summary(report: &Report) -> Value {
    let result = &report.result;
    let mut metrics = metrics(result);
    // What is no gate of k6's speaks against the run all the same: its own lateness, a baseline.
    let judged = result.findings.iter().filter_map(|finding| {
        let name = if finding.kind == Kind::Gate { metric_of(finding) } else { "http_reqs" };
        Some((name, inert::line(&finding.wanted, LONGEST), crossed(finding)?))
    });
    let mut judged: Vec<_> = judged.collect();
    if result.verdict != Verdict::Pass && !judged.iter().any(|(_, _, crossed)| *crossed) {
        judged.push(("http_reqs", "verdict is pass".to_owned(), true));
    }
    for (name, wanted, crossed) in judged {
        // What was never measured is not there; the gate is told all the same.
        let name = if metrics.contains_key(name) { name } else { "http_reqs" };
        if let Some(metric) = metrics.get_mut(name).and_then(Value::as_object_mut) {
            let thresholds = metric.entry("thresholds").or_insert_with(|| json!({}));
            thresholds[wanted] = json!(crossed);
        }
    }
    json!({ "root_group": root_group(result), "metrics": metrics })
}

/// What GitLab's widget reads: `artifacts:reports:load_performance`.
pub(super) fn gitlab(report: &Report) -> Value {
    let mut all = metrics(&report.result);
    let only = |metric: &Value, keys: &[&str]| {
        let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), metric.get(*key)?.clone())));
        Value::Object(kept.collect())
    };
    let wanted: [(&str, &[&str]); 3] =
        [("http_reqs", &["rate"]), ("http_req_waiting", &["p(90)", "p(95)"]), ("checks", &["passes", "fails"])];
    let kept = wanted.into_iter().filter_map(|(name, keys)| Some((name.to_owned(), only(&all.remove(name)?, keys))));
    json!({ "metrics": kept.collect::<Map<_, _>>() })
}

fn metrics(result: &RunResult) -> Map<String, Value> {
    let (all, times, accounting) = (result.all_steps(), &result.times_us, &result.accounting);
    let trends = [
        // k6 counts from the moment a request is sent, as the service time does.
        ("http_req_duration", &times.service),
        ("http_req_waiting", &times.first_byte),
        ("http_req_connecting", &times.connect),
        ("http_req_tls_handshaking", &times.tls),
        ("http_req_receiving", &times.receive),
    ];
    let measured = trends.into_iter().filter(|(_, latency)| latency.count > 0);
    let mut metrics: Map<_, _> = measured.map(|(name, latency)| (name.to_owned(), trend(latency))).collect();
    let mut add = |name: &str, value: Value| drop(metrics.insert(name.to_owned(), value));
    let outcomes = all.requests.saturating_sub(all.tried_again + all.redirects);
    add("http_reqs", json!({ "count": all.requests, "rate": rounded(result.rates.requests_per_s) }));
    // In k6 a failed request is one for which `failed` is true: it is among the passes.
    add("http_req_failed", rate(all.failed, outcomes.saturating_sub(all.failed)));
    add("checks", rate(all.checks_passed, all.checks_failed));
    add(
        "iterations",
        json!({ "count": accounting.passed + accounting.failed, "rate": rounded(result.rates.achieved_per_s) }),
    );
    add(
        "dropped_iterations",
        json!({ "count": accounting.unstarted, "rate": per_s(accounting.unstarted, result.window_s) }),
    );
    let users = result.plan.load.users.unwrap_or(result.generator.peak_in_flight);
    add("vus_max", json!({ "value": users, "min": users, "max": users }));
    metrics
}

/// Times in milliseconds.
fn trend(latency: &Latency) -> Value {
    let ms = |us: u64| us as f64 / 1e3;
    let Latency { min, mean, p50, p90, p95, p99, max, .. } = *latency;
    json!({
        "avg": rounded(mean / 1e3), "min": ms(min), "med": ms(p50), "max": ms(max),
        "p(90)": ms(p90), "p(95)": ms(p95), "p(99)": ms(p99),
    })
}

fn rate(passes: u64, fails: u64) -> Value {
    let all = passes + fails;
    let value = if all > 0 { passes as f64 / all as f64 } else { 0.0 };
    json!({ "value": value, "passes": passes, "fails": fails })
}

fn per_s(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { rounded(count as f64 / seconds) } else { 0.0 }
}

fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Whether a gate does not hold, as far as it was judged and decides.
fn crossed(finding: &Finding) -> Option<bool> {
    match finding.status {
        _ if finding.warn => None,
        Status::Skipped => None,
        Status::Pass => Some(false),
        // Who reads no more than this must not take for passed what nobody knows.
        Status::Fail | Status::NoData | Status::Invalid => Some(true),
    }
}

fn metric_of(finding: &Finding) -> &'static str {
    match finding.wanted.parse::<Gate>().map(|gate| gate.metric) {
        Ok(Metric::Time(clock, _)) => match clock {
            Clock::FirstByte => "http_req_waiting",
            Clock::Connect => "http_req_connecting",
            Clock::Tls => "http_req_tls_handshaking",
            Clock::Response | Clock::Service | Clock::Lag => "http_req_duration",
        },
        Ok(Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures) => "http_req_failed",
        Ok(Metric::Checks) => "checks",
        Ok(Metric::Journeys) => "iterations",
        Ok(Metric::Rate | Metric::Capacity) | Err(_) => "http_reqs",
    }
}

/// One check for each step: how often its expectations were met and missed.
fn root_group(result: &RunResult) -> Value {
    let check = |(name, step): &(String, StepResult)| {
        // k6 keeps `::` for what stands between groups.
        let name = inert::line(name, LONGEST).replace("::", ":");
        let path = format!("::{name}");
        let check = json!({
            "name": name, "path": path, "id": id(&path),
            "passes": step.checks_passed, "fails": step.checks_failed,
        });
        (name, check)
    };
    let checks: Map<_, _> = result.steps.0.iter().take(MOST_STEPS).map(check).collect();
    json!({ "name": "", "path": "", "id": id(""), "groups": {}, "checks": checks })
}

fn id(path: &str) -> String {
    Md5::digest(path.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Summary;
    use crate::report::fixture::{Fixture, finding, invalid};

    #[test]
    fn a_run_that_is_no_pass_crosses_something() {
        let late = invalid("punctual", "send lag p99 <= 10ms", "48ms", "the generator was late");
        let held = finding("latency", Status::Pass, "p95 < 600ms", Some("212ms"));
        for findings in [vec![held.clone(), late], vec![Finding { warn: true, ..held }], Vec::new()] {
            let report = Fixture { findings, ..Fixture::default() }.report();
            assert_ne!(report.result.verdict, Verdict::Pass);
            let crossed = summary(&report).to_string().contains("\":true");
            assert!(crossed, "{}", summary(&report));
        }
    }

    #[test]
    fn a_crossed_threshold_is_true_and_failed_requests_are_passes() {
        let mut fixture = Fixture::default();
        fixture.findings.push(finding("slow", Status::Fail, "p99 < 1ms", Some("2ms")));
        fixture.findings.push(finding("first", Status::NoData, "ttfb.p99 < 1ms", None));
        fixture.findings.push(finding("other", Status::Skipped, "rate > 1/s", None));
        let summary = summary(&fixture.report());
        let metrics = &summary["metrics"];
        assert_eq!(metrics["http_req_duration"]["thresholds"]["p99 < 1ms"], json!(true));
        assert_eq!(metrics["http_req_duration"]["thresholds"]["p95 < 600ms"], json!(false));
        assert_eq!(metrics["http_req_waiting"]["thresholds"]["ttfb.p99 < 1ms"], json!(true));
        assert_eq!(metrics["http_req_failed"]["thresholds"]["error_rate < 1%"], json!(false));
        assert_eq!(
            (&metrics["http_reqs"].get("thresholds"), &metrics["http_req_failed"]["passes"]),
            (&None, &json!(24))
        );
        assert_eq!(summary["root_group"]["id"], "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn it_is_a_baseline_that_mnload_reads() {
        let report = Fixture::default().report();
        let read = Summary::of(&summary(&report), "k6-summary.json").unwrap();
        let service = &report.result.times_us.service;
        assert_eq!((read.requests, read.error_rate), (Some(9_600), Some(24.0 / 9_600.0)));
        assert!(read.times_us.contains(&(Some(95.0), service.p95 as f64)), "{read:?}");
        assert!(Summary::of(&summary(&Fixture::empty().report()), "x").is_none(), "nothing was measured");
    }

    #[test]
    fn gitlab_gets_what_it_shows_and_nothing_else() {
        let shown = gitlab(&Fixture::default().report());
        let first_byte = Fixture::default().report().result.times_us.first_byte;
        assert_eq!(
            shown,
            json!({ "metrics": {
                "http_reqs": { "rate": 80.0 },
                "http_req_waiting": { "p(90)": first_byte.p90 as f64 / 1e3, "p(95)": first_byte.p95 as f64 / 1e3 },
                "checks": { "passes": 9_576, "fails": 24 },
            }})
        );
    }
}
