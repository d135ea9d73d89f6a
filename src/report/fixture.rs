//! Reports for tests: a run that never was, the same every time.
//!
//! `Fixture::default()` is two minutes of a healthy MediaNest with a stall in the middle; fields bend it.

mod hostile;

use std::collections::BTreeMap;

use super::Report;
use super::finding::{reasons, warnings};
use super::result::{
    CallFailure, CallResult, ErrorResult, ExampleResult, GeneratorResult, Load, PlanResult, Rates, RunResult, SCHEMA,
    SCHEMA_VERSION, StepResult, Steps, Times,
};
use crate::failure::Failure;
use crate::metrics::{
    Accounting, Evidence, Excerpt, FailedCheck, HeaderLine, Histogram, Latency, Phases, RowDetail, SeenResponse,
    SentRequest, Timeline, TimelineRow, band_of,
};
use crate::verdict::{Ending, Finding, Interval, Kind, Status, Verdict};

pub(super) use hostile::TEXTS;

/// The effective scenario of every made-up run.
const SCENARIO: &str = "name = \"light\"\n\n[load]\nmodel = \"open\"\nrate = \"20/s\"\n";

/// What a made-up run is like.
#[derive(Debug, Clone)]
pub(super) struct Fixture {
    /// What it is called.
    pub(super) name: String,
    /// How long it took.
    pub(super) seconds: u64,
    /// The names of its steps.
    pub(super) steps: Vec<String>,
    /// Journeys started per second.
    pub(super) per_second: u64,
    /// All times are this many times as long.
    pub(super) slower: u64,
    /// Every so many requests fail; none if zero.
    pub(super) every_fails: u64,
    /// The seconds in which the server stands still.
    pub(super) stall: std::ops::Range<u64>,
    /// What was judged.
    pub(super) findings: Vec<Finding>,
    /// Whether certificates were left unchecked.
    pub(super) insecure: bool,
    /// What the first error said.
    pub(super) message: String,
    /// The calls of a once run; any other if there are none.
    pub(super) calls: Vec<CallResult>,
}

impl Default for Fixture {
    fn default() -> Self {
        Self {
            name: "light".to_owned(),
            seconds: 120,
            steps: ["home", "search", "open media", "stream"].map(str::to_owned).into(),
            per_second: 20,
            slower: 1,
            every_fails: 400,
            stall: 60..64,
            findings: vec![
                known(finding("latency", Status::Pass, "p95 < 600ms", Some("212ms")), "198ms to 240ms"),
                known(finding("errors", Status::Pass, "error_rate < 1%", Some("0.25%")), "0.17% to 0.37%"),
                known(finding("search", Status::Pass, "p95 of search < 300ms", Some("96.4ms")), "92.1ms to 101ms"),
                Finding {
                    warn: true,
                    first_broken_s: Some(61),
                    ..finding("longest", Status::Fail, "max of search < 2s, warn", Some("4.12s"))
                },
            ],
            insecure: false,
            message: "expected status 200, got 503 Service Unavailable".to_owned(),
            calls: Vec::new(),
        }
    }
}

/// A gate's finding.
pub(super) fn finding(name: &str, status: Status, wanted: &str, observed: Option<&str>) -> Finding {
    let observed = observed.map(str::to_owned);
    Finding { status, observed, samples: 9_600, ..Finding::new(name, Kind::Gate, wanted) }
}

/// `finding` with an interval; of its ends only the text is known.
pub(super) fn known(finding: Finding, text: &str) -> Finding {
    let interval =
        Interval { confidence: 0.95, low: None, high: None, text: text.to_owned(), effective_samples: 2_400 };
    Finding { interval: Some(interval), ..finding }
}

/// A finding about the run itself.
pub(super) fn invalid(name: &str, wanted: &str, observed: &str, reason: &str) -> Finding {
    let reason = Some(reason.to_owned());
    Finding { kind: Kind::Validity, reason, ..finding(name, Status::Invalid, wanted, Some(observed)) }
}

/// What was counted of one step, or of all.
#[derive(Default, Clone)]
struct Counted {
    requests: u64,
    failed: u64,
    response: Histogram,
    service: Histogram,
}

impl Fixture {
    /// A run in which nothing was sent.
    pub(super) fn empty() -> Self {
        let reason = Some("no request gave a figure to judge".to_owned());
        let findings = vec![Finding { samples: 0, reason, ..finding("latency", Status::NoData, "p95 < 600ms", None) }];
        Self { seconds: 0, findings, ..Self::default() }
    }

    /// A smoke check of three calls: one passed, one was refused, one never got through.
    pub(super) fn once() -> Self {
        let findings = vec![finding("checks", Status::Fail, "checks >= 100%", Some("33.33%"))];
        let steps: Vec<String> = ["health", "sign in", "stream"].map(str::to_owned).into();
        let phases = Phases { wait: Some(1_240), receive: Some(80), total: 1_330, ..Phases::default() };
        let first = Phases { lookup: Some(310), connect: Some(95), tls: Some(1_870), total: 3_300, ..phases };
        let call = |step: &str, status: Option<u16>, phases_us: Phases, failure: Option<CallFailure>| CallResult {
            step: step.to_owned(),
            flow: String::new(),
            status,
            passed: failure.is_none(),
            tried_again: false,
            redirected: false,
            phases_us,
            bytes: 137,
            reused: phases_us.connect.is_none(),
            failure,
        };
        let refused = CallFailure { class: "http_401".to_owned(), evidence: refused() };
        let closed = CallFailure { class: "closed".to_owned(), evidence: closed() };
        let calls = vec![
            call("health", Some(200), first, None),
            call("sign in", Some(401), phases, Some(refused)),
            call("stream", None, Phases { total: 20_400, ..Phases::default() }, Some(closed)),
        ];
        Self { seconds: 1, per_second: 1, stall: 0..0, every_fails: 0, steps, findings, calls, ..Self::default() }
    }

    /// The report.
    pub(super) fn report(&self) -> Report {
        let mut steps = vec![Counted::default(); self.steps.len()];
        let mut all = Counted::default();
        let mut rows = Vec::new();
        for second in 0..self.seconds {
            let at = rows.len();
            let mut whole = Second::default();
            for (step, counted) in steps.iter_mut().enumerate() {
                let seen = self.second(second, step as u64, counted, &mut all);
                rows.push(seen.row(second, Some(step), 0));
                whole.add(seen);
            }
            rows.insert(at, whole.row(second, None, self.per_second));
        }
        Report {
            response_curve: all.response.curve(),
            service_curve: all.service.curve(),
            timeline: Timeline { rows },
            result: self.result(&steps, &all),
        }
    }

    /// One second of one step: times that drift, a tail, and a stall whose queue drains afterwards.
    fn second(&self, second: u64, step: u64, counted: &mut Counted, all: &mut Counted) -> Second {
        let mut seen = Second::default();
        let queue_us = match second {
            _ if self.stall.contains(&second) => (self.stall.end - second) * 1_000_000,
            _ if second >= self.stall.end && second < self.stall.end + 5 => (self.stall.end + 5 - second) * 90_000,
            _ => 0,
        };
        for k in 0..self.per_second {
            let dice = scrambled((second * 64 + step) * 4_096 + k);
            let tail = if dice.is_multiple_of(97) { 160_000 } else { 0 };
            let service =
                (9_000 + step * 14_000 + dice % 12_000 + (dice >> 20) % 9_000 * (second % 7) / 4 + tail) * self.slower;
            let response = service + 60 + queue_us * self.slower;
            let fails = self.every_fails > 0 && all.requests % self.every_fails == self.every_fails - 1;
            for counted in [&mut *counted, &mut *all] {
                counted.requests += 1;
                counted.failed += u64::from(fails);
                counted.response.record(response);
                counted.service.record(service);
            }
            seen.failed += u64::from(fails);
            seen.response.push(response);
            seen.service.push(service);
        }
        seen
    }

    fn result(&self, steps: &[Counted], all: &Counted) -> RunResult {
        let journeys = self.seconds * self.per_second;
        let failed = all.failed.min(journeys);
        let verdict = Verdict::of(&self.findings);
        let per_s = if self.seconds > 0 { self.per_second as f64 } else { 0.0 };
        RunResult {
            schema: SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            mnload_version: "0.1.0".to_owned(),
            name: self.name.clone(),
            description: "Signed-in users browse; the gate before a release.".to_owned(),
            started_at: "2026-05-04T09:30:00.123Z".to_owned(),
            verdict,
            exit_code: verdict.exit_code(Ending::Completed, journeys) as u8,
            reasons: reasons(&self.findings),
            findings: self.findings.clone(),
            accounting: Accounting {
                scheduled: journeys,
                passed: journeys - failed,
                failed,
                abandoned: 0,
                unstarted: 0,
            },
            rates: Rates { offered_per_s: per_s, achieved_per_s: per_s, requests_per_s: per_s * steps.len() as f64 },
            times_us: Times {
                response: all.response.latency(),
                service: all.service.latency(),
                first_byte: all.service.latency(),
                send_lag: lag(journeys),
                connect: Latency::default(),
                tls: Latency::default(),
                receive: lag(all.requests),
            },
            errors: self.errors(all.failed),
            steps: Steps(self.steps.iter().cloned().zip(steps.iter().map(step_result)).collect()),
            warm_up: None,
            steps_folded: 0,
            groups: Steps(Vec::new()),
            warnings: warnings(&self.findings),
            generator: GeneratorResult {
                cpu_share: 0.06,
                peak_rss_bytes: 14_680_064,
                connections_opened: 42,
                connections_http2: 0,
                connections_reused: journeys.saturating_sub(42),
                workers: 2,
                peak_in_flight: 61,
                waited_for_slot: 0,
                ..GeneratorResult::default()
            },
            plan: self.plan(journeys),
            command: "mnload run light.toml".to_owned(),
            ending: Ending::Completed,
            window_s: self.seconds as f64,
            elapsed_s: self.seconds as f64 + 0.41,
            calls: self.calls.clone(),
            calls_left_out: 0,
            identity: None,
            stretches: None,
            comparison: None,
        }
    }

    fn errors(&self, failed: u64) -> Vec<ErrorResult> {
        let example = |at_s: f64| ExampleResult {
            at_s,
            step: self.steps.last().cloned().unwrap_or_default(),
            message: self.message.clone(),
        };
        let class = |class: &str, count: u64| ErrorResult {
            class: class.to_owned(),
            count,
            first_at_s: 0.98,
            last_at_s: self.seconds as f64 - 0.02,
            examples: vec![example(0.98), example(1.97)],
        };
        let classes = [class("http_503", failed - failed / 3), class("timeout", failed / 3)];
        classes.into_iter().filter(|class| class.count > 0).collect()
    }

    fn plan(&self, journeys: u64) -> PlanResult {
        let (seconds, rate) = (self.seconds, self.per_second);
        PlanResult {
            file: "light.toml".to_owned(),
            base_url: "https://staging.example.test".to_owned(),
            insecure: self.insecure,
            load: Load {
                model: if self.calls.is_empty() { "open" } else { "once" }.to_owned(),
                peak_per_s: self.calls.is_empty().then_some(rate as f64),
                users: None,
                duration_s: Some(seconds as f64),
                ..Load::default()
            },
            statement: format!("{journeys} journeys, even arrivals at {rate}/s for {seconds}s; 2 workers"),
            scenario: SCENARIO.to_owned(),
            seed: 42,
            max_in_flight: 1_000,
            added_gates: vec!["errors".to_owned()],
        }
    }
}

/// An answer that was not the wanted one.
fn refused() -> Evidence {
    let header = |name: &str, value: &str| HeaderLine { name: name.to_owned(), value: value.to_owned() };
    let check = |target: &str, expected: &str, actual: &str, diff: &[&str]| FailedCheck {
        target: target.to_owned(),
        expected: expected.to_owned(),
        actual: actual.to_owned(),
        diff: diff.iter().map(|line| (*line).to_owned()).collect(),
    };
    let body = |text: &str, note: &str| Excerpt { text: text.to_owned(), bytes: 137, note: note.to_owned() };
    Evidence {
        checks: vec![
            check("status", "status 200", "status 401", &[]),
            check("json:$.data", "equals {\"a\":1}", "{\"a\":2}", &["  {", "-   \"a\": 1", "+   \"a\": 2", "  }"]),
        ],
        request: Some(SentRequest {
            method: "POST".to_owned(),
            url: "https://staging.example.test/api/auth/login".to_owned(),
            headers: vec![header("authorization", "[redacted]"), header("content-type", "application/json")],
            body: body("{\"email\":\"user@example.test\",\"password\":[redacted]}", ""),
        }),
        response: Some(SeenResponse {
            status_line: "HTTP/1.1 401 Unauthorized".to_owned(),
            headers: vec![header("content-type", "application/json")],
            body: body(&format!("{{\n  \"error\": \"{}\"\n}}", "no ".repeat(90)), "the start of 137 B"),
        }),
    }
}

/// No answer at all.
fn closed() -> Evidence {
    let (target, expected) = ("answer".to_owned(), "an answer".to_owned());
    let actual = "connection closed before message completed".to_owned();
    let check = FailedCheck { target, expected, actual, diff: Vec::new() };
    Evidence { checks: vec![check], response: None, ..refused() }
}

/// What was seen in one second.
#[derive(Default)]
struct Second {
    failed: u64,
    response: Vec<u64>,
    service: Vec<u64>,
}

impl Second {
    fn add(&mut self, other: Self) {
        self.failed += other.failed;
        self.response.extend(other.response);
        self.service.extend(other.service);
    }

    fn row(&self, second: u64, step: Option<usize>, started: u64) -> TimelineRow {
        let (requests, failed) = (self.response.len() as u64, self.failed);
        let (response, service) = (latency(&self.response), latency(&self.service));
        TimelineRow {
            second,
            seconds: 1,
            step,
            requests,
            failed,
            warm_up: 0,
            started,
            response,
            service,
            detail: step.is_none().then(|| {
                Box::new(RowDetail {
                    due: started,
                    errors: BTreeMap::from_iter((failed > 0).then_some((Failure::Http(503), failed))),
                    bands: bands(&self.response),
                })
            }),
        }
    }
}

fn bands(times: &[u64]) -> Vec<(u8, u64)> {
    let mut bands = BTreeMap::new();
    times.iter().for_each(|us| *bands.entry(band_of(*us)).or_default() += 1);
    bands.into_iter().collect()
}

/// The figures of few times, without a histogram for each second.
fn latency(times: &[u64]) -> Latency {
    let mut times = times.to_vec();
    times.sort_unstable();
    let (Some(min), Some(max)) = (times.first().copied(), times.last().copied()) else { return Latency::default() };
    let at = |share: f64| times[((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1];
    let mean = times.iter().sum::<u64>() as f64 / times.len() as f64;
    let count = times.len() as u64;
    Latency { count, min, mean, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max }
}

fn lag(count: u64) -> Latency {
    match count {
        0 => Latency::default(),
        _ => Latency { count, min: 2, mean: 58.0, p50: 54, p90: 81, p95: 96, p99: 180, p999: 420, max: 1_240 },
    }
}

fn step_result(counted: &Counted) -> StepResult {
    StepResult {
        requests: counted.requests,
        failed: counted.failed,
        tried_again: 0,
        redirects: 0,
        checks_passed: counted.requests - counted.failed,
        checks_failed: counted.failed,
        response_us: counted.response.latency(),
        service_us: counted.service.latency(),
    }
}

/// SplitMix64: numbers without a pattern, the same every time.
fn scrambled(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
