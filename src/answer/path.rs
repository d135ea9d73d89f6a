//! A JSONPath (RFC 9535) with the parts that lead to it, so that a path that finds nothing can say how far it got.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde_json::Value;
use serde_json_path::JsonPath;

use super::nearest;
use super::plain::{self, Step};

/// The longest path that is compiled, in bytes; longer ones are a mistake or an attack.
const LONGEST: usize = 1_000;
/// How deep brackets may nest: the parser tries each level in several ways, so depth costs exponentially.
const DEEPEST: usize = 8;
/// How often a path may go down everywhere (`..`): each time multiplies what is found by the depth of the document.
const DESCENTS: usize = 3;

/// A compiled path.
#[derive(Debug, Clone)]
pub struct JsonQuery {
    text: String,
    path: JsonPath,
    /// Its steps if it is a plain path.
    plain: Option<Vec<Step>>,
    /// The paths to what the path goes through, the document first: where the text ends, and the path.
    leading: Vec<(usize, JsonPath)>,
}

/// What is wrong with a path, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathError {
    pub(super) message: String,
    pub(super) span: Range<usize>,
    pub(super) hint: &'static str,
}

impl JsonQuery {
    /// Compiles `text`, which starts with `$`.
    pub(super) fn parse(text: &str) -> Result<Self, PathError> {
        let wrong = |message: String, span, hint| Err(PathError { message, span, hint });
        if !text.starts_with('$') {
            return wrong("a JSON path starts with $".into(), 0..text.len(), "for example json:$.data.token");
        }
        let segments = Segments::of(text);
        if text.len() > LONGEST || segments.depth > DEEPEST {
            let message = "this JSON path is too long or nests too deep".to_owned();
            return wrong(message, 0..text.len(), "write at most 1,000 bytes and eight levels of brackets");
        }
        if segments.descents > DESCENTS {
            let message = "this JSON path goes down everywhere too often".to_owned();
            return wrong(message, 0..text.len(), "write .. at most three times");
        }
        match JsonPath::parse(text) {
            Ok(path) => {
                let compiled = |end: &usize| Some((*end, JsonPath::parse(text.get(..*end)?).ok()?));
                let leading = segments.starts.iter().filter_map(compiled).collect();
                Ok(Self { text: text.to_owned(), path, plain: plain::steps(text), leading })
            }
            Err(error) => {
                let start = (0..=error.position().min(text.len())).rev().find(|at| text.is_char_boundary(*at));
                let message = match error.message() {
                    "parser error" => "this is not a JSON path (RFC 9535)".to_owned(),
                    reason => format!("this is not a JSON path: {reason}"),
                };
                let hint = "for example $.data.token, $.items[0].id, $.items[*].name or $.items[?@.id == 5]";
                wrong(message, start.unwrap_or(0)..text.len(), hint)
            }
        }
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its steps if it is a plain path.
    pub(super) fn plain(&self) -> Option<&[Step]> {
        self.plain.as_deref()
    }

    /// The one node that the path finds, or an array of all; none when it finds none.
    pub fn find<'v>(&self, document: &'v Value) -> Option<Cow<'v, Value>> {
        let nodes = self.path.query(document);
        match nodes.len() {
            0 => None,
            1 => nodes.first().map(Cow::Borrowed),
            _ => Some(Cow::Owned(nodes.iter().map(|node| (*node).clone()).collect())),
        }
    }

    /// Every node that the path finds.
    pub fn nodes<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        self.path.query(document).all()
    }

    /// How far the path gets in `document`, and what is there.
    pub fn nearest(&self, document: &Value) -> String {
        for (end, path) in self.leading.iter().rev() {
            let nodes = path.query(document).all();
            if !nodes.is_empty() {
                return nearest::describe(self.text.get(..*end).unwrap_or("$"), &nodes);
            }
        }
        nearest::describe("$", &[document])
    }
}

impl fmt::Display for JsonQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the segments of a path start, how deep its brackets nest, and how often it goes down everywhere.
struct Segments {
    starts: Vec<usize>,
    depth: usize,
    descents: usize,
}

impl Segments {
    fn of(text: &str) -> Self {
        let mut found = Self { starts: Vec::new(), depth: 0, descents: 0 };
        let (mut depth, mut quote, mut escaped, mut before) = (0_usize, None, false, b' ');
        for (at, byte) in text.bytes().enumerate() {
            let top = depth == 0 && quote.is_none();
            match (quote, byte) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), b'\\') => escaped = true,
                (Some(open), byte) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'\'' | b'"') => quote = Some(byte),
                (None, b'[' | b'(') => depth += 1,
                (None, b']' | b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            // `..` opens one segment, and so does the bracket behind it.
            if top && matches!(byte, b'.' | b'[') && before != b'.' {
                found.starts.push(at);
            }
            found.descents += usize::from(quote.is_none() && byte == b'.' && before == b'.');
            found.depth = found.depth.max(depth);
            before = byte;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(text: &str) -> JsonQuery {
        JsonQuery::parse(text).unwrap()
    }

    #[test]
    fn one_node_is_itself_and_several_are_an_array() {
        let document = json!({ "data": { "items": [{ "id": 1 }, { "id": 2, "tag": "x" }] } });
        assert_eq!(query("$.data.items[0].id").find(&document).unwrap().as_ref(), &json!(1));
        assert_eq!(query("$.data.items[*].id").find(&document).unwrap().as_ref(), &json!([1, 2]));
        assert_eq!(query("$..tag").find(&document).unwrap().as_ref(), &json!("x"));
        assert_eq!(query("$.data.items[?@.id == 2].tag").find(&document).unwrap().as_ref(), &json!("x"));
        assert_eq!(query("$.data.items[?search(@.tag, 'x')].id").find(&document).unwrap().as_ref(), &json!(2));
        assert!(query("$.data.nothing").find(&document).is_none());
    }

    #[test]
    fn a_path_that_finds_nothing_says_how_far_it_got() {
        let document = json!({ "data": { "id": 7, "items": [1, 2], "none": {} }, "a.b": { "c": 1 } });
        let far = |text| query(text).nearest(&document);
        assert_eq!(far("$.data.token"), "$.data has the keys id, items, none");
        assert_eq!(far("$.data.id.x.y"), "$.data.id is 7");
        assert_eq!(far("$.data.items[5]"), "$.data.items is an array of 2");
        assert_eq!(far("$.data.none.x"), "$.data.none is an empty object");
        assert_eq!(far("$['a.b'].d"), "$['a.b'] has the key c");
        assert_eq!(far("$.data.items[*].x"), "$.data.items[*] finds 2 values, the first is 1");
        assert_eq!(far("$.data.items[?@ > 5]"), "$.data.items is an array of 2");
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(JsonQuery::parse("data.x").unwrap_err().span, 0..6);
        let error = JsonQuery::parse("$.data[").unwrap_err();
        assert!(error.span.start >= 6, "{error:?}");
        assert!(JsonQuery::parse("$.a b").is_err());
        assert!(JsonQuery::parse("$.items[?length(@.x)]").is_err());
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let nested = format!("$[?{}1{}]", "(".repeat(50), ")".repeat(50));
        assert!(JsonQuery::parse(&nested).unwrap_err().message.contains("too deep"));
        assert!(JsonQuery::parse(&"$[?@".repeat(100_000)).unwrap_err().message.contains("too"));
        assert!(JsonQuery::parse("$..a..b..c..d").unwrap_err().message.contains("too often"));
        assert!(JsonQuery::parse("$..a..b['....'].c").is_ok());
        assert!(JsonQuery::parse(&format!("$.{}", "a".repeat(2_000))).is_err());
        let as_deep_as_allowed = format!("{}{}", "$[?@".repeat(DEEPEST), "]".repeat(DEEPEST));
        let _ = JsonQuery::parse(&as_deep_as_allowed);
    }
}
