//! Summaries of other tools as a baseline: the few figures that they hold, and what they leave open.
//!
//! They hold no distribution, so nothing is known of their own noise; what they do not hold is named, never guessed.

use serde_json::Value;

use crate::gate::Statistic;

/// What another tool's summary tells of all its requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The tool.
    pub tool: Tool,
    /// Where it was read from.
    pub origin: String,
    /// Percentiles in percent and the mean (none), each with its time in microseconds.
    pub times_us: Vec<(Option<f64>, f64)>,
    /// The share of requests that failed.
    pub error_rate: Option<f64>,
    /// Requests in all.
    pub requests: Option<u64>,
    /// Requests per second that passed.
    pub rate_per_s: Option<f64>,
}

/// A tool whose summaries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// k6: `--summary-export`, or the newer form with `results`.
    K6,
    /// vegeta: `report -type=json`.
    Vegeta,
}

impl Tool {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::K6 => "k6",
            Self::Vegeta => "vegeta",
        }
    }

    /// What its times are, beside mnload's.
    pub(super) fn about_times(self) -> &'static str {
        match self {
            Self::K6 => {
                "its http_req_duration leaves out connecting, TLS and the wait to be sent: it is compared with the service time, which has connecting in it"
            }
            Self::Vegeta => {
                "its latencies begin when a worker takes a request up: they are compared with the service time"
            }
        }
    }
}

impl Summary {
    /// What `document` tells, if it is a summary of a tool that is known.
    pub fn of(document: &Value, origin: &str) -> Option<Self> {
        let summary = k6_legacy(document).or_else(|| k6_results(document)).or_else(|| vegeta(document))?;
        Some(Self { origin: origin.to_owned(), ..summary })
    }

    /// A statistic of its times, if it holds that.
    pub(super) fn time_us(&self, statistic: Statistic) -> Option<f64> {
        let wanted = match statistic {
            Statistic::Percentile(percentile) => Some(percentile.quantile() * 100.0),
            Statistic::Mean => None,
            Statistic::Max => return None,
        };
        let is_meant = |held: &Option<f64>| match (held, wanted) {
            (Some(held), Some(wanted)) => (held - wanted).abs() < 1e-6,
            (held, wanted) => held.is_none() && wanted.is_none(),
        };
        self.times_us.iter().find(|(held, _)| is_meant(held)).map(|(_, us)| *us)
    }
}

/// `{"metrics": {"http_req_duration": {"avg": …, "p(95)": …}, …}}`, times in milliseconds.
fn k6_legacy(document: &Value) -> Option<Summary> {
    let metrics = document.get("metrics")?.as_object()?;
    k6(|name| metrics.get(name).map(|metric| metric.get("values").unwrap_or(metric)))
}

/// `{"results": {"metrics": [{"name": "http_req_duration", "values": {…}}, …]}}`
fn k6_results(document: &Value) -> Option<Summary> {
    let metrics = document.pointer("/results/metrics")?.as_array()?;
    k6(|name| metrics.iter().find(|metric| metric["name"] == name)?.get("values"))
}

fn k6<'v>(values_of: impl Fn(&str) -> Option<&'v Value>) -> Option<Summary> {
    let duration = values_of("http_req_duration")?.as_object()?;
    let percentile = |key: &str| match key {
        "avg" => Some(None),
        "med" => Some(Some(50.0)),
        _ => key.strip_prefix("p(")?.strip_suffix(')')?.parse().ok().map(Some),
    };
    let times = duration.iter().filter_map(|(key, ms)| Some((percentile(key)?, sound_us(ms.as_f64()? * 1e3)?)));
    let number = |name: &str, key: &str| values_of(name).and_then(|values| values.get(key)).and_then(Value::as_f64);
    let error_rate = number("http_req_failed", "value").or_else(|| number("http_req_failed", "rate"));
    let requests = number("http_reqs", "count");
    // `passes` of this metric are the requests that failed.
    let passed_share = 1.0 - error_rate.unwrap_or(0.0);
    Some(Summary {
        tool: Tool::K6,
        origin: String::new(),
        times_us: times.collect(),
        error_rate,
        requests: requests.map(|count| count as u64),
        rate_per_s: number("http_reqs", "rate").map(|rate| rate * passed_share),
    })
}

/// `{"latencies": {"mean": …, "50th": …, "95th": …}, "requests": …, "success": …}`, times in nanoseconds.
fn vegeta(document: &Value) -> Option<Summary> {
    let latencies = document.get("latencies")?.as_object()?;
    let percentile = |key: &str| match key {
        "mean" => Some(None),
        _ => key.strip_suffix("th")?.parse().ok().map(Some),
    };
    let times = latencies.iter().filter_map(|(key, ns)| Some((percentile(key)?, sound_us(ns.as_f64()? / 1e3)?)));
    let number = |key: &str| document.get(key).and_then(Value::as_f64);
    Some(Summary {
        tool: Tool::Vegeta,
        origin: String::new(),
        times_us: times.collect(),
        error_rate: number("success").map(|success| 1.0 - success),
        requests: number("requests").map(|count| count as u64),
        rate_per_s: number("throughput"),
    })
}

/// A time that a request can have taken; none of what is no number, or longer than thirty years.
fn sound_us(us: f64) -> Option<f64> {
    (0.0..1e15).contains(&us).then_some(us)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn held(summary: &Summary, figure: &str) -> Option<f64> {
        let gate: crate::gate::Gate = format!("{figure} < 1s").parse().unwrap();
        summary.time_us(gate.metric.time().unwrap().1)
    }

    #[test]
    fn both_forms_of_k6_and_vegetas_are_read() {
        let values = json!({ "avg": 12.5, "min": 1.0, "med": 10.0, "max": 99.0, "p(90)": 30.0, "p(95)": 40.5 });
        let legacy = json!({ "root_group": {}, "metrics": {
            "http_req_duration": values, "http_reqs": { "count": 2400, "rate": 20.0 },
            "http_req_failed": { "value": 0.01, "passes": 24, "fails": 2376 },
        }});
        let newer = json!({ "version": "1.0.0", "results": { "checks": {}, "metrics": [
            { "name": "http_req_duration", "type": "trend", "contains": "time", "values": values },
            { "name": "http_reqs", "type": "counter", "values": { "count": 2400, "rate": 20.0 } },
            { "name": "http_req_failed", "type": "rate", "values": { "rate": 0.01, "passes": 24, "fails": 2376 } },
        ]}});
        for document in [legacy, newer] {
            let summary = Summary::of(&document, "summary.json").unwrap();
            assert_eq!((summary.tool, summary.requests, summary.error_rate), (Tool::K6, Some(2_400), Some(0.01)));
            assert_eq!(
                [held(&summary, "p95"), held(&summary, "p50"), held(&summary, "mean")],
                [Some(40_500.0), Some(10_000.0), Some(12_500.0)]
            );
            assert_eq!(held(&summary, "p99"), None, "what it does not hold is not guessed");
        }
        let vegeta = json!({ "latencies": { "total": 9, "mean": 12_500_000, "50th": 10_000_000, "95th": 40_500_000 },
            "requests": 2400, "rate": 20.0, "throughput": 19.8, "success": 0.99, "status_codes": { "200": 2376 } });
        let summary = Summary::of(&vegeta, "report.json").unwrap();
        assert_eq!((summary.tool, held(&summary, "p95"), held(&summary, "p90")), (Tool::Vegeta, Some(40_500.0), None));
        assert!((summary.error_rate.unwrap() - 0.01).abs() < 1e-9);
    }

    #[test]
    fn anything_else_is_no_summary() {
        for document in [json!({}), json!([1]), json!({ "metrics": {} }), json!({ "schema": "mnload.result" })] {
            assert_eq!(Summary::of(&document, "x"), None, "{document}");
        }
    }
}
