//! `[gates]`, with the runbook's two where the file has none, and never without one that looks at errors.

use super::resolver::Resolver;
use super::step::Step;
use super::stream::{Stream, is_once};
use crate::diagnostic::{Diagnostic, listed, nearest};
use crate::gate::{Bound, Gate, Metric, NamedGate, Of, Origin, Statistic};
use crate::scenario::{Document, Spanned, Value};

const DEFAULT_LATENCY: (&str, &str) = ("latency", "p95 < 600ms");
const DEFAULT_ERRORS: (&str, &str) = ("errors", "error_rate < 1%");
const DEFAULT_CHECKS: (&str, &str) = ("checks", "checks >= 100%");

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    document: &Document,
    steps: &[Step],
    streams: &[Stream],
) -> Vec<NamedGate> {
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
                gates.push(NamedGate { name: name.get_ref().clone(), gate, series, origin: Origin::File, skip });
            }
            Err(error) => {
                let span = resolver.source.within(&expression.span(), &text, error.span);
                resolver.mistakes.push(Diagnostic::at(resolver.source, span, error.message).hint(error.hint));
            }
        }
    }
    let judges_errors = gates.iter().any(judges_all_errors);
    let missing: &[(&str, &str)] = match (once, gates.is_empty()) {
        // One pass through the steps is too little for a percentile: its checks are what it shows.
        (true, true) => &[DEFAULT_CHECKS],
        (_, true) => &[DEFAULT_LATENCY, DEFAULT_ERRORS],
        // Requests that fail at once look fast: a run that nobody judges by its errors would pass for the wrong reason.
        (true, false) if !judges_errors => &[DEFAULT_CHECKS],
        (_, false) if !judges_errors => &[DEFAULT_ERRORS],
        (_, false) => &[],
    };
    gates.extend(missing.iter().filter_map(|(name, text)| default_gate(name, text)));
    gates
}

/// One pass through the steps has no percentiles and no rate: such gates of a file are for its other profiles.
fn skip(gate: &Gate, once: bool) -> Option<String> {
    let of_many = match gate.metric {
        Metric::Time(_, statistic) => statistic != Statistic::Max,
        Metric::Rate => true,
        Metric::ErrorRate(_) | Metric::Errors(_) | Metric::Failures | Metric::Checks | Metric::Journeys => false,
    };
    (of_many && once).then(|| format!("one pass through the steps has no {}", gate.metric))
}

/// Whether a run in which everything fails could not pass this gate.
fn judges_all_errors(named: &NamedGate) -> bool {
    let bound = named.gate.bound_value();
    let holds_at = |observed: f64| named.gate.comparison.holds(observed, bound);
    let is_absolute = !matches!(named.gate.bound, Bound::Baseline(_)) && !named.gate.options.warn;
    named.series.is_none()
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
            | Metric::Rate => false,
        }
}

fn default_gate(name: &str, text: &str) -> Option<NamedGate> {
    let gate = text.parse().ok()?;
    Some(NamedGate { name: name.to_owned(), gate, series: None, origin: Origin::Default, skip: None })
}

/// The numbers of the steps that the gate names, written as `text` in `expression`; none if it names none.
fn steps_of(
    resolver: &mut Resolver<'_>,
    gate: &Gate,
    expression: &Spanned<Value>,
    text: &str,
    (document, steps): (&Document, &[Step]),
) -> Option<Vec<usize>> {
    let name = match &gate.of {
        Of::All => return None,
        Of::Step(name) => name,
        Of::Group(group) => {
            let of_group = |step: &&(usize, &Step)| step.1.group.as_ref() == Some(group);
            return Some(steps.iter().enumerate().filter(|step| of_group(&step)).map(|(number, _)| number).collect());
        }
        Of::Tag(..) => return Some(Vec::new()),
    };
    let found = steps.iter().position(|step| step.name == *name);
    // A step that has a mistake of its own, or none at all, has been told.
    if found.is_none() && !steps.is_empty() && !is_written(document, name) {
        let names = steps.iter().map(|step| step.name.as_str());
        let hint = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the steps are: {}", listed(names)),
        };
        let place = text.rfind(name.as_str()).map_or(0..text.len(), |at| at..at + name.len());
        let place = resolver.source.within(&expression.span(), text, place);
        resolver.mistake(place, format!("there is no step `{name}`"), hint);
    }
    found.map(|step| vec![step])
}

/// Whether the file gives a step this name.
fn is_written(document: &Document, name: &str) -> bool {
    let of_flows = document.flow.iter().flat_map(|flow| &flow.get_ref().step);
    let mut names = document.step.iter().chain(of_flows).filter_map(|step| step.get_ref().name.as_ref());
    names.any(|written| written.get_ref() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_on_journeys_judges_errors_unless_it_holds_when_all_fail() {
        let judges = |text: &str| {
            let gate = text.parse().unwrap();
            judges_all_errors(&NamedGate { name: String::new(), gate, series: None, origin: Origin::File, skip: None })
        };
        assert!(judges("journeys >= 95%") && judges("journeys > 0%"));
        assert!(!judges("journeys >= 0%") && !judges("journeys < 50%") && !judges("p95 < 1s"));
    }
}
