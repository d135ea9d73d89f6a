//! What the user writes: a serde mirror of the scenario file with the place of every value, and nothing else.
//!
//! Takes a path or text, gives a [`ScenarioFile`] or every mistake of form that it holds.
//! What the values mean is [`crate::plan`]'s business.

mod file;
mod parse;
mod value;

pub(crate) use parse::unknown_key;

pub use file::{
    BasicSection, Document, FlowSection, LoadSection, PollSection, RetrySection, StageSection, StepSection,
    TargetSection,
};
pub use value::{Entries, Value};

use std::path::Path;

use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// A scenario file as it was written.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// The file's name and text, for diagnostics.
    pub source: Source,
    /// Its content.
    pub document: Document,
}

impl ScenarioFile {
    /// Reads and parses the file at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, or with every syntax error, unknown key and wrong type in it.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Parses `text`, calling it `name` in diagnostics.
    ///
    /// # Errors
    /// As [`ScenarioFile::read`].
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let source = Source::new(name, text);
        let document = parse::document(&source)?;
        Ok(Self { source, document })
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "check the path: scenario files end in .toml, the examples are in scenarios/",
        std::io::ErrorKind::InvalidData => "a scenario file is TOML, saved as UTF-8",
        _ => "mnload must be able to read it",
    };
    Diagnostic::nowhere(format!("cannot read {}: {error}", path.display())).hint(hint)
}
