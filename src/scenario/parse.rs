//! Text to [`Document`], with every mistake of form in one go.
//!
//! Lays the files and the chosen profile over each other, then reads the tree. serde stops at the first mistake; so the
//! part that is wrong is noted, taken out of the tree, and the rest tried again.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::ScenarioFile;
use super::canonical::canonical;
use super::effective::effective;
use super::file::Document;
use super::include::{self, Gathered};
use super::merge::{Level, lay_over, shifted};
use super::profile::{self, Profiles};
use crate::diagnostic::{Diagnostic, Diagnostics, File, Source, nearest};

/// The document that `text`, the files that it uses and its profile make together.
pub(super) fn document(name: &str, text: &str, profile: Option<&str>) -> Result<ScenarioFile, Diagnostics> {
    let Gathered { source, order, mut mistakes } = include::gather(name, text);
    let complete = mistakes.0.is_empty();
    let mut tree = DeTable::new();
    for number in order {
        lay_over(&mut tree, tree_of(&source.files()[number]), Level::File);
    }
    let profiles = Profiles::take_from(&mut tree, &source, &mut mistakes);
    let mut document: Document = form(&source, &mut tree, &mut mistakes);
    for name in profiles.names() {
        form::<Document>(&source, &mut profiles.part_of(&tree, name), &mut mistakes);
    }
    if let Some(name) = profile {
        match profiles.check_known(name) {
            Ok(()) => {
                profiles.lay_over(&mut tree, name);
                document = form(&source, &mut tree, &mut mistakes);
            }
            // A file that is missing may hold the profile: one mistake should not look like two.
            Err(mistake) if complete => mistakes.push(mistake),
            Err(_) => {}
        }
    }
    let (canonical, effective) = (canonical(&tree), effective(&tree));
    mistakes.unless_empty(document).map(|document| ScenarioFile { source, document, canonical, effective })
}

/// As [`document`], for a file of another form: `use` is followed, and there are no profiles.
pub(super) fn other<T: Default + DeserializeOwned>(
    name: &str,
    text: &str,
) -> Result<(Source, T, toml::Table), Diagnostics> {
    let Gathered { source, order, mut mistakes } = include::gather(name, text);
    let mut tree = DeTable::new();
    for number in order {
        lay_over(&mut tree, tree_of(&source.files()[number]), Level::File);
    }
    let document = form(&source, &mut tree, &mut mistakes);
    let effective = effective(&tree);
    mistakes.unless_empty((source, document, effective))
}

/// The keys and values of a file that is known to be TOML, with their places in the whole source.
fn tree_of(file: &File) -> DeTable<'_> {
    let (tree, _) = DeTable::parse_recoverable(&file.text);
    let mut tree = shifted(tree.into_inner(), file.start);
    tree.remove(include::KEY);
    tree
}

/// What `tree` says; takes out of it what is wrong, noting what is not noted yet.
fn form<T: Default + DeserializeOwned>(source: &Source, tree: &mut DeTable<'_>, mistakes: &mut Diagnostics) -> T {
    let everything = 0..source.files()[0].text.len();
    loop {
        let attempt = Deserializer::from(Spanned::new(everything.clone(), tree.clone()));
        match T::deserialize(attempt) {
            Ok(document) => return document,
            Err(error) => {
                let mistake = of_form(source, &error);
                if !mistakes.0.iter().any(|known| is_same(known, &mistake)) {
                    mistakes.push(mistake);
                }
                let removed = error.span().is_some_and(|place| remove_from_table(tree, &place));
                if !removed || mistakes.0.len() >= Diagnostics::MOST {
                    return T::default();
                }
            }
        }
    }
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let place = |diagnostic: &Diagnostic| diagnostic.place.as_ref().map(|(_, span)| span.clone());
    one.message == other.message && place(one) == place(other)
}

/// The diagnostic for a value that is not what was `expected`.
pub(super) fn wrong_type(source: &Source, span: Range<usize>, expected: &str, found: &DeValue<'_>) -> Diagnostic {
    Diagnostic::at(source, span, format!("wrong type: expected {expected}, found {}", plain_found(found.type_str())))
}

/// serde's sentence in the user's words.
fn of_form(source: &Source, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let names: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        if let Some((wrong, known)) = names.split_first() {
            // Some keys of the top level are read before serde sees the rest.
            let of_scenario = known.contains(&"teardown") && known.contains(&"gates");
            let of_release = known.contains(&"gate") && known.contains(&"rollback");
            let more: &[&str] = match (of_scenario, of_release) {
                (true, _) => &[include::KEY, profile::KEY],
                (_, true) => &[include::KEY],
                _ => &[],
            };
            let mistake = unknown_key(source, span, wrong, known.iter().chain(more).copied());
            return match (of_scenario, of_release, *wrong) {
                (true, _, "gate" | "rollback" | "roles") => mistake.hint("a release file is for `mnload release`"),
                (_, true, "step" | "flow" | "target" | "load") => mistake.hint("a scenario is for `mnload run`"),
                _ => mistake,
            };
        }
    }
    let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    else {
        return Diagnostic::at(source, span, message);
    };
    if found.ends_with("as i128") || found.ends_with("as u128") {
        return Diagnostic::at(source, span, "this number is too large").hint(format!("at most {}", i64::MAX));
    }
    let written = source.text_at(&span).unwrap_or_default();
    let is_date = found == "map" && written.starts_with(|c: char| c.is_ascii_digit());
    let found = if is_date { "a date" } else { plain_found(found) };
    let expected = plain_type(expected);
    let mistake = Diagnostic::at(source, span, format!("wrong type: expected {expected}, found {found}"));
    match expected {
        "a string in quotes" if found.starts_with("integer") || found.starts_with("floating") => mistake
            .hint(format!("put it in quotes, with its unit if it has one: \"{written}\", \"5s\", \"20/s\", \"1%\"")),
        "a string in quotes" if !found.starts_with("a ") || is_date => mistake.hint(format!("write \"{written}\"")),
        "a string in quotes" => mistake.hint("write one text in quotes"),
        "a list" if found == "a table" && written.starts_with('[') => {
            mistake.hint(format!("write [{written}]: there may be several"))
        }
        "a list" => mistake.hint("a list stands in brackets: [\"a\", \"b\"]"),
        "a table" => mistake.hint("a table is written { key = value }, or line by line below its [name]"),
        "true or false" => mistake.hint("write true or false, without quotes"),
        _ => mistake,
    }
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

/// serde's and the parser's word for what is there.
fn plain_found(found: &str) -> &str {
    match found {
        "map" | "table" => "a table",
        "sequence" | "array" => "a list",
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
    use proptest::prelude::*;

    use super::*;

    /// Lines that say something, right or wrong, to every part that reads a scenario.
    const LINES: [&str; 20] = [
        "use = ['s.toml', 'none', 1]",
        "use = 5",
        "[profile.a]",
        "[profile.b]",
        "[profile.a.load]",
        "[profile.b.target]",
        "profile = [1]",
        "base = 'a'",
        "base = 'b'",
        "base = 'é'",
        "load = { model = 'once', modle = 1 }",
        "[load]",
        "[[load]]",
        "[target]",
        "timeout = 5",
        "timeout = 'é'",
        "[[step]]",
        "[step]",
        "step = []",
        "= é",
    ];

    proptest! {
        #[test]
        fn any_text_gives_a_document_or_mistakes_that_can_be_shown(lines in prop::collection::vec(0..LINES.len(), 0..12)) {
            let text: String = lines.iter().map(|line| format!("{}\n", LINES[*line])).collect();
            for profile in [None, Some("a"), Some("é")] {
                if let Err(mistakes) = document("none/s.toml", &text, profile) {
                    prop_assert!(mistakes.to_string().contains("error: "));
                    prop_assert!(mistakes.0.len() <= Diagnostics::MOST);
                }
            }
        }
    }

    fn mistakes(text: &str) -> String {
        document("s.toml", text, None).unwrap_err().to_string()
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
        let ScenarioFile { document, .. } = document("s", "[gates]\nz = \"a\"\nb = \"c\"\n", None).unwrap();
        let names: Vec<_> = document.gates.unwrap().get_ref().0.iter().map(|(key, _)| key.get_ref().clone()).collect();
        assert_eq!(names, ["z", "b"]);
    }
}
