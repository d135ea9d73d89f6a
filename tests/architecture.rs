//! Holds the direction of imports: data flows one way, and a later stage never reaches back.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Words that every room may use: they import nothing but each other.
const VOCABULARY: [&str; 5] = ["diagnostic", "failure", "tls", "units", "verdict"];

/// What each room may import beside the vocabulary.
const ROOMS: [(&str, &[&str]); 23] = [
    ("scenario", &[]),
    ("load", &[]),
    ("client", &[]),
    ("metrics", &[]),
    ("demo", &[]),
    ("answer", &[]),
    ("feed", &[]),
    ("system", &[]),
    ("stats", &[]),
    ("journal", &["metrics"]),
    ("gate", &["metrics", "stats"]),
    ("compare", &["gate", "metrics", "stats"]),
    ("explore", &["compare", "gate", "metrics", "stats"]),
    ("export", &["client", "metrics"]),
    ("values", &["scenario"]),
    ("plan", &["scenario", "values", "load", "gate", "answer", "feed", "metrics"]),
    ("forecast", &["plan", "load", "client", "metrics"]),
    ("engine", &["plan", "load", "client", "metrics", "answer", "gate", "system"]),
    ("doctor", &["demo", "engine", "load", "metrics", "plan", "scenario", "system"]),
    ("release", &["scenario", "values", "answer", "client", "system"]),
    ("report", &["plan", "load", "gate", "metrics", "forecast", "doctor", "compare", "explore", "release", "values"]),
    ("cli", &["demo", "gate", "report"]),
    (
        "commands",
        &[
            "cli", "client", "compare", "demo", "doctor", "engine", "explore", "export", "forecast", "gate", "journal",
            "load", "metrics", "plan", "release", "report", "scenario", "system", "values",
        ],
    ),
];

#[test]
fn imports_go_downward_only() {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(room) = room_of(&file) else { continue };
        let imports = imports_of(&std::fs::read_to_string(&file).unwrap());
        let vocabulary: BTreeSet<&str> = VOCABULARY.into_iter().collect();
        let may = |import: &str| {
            import == room
                || vocabulary.contains(import)
                || allowed.get(room.as_str()).is_some_and(|list| list.contains(&import))
        };
        wrong.extend(
            imports.iter().filter(|import| !may(import)).map(|import| format!("{} imports {import}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "rooms reach where they should not:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_rule() {
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).chain(VOCABULARY).collect();
    let rooms: BTreeSet<String> = sources().iter().filter_map(|file| room_of(file)).collect();
    let unknown: Vec<_> = rooms.iter().filter(|room| !known.contains(room.as_str())).collect();
    assert!(unknown.is_empty(), "give these a place in ROOMS: {unknown:?}");
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .iter()
        .map(|file| (file, std::fs::read_to_string(file).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 450)
        .map(|(file, lines)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "these hold more than one concern: {long:?}");
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The folder or file right below `src/` that `file` belongs to; none for the roots, which may see all.
fn room_of(file: &Path) -> Option<String> {
    let below = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = below.components().next()?.as_os_str().to_string_lossy().into_owned();
    let room = first.trim_end_matches(".rs").to_owned();
    (!["main", "lib"].contains(&room.as_str())).then_some(room)
}

/// Every name that follows `crate::`, outside test modules.
fn imports_of(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let after =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| line.split("crate::").skip(1));
    after
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|name| !name.is_empty())
        .collect()
}
