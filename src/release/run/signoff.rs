//! Confirmations by people: for one item, one question and one state of the working tree, and for nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::super::checklist::{Checklist, Item, Role};
use super::super::result::{CommitResult, ReleaseResult, SignOff};
use super::content;
use crate::diagnostic::{Diagnostic, Diagnostics, listed, nearest};
use crate::scenario::{Spanned, read_other};

/// What people type when they are asked whether something is so, and that nobody is called.
const ANSWERS: [&str; 18] = [
    "n", "no", "nope", "nein", "non", "none", "nobody", "y", "yes", "ok", "okay", "oui", "ja", "skip", "q", "quit",
    "exit", "not",
];

/// What stands at the top of a file of sign-offs.
const HEADER: &str = "# Written by mnload release: who confirmed what, and for which state of the working tree.\n";

/// A file of sign-offs, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    signoff: Vec<Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    item: Spanned<String>,
    by: Spanned<String>,
    at: Spanned<String>,
    commit: Spanned<String>,
    tree: Spanned<String>,
    asked: Option<Spanned<String>>,
    note: Option<Spanned<String>>,
}

/// Whether an item is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// By this.
    Valid(SignOff),
    /// By nothing that holds: why, and what once held.
    Missing {
        /// Why, as a sentence.
        why: String,
        /// A sign-off for another state, or by somebody who may not sign.
        expired: Option<SignOff>,
    },
}

/// All sign-offs that are known.
#[derive(Debug, Clone, Default)]
pub struct Book {
    entries: Vec<SignOff>,
}

impl Book {
    /// Those of the file at `path`; none if there is no such file.
    ///
    /// # Errors
    /// When it cannot be read, or with every mistake in it.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let (source, document, _) = read_other::<Document>(path)?;
        let mut mistakes = Diagnostics::default();
        for entry in document.signoff.iter().map(Spanned::get_ref) {
            let named = [(&entry.item, "item"), (&entry.by, "name"), (&entry.commit, "commit"), (&entry.tree, "tree")];
            for (text, what) in named.into_iter().filter(|(text, _)| text.get_ref().trim().is_empty()) {
                let wrong = Diagnostic::at(&source, text.span(), format!("this sign-off has no {what}"));
                mistakes.push(wrong.hint("take the entry out, and sign with mnload release … --sign ITEM=NAME"));
            }
            if entry.at.get_ref().parse::<jiff::Timestamp>().is_err() {
                let wrong = Diagnostic::at(&source, entry.at.span(), "this is no time");
                mistakes.push(wrong.hint("for example 2026-11-22T09:30:00Z"));
            }
        }
        let entry = |entry: Spanned<Entry>| {
            let Entry { item, by, at, commit, tree, asked, note } = entry.get_ref();
            let text = |text: &Spanned<String>| text.get_ref().clone();
            let [asked, note] = [asked, note].map(|written| written.as_ref().map(text).unwrap_or_default());
            let (item, by, at, commit, tree) = (text(item), text(by), text(at), text(commit), text(tree));
            SignOff { item, by, at, commit, tree, asked, note }
        };
        mistakes.unless_empty(Self { entries: document.signoff.into_iter().map(entry).collect() })
    }

    /// Adds one; of two for one item, one question and one state the later stays.
    pub fn add(&mut self, sign_off: SignOff) {
        let key = |of: &SignOff| (of.item.clone(), of.tree.clone(), of.asked.clone());
        let same = |known: &SignOff| key(known) == key(&sign_off);
        let is_known = self.entries.iter().any(|known| same(known) && known.at >= sign_off.at && *known != sign_off);
        if !is_known {
            self.entries.retain(|known| !same(known));
            self.entries.push(sign_off);
        }
    }

    /// Adds those that an earlier run stood on.
    pub fn add_those_of(&mut self, earlier: &ReleaseResult) {
        let items = earlier.gates.iter().flat_map(|gate| &gate.items);
        let signed = items.filter_map(|item| item.manual.as_ref()?.signed.clone());
        signed.for_each(|sign_off| self.add(sign_off));
    }

    /// Whether `item` is confirmed for `commit`. In its question the facts of the run are blank, as in [`asked`].
    pub fn signing(&self, item: &Item, roles: &BTreeMap<String, Role>, commit: Option<&CommitResult>) -> Signing {
        let missing = |why: String, expired: Option<&SignOff>| Signing::Missing { why, expired: expired.cloned() };
        let Some(commit) = commit else {
            return missing("it cannot be confirmed: there is no commit to sign for".to_owned(), None);
        };
        let mut own: Vec<&SignOff> = self.entries.iter().filter(|entry| entry.item == item.id).collect();
        own.sort_by(|one, other| one.at.cmp(&other.at));
        let asked = asked(item);
        let of_this_state = || own.iter().rev().filter(|entry| entry.tree == commit.tree);
        let here = || of_this_state().filter(|entry| entry.asked == asked);
        let refused = |entry: &&&SignOff| refusal(item, roles, &entry.by).is_some();
        // Of those who signed for this state, one who may.
        match (here().find(|entry| !refused(entry)).or(here().next()), of_this_state().next().or(own.last())) {
            (Some(entry), _) => match refusal(item, roles, &entry.by) {
                None => Signing::Valid((*entry).clone()),
                Some(why) => missing(why, Some(entry)),
            },
            (None, Some(entry)) => {
                let short = |id: &str| id.chars().take(10).collect::<String>();
                let why = match entry.commit == commit.id {
                    _ if entry.tree == commit.tree && entry.asked.is_empty() => {
                        "it does not say for which question".to_owned()
                    }
                    _ if entry.tree == commit.tree => "it was for another question".to_owned(),
                    true => "the working tree has changed since".to_owned(),
                    false => format!("this is {}", short(&commit.id)),
                };
                let what = format!("{} confirmed it on {} for {}", entry.by, entry.at, short(&entry.commit));
                missing(format!("its sign-off has expired: {what}, and {why}"), Some(entry))
            }
            (None, None) => missing(
                format!("nobody has confirmed it for this commit; who can, adds --sign \"{}=NAME\"", item.id),
                None,
            ),
        }
    }

    /// Writes all of them to `path`, in place of what is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        // Beside it and then over it: a reader finds the old file or the new one, and nothing between.
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = fs::write(&beside, self.text()).and_then(|()| fs::rename(&beside, path));
        written.inspect_err(|_| drop(fs::remove_file(&beside)))
    }

    fn text(&self) -> String {
        let mut entries: Vec<&SignOff> = self.entries.iter().collect();
        entries.sort_by_key(|entry| (&entry.item, &entry.at, &entry.tree));
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let text = entries.iter().map(|entry| {
            let SignOff { item, by, at, commit, tree, asked, note } = entry;
            let more = [("asked", asked), ("note", note)].into_iter().filter(|(_, text)| !text.is_empty());
            let keys = [("item", item), ("by", by), ("at", at), ("commit", commit), ("tree", tree)].into_iter();
            let lines = keys.chain(more).map(|(key, value)| format!("{key} = {}\n", quoted(value)));
            format!("\n[[signoff]]\n{}", lines.collect::<String>())
        });
        format!("{HEADER}{}", text.collect::<String>())
    }
}

/// A hash of what a person is asked to confirm, however its lines are broken.
///
/// The item is one in which the facts of a run are blank: else no two questions would be alike.
pub fn asked(item: &Item) -> String {
    let ask = item.manual.as_deref().unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(ask.split_whitespace().collect::<Vec<_>>().join(" "));
    content::digits(hash)
}

/// Whether this is an answer to a question and nobody's name; of a longer text the first word tells.
fn is_answer(name: &str) -> bool {
    let is = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        word.is_empty() || ANSWERS.contains(&word.as_str())
    };
    let first = name.split(|letter: char| letter.is_whitespace() || ",;!/".contains(letter)).next();
    // `N. Ionescu` has an initial, and no answer.
    is(name) || first.is_some_and(|first| !first.ends_with('.') && is(first))
}

/// Why `name` may not sign for `item`.
fn refusal(item: &Item, roles: &BTreeMap<String, Role>, name: &str) -> Option<String> {
    if is_answer(name) {
        return Some(format!("`{name}` is nobody's name; whoever confirms it gives a name"));
    }
    let owners = || item.owners.iter().filter_map(|owner| roles.get(owner));
    let people: Vec<&str> = owners().flat_map(|role| &role.people).map(String::as_str).collect();
    // Where one of the owners may be anybody, anybody may sign.
    let is_open = people.is_empty() || owners().any(|role| role.people.is_empty());
    if is_open || people.contains(&name) {
        return None;
    }
    let titles: Vec<&str> = owners().map(|role| role.title.as_str()).collect();
    Some(format!("{name} may not sign for it: {} may, for {}", listed(people), titles.join(" and ")))
}

/// `--sign ITEM=NAME` or `ITEM=NAME: note`, for an item of `checklist` that wants it.
///
/// # Errors
/// When it is none, or the person may not sign.
pub fn given(checklist: &Checklist, text: &str) -> Result<(String, String, String), String> {
    let (id, rest) =
        text.split_once('=').ok_or_else(|| format!("--sign {text}: write ITEM=NAME, or ITEM=NAME: note"))?;
    let (name, note) = rest.split_once(':').unwrap_or((rest, ""));
    let (id, name, note) = (id.trim(), name.trim(), note.trim());
    let manual = || checklist.items().filter(|item| item.manual.is_some()).map(|item| item.id.as_str());
    let Some(item) = checklist.items().find(|item| item.id == id && item.manual.is_some()) else {
        let is_item = checklist.items().any(|item| item.id == id);
        let what = if is_item { "is no item that a person confirms" } else { "is no item" };
        let hint = match nearest(id, manual().filter(|_| !is_item)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if manual().next().is_none() => "the release has no `manual` items".to_owned(),
            None => format!("those are: {}", listed(manual())),
        };
        return Err(format!("--sign: `{id}` {what}; {hint}"));
    };
    if name.is_empty() {
        return Err(format!("--sign {id}: nobody signs; write {id}=NAME"));
    }
    match refusal(item, &checklist.roles, name) {
        Some(why) => Err(format!("--sign {id}: {why}")),
        None => Ok((id.to_owned(), name.to_owned(), note.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::checklist;
    use super::*;

    fn commit(id: &str, tree: &str) -> CommitResult {
        CommitResult { id: id.to_owned(), changed: false, tree: tree.to_owned(), tags: Vec::new() }
    }

    fn sign_off(by: &str, at: &str, commit: &CommitResult) -> SignOff {
        let (commit, tree) = (commit.id.clone(), commit.tree.clone());
        let asked = asked(release().items().next().unwrap());
        SignOff { item: "uat".into(), by: by.into(), at: at.into(), commit, tree, asked, note: String::new() }
    }

    fn release() -> Checklist {
        let text = "[roles.qa]\npeople = ['Ann', 'Bo']\n[[gate]]\nid = 'H'\nowners = ['qa']\n\
                    [[gate.item]]\nid = 'uat'\nmanual = 'seen'\n[[gate.item]]\nid = 'lint'\nrun = 'x'\n";
        checklist(text)
    }

    #[test]
    fn a_sign_off_holds_for_its_tree_and_its_people_and_for_nothing_else() {
        let (release, here, there) = (release(), commit("c2", "t2"), commit("c1", "t1"));
        let uat = release.items().next().unwrap();
        let why = |book: &Book, commit: Option<&CommitResult>| match book.signing(uat, &release.roles, commit) {
            Signing::Valid(sign_off) => sign_off.by,
            Signing::Missing { why, .. } => why,
        };
        let mut book = Book::default();
        assert!(why(&book, Some(&here)).contains("nobody has confirmed it"));
        assert!(why(&book, None).contains("there is no commit to sign for"));
        book.add(sign_off("Ann", "2026-11-21T10:00:00Z", &there));
        let expired = why(&book, Some(&here));
        assert!(
            expired.contains("expired: Ann confirmed it on 2026-11-21T10:00:00Z for c1, and this is c2"),
            "{expired}"
        );
        assert!(why(&book, Some(&commit("c1", "t3"))).contains("the working tree has changed since"));
        book.add(sign_off("Eve", "2026-11-22T10:00:00Z", &here));
        assert!(
            why(&book, Some(&here)).contains("Eve may not sign for it: Ann, Bo may"),
            "{}",
            why(&book, Some(&here))
        );
        book.add(sign_off("Bo", "2026-11-22T11:00:00Z", &here));
        assert_eq!(why(&book, Some(&here)), "Bo");
        assert_eq!(why(&book, Some(&there)), "Ann", "the other one is still there");
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_says_what_is_wrong_in_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("signoffs.toml");
        let mut book = Book::read(&path).unwrap();
        let mut one = sign_off("Ann \"A\"", "2026-11-21T10:00:00Z", &commit("c", "t"));
        one.note = "line\nand \\ more".into();
        book.add(one.clone());
        book.write(&path).unwrap();
        assert_eq!(Book::read(&path).unwrap().entries, [one]);
        fs::write(&path, "[[signoff]]\nitem = ''\nby = 'a'\nat = 'now'\ncommit = 'c'\ntree = 't'\n").unwrap();
        let said = Book::read(&path).unwrap_err().to_string();
        assert!(said.contains("has no item") && said.contains("this is no time"), "{said}");
        fs::write(&path, "[[signoff]]\nitem = 'a'\nby = 'a'\nat = 'x'\ncomit = 'c'\ntree = 't'\n").unwrap();
        assert!(Book::read(&path).is_err());
    }

    #[test]
    fn what_is_given_on_the_command_line_must_be_an_item_that_is_signed_by_who_may() {
        let release = release();
        let sign = |text: &str| given(&release, text);
        let ann = ("uat".to_owned(), "Ann".to_owned(), "all of it: twice".to_owned());
        assert_eq!(sign("uat=Ann: all of it: twice"), Ok(ann));
        for (text, wanted) in [
            ("uat", "write ITEM=NAME"),
            ("uta=Ann", "did you mean `uat`?"),
            ("lint=Ann", "is no item that a person confirms; those are: uat"),
            ("uat= ", "nobody signs"),
            ("uat=Eve", "Eve may not sign for it: Ann, Bo may"),
        ] {
            let said = sign(text).unwrap_err();
            assert!(said.contains(wanted), "{wanted} in {said}");
        }
    }

    #[test]
    fn an_answer_is_nobodys_name() {
        let open = checklist("[[gate]]\nid = 'H'\n[[gate.item]]\nid = 'uat'\nmanual = 'seen'\n");
        let uat = open.items().next().unwrap();
        for answer in [
            "n",
            "No",
            "NEIN",
            "non",
            "y",
            "Yes",
            "ok",
            "ja",
            "skip",
            "q",
            "quit",
            "-",
            "?",
            "no!",
            "no, not yet",
            "no way",
        ] {
            let said = given(&open, &format!("uat={answer}")).unwrap_err();
            assert!(said.contains("is nobody's name"), "{said}");
            let mut book = Book::default();
            let here = commit("c", "t");
            let written = SignOff { asked: asked(uat), ..sign_off(answer, "2026-11-21T10:00:00Z", &here) };
            book.add(written);
            assert!(matches!(book.signing(uat, &open.roles, Some(&here)), Signing::Missing { .. }), "{answer}");
        }
        for name in ["Noa", "N. Ionescu", "Q. Li", "Jan", "Okonkwo", "Yesenia", "Ann-No"] {
            assert_eq!(given(&open, &format!("uat={name}")).unwrap().1, name);
        }
    }

    #[test]
    fn a_sign_off_holds_for_its_question_alone() {
        let of = |ask: &str| {
            checklist(&format!("[[gate]]\nid = 'H'\n[[gate.item]]\nid = 'uat'\nmanual = \"\"\"{ask}\"\"\"\n"))
        };
        let here = commit("c", "t");
        let why = |ask: &str, asked: &str| {
            let mut book = Book::default();
            book.add(SignOff { asked: asked.to_owned(), ..sign_off("Ann", "2026-11-21T10:00:00Z", &here) });
            let release = of(ask);
            match book.signing(release.items().next().unwrap(), &release.roles, Some(&here)) {
                Signing::Valid(sign_off) => sign_off.by,
                Signing::Missing { why, .. } => why,
            }
        };
        let asked = asked(of("it is on staging").items().next().unwrap());
        assert_eq!(why("it is on staging", &asked), "Ann");
        assert_eq!(why("it is\n  on staging", &asked), "Ann", "only its lines are broken otherwise");
        let other = why("it is on production", &asked);
        assert!(other.contains("has expired") && other.contains("it was for another question"), "{other}");
        assert!(why("it is on staging", "").contains("it does not say for which question"));
    }
}
