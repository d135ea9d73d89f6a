//! Text to [`Document`], with every mistake of form in one go.
//!
//! serde stops at the first mistake; so the part that is wrong is noted, taken out of the tree, and the rest tried again.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::file::Document;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, nearest};

/// Enough for any file that a person wrote; a bound for the ones that nobody did.
const MOST_MISTAKES: usize = 50;

pub(super) fn document(source: &Source) -> Result<Document, Diagnostics> {
    let (tree, syntax_errors) = DeTable::parse_recoverable(&source.text);
    if !syntax_errors.is_empty() {
        let mistakes = syntax_errors.iter().take(MOST_MISTAKES).map(|error| of_syntax(source, error));
        return Err(Diagnostics(mistakes.collect()));
    }
    let (span, mut table) = (tree.span(), tree.into_inner());
    let mut mistakes = Diagnostics::default();
    loop {
        let attempt = Deserializer::from(Spanned::new(span.clone(), table.clone()));
        match Document::deserialize(attempt) {
            Ok(document) => return mistakes.unless_empty(document),
            Err(error) => {
                let place = error.span();
                mistakes.push(of_form(source, &error));
                let removed = place.is_some_and(|place| remove_from_table(&mut table, &place));
                if !removed || mistakes.0.len() >= MOST_MISTAKES {
                    return mistakes.unless_empty(Document::default());
                }
            }
        }
    }
}

fn of_syntax(source: &Source, error: &Error) -> Diagnostic {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    Diagnostic::at(source, error.span().unwrap_or(0..0), format!("not valid TOML: {message}"))
}

/// serde's sentence in the user's words.
fn of_form(source: &Source, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let names: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        if let Some((wrong, known)) = names.split_first() {
            return unknown_key(source, span, wrong, known.iter().copied());
        }
    }
    let message = match message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => format!("wrong type: expected {}, found {found}", plain_type(expected)),
        None => message.to_owned(),
    };
    Diagnostic::at(source, span, message)
}

/// The diagnostic for a key that does not exist at its place.
pub(crate) fn unknown_key<'a>(
    source: &Source,
    span: Range<usize>,
    wrong: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let hint = match nearest(wrong, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys here are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Diagnostic::at(source, span, format!("unknown key `{wrong}`")).label("not a key here").hint(hint)
}

/// serde names Rust's types; people know TOML's.
fn plain_type(expected: &str) -> &str {
    match expected {
        "a string" => "a string in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        other if other.starts_with("struct ") || other == "a map" => "a table",
        other => other,
    }
}

fn remove_from_table(table: &mut DeTable<'_>, place: &Range<usize>) -> bool {
    let mut wrong = None;
    for (key, value) in table.iter_mut() {
        if remove_inside(value, place) {
            return true;
        }
        if contains(&key.span(), place) || contains(&value.span(), place) {
            wrong = Some(key.clone());
        }
    }
    wrong.is_some_and(|key| table.remove(&key).is_some())
}

fn remove_inside(value: &mut Spanned<DeValue<'_>>, place: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => remove_from_table(table, place),
        DeValue::Array(items) => {
            if items.iter_mut().any(|item| remove_inside(item, place)) {
                return true;
            }
            let before = items.len();
            *items = items.iter().filter(|item| !contains(&item.span(), place)).cloned().collect();
            items.len() < before
        }
        _ => false,
    }
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> String {
        document(&Source::new("s.toml", text)).unwrap_err().to_string()
    }

    #[test]
    fn every_mistake_of_form_is_reported_in_one_go_and_in_order() {
        let shown = mistakes("name = 5\n[load]\nmodle = \"open\"\n[[step]]\nget = \"/\"\nheder = 1\n[taget]\n");
        let places: Vec<usize> = ["s.toml:1:8", "s.toml:3:1", "s.toml:6:1", "s.toml:7:"]
            .iter()
            .map(|place| shown.find(place).unwrap_or_else(|| panic!("{place} in {shown}")))
            .collect();
        assert!(places.is_sorted(), "{shown}");
        for hint in ["did you mean `model`?", "did you mean `target`?", "expected a string in quotes"] {
            assert!(shown.contains(hint), "{hint} in {shown}");
        }
    }

    #[test]
    fn syntax_errors_say_where() {
        assert!(mistakes("name = \n").contains("s.toml:1:"));
    }

    #[test]
    fn tables_keep_the_order_of_the_file() {
        let document = document(&Source::new("s", "[gates]\nz = \"a\"\nb = \"c\"\n")).unwrap();
        let names: Vec<_> = document.gates.unwrap().get_ref().0.iter().map(|(key, _)| key.get_ref().clone()).collect();
        assert_eq!(names, ["z", "b"]);
    }
}
