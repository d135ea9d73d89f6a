//! JSON files: an array of objects with the same fields, or of anything else under the column `value`.

use serde_json::Value;

use super::table::{FeedError, Table};

/// What the one column of a list of plain values is called.
const VALUE: &str = "value";
const FORM: &str =
    "write an array of objects, such as [{ \"email\": \"a@b.c\" }], or of values, such as [\"a\", \"b\"]";

pub(super) fn read(bytes: &[u8]) -> Result<Table, FeedError> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| {
        FeedError::new(format!("this is not JSON: {error}"), FORM).at(error.line() as u64, Some(error.column() as u64))
    })?;
    let Value::Array(items) = document else {
        return Err(FeedError::new("this is not an array", FORM));
    };
    match items.first() {
        Some(Value::Object(first)) => {
            let columns: Vec<String> = first.keys().cloned().collect();
            if columns.is_empty() {
                return Err(FeedError::new("row 1 has no fields", FORM));
            }
            let rows = items.into_iter().enumerate().map(|(at, item)| row(&columns, at + 1, item));
            let rows = rows.collect::<Result<_, _>>()?;
            Table::of(columns, rows)
        }
        _ => match items.iter().position(Value::is_object) {
            Some(at) => Err(mixed(at + 1)),
            None => Table::of(vec![VALUE.to_owned()], items.into_iter().map(|item| vec![item]).collect()),
        },
    }
}

/// The values of row `number` in the order of the columns.
fn row(columns: &[String], number: usize, item: Value) -> Result<Vec<Value>, FeedError> {
    let Value::Object(mut fields) = item else { return Err(mixed(number)) };
    let same = "give every row the same fields; null is a value";
    let values: Result<Vec<Value>, FeedError> = columns
        .iter()
        .map(|column| {
            let missing = || FeedError::new(format!("row {number} has no `{column}`, which the first row has"), same);
            fields.remove(column).ok_or_else(missing)
        })
        .collect();
    match (values, fields.keys().next()) {
        (Ok(_), Some(more)) => {
            Err(FeedError::new(format!("row {number} has `{more}`, which the first row does not have"), same))
        }
        (values, _) => values,
    }
}

fn mixed(row: usize) -> FeedError {
    FeedError::new(format!("row {row} is not like the first: some are objects, some are not"), FORM)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistake(text: &str) -> String {
        Table::from_json(text.as_bytes()).unwrap_err().message
    }

    #[test]
    fn objects_become_rows_with_typed_values() {
        let table = Table::from_json(br#"[{"id": 1, "tags": ["a"]}, {"tags": null, "id": 2.5}]"#).unwrap();
        assert_eq!(table.columns(), ["id", "tags"]);
        assert_eq!(table.rows(), [[json!(1), json!(["a"])], [json!(2.5), json!(null)]]);
    }

    #[test]
    fn plain_values_become_one_column() {
        let table = Table::from_json(br#"["a", 2, null, [3]]"#).unwrap();
        assert_eq!((table.columns(), table.rows().len()), (&["value".to_owned()][..], 4));
        assert_eq!(table.rows()[3], [json!([3])]);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(mistake(r#"[{"a": 1}, {"b": 1}]"#).contains("row 2 has no `a`"));
        assert!(mistake(r#"[{"a": 1}, {"a": 1, "b": 2}]"#).contains("row 2 has `b`"));
        assert!(mistake(r#"[{"a": 1}, 2]"#).contains("row 2 is not like the first"));
        assert!(mistake(r#"[1, {"a": 1}]"#).contains("row 2 is not like the first"));
        assert!(mistake(r#"{"a": 1}"#).contains("not an array"));
        assert!(mistake("[]").contains("no rows"));
        assert!(mistake("[{}]").contains("no fields"));
        let error = Table::from_json(b"[\n  1,\n  x\n]").unwrap_err();
        assert_eq!((error.line, error.column), (Some(3), Some(3)));
        assert!(Table::from_json("[".repeat(100_000).as_bytes()).is_err());
    }
}
