//! A part of an expression that knows where it stands, so that every mistake has a place.

use std::ops::Range;

use super::GateError;

/// A part of the expression, and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Part<'t> {
    /// Without the gaps around it.
    pub(super) fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), at: self.at + self.text.len() - text.len() }
    }

    pub(super) fn from(self, start: usize) -> Self {
        Self { text: &self.text[start..], at: self.at + start }
    }

    pub(super) fn until(self, end: usize) -> Self {
        Self { text: &self.text[..end], at: self.at }
    }

    /// The first word, and what comes after it.
    pub(super) fn word(self) -> (Self, Self) {
        let part = self.trimmed();
        let end = part.text.find(char::is_whitespace).unwrap_or(part.text.len());
        (part.until(end), part.from(end).trimmed())
    }

    pub(super) fn span(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    pub(super) fn wrong(self, message: impl Into<String>, hint: impl Into<String>) -> GateError {
        GateError { message: message.into(), span: self.span(), hint: hint.into() }
    }
}
