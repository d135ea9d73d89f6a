//! What the user writes: a serde mirror of the scenario file with the place of every value, and nothing else.
//!
//! Takes a path or text and perhaps a profile, gives a [`ScenarioFile`] or every mistake of form that it holds: the files
//! that it uses are laid beneath it and the profile over it, each value with the place where it was written.
//! What the values mean is [`crate::plan`]'s business.

mod canonical;
mod effective;
mod file;
mod include;
mod merge;
mod parse;
mod profile;
mod schema;
mod spanned;
mod syntax;
mod value;

pub(crate) use effective::written;
pub use file::{
    BasicSection, ConnectionsSection, DataSection, Document, ExploreSection, FlowSection, LoadSection, PollSection,
    RetrySection, StageSection, StepSection, TargetSection, ThinkSection, WaitForSection,
};
pub(crate) use schema::form;
pub use schema::schema;
pub use spanned::Spanned;
pub use value::{Entries, Short, Value};

use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::diagnostic::{Diagnostic, Diagnostics, Source};
pub(crate) use include::beside;
use include::{MOST_BYTES, NOT_TEXT, Problem};

/// A scenario file as it was written.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// The file's name and text and those of the files that it uses, for diagnostics.
    pub source: Source,
    /// The content of all of them together, with the profile applied.
    pub document: Document,
    /// What is sent and when, as one text that does not depend on how the file is written; without where it goes, the seed
    /// and the gates.
    pub canonical: String,
    /// All of it as values: the files that it uses and the profile are laid together.
    pub effective: toml::Table,
}

impl ScenarioFile {
    /// Reads and parses the file at `path` and the files that it uses, and applies `profile`.
    ///
    /// # Errors
    /// When a file cannot be read, the profile does not exist, or with every syntax error, unknown key and wrong type.
    pub fn read(path: &Path, profile: Option<&str>) -> Result<Self, Diagnostics> {
        let text = include::read(path).map_err(|problem| unusable(path, &problem))?;
        Self::parse(&path.display().to_string(), &text, profile)
    }

    /// Parses `text`, calling it `name` in diagnostics; files that it uses are read from the folder of `name`.
    ///
    /// # Errors
    /// As [`ScenarioFile::read`].
    pub fn parse(name: &str, text: &str, profile: Option<&str>) -> Result<Self, Diagnostics> {
        parse::document(name, text, profile)
    }
}

/// Reads the file at `path`, which has a form of its own, and the files that it uses: its source, what it says, and all of
/// it as values.
///
/// # Errors
/// As [`ScenarioFile::read`].
pub(crate) fn read_other<T: Default + DeserializeOwned>(path: &Path) -> Result<(Source, T, toml::Table), Diagnostics> {
    let text = include::read(path).map_err(|problem| unusable(path, &problem))?;
    parse::other(&path.display().to_string(), &text)
}

/// As [`read_other`], for a text that is called `name`.
///
/// # Errors
/// As [`read_other`].
#[cfg(test)]
pub(crate) fn parse_other<T: Default + DeserializeOwned>(
    name: &str,
    text: &str,
) -> Result<(Source, T, toml::Table), Diagnostics> {
    parse::other(name, text)
}

fn unusable(path: &Path, problem: &Problem) -> Diagnostic {
    let name = path.display();
    match problem {
        Problem::TooLarge => {
            Diagnostic::nowhere(format!("{name} is larger than a scenario file can be: {} KiB", MOST_BYTES >> 10))
                .hint("rows belong into data files ([data.NAME]), large scenarios into several files (use)")
        }
        Problem::NotText(bytes, valid) => {
            let source = Source::new(name.to_string(), String::from_utf8_lossy(bytes));
            let width = if bytes.len() > *valid { char::REPLACEMENT_CHARACTER.len_utf8() } else { 0 };
            let hint = match bytes.first_chunk() {
                Some([0xFF, 0xFE] | [0xFE, 0xFF]) => "this looks like UTF-16: save it as UTF-8",
                _ => NOT_TEXT,
            };
            Diagnostic::at(&source, *valid..valid + width, "this file is not UTF-8 text").hint(hint)
        }
        Problem::Unreadable(error) => {
            let hint = match error.kind() {
                ErrorKind::NotFound => "check the path: scenario files end in .toml, the examples are in scenarios/",
                ErrorKind::IsADirectory => "name a file in it",
                _ => "mnload must be able to read it",
            };
            Diagnostic::nowhere(format!("cannot read {name}: {error}")).hint(hint)
        }
    }
}
