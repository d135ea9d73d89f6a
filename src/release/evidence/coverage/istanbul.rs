//! Istanbul's JSON: `coverage-final.json` with every statement, and `coverage-summary.json` with totals.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::super::shapes::{count, counted, object};
use super::{Measured, Part, contradiction};

pub(super) fn is_final(json: &Json) -> bool {
    json.as_object().is_some_and(|files| files.values().any(|file| file.get("statementMap").is_some()))
}

pub(super) fn is_summary(json: &Json) -> bool {
    json.get("total").is_some_and(|total| total.get("lines").is_some_and(|lines| lines.get("total").is_some()))
}

/// `coverage-final.json`.
pub(super) fn measure(json: &Json) -> Result<Measured, String> {
    let files = json.as_object().map(|files| files.iter()).into_iter().flatten();
    let mut measured = Measured { files: Some(0), ..Measured::default() };
    for (path, file) in files {
        of_file(file, &mut measured).map_err(|why| format!("{path}: {why}"))?;
        measured.files = measured.files.map(|files| files + 1);
    }
    Ok(measured)
}

fn of_file(file: &Json, measured: &mut Measured) -> Result<(), String> {
    let places = object(file, "statementMap")?;
    let counts = object(file, "s")?;
    same_keys("statements", places, counts)?;
    // A line is gone through as often as the statement that starts on it and was run most: Istanbul's own rule.
    let mut lines: BTreeMap<u64, bool> = BTreeMap::new();
    for (id, place) in places {
        let line = place.get("start").and_then(|start| start.get("line")).and_then(counted);
        let line = line.ok_or_else(|| format!("statement {id} starts on no line"))?;
        let hit = counted(&counts[id]).ok_or_else(|| format!("statement {id} has no count"))? > 0;
        *lines.entry(line).or_default() |= hit;
        measured.statements.add(hit);
    }
    lines.values().for_each(|hit| measured.lines.add(*hit));
    let functions = object(file, "f")?;
    same_keys("functions", object(file, "fnMap")?, functions)?;
    for (id, calls) in functions {
        measured.functions.add(counted(calls).ok_or_else(|| format!("function {id} has no count"))? > 0);
    }
    let branches = object(file, "b")?;
    same_keys("branches", object(file, "branchMap")?, branches)?;
    for (id, ways) in branches {
        let ways = ways.as_array().ok_or_else(|| format!("branch {id} has no counts"))?;
        for way in ways {
            measured.branches.add(counted(way).ok_or_else(|| format!("branch {id} has no count"))? > 0);
        }
    }
    Ok(())
}

fn same_keys(what: &str, places: &Map<String, Json>, counts: &Map<String, Json>) -> Result<(), String> {
    match places.len() == counts.len() && places.keys().all(|id| counts.contains_key(id)) {
        true => Ok(()),
        false => Err(format!("its {what} have {} places and {} counts", places.len(), counts.len())),
    }
}

const KINDS: [&str; 4] = ["lines", "branches", "functions", "statements"];

/// `coverage-summary.json`.
pub(super) fn summary(json: &Json) -> Result<Measured, String> {
    let entries = json.as_object().map(|entries| entries.iter()).into_iter().flatten();
    let total = parts(json.get("total").unwrap_or(&Json::Null)).map_err(|why| format!("total: {why}"))?;
    let mut sums = [Part::default(); 4];
    let mut files = 0;
    for (path, file) in entries.filter(|(path, _)| *path != "total") {
        let of_file = parts(file).map_err(|why| format!("{path}: {why}"))?;
        sums.iter_mut().zip(of_file).for_each(|(sum, part)| sum.take(part));
        files += 1;
    }
    let mut measured = Measured::default();
    if files > 0 {
        measured.files = Some(files);
        for ((kind, says), lists) in KINDS.iter().zip(total).zip(sums) {
            if says != lists {
                return Err(contradiction(kind, says, lists));
            }
        }
    } else {
        measured.notes.push("it lists no files, so its totals are all that is known".to_owned());
    }
    [measured.lines, measured.branches, measured.functions, measured.statements] = total;
    Ok(measured)
}

/// Counts of lines, branches, functions and statements.
fn parts(of: &Json) -> Result<[Part; 4], String> {
    let mut parts = [Part::default(); 4];
    for (part, kind) in parts.iter_mut().zip(KINDS) {
        let written = of.get(kind).ok_or_else(|| format!("there are no `{kind}`"))?;
        *part = Part { covered: count(written, "covered")?, total: count(written, "total")? };
        let fits = match (part.share(), written.get("pct").and_then(Json::as_f64)) {
            (Some(share), Some(percent)) => (percent - share * 100.0).abs() <= 0.011,
            _ => true,
        };
        if part.covered > part.total || !fits {
            let says = written.get("pct").map(Json::to_string).unwrap_or_default();
            return Err(contradiction(kind, format!("{says}%"), *part));
        }
    }
    Ok(parts)
}
