//! Header values that are lists of items with parameters, read with a great deal of patience.
//!
//! Close to Structured Fields (RFC 9651), but what is not quite right is read as far as it makes sense: rate limit
//! headers are older than their standard.

/// More members or parameters than this are not looked at.
const MOST: usize = 32;

/// One member of a list: `"default";q=100;w=900`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The item, without quotes.
    pub(super) item: String,
    parameters: Vec<(String, String)>,
}

impl Member {
    /// The value of the parameter `name`, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The item as `key=value`, as members of a dictionary are.
    pub(super) fn entry(&self) -> Option<(&str, &str)> {
        self.item.split_once('=').map(|(key, value)| (key.trim(), value.trim()))
    }
}

/// The members of a list.
pub(super) fn members(text: &str) -> Vec<Member> {
    split(text, ',').into_iter().filter_map(member).collect()
}

fn member(text: &str) -> Option<Member> {
    let mut parts = split(text, ';').into_iter();
    let item = unquoted(parts.next()?);
    let parameters = parts.map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key.trim().to_owned(), unquoted(value))
    });
    Some(Member { item, parameters: parameters.collect() })
}

/// The parts of `text` between `separator`s that stand outside of quotes; empty ones are left out.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == separator && !quoted,
        }
        false
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).take(MOST).collect()
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inside = text.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    inside.map_or_else(|| text.to_owned(), |inside| inside.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn separators_inside_quotes_are_part_of_the_text() {
        let read = members(r#""a,b;\"c";q=1 ; w="2;3" , d , limit=100"#);
        assert_eq!(read.len(), 3);
        assert_eq!(
            (read[0].item.as_str(), read[0].parameter("q"), read[0].parameter("W")),
            ("a,b;\"c", Some("1"), Some("2;3"))
        );
        assert_eq!((read[1].item.as_str(), read[1].parameter("q")), ("d", None));
        assert_eq!(read[2].entry(), Some(("limit", "100")));
        assert_eq!(members(" , ;,"), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_text_panics_and_none_grows_beyond_the_bound(text in "[\"\\\\;,= a-c0-9é]{0,200}|\\PC{0,200}") {
            prop_assert!(members(&text).len() <= MOST);
        }
    }
}
