//! What every page is made of beside tables and charts: figures with their names, and the head with the verdict.

use std::time::Duration;

use serde::Serialize;

use crate::compare::MachineFacts;
use crate::report::inert;
use crate::report::statement::counted;
use crate::units::format_duration;

/// A figure or a text with its name.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Fact {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) value: String,
    /// A word on it.
    pub(in crate::report) note: String,
}

/// What the head of a page shows.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Banner {
    /// For CSS.
    pub(in crate::report) class: &'static str,
    pub(in crate::report) word: &'static str,
    /// How it ended, if not as it should.
    pub(in crate::report) partial: Option<&'static str>,
    pub(in crate::report) why: String,
    /// Further reasons.
    pub(in crate::report) also: Vec<String>,
    /// Reasons that are not shown.
    pub(in crate::report) left_out: usize,
}

impl Fact {
    pub(in crate::report) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), note: String::new() }
    }

    pub(in crate::report) fn noted(name: &'static str, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name, value: value.into(), note: note.into() }
    }
}

/// The paragraphs of a description, each of at most `most` characters.
pub(in crate::report) fn paragraphs(text: &str, most: usize) -> Vec<String> {
    /// A longer description is no description.
    const MOST: usize = 12;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.take(MOST).map(|line| inert::cut(line, most)).collect()
}

/// A span of time.
pub(in crate::report) fn seconds(seconds: f64) -> String {
    // A span that no clock counts is a broken file, not a reason to stop.
    format_duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// A machine in a few words; empty if nothing is known of it.
pub(in crate::report) fn machine(machine: &MachineFacts) -> String {
    let cores = machine.cores.map(|cores| counted(cores, "core"));
    let parts = [cores, machine.cpu.clone(), Some(machine.architecture.clone()), Some(machine.system.clone())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
