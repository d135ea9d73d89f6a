//! A hash of all that the outcome of an item depends on: what it runs and reads, and what that works on.

use std::fs::{self, Permissions};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use regex::Regex;
use sha2::{Digest as _, Sha256};

use super::super::checklist::Item;
use super::super::evidence::{PlaceKind, Reader};
use super::super::work::Work;
use super::content;

/// What an item works on, beside what it names itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// The environment variables of all commands of the file.
    pub(super) env: &'a [(String, String)],
    /// The environment variables of the command line's file.
    pub(super) given: &'a [(String, String)],
    /// The state of the working tree; none if it is not known.
    pub(super) tree: Option<&'a str>,
    /// What is no input, wherever it lies: run folders and sign-offs.
    pub(super) left_out: &'a [PathBuf],
}

/// The hash of `item`, with what earlier items have set; none if it cannot be told what it depends on.
///
/// The item is one in which the facts of a run are the same for all runs: else no two would be alike.
pub(super) fn hash(item: &Item, sets: &[(String, String)], around: Around<'_>) -> Option<String> {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(format!("\n{:?}\n{}\n", item.work, without_places(&format!("{:?}", item.readers))));
    let accept: Vec<&str> = item.accept.iter().map(|accept| accept.text.as_str()).collect();
    hash.update(format!("{accept:?}\n{:?}\n{:?}\n{sets:?}\n", around.env, around.given));
    if let Some(Work::Scenario(run)) = &item.work {
        hash.update(content::hash_but(&run.file, &[])?);
    }
    match &item.inputs {
        Some(paths) => {
            for path in paths {
                // A name that is misspelt would be the same for ever.
                if !path.exists() {
                    return None;
                }
                hash.update(format!("\n{}\n{}", path.display(), content::hash_but(path, around.left_out)?));
            }
        }
        None => hash.update(around.tree?),
    }
    Some(content::digits(hash))
}

/// A hash of the files that `item` reads as evidence, as they are now; empty if it reads none, none if it is not known.
pub(super) fn evidence(item: &Item) -> Option<String> {
    let mut hash = Sha256::new();
    let mut files = 0;
    for place in item.readers.iter().flat_map(Reader::places) {
        let state = match &place.kind {
            PlaceKind::File(path) => {
                let mut state = String::new();
                for path in meant(path)? {
                    state.push_str(&format!("{}\n{}\n", path.display(), content::hash_but(&path, &[])?));
                }
                state
            }
            // Such files hold secrets, and a hash of a few unknown letters tells them.
            PlaceKind::Standing(path) => format!("{}\n{:?}\n", path.display(), last_change(path)),
            PlaceKind::Stdout | PlaceKind::Stderr | PlaceKind::Live => continue,
        };
        files += 1;
        hash.update(state);
    }
    Some(if files == 0 { String::new() } else { content::digits(hash) })
}

/// The paths that `path` means: itself, or where its name has a `*`, each that fits; none if the folder cannot be read.
fn meant(path: &Path) -> Option<Vec<PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !name.contains('*') {
        return Some(vec![path.to_path_buf()]);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<Result<Vec<_>, _>>().ok()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(_) => return None,
    };
    let letters: Vec<String> = name.split('*').map(regex::escape).collect();
    let pattern = Regex::new(&format!("(?s)^{}$", letters.join(".*"))).ok()?;
    let fitting = entries.iter().filter(|entry| pattern.is_match(&entry.file_name().to_string_lossy()));
    // The pattern as well: where nothing fits, that is what is known.
    let mut paths: Vec<PathBuf> = fitting.map(|entry| entry.path()).chain([path.to_path_buf()]).collect();
    paths.sort_unstable();
    Some(paths)
}

/// How long a file is, when it was changed last, and who may use it.
fn last_change(path: &Path) -> Option<(u64, SystemTime, Permissions)> {
    let facts = fs::metadata(path).ok()?;
    Some((facts.len(), facts.modified().ok()?, facts.permissions()))
}

/// The text without the places in the release file, which change with every line above them.
fn without_places(text: &str) -> String {
    match Regex::new(r"span: \d+\.\.\d+") {
        Ok(places) => places.replace_all(text, "").into_owned(),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{checklist, written};
    use super::*;

    const AROUND: Around<'static> = Around { env: &[], given: &[], tree: Some("t"), left_out: &[] };

    fn of(keys: &str) -> Option<String> {
        hash(&written(keys), &[], AROUND)
    }

    #[test]
    fn it_changes_with_what_is_run_read_wanted_and_worked_on_and_not_with_titles_and_places() {
        let keys = "run = 'x'\nread = { text = { contains = ['a'] } }";
        let first = of(keys);
        assert!(first.is_some());
        assert_eq!(of(&format!("title = 'other'\nrationale = 'why'\nowners = ['me']\n{keys}")), first);
        for other in [
            "run = 'y'\nread = { text = { contains = ['a'] } }",
            "run = { command = 'x', env = { A = '1' } }\nread = { text = { contains = ['a'] } }",
            "run = 'x'\nread = { text = { contains = ['b'] } }",
            "run = 'x'\nread = { text = { contains = ['a'] } }\naccept = 'lines >= 2'",
            "run = 'x'\nread = { text = { contains = ['a'] } }\ninputs = ['src']",
        ] {
            assert_ne!(of(other), first, "{other}");
        }
        let item = written(keys);
        let set = [("TAG".to_owned(), "v1".to_owned())];
        assert_ne!(hash(&item, &set, AROUND), first);
        assert_ne!(hash(&item, &[], Around { env: &set, ..AROUND }), first);
        assert_ne!(hash(&item, &[], Around { given: &set, ..AROUND }), first);
        assert_ne!(hash(&item, &[], Around { tree: Some("u"), ..AROUND }), first);
        assert_eq!(hash(&item, &[], Around { tree: None, ..AROUND }), None, "nobody knows what it depends on");
        assert_eq!(of("run = 'x'\ninputs = ['src', 'misspelt']"), None, "it would never change");
    }

    #[test]
    fn evidence_of_a_pattern_is_what_fits_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let pattern = folder.path().join("s-*.txt");
        let item = written(&format!("run = 'x'\nread = {{ backup = '{}' }}", pattern.display()));
        let mut seen = vec![evidence(&item)];
        for (name, text) in [("s-1.txt", "1"), ("s-1.txt", "2"), ("s-2.txt", "2")] {
            write(name, text);
            let now = evidence(&item);
            assert!(now.is_some() && !seen.contains(&now), "{name} {text}");
            seen.push(now);
        }
        write("other.txt", "1");
        assert_eq!(evidence(&item).as_ref(), seen.last().unwrap().as_ref());
    }

    #[test]
    fn a_line_above_an_item_changes_nothing() {
        let text = "[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\nrun = 'x'\nread = { text = { contains = ['a'] } }\n";
        let of = |text: &str| hash(&checklist(text).gates[0].items[0], &[], AROUND);
        assert_eq!(of(&format!("# a comment\n\n{text}")), of(text));
    }
}
