//! `report.html` of an exploration: one page that needs no network and no script, with the look of a run's.
//!
//! It is below 1 MB whatever the result holds: of very many rates the last are shown, which lie around the limit.

mod charts;
mod rates;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::Serialize;

use self::rates::{GateHead, RateView};
use super::words::{self, NONE};
use crate::explore::{ExplorationResult, Point};
use crate::report::HtmlError;
use crate::report::finding::{figure, outcome};
use crate::report::html::{
    Banner, Fact, Figure, Parts, Room, class_of, fill, lines_of, machine, paragraphs, started_words, within,
};
use crate::report::inert;
use crate::units::format_count;
use crate::verdict::Verdict;

const TEMPLATE: &str = concat!(
    include_str!("../../html/head.html"),
    include_str!("page.html"),
    include_str!("../../html/charts.html"),
    include_str!("rates.html"),
    include_str!("../../html/environment.html"),
    include_str!("about.html"),
);

static PARTS: LazyLock<Parts> =
    LazyLock::new(|| Parts::of(concat!(include_str!("../../html/style.css"), include_str!("exploration.css"))));

/// What is tried, in this order, until the page is small enough.
const ROOMS: [Room; 4] = [
    Room { rows: 300, text: 500, data: 0 },
    Room { rows: 120, text: 300, data: 0 },
    Room { rows: 40, text: 160, data: 0 },
    Room { rows: 16, text: 60, data: 0 },
];
const MOST_REASONS: usize = 8;

/// The page.
///
/// # Errors
/// When the template and the data do not fit together, which the tests rule out.
pub(super) fn render(result: &ExplorationResult) -> Result<String, HtmlError> {
    within(&ROOMS, |room| fill(TEMPLATE, Page::of(result, room)?))
}

/// Everything that the template shows.
#[derive(Debug, Serialize)]
struct Page {
    parts: &'static Parts,
    version: String,
    verdict: Banner,
    exit_code: u8,
    exit_meaning: &'static str,
    name: String,
    description: Vec<String>,
    started_at: String,
    started_words: String,
    base_url: String,
    key_figures: Vec<Fact>,
    /// What came out, in sentences.
    found: Vec<Fact>,
    figures: Vec<Figure>,
    rates: Vec<RateView>,
    rates_left_out: usize,
    gate_heads: Vec<GateHead>,
    gates_left_out: usize,
    findings: Vec<FindingView>,
    asked: Vec<Fact>,
    /// What the generator says of itself; the first is of all rates.
    generator: Vec<String>,
    generator_is_sound: bool,
    target_was_away: bool,
    environment: Vec<Fact>,
    scenario: Vec<String>,
    scenario_is_cut: bool,
    command: String,
}

/// What the verdict follows from.
#[derive(Debug, Serialize)]
struct FindingView {
    class: &'static str,
    status: &'static str,
    name: String,
    wanted: String,
    observed: String,
    reason: String,
}

impl Page {
    /// The page of `result`, with at most as much of everything as there is `room` for.
    fn of(result: &ExplorationResult, room: Room) -> Result<Self, HtmlError> {
        let cut = |text: &str| inert::cut(text, room.text);
        let left_out = result.points.len().saturating_sub(room.rows);
        let shown = &result.points[left_out..];
        let (scenario, scenario_is_cut) = lines_of(&result.scenario, room);
        let gate_heads = rates::heads(result, room);
        Ok(Self {
            parts: &PARTS,
            version: cut(&result.mnload_version),
            verdict: banner(result, room),
            exit_code: result.exit_code,
            exit_meaning: exit_meaning(result),
            name: inert::cut(&result.name, room.text.min(120)),
            description: paragraphs(&result.description, room.text),
            started_at: cut(&result.started_at),
            started_words: cut(&started_words(&result.started_at)),
            base_url: cut(&result.base_url),
            key_figures: key_figures(result, room),
            found: found(result, room),
            figures: charts::figures(result, shown, room)?,
            rates: rates::views(shown, &gate_heads, room),
            rates_left_out: left_out,
            gates_left_out: result.asked.gates.len().saturating_sub(gate_heads.len()),
            gate_heads,
            findings: findings(result, room),
            asked: asked(result, room),
            generator: generator(result, room),
            generator_is_sound: !words::generator_was_short(&result.points),
            target_was_away: words::target_was_away(&result.points),
            environment: environment(result, room),
            scenario,
            scenario_is_cut,
            command: inert::cut(&result.command, room.text * 4),
        })
    }
}

fn banner(result: &ExplorationResult, room: Room) -> Banner {
    let class = match result.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    };
    let mut reasons = words::reasons(result).into_iter().map(|reason| inert::cut(&words::quoted(&reason), room.text));
    Banner {
        class,
        word: words::verdict(result.verdict),
        partial: words::partial(result.ending),
        why: reasons.next().unwrap_or_default(),
        also: reasons.by_ref().take(MOST_REASONS).collect(),
        left_out: reasons.count(),
    }
}

fn exit_meaning(result: &ExplorationResult) -> &'static str {
    let capacity = &result.capacity;
    match result.exit_code {
        0 => "the capacity is known, and as it should be",
        4 if capacity.low_per_s.is_some() || capacity.high_per_s.is_some() => {
            "the capacity is not known as well as was asked"
        }
        4 => "the capacity is not known",
        5 => "nothing ran",
        99 => "the capacity is not as it should be",
        130 | 143 => "stopped before its end",
        _ => "see the documentation",
    }
}

fn key_figures(result: &ExplorationResult, room: Room) -> Vec<Fact> {
    let capacity = &result.capacity;
    let ends = match (words::middle(result), capacity.low_per_s, capacity.high_per_s) {
        (Some(_), Some(low), Some(high)) => format!("{} to {}", words::rate(low), words::rate(high)),
        _ => "journeys per second".to_owned(),
    };
    let ends = match words::precision(result) {
        precision if precision.is_empty() => ends,
        precision => format!("{ends}, {precision}"),
    };
    let gate = capacity.gate.as_deref().map(|gate| inert::cut(&format!("by {gate}"), room.text.min(60)));
    let tried = match result.points.len() {
        1 => "in 1 load".to_owned(),
        loads => format!("in {} loads", format_count(loads as u64)),
    };
    vec![
        Fact::noted("Capacity", words::capacity(result), ends),
        Fact::noted("Limited by", words::limit(result), gate.unwrap_or_default()),
        Fact::noted(
            "Knee",
            result.knee.map_or_else(|| NONE.to_owned(), |knee| words::rate(knee.per_s)),
            if result.knee.is_some() { "beyond it, load costs more" } else { "cannot be told" },
        ),
        Fact::noted("Rates tried", format_count(words::rates(&result.points)), tried),
        Fact::noted("Requests", format_count(result.requests), "in all"),
        Fact::noted("Took", words::seconds(result.elapsed_s), "from start to end"),
    ]
}

/// What came out, a sentence each.
fn found(result: &ExplorationResult, room: Room) -> Vec<Fact> {
    let told = [words::capacity(result), words::interval(result)];
    let told: Vec<String> = told.into_iter().filter(|part| !part.is_empty()).collect();
    let requests = words::requests_per_s(result).map(|per_s| format!("that is {} requests/s", words::bare(per_s)));
    let mut facts = vec![
        Fact::noted("Capacity", told.join(", "), requests.unwrap_or_default()),
        Fact::new("Limited by", inert::cut(&words::limited_by(result), room.text)),
    ];
    let none = "it cannot be told from the rates that were tried".to_owned();
    facts.push(Fact::new("Knee", result.knee.as_ref().map_or(none, words::knee)));
    let none = "no law describes the points well enough".to_owned();
    facts.push(Fact::new("Scalability", result.scalability.as_ref().map_or(none, words::scalability)));
    facts
}

fn findings(result: &ExplorationResult, room: Room) -> Vec<FindingView> {
    let cut = |text: &str| inert::cut(text, room.text);
    let view = |finding: &crate::verdict::Finding| FindingView {
        class: class_of(finding.status, finding.warn),
        status: outcome(finding),
        name: cut(&finding.name),
        wanted: cut(&finding.wanted),
        observed: finding.observed.as_deref().map_or_else(|| NONE.to_owned(), |text| cut(figure(text))),
        reason: finding.reason.as_deref().map(|reason| cut(&words::quoted(reason))).unwrap_or_default(),
    };
    result.findings.iter().take(room.rows).map(view).collect()
}

/// What was asked for.
fn asked(result: &ExplorationResult, room: Room) -> Vec<Fact> {
    let asked = &result.asked;
    let cut = |text: &str| inert::cut(text, room.text);
    let requests = asked.max_requests.map(|most| format!("and at most {} requests", format_count(most)));
    let mut facts = vec![
        Fact::new("Rates", format!("from {} to {}", words::rate(asked.from_per_s), words::rate(asked.to_per_s))),
        Fact::noted("Precision", format!("±{}", words::percent(asked.precision)), "of the capacity"),
        Fact::noted("Budget", words::seconds(asked.budget_s), requests.unwrap_or_default()),
    ];
    let gates = asked.gates.iter().take(room.rows / 8);
    facts.extend(gates.map(|(name, wanted)| Fact::noted("Gate", cut(wanted), cut(name))));
    let left_out = asked.left_out.iter().take(room.rows / 8);
    facts.extend(left_out.map(|(name, why)| Fact::noted("Left out", cut(name), cut(why))));
    facts
}

fn generator(result: &ExplorationResult, room: Room) -> Vec<String> {
    words::generator(&result.points).iter().take(room.rows / 4).map(|text| inert::cut(text, room.text)).collect()
}

fn environment(result: &ExplorationResult, room: Room) -> Vec<Fact> {
    let fact = |name: &'static str, value: &str| Fact::new(name, inert::cut(value, room.text));
    let mut facts = vec![
        fact("Scenario file", &result.file),
        fact("Target", &result.base_url),
        fact("Machine", &machine(&result.machine)),
        fact("Started", &result.started_at),
        fact("Scenario hash", &result.scenario_hash),
        fact("mnload", &result.mnload_version),
        fact("Result", &format!("{} {}", result.schema, result.schema_version)),
    ];
    facts.extend(result.warnings.iter().take(room.rows / 4).map(|warning| fact("Warning", warning)));
    facts
}

/// Whether `point` has a place on a chart of rates.
fn is_drawn(point: &Point) -> bool {
    point.rate_per_s.is_finite() && point.rate_per_s > 0.0
}
