//! Clover's XML, as Istanbul, PHPUnit and OpenClover write it.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::super::shapes::{attribute, children, epoch};
use super::{Measured, Part, contradiction};

/// The attributes of `metrics`: what there is, and what of it was gone through.
const STATEMENTS: [&str; 2] = ["statements", "coveredstatements"];
const CONDITIONALS: [&str; 2] = ["conditionals", "coveredconditionals"];
const METHODS: [&str; 2] = ["methods", "coveredmethods"];

pub(super) fn is(root: Node<'_, '_>) -> bool {
    root.tag_name().name() == "coverage" && (root.has_attribute("clover") || children(root, "project").next().is_some())
}

pub(super) fn measure(root: Node<'_, '_>) -> Result<Measured, String> {
    let project = children(root, "project").next().ok_or("it has no project")?;
    let mut measured = Measured { files: Some(0), ..Measured::default() };
    let made = root.attribute("generated").or(project.attribute("timestamp"));
    measured.made = made.and_then(|time| time.parse().ok()).and_then(epoch);
    let mut statements = Part::default();
    for file in project.descendants().filter(|node| node.tag_name().name() == "file") {
        let name = file.attribute("path").or(file.attribute("name")).unwrap_or("a file");
        let told = of_file(file, &mut measured).map_err(|why| format!("{name}: {why}"))?;
        statements.take(told);
        measured.files = measured.files.map(|files| files + 1);
    }
    // The totals of all must be those of the files.
    let all = [(STATEMENTS, statements), (CONDITIONALS, measured.branches), (METHODS, measured.functions)];
    for (names, lists) in all {
        let says = children(project, "metrics").next().map(|metrics| part(metrics, names)).transpose()?.flatten();
        if let Some(says) = says.filter(|says| *says != lists) {
            return Err(contradiction(names[0], says, lists));
        }
    }
    Ok(measured)
}

/// Counts what a file has; what its own totals say of statements is given back.
fn of_file(file: Node<'_, '_>, measured: &mut Measured) -> Result<Part, String> {
    let mut lines: BTreeMap<u64, bool> = BTreeMap::new();
    let (mut plain, mut all) = (Part::default(), Part::default());
    for line in children(file, "line") {
        let number = attribute(line, "num")?.ok_or("a line has no number")?;
        let kind = line.attribute("type").unwrap_or("stmt");
        if kind == "method" {
            continue;
        }
        let hits = match attribute(line, "count")? {
            Some(count) => count,
            None => attribute(line, "truecount")?.unwrap_or(0) + attribute(line, "falsecount")?.unwrap_or(0),
        };
        *lines.entry(number).or_default() |= hits > 0;
        all.add(hits > 0);
        if kind == "stmt" {
            plain.add(hits > 0);
        }
    }
    let mut distinct = Part::default();
    lines.values().for_each(|hit| distinct.add(*hit));
    measured.lines.take(distinct);
    let Some(metrics) = children(file, "metrics").next() else { return Ok(distinct) };
    measured.branches.take(part(metrics, CONDITIONALS)?.unwrap_or_default());
    measured.functions.take(part(metrics, METHODS)?.unwrap_or_default());
    // Istanbul's statements are lines, with conditions or without; OpenClover may have several on one line.
    match part(metrics, STATEMENTS)? {
        None => Ok(distinct),
        Some(says) if [distinct, plain, all].contains(&says) => Ok(says),
        Some(says) => Err(contradiction("statements", says, distinct)),
    }
}

/// A pair of attributes; none if they are not there.
fn part(metrics: Node<'_, '_>, [total, covered]: [&str; 2]) -> Result<Option<Part>, String> {
    let (Some(total), Some(covered)) = (attribute(metrics, total)?, attribute(metrics, covered)?) else {
        return Ok(None);
    };
    match covered > total {
        true => Err(format!("it contradicts itself: {covered} of {total} are covered")),
        false => Ok(Some(Part { covered, total })),
    }
}
