//! What an expression may ask for: the engine takes any length, nesting and amount, and would end the process; and it
//! looks for filters and tests only when it needs them, in the middle of a run.

use std::ops::Range;

use minijinja::value::{Kwargs, StringInput};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use crate::diagnostic::nearest;

/// In bytes: each operator is a level of the engine's own recursion.
const LONGEST_EXPRESSION: usize = 4_096;
/// In bytes, of what a filter gives.
const LONGEST_TEXT: usize = 1 << 20;
/// In spaces.
const WIDEST_INDENT: usize = 16;
/// The filters that are suggested.
const FILTERS: [&str; 24] = [
    "abs",
    "bool",
    "default",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "max",
    "min",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "string",
    "tojson",
    "trim",
    "upper",
    "urlencode",
];
/// The tests that are suggested.
const TESTS: [&str; 12] = [
    "boolean",
    "defined",
    "endingwith",
    "even",
    "in",
    "mapping",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
];
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
        let Expression { length, stepped, .. } = Expression::at_start_of(&text[inner..]);
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

/// A filter or a test that the engine does not have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownWord {
    pub(super) span: Range<usize>,
    pub(super) kind: &'static str,
    pub(super) hint: String,
}

/// The first filter or test in the templates of `text` that does not exist.
pub(super) fn unknown_word(engine: &Environment<'static>, text: &str) -> Option<UnknownWord> {
    let mut from = 0;
    while let Some(inner) = text.get(from..)?.find("${").map(|at| from + at + 2) {
        let expression = Expression::at_start_of(&text[inner..]);
        for (kind, word) in expression.filters_and_tests() {
            let name = &expression.code[word.clone()];
            let (asked, known) = match kind {
                "filter" => ("name is filter", FILTERS.as_slice()),
                _ => ("name is test", TESTS.as_slice()),
            };
            let compiled = engine.compile_expression(asked).ok()?;
            if !compiled.eval(minijinja::context! { name }).ok()?.is_true() {
                let hint = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are: {}", known.join(", ")),
                };
                return Some(UnknownWord { span: inner + word.start..inner + word.end, kind, hint });
            }
        }
        from = inner + expression.length;
    }
    None
}

/// An expression as far as it can be told without its grammar.
struct Expression {
    /// Its bytes up to the brace that closes it.
    length: usize,
    /// Where a slice goes on to a step.
    stepped: Option<usize>,
    /// Its text with spaces in place of what stands in quotes.
    code: String,
}

impl Expression {
    fn at_start_of(rest: &str) -> Self {
        let (mut quote, mut escaped, mut stepped) = (None, false, None);
        // What is open, with the colons in it.
        let mut open: Vec<(char, u32)> = Vec::new();
        let mut code = String::new();
        for (at, letter) in rest.char_indices() {
            let is_code = quote.is_none() && letter.is_ascii();
            code.extend(std::iter::repeat_n(if is_code { letter } else { ' ' }, letter.len_utf8()));
            match (quote, letter) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(closing), letter) if letter == closing => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(letter),
                (None, '[' | '{') => open.push((letter, 0)),
                (None, ']') => drop(open.pop()),
                (None, '}') if !open.iter().any(|(bracket, _)| *bracket == '{') => {
                    code.pop();
                    return Self { length: at, stepped, code };
                }
                (None, '}') => while open.pop().is_some_and(|(bracket, _)| bracket != '{') {},
                (None, ':') => {
                    if let Some(('[', colons)) = open.last_mut() {
                        *colons += 1;
                        stepped = stepped.or((*colons == 2).then_some(at));
                    }
                }
                _ => {}
            }
        }
        Self { length: rest.len(), stepped, code }
    }

    /// The names behind `|` and behind `is` or `is not`, with what they should be.
    fn filters_and_tests(&self) -> Vec<(&'static str, Range<usize>)> {
        let mut found = Vec::new();
        let mut expected = None;
        let mut at = 0;
        while let Some(letter) = self.code[at..].chars().next() {
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = self.code[at..].find(|c| !is_letter(c)).unwrap_or(self.code.len() - at);
            let word = at..at + length;
            match (&self.code[word.clone()], letter) {
                ("", '|') => expected = Some("filter"),
                ("", ' ' | '\t' | '\n' | '\r') => {}
                ("", _) => expected = None,
                ("not", _) if expected == Some("test") => {}
                ("is", _) if expected.is_none() && !self.code[..at].trim_end().ends_with('.') => {
                    expected = Some("test")
                }
                _ => found.extend(expected.take().map(|kind| (kind, word))),
            }
            at += length.max(1);
        }
        found
    }
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
        assert_eq!(excess(&long).map(|excess| excess.span), Some(8..10));
        let quoted = format!("${{ '}}'{} }}", "|a".repeat(3_000));
        assert!(excess(&quoted).is_some(), "a brace in a text is no end");
        let unclosed = format!("${{ '{}", "a".repeat(5_000));
        assert!(excess(&unclosed).is_some());
        assert_eq!(excess("${ ''[::-1] }").map(|excess| excess.span), Some(7..8));
        assert_eq!(excess("${ a[b[1:2]:3:n] }").map(|excess| excess.span), Some(13..14));
    }

    #[test]
    fn unknown_filters_and_tests_are_found_before_the_run() {
        let engine = Environment::new();
        let unknown = |text: &str| unknown_word(&engine, text).map(|word| (text[word.span].to_owned(), word.hint));
        for known in
            ["${ a | upper | join('|x') }", "${ a is not defined }", "${ a.is.b or c[1] | default(b is odd) }", "a|b"]
        {
            assert_eq!(unknown(known), None, "{known}");
        }
        assert_eq!(unknown("é${ 'ü' | urlencde }"), Some(("urlencde".into(), "did you mean `urlencode`?".into())));
        assert_eq!(unknown("${ a is not dfined }"), Some(("dfined".into(), "did you mean `defined`?".into())));
        assert!(
            unknown("${ a | indent(5) | zzzzzz }")
                .is_some_and(|(name, hint)| name == "zzzzzz" && hint.contains("urlencode"))
        );
    }
}
