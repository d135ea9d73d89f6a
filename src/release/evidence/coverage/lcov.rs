//! lcov's tracefiles, as geninfo, Istanbul, Vitest, coverage.py and others write them.
//!
//! Read here, line by line: branches of coverage.py are texts, and functions of lcov 2 have records of their own, which
//! the crate for this format refuses. A file has no end of its own, so one that is cut between two records looks whole.

use std::collections::BTreeMap;

use super::super::shapes::parsed;
use super::{Measured, Part, contradiction};

/// What one source file has, summed over all its records.
#[derive(Default)]
struct Source<'t> {
    lines: BTreeMap<u64, bool>,
    branches: BTreeMap<(u64, &'t str, &'t str), bool>,
    functions: BTreeMap<(&'t str, usize), bool>,
}

/// A record from `SF` to `end_of_record`, and the totals that stand in it.
#[derive(Default)]
struct Record<'t> {
    path: &'t str,
    source: Source<'t>,
    /// How often a function of this name was declared so far, and how often its calls were told.
    declared: BTreeMap<&'t str, usize>,
    called: BTreeMap<&'t str, usize>,
    lines: Totals,
    branches: Totals,
    functions: Totals,
}

#[derive(Default, Clone, Copy)]
struct Totals {
    found: Option<u64>,
    hit: Option<u64>,
}

pub(super) fn is(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with("TN:") || line.starts_with("SF:"))
}

pub(super) fn measure(text: &str) -> Result<Measured, String> {
    let mut sources: BTreeMap<&str, Source<'_>> = BTreeMap::new();
    let mut open: Option<Record<'_>> = None;
    let mut notes = Vec::new();
    let mut named = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| format!("line {} {why}: {}", number + 1, line.chars().take(60).collect::<String>());
        let (kind, value) = line.split_once(':').unwrap_or((line, ""));
        match (kind, &mut open) {
            // Some write the name of the test above a record, some within one.
            ("TN", None) => named = true,
            ("TN", Some(_)) => {}
            ("SF", None) => open = Some(Record { path: value, ..Record::default() }),
            ("SF", Some(record)) => return Err(format!("the record of {} has no end", record.path)),
            ("end_of_record", Some(_)) => {
                named = false;
                let record = open.take().unwrap_or_default();
                record.check_lines()?;
                notes.extend(record.doubts());
                sources.entry(record.path).or_default().merge(record);
            }
            (_, None) => return Err(wrong("belongs to no record")),
            (_, Some(record)) => match record.take(kind, value) {
                Some(true) => {}
                Some(false) => return Err(wrong("is no record of lcov")),
                None => return Err(wrong("holds no counts")),
            },
        }
    }
    if let Some(record) = open {
        return Err(format!("it is cut off: the record of {} has no end", record.path));
    }
    if named {
        return Err("it is cut off: its last test has no record".to_owned());
    }
    let mut measured = Measured { files: Some(sources.len() as u64), ..Measured::default() };
    let part = |hits: &mut dyn Iterator<Item = &bool>| {
        hits.fold(Part::default(), |mut part, hit| {
            part.add(*hit);
            part
        })
    };
    for source in sources.values() {
        measured.lines.take(part(&mut source.lines.values()));
        measured.branches.take(part(&mut source.branches.values()));
        measured.functions.take(part(&mut source.functions.values()));
    }
    for (what, figure) in [("branches", &mut measured.branches), ("functions", &mut measured.functions)] {
        if let Some((_, doubt)) = notes.iter().find(|(of, _)| *of == what) {
            measured.notes.push(format!("no figure `{what}`: {doubt}"));
            *figure = Part::default();
        }
    }
    Ok(measured)
}

impl<'t> Record<'t> {
    /// Takes a line; false if it is of no known kind, none if it does not hold what its kind should.
    fn take(&mut self, kind: &str, value: &'t str) -> Option<bool> {
        let source = &mut self.source;
        match kind {
            "DA" => {
                let mut fields = value.splitn(3, ',');
                let (line, count) = (parsed(fields.next()?)?, parsed(fields.next()?)?);
                *source.lines.entry(line).or_default() |= count > 0;
            }
            "BRDA" => {
                let (place, taken) = value.rsplit_once(',')?;
                let mut fields = place.splitn(3, ',');
                let key = (parsed(fields.next()?)?, fields.next()?, fields.next()?);
                let taken = if taken.trim() == "-" { 0 } else { parsed(taken)? };
                *source.branches.entry(key).or_default() |= taken > 0;
            }
            "FN" => {
                let (line, name) = value.split_once(',')?;
                parsed(line)?;
                // The line of the end is new in lcov 2.
                let name = match name.split_once(',') {
                    Some((end, name)) if parsed(end).is_some() => name,
                    _ => name,
                };
                let nth = self.declared.entry(name).or_default();
                source.functions.insert((name, *nth), false);
                *nth += 1;
            }
            "FNDA" => {
                let (count, name) = value.split_once(',')?;
                let hit = parsed(count)? > 0;
                let nth = self.called.entry(name).or_default();
                // Functions of one name are told in one order in both lists.
                *source.functions.entry((name, *nth)).or_default() |= hit;
                *nth += 1;
            }
            "FNL" => {
                let (index, line) = value.split_once(',')?;
                parsed(line.split(',').next()?)?;
                source.functions.insert((index, usize::MAX), false);
            }
            "FNA" => {
                let (index, rest) = value.split_once(',')?;
                let hit = parsed(rest.split(',').next()?)? > 0;
                *source.functions.get_mut(&(index, usize::MAX))? |= hit;
            }
            "LF" => self.lines.found = Some(parsed(value)?),
            "LH" => self.lines.hit = Some(parsed(value)?),
            "BRF" => self.branches.found = Some(parsed(value)?),
            "BRH" => self.branches.hit = Some(parsed(value)?),
            "FNF" => self.functions.found = Some(parsed(value)?),
            "FNH" => self.functions.hit = Some(parsed(value)?),
            "VER" | "MCDC" | "MCF" | "MCH" => {}
            _ => return Some(false),
        }
        Some(true)
    }

    fn check_lines(&self) -> Result<(), String> {
        match differ(self.lines, self.source.lines.values()) {
            Some((says, lists)) => Err(contradiction(&format!("lines of {}", self.path), says, lists)),
            None => Ok(()),
        }
    }

    /// What is said of branches and functions and cannot be believed; the lines may still be.
    fn doubts(&self) -> Vec<(&'static str, String)> {
        let branches = differ(self.branches, self.source.branches.values()).map(|differ| ("branches", differ));
        let functions = differ(self.functions, self.source.functions.values()).map(|differ| ("functions", differ));
        let told = branches.into_iter().chain(functions);
        told.map(|(what, (says, lists))| (what, contradiction(&format!("{what} of {}", self.path), says, lists)))
            .collect()
    }
}

/// The totals that are written and those of the details, where they are not the same.
fn differ<'b>(written: Totals, details: impl Iterator<Item = &'b bool>) -> Option<(Part, Part)> {
    let mut lists = Part::default();
    details.for_each(|hit| lists.add(*hit));
    let says = Part { covered: written.hit.unwrap_or(lists.covered), total: written.found.unwrap_or(lists.total) };
    (says != lists).then_some((says, lists))
}

impl<'t> Source<'t> {
    fn merge(&mut self, record: Record<'t>) {
        for (key, hit) in record.source.lines {
            *self.lines.entry(key).or_default() |= hit;
        }
        for (key, hit) in record.source.branches {
            *self.branches.entry(key).or_default() |= hit;
        }
        for (key, hit) in record.source.functions {
            *self.functions.entry(key).or_default() |= hit;
        }
    }
}
