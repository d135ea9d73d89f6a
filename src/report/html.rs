//! `report.html`: one page that needs no network and no script, for whoever decides and whoever argues.
//!
//! Takes a [`Report`], words it ([`page::Page`]), and fills one template. Whatever came from the scenario or the target
//! is hostile input: the template escapes it, and characters that would move or hide text are replaced.

mod calls;
mod charts;
mod data;
mod facts;
mod page;
mod phases;
mod tables;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, HtmlEscape, Output, State, UndefinedBehavior};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Report;
use super::console::clean;
use super::inert::entities;
use super::svg::ChartError;

/// A page that could not be made: a mistake in mnload, never in what was measured.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The template does not fit the data.
    #[error("the page's template does not fit the report: {0}")]
    Template(#[from] minijinja::Error),
    /// A chart could not be drawn.
    #[error("{0}")]
    Chart(String),
    /// What it holds for programs could not be written.
    #[error("the page's data could not be written: {0}")]
    Data(#[source] io::Error),
}

impl From<ChartError> for HtmlError {
    fn from(error: ChartError) -> Self {
        Self::Chart(error.to_string())
    }
}

const TEMPLATE: &str = concat!(
    include_str!("html/page.html"),
    include_str!("html/judged.html"),
    include_str!("html/figures.html"),
    include_str!("html/about.html"),
);

/// What is the same in every page. Its hashes are all that the page's policy lets in.
#[derive(Debug, Serialize)]
struct Parts {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
}

static PARTS: LazyLock<Parts> = LazyLock::new(|| {
    let (style, script) = (include_str!("html/style.css"), include_str!("html/script.js"));
    let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text)));
    Parts { style, style_hash: hash(style), script, script_hash: hash(script) }
});

/// No page is larger: it must go through mail and chat.
const LARGEST: usize = 1_000_000;

/// How much the page shows of what may have no end.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Rows of a table; lists of larger things are a part of it.
    rows: usize,
    /// Characters of a text.
    text: usize,
    /// Bytes of the data for programs.
    data: usize,
}

/// What is tried, in this order, until the page is small enough. The last is small whatever was measured.
const ROOMS: [Room; 3] = [
    Room { rows: 400, text: 500, data: 160_000 },
    Room { rows: 100, text: 200, data: 60_000 },
    Room { rows: 16, text: 100, data: 20_000 },
];

/// The page.
///
/// # Errors
/// When the template and the data do not fit together, which the tests rule out.
pub(super) fn render(report: &Report) -> Result<String, HtmlError> {
    let mut templates = Environment::empty();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_formatter(cleaned);
    templates.add_filter("safe", |text: String| Value::from_safe_string(text));
    let mut text = String::new();
    for room in ROOMS {
        let page = page::Page::of(report, &PARTS, room)?;
        text = templates.render_named_str("report.html", TEMPLATE, Serde(page))?;
        if text.len() < LARGEST {
            break;
        }
    }
    Ok(text)
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
