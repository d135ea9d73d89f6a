//! What the user writes: a serde mirror of the scenario file with the place of every value, and nothing else.
//!
//! Takes a path or text and perhaps a profile, gives a [`ScenarioFile`] or every mistake of form that it holds: the files
//! that it uses are laid beneath it and the profile over it, each value with the place where it was written.
//! What the values mean is [`crate::plan`]'s business.

mod file;
mod include;
mod merge;
mod parse;
mod profile;
mod value;
mod wait_for;

pub use file::{
    BasicSection, DataSection, Document, FlowSection, LoadSection, PollSection, RetrySection, StageSection,
    StepSection, TargetSection,
};
pub use value::{Entries, Value};
pub use wait_for::{WaitForSection, WaitForTable};

use std::path::Path;

use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// A scenario file as it was written.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// The file's name and text and those of the files that it uses, for diagnostics.
    pub source: Source,
    /// The content of all of them together, with the profile applied.
    pub document: Document,
}

impl ScenarioFile {
    /// Reads and parses the file at `path` and the files that it uses, and applies `profile`.
    ///
    /// # Errors
    /// When a file cannot be read, the profile does not exist, or with every syntax error, unknown key and wrong type.
    pub fn read(path: &Path, profile: Option<&str>) -> Result<Self, Diagnostics> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Self::parse(&path.display().to_string(), &text, profile)
    }

    /// Parses `text`, calling it `name` in diagnostics; files that it uses are read from the folder of `name`.
    ///
    /// # Errors
    /// As [`ScenarioFile::read`].
    pub fn parse(name: &str, text: &str, profile: Option<&str>) -> Result<Self, Diagnostics> {
        let (source, document) = parse::document(name, text, profile)?;
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
