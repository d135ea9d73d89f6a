//! Lines of a page for people: a label, and text that is broken within 80 columns.

use anstyle::AnsiColor;

use super::console::clean;

/// No line is wider.
pub(super) const COLUMNS: usize = 80;
/// Where the text behind a label starts.
const INDENT: usize = 13;

/// `label` and `text` behind it, broken between words.
pub(super) fn labelled(label: &str, text: &str) -> String {
    format!("  {label:<width$}{}\n", broken(text, INDENT), width = INDENT - 2)
}

/// What somebody should do something about.
pub(super) fn warning(text: &str) -> String {
    let style = AnsiColor::Yellow.on_default().bold();
    // As wide as the label that it replaces.
    format!("  {style}warning{style:#}{}{}\n", " ".repeat(INDENT - 9), broken(text, INDENT))
}

/// `text`, cleaned, with line ends between words so that no line is wider than the page; all but the first are indented
/// by `indent`, and the first is taken to be.
pub(super) fn broken(text: &str, indent: usize) -> String {
    broken_within(text, indent, COLUMNS)
}

/// The same for a page of so many `columns`.
pub(super) fn broken_within(text: &str, indent: usize, columns: usize) -> String {
    let room = columns - indent;
    let mut out = String::new();
    let mut used = 0;
    for word in clean(text).split(' ').flat_map(|word| pieces(word, room)) {
        let width = word.chars().count();
        if used > 0 && used + 1 + width > room {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(&word);
        used += width;
    }
    out
}

/// `word` in parts of at most `room` characters: a path may be longer than a line.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(room).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_the_page_and_nothing_is_lost() {
        let text = format!("a {} b {} ende", "x".repeat(200), "wort ".repeat(60));
        let lines = labelled("label", &text);
        assert!(lines.lines().all(|line| line.chars().count() <= COLUMNS), "{lines}");
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(letters(&lines), letters(&format!("label{text}")));
        assert_eq!(labelled("rate", "20/s"), "  rate       20/s\n");
    }
}
