//! `read = { tests = "junit.xml" }`: how many tests ran, and how they came out.
//!
//! Each format is a file that gives [`Results`], counted from the single tests. A report whose totals say something else
//! than its tests is no evidence, nor is one in which no test ran. What went wrong outside of tests is broken.

mod jest;
mod junit;
mod playwright;

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, Unit};
use super::shapes::{self, Named};
use super::source::{Context, Evidence, Place, PlaceKind};
use crate::scenario::{Short, Spanned};
use crate::values::{Resolver, choice};

/// What it gives.
pub(super) const FIGURES: [(&str, Unit); 7] = [
    ("pass_share", Unit::Share),
    ("tests", Unit::Count),
    ("passed", Unit::Count),
    ("failed", Unit::Count),
    ("flaky", Unit::Count),
    ("skipped", Unit::Count),
    ("duration", Unit::Seconds),
];
/// More reports than this in one folder are not read.
const MOST_FILES: usize = 5_000;

/// A report of a test runner.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestsSection {
    /// The report: a path relative to the release file, `stdout`, or a folder whose `.xml` and `.json` files are read.
    pub from: Option<Spanned<String>>,
    /// How old it may be.
    pub max_age: Option<Spanned<String>>,
    /// `junit`, `jest` (Vitest's JSON, too) or `playwright`; found out by what it holds if left out.
    pub format: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Tests {
    pub(super) from: Place,
    format: Option<Format>,
}

/// What reports look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Junit,
    Jest,
    Playwright,
}

const FORMATS: [(&str, Format); 4] =
    [("junit", Format::Junit), ("jest", Format::Jest), ("playwright", Format::Playwright), ("vitest", Format::Jest)];

/// What a report says, whatever its format.
#[derive(Debug, Clone, Default)]
struct Results {
    /// At the first attempt.
    passed: u64,
    /// At a later one.
    flaky: Named,
    failed: Named,
    skipped: Named,
    /// Were to run and did not: something before them failed, or the runner gave up.
    not_run: Named,
    duration_s: Option<f64>,
    /// When it says that it began.
    made: Option<Timestamp>,
    /// What went wrong beside the tests.
    broken: Named,
    /// Why not all is known.
    missing: Vec<String>,
    notes: Vec<String>,
}

/// How a test came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Flaky,
    Failed,
    Skipped,
    NotRun,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<Short<TestsSection>>) -> Option<Tests> {
    let written = match section.get_ref() {
        Short::Text(path) => {
            TestsSection { from: Some(Spanned::new(section.span(), path.clone())), ..TestsSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let format = written.format.as_ref().and_then(|format| resolver.parsed(format, |text| choice(text, &FORMATS)));
    let Some(from) = &written.from else {
        resolver.mistake(section.span(), "this names no report", "for example read = { tests = \"junit.xml\" }");
        return None;
    };
    Some(Tests { from: Place::resolve(resolver, from, written.max_age.as_ref())?, format })
}

impl Tests {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let reports = match &self.from.kind {
            PlaceKind::File(path) if path.is_dir() => self.reports_in(path, context),
            _ => context.evidence(&self.from).map(|evidence| vec![evidence]),
        };
        let reports = match reports {
            Ok(reports) => reports,
            Err(why) => return Reading::nothing(super::source::with_advice(why, &self.from)),
        };
        let mut reading = Reading::default();
        let mut all = Results::default();
        for evidence in reports {
            let name = &evidence.source.name;
            match results(&evidence.bytes, self.format) {
                Ok(results) => {
                    if let Some(Err(why)) = results.made.map(|at| context.made(name, at)) {
                        reading.missing.push(why);
                    }
                    all.take(results);
                }
                Err(why) => {
                    let why = shapes::shown(&why, context.secrets);
                    reading.missing.push(format!("{name} says nothing about tests: {why}"));
                }
            }
            reading.sources.push(evidence.source);
        }
        if reading.missing.is_empty() {
            all.tell(&mut reading, context);
        }
        reading.missing.truncate(shapes::MOST_NAMED);
        reading
    }

    /// The reports in a folder, by name: all must be new, or those of tests that are gone would count.
    fn reports_in(&self, folder: &Path, context: &Context<'_>) -> Result<Vec<Evidence>, String> {
        let shown = folder.display();
        let entries = fs::read_dir(folder).map_err(|error| format!("cannot read {shown}: {error}"))?;
        let is_report = |path: &Path| path.extension().is_some_and(|kind| kind == "xml" || kind == "json");
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| is_report(path)).collect();
        paths.sort_unstable();
        match paths.len() {
            0 => return Err(format!("{shown} holds no .xml and no .json file")),
            1..=MOST_FILES => {}
            more => return Err(format!("{shown} holds {more} reports, more than {MOST_FILES}")),
        }
        let place = |path| Place { kind: PlaceKind::File(path), ..self.from.clone() };
        paths.into_iter().map(|path| context.evidence(&place(path))).collect()
    }
}

impl Results {
    /// Counts a test.
    fn count(&mut self, outcome: Outcome, name: impl FnOnce() -> String) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Flaky => self.flaky.add(name),
            Outcome::Failed => self.failed.add(name),
            Outcome::Skipped => self.skipped.add(name),
            Outcome::NotRun => self.not_run.add(name),
        }
    }

    /// Tests that ran.
    fn ran(&self) -> u64 {
        self.passed + self.flaky.count + self.failed.count
    }

    /// Adds those of another report.
    fn take(&mut self, other: Self) {
        self.passed += other.passed;
        self.flaky.take(other.flaky);
        self.failed.take(other.failed);
        self.skipped.take(other.skipped);
        self.not_run.take(other.not_run);
        self.broken.take(other.broken);
        let durations = [self.duration_s, other.duration_s].into_iter().flatten();
        self.duration_s = durations.reduce(|one, other| one + other);
        self.missing.extend(other.missing);
        self.notes.extend(other.notes);
    }

    fn tell(self, reading: &mut Reading, context: &Context<'_>) {
        let secrets = context.secrets;
        reading.missing.extend(self.missing.iter().map(|why| shapes::shown(why, secrets)));
        if self.broken.count > 0 {
            reading.broken.push(format!("outside of the tests: {}", self.broken.listed(secrets)));
        }
        let (ran, skipped) = (self.ran(), self.skipped.count);
        if ran == 0 {
            let skipped = if skipped > 0 { format!(": {skipped} were skipped") } else { String::new() };
            reading.missing.push(format!("no test ran{skipped}"));
            return;
        }
        // A test that was to run and did not shows nothing that it should.
        let failed = self.failed.count + self.not_run.count;
        let (passed, tests) = (ran - self.failed.count, ran + self.not_run.count);
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 tests")]
        let share = passed as f64 / tests as f64;
        reading.figure("pass_share", Figure::Share(share));
        reading.figure("tests", Figure::Count(tests));
        reading.figure("passed", Figure::Count(passed));
        reading.figure("failed", Figure::Count(failed));
        reading.figure("flaky", Figure::Count(self.flaky.count));
        reading.figure("skipped", Figure::Count(skipped));
        if let Some(duration_s) = self.duration_s.filter(|duration| duration.is_finite() && *duration >= 0.0) {
            reading.figure("duration", Figure::Seconds(duration_s));
        }
        let mut which = Vec::new();
        for (what, is_failure, cases) in [
            ("failed", true, &self.failed),
            ("did not run, which counts as failed", true, &self.not_run),
            ("passed only when tried again", false, &self.flaky),
            ("skipped", false, &self.skipped),
        ] {
            if cases.count > 0 {
                let told = cases.listed(secrets);
                reading.notes.push(format!("{what}: {told}"));
                which.extend(is_failure.then(|| format!("{what}: {told}")));
            }
        }
        if self.not_run.count > 0 {
            // Else nobody understands why more failed than the report says.
            ["failed", "pass_share"].into_iter().for_each(|name| reading.which(name, which.join("; ")));
        }
        let notes = self.notes.into_iter().take(shapes::MOST_NAMED);
        reading.notes.extend(notes.map(|note| shapes::shown(&note, secrets)));
    }
}

/// What `bytes` say, by what they hold; `wanted` must be what they are.
fn results(bytes: &[u8], wanted: Option<Format>) -> Result<Results, String> {
    let text = shapes::text(bytes)?;
    let name = |format: Format| FORMATS.iter().find(|(_, one)| *one == format).map_or("", |(name, _)| name);
    let as_wanted = |format: Format| match wanted.filter(|wanted| *wanted != format) {
        Some(wanted) => Err(format!("it is no `{}`: it looks like `{}`", name(wanted), name(format))),
        None => Ok(()),
    };
    let unknown = || {
        "it is in none of the formats that are known, which are junit, jest (that of Vitest, too) and playwright"
            .to_owned()
    };
    match text.chars().next() {
        Some('<') => {
            let document = shapes::xml(text)?;
            let root = document.root_element();
            if !junit::is(root) {
                return Err(unknown());
            }
            as_wanted(Format::Junit)?;
            junit::results(root)
        }
        Some('{') => {
            let json = shapes::json(text)?;
            if playwright::is(&json) {
                as_wanted(Format::Playwright)?;
                return playwright::results(&json);
            }
            if jest::is(&json) {
                as_wanted(Format::Jest)?;
                return jest::results(&json);
            }
            Err(unknown())
        }
        _ => Err(unknown()),
    }
}

/// What is said where a total differs from what it is the total of.
fn contradiction(what: &str, says: u64, lists: u64) -> String {
    format!("it contradicts itself: {what} is {says} by its totals, and {lists} by its tests")
}

#[cfg(test)]
mod tests;
