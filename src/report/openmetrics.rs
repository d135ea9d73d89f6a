//! `metrics.txt`: a few figures as OpenMetrics text, which GitLab compares with those of the target branch.
//!
//! It compares them as texts, so names stay, values are rounded, and nothing has a time or a label.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::Report;
use crate::metrics::Latency;
use crate::verdict::{Status, Verdict};

/// The text.
///
/// # Errors
/// When the library writes none, which it does not for figures alone.
pub(super) fn render(report: &Report) -> Result<String, fmt::Error> {
    let result = &report.result;
    let mut metrics = Registry::with_prefix("mnload");
    let passed = f64::from(u8::from(result.verdict == Verdict::Pass));
    let failed = result.findings.iter().filter(|finding| !finding.warn && finding.status == Status::Fail).count();
    let all = result.all_steps();
    gauge(&mut metrics, "passed", "1 if every gate holds, 0 if one does not or it cannot be known", passed);
    gauge(&mut metrics, "gates_failed", "Gates that do not hold", failed as f64);
    gauge(&mut metrics, "requests", "Requests that came to an end", all.requests as f64);
    gauge(&mut metrics, "requests_failed", "Of those, the failed ones", all.failed as f64);
    gauge(&mut metrics, "checks_failed", "Expectations missed", all.checks_failed as f64);
    if let Some(rate) = all.error_rate() {
        gauge(&mut metrics, "error_ratio", "Failed steps of all, from 0 to 1", rate);
    }
    gauge(&mut metrics, "journeys_per_second", "Journeys started per second", result.rates.achieved_per_s);
    gauge(&mut metrics, "requests_per_second", "Requests per second", result.rates.requests_per_s);
    times(&mut metrics, "response", "Time of requests from when they were due", &result.times_us.response);
    times(&mut metrics, "service", "Time of requests from when they were sent", &result.times_us.service);
    let mut text = String::new();
    encode(&mut text, &metrics)?;
    Ok(text)
}

fn times(metrics: &mut Registry, name: &str, help: &str, latency: &Latency) {
    let Latency { count, p50, p95, p99, max, .. } = *latency;
    if count == 0 {
        return;
    }
    for (statistic, words, us) in [
        ("p50", "median", p50),
        ("p95", "95th percentile", p95),
        ("p99", "99th percentile", p99),
        ("max", "highest", max),
    ] {
        let gauge = ConstGauge::new(rounded(us as f64 / 1e6));
        metrics.register_with_unit(format!("{name}_{statistic}"), format!("{help}: {words}"), Unit::Seconds, gauge);
    }
}

fn gauge(metrics: &mut Registry, name: &str, help: &str, value: f64) {
    metrics.register(name, help, ConstGauge::new(rounded(value)));
}

/// Whole numbers as they are, others to three digits: noise would look like a change.
fn rounded(value: f64) -> f64 {
    if value.fract() == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn figures_are_rounded_and_what_is_not_known_is_left_out() {
        let text = render(&Fixture::default().report()).unwrap();
        assert!(text.contains("\nmnload_requests 9600.0\n") && text.ends_with("\n# EOF\n"), "{text}");
        assert!(text.contains("\nmnload_error_ratio 0.0025\n"), "{text}");
        assert!(text.lines().filter(|line| !line.starts_with('#')).count() < 20, "{text}");
        let empty = render(&Fixture::empty().report()).unwrap();
        assert!(!empty.contains("response") && !empty.contains("error_ratio") && !empty.contains("NaN"), "{empty}");
        assert_eq!([rounded(0.123_456), rounded(1_234.5), rounded(7.0)], [0.123, 1_230.0, 7.0]);
    }
}
