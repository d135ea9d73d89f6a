//! Metrics while a run goes on: against receivers that misbehave, and Debian's Prometheus.
//!
//! Without Prometheus those tests say so and pass, unless MNLOAD_REQUIRE_PROMETHEUS is set (as CI does).
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails by a panic says where")]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::prometheus::Prometheus;
use support::raw::{RawServer, answer, ok};
use support::{Outcome, Workspace, free_address};

const SCENARIO: &str = "name = \"exported\"\n[load]\nmodel = \"open\"\nrate = \"100/s\"\nduration = \"3s\"\n[[step]]\nname = \"home, \\\"sweet\\\" home\"\nget = \"/api/health\"\n[[step]]\nname = \"gone\"\nget = \"/nope\"\n[gates]\nlatency = \"p95 < 60s\"\nerrors = \"error_rate < 99%\"\n";

/// What a receiver was sent: the body of each request without its compression, and the head.
type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A receiver that answers as `judge` says, and the requests that it got.
fn receiver(judge: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (RawServer, Received) {
    let received = Received::default();
    let kept = Arc::clone(&received);
    let server = RawServer::reading(move |_, head, body| {
        let body = snap::raw::Decoder::new().decompress_vec(body).unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        kept.lock().unwrap().push((head.to_owned(), body));
        judge(&text)
    });
    (server, received)
}

fn exported_to(url: &str) -> Outcome {
    let export = format!("prometheus={url}");
    Workspace::with(SCENARIO).run(&["--demo", "--export", &export])
}

fn holds(received: &Received, word: &str) -> bool {
    received.lock().unwrap().iter().any(|(_, body)| body.windows(word.len()).any(|window| window == word.as_bytes()))
}

#[test]
fn numbers_and_native_histograms_go_in_requests_of_their_own() {
    let (server, received) = receiver(|_| ok("", ""));
    let result = exported_to(&server.base_url()).exits_with(0).result();
    assert_eq!(result.warnings, Vec::<String>::new());
    let all = received.lock().unwrap().clone();
    assert!(all.len() >= 6 && all.len().is_multiple_of(2), "at the start, at the end, and the farewell: {}", all.len());
    for (head, body) in &all {
        let head = head.to_ascii_lowercase();
        for line in ["post /api/v1/write", "content-encoding: snappy", "x-prometheus-remote-write-version: 0.1.0"] {
            assert!(head.contains(line), "{head}");
        }
        let has = |word: &str| body.windows(word.len()).any(|window| window == word.as_bytes());
        assert_ne!(has("mnload_requests_total"), has("mnload_response_seconds"), "a request holds one or the other");
    }
    assert!(holds(&received, "home, \"sweet\" home") && holds(&received, "http_404"));
}

#[test]
fn a_receiver_without_native_histograms_gets_bounds_instead() {
    let (server, received) = receiver(|text| match text.contains("mnload_response_seconds_bucket") {
        false if text.contains("mnload_response_seconds") => answer(500, "", "native histograms are disabled\n"),
        _ => ok("", ""),
    });
    let outcome = exported_to(&server.base_url()).exits_with(0).tells("takes no native histograms");
    assert!(holds(&received, "mnload_response_seconds_bucket") && holds(&received, "+Inf"));
    assert_eq!(outcome.stderr.matches("takes no native histograms").count(), 1, "{}", outcome.stderr);
}

#[test]
fn what_does_not_arrive_is_told_once_counted_and_changes_no_verdict() {
    let hostile = "::error::x\u{1b}[31m";
    for (status, said) in [(404, "takes no remote writes"), (401, "MNLOAD_EXPORT_TOKEN"), (503, "answered 503")] {
        let (server, _) = receiver(move |_| answer(status, "", hostile));
        let url = server.base_url().replace("http://", "http://me:hunter2@");
        let outcome = exported_to(&url).exits_with(0).tells(said);
        assert_eq!(outcome.stderr.matches(said).count(), 1, "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("hunter2") && !outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
        let warnings = outcome.result().warnings.join("\n");
        assert!(warnings.contains("did not arrive") && !warnings.contains("hunter2"), "{warnings}");
    }
}

#[test]
fn nobody_there_and_somebody_who_never_answers_hold_nothing_back() {
    let nobody = exported_to(&format!("http://{}", free_address())).exits_with(0).result();
    assert!(nobody.warnings.iter().any(|words| words.contains("did not arrive")), "{:?}", nobody.warnings);
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let result = exported_to(&format!("http://{}", silent.local_addr().unwrap())).exits_with(0).result();
    assert_eq!(result.accounting.scheduled, 300, "the load went on");
    assert!(!result.warnings.is_empty());
}

#[test]
fn a_wrong_export_is_known_before_anything_is_sent() {
    let workspace = Workspace::with(SCENARIO);
    workspace.run(&["--demo", "--export", "graphite=h"]).exits_with(2).tells("prometheus=URL");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let export = format!("openmetrics={}", taken.local_addr().unwrap());
    workspace.run(&["--demo", "--export", &export]).exits_with(1).tells("cannot listen on");
    workspace.run(&["--demo"]).exits_with(0);
}

/// What is answered at `/metrics` while the run goes on.
fn scraped(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn scrapes_are_answered_while_it_runs() {
    let address = free_address();
    let export = format!("openmetrics={address}");
    let running = Workspace::with(SCENARIO).start(&["--demo", "--export", &export]);
    let start = Instant::now();
    let mut last = String::new();
    while start.elapsed() < Duration::from_secs(60) {
        match scraped(address) {
            Some(text) if text.contains("mnload_requests_total") && !text.contains("} 0\nmnload_requests_failed") => {
                last = text
            }
            None if !last.is_empty() => break,
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    running.finish().exits_with(0);
    let (head, text) = last.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("step=\"home, \\\"sweet\\\" home\"") && text.contains("le=\"+Inf\""), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("mnload_") && value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn every_query_of_the_dashboard_asks_for_a_metric_that_there_is() {
    let text = std::fs::read_to_string("ci/grafana/mnload.json").unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((dashboard["uid"].as_str(), dashboard["schemaVersion"].as_u64()), (Some("mnload-run"), Some(38)));
    let mut queries = Vec::new();
    collect(&dashboard, &mut queries);
    assert!(queries.len() > 15, "{queries:?}");
    let names = mnload::export::names();
    let asked: BTreeSet<&str> = queries
        .iter()
        .flat_map(|query| query.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| word.starts_with("mnload_"))
        .collect();
    for name in &asked {
        assert!(names.contains(*name), "nobody exports {name}; there are {names:?}");
    }
    assert!(asked.len() >= 9, "{asked:?}");
}

/// All texts under `expr` and `query`.
fn collect(value: &Value, queries: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (name, held) in entries {
                match held.as_str() {
                    Some(text) if ["expr", "query", "definition"].contains(&name.as_str()) => {
                        queries.push(text.to_owned())
                    }
                    _ => collect(held, queries),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, queries)),
        _ => {}
    }
}

/// The end of the run in seconds since 1970, or a little later: what was sent last is to be seen for five seconds.
fn just_after(outcome: &Outcome) -> f64 {
    let result = outcome.result();
    let start: jiff::Timestamp = result.started_at.parse().unwrap();
    start.as_second() as f64 + 6.0
}

#[test]
fn prometheus_reads_the_percentiles_that_the_report_shows() {
    let folder = tempfile::tempdir().unwrap();
    let Some(prometheus) = Prometheus::start(folder.path(), &["--enable-feature=native-histograms"]) else { return };
    let outcome = exported_to(&format!("http://{}", prometheus.address)).exits_with(0);
    let result = outcome.result();
    assert_eq!(result.warnings, Vec::<String>::new());
    let at_s = just_after(&outcome);
    for quantile in [0.5, 0.9, 0.95, 0.99] {
        let read =
            prometheus.ask(&format!("histogram_quantile({quantile}, mnload_response_seconds{{step=\"gone\"}})"), at_s);
        let step = &result.steps.0[1].1.response_us;
        let shown = match quantile {
            0.5 => step.p50,
            0.9 => step.p90,
            0.95 => step.p95,
            _ => step.p99,
        };
        let off = read[0] * 1e6 / shown as f64 - 1.0;
        println!("p{}: prometheus {:.6} s, report {shown} µs, {:+.2} %", quantile * 100.0, read[0], off * 100.0);
        assert!(off.abs() < 0.01, "{quantile}: {read:?} {shown}");
    }
    assert_eq!(prometheus.ask("sum(mnload_requests_total)", at_s), [600.0]);
    assert_eq!(prometheus.ask("sum(mnload_requests_failed_total{class=\"http_404\"})", at_s), [300.0]);
    // It says by itself that it is over.
    assert_eq!(prometheus.ask("sum(mnload_requests_total)", at_s + 20.0), Vec::<f64>::new());
}

#[test]
fn prometheus_without_native_histograms_loses_no_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let Some(prometheus) = Prometheus::start(folder.path(), &[]) else { return };
    let outcome =
        exported_to(&format!("http://{}", prometheus.address)).exits_with(0).tells("takes no native histograms");
    let at_s = just_after(&outcome);
    assert_eq!(prometheus.ask("sum(mnload_requests_total)", at_s), [600.0]);
    assert_eq!(prometheus.ask("mnload_response_seconds_count{step=\"gone\"}", at_s), [300.0]);
    let p95 = prometheus.ask("histogram_quantile(0.95, mnload_response_seconds_bucket{step=\"gone\"})", at_s);
    assert!(p95[0] > 0.0, "{p95:?}");
}

#[test]
fn every_request_is_written_as_long_as_there_is_room() {
    let workspace = Workspace::with(SCENARIO);
    let outcome = workspace.run(&["--demo", "--samples"]).exits_with(0);
    let rows = |outcome: &Outcome| {
        let file = std::fs::File::open(outcome.run_folder.join("samples.csv.gz")).unwrap();
        let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
        reader.records().map(Result::unwrap).collect::<Vec<_>>()
    };
    let all = rows(&outcome);
    assert_eq!(all.len(), 600);
    assert_eq!(all.iter().filter(|row| &row[6] == "http_404").count(), 300);
    let mut times: Vec<u64> = all.iter().map(|row| row[8].parse().unwrap()).collect();
    times.sort_unstable();
    // Percentiles of the file are those of the report, but for its rounding.
    let (p95, shown) = (times[569] as f64, outcome.result().times_us.response.p95 as f64);
    assert!((p95 / shown - 1.0).abs() < 0.002, "{p95} {shown}");
    let few = workspace.run(&["--demo", "--samples=100", "--overwrite"]).exits_with(0);
    assert_eq!(rows(&few).len(), 100);
    assert!(few.result().warnings[0].contains("500 requests are not in samples.csv.gz"), "{:?}", few.result().warnings);
}
