//! One bounded line about bytes and values that a stranger chose.

use std::io;

use serde_json::Value;

/// How much of an answer a message shows.
pub(super) const EXCERPT: usize = 200;
/// How long a whole message may be.
pub(super) const MESSAGE: usize = 300;

/// `text` as one line of at most `most` characters: runs of white space become one space, other control characters
/// and those that turn the direction of writing become `\u{fffd}`.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut written = 0;
    let mut gap = false;
    for c in text.trim_start().chars() {
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        for c in std::mem::take(&mut gap).then_some(' ').into_iter().chain([harmless(c)]) {
            if written == most {
                line.pop();
                line.push('…');
                return line;
            }
            line.push(c);
            written += 1;
        }
    }
    line
}

/// As [`one_line`] for bytes that may not be text.
pub(super) fn one_line_of(bytes: &[u8], most: usize) -> String {
    // Four bytes hold any character; white space that is left out may shorten the line, which is no harm.
    let part = &bytes[..bytes.len().min(most.saturating_mul(4).saturating_add(4))];
    one_line(&String::from_utf8_lossy(part), most)
}

/// `value` as one line of JSON; a huge value is not written in full first.
pub(super) fn json_line(value: &Value, most: usize) -> String {
    let mut start = Start { bytes: Vec::new(), most: most.saturating_mul(4).saturating_add(4) };
    // It fails when the start is full, which is what it is for.
    let _ = serde_json::to_writer(&mut start, value);
    one_line_of(&start.bytes, most)
}

fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if c.is_control() || turns { char::REPLACEMENT_CHARACTER } else { c }
}

/// The first bytes of what is written.
struct Start {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Start {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.most - self.bytes.len();
        if room == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let taken = room.min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_controls_become_one_harmless_line() {
        assert_eq!(one_line("  a\r\n\t b\u{1b}[31m\u{202e}c ", 50), "a b\u{fffd}[31m\u{fffd}c");
    }

    #[test]
    fn a_long_text_is_cut_with_a_mark() {
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("abcd", 4), "abcd");
        assert_eq!(one_line("äöüßx", 4), "äöü…");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_far_as_they_go() {
        assert_eq!(one_line_of(b"ok \xff\xfe", 20), "ok \u{fffd}\u{fffd}");
        assert_eq!(one_line_of(&vec![b'x'; 1 << 20], 3), "xx…");
    }

    #[test]
    fn a_huge_value_is_cut() {
        let value = Value::from(vec![1; 100_000]);
        assert_eq!(json_line(&value, 6), "[1,1,…");
        assert_eq!(json_line(&serde_json::json!({ "a": "b\n" }), 50), r#"{"a":"b\n"}"#);
    }
}
