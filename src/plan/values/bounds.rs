//! What an expression may ask for: the engine takes any length, nesting and amount, and would end the process.

use std::ops::Range;

use minijinja::value::{Kwargs, StringInput};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

/// In bytes: each operator is a level of the engine's own recursion.
const LONGEST_EXPRESSION: usize = 4_096;
/// In bytes, of what a filter gives.
const LONGEST_TEXT: usize = 1 << 20;
/// In spaces.
const WIDEST_INDENT: usize = 16;
/// Filters that give as much as a number in them says, and that no request needs.
const REFUSED: [&str; 5] = ["batch", "format", "indent", "slice", "pprint"];

/// Something that is too much, with its place in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// What is too much in the templates of `text`, if anything is.
pub(super) fn excess(text: &str) -> Option<Excess> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find("${").map(|at| from + at) {
        let inner = at + 2;
        let (length, stepped) = measured(&text[inner..]);
        if length > LONGEST_EXPRESSION {
            return Some(Excess {
                span: at..inner,
                message: format!("this template is longer than {LONGEST_EXPRESSION} bytes"),
                hint: "close it with }, or put what it holds into [vars]",
            });
        }
        if let Some(colon) = stepped {
            return Some(Excess {
                span: inner + colon..inner + colon + 1,
                message: "a slice has a start and an end, but no step here".to_owned(),
                hint: "write text[0:5]; `| reverse` turns a list or a text around",
            });
        }
        from = inner + length;
    }
    None
}

/// The length of the expression that `rest` starts with, and where a slice in it goes on to a step.
fn measured(rest: &str) -> (usize, Option<usize>) {
    let (mut quote, mut escaped, mut stepped) = (None, false, None);
    // What is open, with the colons in it.
    let mut open: Vec<(u8, u32)> = Vec::new();
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(closing), byte) if byte == closing => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'[' | b'{') => open.push((byte, 0)),
            (None, b']') => drop(open.pop()),
            (None, b'}') if !open.iter().any(|(bracket, _)| *bracket == b'{') => return (at, stepped),
            (None, b'}') => while open.pop().is_some_and(|(bracket, _)| bracket != b'{') {},
            (None, b':') => {
                if let Some((b'[', colons)) = open.last_mut() {
                    *colons += 1;
                    stepped = stepped.or((*colons == 2).then_some(at));
                }
            }
            _ => {}
        }
    }
    (rest.len(), stepped)
}

/// Puts bounds on the filters of `engine`.
pub(super) fn add_to(engine: &mut Environment<'static>) {
    for name in REFUSED {
        engine.remove_filter(name);
    }
    engine.add_filter("join", join);
    engine.add_filter("replace", replace);
    engine.add_filter("tojson", tojson);
}

fn too_large(what: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("`{what}` gives more than {} KiB here", LONGEST_TEXT >> 10))
}

fn join(
    state: &mut State<'_, '_>,
    list: &Value,
    joiner: Option<StringInput<'_>>,
    attribute: Option<&str>,
    more: Kwargs,
) -> Result<Value, Error> {
    let between = joiner.as_ref().map_or(0, |joiner| joiner.as_str().len());
    let items = list.len().unwrap_or(0);
    if items.saturating_mul(between) > LONGEST_TEXT {
        return Err(too_large("join"));
    }
    filters::join(state, list, joiner, attribute, more)
}

fn replace(
    state: &mut State<'_, '_>,
    text: StringInput<'_>,
    from: StringInput<'_>,
    to: StringInput<'_>,
) -> Result<Value, Error> {
    let found = text.as_str().matches(from.as_str()).count();
    if found.saturating_mul(to.as_str().len()) > LONGEST_TEXT {
        return Err(too_large("replace"));
    }
    filters::replace(state, text, from, to)
}

fn tojson(value: &Value, indent: Option<Value>, more: Kwargs) -> Result<Value, Error> {
    let asked = match &indent {
        Some(indent) => Some(indent.clone()),
        None => more.get::<Option<Value>>("indent")?,
    };
    if asked.and_then(|indent| indent.as_i64()).is_some_and(|spaces| spaces > WIDEST_INDENT as i64) {
        let message = format!("`tojson` indents by at most {WIDEST_INDENT} spaces");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    filters::tojson(value, indent, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_too_much() {
        for text in ["", "plain ${", "${ a[0:5] } ${ b[-2:] }", "${ {'a': 1, 'b': {'c': 2}} }", "${ ':::' ~ a[':'] }"] {
            assert_eq!(excess(text), None, "{text}");
        }
        let long_words = format!("${{ a }}{}${{ b }}", "x".repeat(100_000));
        assert_eq!(excess(&long_words), None);
    }

    #[test]
    fn long_expressions_and_steps_of_slices_are_found_at_their_place() {
        let long = format!("${{ a }}é${{ 1{} }}", "+1".repeat(3_000));
        assert_eq!(excess(&long).map(|excess| excess.span), Some(9..11));
        let quoted = format!("${{ '}}'{} }}", "|a".repeat(3_000));
        assert!(excess(&quoted).is_some(), "a brace in a text is no end");
        let unclosed = format!("${{ '{}", "a".repeat(5_000));
        assert!(excess(&unclosed).is_some());
        assert_eq!(excess("${ ''[::-1] }").map(|excess| excess.span), Some(7..8));
        assert_eq!(excess("${ a[b[1:2]:3:n] }").map(|excess| excess.span), Some(13..14));
    }
}
