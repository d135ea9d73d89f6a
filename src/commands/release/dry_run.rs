//! `--dry-run`: what would be done, in which order, and what of earlier runs would hold; nothing is run.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::commands::CommandError;
use crate::release::checklist::Item;
use crate::release::run::{Book, Foreseen, Ground, Schedule, Signing, Step, foreseen};
use crate::release::work::{CommandLine, Work};
use crate::report::{clean, inert};
use crate::units::format_duration;
use crate::verdict::ExitCode;

/// Prints it.
pub(super) fn show(ground: &Ground, book: &Book) -> Result<ExitCode, CommandError> {
    let text = inert(&plan(ground, book));
    // Nobody may be reading.
    let _ = anstream::stdout().write_all(text.as_bytes());
    Ok(ExitCode::Passed)
}

fn plan(ground: &Ground, book: &Book) -> String {
    let checklist = &ground.checklist;
    let items: Vec<&Item> = checklist.items().collect();
    let waves = waves(ground, &items);
    let mut text = format!("{}\n", clean(&checklist.secrets.redact(&checklist.name)));
    if let Some(commit) = &ground.commit {
        let changed = if commit.changed { ", and changes that are in no commit" } else { "" };
        let _ = writeln!(text, "  commit     {}{changed}", clean(&commit.id));
    }
    let _ = writeln!(text, "  at a time  {} items", ground.parallel);
    let mut anew: Vec<&str> = Vec::new();
    for gate in &checklist.gates {
        let _ = writeln!(text, "\n{}  {}", clean(&gate.id), clean(&checklist.secrets.redact(&gate.title)));
        for item in &gate.items {
            let wave = waves.iter().position(|wave| wave.contains(&item.id.as_str()));
            describe(&mut text, ground, item, wave, book);
            if ground.earlier.results().next().is_some() && wave.is_some() {
                let _ = writeln!(text, "      resume   {}", clean(&resumed(ground, item, &mut anew)));
            }
        }
    }
    // What is empty leaves nothing behind, not even the space before it.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What would become of the item's earlier pass.
fn resumed<'g>(ground: &'g Ground, item: &'g Item, anew: &mut Vec<&'g str>) -> String {
    match foreseen(ground, item, anew) {
        Foreseen::Holds(found) => format!("its pass in {} still holds", found.folder.display()),
        Foreseen::DependsOn(name) => format!("depends on the value of {name}: if it is the same, its pass still holds"),
        Foreseen::Again(why) => {
            let sets = matches!(&item.work, Some(Work::Command(CommandLine { sets: Some(_), .. })));
            if (item.work.is_some() && !sets) || item.needs.iter().any(|id| anew.contains(&id.as_str())) {
                anew.push(&item.id);
            }
            format!("done again: {why}")
        }
    }
}

fn describe(text: &mut String, ground: &Ground, item: &Item, wave: Option<usize>, book: &Book) {
    let secrets = &ground.checklist.secrets;
    let mut say = |name: &str, what: &str| {
        let _ = writeln!(text, "      {name:8} {}", clean(&secrets.redact(what)));
    };
    let order = wave.map_or("not asked for".to_owned(), |wave| format!("step {}", wave + 1));
    say("", "");
    let title = if item.title == item.id { String::new() } else { format!("  {}", item.title) };
    say(&item.id, &format!("{title}  ({order})"));
    match &item.work {
        Some(Work::Command(line)) => {
            say("run", &line.program.shown().trim().replace('\n', "; "));
            let dir = if line.dir.as_os_str().is_empty() { ".".to_owned() } else { line.dir.display().to_string() };
            say("in", &format!("{dir}, for {} at the most", format_duration(line.timeout)));
        }
        Some(Work::Scenario(run)) => {
            let profile = run.profile.as_ref().map(|profile| format!(" --profile {profile}")).unwrap_or_default();
            say("run", &format!("mnload run {}{profile}", run.file.display()));
        }
        None => {}
    }
    for reader in &item.readers {
        let places = reader.places();
        let places = places.iter().map(|place| place.written(&ground.checklist.source)).collect::<Vec<_>>();
        say("read", &format!("{}: {}", reader.name(), places.join(", ")));
    }
    let accept: Vec<&str> = item.accept.iter().map(|accept| accept.text.as_str()).collect();
    if !accept.is_empty() {
        say("accept", &accept.join(", "));
    }
    if let Some(ask) = &item.manual {
        say("confirm", ask);
        match book.signing(ground.timeless(item), &ground.checklist.roles, ground.commit.as_ref()) {
            Signing::Valid(sign_off) => say("signed", &format!("by {} on {}", sign_off.by, sign_off.at)),
            Signing::Missing { why, .. } => say("signed", &why),
        }
    }
    let lists = [("needs", &item.needs), ("after", &item.after), ("owners", &item.owners)];
    lists.iter().filter(|(_, list)| !list.is_empty()).for_each(|(name, list)| say(name, &list.join(", ")));
    if item.warn {
        say("warn", "it decides nothing");
    }
}

/// The items in the order in which they could start, if there were room for all and each passed.
fn waves<'g>(ground: &Ground, items: &[&'g Item]) -> Vec<Vec<&'g str>> {
    let mut schedule = Schedule::new(items, |at| ground.selection.has(&items[at].id), usize::MAX);
    let mut waves = Vec::new();
    while !schedule.is_over() {
        let steps = schedule.steps().into_iter();
        let started: Vec<usize> = steps
            .filter_map(|step| match step {
                Step::Start(at) => Some(at),
                Step::Leave { .. } => None,
            })
            .collect();
        started.iter().for_each(|at| schedule.end(*at, true));
        waves.push(started.iter().map(|at| items[*at].id.as_str()).collect());
    }
    waves
}
