//! Expressions that need no template engine: a name, a draw with known bounds, one of a known list, and those encoded for
//! a query. They give what the engine would give, from the same draws, for a tenth of its cost.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::functions::{LONGEST_STRING, random_text, random_uuid, random_whole, take_one};
use super::names::Names;
use super::scope::{RenderError, Scope};
use super::text::{Piece, no_value_yet};

/// An expression that needs no template engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Simple {
    what: What,
    /// Percent-encoded for a query, as the filter `urlencode` does it.
    encoded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// The value of a slot, with its name for messages.
    Slot(usize, Arc<str>),
    User,
    Iteration,
    Arrival,
    Uuid,
    RandomInt(i64, i64),
    RandomString(usize),
    /// One of a list that is known before the run and not empty.
    Pick(Value),
}

impl Simple {
    /// `expression` if it is one; none leaves it to the engine, which also says what is wrong with it.
    fn read(expression: &str, names: &Names) -> Option<Self> {
        let (expression, encoded) = match expression.split_once('|') {
            Some((before, "urlencode" | " urlencode")) => (before.trim(), true),
            Some(_) => return None,
            None => (expression, false),
        };
        What::read(expression, names).map(|what| Self { what, encoded })
    }

    /// The value for the journey of `scope`.
    ///
    /// # Errors
    /// When a variable has no value yet.
    pub(super) fn value(&self, scope: &Scope) -> Result<Value, RenderError> {
        let value = self.what.value(scope)?;
        match self.encoded {
            true => minijinja::filters::urlencode(&value).map(Value::from).map_err(|error| RenderError::from(&error)),
            false => Ok(value),
        }
    }
}

impl What {
    fn read(expression: &str, names: &Names) -> Option<Self> {
        let is_free = |name: &str| !names.slots.contains_key(name) && !names.constants.contains_key(name);
        let Some((name, arguments)) = expression.split_once('(') else {
            // A name that is also one of [vars] has a value from the start: the engine knows which one counts.
            return match (names.slots.get(expression), expression) {
                (Some(slot), name) => {
                    (!names.constants.contains_key(name)).then(|| Self::Slot(*slot, expression.into()))
                }
                (None, "user") => Some(Self::User),
                (None, "iteration") => Some(Self::Iteration),
                (None, "arrival") => Some(Self::Arrival),
                _ => None,
            }
            .filter(|_| names.slots.contains_key(expression) || is_free(expression));
        };
        let arguments = arguments.strip_suffix(')')?.trim();
        match name {
            _ if !is_free(name) => None,
            "uuid" if arguments.is_empty() => Some(Self::Uuid),
            "random_int" => {
                let (low, high) = arguments.split_once(',')?;
                let (low, high) = (whole(low.trim())?, whole(high.trim())?);
                (low <= high).then_some(Self::RandomInt(low, high))
            }
            "random_string" => {
                let length = usize::try_from(whole(arguments)?).ok()?;
                (length <= LONGEST_STRING).then_some(Self::RandomString(length))
            }
            "pick" if !names.slots.contains_key(arguments) => {
                let list = names.constants.get(arguments)?;
                (list.kind() == ValueKind::Seq && list.len().is_some_and(|length| length > 0))
                    .then(|| Self::Pick(list.clone()))
            }
            _ => None,
        }
    }

    fn value(&self, scope: &Scope) -> Result<Value, RenderError> {
        let mut state = scope.0.state();
        Ok(match self {
            Self::Slot(slot, name) => {
                return state.slots.get(*slot).cloned().flatten().ok_or_else(|| no_value_yet(name));
            }
            Self::User => state.seat.user.into(),
            Self::Iteration => state.seat.iteration.into(),
            Self::Arrival => state.seat.arrival.into(),
            Self::Uuid => random_uuid(&mut state.random).into(),
            Self::RandomInt(low, high) => random_whole(&mut state.random, *low, *high).into(),
            Self::RandomString(length) => random_text(&mut state.random, *length).into(),
            Self::Pick(list) => return take_one(&mut state.random, list).map_err(|error| RenderError::from(&error)),
        })
    }
}

/// A whole number in digits that every reader takes for the same.
fn whole(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl Names {
    /// `text` as words and simple expressions, if that is all it is.
    pub(super) fn pieces(&self, text: &str) -> Option<Arc<[Piece]>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((words, after)) = rest.split_once("${") {
            let (expression, after) = after.split_once('}')?;
            let simple = Simple::read(expression.trim(), self)?;
            if !words.is_empty() {
                pieces.push(Piece::Words(words.into()));
            }
            pieces.push(Piece::Simple(simple));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Words(rest.into()));
        }
        Some(pieces.into())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::Source;
    use crate::values::{Environment, Seat, Secrets, Templates, Text};

    const NOWHERE: Range<usize> = 0..0;

    /// The text as three journeys render it; `wrapped` is one that only the engine reads.
    fn rendered(text: &str, wrapped: impl Fn(&str) -> String) -> (Vec<Result<String, RenderError>>, bool) {
        let source = Source::new("s.toml", String::new());
        let mut templates = Templates::new(&source, &Environment::default(), &Secrets::default());
        let constants = &mut templates.names().constants;
        constants.insert("titles".to_owned(), Value::from(vec!["alien", "the matrix", "é & co/=?", ""]));
        constants.insert(
            "mixed".to_owned(),
            Value::from(minijinja::value::Serde(&serde_json::json!([1, 2.5, null, true, [1, "a"], { "k": 1 }]))),
        );
        constants.insert("both".to_owned(), Value::from("constant"));
        for name in ["token", "number", "empty", "both"] {
            templates.slot(name);
        }
        let compiled = templates.text(&wrapped(text), &NOWHERE).unwrap();
        let simple = matches!(&compiled, Text::Pieces(pieces) if pieces.iter().all(|piece| !matches!(piece, Piece::Template(_))));
        let base = Scope::new(templates.finish(7));
        base.set(0, Value::from("a b&c"));
        base.set(1, Value::from(1.5));
        let texts = (0..3).map(|arrival| {
            let scope = base.fork();
            scope.begin(&base, Seat { user: 4, iteration: 2, arrival }, Vec::new());
            compiled.render(&scope).map(std::borrow::Cow::into_owned)
        });
        (texts.collect(), simple)
    }

    fn expression() -> impl Strategy<Value = String> {
        let call = prop_oneof![
            prop::sample::select(vec![
                "token",
                "number",
                "empty",
                "both",
                "user",
                "iteration",
                "arrival",
                "uuid()",
                "pick(titles)",
                "pick( mixed )",
                "random_string(0)",
                "random_string(12)",
                "random_int(5,5)",
                "user + 1",
                "titles | length",
                "pick(['x', 'y'])",
            ])
            .prop_map(str::to_owned),
            (0..1_000_i64, 0..1_000_i64).prop_map(|(low, more)| format!("random_int({low}, {})", low + more)),
        ];
        (call, any::<bool>()).prop_map(|(call, encoded)| {
            // The engine encodes a variable without a value as nothing.
            match encoded && call != "empty" {
                true => format!("{call} | urlencode"),
                false => call,
            }
        })
    }

    proptest! {
        #[test]
        fn they_give_what_the_engine_gives(parts in prop::collection::vec(("[a-z/?= é]{0,6}", expression()), 1..5)) {
            let text: String = parts.iter().map(|(words, expression)| format!("{words}${{ {expression} }}")).collect();
            let (ours, _) = rendered(&text, str::to_owned);
            // An expression in brackets with a condition means the same, and is not simple.
            let (theirs, simple) = rendered(&text, |text| text.replace("${ ", "${ true and "));
            prop_assert!(!simple);
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn common_expressions_need_no_engine() {
        for text in
            ["${ token }", "/x?q=${ pick(titles) | urlencode }&u=${user}", "${ uuid() }", "${ random_int(1, 9) }"]
        {
            assert!(rendered(text, str::to_owned).1, "{text}");
        }
        for text in [
            "${ token | upper }",
            "${ both }",
            "${ pick(['a']) }",
            "${ random_int(9, 1 + 9) }",
            "${ random_int(9, 1) }",
        ] {
            assert!(!rendered(text, str::to_owned).1, "{text}");
        }
    }

    #[test]
    fn a_variable_without_a_value_is_no_empty_text() {
        let (texts, _) = rendered("/x?id=${ empty | urlencode }", str::to_owned);
        assert!(texts[0].as_ref().unwrap_err().to_string().contains("`empty` has no value"));
    }

    #[test]
    fn a_variable_that_hides_one_of_the_file_has_that_value_before() {
        let (texts, _) = rendered("${ both }", str::to_owned);
        assert_eq!(texts[0].as_deref(), Ok("constant"));
    }
}
