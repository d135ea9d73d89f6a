//! Explorations for tests, made up.

use super::{
    Asked, Capacity, Ended, Evidence, ExplorationResult, GeneratorAt, Growth, LimitedBy, Outcome, Phase, Point, SCHEMA,
    SCHEMA_VERSION,
};
use crate::compare::MachineFacts;
use crate::metrics::Latency;
use crate::verdict::{Ending, Verdict};

pub(crate) fn asked() -> Asked {
    Asked {
        from_per_s: 10.0,
        to_per_s: 2_000.0,
        precision: 0.05,
        budget_s: 300.0,
        max_requests: None,
        pauses_s: 0.0,
        requests_per_journey: 1,
        gates: vec![("latency".to_owned(), "p95 < 300ms".to_owned())],
        left_out: Vec::new(),
    }
}

pub(crate) fn capacity(
    per_s: Option<f64>,
    low_per_s: Option<f64>,
    high_per_s: Option<f64>,
    limited_by: LimitedBy,
) -> Capacity {
    let precision = match (per_s, low_per_s, high_per_s) {
        (Some(per_s), Some(low), Some(high)) => Some((per_s - low).max(high - per_s) / per_s),
        _ => None,
    };
    let is_target = matches!(limited_by, LimitedBy::Target);
    Capacity {
        per_s,
        low_per_s,
        high_per_s,
        confidence: 0.95,
        precision,
        limited_by,
        gate: is_target.then(|| "latency".to_owned()),
        requests_per_s: per_s,
    }
}

pub(crate) fn known(low: f64, per_s: f64, high: f64, limited_by: LimitedBy) -> Capacity {
    capacity(Some(per_s), Some(low), Some(high), limited_by)
}

pub(crate) fn at_least(low: f64, limited_by: LimitedBy) -> Capacity {
    capacity(None, Some(low), None, limited_by)
}

pub(crate) fn held(rate_per_s: f64) -> Point {
    let response_us = Latency { count: 900, mean: 90_000.0, p50: 80_000, p95: 120_000, ..Latency::default() };
    Point {
        number: 1,
        phase: Phase::Climb,
        rate_per_s,
        outcome: Outcome::Holds,
        reason: "every gate holds".to_owned(),
        started_s: 0.0,
        lasted_s: 10.0,
        ended: Ended::Decided,
        steady_from_s: Some(1.0),
        judged_s: 9.0,
        achieved_per_s: rate_per_s,
        requests_per_s: rate_per_s,
        requests: 1_000,
        failed: 0,
        error_rate: Some(0.0),
        response_us,
        service_us: response_us,
        in_flight: rate_per_s * 0.09,
        growth: Growth::default(),
        evidence: Some(Evidence { gate: "latency".to_owned(), margin: 0.5, error: 0.1 }),
        gates: Vec::new(),
        generator: GeneratorAt::default(),
        refused: 0,
        retry_after_s: None,
        recovery: None,
    }
}

pub(crate) fn broken(rate_per_s: f64) -> Point {
    let response_us = Latency { count: 900, mean: 400_000.0, p50: 300_000, p95: 900_000, ..Latency::default() };
    Point {
        outcome: Outcome::Breaks,
        ended: Ended::Spared,
        response_us,
        evidence: Some(Evidence { gate: "latency".to_owned(), margin: -1.1, error: 0.1 }),
        ..held(rate_per_s)
    }
}

pub(crate) fn short_of_generator(rate_per_s: f64) -> Point {
    let generator =
        GeneratorAt { short_of: vec!["its one worker was busy all the time".to_owned()], ..GeneratorAt::default() };
    Point { outcome: Outcome::Generator, generator, ..broken(rate_per_s) }
}

/// A whole exploration that found `capacity`.
pub(crate) fn exploration(capacity: Capacity) -> ExplorationResult {
    ExplorationResult {
        schema: SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        mnload_version: "0.1.0".to_owned(),
        name: "capacity".to_owned(),
        description: String::new(),
        file: "capacity.toml".to_owned(),
        base_url: "http://127.0.0.1:9".to_owned(),
        scenario_hash: "sha256:1".to_owned(),
        scenario: String::new(),
        started_at: "2026-05-04T09:30:00Z".to_owned(),
        elapsed_s: 240.0,
        verdict: Verdict::Pass,
        exit_code: 0,
        reasons: Vec::new(),
        findings: Vec::new(),
        asked: asked(),
        capacity,
        used_up: None,
        knee: None,
        scalability: None,
        points: vec![held(160.0), broken(320.0)],
        requests: 40_000,
        machine: MachineFacts::default(),
        command: "mnload explore capacity.toml".to_owned(),
        ending: Ending::Completed,
        warnings: Vec::new(),
    }
}
