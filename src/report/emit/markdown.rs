//! The checklist for people: a table for each gate, boxes for what a person confirms, and the verification matrix.

use super::EmitOptions;
use crate::release::checklist::{Checklist, Gate, Item};
use crate::release::evidence::PlaceKind;
use crate::release::work::{CommandLine, Work};
use crate::report::inert::line;
use crate::report::markup::{cell, code, row, table};
use crate::units::format_duration;

const LONGEST: usize = 2_000;
const DASH: &str = "–";

/// The text.
pub(super) fn text(checklist: &Checklist, options: &EmitOptions) -> String {
    let (command, file) = (code(&options.command, LONGEST), code(&checklist.file, LONGEST));
    let mut sections = vec![
        format!("# {}: release checklist\n", code(&checklist.name, LONGEST)),
        format!("Made by {command}. Do not change it here: change {file}, and make it anew.\n"),
    ];
    if !checklist.description.trim().is_empty() {
        sections.push(format!("{}\n", code(&checklist.description, LONGEST)));
    }
    sections.push(roles(checklist));
    sections.extend(checklist.gates.iter().map(|gate| of_gate(checklist, gate)));
    sections.push(matrix(checklist));
    sections.push(format!("## Go or no-go\n\n    {}\n", line(&whole(checklist), LONGEST)));
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn whole(checklist: &Checklist) -> String {
    shell_words::join(["mnload", "release", checklist.file.as_str()])
}

fn roles(checklist: &Checklist) -> String {
    if checklist.roles.is_empty() {
        return String::new();
    }
    let mut out = "## Roles & DRIs\n\n".to_owned();
    for role in checklist.roles.values() {
        let duty = if role.duty.is_empty() { String::new() } else { format!(": {}", code(&role.duty, LONGEST)) };
        let people = if role.people.is_empty() { "____".to_owned() } else { code(&role.people.join(", "), LONGEST) };
        out.push_str(&format!("- {}{duty} ({people})\n", code(&role.title, LONGEST)));
    }
    out
}

fn of_gate(checklist: &Checklist, gate: &Gate) -> String {
    let title = if gate.title == gate.id { String::new() } else { format!(": {}", code(&gate.title, LONGEST)) };
    let mut out = format!("## Gate {}{title}\n\n", code(&gate.id, LONGEST));
    if !gate.rationale.is_empty() {
        out.push_str(&format!("{}\n\n", code(&gate.rationale, LONGEST)));
    }
    out.push_str(&table(&["item", "command", "accepted if", "evidence", "owner"], 0..0));
    for item in &gate.items {
        let mut accepted = criteria(item);
        if !item.rationale.is_empty() {
            accepted.push_str(&format!("<br>Rationale: {}", cell(&item.rationale, LONGEST)));
        }
        let warn = if item.warn { " (only a warning)" } else { "" };
        row(
            &mut out,
            &[
                format!("{}{warn}", cell(&item.title, LONGEST)),
                item.work.as_ref().map_or_else(|| DASH.to_owned(), |work| cell(&command(checklist, work), LONGEST)),
                accepted,
                evidence(checklist, item),
                owners(checklist, item),
            ],
        );
    }
    let asked = gate.items.iter().filter_map(|item| Some((item, item.manual.as_ref()?)));
    let boxes: String = asked
        .map(|(item, ask)| format!("- [ ] {}: {} by: ____ on: ____\n", code(&item.title, LONGEST), code(ask, LONGEST)))
        .collect();
    if !boxes.is_empty() {
        out.push_str(&format!("\n{boxes}"));
    }
    out.push_str(&format!("\n- [ ] Gate {} accepted\n", code(&gate.id, LONGEST)));
    out
}

/// All that is run, beside what it must show.
fn matrix(checklist: &Checklist) -> String {
    let mut out = "## Verification matrix\n\n".to_owned();
    out.push_str(&table(&["category", "command or method", "owner", "acceptance"], 0..0));
    for gate in &checklist.gates {
        for item in &gate.items {
            let how = match (&item.work, &item.manual) {
                (Some(work), _) => cell(&command(checklist, work), LONGEST),
                (None, Some(ask)) => cell(ask, LONGEST),
                (None, None) => evidence(checklist, item),
            };
            let category = format!("{} / {}", cell(&gate.id, LONGEST), cell(&item.title, LONGEST));
            row(&mut out, &[category, how, owners(checklist, item), criteria(item)]);
        }
    }
    out
}

/// The command as a person would type it, from the folder of the release file.
fn command(checklist: &Checklist, work: &Work) -> String {
    match work {
        Work::Command(command) => in_folder(checklist, command),
        Work::Scenario(run) => {
            let file = run.file.strip_prefix(&checklist.folder).unwrap_or(&run.file).display().to_string();
            let mut words = vec!["mnload".to_owned(), "run".to_owned(), file];
            words.extend(run.profile.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]));
            words.extend(run.set.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]));
            shell_words::join(words)
        }
    }
}

fn in_folder(checklist: &Checklist, command: &CommandLine) -> String {
    let folder = command.dir.strip_prefix(&checklist.folder).unwrap_or(&command.dir).display().to_string();
    match folder.as_str() {
        "" | "." => command.program.shown(),
        folder => format!("(cd {} && {})", shell_words::quote(folder), command.program.shown()),
    }
}

/// What must hold.
fn criteria(item: &Item) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(Work::Command(command)) = &item.work {
        let codes: Vec<String> = command.exit_codes.iter().map(i32::to_string).collect();
        parts.push(format!("exit {} within {}", codes.join(" or "), format_duration(command.timeout)));
    }
    if let Some(Work::Scenario(run)) = &item.work {
        let baseline = run.baseline.as_ref().map(|id| format!(", as in {}", cell(id, LONGEST))).unwrap_or_default();
        parts.push(format!("its gates hold within {}{baseline}", format_duration(run.timeout)));
    }
    parts.extend(item.accept.iter().map(|accept| cell(&accept.text, LONGEST)));
    if item.manual.is_some() {
        parts.push("a person signs for this commit".to_owned());
    }
    if parts.is_empty() { DASH.to_owned() } else { parts.join(", ") }
}

/// What is read, by reader.
fn evidence(checklist: &Checklist, item: &Item) -> String {
    let read = item.readers.iter().map(|reader| {
        let places = reader.places().into_iter().map(|place| match &place.kind {
            PlaceKind::File(path) | PlaceKind::Standing(path) => {
                path.strip_prefix(&checklist.folder).unwrap_or(path).display().to_string()
            }
            PlaceKind::Stdout => "stdout".to_owned(),
            PlaceKind::Stderr => "stderr".to_owned(),
            PlaceKind::Live => "asked when it runs".to_owned(),
        });
        let places: Vec<String> = places.collect();
        cell(&format!("{}: {}", reader.name(), places.join(", ")), LONGEST)
    });
    let artifacts = item.artifacts.iter().map(|path| cell(path, LONGEST));
    let parts: Vec<String> = read.chain(artifacts).collect();
    if parts.is_empty() { DASH.to_owned() } else { parts.join(", ") }
}

fn owners(checklist: &Checklist, item: &Item) -> String {
    let title = |name: &String| checklist.roles.get(name).map_or_else(|| name.clone(), |role| role.title.clone());
    let titles: Vec<String> = item.owners.iter().map(title).collect();
    if titles.is_empty() { DASH.to_owned() } else { cell(&titles.join(", "), LONGEST) }
}
