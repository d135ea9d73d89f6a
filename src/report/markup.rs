//! Markdown in which what somebody else wrote stands in code spans: nothing in them is a link, a mention, HTML or the end of a
//! cell.

use std::ops::Range;

use super::inert::{cut, line};
use crate::units::format_count;

/// More sentences of one kind are left to the page.
pub(super) const MOST_REASONS: usize = 20;
/// Longer names are cut.
pub(super) const LONGEST_NAME: usize = 80;
/// Longer sentences are cut.
pub(super) const LONGEST_LINE: usize = 300;
/// What stands at the end where not all has room.
const FENCE_END: &str = "```\n";
const CUT: &str = "\n… the rest is in `report.html`.\n";

/// `text`, without its last lines if it has more than `most` bytes.
pub(super) fn within(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let room = most.saturating_sub(CUT.len() + FENCE_END.len());
    let end = (0..=room).rev().find(|end| text.as_bytes().get(end.wrapping_sub(1)) == Some(&b'\n')).unwrap_or(0);
    if end == 0 && most < CUT.len() {
        return String::new();
    }
    let kept = &text[..end];
    // What comes behind must not fall into a block that was cut.
    let is_open = kept.lines().filter(|line| line.starts_with("```")).count() % 2 == 1;
    format!("{kept}{}{CUT}", if is_open { FENCE_END } else { "" })
}

/// Sentences that hold names, one below the other.
pub(super) fn listed(texts: &[String]) -> String {
    let mut out: String =
        texts.iter().take(MOST_REASONS).map(|text| format!("- {}\n", code(text, LONGEST_LINE))).collect();
    more(&mut out, texts.len(), MOST_REASONS);
    out
}

/// How many more there are than are shown.
pub(super) fn more(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        out.push_str(&format!("\n… {} more in `report.html`.\n", format_count((all - shown) as u64)));
    }
}

/// The head of a table whose columns in `numbers` are aligned to the right.
pub(super) fn table(titles: &[&str], numbers: Range<usize>) -> String {
    let mut out = String::new();
    row(&mut out, &titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>());
    let rules = (0..titles.len()).map(|at| if numbers.contains(&at) { "---:" } else { "---" });
    out.push_str(&format!("|{}|\n", rules.collect::<Vec<_>>().join("|")));
    out
}

/// A row of it.
pub(super) fn row(out: &mut String, cells: &[String]) {
    out.push_str(&format!("| {} |\n", cells.join(" | ")));
}

/// `text` in a code span that it cannot leave.
pub(super) fn code(text: &str, most: usize) -> String {
    match line(&cut(text, most), most + 1).replace('`', "'").trim() {
        "" => "(empty)".to_owned(),
        shown => format!("`{shown}`"),
    }
}

/// The same in a cell of a table, where a bar would begin another.
pub(super) fn cell(text: &str, most: usize) -> String {
    let shown = code(text, most).replace('|', "\\|");
    // A backslash before an escaped bar would undo that.
    shown.replace("\\\\|", "\\ \\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_stays_in_its_code_span() {
        for (text, wanted) in [
            ("a|b", "`a\\|b`"),
            ("a\\|b", "`a\\ \\|b`"),
            ("`x` @me <b> [l](http://e)", "`'x' @me <b> [l](http://e)`"),
            ("a\n\n# b", "`a  # b`"),
            (" ", "(empty)"),
        ] {
            assert_eq!(cell(text, 99), wanted);
        }
    }

    #[test]
    fn a_block_that_is_cut_is_closed() {
        let text = format!("a\n```diff\n{}```\nb\n", "- line\n".repeat(50));
        let cut = within(text, 120);
        assert!(cut.len() <= 120 && cut.lines().filter(|line| line.starts_with("```")).count() == 2, "{cut}");
    }

    #[test]
    fn it_has_an_end_at_a_line() {
        let text = "line\n".repeat(100);
        let cut = within(text.clone(), 100);
        assert!(cut.len() <= 100 && cut.ends_with(&format!("line\n{CUT}")), "{cut}");
        assert_eq!(within(text.clone(), 500), text);
        assert_eq!(within(text, 3), "");
    }
}
