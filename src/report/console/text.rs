//! Text of strangers on a terminal, and colours by meaning.

use anstyle::{AnsiColor, Style};

/// Longer names are cut in the middle of a table.
const LONGEST_NAME: usize = 24;

/// `colour`, on whatever is behind it.
pub(in crate::report) fn coloured(colour: AnsiColor) -> Style {
    colour.on_default()
}

/// A name that fits into a table.
pub(in crate::report) fn short(name: &str) -> String {
    shortened(name, LONGEST_NAME)
}

/// `name` in at most so many characters.
pub(in crate::report) fn shortened(name: &str, longest: usize) -> String {
    let name = clean(name);
    match name.chars().count() > longest {
        true => name.chars().take(longest.saturating_sub(1)).chain(['…']).collect(),
        false => name,
    }
}

/// Text from the scenario or the target, which must not move the cursor or change colours.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if moves_text(c) { '\u{FFFD}' } else { c }).collect()
}

/// Whether `c` can move, hide or reorder what stands around it.
pub(in crate::report) fn moves_text(c: char) -> bool {
    c.is_control() || is_direction_mark(c)
}

/// Whether `c` changes the direction of the text around it.
pub(in crate::report) fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_move_nothing() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d");
        assert_eq!(short(&"x".repeat(80)).chars().count(), LONGEST_NAME);
    }
}
