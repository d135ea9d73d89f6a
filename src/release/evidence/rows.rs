//! What `docker` prints with `--format json`: one object a line, or one array of objects.

use serde_json::{Map, Value};

/// One line of such a list.
pub(super) type Row = Map<String, Value>;

/// The rows of `bytes`, which `name` stands for.
///
/// # Errors
/// When anything in it is no row.
pub(super) fn rows(bytes: &[u8], name: &str) -> Result<Vec<Row>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{name} is no text"))?;
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| format!("{name} is no list of objects: {error}"));
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|_| format!("line {} of {name} is no JSON object: print it with --format json", number + 1))
    };
    lines.map(row).collect()
}

/// The text under `key`; empty if there is none, and none if it is no text.
pub(super) fn text<'r>(row: &'r Row, key: &str) -> Option<&'r str> {
    match row.get(key) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_lines_or_a_list_and_nothing_else() {
        let count = |text: &str| rows(text.as_bytes(), "stdout").map(|rows| rows.len());
        assert_eq!(count("{\"a\":1}\n\n{\"a\":2}\n"), Ok(2));
        assert_eq!(count(" [{\"a\":1},{\"a\":2}]"), Ok(2));
        assert_eq!(count("[]"), Ok(0));
        assert!(count("{\"a\":1}\nNAME  IMAGE\n").unwrap_err().contains("line 2 of stdout"));
        assert!(count("[1]").is_err());
        assert!(count("7").is_err());
    }
}
