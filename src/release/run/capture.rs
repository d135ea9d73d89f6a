//! What is kept of an output: enough for every reader, bounded, and a copy for people that holds no secret.

use super::super::evidence::Output;
use super::super::result::OutputResult;
use crate::values::Secrets;

/// So much is kept for readers.
const MOST: usize = 8 << 20;
/// So much of the start and of the end stands in the copy for people.
const SHOWN: usize = 1 << 20;
/// No secret is longer; where a text is cut, so much of it is left out, since it may hold a part of one.
const MARGIN: usize = 64 << 10;
/// So much of the end stands in the result.
const TAIL_LINES: usize = 20;
const TAIL_CHARACTERS: usize = 4_000;

/// One output of a command, as it comes.
#[derive(Debug, Clone, Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    /// The last bytes of all.
    tail: Vec<u8>,
    bytes: u64,
}

/// The copy for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Copy {
    /// All of it, or the start and the end, without secrets.
    pub(super) text: String,
    /// Its last lines.
    pub(super) tail: String,
}

impl Capture {
    /// Adds what came.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.head.extend(&bytes[..bytes.len().min(MOST - self.head.len())]);
        self.tail.extend(bytes);
        if self.tail.len() > 2 * (SHOWN + MARGIN) {
            self.tail.drain(..self.tail.len() - (SHOWN + MARGIN));
        }
    }

    /// How much came.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What readers get.
    pub(super) fn output(&self) -> Output {
        Output { bytes: self.head.clone(), cut: self.is_cut() }
    }

    /// The first line, without the space around it.
    pub(super) fn first_line(&self) -> String {
        String::from_utf8_lossy(self.head.split(|byte| *byte == b'\n').next().unwrap_or_default()).trim().to_owned()
    }

    /// Whether the first line has an end.
    pub(super) fn has_line(&self) -> bool {
        self.head.contains(&b'\n')
    }

    /// Whether there was more than readers get.
    pub(super) fn is_cut(&self) -> bool {
        self.bytes > self.head.len() as u64
    }

    /// The copy for people.
    pub(super) fn copy(&self, secrets: &Secrets) -> Copy {
        let text = if self.bytes <= 2 * SHOWN as u64 { clean(&self.head, secrets) } else { self.ends(secrets) };
        Copy { tail: last_lines(&text), text }
    }

    /// What stands in the result; `file` holds the copy.
    pub(super) fn result(&self, copy: &Copy, file: Option<String>) -> OutputResult {
        OutputResult { bytes: self.bytes, tail: copy.tail.clone(), file, cut: self.is_cut() }
    }

    /// The start and the end: cut after secrets were taken out, so that no part of one is left at a cut.
    fn ends(&self, secrets: &Secrets) -> String {
        let start = clean(&self.head[..SHOWN + MARGIN], secrets);
        let start = &start[..boundary(&start, start.len().saturating_sub(MARGIN))];
        let end = clean(&self.tail[self.tail.len() - (SHOWN + MARGIN)..], secrets);
        let end = &end[boundary(&end, MARGIN)..];
        let left_out = self.bytes.saturating_sub((start.len() + end.len()) as u64);
        format!("{start}\n[about {} left out here]\n{end}", crate::units::format_bytes(left_out))
    }
}

fn clean(bytes: &[u8], secrets: &Secrets) -> String {
    secrets.redact(&String::from_utf8_lossy(bytes)).into_owned()
}

/// The start of the character at `at`, or the end.
fn boundary(text: &str, at: usize) -> usize {
    (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    let characters = tail.chars().count();
    tail.chars().skip(characters.saturating_sub(TAIL_CHARACTERS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let secrets = Secrets::default();
        secrets.note("X", "hunter2-and-more");
        secrets
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_was_split_between_writes() {
        for at in 0..16 {
            let mut capture = Capture::default();
            let (left, right) = "hunter2-and-more".split_at(at);
            capture.take(format!("value: {left}").as_bytes());
            capture.take(format!("{right}\n").as_bytes());
            assert_eq!(capture.copy(&secrets()).text, "value: [redacted]\n");
        }
    }

    #[test]
    fn a_long_output_keeps_its_start_and_its_end_and_no_part_of_a_secret_at_the_cuts() {
        let mut capture = Capture::default();
        let line = "hunter2-and-more ".repeat(64);
        for _ in 0..12_000 {
            capture.take(line.as_bytes());
        }
        capture.take(b"\nthe last line\n");
        let copy = capture.copy(&secrets());
        assert!(capture.is_cut() && capture.output().cut);
        assert_eq!(capture.output().bytes.len(), MOST);
        assert_eq!(copy.tail.lines().last(), Some("the last line"));
        assert!(copy.text.len() < 3 * SHOWN, "{}", copy.text.len());
        for part in ["hunt", "unter", "more"] {
            assert!(!copy.text.contains(part), "{part}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_and_characters_at_the_cut_do_no_harm() {
        let mut capture = Capture::default();
        capture.take(&[0xFF, b'a', 0xC3]);
        assert_eq!(capture.copy(&secrets()).text, "\u{FFFD}a\u{FFFD}");
        let mut long = Capture::default();
        (0..2_000).for_each(|_| long.take("ä€😀".repeat(200).as_bytes()));
        assert!(long.copy(&secrets()).text.contains(" left out here]"));
    }
}
