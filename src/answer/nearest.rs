//! Words for the part of a document that a path did reach.

use serde_json::Value;

use super::text::{json_line, one_line};

/// How many keys of an object are named.
const KEYS: usize = 12;

/// What the `nodes` at `path` are, so that a reader sees what the next part of the path should have been.
pub(super) fn describe(path: &str, nodes: &[&Value]) -> String {
    let path = one_line(path, 60);
    match nodes {
        [] => format!("{path} is not there"),
        [one] => format!("{path} {}", of(one)),
        [first, ..] => format!("{path} finds {} values, the first is {}", nodes.len(), json_line(first, 60)),
    }
}

fn of(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => "is an empty object".to_owned(),
        Value::Object(fields) => {
            let names = list(fields.keys().map(String::as_str));
            format!("has the key{} {names}", if fields.len() == 1 { "" } else { "s" })
        }
        Value::Array(items) if items.is_empty() => "is an empty array".to_owned(),
        Value::Array(items) => format!("is an array of {}", items.len()),
        scalar => format!("is {}", json_line(scalar, 100)),
    }
}

/// The first names, parted by commas; how many more there are if not all fit.
pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.peekable();
    let shown: Vec<String> = names.by_ref().take(KEYS).map(|name| one_line(name, 30)).collect();
    let line = shown.join(", ");
    match names.count() {
        0 => line,
        more => format!("{line} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (0..15).map(|at| format!("k{at}")).collect();
        let line = list(names.iter().map(String::as_str));
        assert!(line.starts_with("k0, k1, ") && line.ends_with("k11 and 3 more"), "{line}");
        assert_eq!(list(["a"].into_iter()), "a");
    }
}
