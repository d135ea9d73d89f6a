//! The data within the page: the result as JSON for scripts, the table of steps as CSV to take away.
//!
//! Both are cut where they would make the page too large; result.json and summary.csv beside the page are whole.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::{HtmlError, Room};
use crate::metrics::Evidence;
use crate::report::console::moves_text;
use crate::report::result::{CallFailure, RunResult};
use crate::report::{Report, csv};

/// A longer file is not offered.
const LONGEST_CSV: usize = 48_000;

/// What the page holds for programs.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// The result; harmless within a script element.
    json: String,
    /// Whether lists or texts in it were cut.
    shortened: bool,
    /// The table of steps as a `data:` URI; empty if it is too long.
    steps_csv: String,
}

/// The data of `report`.
pub(super) fn of(report: &Report, room: Room) -> Result<Data, HtmlError> {
    // The most of it that fits.
    for rows in [room.rows, room.rows / 4, room.rows / 16] {
        let (json, shortened) = json(&report.result, rows, room.text)?;
        if json.len() <= room.data {
            return Ok(Data { json, shortened, steps_csv: steps_csv(report)? });
        }
    }
    Ok(Data { json: "{}".to_owned(), shortened: true, steps_csv: String::new() })
}

fn steps_csv(report: &Report) -> Result<String, HtmlError> {
    let mut text = Vec::new();
    csv::summary(report, &mut text).map_err(HtmlError::Data)?;
    Ok(match text.len() <= LONGEST_CSV {
        true => format!("data:text/csv;charset=utf-8;base64,{}", STANDARD.encode(text)),
        false => String::new(),
    })
}

/// The result with lists of at most `rows` and texts of at most `text` bytes, and whether anything had to be cut.
fn json(result: &RunResult, rows: usize, text: usize) -> Result<(String, bool), HtmlError> {
    let mut small = RunResult { stretches: None, ..result.clone() };
    let mut cut = cut_list(&mut small.steps.0, rows) | cut_list(&mut small.groups.0, rows);
    cut |= cut_list(&mut small.findings, rows) | cut_list(&mut small.reasons, rows);
    cut |= cut_list(&mut small.errors, rows) | cut_list(&mut small.warnings, rows) | cut_list(&mut small.calls, rows);
    if let Some(comparison) = &mut small.comparison {
        cut |= cut_list(&mut comparison.rows, rows) | cut_list(&mut comparison.findings, rows);
    }
    for call in &mut small.calls {
        let class = call.failure.take().map(|failure| failure.class);
        call.failure = class.map(|class| CallFailure { class, evidence: Evidence::default() });
    }
    let mut short = Short { most: text, left: 0, cut: false };
    let mut out = Vec::new();
    small
        .serialize(&mut serde_json::Serializer::with_formatter(&mut out, &mut short))
        .map_err(io::Error::from)
        .map_err(HtmlError::Data)?;
    Ok((harmless(&String::from_utf8_lossy(&out)), cut || short.cut))
}

fn cut_list<T>(list: &mut Vec<T>, most: usize) -> bool {
    let is_long = list.len() > most;
    list.truncate(most);
    is_long
}

/// JSON that neither ends its element nor moves the text around it: such characters stand in strings only, where they
/// may be written as numbers.
fn harmless(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // Two of them begin a command in the log of a build.
            '#' if rest.peek() == Some(&'#') => out.push_str("\\u0023"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if moves_text(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Writes JSON without line ends, and no string longer than `most` bytes.
#[derive(Debug)]
struct Short {
    most: usize,
    left: usize,
    cut: bool,
}

impl Formatter for &mut Short {
    fn begin_string<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.left = self.most;
        CompactFormatter.begin_string(out)
    }

    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut end = fragment.len().min(self.left);
        while !fragment.is_char_boundary(end) {
            end -= 1;
        }
        self.cut |= end < fragment.len();
        self.left = if end < fragment.len() { 0 } else { self.left - end };
        out.write_all(&fragment.as_bytes()[..end])
    }

    fn write_char_escape<W: io::Write + ?Sized>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                CompactFormatter.write_char_escape(out, escape)
            }
            None => {
                self.cut = true;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn what_fits_is_the_result_and_what_does_not_is_cut() {
        let mut result = Fixture::default().report().result;
        let (whole, shortened) = json(&result, 400, 500).unwrap();
        assert!(!shortened);
        let read: RunResult = serde_json::from_str(&whole).unwrap();
        assert_eq!(read, RunResult { stretches: None, ..result.clone() });
        result.name = format!("</script><!-- \u{202e} ä{}", "ä\n".repeat(5_000_000));
        let (small, shortened) = json(&result, 1, 40).unwrap();
        assert!(shortened && !small.contains('<') && !small.contains('\u{202e}') && small.len() < 10_000, "{small}");
        let read: RunResult = serde_json::from_str(&small).unwrap();
        assert!(read.name.starts_with("</script><!-- \u{202e} ää\nä"), "{}", read.name);
        assert_eq!(read.steps.0.len(), 1);
    }
}
