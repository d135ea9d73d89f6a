//! `read = { git = { tag = true } }`: whether the working tree is what was committed, and which tags there are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::source::{Context, Place};
use crate::scenario::{Spanned, Value, beside};
use crate::system;
use crate::values::Resolver;

/// What it gives; `ahead` and `behind` are there only of a branch that has an upstream.
pub(super) const FIGURES: [(&str, Unit); 5] = [
    ("changed", Unit::Count),
    ("ahead", Unit::Count),
    ("behind", Unit::Count),
    ("tags", Unit::Count),
    ("versions", Unit::Count),
];
/// So long each question may take: a repository may be large, and its disk slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// So much of each answer is read.
const MOST_BYTES: u64 = 4 << 20;
/// So many names of changed files are told.
const MOST_NAMES: usize = 10;
/// So many commits of what releases leave may follow each other.
const MOST_COMMITS: usize = 50;

/// A repository.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitSection {
    /// A folder of it, relative to the release file; that of this file by default.
    pub dir: Option<Spanned<String>>,
    /// The tag that the commit must have; or true for any.
    pub tag: Option<Spanned<Value>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Git {
    pub(super) from: Place,
    dir: PathBuf,
    tag: Option<Tag>,
}

/// The tag that a commit must have.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    Any,
    Named(String),
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<GitSection>) -> Option<Git> {
    let written = section.get_ref();
    let dir = match &written.dir {
        Some(dir) => resolver.path(dir)?,
        None => beside(resolver.source.file_at(&section.span()), ""),
    };
    let tag = match written.tag.as_ref().map(|tag| (tag.get_ref(), tag.span())) {
        None | Some((Value::Boolean(false), _)) => None,
        Some((Value::Boolean(true), _)) => Some(Tag::Any),
        Some((Value::String(text), span)) => {
            let name = resolver.known(&Spanned::new(span.clone(), text.clone()))?;
            if name.trim().is_empty() {
                resolver.mistake(span, "this names no tag", "write tag = true for any tag");
            }
            Some(Tag::Named(name))
        }
        Some((other, span)) => {
            let message = format!("a tag is a name, or true, not {}", other.type_name());
            resolver.mistake(span, message, "for example tag = \"v1.2.3\"");
            None
        }
    };
    Some(Git { from: Place::live(section.span()), dir, tag })
}

impl Git {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let folder = if self.dir.as_os_str().is_empty() { Path::new(".") } else { &self.dir };
        let shown = folder.display();
        let git = |arguments: &[&str]| system::git(folder, arguments, PATIENCE, MOST_BYTES);
        if git(&["rev-parse", "--is-inside-work-tree"]).is_none_or(|said| said.trim() != "true") {
            return Reading::nothing(format!("{shown} is no working tree of git, or git does not answer"));
        }
        let Some(head) = git(&["rev-parse", "--verify", "HEAD"]) else {
            return Reading::nothing(format!("the repository of {shown} has no commit"));
        };
        let Some(top) =
            git(&["rev-parse", "--show-toplevel"]).and_then(|top| Path::new(top.trim()).canonicalize().ok())
        else {
            return Reading::nothing(format!("git does not say where the repository of {shown} lies"));
        };
        // A folder that holds the whole repository leaves nothing of it.
        let left_out: Vec<&PathBuf> = context.left_out.iter().filter(|left| !top.starts_with(left)).collect();
        let is_left_out = |name: &str| left_out.iter().any(|left| top.join(name).starts_with(left));
        let mut reading = Reading::default();
        let asked =
            ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none"];
        match git(&asked) {
            Some(status) => count_changes(&status, &is_left_out, &mut reading),
            None => reading.missing.push(format!("git does not say in time what has changed in {shown}")),
        }
        // Marked files may differ without `git status` telling.
        let marked = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase() || c == 'S');
        let hidden = git(&["ls-files", "-v"]).map_or(0, |files| files.lines().filter(marked).count());
        if hidden > 0 {
            let files = if hidden == 1 { "1 file is" } else { &format!("{hidden} files are") };
            reading.notes.push(format!("{files} marked as assume-unchanged or skip-worktree: no change of it is told"));
        }
        let sides = git(&["rev-list", "--left-right", "--count", "HEAD...@{upstream}"]);
        if let Some((ahead, behind)) = sides.as_deref().and_then(both) {
            reading.figure("ahead", Figure::Count(ahead));
            reading.figure("behind", Figure::Count(behind));
        }
        let released = released(&git, head.trim(), &is_left_out);
        let tags = released.iter().map(|commit| git(&["tag", "--points-at", commit])).collect::<Option<String>>();
        let versions = git(&["tag", "--merged", "HEAD"]);
        for (name, list) in [("tags", &tags), ("versions", &versions)] {
            match list {
                Some(list) => reading.figure(name, Figure::Count(list.lines().count() as u64)),
                None => reading.missing.push(format!("git does not say which tags {shown} has")),
            }
        }
        let commit: String = head.trim().chars().take(12).collect();
        self.judge_tag(&commit, tags.as_deref().unwrap_or_default(), &git, &mut reading);
        reading.sources.push(SourceRead { name: format!("git {shown} at {commit}"), ..SourceRead::default() });
        reading
    }

    fn judge_tag(&self, commit: &str, tags: &str, git: &dyn Fn(&[&str]) -> Option<String>, reading: &mut Reading) {
        let missing = match &self.tag {
            None => return,
            Some(Tag::Any) => tags.lines().next().is_none().then(|| format!("the commit {commit} has no tag")),
            Some(Tag::Named(name)) if tags.lines().any(|tag| tag == name) => None,
            Some(Tag::Named(name)) => {
                Some(match git(&["rev-parse", "--verify", "--quiet", &format!("refs/tags/{name}")]) {
                    Some(_) => format!("the tag {name} is on another commit than {commit}"),
                    None => format!("there is no tag {name}"),
                })
            }
        };
        reading.broken.extend(missing);
        let names: Vec<&str> = tags.lines().take(MOST_NAMES).collect();
        if !names.is_empty() {
            reading.notes.push(format!("the commit {commit} has the tags {}", names.join(", ")));
        }
    }
}

/// The commit `head`, and those before it up to the last that changes more than what releases leave.
fn released(git: &dyn Fn(&[&str]) -> Option<String>, head: &str, is_left_out: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut commits = vec![head.to_owned()];
    for _ in 0..MOST_COMMITS {
        let Some(commit) = commits.last() else { break };
        let of_it = git(&["diff-tree", "--no-commit-id", "--name-only", "-r", "-z", commit]).unwrap_or_default();
        let mut names = of_it.split('\0').filter(|name| !name.is_empty()).peekable();
        if names.peek().is_none() || !names.all(is_left_out) {
            break;
        }
        match git(&["rev-parse", "--verify", "--quiet", &format!("{commit}^")]) {
            Some(before) => commits.push(before.trim().to_owned()),
            None => break,
        }
    }
    commits
}

fn count_changes(status: &str, is_left_out: &dyn Fn(&str) -> bool, reading: &mut Reading) {
    let entries = status.split('\0').filter(|entry| !entry.is_empty());
    let changed: Vec<&str> =
        entries.map(|entry| entry.get(3..).unwrap_or(entry)).filter(|name| !is_left_out(name)).collect();
    reading.figure("changed", Figure::Count(changed.len() as u64));
    if !changed.is_empty() {
        let more = if changed.len() > MOST_NAMES { ", …" } else { "" };
        let names: Vec<&str> = changed.iter().copied().take(MOST_NAMES).collect();
        reading.which("changed", format!("{}{more}", names.join(", ")));
        reading.notes.push(format!("changed: {}{more}", names.join(", ")));
    }
}

/// `2\t0` as two counts.
fn both(text: &str) -> Option<(u64, u64)> {
    let (left, right) = text.trim().split_once('\t')?;
    Some((left.parse().ok()?, right.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use jiff::Timestamp;

    use super::*;
    use crate::values::Secrets;

    fn run(folder: &Path, words: &str) {
        let config = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-C"];
        let status = Command::new("git").args(config).arg(folder).args(words.split(' ')).output().unwrap();
        assert!(status.status.success(), "{words}: {status:?}");
    }

    fn read(folder: &Path, tag: Option<Tag>) -> Reading {
        read_but(folder, tag, &[])
    }

    fn read_but(folder: &Path, tag: Option<Tag>, left_out: &[PathBuf]) -> Reading {
        let secrets = Secrets::default();
        let context = Context { left_out, ..Context::bare(Timestamp::now(), &secrets) };
        Git { from: Place::live(0..0), dir: folder.to_path_buf(), tag }.read(&context)
    }

    fn count(reading: &Reading, name: &str) -> Option<f64> {
        reading.figures.iter().find(|(figure, _)| figure == name).and_then(|(_, figure)| figure.number())
    }

    #[test]
    fn a_tree_is_compared_with_its_commit_and_the_commit_with_its_tags() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(read(folder, None).missing[0].contains("no working tree"), "{:?}", read(folder, None));
        run(folder, "init");
        assert!(read(folder, None).missing[0].contains("no commit"));
        std::fs::write(folder.join("a"), "1").unwrap();
        run(folder, "add a");
        run(folder, "commit -m one");
        run(folder, "tag v1");
        std::fs::write(folder.join("b"), "1").unwrap();
        let dirty = read(folder, None);
        assert_eq!((count(&dirty, "changed"), count(&dirty, "ahead")), (Some(1.0), None));
        assert_eq!(dirty.notes, ["changed: b"]);
        run(folder, "add b");
        run(folder, "commit -m two");
        let clean = read(folder, Some(Tag::Any));
        assert_eq!(
            (count(&clean, "changed"), count(&clean, "tags"), count(&clean, "versions")),
            (Some(0.0), Some(0.0), Some(1.0))
        );
        assert!(clean.broken[0].contains("has no tag"), "{clean:?}");
        let named = |name: &str| read(folder, Some(Tag::Named(name.to_owned()))).broken;
        assert!(named("v1")[0].contains("is on another commit"));
        assert_eq!(named("v2"), ["there is no tag v2"]);
        run(folder, "tag v2");
        assert_eq!(named("v2"), Vec::<String>::new());
        run(folder, "update-index --assume-unchanged a");
        std::fs::write(folder.join("a"), "2").unwrap();
        assert!(read(folder, None).notes.iter().any(|note| note.starts_with("1 file is marked")));
    }

    #[test]
    fn what_releases_leave_is_no_change_and_their_commits_keep_the_tag() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        run(folder, "init");
        std::fs::write(folder.join("a"), "1").unwrap();
        run(folder, "add a");
        run(folder, "commit -m one");
        run(folder, "tag v1");
        std::fs::create_dir_all(folder.join("reports/run-1")).unwrap();
        std::fs::write(folder.join("reports/run-1/result.json"), "{}").unwrap();
        std::fs::write(folder.join("signoffs.toml"), "#").unwrap();
        let top = folder.canonicalize().unwrap();
        let left_out = [top.join("reports/run-1"), top.join("signoffs.toml")];
        let left = || read_but(folder, Some(Tag::Named("v1".to_owned())), &left_out);
        assert_eq!(count(&read(folder, None), "changed"), Some(2.0));
        assert_eq!(count(&left(), "changed"), Some(0.0));
        run(folder, "add signoffs.toml");
        run(folder, "commit -m signed");
        assert_eq!((left().broken, count(&left(), "tags")), (vec![], Some(1.0)));
        assert_eq!(read(folder, Some(Tag::Any)).broken.len(), 1, "without the list the tag is on another commit");
        assert_eq!(count(&read_but(folder, None, &[top]), "changed"), Some(1.0), "all cannot be left out");
        std::fs::write(folder.join("a"), "2").unwrap();
        std::fs::write(folder.join("signoffs.toml"), "##").unwrap();
        assert_eq!(count(&left(), "changed"), Some(1.0));
        run(folder, "commit -a -m more");
        assert!(left().broken[0].contains("is on another commit"), "{:?}", left());
    }
}
