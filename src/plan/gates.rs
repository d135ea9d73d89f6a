//! `[gates]`, with the runbook's two where the file has none, and never without one that looks at errors.

use std::time::Duration;

use super::meant::steps_of;
use super::prospects::Loads;
use super::stream::is_once;
use crate::diagnostic::Diagnostic;
use crate::gate::{Bound, Gate, Metric, NamedGate, Of, Origin, Span, Statistic};
use crate::scenario::{Document, Spanned, Value};
use crate::units::format_duration;
use crate::values::Resolver;

/// Why a run leaves a gate on the capacity out.
const FOUND_BY_EXPLORING: &str = "found by mnload explore";
pub(super) const DEFAULT_LATENCY: (&str, &str) = ("latency", "p95 < 600ms");
pub(super) const DEFAULT_ERRORS: (&str, &str) = ("errors", "error_rate < 1%");
const DEFAULT_CHECKS: (&str, &str) = ("checks", "checks >= 100%");

pub(super) fn resolve(resolver: &mut Resolver<'_>, document: &Document, loads: Loads<'_>) -> Vec<NamedGate> {
    let Loads { streams, steps, .. } = loads;
    let once = is_once(streams);
    let mut gates = Vec::new();
    for (name, expression) in document.gates.iter().flat_map(|entries| &entries.get_ref().0) {
        let before = resolver.mistakes.0.len();
        let text = resolver.scalar(name.get_ref(), expression);
        if resolver.mistakes.0.len() > before {
            continue;
        }
        match text.parse::<Gate>() {
            Ok(gate) => {
                let series = steps_of(resolver, &gate, expression, &text, (document, steps));
                let skip = skip(&gate, once);
                if gate.metric == Metric::Rate && gate.of != Of::All && streams.len() > 1 {
                    resolver.mistake(
                        expression.span(),
                        "the rate of a step cannot be judged here: flows have loads of their own, each with its own time",
                        "judge the rate of all, or give the flow a scenario of its own",
                    );
                }
                let named = NamedGate { name: name.get_ref().clone(), gate, series, origin: Origin::File, skip };
                refuse_long_window(resolver, &named, expression, &text, loads);
                gates.push(named);
            }
            Err(error) => {
                let span = resolver.source.within(&expression.span(), &text, error.span);
                resolver.mistakes.push(Diagnostic::at(resolver.source, span, error.message).hint(error.hint));
            }
        }
    }
    let judges_errors = gates.iter().any(judges_all_errors);
    // A capacity is nothing that a run shows.
    let has_none = gates.iter().all(|named| named.gate.metric == Metric::Capacity);
    let missing: &[(&str, &str)] = match (once, has_none) {
        // One pass through the steps is too little for a percentile: its checks are what it shows.
        (true, true) => &[DEFAULT_CHECKS],
        (_, true) => &[DEFAULT_LATENCY, DEFAULT_ERRORS],
        // Requests that fail at once look fast: a run that nobody judges by its errors would pass for the wrong reason.
        (true, false) if !judges_errors => &[DEFAULT_CHECKS],
        (_, false) if !judges_errors => &[DEFAULT_ERRORS],
        (_, false) => &[],
    };
    for (name, text) in missing {
        gates.extend(default_gate(&unused(name, &gates), text));
    }
    gates
}

/// `name`, or one like it that no gate of the file has: whoever reads a report must not take one for the other.
pub(super) fn unused(name: &str, gates: &[NamedGate]) -> String {
    let others = (2..).map(|number| format!("{name} {number}"));
    let mut names = std::iter::once(name.to_owned()).chain(others);
    names.find(|name| gates.iter().all(|named| named.name != *name)).unwrap_or_else(|| name.to_owned())
}

/// A window that no stretch of the load is as long as can never be judged.
fn refuse_long_window(
    resolver: &mut Resolver<'_>,
    named: &NamedGate,
    expression: &Spanned<Value>,
    text: &str,
    loads: Loads<'_>,
) {
    let (Span::Over(window), None) = (named.gate.span, &named.skip) else { return };
    let prospect = match &named.series {
        None => loads.of_gate(named, None),
        Some(steps) => loads.of_gate(named, Some(&|step| steps.contains(&step))),
    };
    // Windows begin with a whole second.
    let begin = Duration::from_secs(prospect.judged_from.as_secs_f64().ceil() as u64);
    let Some(judged) =
        prospect.ends_at_the_latest.map(|ends| ends.saturating_sub(begin)).filter(|judged| *judged < window)
    else {
        return;
    };
    let start = text.rfind(" over ").map_or(0, |at| at + 1);
    let place = start..text[start..].find(',').map_or(text.len(), |comma| start + comma);
    let place = resolver.source.within(&expression.span(), text, place);
    let (window, judged) = (format_duration(window), format_duration(judged));
    resolver.mistake(
        place,
        format!("a window of {window} does not fit into the load: {judged} of it are judged"),
        "make the window shorter or the load longer; a profile can give this gate a window of its own",
    );
}

/// One pass through the steps has no percentiles and no rate: such gates of a file are for its other profiles. No run has a
/// capacity.
fn skip(gate: &Gate, once: bool) -> Option<String> {
    let of_many = match gate.metric {
        Metric::Time(_, statistic) => statistic != Statistic::Max,
        Metric::Rate => true,
        Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures | Metric::Checks | Metric::Journeys => false,
        Metric::Capacity => return Some(FOUND_BY_EXPLORING.to_owned()),
    };
    match gate.span {
        _ if !once => None,
        Span::Over(_) => Some("one pass through the steps has no windows".to_owned()),
        Span::Whole | Span::InARow => of_many.then(|| format!("one pass through the steps has no {}", gate.metric)),
    }
}

/// Whether a run in which everything fails could not pass this gate.
pub(super) fn judges_all_errors(named: &NamedGate) -> bool {
    let bound = named.gate.bound_value();
    let holds_at = |observed: f64| named.gate.comparison.holds(observed, bound);
    let is_absolute = !matches!(named.gate.bound, Bound::Baseline(_)) && !named.gate.options.warn;
    // What is skipped in this run judges nothing in it.
    named.skip.is_none()
        && named.series.is_none()
        && is_absolute
        && match named.gate.metric {
            Metric::ErrorRate(None) => !holds_at(1.0),
            Metric::Checks | Metric::Journeys => !holds_at(0.0),
            // How many requests there will be is not known before: one failure must be too much.
            Metric::Errors(None) => !holds_at(1.0),
            Metric::ErrorRate(Some(_))
            | Metric::Errors(Some(_))
            | Metric::Failures
            | Metric::Time(..)
            | Metric::Rate
            | Metric::Capacity => false,
        }
}

pub(super) fn default_gate(name: &str, text: &str) -> Option<NamedGate> {
    let gate = text.parse().ok()?;
    Some(NamedGate { name: name.to_owned(), gate, series: None, origin: Origin::Default, skip: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_is_added_takes_no_name_that_is_taken() {
        let plan = crate::plan::fixture::plan(
            "[[step]]\nget = \"/x\"\n[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"9s\"\n[gates]\nerrors = \"error_rate <= 100%\"\n",
        );
        let names: Vec<&str> = plan.gates.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(names, ["errors", "errors 2"]);
    }

    #[test]
    fn a_capacity_is_left_to_explorations_and_is_no_gate_of_a_run() {
        let of = |gates: &str| {
            let load = "[[step]]\nget = \"/x\"\n[load]\nmodel = \"open\"\nrate = \"1/s\"\nduration = \"9s\"\n";
            let plan = crate::plan::fixture::plan(&format!("{load}[gates]\nmuch = \"capacity >= 200/s\"\n{gates}"));
            plan.gates.into_iter().map(|named| (named.name, named.skip)).collect::<Vec<_>>()
        };
        let skipped = ("much".to_owned(), Some("found by mnload explore".to_owned()));
        let added = |name: &str| (name.to_owned(), None);
        assert_eq!(of(""), [skipped.clone(), added("latency"), added("errors")]);
        assert_eq!(of("mine = \"p99 < 2s\"\n"), [skipped.clone(), added("mine"), added("errors")]);
        assert_eq!(of("errors = \"error_rate < 2%\"\n"), [skipped, added("errors")]);
    }

    #[test]
    fn a_gate_on_journeys_judges_errors_unless_it_holds_when_all_fail() {
        let judges = |text: &str| {
            let gate = text.parse().unwrap();
            judges_all_errors(&NamedGate { name: String::new(), gate, series: None, origin: Origin::File, skip: None })
        };
        assert!(judges("journeys >= 95%") && judges("journeys > 0%"));
        let skipped =
            NamedGate { skip: Some("not in this run".to_owned()), ..default_gate("e", "error_rate < 1%").unwrap() };
        assert!(!judges_all_errors(&skipped), "what is not judged lets everything pass");
        assert!(!judges("journeys >= 0%") && !judges("journeys < 50%") && !judges("p95 < 1s"));
    }
}
