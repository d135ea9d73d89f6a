//! Texts of a release file within YAML, comments and expressions of GitHub, none of which they can leave.

use crate::report::console::moves_text;

/// `text` as a string of YAML: double quotes, with whatever is not plain as an escape.
pub(super) fn yaml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c if moves_text(c) => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The same for a value that GitHub evaluates: what looks like an expression gives itself.
pub(super) fn github(text: &str) -> String {
    yaml(&text.replace("${{", "${{ '${{' }}"))
}

/// The same for a value in which GitLab looks for variables.
pub(super) fn gitlab(text: &str) -> String {
    yaml(&text.replace('$', "$$"))
}

/// The same for a title that people read, and in which nothing is evaluated.
pub(super) fn title(text: &str) -> String {
    yaml(&text.replace("${{", "$ {{"))
}

/// `text` within one line of a comment.
pub(super) fn in_comment(text: &str) -> String {
    let flat = |c: char| if moves_text(c) || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    text.chars().map(flat).collect::<String>().replace("${{", "$ {{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_text_holds_yaml_gives_it_back() {
        for text in crate::report::fixture::TEXTS {
            let line = format!("a: {}\n", yaml(text));
            let read: serde_json::Value =
                serde_saphyr::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(read["a"].as_str(), Some(text), "{line}");
        }
    }

    #[test]
    fn nothing_is_evaluated() {
        assert_eq!(github("a ${{ secrets.X }}"), "\"a ${{ '${{' }} secrets.X }}\"");
        assert_eq!(gitlab("a $CI_X"), "\"a $$CI_X\"");
        assert_eq!(in_comment("a\nb ${{ x }}"), "a b $ {{ x }}");
    }
}
