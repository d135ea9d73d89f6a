//! What a scenario comes to as one TOML text: with the files that it uses beneath it and its profile over it.
//!
//! Templates stay as they are written, so no value of the environment is in it; what is written as plain text under a
//! name that tells of a secret is left to whoever knows those names.

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

/// The tables of a file in the order in which they are read best; what is not named here comes before the steps.
const ORDER: [&str; 12] =
    ["name", "description", "vars", "target", "load", "data", "setup", "step", "flow", "teardown", "gates", "explore"];

/// `tree` as values.
pub(super) fn effective(tree: &DeTable<'_>) -> Table {
    tree.iter().map(|(key, held)| (key.get_ref().to_string(), value(held.get_ref()))).collect()
}

fn value(held: &DeValue<'_>) -> Value {
    match held {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.as_str().to_owned()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::String(number.as_str().to_owned()), Value::Float)
        }
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| value(item.get_ref())).collect()),
        DeValue::Table(held) => Value::Table(effective(held)),
    }
}

/// `table` as a text that can be run again: plain values first, then tables in the order of [`ORDER`].
pub(crate) fn written(table: &Table) -> String {
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(4);
    let is_table = |value: &Value| match value {
        Value::Table(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_table),
        _ => false,
    };
    let mut entries: Vec<(&String, &Value)> = table.iter().collect();
    entries.sort_by_key(|(name, value)| (is_table(value), place(name)));
    let mut text = String::new();
    for (name, value) in entries {
        let alone = Table::from_iter([(name.clone(), value.clone())]);
        // A table of plain values can always be written.
        let part = toml::to_string(&alone).unwrap_or_default();
        if is_table(value) && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::written;
    use crate::scenario::ScenarioFile;

    #[test]
    fn a_profile_is_laid_over_and_the_text_can_be_run_again() {
        let text = "[gates]\na = \"p95 < 1s\"\n[[step]]\nget = \"/x?q=${ vars.q }\"\nexpect = { status = 200 }\n[load]\nmodel = \"open\"\nrate = \"2/s\"\nduration = \"9s\"\n[vars]\nq = 16\n[profile.big]\nload = { rate = \"5/s\" }\n";
        let file = ScenarioFile::parse("test.toml", text, Some("big")).unwrap();
        let effective = written(&file.effective);
        insta::assert_snapshot!(effective);
        let again = ScenarioFile::parse("test.toml", &effective, None).unwrap();
        assert_eq!(again.canonical, file.canonical);
    }
}
