//! Every rate that was tried, as rows of two tables: its figures, and its gates with the reason.

use serde::Serialize;

use super::super::words::{self, NONE};
use crate::explore::{ExplorationResult, GateAt, Outcome, Point};
use crate::report::html::Room;
use crate::report::inert;
use crate::units::format_count;

/// More gates than this have no column.
const MOST_GATES: usize = 6;

/// A column of gates.
#[derive(Debug, Serialize)]
pub(super) struct GateHead {
    name: String,
    wanted: String,
    /// As it stands in the result, to be found again.
    #[serde(skip)]
    key: String,
}

/// One rate.
#[derive(Debug, Serialize)]
pub(super) struct RateView {
    number: u64,
    rate: String,
    class: &'static str,
    outcome: &'static str,
    phase: &'static str,
    achieved: String,
    response_p50: String,
    response_p95: String,
    service_p95: String,
    errors: String,
    any_failed: bool,
    in_flight: String,
    took: String,
    ended: &'static str,
    gates: Vec<GateView>,
    reason: String,
    /// What is worth knowing beside it.
    notes: Vec<String>,
}

/// A gate at one rate.
#[derive(Debug, Serialize)]
struct GateView {
    text: String,
    broken: bool,
}

/// The gates that have a column.
pub(super) fn heads(result: &ExplorationResult, room: Room) -> Vec<GateHead> {
    let cut = |text: &str| inert::cut(text, room.text.min(60));
    let head = |(name, wanted): &(String, String)| GateHead { name: cut(name), wanted: cut(wanted), key: name.clone() };
    result.asked.gates.iter().take(MOST_GATES).map(head).collect()
}

/// The rows, the lowest rate first.
pub(super) fn views(points: &[Point], heads: &[GateHead], room: Room) -> Vec<RateView> {
    words::by_rate(points).into_iter().map(|point| view(point, heads, room)).collect()
}

/// What CSS calls an outcome.
pub(super) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "pass",
        Outcome::Breaks => "fail",
        Outcome::Unclear | Outcome::Generator => "inconclusive",
        Outcome::Interrupted => "skipped",
    }
}

fn view(point: &Point, heads: &[GateHead], room: Room) -> RateView {
    let (response, service) = (&point.response_us, &point.service_us);
    let gate = |head: &GateHead| {
        let at = point.gates.iter().find(|gate| gate.name == head.key);
        let observed = at.and_then(|gate| gate.observed.as_deref());
        GateView {
            text: observed.map_or_else(|| NONE.to_owned(), |text| inert::cut(text, room.text.min(40))),
            broken: at.is_some_and(|gate: &GateAt| gate.holds == Some(false)),
        }
    };
    RateView {
        number: point.number,
        rate: words::rate(point.rate_per_s),
        class: class(point.outcome),
        outcome: words::outcome(point.outcome),
        phase: words::phase(point.phase),
        achieved: words::rate(point.achieved_per_s),
        response_p50: words::time(response.count, response.p50),
        response_p95: words::time(response.count, response.p95),
        service_p95: words::time(service.count, service.p95),
        errors: words::share(point.error_rate),
        any_failed: point.failed > 0,
        in_flight: words::bare(point.in_flight),
        took: words::seconds(point.lasted_s),
        ended: words::ended(point.ended),
        gates: heads.iter().map(gate).collect(),
        reason: inert::cut(&words::quoted(&point.reason), room.text),
        notes: notes(point).iter().map(|note| inert::cut(note, room.text)).collect(),
    }
}

fn notes(point: &Point) -> Vec<String> {
    let mut notes = Vec::new();
    let wait = point.recovery.as_ref().map(|recovery| {
        let how = if recovery.recovered { "" } else { ", in which the target did not recover" };
        format!("after a wait of {}{how}", words::seconds(recovery.waited_s))
    });
    let steady = match point.steady_from_s {
        Some(from) => format!("steady from {} on", words::seconds(from)),
        None => "never steady".to_owned(),
    };
    notes.push([Some(steady), wait].into_iter().flatten().collect::<Vec<_>>().join(", "));
    if point.refused > 0 {
        let after = point.retry_after_s.map(|s| format!(", with Retry-After {}", words::seconds(s)));
        let count = format_count(point.refused);
        notes.push(format!("{count} answers with status 429 or 503{}", after.unwrap_or_default()));
    }
    notes.extend(point.generator.short_of.iter().map(|short| format!("the generator: {short}")));
    notes
}
