//! CSV files: the first line names the columns, every value stays text, so that `007` keeps its zeros.

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use serde_json::Value;

use super::table::{FeedError, Table};

pub(super) fn read(bytes: &[u8]) -> Result<Table, FeedError> {
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let columns = columns(reader.headers().map_err(|error| described(&error))?)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| described(&error))?;
        rows.push(record.iter().map(Value::from).collect());
    }
    Table::of(columns, rows)
}

fn columns(header: &StringRecord) -> Result<Vec<String>, FeedError> {
    let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let wrong = |message: String, hint: &str| Err(FeedError::new(message, hint).at(1, None));
    let separator = |c: &char| matches!(c, ';' | '\t' | '|');
    let other = if let [only] = columns.as_slice() { only.chars().find(separator) } else { None };
    if let Some(other) = other {
        return wrong(format!("the columns seem to be parted by {other:?}"), "part them by commas");
    }
    for (at, column) in columns.iter().enumerate() {
        if column.is_empty() {
            return wrong(format!("column {} has no name", at + 1), "the first line names the columns");
        }
        if columns[..at].contains(column) {
            return wrong(format!("two columns are called `{column}`"), "give each a name of its own");
        }
    }
    if columns.is_empty() {
        return Err(FeedError::new("this file is empty", "the first line names the columns"));
    }
    Ok(columns)
}

fn described(error: &csv::Error) -> FeedError {
    let (found, hint) = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => (
            format!("this row has {len} values, the first line has {expected_len} columns"),
            "put values that hold commas in double quotes",
        ),
        ErrorKind::Utf8 { .. } => ("this row is not UTF-8".to_owned(), "save the file as UTF-8"),
        _ => (format!("this is not CSV: {error}"), "the first line names the columns, each further line is a row"),
    };
    let wrong = FeedError::new(found, hint);
    match error.position() {
        Some(position) => wrong.at(position.line(), None),
        None => wrong,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistake(text: &str) -> (String, Option<u64>) {
        let error = Table::from_csv(text.as_bytes()).unwrap_err();
        (error.message, error.line)
    }

    #[test]
    fn rows_are_text_under_the_names_of_the_first_line() {
        let table = Table::from_csv(b"\xef\xbb\xbfemail, pin\r\na@b.c,007\r\n\"x, y\",\"\"\n").unwrap();
        assert_eq!(table.columns(), ["email", "pin"]);
        assert_eq!(table.rows(), [[json!("a@b.c"), json!("007")], [json!("x, y"), json!("")]]);
        assert_eq!((table.column("pin"), table.column("no")), (Some(1), None));
    }

    #[test]
    fn mistakes_have_a_line() {
        assert_eq!(mistake("a,b\n1,2\n1,2,3\n").1, Some(3));
        assert!(mistake("a,b\n1\n").0.contains("has 1 values"));
        assert_eq!(Table::from_csv(b"a\nx\n\xff\n").unwrap_err().line, Some(3));
        assert!(mistake("a,a\n1,2\n").0.contains("two columns are called `a`"));
        assert!(mistake("a,\n1,2\n").0.contains("column 2 has no name"));
        assert!(mistake("a;b\n1;2\n").0.contains("parted by ';'"));
        assert!(mistake("a,b\n").0.contains("no rows"));
        assert!(mistake("").0.contains("empty"));
    }
}
