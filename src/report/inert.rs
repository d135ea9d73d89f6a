//! Text of strangers that steers nothing: no terminal, no log of a build that takes commands, and no reader's eye.
//!
//! GitHub reads `::error::` at the start of a line as a command, Azure `##vso[` and both `##[` anywhere in one.

use super::console::clean;

/// `text` on one line of at most `most` characters, with a mark if that is not all.
pub(super) fn line(text: &str, most: usize) -> String {
    let flat = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
    let shown: String = cut(text, most).chars().map(flat).collect();
    scriptless(harmless(&clean(&shown)))
}

/// `text`, with nothing in it that begins or ends a script, wherever the text may be pasted.
fn scriptless(text: String) -> String {
    let is_tag = |rest: &str| {
        let name = rest[1..].trim_start_matches('/');
        name.get(..6).is_some_and(|name| name.eq_ignore_ascii_case("script"))
    };
    match text.contains('<') {
        true => text.char_indices().map(|(at, c)| if c == '<' && is_tag(&text[at..]) { '‹' } else { c }).collect(),
        false => text,
    }
}

/// At most `most_lines` lines of `text`, each of at most `most` characters; how many more there are comes last.
pub(super) fn lines(text: &str, most_lines: usize, most: usize) -> Vec<String> {
    let mut shown: Vec<String> = text.lines().take(most_lines).map(|text| line(text, most)).collect();
    let more = text.lines().skip(most_lines).take(MOST_COUNTED).count();
    if more > 0 {
        let least = if more == MOST_COUNTED { "at least " } else { "" };
        shown.push(format!("… {least}{more} more lines"));
    }
    shown
}

/// More lines than this are not counted.
const MOST_COUNTED: usize = 100_000;

/// At most `most` characters of `text`, with a mark if that is not all.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text of a page, colours and all, without any line that the log of a build would take for a command.
pub fn inert(text: &str) -> String {
    text.split_inclusive('\n').map(harmless).collect()
}

/// Escaped HTML in which nothing is left that the log of a build would take for a command, if somebody prints a page.
pub(super) fn entities(escaped: &str) -> String {
    let mut out = String::with_capacity(escaped.len());
    for line in escaped.split_inclusive('\n') {
        let body = line.trim_start();
        let start = line.len() - body.len();
        out.push_str(&line[..start]);
        let body = match body.strip_prefix("::") {
            Some(rest) => {
                out.push_str("&#58;:");
                rest
            }
            None => body,
        };
        let mut rest = body.chars().peekable();
        while let Some(c) = rest.next() {
            match (c, rest.peek()) {
                ('#', Some('#')) => out.push_str("&#35;"),
                _ => out.push(c),
            }
        }
    }
    out
}

fn harmless(line: &str) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    let line = match plain.trim_start().starts_with("::") {
        true => line.replacen("::", ": :", 1),
        false => line.to_owned(),
    };
    if !line.contains("##") {
        return line;
    }
    let mut out = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        out.push(c);
        if c == '#' && is_command(&line[at..]) {
            out.push(' ');
        }
    }
    out
}

/// Whether a command of Azure, or of the form that GitHub had first, begins here.
fn is_command(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("##") else { return false };
    rest.starts_with('[') || rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("vso["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_left_and_everything_else_is_as_it_was() {
        for (text, wanted) in [
            ("::error::x", ": :error::x"),
            (" \u{1b}[31m::error::x", " \u{1b}[31m: :error::x"),
            ("a ::error::", "a ::error::"),
            ("a ##vso[task.complete]", "a # #vso[task.complete]"),
            ("###VSO[x", "## #VSO[x"),
            ("##[group]", "# #[group]"),
            ("## heading #1 [x] ä", "## heading #1 [x] ä"),
            ("a\n::warning::\n", "a\n: :warning::\n"),
            ("", ""),
        ] {
            assert_eq!(inert(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_page_looks_the_same_and_gives_no_command() {
        for (text, wanted) in [
            ("::error::x", "&#58;:error::x"),
            ("a\n  ::x\n", "a\n  &#58;:x\n"),
            ("&#x27;###[x ##", "&#x27;&#35;&#35;#[x &#35;#"),
            ("a :: b #1", "a :: b #1"),
        ] {
            assert_eq!(entities(text), wanted);
        }
    }

    #[test]
    fn texts_are_cut_between_characters_and_lines_are_counted() {
        assert_eq!((cut("ääää", 3), cut("ääää", 4)), ("äää…".to_owned(), "ääää".to_owned()));
        assert_eq!(line("::a\r\nb\tc\u{1b}", 90), ": :a  b c\u{FFFD}");
        assert_eq!(line("p95 < 1s <b> <SCRIPT>x</script>", 90), "p95 < 1s <b> ‹SCRIPT>x‹/script>");
        assert_eq!(lines("a\nb\nc\n", 2, 9), ["a", "b", "… 1 more lines"]);
        assert_eq!(lines("a\nb\n", 2, 9), ["a", "b"]);
    }
}
