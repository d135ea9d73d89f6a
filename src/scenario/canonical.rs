//! What a scenario does, as one text: the same for two files that send the same, however they are written.
//!
//! Keys in order of name, without places, comments and layout; without what only names, aims or judges: where the requests
//! go, the seed, the gates and what an exploration may try.

use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

/// Keys, by the table that they stand in, that change nothing about what is sent.
const LEFT_OUT: [(&str, &str); 6] =
    [("", "name"), ("", "description"), ("", "gates"), ("", "explore"), ("target", "base_url"), ("load", "seed")];

/// `tree` as text.
pub(super) fn canonical(tree: &DeTable<'_>) -> String {
    let mut out = String::new();
    table(tree, "", &mut out);
    out
}

fn table(tree: &DeTable<'_>, name: &str, out: &mut String) {
    let mut keys: Vec<_> = tree.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref())).collect();
    keys.sort_unstable_by_key(|(key, _)| *key);
    out.push('{');
    for (key, held) in keys.into_iter().filter(|(key, _)| !LEFT_OUT.contains(&(name, *key))) {
        // Only tables right below the top are left out of; a key of the same name further down is another.
        let below = if name.is_empty() { key } else { "inside" };
        let _ = write!(out, "{key:?}:");
        value(held, below, out);
        out.push(',');
    }
    out.push('}');
}

fn value(held: &DeValue<'_>, name: &str, out: &mut String) {
    let _ = match held {
        DeValue::String(text) => write!(out, "{text:?}"),
        DeValue::Integer(number) => write!(out, "{}:{number}", number.radix()),
        DeValue::Float(number) => write!(out, "{number}"),
        DeValue::Boolean(flag) => write!(out, "{flag}"),
        DeValue::Datetime(time) => write!(out, "{time}"),
        DeValue::Array(items) => {
            out.push('[');
            for item in items.iter() {
                value(item.get_ref(), "inside", out);
                out.push(',');
            }
            out.push(']');
            Ok(())
        }
        DeValue::Table(held) => {
            table(held, name, out);
            Ok(())
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::scenario::ScenarioFile;

    fn of(text: &str) -> String {
        ScenarioFile::parse("test.toml", text, None).unwrap().canonical
    }

    #[test]
    fn what_only_names_aims_or_judges_changes_nothing() {
        let one = of(
            "name = \"a\"\n[target]\nbase_url = \"http://a\"\n[load]\nmodel = \"open\"\nrate = \"2/s\"\nduration = \"9s\"\nseed = 1\n[[step]]\nget = \"/x\"\nname = \"n\"\n[gates]\na = \"p95 < 1s\"\n",
        );
        let other = of(
            "# another\n[[step]]\nname = 'n'\nget = \"/x\"\n[explore]\nto = \"90/s\"\n[load]\nseed = 2\nduration = \"9s\"\nmodel = \"open\"\nrate = \"2/s\"\n[target]\n",
        );
        assert_eq!(one, other);
    }

    #[test]
    fn what_is_sent_and_when_is_all_in_it() {
        let base =
            "[load]\nmodel = \"open\"\nrate = \"2/s\"\nduration = \"9s\"\n[[step]]\nget = \"/x\"\nname = \"n\"\n";
        for (from, to) in [("2/s", "3/s"), ("9s", "8s"), ("/x", "/y"), ("\"n\"", "\"m\""), ("get", "post")] {
            assert_ne!(of(base), of(&base.replace(from, to)), "{from}");
        }
        let seeded = |seed: &str| of(&format!("{base}json = {{ seed = {seed}, name = \"a\" }}\n"));
        assert_ne!(seeded("1"), seeded("2"), "a key of the same name elsewhere counts");
    }
}
