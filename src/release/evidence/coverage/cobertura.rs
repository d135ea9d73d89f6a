//! Cobertura's XML, as Istanbul, coverage.py, gcovr, coverlet and others write it.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::super::shapes::{attribute, children, epoch, parsed};
use super::{Measured, Part, contradiction};

/// Tools round the rates that they write, some to two digits.
const ROUNDING: f64 = 0.006;

pub(super) fn is(root: Node<'_, '_>) -> bool {
    root.tag_name().name() == "coverage"
        && (root.has_attribute("line-rate") || children(root, "packages").next().is_some())
}

pub(super) fn measure(root: Node<'_, '_>) -> Result<Measured, String> {
    // Classes may share a file, and lines of it.
    let mut files: BTreeMap<&str, BTreeMap<u64, (bool, Part)>> = BTreeMap::new();
    let (mut listed, mut ways) = (Part::default(), Part::default());
    for class in root.descendants().filter(|node| node.tag_name().name() == "class") {
        let name = class.attribute("filename").or(class.attribute("name")).ok_or("a class has no file")?;
        let lines = files.entry(name).or_default();
        for line in children(class, "lines").flat_map(|lines| children(lines, "line")) {
            let number = attribute(line, "number")?.ok_or_else(|| format!("a line of {name} has no number"))?;
            let hits = attribute(line, "hits")?.ok_or_else(|| format!("line {number} of {name} has no hits"))?;
            let conditions = line.attribute("condition-coverage").map(conditions).transpose()?.unwrap_or_default();
            listed.add(hits > 0);
            ways.take(conditions);
            let (hit, known) = lines.entry(number).or_default();
            *hit |= hits > 0;
            let (covered, total) = (known.covered.max(conditions.covered), known.total.max(conditions.total));
            *known = Part { covered, total };
        }
    }
    let mut measured = Measured { files: Some(files.len() as u64), ..Measured::default() };
    measured.made = root.attribute("timestamp").and_then(|time| time.parse().ok()).and_then(epoch);
    for (hit, conditions) in files.values().flat_map(BTreeMap::values) {
        measured.lines.add(*hit);
        measured.branches.take(*conditions);
    }
    check_lines(root, &measured, listed)?;
    let says = [attribute(root, "branches-covered")?, attribute(root, "branches-valid")?];
    if let [Some(covered), Some(total)] = says {
        let says = Part { covered, total };
        if ![measured.branches, ways].contains(&says) {
            let why = contradiction("branches", says, measured.branches);
            measured.notes.push(format!("no figure `branches`: {why}"));
            measured.branches = Part::default();
        }
    }
    Ok(measured)
}

/// The totals must be those of the lines, counted by file or by class.
fn check_lines(root: Node<'_, '_>, measured: &Measured, listed: Part) -> Result<(), String> {
    let says = [attribute(root, "lines-covered")?, attribute(root, "lines-valid")?];
    if let [Some(covered), Some(total)] = says {
        let says = Part { covered, total };
        if ![measured.lines, listed].contains(&says) {
            return Err(contradiction("lines", says, measured.lines));
        }
    }
    let rate = root.attribute("line-rate").and_then(|rate| rate.parse::<f64>().ok());
    let shares: Vec<f64> = [measured.lines, listed].into_iter().filter_map(Part::share).collect();
    match rate {
        Some(rate) if !shares.is_empty() && !shares.iter().any(|share| (share - rate).abs() <= ROUNDING) => {
            Err(contradiction("lines", format!("line-rate {rate}"), measured.lines))
        }
        _ => Ok(()),
    }
}

/// `50% (1/2)`
fn conditions(text: &str) -> Result<Part, String> {
    let counts = text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).and_then(|(counts, _)| {
        let (covered, total) = counts.split_once('/')?;
        Some(Part { covered: parsed(covered)?, total: parsed(total)? })
    });
    let counts = counts.filter(|part| part.covered <= part.total);
    counts.ok_or_else(|| "a condition-coverage says no counts".to_owned())
}
