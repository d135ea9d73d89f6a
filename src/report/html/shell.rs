//! What every page is made with: its style and script, a template that escapes, and a bound on its size.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, HtmlEscape, Output, State, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::HtmlError;
use crate::report::console::clean;
use crate::report::inert::entities;

/// What is the same in every page of a kind. Its hashes are all that the page's policy lets in.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Parts {
    pub(super) style: &'static str,
    style_hash: String,
    pub(super) script: &'static str,
    script_hash: String,
}

impl Parts {
    /// A style sheet, and the script that all pages share.
    pub(in crate::report) fn of(style: &'static str) -> Self {
        let script = include_str!("script.js");
        let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text)));
        Self { style, style_hash: hash(style), script, script_hash: hash(script) }
    }
}

/// No page is larger: it must go through mail and chat.
pub(super) const LARGEST: usize = 1_000_000;

/// How much the page shows of what may have no end.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Room {
    /// Rows of a table; lists of larger things are a part of it.
    pub(in crate::report) rows: usize,
    /// Characters of a text.
    pub(in crate::report) text: usize,
    /// Bytes of the data for programs.
    pub(in crate::report) data: usize,
}

/// What `make` gives in the first of `rooms` that leaves it small enough; what it gives in the last if none does.
///
/// # Errors
/// Those of `make`.
pub(in crate::report) fn within(
    rooms: &[Room],
    make: impl Fn(Room) -> Result<String, HtmlError>,
) -> Result<String, HtmlError> {
    let mut text = String::new();
    for room in rooms {
        text = make(*room)?;
        if text.len() < LARGEST {
            break;
        }
    }
    Ok(text)
}

/// `template`, filled in with what `page` says.
///
/// # Errors
/// When they do not fit together, which the tests rule out.
pub(in crate::report) fn fill(template: &str, page: impl Serialize) -> Result<String, HtmlError> {
    let mut templates = Environment::empty();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_formatter(cleaned);
    templates.add_filter("safe", |text: String| Value::from_safe_string(text));
    Ok(templates.render_named_str("report.html", template, Serde(page))?)
}

/// Escapes as usual, and leaves no character that could hide or reorder what stands around it.
fn cleaned(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            let escaped = entities(&HtmlEscape(&clean(text)).to_string());
            minijinja::escape_formatter(out, state, &Value::from_safe_string(escaped))
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}
