//! Hashes of files and folders, whatever lies there.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

pub(super) use super::super::evidence::source::digits;

/// Of longer files the length and the time of the last change stand for the content.
const MOST_BYTES: u64 = 256 << 20;
/// What is in a folder with more entries is not known.
const MOST_ENTRIES: usize = 200_000;

/// A hash of what lies at `path`: of a file its content, of a folder all in it, of a link where it leads; of nothing that.
/// What cannot be read is never the same twice.
pub(super) fn hash_of(path: &Path) -> String {
    let mut hash = Sha256::new();
    match add(&mut hash, path, &[], &mut 0) {
        Some(()) => digits(hash),
        None => format!("not known, {:?}", std::time::SystemTime::now()),
    }
}

/// The same of what is at `path` in the end, if it is a link, without what lies in one of `left_out`, which are real paths;
/// none if some of it cannot be read, or there is too much of it.
pub(super) fn hash_but(path: &Path, left_out: &[PathBuf]) -> Option<String> {
    let mut hash = Sha256::new();
    add(&mut hash, &real(path), left_out, &mut 0)?;
    Some(digits(hash))
}

/// The path without links and dots, as far as it exists.
pub(super) fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut missing = Vec::new();
    for there in path.ancestors() {
        if let Ok(real) = there.canonicalize() {
            return missing.iter().rev().fold(real, |path, name| path.join(name));
        }
        missing.extend(there.file_name());
    }
    path
}

fn add(hash: &mut Sha256, path: &Path, left_out: &[PathBuf], entries: &mut usize) -> Option<()> {
    *entries += 1;
    if *entries > MOST_ENTRIES {
        return None;
    }
    let facts = match fs::symlink_metadata(path) {
        Ok(facts) => facts,
        Err(error) if is_nothing(&error) => {
            hash.update("nothing");
            return Some(());
        }
        Err(_) => return None,
    };
    if facts.is_symlink() {
        let leads_to = fs::read_link(path).ok()?;
        hash.update(format!("link to {}", leads_to.display()));
    } else if facts.is_dir() {
        let counts = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name != ".git") && !left_out.iter().any(|left| path.starts_with(left))
        };
        let all = fs::read_dir(path).ok()?.map(|entry| entry.map(|entry| entry.path()));
        let all = all.take(MOST_ENTRIES + 1).collect::<Result<Vec<PathBuf>, _>>().ok()?;
        let mut paths: Vec<PathBuf> = all.into_iter().filter(counts).collect();
        paths.sort_unstable();
        hash.update(format!("folder of {}\n", paths.len()));
        for path in paths {
            hash.update(format!("{}\n", path.file_name().unwrap_or_default().display()));
            add(hash, &path, left_out, entries)?;
        }
    } else {
        hash.update(format!("file of {}, {}\n", facts.len(), is_executable(&facts)));
        match facts.len() <= MOST_BYTES && facts.is_file() {
            true => add_content(hash, path)?,
            false => hash.update(format!("{:?}", facts.modified().ok()?)),
        }
    }
    Some(())
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn add_content(hash: &mut Sha256, path: &Path) -> Option<()> {
    let mut part = vec![0; 64 << 10];
    let mut file = File::open(path).ok()?;
    loop {
        match file.read(&mut part) {
            Ok(0) => return Some(()),
            Ok(read) => hash.update(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(unix)]
fn is_executable(facts: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    facts.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_the_same_until_something_in_it_changes() {
        let folder = tempfile::TempDir::new().unwrap();
        let below = folder.path().join("a");
        fs::create_dir_all(below.join("b")).unwrap();
        fs::write(below.join("b/c"), "1").unwrap();
        let first = hash_of(&below);
        assert_eq!(hash_of(&below), first);
        fs::create_dir(below.join("reports")).unwrap();
        fs::write(below.join("reports/x"), "1").unwrap();
        let with_reports = hash_but(&below, &[real(&below.join("reports"))]);
        fs::write(below.join("reports/x"), "2").unwrap();
        assert_eq!(hash_but(&below, &[real(&below.join("reports"))]), with_reports);
        fs::write(below.join("b/c"), "2").unwrap();
        assert_ne!(hash_but(&below, &[real(&below.join("reports"))]), with_reports);
        assert_ne!(hash_of(&below), hash_of(&below.join("nothing")));
        // A folder of the process's own is named by a path that is not whole.
        let (here, run) = (Path::new("src/release/run"), real(Path::new("src/release/run")));
        assert_ne!(hash_but(here, &[run.join("content.rs")]), hash_but(here, &[]));
    }

    #[cfg(unix)]
    #[test]
    fn a_named_link_is_what_it_leads_to_and_what_cannot_be_read_is_not_known() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("one"), "1").unwrap();
        symlink("one", at("link")).unwrap();
        let first = hash_but(&at("link"), &[]);
        assert!(first.is_some());
        fs::write(at("one"), "2").unwrap();
        assert_ne!(hash_but(&at("link"), &[]), first);
        fs::create_dir(at("closed")).unwrap();
        fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        // Nothing is closed to the superuser.
        if fs::read_dir(at("closed")).is_err() {
            assert_eq!(hash_but(folder.path(), &[]), None);
            assert_ne!(hash_of(&at("closed")), hash_of(&at("closed")));
        }
        fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
        symlink("link-to-itself", at("link-to-itself")).unwrap();
        assert_eq!(add(&mut Sha256::new(), folder.path(), &[], &mut MOST_ENTRIES.clone()), None, "too much of it");
    }
}
