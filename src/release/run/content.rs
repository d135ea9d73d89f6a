//! Hashes of files and folders, whatever lies there.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Of longer files the length and the time of the last change stand for the content.
const MOST_BYTES: u64 = 256 << 20;
/// A folder with more entries is not looked through.
const MOST_ENTRIES: usize = 200_000;

/// A hash of what lies at `path`: of a file its content, of a folder all in it, of a link where it leads; of nothing that.
pub(super) fn hash_of(path: &Path) -> String {
    hash_but(path, &[])
}

/// The same, without what lies in one of `left_out`, which are real paths.
pub(super) fn hash_but(path: &Path, left_out: &[PathBuf]) -> String {
    let mut hash = Sha256::new();
    let mut entries = 0;
    add(&mut hash, path, left_out, &mut entries);
    digits(hash)
}

/// The digits of a hash.
pub(super) fn digits(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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

fn add(hash: &mut Sha256, path: &Path, left_out: &[PathBuf], entries: &mut usize) {
    *entries += 1;
    let Ok(facts) = fs::symlink_metadata(path) else { return hash.update("nothing") };
    if facts.is_symlink() {
        let leads_to = fs::read_link(path).unwrap_or_default();
        hash.update(format!("link to {}", leads_to.display()));
    } else if facts.is_dir() {
        let counts = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name != ".git") && !left_out.iter().any(|left| path.starts_with(left))
        };
        let all = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = all.filter(counts).collect();
        paths.sort_unstable();
        hash.update(format!("folder of {}\n", paths.len()));
        for path in paths.into_iter().take(MOST_ENTRIES.saturating_sub(*entries)) {
            hash.update(format!("{}\n", path.file_name().unwrap_or_default().display()));
            add(hash, &path, left_out, entries);
        }
    } else {
        hash.update(format!("file of {}, {}\n", facts.len(), is_executable(&facts)));
        match facts.len() <= MOST_BYTES && facts.is_file() {
            true => add_content(hash, path),
            false => hash.update(format!("{:?}", facts.modified().ok())),
        }
    }
}

fn add_content(hash: &mut Sha256, path: &Path) {
    let mut part = vec![0; 64 << 10];
    let Ok(mut file) = File::open(path) else { return hash.update("unreadable") };
    loop {
        match file.read(&mut part) {
            Ok(0) => return,
            Ok(read) => hash.update(&part[..read]),
            Err(_) => return hash.update("unreadable"),
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
    }
}
