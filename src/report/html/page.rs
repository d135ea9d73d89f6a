//! The page in words: every figure already with its unit, every sentence written, for the template to lay out.

use std::time::Duration;

use serde::Serialize;

use super::HtmlError;
use super::calls::{self, Calls};
use super::charts::{self, Figure};
use super::tables::{self, ComparisonTable, Errors, Gates, StepTable};
use crate::metrics::Latency;
use crate::report::Report;
use crate::report::finding;
use crate::report::result::RunResult;
use crate::report::statement::counted;
use crate::report::strain;
use crate::units;
use crate::units::{format_bytes, format_count, format_duration, format_rate, format_share};
use crate::verdict::{Ending, Kind, Status, Verdict};

/// What stands where there is no figure.
pub(super) const NONE: &str = "–";
/// More sentences of reason than this are left to the table of gates.
const MOST_REASONS: usize = 8;

/// Everything that the template shows.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    style: &'static str,
    verdict: Banner,
    name: String,
    description: Vec<String>,
    started_at: String,
    started_words: String,
    base_url: String,
    insecure: bool,
    key_figures: Vec<Fact>,
    gates: Gates,
    validity: Validity,
    steps: StepTable,
    /// How the run compares with earlier ones, if it was.
    comparison: Option<ComparisonTable>,
    /// The calls of a once run, in place of steps, charts and errors.
    calls: Option<Calls>,
    figures: Vec<Figure>,
    errors: Errors,
    environment: Vec<Fact>,
}

/// The verdict and what it stands on.
#[derive(Debug, Serialize)]
struct Banner {
    /// For CSS.
    class: &'static str,
    word: &'static str,
    exit_code: u8,
    exit_meaning: &'static str,
    why: String,
    /// Further reasons.
    also: Vec<String>,
    /// Reasons that are not shown.
    left_out: usize,
}

/// A figure with its name.
#[derive(Debug, Serialize)]
pub(super) struct Fact {
    name: &'static str,
    value: String,
    /// A word on it.
    note: String,
}

/// Whether the figures can be trusted.
#[derive(Debug, Serialize)]
struct Validity {
    sentence: &'static str,
    sound: bool,
    scheduled: String,
    /// What became of the journeys, in the order of the identity.
    parts: Vec<Fact>,
    balances: bool,
    facts: Vec<Fact>,
}

impl Page {
    /// The page of `report`.
    pub(super) fn of(report: &Report, style: &'static str) -> Result<Self, HtmlError> {
        let result = &report.result;
        Ok(Self {
            style,
            verdict: banner(result),
            name: tables::short(&result.name),
            description: result.description.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect(),
            started_at: result.started_at.clone(),
            started_words: started_words(&result.started_at),
            base_url: result.plan.base_url.clone(),
            insecure: result.plan.insecure,
            key_figures: key_figures(result),
            gates: tables::gates(result),
            validity: validity(result),
            steps: tables::steps(result),
            comparison: result.comparison.as_ref().map(tables::comparison),
            calls: calls::of(result),
            figures: if result.is_once() { Vec::new() } else { charts::figures(report)? },
            errors: tables::errors(result),
            environment: environment(result),
        })
    }
}

impl Fact {
    fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), note: String::new() }
    }

    fn noted(name: &'static str, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name, value: value.into(), note: note.into() }
    }
}

/// A time for a table: beyond minutes nobody reads milliseconds.
pub(super) fn format_us(us: u64) -> String {
    const SECOND: u64 = 1_000_000;
    units::format_us(if us < 600 * SECOND { us } else { us / SECOND * SECOND })
}

/// A time of `latency`, if anything was counted.
pub(super) fn time(latency: &Latency, us: u64) -> String {
    if latency.count == 0 { NONE.to_owned() } else { format_us(us) }
}

fn banner(result: &RunResult) -> Banner {
    let (class, word) = match result.verdict {
        Verdict::Pass => ("pass", "PASS"),
        Verdict::Fail => ("fail", "FAIL"),
        Verdict::Inconclusive => ("inconclusive", "INCONCLUSIVE"),
    };
    let mut reasons = reasons(result).into_iter();
    let why = reasons.next().unwrap_or_else(|| stands_on(result));
    let also: Vec<_> = reasons.by_ref().take(MOST_REASONS).collect();
    Banner {
        class,
        word,
        exit_code: result.exit_code,
        exit_meaning: exit_meaning(result.exit_code),
        why,
        also,
        left_out: reasons.count(),
    }
}

/// The reasons, those first that decide: what cannot be judged outweighs what failed.
fn reasons(result: &RunResult) -> Vec<String> {
    let undecided = result.findings.iter().filter(|finding| matches!(finding.status, Status::Invalid | Status::NoData));
    let decisive: Vec<_> = undecided.filter_map(|finding| finding.reason.as_deref()).collect();
    let mut reasons = result.reasons.clone();
    reasons.sort_by_key(|reason| !decisive.iter().any(|decisive| reason.contains(decisive)));
    reasons
}

/// What a verdict without reasons stands on.
fn stands_on(result: &RunResult) -> String {
    format!("{}.", finding::stands_on(result))
}

fn exit_meaning(code: u8) -> &'static str {
    match code {
        0 => "every gate passed",
        4 => "nothing certain can be said",
        5 => "nothing ran",
        99 => "a gate failed",
        130 | 143 => "stopped before its end",
        _ => "see the documentation",
    }
}

/// `2026-05-04T09:30:00.123Z` as people read it.
fn started_words(started_at: &str) -> String {
    match started_at.split_once('T') {
        Some((day, time)) if time.ends_with('Z') => {
            let time = time.trim_end_matches('Z');
            format!("{day} {} UTC", time.split_once('.').map_or(time, |(whole, _)| whole))
        }
        _ => started_at.to_owned(),
    }
}

fn seconds(seconds: f64) -> String {
    // A span that no clock counts is a broken file, not a reason to stop.
    format_duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

fn key_figures(result: &RunResult) -> Vec<Fact> {
    let response = &result.times_us.response;
    let all = result.all_steps();
    let (requests, failed) = (all.requests, all.failed);
    let share = all.error_rate().map_or_else(|| NONE.to_owned(), format_share);
    if result.is_once() {
        let checks = format!("of {}", counted(all.checks_passed + all.checks_failed, "expectation"));
        return vec![
            Fact::new("Requests", format_count(requests)),
            Fact::noted("Failed", format_count(failed), share),
            Fact::noted("Met", format_count(all.checks_passed), checks),
            Fact::noted("Longest", time(response, response.max), "due to done"),
            Fact::noted("In all", seconds(result.elapsed_s), "from the first to the last"),
            Fact::noted("Connections", format_count(result.generator.connections_opened), "opened"),
        ];
    }
    vec![
        Fact::noted("Requests", format_count(requests), format_rate(result.rates.requests_per_s)),
        Fact::noted("Failed", share, format_count(failed)),
        Fact::noted("Response p50", time(response, response.p50), "half are faster"),
        Fact::noted("Response p95", time(response, response.p95), "1 in 20 is slower"),
        Fact::noted("Response p99", time(response, response.p99), "1 in 100 is slower"),
        Fact::noted("Longest", time(response, response.max), "due to done"),
    ]
}

fn validity(result: &RunResult) -> Validity {
    let accounting = &result.accounting;
    let broken = result.findings.iter().any(|finding| finding.kind == Kind::Validity && finding.status != Status::Pass);
    let sound = !broken && accounting.started() > 0;
    Validity {
        sentence: match (sound, broken, result.times_us.send_lag.count) {
            (_, true, _) => "The figures cannot be trusted: see what was found about the run above.",
            (false, ..) => "No journey was started, so there are no figures to trust.",
            (.., 0) => "Nothing speaks against the figures: every journey is accounted for.",
            _ => "Nothing speaks against the figures: the generator was punctual and every journey is accounted for.",
        },
        sound,
        scheduled: format_count(accounting.scheduled),
        parts: vec![
            Fact::new("passed", format_count(accounting.passed)),
            Fact::new("failed", format_count(accounting.failed)),
            Fact::new("abandoned", format_count(accounting.abandoned)),
            Fact::new("unstarted", format_count(accounting.unstarted)),
        ],
        balances: accounting.balances(),
        facts: [rates(result), generator(result)].into_iter().flatten().chain(machine(result)).collect(),
    }
}

fn rates(result: &RunResult) -> [Fact; 5] {
    let (rates, lag) = (&result.rates, &result.times_us.send_lag);
    let reached = match rates.offered_per_s > 0.0 {
        true => format!("{} of what was offered", format_share(rates.achieved_per_s / rates.offered_per_s)),
        false => String::new(),
    };
    [
        Fact::noted("Offered", format_rate(rates.offered_per_s), "journeys that were due"),
        Fact::noted("Achieved", format_rate(rates.achieved_per_s), reached),
        Fact::noted("Send lag p50", time(lag, lag.p50), "due to sent"),
        Fact::noted("Send lag p99", time(lag, lag.p99), "the generator’s own lateness"),
        Fact::noted("Send lag max", time(lag, lag.max), counted(lag.count, "request")),
    ]
}

fn generator(result: &RunResult) -> [Fact; 5] {
    let (generator, plan) = (&result.generator, &result.plan);
    let memory = match generator.peak_rss_bytes {
        0 => NONE.to_owned(),
        bytes => format_bytes(bytes),
    };
    let waited = match generator.waited_for_slot {
        0 => format!("of {} allowed", format_count(plan.max_in_flight)),
        waited => {
            format!("of {} allowed; {} waited for a place", format_count(plan.max_in_flight), format_count(waited))
        }
    };
    [
        Fact::noted(
            "Generator CPU",
            if generator.unknown { NONE.to_owned() } else { format!("{:.0}%", generator.cpu_share * 100.0) },
            format!("busy, of each worker’s core{}", strain::busiest(result)),
        ),
        Fact::new("Workers", format_count(generator.workers)),
        Fact::noted("Memory", memory, "highest resident"),
        Fact::noted(
            "Connections",
            format_count(generator.connections_opened),
            format!("opened, reused for {} requests", format_count(generator.connections_reused)),
        ),
        Fact::noted(
            "In flight",
            if generator.unknown { NONE.to_owned() } else { format_count(generator.peak_in_flight) },
            waited,
        ),
    ]
}

/// What was in the way of the generator, where something was.
fn machine(result: &RunResult) -> Option<Fact> {
    let notes = strain::notes(result);
    (!notes.is_empty()).then(|| Fact::new("Machine", notes.join("; ")))
}

fn environment(result: &RunResult) -> Vec<Fact> {
    let plan = &result.plan;
    let ending = match result.ending {
        Ending::Completed => "the plan was carried out",
        Ending::Aborted => "stopped before its end, by a step or for a gate",
        Ending::Interrupted => "stopped by Ctrl-C",
        Ending::Terminated => "stopped by SIGTERM",
        Ending::Killed => "killed; this is what its journal holds",
    };
    let warm_up_s = result.warm_up.as_ref().map_or(0.0, |warm_up| warm_up.seconds);
    let facts = vec![
        Fact::new("Plan", plan.statement.clone()),
        Fact::new("Load model", plan.load.model.clone()),
        Fact::new("Scenario file", plan.file.clone()),
        Fact::new("Target", plan.base_url.clone()),
        Fact::new("Certificates", if plan.insecure { "NOT CHECKED (insecure)" } else { "checked" }),
        Fact::new("Seed", plan.seed.to_string()),
        Fact::new("Started", result.started_at.clone()),
        Fact::noted("Elapsed", seconds(result.elapsed_s), format!("load for {}", seconds(result.window_s + warm_up_s))),
        Fact::new("Ending", ending),
        Fact::new("mnload", result.mnload_version.clone()),
        Fact::new("Result", format!("{} {}", result.schema, result.schema_version)),
    ];
    let warm_up = result.warm_up.iter().map(|warm_up| Fact::new("Warm-up", warm_up.told()));
    let warnings = result.warnings.iter().map(|text| Fact::new("Warning", text.clone()));
    facts.into_iter().chain(warm_up).chain(warnings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn what_was_in_the_generators_way_stands_with_its_facts() {
        let mut result = Fixture::default().report().result;
        let machine = |result: &RunResult| validity(result).facts.into_iter().find(|fact| fact.name == "Machine");
        assert!(machine(&result).is_none());
        result.generator.stalls = 1;
        result.generator.loop_lag_us.max = 84_000;
        assert_eq!(
            machine(&result).map(|fact| fact.value).as_deref(),
            Some("stood still once, for 84ms at the longest")
        );
    }

    #[test]
    fn a_start_is_worded_without_guessing() {
        assert_eq!(started_words("2026-05-04T09:30:00.123Z"), "2026-05-04 09:30:00 UTC");
        assert_eq!(started_words("yesterday"), "yesterday");
    }
}
