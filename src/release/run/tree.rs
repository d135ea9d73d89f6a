//! What is released: the commit, and a hash of it and of all that differs from it.
//!
//! What releases leave is no part of it: the file of sign-offs, and run folders, evidence and artifacts as far as they are
//! in no commit. A file that git is told to overlook is one that differs: nothing else tells. Neither is a commit of sign-offs alone: else none could ever be kept in the repository that it is for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::super::checklist::Checklist;
use super::super::evidence::{PlaceKind, Reader};
use super::super::result::CommitResult;
use super::content;
use crate::scenario::beside;
use crate::system;

/// So long `git` is waited for: a repository may be large, and lie on a disk that is slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many commits of sign-offs may follow each other.
const MOST_COMMITS: usize = 50;
/// Lists of names are no longer.
const MOST_BYTES: u64 = 64 << 20;

/// What is no part of what is released.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// Files and folders that releases write, if they are in no commit.
    pub by_releases: Vec<PathBuf>,
    /// Files and folders that commands make, if they are in no commit.
    pub by_commands: Vec<PathBuf>,
}

impl Left {
    /// What a release of `checklist` leaves, beside its run folders.
    pub fn of(checklist: &Checklist, run_folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let by_releases = run_folders.into_iter().chain(checklist.signoffs.clone());
        let places = checklist.items().flat_map(|item| &item.readers).flat_map(Reader::places);
        let files = places.filter_map(|place| match &place.kind {
            PlaceKind::File(path) => Some(path.clone()),
            // A file that no command makes is a part of what is released.
            PlaceKind::Standing(_) | PlaceKind::Stdout | PlaceKind::Stderr | PlaceKind::Live => None,
        });
        let artifacts = checklist.items().flat_map(|item| &item.artifacts);
        let artifacts = artifacts.map(|path| beside(&checklist.file, path));
        Self {
            by_releases: by_releases.map(|path| content::real(&path)).collect(),
            by_commands: files.chain(artifacts).map(|path| content::real(&path)).collect(),
        }
    }
}

/// The state of the repository that `folder` lies in; none without one, without a commit, or without `git`.
pub fn commit_of(folder: &Path, left: &Left, signoffs: Option<&Path>) -> Option<CommitResult> {
    let top = PathBuf::from(line(&git(folder, &["rev-parse", "--show-toplevel"])?));
    let id = line(&git(&top, &["rev-parse", "--verify", "HEAD"])?);
    let is_hash = (40..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash {
        return None;
    }
    let below = |list: &[PathBuf], name: &Path| {
        let path = content::real(&top.join(name));
        list.iter().any(|left| path.starts_with(left))
    };
    let untracked = names(&git_bytes(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?);
    let untracked =
        untracked.into_iter().filter(|name| !below(&left.by_releases, name) && !below(&left.by_commands, name));
    let differing: BTreeSet<PathBuf> = differing_of(&top, signoffs)?.into_iter().chain(untracked).collect();
    let mut tree = Sha256::new();
    tree.update(released(&top, &id, signoffs));
    for name in &differing {
        tree.update([b"\n", name.as_os_str().as_encoded_bytes(), b"\n"].concat());
        tree.update(content::hash_of(&top.join(name)));
    }
    let tags = git(&top, &["tag", "--points-at", "HEAD"]).unwrap_or_default();
    Some(CommitResult {
        tree: content::digits(tree),
        changed: !differing.is_empty(),
        tags: tags.lines().map(str::to_owned).collect(),
        id,
    })
}

/// The last commit that changes something else than the file of sign-offs.
fn released(top: &Path, id: &str, signoffs: Option<&Path>) -> String {
    let own =
        signoffs.map(content::real).and_then(|path| path.strip_prefix(content::real(top)).ok().map(Path::to_owned));
    let Some(own) = own else { return id.to_owned() };
    let mut commit = id.to_owned();
    for _ in 0..MOST_COMMITS {
        let of_it = git_bytes(top, &["diff-tree", "--no-commit-id", "--name-only", "-r", "-z", &commit]);
        let only_signs = of_it.is_some_and(|of_it| names(&of_it) == [own.clone()]);
        let before = git(top, &["rev-parse", "--verify", "--quiet", &format!("{commit}^")]);
        match before.filter(|_| only_signs) {
            Some(before) => commit = line(&before),
            None => break,
        }
    }
    commit
}

/// What `git` says in `folder`; none if it fails, takes too long or says too much.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    git_bytes(folder, arguments).map(|said| String::from_utf8_lossy(&said).into_owned())
}

fn git_bytes(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    system::git_bytes(folder, arguments, PATIENCE, MOST_BYTES).filter(|said| (said.len() as u64) < MOST_BYTES)
}

fn line(said: &str) -> String {
    said.trim().to_owned()
}

fn names(said: &[u8]) -> Vec<PathBuf> {
    said.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(path_of).collect()
}

/// The files whose changes git is told not to look for: `ls-files -v` marks them by a small letter or an S.
fn overlooked(said: &[u8]) -> Vec<PathBuf> {
    let marked = |entry: &&[u8]| entry.first().is_some_and(|mark| mark.is_ascii_lowercase() || *mark == b'S');
    let entries = said.split(|byte| *byte == 0).filter(marked);
    entries.filter_map(|entry| entry.get(2..)).map(path_of).collect()
}

#[cfg(unix)]
fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

#[cfg(not(unix))]
fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

/// The files of the commit that differ from it, whatever git is told to overlook; without the file of sign-offs.
fn differing_of(top: &Path, signoffs: Option<&Path>) -> Option<BTreeSet<PathBuf>> {
    let changed = ["diff", "HEAD", "--name-only", "--no-renames", "--ignore-submodules=none", "-z"];
    let changed = names(&git_bytes(top, &changed)?);
    let overlooked = overlooked(&git_bytes(top, &["ls-files", "-v", "-z"])?);
    let file = signoffs.map(content::real);
    let is_signoffs = |name: &PathBuf| file.as_ref().is_some_and(|file| content::real(&top.join(name)) == *file);
    Some(changed.into_iter().chain(overlooked).filter(|name| !is_signoffs(name)).collect())
}

/// A hash of the last commit that is released and of all its files that differ from it; none without a repository.
pub fn tracked_of(folder: &Path, signoffs: Option<&Path>) -> Option<String> {
    let top = PathBuf::from(line(&git(folder, &["rev-parse", "--show-toplevel"])?));
    let id = line(&git(&top, &["rev-parse", "--verify", "HEAD"])?);
    let mut tree = Sha256::new();
    tree.update(released(&top, &id, signoffs));
    for name in differing_of(&top, signoffs)? {
        tree.update([b"\n", name.as_os_str().as_encoded_bytes(), b"\n"].concat());
        tree.update(content::hash_of(&top.join(name)));
    }
    Some(content::digits(tree))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    struct Repository(TempDir);

    impl Repository {
        fn new() -> Self {
            let repository = Self(TempDir::new().unwrap());
            repository.git(&["init", "-q"]);
            repository.write("a", "1").commit();
            repository
        }

        fn git(&self, arguments: &[&str]) {
            let own = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"];
            assert!(git(self.0.path(), &[&own, arguments].concat()).is_some(), "{arguments:?}");
        }

        fn write(&self, name: &str, text: &str) -> &Self {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            self
        }

        fn commit(&self) -> &Self {
            self.git(&["add", "-A"]);
            self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
            self
        }

        fn state(&self) -> CommitResult {
            let real = |name: &str| content::real(&self.0.path().join(name));
            let signoffs = real("signoffs.toml");
            let left = Left {
                by_releases: vec![real("reports"), signoffs.clone()],
                by_commands: vec![real("coverage/lcov.info")],
            };
            commit_of(self.0.path(), &left, Some(&signoffs)).unwrap()
        }
    }

    #[test]
    fn the_hash_changes_with_all_that_is_released_and_with_nothing_else() {
        let repository = Repository::new();
        let first = repository.state();
        assert!(!first.changed && first.tree.len() == 64);
        repository.write("reports/x-1/result.json", "{}").write("signoffs.toml", "#").write("coverage/lcov.info", "x");
        assert_eq!(repository.state(), first, "what a release leaves");
        let mut seen = vec![first.tree.clone()];
        let mut differs = |what: &str| {
            let state = repository.state();
            assert!(state.changed, "{what}");
            assert!(!seen.contains(&state.tree), "{what}");
            seen.push(state.tree);
        };
        repository.write("a", "2");
        differs("a changed file");
        repository.write("new", "1");
        differs("a new file");
        repository.write("new", "2");
        differs("another content of a new file");
        fs::remove_file(repository.0.path().join("a")).unwrap();
        differs("a file that is gone");
        fs::remove_file(repository.0.path().join("new")).unwrap();
        repository.git(&["checkout", "-q", "--", "a"]);
        assert_eq!(repository.state(), first, "all is as it was");
    }

    #[test]
    fn a_file_of_a_commit_counts_wherever_it_lies_and_whatever_git_is_told() {
        let repository = Repository::new();
        repository.write("reports/old.json", "1").write("b", "1").write("c", "1").commit();
        let mut seen = vec![repository.state().tree];
        let mut differs = |what: &str| {
            let state = repository.state();
            assert!(state.changed && !seen.contains(&state.tree), "{what}");
            seen.push(state.tree);
        };
        repository.write("reports/old.json", "2");
        differs("a changed file where releases write");
        repository.git(&["checkout", "-q", "--", "reports"]);
        repository.git(&["update-index", "--assume-unchanged", "b"]);
        repository.write("b", "2");
        differs("a changed file that git is told not to look at");
        repository.write("b", "3");
        differs("another change of it");
        repository.git(&["update-index", "--skip-worktree", "c"]);
        repository.write("c", "2");
        differs("a changed file that git is told to skip");
    }

    #[test]
    fn a_file_counts_with_its_content_if_its_name_is_no_text() {
        use std::os::unix::ffi::OsStrExt as _;
        let repository = Repository::new();
        let path = repository.0.path().join(std::ffi::OsStr::from_bytes(b"n\xFFme"));
        if fs::write(&path, "1").is_err() {
            // Some file systems take text alone.
            return;
        }
        let first = repository.state();
        fs::write(&path, "2").unwrap();
        let second = repository.state();
        assert_ne!(first.tree, second.tree);
        repository.commit();
        fs::write(&path, "3").unwrap();
        let third = repository.state();
        fs::write(&path, "4").unwrap();
        assert_ne!(third.tree, repository.state().tree);
    }

    #[test]
    fn a_commit_of_sign_offs_alone_is_none_and_any_other_is() {
        let repository = Repository::new();
        let first = repository.state();
        let signed = repository.write("signoffs.toml", "1").commit().state();
        assert!(signed.id != first.id && signed.tree == first.tree);
        assert_eq!(repository.write("signoffs.toml", "2").commit().state().tree, first.tree);
        let empty = repository.commit().state();
        assert_ne!(empty.tree, first.tree, "an empty commit is one");
        repository.write("signoffs.toml", "3").write("a", "3");
        assert_ne!(repository.commit().state().tree, empty.tree, "so is one that changes more");
        repository.git(&["tag", "v1"]);
        assert_eq!(repository.state().tags, ["v1"]);
    }

    #[test]
    fn without_a_repository_or_a_commit_nothing_is_released() {
        let folder = TempDir::new().unwrap();
        assert_eq!(commit_of(folder.path(), &Left::default(), None), None);
        git(folder.path(), &["init", "-q"]).unwrap();
        assert_eq!(commit_of(folder.path(), &Left::default(), None), None);
    }
}
