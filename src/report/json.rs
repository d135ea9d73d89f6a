//! `result.json`: indented, and plain wherever its bytes are shown.
//!
//! What could steer a terminal, a page or the log of a build is written as an escape; a reader of JSON sees the same text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

/// A longer text than any that mnload makes; beyond it a text is cut.
const MOST_BYTES: usize = 1 << 20;

/// Writes `value`, with a line end behind it.
///
/// # Errors
/// When `out` does not take it.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> Result<(), serde_json::Error> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Plain::default());
    value.serialize(&mut serializer)?;
    writeln!(out).map_err(serde_json::Error::io)
}

#[derive(Default)]
struct Plain {
    pretty: PrettyFormatter<'static>,
    /// Bytes of the text under way.
    written: usize,
}

/// Whether `c` is written as an escape, before `next`.
fn is_escaped(c: char, next: Option<char>) -> bool {
    match c {
        '<' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' => true,
        '#' => next == Some('#'),
        _ => super::console::is_direction_mark(c),
    }
}

impl Formatter for Plain {
    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.written = 0;
        out.write_all(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let end = if self.written > MOST_BYTES { "…\"" } else { "\"" };
        out.write_all(end.as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let room = MOST_BYTES.saturating_sub(self.written);
        self.written += fragment.len();
        let end = (0..=room.min(fragment.len())).rev().find(|end| fragment.is_char_boundary(*end)).unwrap_or(0);
        let mut rest = &fragment[..end];
        let found =
            |text: &str| text.char_indices().find(|(at, c)| is_escaped(*c, text[at + c.len_utf8()..].chars().next()));
        while let Some((at, c)) = found(rest) {
            write!(out, "{}\\u{:04x}", &rest[..at], u32::from(c)).map(|()| rest = &rest[at + c.len_utf8()..])?;
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        self.written += 1;
        match self.written > MOST_BYTES {
            true => Ok(()),
            false => self.pretty.write_char_escape(out, escape),
        }
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_and_the_bytes_are_plain() {
        let text = "</script> ##vso[x] ###[y] \u{9b}31m \u{202e}a\u{0}\"\\ ä#";
        let mut out = Vec::new();
        write(&[text], &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
        assert!(!written.contains("##") && !written.contains('<'), "{written}");
        assert!(!written.contains(['\u{9b}', '\u{202e}', '\u{0}']), "{written}");
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let mut out = Vec::new();
        write(&["é\n".repeat(MOST_BYTES)], &mut out).unwrap();
        assert!(out.len() < 2 * MOST_BYTES, "{}", out.len());
        let read: Vec<String> = serde_json::from_slice(&out).unwrap();
        assert!(read[0].ends_with('…'));
    }
}
