//! A value of the file with the place where it was written.
//!
//! A type of our own around the parser's: only this room knows which parser that is, and what it can be asked for is
//! ours to add.

use std::ops::Range;

use serde::Deserialize;

/// A value and the bytes of the source that it was written in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Spanned<T>(toml::Spanned<T>);

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(span: Range<usize>, value: T) -> Self {
        Self(toml::Spanned::new(span, value))
    }

    /// Where it was written, in bytes of the source.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }

    /// The value.
    pub fn get_ref(&self) -> &T {
        self.0.get_ref()
    }

    /// The value on its own.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}
