//! Rows with named columns, and what can be wrong with a file of them.

use serde_json::Value;

/// Rows that all have the same columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// A data file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FeedError {
    /// What is wrong.
    pub message: String,
    /// The line, from one; none where the whole file is meant.
    pub line: Option<u64>,
    /// The column of that line, from one, where it is known.
    pub column: Option<u64>,
    /// What to do about it.
    pub hint: String,
}

impl FeedError {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), line: None, column: None, hint: hint.into() }
    }

    pub(super) fn at(mut self, line: u64, column: Option<u64>) -> Self {
        self.line = Some(line);
        self.column = column;
        self
    }
}

impl Table {
    /// Reads a CSV file (RFC 4180, parted by commas) whose first line names the columns. Every value is text.
    ///
    /// # Errors
    /// When it is no such file, or has no rows.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, FeedError> {
        super::csv::read(without_mark(bytes))
    }

    /// Reads a JSON array of objects with the same fields, or of anything else, which becomes the column `value`.
    ///
    /// # Errors
    /// When it is no such file, or has no rows.
    pub fn from_json(bytes: &[u8]) -> Result<Self, FeedError> {
        super::json::read(without_mark(bytes))
    }

    /// A table of these rows, each as long as `columns`.
    pub(super) fn of(columns: Vec<String>, rows: Vec<Vec<Value>>) -> Result<Self, FeedError> {
        if rows.is_empty() {
            return Err(FeedError::new("there are no rows in this file", "write at least one"));
        }
        Ok(Self { columns, rows })
    }

    /// What the columns are called.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where the values of the column called `name` are in each row.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The rows, at least one, each with one value per column.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }
}

/// The bytes behind the mark that some editors put before UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_file_panics_and_rows_are_as_long_as_the_columns(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for table in [Table::from_csv(&bytes), Table::from_json(&bytes)].into_iter().flatten() {
                prop_assert!(table.rows().iter().all(|row| row.len() == table.columns().len()));
            }
        }

        #[test]
        fn what_looks_like_csv_does_not_panic(text in "[ab,;\"\n\r\t]{0,60}") {
            if let Ok(table) = Table::from_csv(text.as_bytes()) {
                prop_assert!(table.rows().iter().all(|row| row.len() == table.columns().len()));
            }
        }
    }
}
