//! The server's own figures, as a MediaNest-like backend shows them to Prometheus (text format 0.0.4).
//!
//! Like there, requests refused by a rate limit are not counted, so that client and server counts differ by them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use hyper::{Method, StatusCode};

/// The upper edges of the histogram's buckets, in seconds.
const EDGES_S: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What tells one series from another; few, since routes, methods and statuses are closed sets.
type Key = (&'static str, &'static str, u16);

/// Requests and their durations, by method, route and status.
#[derive(Debug, Default)]
pub(super) struct ServerMetrics {
    series: BTreeMap<Key, Series>,
}

#[derive(Debug, Default)]
struct Series {
    count: u64,
    sum_s: f64,
    /// Not cumulative; the last place is for what is above every edge.
    buckets: [u64; EDGES_S.len() + 1],
}

impl ServerMetrics {
    /// Counts one answered request.
    pub(super) fn record(&mut self, method: &Method, route: &'static str, status: StatusCode, took: Duration) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            return;
        }
        let series = self.series.entry((route, method_label(method), status.as_u16())).or_default();
        let took_s = took.as_secs_f64();
        let bucket = EDGES_S.iter().position(|edge| took_s <= *edge).unwrap_or(EDGES_S.len());
        series.count += 1;
        series.sum_s += took_s;
        series.buckets[bucket] += 1;
    }

    /// The figures as text.
    pub(super) fn render(&self) -> String {
        let mut text = String::with_capacity(2_048);
        // Writing to a string cannot fail.
        let _ = self.write_counts(&mut text);
        let _ = self.write_durations(&mut text);
        text
    }

    fn write_counts(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# HELP medianest_http_requests_total Total number of HTTP requests")?;
        writeln!(text, "# TYPE medianest_http_requests_total counter")?;
        for ((route, method, status), series) in &self.series {
            let labels = labels(route, method, *status);
            let class = status / 100;
            let count = series.count;
            writeln!(text, "medianest_http_requests_total{{{labels},status_class=\"{class}xx\"}} {count}")?;
        }
        Ok(())
    }

    fn write_durations(&self, text: &mut String) -> std::fmt::Result {
        const NAME: &str = "medianest_http_request_duration_seconds";
        writeln!(text, "# HELP {NAME} Duration of HTTP requests in seconds")?;
        writeln!(text, "# TYPE {NAME} histogram")?;
        for ((route, method, status), series) in &self.series {
            let labels = labels(route, method, *status);
            let mut up_to = 0;
            for (edge, count) in EDGES_S.iter().zip(series.buckets) {
                up_to += count;
                writeln!(text, "{NAME}_bucket{{{labels},le=\"{edge}\"}} {up_to}")?;
            }
            writeln!(text, "{NAME}_bucket{{{labels},le=\"+Inf\"}} {}", series.count)?;
            writeln!(text, "{NAME}_sum{{{labels}}} {}", series.sum_s)?;
            writeln!(text, "{NAME}_count{{{labels}}} {}", series.count)?;
        }
        Ok(())
    }
}

fn labels(route: &str, method: &str, status: u16) -> String {
    format!("method=\"{method}\",route=\"{route}\",status_code=\"{status}\"")
}

/// The method as a label; a stranger's own methods share one, so that they cannot fill the memory.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_buckets_add_up() {
        let mut metrics = ServerMetrics::default();
        for took_ms in [3, 7, 40, 20_000] {
            metrics.record(&Method::GET, "/health", StatusCode::OK, Duration::from_millis(took_ms));
        }
        let text = metrics.render();
        let series = r#"method="GET",route="/health",status_code="200""#;
        let has = |line: String| assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        has(format!("medianest_http_requests_total{{{series},status_class=\"2xx\"}} 4"));
        has(format!("medianest_http_request_duration_seconds_bucket{{{series},le=\"0.005\"}} 1"));
        has(format!("medianest_http_request_duration_seconds_bucket{{{series},le=\"0.05\"}} 3"));
        has(format!("medianest_http_request_duration_seconds_bucket{{{series},le=\"10\"}} 3"));
        has(format!("medianest_http_request_duration_seconds_bucket{{{series},le=\"+Inf\"}} 4"));
        has(format!("medianest_http_request_duration_seconds_count{{{series}}} 4"));
    }

    #[test]
    fn refused_requests_are_not_counted() {
        let mut metrics = ServerMetrics::default();
        metrics.record(&Method::GET, "/health", StatusCode::TOO_MANY_REQUESTS, Duration::ZERO);
        assert!(!metrics.render().contains("429"));
    }
}
