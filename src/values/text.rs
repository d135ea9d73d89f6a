//! A text as it will be needed: constant, or rendered for each journey.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::Value;
use serde_json::Value as Json;

use super::scope::{RenderError, Scope};
use super::simple::Simple;

/// A text that may hold templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// The same for all.
    Constant(Arc<str>),
    /// Words and simple expressions: no template engine is needed.
    Pieces(Arc<[Piece]>),
    /// Anything else, by its name in the engine.
    Template(Arc<str>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words.
    Words(Arc<str>),
    /// What needs no engine.
    Simple(Simple),
    /// Anything else, by its name in the engine.
    Template(Arc<str>),
}

/// An expression that holds or not, by its name in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(pub(super) Arc<str>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Constant(text.into())
    }
}

impl Text {
    /// The text itself if it is the same for all.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self {
            Self::Constant(text) => Some(text),
            Self::Pieces(_) | Self::Template(_) => None,
        }
    }

    /// The same text with `words` in front.
    pub(crate) fn after(self, words: &str) -> Self {
        match self {
            Self::Constant(text) => Self::Constant(format!("{words}{text}").into()),
            Self::Pieces(pieces) => {
                let front = std::iter::once(Piece::Words(words.into()));
                Self::Pieces(front.chain(pieces.iter().cloned()).collect())
            }
            Self::Template(name) => Self::Pieces([Piece::Words(words.into()), Piece::Template(name)].into()),
        }
    }

    /// The text for the journey of `scope`.
    ///
    /// # Errors
    /// When a variable has no value yet, or an expression fails.
    pub(crate) fn render<'t>(&'t self, scope: &Scope) -> Result<Cow<'t, str>, RenderError> {
        match self {
            Self::Constant(text) => Ok(Cow::Borrowed(text)),
            Self::Pieces(pieces) => join(pieces, scope).map(Cow::Owned),
            Self::Template(name) => render(name, scope).map(Cow::Owned),
        }
    }
}

impl Text {
    /// The one value that the text is, with its type; for texts made by [`super::template::Templates::value`].
    pub(super) fn value(&self, scope: &Scope) -> Result<Json, RenderError> {
        let value = match self {
            Self::Constant(text) => return Ok(Json::from(&**text)),
            Self::Pieces(pieces) => match &**pieces {
                [Piece::Simple(simple)] => simple.value(scope)?,
                _ => return join(pieces, scope).map(Json::String),
            },
            Self::Template(name) => {
                render(name, scope)?;
                scope.0.state().kept.take().unwrap_or_default()
            }
        };
        serde_json::to_value(&value).map_err(|error| RenderError(error.to_string()))
    }
}

impl Condition {
    /// Whether it holds for the journey of `scope`.
    ///
    /// # Errors
    /// When a variable has no value yet, or the expression fails.
    pub fn holds(&self, scope: &Scope) -> Result<bool, RenderError> {
        render(&self.0, scope).map(|text| !text.is_empty())
    }
}

fn join(pieces: &[Piece], scope: &Scope) -> Result<String, RenderError> {
    let mut text = String::with_capacity(64);
    for piece in pieces {
        match piece {
            Piece::Words(words) => text.push_str(words),
            Piece::Template(name) => text.push_str(&render(name, scope)?),
            Piece::Simple(simple) => push(&mut text, &simple.value(scope)?),
        }
    }
    Ok(text)
}

fn push(text: &mut String, value: &Value) {
    match value.as_str() {
        Some(words) => text.push_str(words),
        // Writing into a string cannot fail.
        None => drop(write!(text, "{value}")),
    }
}

fn render(name: &str, scope: &Scope) -> Result<String, RenderError> {
    let template = scope.0.shared.engine.get_template(name).map_err(|error| RenderError::from(&error))?;
    template.render(scope.value()).map_err(|error| match error.kind() {
        minijinja::ErrorKind::UndefinedError => {
            let used = template.undeclared_variables(false);
            let state = scope.0.state();
            let names = &scope.0.shared.names;
            let is_empty = |name: &str| names.slots.get(name).is_some_and(|slot| state.slots[*slot].is_none());
            let empty = used.iter().find(|name| is_empty(name) && !names.constants.contains_key(name.as_str()));
            empty.map_or_else(|| RenderError::from(&error), |name| no_value_yet(name))
        }
        _ => RenderError::from(&error),
    })
}

pub(super) fn no_value_yet(name: &str) -> RenderError {
    RenderError(format!("the variable `{name}` has no value: the step that extracts it has not run or found nothing"))
}
