//! What evidence says: figures with a unit, and the reading that they came from.

use std::path::PathBuf;
use std::time::Duration;

use crate::units::{format_bytes, format_count, format_duration, format_share};

/// What a figure counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// A part of a whole, from 0 to 1.
    Share,
    /// A time, in seconds.
    Seconds,
    /// A size, in bytes.
    Bytes,
    /// A number without a unit, as a query gives it.
    Number,
    /// Whatever the evidence holds: number, text, true or false.
    Any,
}

/// The value of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// How many.
    Count(u64),
    /// A part of a whole, from 0 to 1.
    Share(f64),
    /// A time, in seconds.
    Seconds(f64),
    /// A size.
    Bytes(u64),
    /// A number without a unit.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Boolean(bool),
}

impl Figure {
    /// The value as a number; none of a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            // Exact up to 2^53, more than anything here counts.
            #[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^53")]
            Self::Count(count) | Self::Bytes(count) => Some(*count as f64),
            Self::Share(number) | Self::Seconds(number) | Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Boolean(_) => None,
        }
    }

    /// The value with its unit, for people.
    pub fn shown(&self) -> String {
        match self {
            Self::Count(count) => format_count(*count),
            Self::Share(share) => format_share(*share),
            Self::Seconds(seconds) => {
                Duration::try_from_secs_f64(*seconds).map_or_else(|_| format!("{seconds} s"), format_duration)
            }
            Self::Bytes(bytes) => format_bytes(*bytes),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Boolean(value) => value.to_string(),
        }
    }
}

/// What one reader made of its evidence.
///
/// What is `missing` outweighs everything: nothing is known then. What is `broken` is known, and bad.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The figures by name, in the order in which they are shown.
    pub figures: Vec<(String, Figure)>,
    /// Why it says nothing: no file, an old one, an unknown shape, nothing in it. One sentence each.
    pub missing: Vec<String>,
    /// What it says that must not be, beyond what figures are compared with. One sentence each.
    pub broken: Vec<String>,
    /// What is worth knowing and decides nothing: skipped tests, waived vulnerabilities.
    pub notes: Vec<String>,
    /// What was read.
    pub sources: Vec<SourceRead>,
}

/// A file, an output or an address that evidence was read from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceRead {
    /// Its path, `stdout`, or a URL without credentials.
    pub name: String,
    /// The file, if it is one.
    pub path: Option<PathBuf>,
    /// SHA-256 of what was read, in hexadecimal digits.
    pub sha256: Option<String>,
    /// When it was made (RFC 3339), as far as that is known.
    pub made_at: Option<String>,
}

impl Reading {
    /// A reading that says nothing, and why.
    pub fn nothing(why: impl Into<String>) -> Self {
        Self { missing: vec![why.into()], ..Self::default() }
    }

    /// Adds a figure.
    pub fn figure(&mut self, name: &str, figure: Figure) {
        self.figures.push((name.to_owned(), figure));
    }
}
