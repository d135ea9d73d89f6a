//! The steps that a gate is about: one by its name, or those of a group or with a tag.

use std::collections::BTreeSet;

use super::step::Step;
use crate::diagnostic::{listed, nearest};
use crate::gate::{Gate, Of};
use crate::scenario::{Document, Spanned, StepSection, Value};
use crate::values::Resolver;

/// The numbers of the steps that `gate` names, written as `text` in `expression`; none if it names none.
pub(super) fn steps_of(
    resolver: &mut Resolver<'_>,
    gate: &Gate,
    expression: &Spanned<Value>,
    text: &str,
    (document, steps): (&Document, &[Step]),
) -> Option<Vec<usize>> {
    if gate.of == Of::All {
        return None;
    }
    let found = found(&gate.of, steps);
    // A step that has a mistake of its own, or none at all, has been told.
    if found.is_empty() && !steps.is_empty() && !is_written(document, &gate.of) {
        let Unknown { written, message, hint } = unknown(&gate.of, steps);
        let place = text.rfind(&written).map_or(0..text.len(), |at| at..at + written.len());
        let place = resolver.source.within(&expression.span(), text, place);
        resolver.mistake(place, message, hint);
    }
    Some(found)
}

/// The numbers of the steps that `gate` names, which is in no file; none if it names none.
///
/// # Errors
/// When what it names leads to no step.
pub(super) fn steps_named(gate: &Gate, steps: &[Step]) -> Result<Option<Vec<usize>>, String> {
    match (&gate.of, found(&gate.of, steps)) {
        (Of::All, _) => Ok(None),
        (of, found) if found.is_empty() => {
            let Unknown { message, hint, .. } = unknown(of, steps);
            Err(format!("the gate `{gate}`: {message}; {hint}"))
        }
        (_, found) => Ok(Some(found)),
    }
}

/// The numbers of the steps that are meant.
fn found(of: &Of, steps: &[Step]) -> Vec<usize> {
    let is_meant = |step: &Step| match of {
        Of::All => false,
        Of::Step(name) => step.name == *name,
        Of::Group(group) => step.group.as_ref() == Some(group),
        Of::Tag(name, value) => step.tags.get(name) == Some(value),
    };
    (0..).zip(steps).filter(|(_, step)| is_meant(step)).map(|(number, _)| number).collect()
}

/// A name that leads to no step.
struct Unknown {
    /// As it stands in the gate.
    written: String,
    message: String,
    hint: String,
}

fn unknown(of: &Of, steps: &[Step]) -> Unknown {
    match of {
        Of::All => Unknown { written: String::new(), message: String::new(), hint: String::new() },
        Of::Step(name) => Unknown {
            written: name.clone(),
            message: format!("there is no step `{name}`"),
            hint: hint(name, "the steps are", steps.iter().map(|step| step.name.as_str()), ""),
        },
        Of::Group(group) => {
            let groups: BTreeSet<&str> = steps.iter().filter_map(|step| step.group.as_deref()).collect();
            Unknown {
                written: group.clone(),
                message: format!("there is no group `{group}`"),
                hint: hint(group, "the groups are", groups, "no step has a group: give some `group = \"…\"`"),
            }
        }
        Of::Tag(name, value) => {
            let names: BTreeSet<&str> = steps.iter().flat_map(|step| step.tags.keys()).map(String::as_str).collect();
            if !names.contains(name.as_str()) {
                let none = "no step has tags: give some `tags = { … }`";
                let message = format!("no step has a tag `{name}`");
                return Unknown { written: name.clone(), message, hint: hint(name, "the tags are", names, none) };
            }
            let values: BTreeSet<&str> =
                steps.iter().filter_map(|step| step.tags.get(name)).map(String::as_str).collect();
            Unknown {
                written: value.clone(),
                message: format!("no step has the tag `{name}` with the value `{value}`"),
                hint: hint(value, "its values are", values, ""),
            }
        }
    }
}

/// The name that is like `word`, or all that there are; `none` if there are none.
fn hint<'n>(word: &str, they_are: &str, names: impl IntoIterator<Item = &'n str>, none: &str) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match nearest(word, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => none.to_owned(),
        None => format!("{they_are}: {}", listed(names)),
    }
}

/// Whether the file gives a step this name, group or tag.
fn is_written(document: &Document, of: &Of) -> bool {
    let of_flows = document.flow.iter().flat_map(|flow| &flow.get_ref().step);
    let is_meant = |step: &StepSection| match of {
        Of::All => true,
        Of::Step(name) => step.name.as_ref().is_some_and(|written| written.get_ref() == name),
        Of::Group(group) => step.group.as_ref().is_some_and(|written| written.get_ref() == group),
        Of::Tag(name, value) => {
            let tags = step.tags.iter().flat_map(|tags| &tags.get_ref().0);
            let is_value = |written: &Value| matches!(written, Value::String(text) if text == value);
            tags.clone().any(|(written, of)| written.get_ref() == name && is_value(of.get_ref()))
        }
    };
    document.step.iter().chain(of_flows).any(|step| is_meant(step.get_ref()))
}
