//! `read = { vulnerabilities = "audit.json" }`: what an audit found, by severity, and what of it is waived until when.
//!
//! Each format is a file that gives [`Audit`]. An audit that could not ask its registry, or looked at nothing, is no
//! evidence. Waivers stand in the release file, each with a reason and a last day.

mod npm;
mod sarif;
mod severity;
mod trivy;
mod waivers;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, Unit};
use super::shapes;
use super::source::{Context, Place};
use crate::scenario::{Short, Spanned};
use crate::values::{Resolver, choice};
use severity::Severity;
pub use waivers::WaiverSection;
use waivers::{Waiver, Waivers};

/// What it gives.
pub(super) const FIGURES: [(&str, Unit); 7] = [
    ("critical", Unit::Count),
    ("high", Unit::Count),
    ("moderate", Unit::Count),
    ("low", Unit::Count),
    ("info", Unit::Count),
    ("unknown", Unit::Count),
    ("waived", Unit::Count),
];
/// What is not known to be harmless is not harmless.
pub(super) const DEFAULTS: [&str; 3] = ["critical == 0", "high == 0", "unknown == 0"];
/// So many of what was found are named.
const MOST_TOLD: usize = 10;

/// A report of an audit.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VulnerabilitiesSection {
    /// The report: a path relative to the release file, or `stdout`.
    pub from: Option<Spanned<String>>,
    /// How old it may be.
    pub max_age: Option<Spanned<String>>,
    /// `npm-audit`, `trivy` or `sarif`; found out by what it holds if left out.
    pub format: Option<Spanned<String>>,
    /// What is known and borne for a time.
    pub waivers: Option<Spanned<Vec<Spanned<WaiverSection>>>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Vulnerabilities {
    pub(super) from: Place,
    format: Option<Format>,
    waivers: Vec<Waiver>,
}

/// What reports look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    NpmAudit,
    Trivy,
    Sarif,
}

const FORMATS: [(&str, Format); 3] =
    [("npm-audit", Format::NpmAudit), ("trivy", Format::Trivy), ("sarif", Format::Sarif)];

/// What a report says, whatever its format.
#[derive(Debug, Clone, Default)]
struct Audit {
    issues: Vec<Issue>,
    /// When it says that it was made.
    made: Option<Timestamp>,
    notes: Vec<String>,
}

/// One thing that was found.
#[derive(Debug, Clone)]
struct Issue {
    severity: Severity,
    /// What it is, for people.
    title: String,
    /// Why it is there: of each cause the names that a waiver may use. It is waived if all of its causes are.
    causes: Vec<Vec<String>>,
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    section: &Spanned<Short<VulnerabilitiesSection>>,
) -> Option<Vulnerabilities> {
    let written = match section.get_ref() {
        Short::Text(path) => VulnerabilitiesSection {
            from: Some(Spanned::new(section.span(), path.clone())),
            ..VulnerabilitiesSection::default()
        },
        Short::Table(table) => table.clone(),
    };
    let format = written.format.as_ref().and_then(|format| resolver.parsed(format, |text| choice(text, &FORMATS)));
    let waivers = written.waivers.iter().flat_map(|list| list.get_ref());
    let waivers = waivers.filter_map(|waiver| waivers::resolve(resolver, waiver)).collect();
    let Some(from) = &written.from else {
        let hint = "for example read = { vulnerabilities = \"audit.json\" }";
        resolver.mistake(section.span(), "this names no report", hint);
        return None;
    };
    let from = Place::resolve(resolver, from, written.max_age.as_ref())?;
    Some(Vulnerabilities { from, format, waivers })
}

impl Vulnerabilities {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let evidence = match context.evidence(&self.from) {
            Ok(evidence) => evidence,
            Err(why) => return Reading::nothing(super::source::with_advice(why, &self.from)),
        };
        let mut reading = Reading::default();
        let name = &evidence.source.name;
        match audit(&evidence.bytes, self.format) {
            Ok(audit) => {
                if let Some(Err(why)) = audit.made.map(|at| context.made(name, at)) {
                    reading.missing.push(why);
                }
                self.tell(audit, &mut reading, context);
            }
            Err(why) => {
                let why = shapes::shown(&why, context.secrets);
                reading.missing.push(format!("{name} says nothing about vulnerabilities: {why}"));
            }
        }
        reading.sources.push(evidence.source);
        reading
    }

    fn tell(&self, audit: Audit, reading: &mut Reading, context: &Context<'_>) {
        let mut waivers = Waivers::at(&self.waivers, context.now);
        let mut counts = [0_u64; Severity::ALL.len()];
        let (mut waived, mut told) = (0, Vec::new());
        for issue in &audit.issues {
            match waivers.of(issue) {
                Some(waiver) => {
                    waived += 1;
                    told.push((true, issue.severity, format!("waived {waiver}: {}", issue.title)));
                }
                None => {
                    counts[issue.severity as usize] += 1;
                    told.push((false, issue.severity, format!("{}: {}", issue.severity.name(), issue.title)));
                }
            }
        }
        for severity in Severity::ALL {
            reading.figure(severity.name(), Figure::Count(counts[severity as usize]));
        }
        reading.figure("waived", Figure::Count(waived));
        // What decides comes first, the worst of it at the top; what is waived is shown in any case.
        for is_waived in [false, true] {
            let mut lines: Vec<_> = told.iter().filter(|(waived, ..)| *waived == is_waived).collect();
            lines.sort_by_key(|(_, severity, _)| severity.rank());
            let shown = lines.iter().take(MOST_TOLD);
            reading.notes.extend(shown.map(|(_, _, line)| shapes::shown(line, context.secrets)));
            if lines.len() > MOST_TOLD {
                reading.notes.push(format!("and {} more", lines.len() - MOST_TOLD));
            }
        }
        reading.notes.extend(waivers.remarks().iter().map(|line| shapes::shown(line, context.secrets)));
        reading.notes.extend(audit.notes.iter().map(|note| shapes::shown(note, context.secrets)));
    }
}

/// What `bytes` say, by what they hold; `wanted` must be what they are.
fn audit(bytes: &[u8], wanted: Option<Format>) -> Result<Audit, String> {
    let json = shapes::json(shapes::text(bytes)?)?;
    let name = |format: Format| FORMATS.iter().find(|(_, one)| *one == format).map_or("", |(name, _)| name);
    let format = if npm::is(&json) {
        Format::NpmAudit
    } else if sarif::is(&json) {
        Format::Sarif
    } else if trivy::is(&json) {
        Format::Trivy
    } else {
        let known = FORMATS.map(|(name, _)| name).join(", ");
        return Err(format!("it is in none of the formats that are known, which are {known}"));
    };
    if let Some(wanted) = wanted.filter(|wanted| *wanted != format) {
        return Err(format!("it is no `{}`: it looks like `{}`", name(wanted), name(format)));
    }
    match format {
        Format::NpmAudit => npm::audit(&json),
        Format::Sarif => sarif::audit(&json),
        Format::Trivy => trivy::audit(&json),
    }
}

#[cfg(test)]
mod tests;
