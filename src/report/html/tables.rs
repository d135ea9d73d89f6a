//! The tables of gates, steps and errors. Very long lists are cut, and say where the rest is.

use serde::Serialize;

use super::Room;
use super::page::{NONE, time};
use crate::compare::Comparison;
use crate::report::comparison::{Words, warnings};
use crate::report::finding::{figure, first_broken, outcome, short_interval, warns};
use crate::report::inert::cut;
use crate::report::margin::margin;
use crate::report::result::{ErrorResult, RunResult, StepResult};
use crate::units::{format_count, format_share};
use crate::verdict::{Finding, Kind, Status};

/// Longer names are cut.
const LONGEST_NAME: usize = 120;
const MOST_EXAMPLES: usize = 5;

/// Gates, and what was found about the run itself.
#[derive(Debug, Serialize)]
pub(super) struct Gates {
    rows: Vec<FindingRow>,
    about_left_out: usize,
    /// What the column of intervals is called; empty if there are none.
    interval_title: String,
    /// Findings that are no gates.
    about_the_run: Vec<FindingRow>,
    left_out: usize,
    any_added: bool,
}

#[derive(Debug, Serialize)]
struct FindingRow {
    name: String,
    /// Asked for by mnload.
    added: bool,
    /// It decides nothing.
    only_warns: bool,
    wanted: String,
    observed: String,
    /// How far from the bound.
    margin: String,
    /// Empty where the figure has none.
    interval: String,
    samples: String,
    /// For CSS.
    class: &'static str,
    status: &'static str,
    /// Since when it does not hold, and why it came out so.
    reasons: Vec<String>,
}

/// Requests by step.
#[derive(Debug, Serialize)]
pub(super) struct StepTable {
    all: StepRow,
    rows: Vec<StepRow>,
    groups: Vec<StepRow>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct StepRow {
    name: String,
    requests: String,
    failed: String,
    any_failed: bool,
    share: String,
    /// Response p50, p90, p95, p99, p99.9, max; service p95, p99.
    times: Vec<String>,
}

/// Errors by class.
#[derive(Debug, Serialize)]
pub(super) struct Errors {
    classes: Vec<ErrorClass>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct ErrorClass {
    class: String,
    count: String,
    first: String,
    last: String,
    examples: Vec<Example>,
}

#[derive(Debug, Serialize)]
struct Example {
    at: String,
    step: String,
    message: String,
}

/// The run beside earlier ones.
#[derive(Debug, Serialize)]
pub(super) struct ComparisonTable {
    rows: Vec<Words>,
    left_out: usize,
    base: Vec<String>,
    remarks: Vec<String>,
}

/// The table of a comparison.
pub(super) fn comparison(comparison: &Comparison, room: Room) -> ComparisonTable {
    let warnings = warnings(comparison);
    let remarks = warnings.iter().chain(&comparison.notes);
    ComparisonTable {
        rows: comparison.rows.iter().take(room.rows).map(Words::of).map(|words| words.cut(room.text)).collect(),
        left_out: comparison.rows.len().saturating_sub(room.rows),
        base: comparison.base.iter().take(room.rows).map(|run| cut(&run.origin, room.text)).collect(),
        remarks: remarks.take(room.rows).map(|text| cut(text, room.text)).collect(),
    }
}

/// A name that fits into a table.
pub(super) fn short(name: &str) -> String {
    cut(name, LONGEST_NAME)
}

/// The table of gates.
pub(super) fn gates(result: &RunResult, room: Room) -> Gates {
    let of =
        |validity: bool| result.findings.iter().filter(move |finding| (finding.kind == Kind::Validity) == validity);
    let row = |finding: &Finding| finding_row(finding, &result.plan.added_gates, room);
    let confidence = of(false).filter_map(|finding| finding.interval.as_ref()).map(|it| it.confidence * 100.0).next();
    Gates {
        interval_title: confidence.map(|percent| format!("{percent:.0}% interval")).unwrap_or_default(),
        rows: of(false).take(room.rows).map(row).collect(),
        about_the_run: of(true).take(room.rows).map(row).collect(),
        left_out: of(false).count().saturating_sub(room.rows),
        about_left_out: of(true).count().saturating_sub(room.rows),
        any_added: !result.plan.added_gates.is_empty(),
    }
}

/// What CSS calls a status.
pub(in crate::report) fn class_of(status: Status, warn: bool) -> &'static str {
    match status {
        _ if warns(status, warn) => "inconclusive",
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::NoData | Status::Invalid => "inconclusive",
        Status::Skipped => "skipped",
    }
}

fn finding_row(finding: &Finding, added: &[String], room: Room) -> FindingRow {
    let text = |text: &str| cut(text, room.text);
    FindingRow {
        name: short(&finding.name),
        added: finding.kind == Kind::Gate && added.contains(&finding.name),
        only_warns: finding.warn,
        wanted: text(&finding.wanted),
        observed: finding.observed.as_deref().map(figure).map_or(NONE.to_owned(), text),
        margin: margin(finding).unwrap_or_else(|| NONE.to_owned()),
        interval: finding.interval.as_ref().map(|interval| text(&short_interval(interval))).unwrap_or_default(),
        samples: format_count(finding.samples),
        class: class_of(finding.status, finding.warn),
        status: outcome(finding),
        reasons: seen(finding)
            .into_iter()
            .chain([first_broken(finding), finding.reason.clone()].into_iter().flatten())
            .map(|reason| text(&reason))
            .collect(),
    }
}

/// Where the figure was seen, or what it was made of.
fn seen(finding: &Finding) -> Option<String> {
    let observed = finding.observed.as_deref()?;
    let rest = observed.get(figure(observed).len()..).map(|rest| rest.trim_start_matches([' ', ':', '(']))?;
    let rest = if observed.ends_with(')') && !rest.contains('(') { rest.trim_end_matches(')') } else { rest };
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// The table of steps, all together first.
pub(super) fn steps(result: &RunResult, room: Room) -> StepTable {
    let groups = result.groups.0.iter().take(room.rows);
    StepTable {
        all: step_row("All steps", &result.all_steps()),
        rows: result.steps.0.iter().take(room.rows).map(|(name, step)| step_row(name, step)).collect(),
        groups: groups.map(|(name, sum)| step_row(&format!("Group: {name}"), sum)).collect(),
        left_out: result.steps.0.len().saturating_sub(room.rows),
    }
}

fn step_row(name: &str, step: &StepResult) -> StepRow {
    let (response, service) = (&step.response_us, &step.service_us);
    let responses = [response.p50, response.p90, response.p95, response.p99, response.p999, response.max];
    let services = [service.p95, service.p99];
    let times = responses.into_iter().map(|us| time(response, us));
    StepRow {
        name: short(name),
        requests: format_count(step.requests),
        failed: format_count(step.failed),
        any_failed: step.failed > 0,
        share: step.error_rate().map_or(NONE.to_owned(), format_share),
        times: times.chain(services.into_iter().map(|us| time(service, us))).collect(),
    }
}

/// Errors, the most frequent class first.
pub(super) fn errors(result: &RunResult, room: Room) -> Errors {
    let most = room.rows / 8;
    Errors {
        classes: result.errors.iter().take(most).map(|error| error_class(error, room)).collect(),
        left_out: result.errors.len().saturating_sub(most),
    }
}

fn error_class(error: &ErrorResult, room: Room) -> ErrorClass {
    let example = |example: &crate::report::ExampleResult| Example {
        at: at(example.at_s),
        step: short(&example.step),
        message: cut(&example.message, room.text),
    };
    ErrorClass {
        class: short(&error.class),
        count: format_count(error.count),
        first: at(error.first_at_s),
        last: at(error.last_at_s),
        examples: error.examples.iter().take(MOST_EXAMPLES).map(example).collect(),
    }
}

fn at(seconds: f64) -> String {
    format!("{seconds:.1}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_figure_was_made_of_stands_below_it() {
        let of = |observed: &str| {
            seen(&Finding { observed: Some(observed.to_owned()), ..Finding::new("a", Kind::Gate, "") })
        };
        assert_eq!(of("19ms"), None);
        assert_eq!(
            of("19ms (worst of 11 windows, ended at 16s)").as_deref(),
            Some("worst of 11 windows, ended at 16s")
        );
        assert_eq!(of("1.01x: 18.3ms to 18.5ms").as_deref(), Some("18.3ms to 18.5ms"));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("ääää", 3), "äää…");
        assert_eq!(cut("ääää", 4), "ääää");
    }
}
