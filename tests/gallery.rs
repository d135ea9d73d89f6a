//! A gallery of scenario files that are wrong, with what mnload says about each: `tests/gallery/NAME.toml` and `NAME.txt`.
//!
//! After a change of the words: `MNLOAD_BLESS=1 cargo test --test gallery`, then read the difference as a user would.
//! A first line such as `# --profile smoke` or `# --set name=value` is what the command line says.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that fails by a panic says where")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mnload::diagnostic::Diagnostics;
use mnload::plan::{Machine, Overrides, Plan};
use mnload::scenario::ScenarioFile;

const MACHINE: Machine = Machine { cores: 4, sockets: 1_000 };
const LEAST_FILES: usize = 100;

/// One picture: the name of the file, and what is said about it.
type Gallery = BTreeMap<String, String>;

#[test]
fn every_mistake_is_explained_as_it_was() {
    // Files name each other, and are named in messages, as from their own folder.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gallery");
    std::env::set_current_dir(&folder).unwrap();
    let mut shown = written();
    shown.extend(made());
    assert!(shown.len() >= LEAST_FILES, "only {} files were found", shown.len());
    if std::env::var_os("MNLOAD_BLESS").is_some() {
        return bless(&shown);
    }
    let mut different = String::new();
    for (name, now) in &shown {
        let before = std::fs::read_to_string(format!("{name}.txt")).unwrap_or_default();
        if before != *now {
            write!(different, "\n==== {name}: it was\n{before}---- {name}: it is\n{now}").unwrap();
        }
    }
    for name in left_over(&shown) {
        write!(different, "\n==== {name}.txt belongs to no file").unwrap();
    }
    let help = "if this is better, MNLOAD_BLESS=1 cargo test --test gallery takes it over";
    assert!(different.is_empty(), "{different}\n{help}");
}

/// What is said about the files of the folder.
fn written() -> Gallery {
    let files = names_ending_in(".toml");
    files.into_iter().map(|name| (name.clone(), said(&PathBuf::from(format!("{name}.toml"))))).collect()
}

/// What is said about files that are better made than kept.
fn made() -> Gallery {
    const START: &str = "[target]\nbase_url = \"http://127.0.0.1:3000\"\n\n[[step]]\nget = \"/\"\n";
    let levels = 10_000;
    let texts = [
        ("deep-lists", format!("{START}json = {}{}\n", "[".repeat(levels), "]".repeat(levels))),
        ("deep-lists-unclosed", format!("{START}json = {}\n", "[".repeat(levels))),
        ("deep-tables", format!("{START}json = {}1{}\n", "{a=".repeat(levels), "}".repeat(levels))),
        ("deep-keys", format!("{START}json{} = 1\n", ".a".repeat(levels))),
        ("deep-header", format!("{START}[step.json{}]\n", ".a".repeat(levels))),
        ("deep-parentheses", format!("{START}body = \"${{ {}1{} }}\"\n", "(".repeat(levels), ")".repeat(levels))),
        ("deep-expression", format!("{START}when = \"1{}\"\n", " and 1".repeat(levels))),
        ("deep-filters", format!("{START}body = \"${{ 1{} }}\"\n", "|upper".repeat(100_000))),
        ("deep-jsonpath", format!("{START}extract = {{ a = \"json:{}\" }}\n", "$[?@".repeat(levels))),
        ("deep-regex", format!("{START}extract = {{ a = \"regex:{}\" }}\n", "(".repeat(levels))),
        ("huge", format!("{START}{}", "# a long story\n".repeat(300_000))),
        ("huge-of-mistakes", "= wrong\n".repeat(100_000)),
        ("huge-line", format!("{START}body = \"{}${{ usr }}\"\n", "x".repeat(500_000))),
        ("huge-name", format!("{START}{} = 1\n", "k".repeat(100_000))),
        ("huge-quotes", format!("{START}body = \"\"\"{}", "\"".repeat(500_000))),
    ];
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder.toml")).unwrap();
    let mut names = vec!["folder", "missing"];
    for (name, text) in &texts {
        std::fs::write(folder.path().join(name).with_extension("toml"), text).unwrap();
        names.push(name);
    }
    let prefix = format!("{}/", folder.path().display());
    names
        .into_iter()
        .map(|name| {
            let said = said(&folder.path().join(name).with_extension("toml"));
            (format!("made-{name}"), said.replace(&prefix, ""))
        })
        .collect()
}

/// What `mnload plan` says about the file.
fn said(path: &Path) -> String {
    let start = Instant::now();
    let said = match plan(path) {
        Ok(plan) => format!("no mistake: {} steps\n", plan.steps.len()),
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty(), "{}", path.display());
            format!("{mistakes}\n")
        }
    };
    // Most take a thousandth of this: it is here for what never ends.
    assert!(start.elapsed() < Duration::from_secs(60), "{} takes {:?}", path.display(), start.elapsed());
    // Machines differ in how they print ends of lines, not in what is said.
    said.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn plan(path: &Path) -> Result<Plan, Diagnostics> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut given = text.lines().next().unwrap_or_default().split_whitespace();
    let (option, value) = match given.next() {
        Some("#") => (given.next(), given.next()),
        _ => (None, None),
    };
    let profile = value.filter(|_| option == Some("--profile"));
    let set = value.filter(|_| option == Some("--set")).and_then(|value| value.split_once('='));
    let vars = set.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let file = ScenarioFile::read(path, profile)?;
    Plan::resolve(&file, &Overrides { vars, ..Overrides::default() }, &MACHINE)
}

fn bless(shown: &Gallery) {
    for name in left_over(shown) {
        std::fs::remove_file(format!("{name}.txt")).unwrap();
    }
    for (name, said) in shown {
        std::fs::write(format!("{name}.txt"), said).unwrap();
    }
    eprintln!("{} files were written: read what changed", shown.len());
}

/// The texts whose file is gone.
fn left_over(shown: &Gallery) -> Vec<String> {
    names_ending_in(".txt").into_iter().filter(|name| !shown.contains_key(name)).collect()
}

fn names_ending_in(ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    names.sort_unstable();
    names
}
