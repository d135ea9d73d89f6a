//! What is no TOML, in the user's words: the parser names its grammar, people ask what to write.
//!
//! Takes the parser's errors of one file; gives one mistake per line, and none behind a bracket that is still open,
//! where the parser only guesses.

use std::ops::Range;

use toml::de::Error;

use crate::diagnostic::{Diagnostic, File, Source};

/// More lines than these are no slip of the pen but another format.
const MOST_LINES: usize = 5;
/// How deep the parser goes.
const DEEPEST: usize = 80;

/// The mistakes that `errors` are about.
pub(super) fn mistakes(source: &Source, file: &File, errors: &[Error]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut lines: Vec<usize> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or_else(|| deepest_line(&file.text));
        let line = file.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        if lines.contains(&line) {
            continue;
        }
        lines.push(line);
        let words = Words::of(error.message(), &file.text, &span);
        let mistake = Diagnostic::at(source, file.in_source(span), format!("not valid TOML: {}", words.problem));
        found.push(mistake.hint(words.hint));
        if words.is_last || found.len() >= MOST_LINES {
            break;
        }
    }
    found
}

/// What is said about one error.
struct Words {
    problem: String,
    hint: String,
    /// What the parser finds behind it follows from it.
    is_last: bool,
}

impl Words {
    fn of(message: &str, text: &str, span: &Range<usize>) -> Self {
        let say = |problem: &str, hint: &str| Self { problem: problem.into(), hint: hint.into(), is_last: false };
        let end = |words: Self| Self { is_last: true, ..words };
        let written = text.get(span.clone()).unwrap_or_default();
        let before = text.get(..span.start).unwrap_or_default().trim_end_matches([' ', '\t']);
        let has = |part: &str| message.starts_with(part);
        if has("duplicate key") {
            let twice = format!("`{written}` is there twice");
            return say(&twice, "keep one of them, or put both into one table; only lists such as [[step]] go on");
        }
        if has("string values must be quoted") && written.trim().is_empty() {
            return say("there is no value behind the `=`", "write key = value");
        }
        if has("string values must be quoted") {
            return say("texts stand in quotes", &format!("write \"{}\"", written.trim()));
        }
        if has("missing escaped value") || has("too few unicode") || has("too few hex") || has("invalid unicode") {
            let hint = "write \\\\ for a backslash, or put the text into 'single quotes', where it is no escape";
            return say("this is no escape that TOML knows", hint);
        }
        if has("invalid basic string, expected `\"`") || has("invalid literal string, expected `'`") {
            return say("this text is not closed", "put a quote at its end; texts of several lines stand in \"\"\"");
        }
        if has("invalid multi-line") {
            return end(say("this text of several lines is not closed", "put the same three quotes at its end"));
        }
        if has("invalid basic string") || has("invalid literal string") || has("invalid comment") {
            return say("a control character stands here", "take it out, or write it as an escape: \\u001B");
        }
        if has("unclosed table") || has("unclosed array of tables") || has("missing table") {
            return say("the name of this table is not closed", "write [target], or [[step]] for one of several");
        }
        let opens = ["missing comma", "unclosed array", "unclosed inline", "missing inline", "missing key for inline"];
        if opens.into_iter().chain(["unexpected `=` in array", "missing array", "extra comma"]).any(has) {
            let hint = "a [ or { further up needs its ] or }, or a comma is missing between two values";
            return end(say("a list or a table in braces is not closed, or lacks a comma", hint));
        }
        if has("cannot recurse") || has("recursion limit") {
            return end(say("this nests too deep", &format!("at most {DEEPEST} levels of lists, tables and keys")));
        }
        if has("key with no value") && before.ends_with(':') {
            return say("this key has no value", "TOML writes key = value, not key: value");
        }
        if has("key with no value") {
            return say("this key has no value", "write key = value");
        }
        if has("invalid unquoted key") {
            return say("this cannot stand in a key without quotes", "put the key into quotes, or write key = value");
        }
        if has("unquoted keys cannot be empty") {
            return say("there is no key in front of the `=`", "write key = value");
        }
        if has("invalid key-value pair") {
            return say("here a line key = value is expected", "a scenario is TOML: see docs/scenario.md");
        }
        if has("unexpected key or value") {
            return say("the line goes on behind its value", "every key has a line of its own");
        }
        let sentence = message.lines().collect::<Vec<_>>().join(", ");
        say(&sentence, "see toml.io for how TOML is written")
    }
}

/// The first line whose keys nest deeper than the parser goes, which does not say where it gave up.
fn deepest_line(text: &str) -> Range<usize> {
    let deep = text.split_inclusive('\n').find(|line| line.matches('.').count() >= DEEPEST);
    let start = deep.map_or(0, |line| line.as_ptr() as usize - text.as_ptr() as usize);
    start..start + deep.map_or(0, |line| line.trim_end().len().min(40))
}

#[cfg(test)]
mod tests {
    use crate::scenario::ScenarioFile;

    fn said(text: &str) -> String {
        ScenarioFile::parse("s.toml", text, None).unwrap_err().to_string()
    }

    #[test]
    fn a_line_has_one_mistake_and_what_follows_from_an_open_bracket_has_none() {
        let open = said("a = [1, 2\n[gates]\nb = 'c'\nd =\n");
        assert_eq!(open.matches("error:").count(), 1, "{open}");
        let lines = said("a = 5s\nb = 5s 6s 7s\nc = d\n");
        assert_eq!(lines.matches("error:").count(), 3, "{lines}");
        assert_eq!(said(&"= x\n".repeat(100)).matches("error:").count(), super::MOST_LINES);
    }

    #[test]
    fn every_mistake_says_what_to_write() {
        for (text, hint) in [
            ("a = 5s", "write \"5s\""),
            ("a =", "write key = value"),
            ("a: 5", "key = value"),
            ("a = 1\na = 2", "`a` is there twice"),
            ("a = \"\\d\"", "write \\\\ for a backslash"),
            ("a = \"b", "put a quote at its end"),
            ("[a", "write [target]"),
        ] {
            assert!(said(text).contains(hint), "{}", said(text));
        }
        let deep = said(&format!("b = 1\na{} = 1\n", ".a".repeat(1_000)));
        assert!(deep.contains("s.toml:2:1") && deep.contains("too deep"), "{deep}");
    }
}
