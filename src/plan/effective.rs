//! The effective scenario as text, for reports: what was written plainly under a name that tells of a secret is left out.

use toml::{Table, Value};

use crate::scenario::{ScenarioFile, written};
use crate::values::{REDACTED, Secrets, tells};

/// Longer texts are cut in reports.
const MOST_BYTES: usize = 128 << 10;

/// The text, without secrets.
pub(super) fn text(file: &ScenarioFile, vars: &[(String, String)], secrets: &Secrets) -> String {
    let mut table = file.effective.clone();
    if !vars.is_empty()
        && let Value::Table(own) = table.entry("vars").or_insert_with(|| Value::Table(Table::new()))
    {
        own.extend(vars.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))));
    }
    hide_in(&mut table);
    let mut text = secrets.redact(&written(&table)).into_owned();
    if text.len() > MOST_BYTES {
        let end = (0..=MOST_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n# … the rest is left out\n");
    }
    text
}

fn hide_in(table: &mut Table) {
    for (name, value) in table.iter_mut() {
        hide(name, value);
    }
}

/// A template shows where a secret comes from, and not what it is.
fn hide(name: &str, value: &mut Value) {
    match value {
        Value::String(text) if tells(name) && !text.contains("${") => *text = REDACTED.to_owned(),
        Value::Table(table) => hide_in(table),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(name, item)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::fixture::plan;

    #[test]
    fn a_password_that_is_written_plainly_is_not_shown() {
        let text = plan("[[step]]\nname = \"in\"\npost = \"/login\"\nheaders = { authorization = \"Basic aGk6aGk=\" }\njson = { user = \"me\", password = \"hunter22\", other = \"${ env.SECRET | default('x') }\" }\n").scenario;
        assert!(!text.contains("hunter22") && !text.contains("aGk6"), "{text}");
        assert!(text.contains("user = \"me\"") && text.contains("${ env.SECRET"), "{text}");
    }
}
