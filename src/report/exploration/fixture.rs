//! Explorations for tests, that never were: a limit that was found, those that were not, and some that mean harm.
//!
//! The target is a law: its throughput follows Universal Scalability, and waiting grows as it comes close to its peak.

mod hostile;

use crate::compare::MachineFacts;
use crate::explore::{
    Asked, Capacity, Ended, Evidence, ExplorationResult, Fit, GateAt, GeneratorAt, Growth, Knee, LimitedBy, Outcome,
    Phase, Point, Recovery, SCHEMA, SCHEMA_VERSION, Scalability, UsedUp,
};
use crate::metrics::Latency;
use crate::units::{format_share, format_us_f64};
use crate::verdict::{Ending, Finding, Interval, Kind, Status, Verdict};
pub(super) use hostile::{hostile, huge, many};

/// What the target bears, in journeys per second.
const LIMIT: f64 = 297.0;
const REQUESTS_PER_JOURNEY: f64 = 2.0;
const BOUND_US: f64 = 300e3;

/// The ones that are compared with what they looked like before.
pub(super) fn small() -> [(&'static str, ExplorationResult); 8] {
    [
        ("found", found()),
        ("generator", generator()),
        ("range", range()),
        ("budget", budget()),
        ("nothing-held", nothing_held()),
        ("gate", too_little()),
        ("one-point", one_point()),
        ("empty", empty()),
    ]
}

/// The limit was found: from 10/s up, 297/s by latency.
pub(super) fn found() -> ExplorationResult {
    use Outcome::{Breaks, Holds, Unclear};
    use Phase::{Bisect, Climb, Repeat};
    let tried = [
        (Climb, 10.0, Holds, 1.02),
        (Climb, 20.0, Holds, 0.99),
        (Climb, 40.0, Holds, 1.01),
        (Climb, 80.0, Holds, 0.98),
        (Climb, 160.0, Holds, 1.0),
        (Climb, 320.0, Unclear, 0.36),
        (Climb, 640.0, Breaks, 1.0),
        (Bisect, 452.5, Breaks, 1.1),
        (Bisect, 269.0, Holds, 1.04),
        (Bisect, 305.3, Breaks, 1.12),
        (Repeat, 286.5, Holds, 0.97),
        (Repeat, 297.0, Unclear, 1.0),
        (Repeat, 308.0, Breaks, 1.05),
        (Repeat, 291.0, Holds, 1.01),
        (Repeat, 297.0, Holds, 0.94),
    ];
    let mut points = timed(tried.map(|(phase, rate, outcome, noise)| point(phase, rate, outcome, noise)).into());
    let refused = &mut points[6];
    refused.refused = 41;
    refused.retry_after_s = Some(2.0);
    judged(
        points,
        Capacity {
            per_s: Some(LIMIT),
            low_per_s: Some(288.4),
            high_per_s: Some(304.9),
            precision: Some(0.029),
            requests_per_s: Some(LIMIT * REQUESTS_PER_JOURNEY),
            gate: Some("latency".to_owned()),
            limited_by: LimitedBy::Target,
            confidence: 0.95,
        },
    )
}

/// The generator was the limit: nothing is known of the target beyond what holds.
pub(super) fn generator() -> ExplorationResult {
    use Outcome::{Generator, Holds};
    let tried = [(10.0, Holds), (40.0, Holds), (80.0, Holds), (160.0, Holds), (320.0, Generator), (226.3, Generator)];
    let mut points: Vec<Point> =
        tried.map(|(rate, outcome)| point(Phase::Climb, rate, outcome, 1.0)).into_iter().collect();
    points[5].phase = Phase::Bisect;
    for point in points.iter_mut().filter(|point| point.outcome == Generator) {
        point.generator = GeneratorAt {
            busy_share: Some(0.97),
            send_lag_p99_us: 48_200,
            short_of: vec!["its busiest worker had something to do for 97% of the time".to_owned()],
        };
        point.reason = "latency is broken, and the generator was short of processor time".to_owned();
        point.evidence = None;
    }
    let mut result =
        judged(timed(points), Capacity { low_per_s: Some(160.0), limited_by: LimitedBy::Generator, ..unknown() });
    (result.knee, result.scalability) = (None, None);
    decided(
        &mut result,
        Status::Invalid,
        "the generator was the limit from 226.3/s on, so what the target bears beyond 160/s is not known",
    );
    result
}

/// All of the range was borne.
pub(super) fn range() -> ExplorationResult {
    let points = [10.0, 20.0, 40.0, 80.0, 150.0].map(|rate| point(Phase::Climb, rate, Outcome::Holds, 1.0));
    let capacity = Capacity { low_per_s: Some(150.0), limited_by: LimitedBy::Range, ..unknown() };
    let mut result = judged(timed(points.into()), capacity);
    result.asked.to_per_s = 150.0;
    (result.knee, result.scalability) = (None, None);
    result.reasons = vec!["the gates hold at every rate up to 150/s, the highest that may be tried".to_owned()];
    result
}

/// Time was over before the interval was narrow enough.
pub(super) fn budget() -> ExplorationResult {
    let mut points = found().points;
    points.truncate(8);
    let capacity = Capacity {
        low_per_s: Some(160.0),
        high_per_s: Some(452.5),
        gate: Some("latency".to_owned()),
        limited_by: LimitedBy::Budget,
        ..unknown()
    };
    let mut result = judged(points, capacity);
    result.knee = None;
    result.asked.budget_s = 60.0;
    result.asked.max_requests = Some(40_000);
    result.used_up = Some(UsedUp::Time);
    decided(&mut result, Status::Invalid, "the budget of 1m was used up: the capacity is between 160/s and 452.5/s");
    result
}

/// Not even the lowest rate was borne.
pub(super) fn nothing_held() -> ExplorationResult {
    let tried = [(Phase::Climb, 640.0), (Phase::Descend, 452.0), (Phase::Descend, 400.0)];
    let points = tried.map(|(phase, rate)| point(phase, rate, Outcome::Breaks, 1.0));
    let capacity = Capacity { high_per_s: Some(400.0), gate: Some("latency".to_owned()), ..unknown() };
    let mut result = judged(timed(points.into()), capacity);
    result.asked.from_per_s = 640.0;
    (result.knee, result.scalability) = (None, None);
    decided(&mut result, Status::Invalid, "no rate held: the lowest that was tried is 400/s");
    result
}

/// The capacity was found, and is less than a gate wants.
pub(super) fn too_little() -> ExplorationResult {
    let mut result = found();
    let mut gate = Finding::new("capacity", Kind::Gate, "capacity >= 400/s");
    gate.status = Status::Fail;
    gate.observed = Some("297/s".to_owned());
    gate.samples = result.points.len() as u64;
    gate.interval = Some(Interval {
        confidence: 0.95,
        low: Some(288.4),
        high: Some(304.9),
        text: "288.4/s to 304.9/s".to_owned(),
        effective_samples: 15,
    });
    result.findings[0].status = Status::Skipped;
    result.findings.push(gate);
    result.verdict = Verdict::Fail;
    result.exit_code = 99;
    result.reasons = vec!["capacity 297/s (288.4/s to 304.9/s), wanted >= 400/s".to_owned()];
    result
}

/// It was stopped when one rate had been tried.
pub(super) fn one_point() -> ExplorationResult {
    let mut only = point(Phase::Climb, 10.0, Outcome::Interrupted, 1.0);
    (only.ended, only.evidence, only.steady_from_s) = (Ended::Interrupted, None, None);
    let mut result = judged(timed(vec![only]), Capacity { limited_by: LimitedBy::Budget, ..unknown() });
    (result.knee, result.scalability) = (None, None);
    decided(&mut result, Status::Invalid, "it was stopped before anything was found");
    (result.ending, result.exit_code) = (Ending::Interrupted, 130);
    result
}

/// Nothing was tried at all.
pub(super) fn empty() -> ExplorationResult {
    let mut result = judged(Vec::new(), Capacity { limited_by: LimitedBy::Budget, ..unknown() });
    (result.knee, result.scalability) = (None, None);
    decided(&mut result, Status::Invalid, "no rate was tried");
    (result.ending, result.exit_code) = (Ending::Killed, 4);
    result.scenario.clear();
    result.command.clear();
    result
}

fn unknown() -> Capacity {
    Capacity {
        per_s: None,
        low_per_s: None,
        high_per_s: None,
        confidence: 0.95,
        precision: None,
        limited_by: LimitedBy::Target,
        gate: None,
        requests_per_s: None,
    }
}

/// Why it is not known.
fn decided(result: &mut ExplorationResult, status: Status, reason: &str) {
    result.findings[0].status = status;
    result.findings[0].reason = Some(reason.to_owned());
    result.reasons = vec![reason.to_owned()];
    result.verdict = Verdict::of(&result.findings);
    result.exit_code = result.verdict.exit_code(result.ending, 1) as u8;
}

/// A result of these points that passes.
fn judged(points: Vec<Point>, capacity: Capacity) -> ExplorationResult {
    let mut finding = Finding::new("capacity", Kind::Validity, "the capacity within ±5%");
    finding.status = Status::Pass;
    finding.observed = capacity.precision.map(|share| format!("±{}", format_share(share)));
    finding.samples = points.len() as u64;
    let elapsed_s = points.last().map_or(0.0, |point| point.started_s + point.lasted_s + 0.4);
    ExplorationResult {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        mnload_version: "0.1.0".to_owned(),
        name: "Shop capacity".to_owned(),
        description: "How much the shop bears before people wait.".to_owned(),
        file: "scenarios/capacity.toml".to_owned(),
        base_url: "http://127.0.0.1:8080".to_owned(),
        scenario_hash: "8f1c0c0a6f4a".to_owned(),
        scenario: "name = \"Shop capacity\"\n\n[explore]\nfrom = \"10/s\"\nto = \"2000/s\"\n\n[gates]\nlatency = \"p95 < 300ms\"\nerrors = \"error_rate < 1%\"\n".to_owned(),
        started_at: "2026-11-22T02:17:51.042Z".to_owned(),
        elapsed_s,
        verdict: Verdict::Pass,
        exit_code: 0,
        reasons: vec!["the gates hold up to 297/s (288.4/s to 304.9/s); beyond it latency is broken".to_owned()],
        findings: vec![finding],
        asked: Asked {
            from_per_s: 10.0,
            to_per_s: 2000.0,
            precision: 0.05,
            budget_s: 300.0,
            max_requests: None,
            pauses_s: 0.0,
            requests_per_journey: 1,
            gates: vec![
                ("latency".to_owned(), "p95 < 300ms".to_owned()),
                ("errors".to_owned(), "error_rate < 1%".to_owned()),
            ],
            left_out: vec![("longest".to_owned(), "a maximum says nothing of a rate".to_owned())],
        },
        capacity,
        used_up: None,
        knee: Some(Knee { per_s: 269.0, low_per_s: 160.0, high_per_s: 286.5 }),
        scalability: Some(Scalability {
            gamma: GAMMA,
            alpha: ALPHA,
            beta: BETA,
            peak_per_s: Some(law(PEAK_IN_FLIGHT)),
            peak_in_flight: Some(PEAK_IN_FLIGHT),
            fit: Fit { points: 11, r_squared: 0.9962, better_by: 24.8 },
        }),
        requests: points.iter().map(|point| point.requests).sum(),
        points,
        machine: MachineFacts {
            cores: Some(2),
            cpu: Some("Example CPU @ 2.80GHz".to_owned()),
            architecture: "x86_64".to_owned(),
            system: "linux".to_owned(),
            kernel: Some("6.1.0".to_owned()),
            memory_bytes: Some(8 << 30),
        },
        command: "mnload explore scenarios/capacity.toml --demo --capacity 300/s".to_owned(),
        ending: Ending::Completed,
        warnings: Vec::new(),
    }
}

const GAMMA: f64 = 85.0;
const ALPHA: f64 = 0.02;
const PEAK_IN_FLIGHT: f64 = 16.0;
const BETA: f64 = (1.0 - ALPHA) / (PEAK_IN_FLIGHT * PEAK_IN_FLIGHT);

/// Requests per second at a concurrency of `n`.
fn law(n: f64) -> f64 {
    GAMMA * n / (1.0 + ALPHA * (n - 1.0) + BETA * n * (n - 1.0))
}

/// The lowest concurrency that gives so many requests per second.
fn concurrency_at(requests_per_s: f64) -> f64 {
    let (mut low, mut high) = (0.0, PEAK_IN_FLIGHT);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if law(middle) < requests_per_s { low = middle } else { high = middle }
    }
    low
}

/// One after the other, with numbers.
fn timed(mut points: Vec<Point>) -> Vec<Point> {
    let mut at = 0.0;
    for (number, point) in (1..).zip(&mut points) {
        let waited_s = if number == 1 { 0.0 } else { 0.6 };
        point.number = number;
        point.started_s = ((at + waited_s) * 10.0f64).round() / 10.0;
        point.recovery = (number > 1).then_some(Recovery { waited_s, median_us: Some(11_800), recovered: true });
        at = point.started_s + point.lasted_s;
    }
    points
}

fn point(phase: Phase, rate_per_s: f64, outcome: Outcome, noise: f64) -> Point {
    let is_over = rate_per_s > LIMIT * 1.02;
    let lasted_s = match (outcome, is_over) {
        (Outcome::Breaks, _) if rate_per_s > LIMIT * 1.2 => 4.0,
        (Outcome::Breaks, _) => 9.0,
        (Outcome::Interrupted, _) => 2.0,
        _ if phase == Phase::Climb => 6.0,
        (_, true) => 14.0,
        _ => 12.0,
    };
    let achieved_per_s = rate_per_s.min(law(PEAK_IN_FLIGHT) / REQUESTS_PER_JOURNEY * 0.995);
    let requests_per_s = achieved_per_s * REQUESTS_PER_JOURNEY;
    let in_flight = concurrency_at(requests_per_s) * if is_over { 1.0 + (rate_per_s - LIMIT) / 250.0 } else { 1.0 };
    let service_us = in_flight / requests_per_s * 1e6;
    let load = (rate_per_s / 306.0).min(0.985);
    let queue_us = (rate_per_s - achieved_per_s).max(0.0) / rate_per_s * lasted_s * 0.6e6;
    let wait_us = (3_500.0 * load / (1.0 - load) + queue_us) * noise;
    let requests = (requests_per_s * lasted_s) as u64;
    let failed = if rate_per_s > 450.0 { requests / 40 } else { 0 };
    let of = |mean: f64, tail: f64| {
        let us = |factor: f64| (mean * factor) as u64;
        Latency {
            count: requests,
            min: us(0.4),
            mean,
            p50: us(0.9),
            p90: us(1.0 + (tail - 1.0) * 0.7),
            p95: us(tail),
            p99: us(tail * 1.4),
            p999: us(tail * 2.0),
            max: us(tail * 2.4),
        }
    };
    let service = of(service_us, 1.8);
    let response = of(service_us + wait_us, 1.8);
    let margin = (BOUND_US / response.p95 as f64).ln();
    let error = (0.9 / (requests as f64).sqrt() * 6.0).max(0.01);
    let share = failed as f64 / requests.max(1) as f64;
    let gate = |name: &str, wanted: &str, value: f64, bound: f64, text: String| GateAt {
        name: name.to_owned(),
        wanted: wanted.to_owned(),
        observed: Some(text),
        value: Some(value),
        bound,
        low: Some(value * 0.94),
        high: Some(value * 1.07),
        holds: Some(value < bound),
    };
    let p95 = response.p95 as f64;
    Point {
        number: 1,
        phase,
        rate_per_s,
        outcome,
        reason: match outcome {
            Outcome::Holds => format!("every gate holds: latency {} of 300ms", format_us_f64(p95)),
            Outcome::Breaks => format!("latency {}, wanted p95 < 300ms", format_us_f64(p95)),
            Outcome::Unclear => format!("latency {} is too close to 300ms to tell", format_us_f64(p95)),
            Outcome::Generator => "the generator was short of something".to_owned(),
            Outcome::Interrupted => "stopped by Ctrl-C".to_owned(),
        },
        started_s: 0.0,
        lasted_s,
        ended: match outcome {
            Outcome::Breaks if lasted_s < 5.0 => Ended::Spared,
            Outcome::Unclear => Ended::Time,
            _ => Ended::Decided,
        },
        steady_from_s: Some(1.0),
        judged_s: lasted_s - 1.0,
        achieved_per_s,
        requests_per_s,
        requests,
        failed,
        error_rate: Some(share),
        response_us: response,
        service_us: service,
        in_flight,
        growth: Growth { per_s: rate_per_s - achieved_per_s, error: rate_per_s.sqrt() / 10.0, ..Growth::default() },
        evidence: Some(Evidence { gate: "latency".to_owned(), margin, error }),
        gates: vec![
            gate("latency", "p95 < 300ms", p95, BOUND_US, format_us_f64(p95)),
            gate("errors", "error_rate < 1%", share, 0.01, format!("{:.1}%", share * 100.0)),
        ],
        generator: GeneratorAt {
            busy_share: Some((rate_per_s / 2000.0).min(0.4)),
            send_lag_p99_us: 180 + rate_per_s as u64,
            short_of: Vec::new(),
        },
        refused: 0,
        retry_after_s: None,
        recovery: None,
    }
}
