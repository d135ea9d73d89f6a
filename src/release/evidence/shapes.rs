//! What readers of reports share: JSON and XML that must be whole, numbers that must be counts, names fit to be shown.

use jiff::Timestamp;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value as Json};

use crate::values::Secrets;

/// No report that a team reads has more elements.
const MOST_NODES: u32 = 4_000_000;
/// Names are told of so many cases at the most.
pub(super) const MOST_NAMED: usize = 5;
/// Characters of a message that are shown.
const LONGEST: usize = 280;
/// Characters of each name in a list.
const LONGEST_NAME: usize = 140;
/// Later than 1973 in milliseconds, and further away than any year that matters in seconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// The bytes as text, without the mark that some editors put in front.
pub(super) fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).trim())
}

/// A whole JSON document.
pub(super) fn json(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no whole JSON document: {error}"))
}

/// A whole XML document; entities of its own are bounded by the parser, and nothing outside of it is read.
pub(super) fn xml(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| format!("it is no whole XML document: {error}"))
}

/// The object at `key`.
pub(super) fn object<'j>(of: &'j Json, key: &str) -> Result<&'j Map<String, Json>, String> {
    of.get(key).and_then(Json::as_object).ok_or_else(|| format!("it has no object `{key}`"))
}

/// The list at `key`.
pub(super) fn list<'j>(of: &'j Json, key: &str) -> Result<&'j Vec<Json>, String> {
    of.get(key).and_then(Json::as_array).ok_or_else(|| format!("it has no list `{key}`"))
}

/// The text at `key`; empty if there is none.
pub(super) fn word<'j>(of: &'j Json, key: &str) -> &'j str {
    of.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// The count at `key`: a whole number that is not negative.
pub(super) fn count(of: &Json, key: &str) -> Result<u64, String> {
    let value = of.get(key).ok_or_else(|| format!("it has no count `{key}`"))?;
    counted(value).ok_or_else(|| format!("`{key}` is no count: {}", shortened(&value.to_string(), LONGEST_NAME)))
}

/// A whole number that is not negative and that can be counted with.
pub(super) fn counted(value: &Json) -> Option<u64> {
    value.as_u64().filter(|count| *count <= MOST_COUNT)
}

/// Sums of counts stay exact.
const MOST_COUNT: u64 = 1 << 50;

/// A count as text.
pub(super) fn parsed(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|count| *count <= MOST_COUNT)
}

/// The count in the attribute `name`; none if it has no such attribute.
pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> Result<Option<u64>, String> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    parsed(text).map(Some).ok_or_else(|| format!("{name}=\"{}\" is no count", shortened(text, LONGEST_NAME)))
}

/// The elements right below `node` that are called `name`.
pub(super) fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

/// A time in seconds or milliseconds since 1970; none for zero, which tools write that know none.
pub(super) fn epoch(number: i64) -> Option<Timestamp> {
    match number {
        ..=0 => None,
        MILLISECONDS_FROM.. => Timestamp::from_millisecond(number).ok(),
        _ => Timestamp::from_second(number).ok(),
    }
}

/// One line of bounded length, without what must not be shown.
pub(super) fn shown(text: &str, secrets: &Secrets) -> String {
    shortened(&secrets.redact(text), LONGEST)
}

/// One line of at most `most` characters.
fn shortened(text: &str, most: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(most) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

/// Cases of one kind: how many, and the names of the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    /// How many.
    pub count: u64,
    names: Vec<String>,
}

impl Named {
    /// Counts one more.
    pub(super) fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.names.len() < MOST_NAMED {
            self.names.push(name());
        }
    }

    /// Counts those of another report, too.
    pub(super) fn take(&mut self, other: Self) {
        self.count += other.count;
        let room = MOST_NAMED - self.names.len();
        self.names.extend(other.names.into_iter().take(room));
    }

    /// `a; b; and 3 more`
    pub(super) fn listed(&self, secrets: &Secrets) -> String {
        let mut parts: Vec<String> =
            self.names.iter().map(|name| shortened(&secrets.redact(name), LONGEST_NAME)).collect();
        match self.count - parts.len() as u64 {
            0 => {}
            more => parts.push(format!("and {more} more")),
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_count_is_none() {
        for text in ["-1", "1.5", "\"1\"", "1e3", "18446744073709551616", "null"] {
            let value: Json = serde_json::from_str(text).unwrap();
            assert_eq!(counted(&value), None, "{text}");
        }
        assert_eq!(parsed(" 12 "), Some(12));
        assert_eq!([parsed("-1"), parsed("18446744073709551615"), parsed("")], [None; 3]);
    }

    #[test]
    fn names_are_one_short_line_and_times_are_in_either_unit() {
        assert_eq!(shortened("a\u{1b}[31m\n  b\tc", LONGEST), "a [31m b c");
        assert_eq!(shortened(&"é".repeat(10_000), LONGEST).chars().count(), LONGEST + 1);
        assert_eq!(epoch(1_795_310_298), epoch(1_795_310_298_000));
        assert_eq!(epoch(0), None);
    }

    #[test]
    fn xml_is_bounded_in_depth_and_in_what_its_entities_make() {
        let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        assert!(xml(&deep).is_ok());
        let mut laughs = "<!DOCTYPE a [<!ENTITY l0 \"ha\">".to_owned();
        for level in 1..20 {
            laughs.push_str(&format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10)));
        }
        laughs.push_str("]><a>&l19;</a>");
        assert!(xml(&laughs).is_err());
    }
}
