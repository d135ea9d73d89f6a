//! How one tree of keys and values is laid over another: files over the files they use, profiles over the document.
//!
//! Pure work on parsed TOML. Every part keeps the span that it was written at, so a mistake is shown where it stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// Top-level lists that grow by what is laid over them; any other list is replaced.
const STACKED: [&str; 4] = ["setup", "step", "flow", "teardown"];

/// Where in a scenario file a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The file itself.
    File,
    /// `[profile]`: its keys are the names of profiles.
    Profiles,
    /// `[profile.NAME]`, or what it is laid over.
    Profile,
    /// Anywhere below.
    Inside,
}

impl Level {
    /// The level of the table at `key`; none if that table is replaced as a whole.
    fn below(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::File, "profile") => Some(Self::Profiles),
            (Self::Profiles, _) => Some(Self::Profile),
            // A load of another model must not inherit keys that mean nothing to it.
            (Self::Profile, "load") => None,
            _ => Some(Self::Inside),
        }
    }
}

/// Lays `over` over `beneath`: tables merge key by key, and what is over wins.
pub(super) fn lay_over<'t>(beneath: &mut DeTable<'t>, over: DeTable<'t>, level: Level) {
    for (key, value) in over {
        let name = key.get_ref().as_ref();
        let value = match beneath.remove(name) {
            Some(lower) if level == Level::File && STACKED.contains(&name) => stacked(lower, value),
            Some(lower) => merged(lower, value, level.below(name)),
            None => value,
        };
        beneath.insert(key, value);
    }
}

fn merged<'t>(lower: Spanned<DeValue<'t>>, upper: Spanned<DeValue<'t>>, level: Option<Level>) -> Spanned<DeValue<'t>> {
    let span = upper.span();
    match (lower.into_inner(), upper.into_inner(), level) {
        (DeValue::Table(mut lower), DeValue::Table(upper), Some(level)) => {
            lay_over(&mut lower, upper, level);
            Spanned::new(span, DeValue::Table(lower))
        }
        (_, upper, _) => Spanned::new(span, upper),
    }
}

/// The items of both lists, the lower ones first.
fn stacked<'t>(lower: Spanned<DeValue<'t>>, upper: Spanned<DeValue<'t>>) -> Spanned<DeValue<'t>> {
    let span = upper.span();
    match (lower.get_ref(), upper.get_ref()) {
        (DeValue::Array(first), DeValue::Array(second)) => {
            let items: DeArray<'t> = first.iter().chain(second.iter()).cloned().collect();
            Spanned::new(span, DeValue::Array(items))
        }
        // Not a list: kept, so that the mistake is found instead of its steps being lost.
        (DeValue::Array(_), _) => upper,
        _ => lower,
    }
}

/// `table` with every span moved by `start`.
pub(super) fn shifted(table: DeTable<'_>, start: usize) -> DeTable<'_> {
    let moved = |span: Range<usize>| span.start + start..span.end + start;
    let entries = table.into_iter().map(|(key, value)| {
        let key = Spanned::new(moved(key.span()), key.into_inner());
        (key, shifted_value(value, start))
    });
    entries.collect()
}

fn shifted_value(value: Spanned<DeValue<'_>>, start: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(shifted(table, start)),
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| shifted_value(item, start)).collect()),
        scalar => scalar,
    };
    Spanned::new(span.start + start..span.end + start, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `upper` over `lower`, as plain TOML.
    fn laid(lower: &str, upper: &str, level: Level) -> toml::Table {
        let mut tree = DeTable::parse(lower).unwrap().into_inner();
        let over = shifted(DeTable::parse(upper).unwrap().into_inner(), lower.len() + 1);
        lay_over(&mut tree, over, level);
        serde::Deserialize::deserialize(toml::de::Deserializer::from(Spanned::new(0..0, tree))).unwrap()
    }

    #[track_caller]
    fn assert_laid(lower: &str, upper: &str, level: Level, wanted: &str) {
        assert_eq!(laid(lower, upper, level), wanted.parse::<toml::Table>().unwrap());
    }

    #[test]
    fn tables_merge_key_by_key_at_any_depth_and_the_upper_wins() {
        let lower = "name = 'low'\n[target]\ntimeout = '1s'\ninsecure = true\nheaders = { a = '1', b = '1' }\n";
        let upper = "name = 'up'\n[target]\ntimeout = '2s'\n[target.headers]\nb = '2'\nc = '2'\n";
        let wanted =
            "name = 'up'\n[target]\ntimeout = '2s'\ninsecure = true\nheaders = { a = '1', b = '2', c = '2' }\n";
        assert_laid(lower, upper, Level::File, wanted);
    }

    #[test]
    fn steps_flows_setups_and_teardowns_stack_and_other_lists_are_replaced() {
        for name in STACKED {
            let (lower, upper) = (format!("[[{name}]]\na = 1\n[[{name}]]\na = 2\n"), format!("[[{name}]]\na = 3\n"));
            assert_laid(&lower, &upper, Level::File, &format!("{name} = [{{ a = 1 }}, {{ a = 2 }}, {{ a = 3 }}]"));
        }
        assert_laid("[load]\nstages = [1, 2]", "[load]\nstages = [3]", Level::File, "load.stages = [3]");
        assert_laid("vars.step = [1]", "vars.step = [2]", Level::File, "vars.step = [2]");
    }

    #[test]
    fn a_list_that_is_none_is_kept_to_be_reported() {
        for (lower, upper) in [("[step]\na = 1", "[[step]]\na = 2"), ("[[step]]\na = 2", "[step]\na = 1")] {
            assert_laid(lower, upper, Level::File, "step = { a = 1 }");
        }
    }

    #[test]
    fn values_of_different_kinds_replace_each_other() {
        assert_laid("a = 1\n[b]\nc = 1", "b = 2\n[a]\nc = 2", Level::File, "a = { c = 2 }\nb = 2");
    }

    #[test]
    fn the_load_of_a_profile_is_taken_whole() {
        let (lower, upper) = ("load = { model = 'open', rate = '1/s' }", "load = { model = 'once' }");
        assert_laid(lower, upper, Level::Profile, "load = { model = 'once' }");
        assert_laid(lower, upper, Level::File, "load = { model = 'once', rate = '1/s' }");
        let (lower, upper) = (format!("profile.x.{lower}\nprofile.x.vars.a = 1"), format!("profile.x.{upper}"));
        let wanted = "profile.x.load = { model = 'once' }\nprofile.x.vars.a = 1";
        assert_laid(&lower, &upper, Level::File, wanted);
    }

    #[test]
    fn keys_and_values_keep_the_places_they_were_written_at() {
        let (lower, upper) = ("[gates]\na = 'x'\n", "gates = { b = ['y'], a = 'z' }");
        let text = format!("{lower} {upper}");
        let mut tree = DeTable::parse(lower).unwrap().into_inner();
        lay_over(&mut tree, shifted(DeTable::parse(upper).unwrap().into_inner(), lower.len() + 1), Level::File);
        let gates = tree["gates"].get_ref().as_table().unwrap();
        let written: Vec<_> = gates.iter().map(|(key, value)| (&text[key.span()], &text[value.span()])).collect();
        assert_eq!(written, [("a", "'z'"), ("b", "['y']")]);
        assert_eq!(&text[gates["b"].get_ref()[0].span()], "'y'");
        assert!(gates.iter().all(|(key, _)| key.span().start > lower.len()), "the key that wins brings its place");
    }
}
