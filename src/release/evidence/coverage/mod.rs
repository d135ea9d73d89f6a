//! `read = { coverage = "coverage/lcov.info" }`: how much of the code the tests went through.
//!
//! Each format is a file that gives [`Measured`], recomputed from its lines. A report whose totals say something else
//! than its lines is no evidence, nor is one that measured nothing.

mod clover;
mod cobertura;
mod istanbul;
mod lcov;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, Unit};
use super::shapes;
use super::source::{Context, Place};
use crate::scenario::{Short, Spanned};
use crate::values::{Resolver, choice};

/// What it gives.
pub(super) const FIGURES: [(&str, Unit); 6] = [
    ("lines", Unit::Share),
    ("branches", Unit::Share),
    ("functions", Unit::Share),
    ("statements", Unit::Share),
    ("files", Unit::Count),
    ("lines_total", Unit::Count),
];

/// A report of a coverage tool.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageSection {
    /// The report: a path relative to the release file, or `stdout`.
    pub from: Option<Spanned<String>>,
    /// How old it may be.
    pub max_age: Option<Spanned<String>>,
    /// `lcov`, `istanbul` (coverage-final.json), `istanbul-summary` (coverage-summary.json), `clover` or `cobertura`;
    /// found out by what it holds if left out.
    pub format: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Coverage {
    pub(super) from: Place,
    format: Option<Format>,
}

/// What reports look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Lcov,
    Istanbul,
    IstanbulSummary,
    Clover,
    Cobertura,
}

const FORMATS: [(&str, Format); 5] = [
    ("lcov", Format::Lcov),
    ("istanbul", Format::Istanbul),
    ("istanbul-summary", Format::IstanbulSummary),
    ("clover", Format::Clover),
    ("cobertura", Format::Cobertura),
];

/// What a report says, whatever its format.
#[derive(Debug, Clone, Default)]
struct Measured {
    lines: Part,
    branches: Part,
    functions: Part,
    statements: Part,
    /// None if the report does not list them.
    files: Option<u64>,
    /// When it says that it was made.
    made: Option<Timestamp>,
    notes: Vec<String>,
}

/// How many of how many were gone through; of none if the report has no such thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Part {
    covered: u64,
    total: u64,
}

impl Part {
    /// Counts one more.
    fn add(&mut self, covered: bool) {
        self.total += 1;
        self.covered += u64::from(covered);
    }

    /// Counts all of another.
    fn take(&mut self, other: Self) {
        self.total += other.total;
        self.covered += other.covered;
    }

    fn share(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 lines")]
        (self.total > 0).then(|| self.covered as f64 / self.total as f64)
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.covered, self.total)
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<Short<CoverageSection>>) -> Option<Coverage> {
    let written = match section.get_ref() {
        Short::Text(path) => {
            CoverageSection { from: Some(Spanned::new(section.span(), path.clone())), ..CoverageSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let format = written.format.as_ref().and_then(|format| resolver.parsed(format, |text| choice(text, &FORMATS)));
    let Some(from) = &written.from else {
        resolver.mistake(section.span(), "this names no report", "for example read = { coverage = \"lcov.info\" }");
        return None;
    };
    Some(Coverage { from: Place::resolve(resolver, from, written.max_age.as_ref())?, format })
}

impl Coverage {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let evidence = match context.evidence(&self.from) {
            Ok(evidence) => evidence,
            Err(why) => return Reading::nothing(super::source::with_advice(why, &self.from)),
        };
        let mut reading = Reading::default();
        let name = &evidence.source.name;
        match measure(&evidence.bytes, self.format) {
            Ok(measured) => measured.tell(&mut reading, context, name),
            Err(why) => {
                let why = shapes::shown(&why, context.secrets);
                reading.missing.push(format!("{name} says nothing about coverage: {why}"));
            }
        }
        reading.sources.push(evidence.source);
        reading
    }
}

impl Measured {
    fn tell(self, reading: &mut Reading, context: &Context<'_>, name: &str) {
        if let Some(Err(why)) = self.made.map(|at| context.made(name, at)) {
            reading.missing.push(why);
        }
        if self.lines.total == 0 {
            reading.missing.push(format!("{name} measured no lines: check which files the tool was told to measure"));
            return;
        }
        let parts = [
            ("lines", self.lines),
            ("branches", self.branches),
            ("functions", self.functions),
            ("statements", self.statements),
        ];
        for (name, part) in parts {
            if let Some(share) = part.share() {
                reading.figure(name, Figure::Share(share));
            }
        }
        if let Some(files) = self.files {
            reading.figure("files", Figure::Count(files));
        }
        reading.figure("lines_total", Figure::Count(self.lines.total));
        let notes = self.notes.into_iter().take(shapes::MOST_NAMED);
        reading.notes.extend(notes.map(|note| shapes::shown(&note, context.secrets)));
    }
}

/// What `bytes` say, by what they hold; `wanted` must be what they are.
fn measure(bytes: &[u8], wanted: Option<Format>) -> Result<Measured, String> {
    let text = shapes::text(bytes)?;
    let name = |format: Format| FORMATS.iter().find(|(_, one)| *one == format).map_or("", |(name, _)| name);
    let as_wanted = |format: Format| match wanted.filter(|wanted| *wanted != format) {
        Some(wanted) => Err(format!("it is no `{}`: it looks like `{}`", name(wanted), name(format))),
        None => Ok(()),
    };
    let known = FORMATS.map(|(name, _)| name).join(", ");
    let unknown = || format!("it is in none of the formats that are known, which are {known}");
    match text.chars().next() {
        Some('<') => {
            let document = shapes::xml(text)?;
            let root = document.root_element();
            if clover::is(root) {
                as_wanted(Format::Clover)?;
                return clover::measure(root);
            }
            if cobertura::is(root) {
                as_wanted(Format::Cobertura)?;
                return cobertura::measure(root);
            }
            Err(unknown())
        }
        Some('{') => {
            let json = shapes::json(text)?;
            if istanbul::is_summary(&json) {
                as_wanted(Format::IstanbulSummary)?;
                return istanbul::summary(&json);
            }
            if istanbul::is_final(&json) {
                as_wanted(Format::Istanbul)?;
                return istanbul::measure(&json);
            }
            Err(unknown())
        }
        _ if lcov::is(text) => {
            as_wanted(Format::Lcov)?;
            lcov::measure(text)
        }
        _ => Err(unknown()),
    }
}

/// What is said where a total differs from what it is the total of.
fn contradiction(what: &str, says: impl std::fmt::Display, lists: impl std::fmt::Display) -> String {
    format!("it contradicts itself: {what} are {says} by its totals, and {lists} by its details")
}

#[cfg(test)]
mod tests;
