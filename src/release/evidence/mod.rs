//! Evidence readers: what a command printed or left, or what a service says, as figures.
//!
//! Each reader is one file with four parts: the section that is written, what it resolves to, the figures that it gives,
//! and `read`, which says nothing rather than guess. [`source`] opens what is read, and holds how old it may be.

mod file;
mod run;
pub(super) mod source;
mod text;

use schemars::JsonSchema;
use serde::Deserialize;

use super::figure::{Reading, Unit};
use crate::scenario::{Short, Spanned};
use crate::values::Resolver;
pub use file::FileSection;
pub use run::{RunFolder, RunFolderSection};
pub use source::{Context, Evidence, Output, Place, PlaceKind};
pub use text::TextSection;

/// `read = { … }`: the readers of one item, by name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSection {
    /// What a text must hold and must not hold.
    pub text: Option<Spanned<TextSection>>,
    /// Whether files are there, how large and how old they are: a path, or a table.
    pub file: Option<Spanned<Short<FileSection>>>,
    /// What a run of mnload came to: its folder, or a table. An item's own `scenario` is read without being named here.
    pub run: Option<Spanned<Short<RunFolderSection>>>,
}

/// A reader, resolved.
#[derive(Debug, Clone)]
pub enum Reader {
    /// What a text holds.
    Text(text::Text),
    /// Whether files are there.
    File(file::Files),
    /// What a run of mnload came to.
    Run(RunFolder),
}

/// The readers that `section` asks for; mistakes in it are noted.
pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &ReadSection) -> Vec<Reader> {
    let readers = [
        section.text.as_ref().and_then(|section| text::resolve(resolver, section)).map(Reader::Text),
        section.file.as_ref().and_then(|section| file::resolve(resolver, section)).map(Reader::File),
        section.run.as_ref().and_then(|section| run::resolve(resolver, section)).map(Reader::Run),
    ];
    readers.into_iter().flatten().collect()
}

impl Reader {
    /// The name of its section, which stands in front of its figures where they need one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::File(_) => "file",
            Self::Run(_) => "run",
        }
    }

    /// The figures that it gives.
    pub fn figures(&self) -> Vec<(String, Unit)> {
        let own = |figures: &[(&str, Unit)]| figures.iter().map(|(name, unit)| ((*name).to_owned(), *unit)).collect();
        match self {
            Self::Text(_) => own(&text::FIGURES),
            Self::File(_) => own(&file::FIGURES),
            Self::Run(_) => own(&run::FIGURES),
        }
    }

    /// What is wanted of them where `accept` names none of them; none where the user has to say.
    pub fn defaults(&self) -> &'static [&'static str] {
        match self {
            Self::Text(_) => &["lines >= 1"],
            Self::File(_) => &["size > 0"],
            Self::Run(run) if run.compared => &["newly_failed == 0"],
            Self::Run(_) => &[],
        }
    }

    /// Whether it judges by itself, beyond what its figures are compared with.
    pub fn judges(&self) -> bool {
        matches!(self, Self::Run(_))
    }

    /// Whether each default stands for itself: one that `accept` does not name still holds.
    pub fn keeps_defaults(&self) -> bool {
        matches!(self, Self::Run(_))
    }

    /// What it reads.
    pub fn places(&self) -> Vec<&Place> {
        match self {
            Self::Text(text) => vec![&text.from],
            Self::File(files) => vec![&files.from],
            Self::Run(run) => vec![&run.from],
        }
    }

    /// Reads the evidence.
    pub fn read(&self, context: &Context<'_>) -> Reading {
        match self {
            Self::Text(text) => text.read(context),
            Self::File(files) => files.read(context),
            Self::Run(run) => run.read(context),
        }
    }
}
