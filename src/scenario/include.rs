//! Which files a scenario consists of: follows `use = ["other.toml"]`, from file to file.
//!
//! Takes the main file's name and text; gives every file once, in the order in which they are laid over each other, and
//! every name that leads nowhere, with its place. The work is bounded, whatever the files say.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::parse::wrong_type;
use super::syntax;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, nearest};

/// The key that names the files to use.
pub(super) const KEY: &str = "use";

const MOST_FILES: usize = 64;
const MOST_DEPTH: usize = 16;
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// What to do about a file that is not UTF-8.
pub(super) const NOT_TEXT: &str = "a scenario file is TOML, saved as UTF-8";

/// The files of a scenario.
#[derive(Debug)]
pub(super) struct Gathered {
    /// All that was read.
    pub(super) source: Source,
    /// The numbers of the files that are TOML, in the order in which they are laid over each other.
    pub(super) order: Vec<usize>,
    /// What could not be used.
    pub(super) mistakes: Diagnostics,
}

/// Follows `use` from the file called `name`.
pub(super) fn gather(name: &str, text: &str) -> Gathered {
    let source = Source::new(name, text);
    let gathered = Gathered { source, order: Vec::new(), mistakes: Diagnostics::default() };
    let mut search = Search { gathered, read: Vec::new(), open: Vec::new(), full: false };
    search.visit(0, identity(Path::new(name)));
    search.gathered
}

struct Search {
    gathered: Gathered,
    /// What was read, by identity: a file that several others use is there once.
    read: Vec<PathBuf>,
    /// The files from the main one to the one whose `use` is followed now: number and identity.
    open: Vec<(usize, PathBuf)>,
    /// The bound on files was met, and said.
    full: bool,
}

impl Search {
    fn visit(&mut self, number: usize, identity: PathBuf) {
        let Some(names) = self.names_in(number) else { return };
        self.open.push((number, identity));
        for name in names {
            if let Err(mistake) = self.follow(number, &name) {
                self.gathered.mistakes.push(mistake);
            }
        }
        self.open.pop();
        self.gathered.order.push(number);
    }

    /// What the file uses, with places in the whole source; none if it is not TOML.
    fn names_in(&mut self, number: usize) -> Option<Vec<Spanned<String>>> {
        let Gathered { source, mistakes, .. } = &mut self.gathered;
        let file = source.files()[number].clone();
        let (tree, errors) = DeTable::parse_recoverable(&file.text);
        if !errors.is_empty() {
            mistakes.0.extend(syntax::mistakes(source, &file, &errors));
            return None;
        }
        let Some(value) = tree.get_ref().get(KEY) else { return Some(Vec::new()) };
        let not_a_list = |value: &Spanned<DeValue<'_>>| {
            wrong_type(source, file.in_source(value.span()), "a list of file names", value.get_ref())
                .hint("for example use = [\"common.toml\"]")
        };
        let Some(items) = value.get_ref().as_array() else {
            mistakes.push(not_a_list(value));
            return Some(Vec::new());
        };
        let names = items.iter().map(|item| match item.get_ref().as_str() {
            Some(name) => Ok(Spanned::new(file.in_source(item.span()), name.to_owned())),
            None => Err(not_a_list(item)),
        });
        Some(names.filter_map(|name| mistakes.keep(name)).collect())
    }

    /// Reads the file called `name` in file `from`, and what that one uses.
    fn follow(&mut self, from: usize, name: &Spanned<String>) -> Result<(), Diagnostic> {
        let source = &self.gathered.source;
        let path = beside(&source.files()[from].name, name.get_ref());
        let identity = identity(&path);
        if let Some(start) = self.open.iter().position(|(_, open)| *open == identity) {
            return Err(self.circle(start, name));
        }
        if self.read.contains(&identity) || self.full {
            return Ok(());
        }
        if self.read.len() >= MOST_FILES {
            self.full = true;
            let message = format!("this scenario uses more than {MOST_FILES} files");
            return Err(Diagnostic::at(source, name.span(), message).hint("put several of them into one file"));
        }
        if self.open.len() > MOST_DEPTH {
            let message = format!("files use each other more than {MOST_DEPTH} deep");
            return Err(Diagnostic::at(source, name.span(), message).hint("name the file further up"));
        }
        let text = read(&path).map_err(|problem| unusable(source, name, &path, &problem))?;
        let number = self.gathered.source.add(path.display().to_string(), text);
        self.read.push(identity.clone());
        self.visit(number, identity);
        Ok(())
    }

    fn circle(&self, start: usize, name: &Spanned<String>) -> Diagnostic {
        let source = &self.gathered.source;
        let chain = self.open[start..].iter().chain(self.open.get(start));
        let names: Vec<&str> = chain.map(|(number, _)| &*source.files()[*number].name).collect();
        Diagnostic::at(source, name.span(), format!("files use each other in a circle: {}", names.join(" → ")))
            .label("leads back")
            .hint("take this name out, or move what both need into a third file")
    }
}

/// Why a file cannot be used.
pub(super) enum Problem {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is larger than [`MOST_BYTES`].
    TooLarge,
    /// Behind so many bytes, it is not UTF-8.
    NotText(Vec<u8>, usize),
}

/// The text of a file of bearable size.
pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Problem::Unreadable)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(Problem::Unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Problem::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Problem::NotText(error.into_bytes(), valid)
    })
}

fn unusable(source: &Source, name: &Spanned<String>, path: &Path, problem: &Problem) -> Diagnostic {
    if name.get_ref().is_empty() {
        return Diagnostic::at(source, name.span(), "this names no file").hint("for example use = [\"common.toml\"]");
    }
    let (message, hint) = match problem {
        Problem::TooLarge => (
            format!("{} is larger than {} KiB", path.display(), MOST_BYTES >> 10),
            "`use` names scenario files; large data belongs into files of its own".to_owned(),
        ),
        Problem::NotText(bytes, valid) => {
            let line = 1 + bytes.iter().take(*valid).filter(|byte| **byte == b'\n').count();
            (format!("{} is not UTF-8 text: see its line {line}", path.display()), NOT_TEXT.to_owned())
        }
        Problem::Unreadable(error) => {
            let hint = match error.kind() {
                io::ErrorKind::NotFound => missing(path),
                _ => "`use` names files that mnload must be able to read".to_owned(),
            };
            (format!("cannot read {}: {error}", path.display()), hint)
        }
    };
    Diagnostic::at(source, name.span(), message).hint(hint)
}

/// What was probably meant by the path of a file that does not exist.
fn missing(path: &Path) -> String {
    let wanted = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort_unstable();
    match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}` in that folder?"),
        None => "`use` names files relative to the file that it stands in".to_owned(),
    }
}

/// `name` as seen from the folder of `file`.
pub(crate) fn beside(file: &str, name: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(name)
}

/// The same for every way to write the path of one file.
fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use tempfile::TempDir;

    use super::*;
    use crate::scenario::{ScenarioFile, Spanned};

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn read(folder: &TempDir, name: &str) -> Result<ScenarioFile, String> {
        ScenarioFile::read(&folder.path().join(name), None).map_err(|mistakes| mistakes.to_string())
    }

    /// The steps' names, in order.
    fn steps(file: &ScenarioFile) -> Vec<String> {
        file.document.step.iter().filter_map(|step| step.get_ref().name.clone()).map(Spanned::into_inner).collect()
    }

    fn timeout(file: &ScenarioFile) -> &Spanned<String> {
        file.document.target.as_ref().unwrap().get_ref().timeout.as_ref().unwrap()
    }

    /// A file that uses others, has one step and sets the timeout to its own name.
    fn named(name: &str, uses: &str) -> String {
        format!("use = [{uses}]\n[target]\ntimeout = \"{name}\"\n[[step]]\nname = \"{name}\"\n")
    }

    #[test]
    fn the_files_lie_beneath_the_one_that_names_them_and_later_names_win() {
        let main = "use = ['a.toml', 'b.toml']\n[[step]]\nname = 'main'\n";
        let folder = folder(&[("main.toml", main), ("a.toml", &named("a", "")), ("b.toml", &named("b", ""))]);
        let file = read(&folder, "main.toml").unwrap();
        assert_eq!(
            (timeout(&file).get_ref().as_str(), steps(&file)),
            ("b", vec!["a".into(), "b".into(), "main".into()])
        );
        assert!(file.source.name.ends_with("main.toml"));
        assert!(file.source.file_at(&timeout(&file).span()).ends_with("b.toml"));
        assert_eq!(file.source.text_at(&timeout(&file).span()), Some("\"b\""));
    }

    #[test]
    fn names_are_relative_to_the_file_that_they_stand_in() {
        let folder = folder(&[
            ("runs/main.toml", &named("main", "'../shared/auth.toml'")),
            ("shared/auth.toml", &named("auth", "'deep/base.toml'")),
            ("shared/deep/base.toml", &named("base", "")),
        ]);
        let file = read(&folder, "runs/main.toml").unwrap();
        assert_eq!((timeout(&file).get_ref().as_str(), steps(&file).join(" ")), ("main", "base auth main".into()));
    }

    #[test]
    fn a_file_that_several_use_is_there_once_at_its_first_place() {
        let folder = folder(&[
            ("main.toml", "use = ['a.toml', 'x/../b.toml', 'b.toml']"),
            ("a.toml", &named("a", "'base.toml'")),
            ("b.toml", "use = ['./base.toml']\n[[step]]\nname = 'b'\n"),
            ("base.toml", &named("base", "")),
            ("x/y.toml", ""),
        ]);
        let file = read(&folder, "main.toml").unwrap();
        assert_eq!((timeout(&file).get_ref().as_str(), steps(&file).join(" ")), ("a", "base a b".into()));
    }

    #[test]
    fn a_mistake_is_shown_in_the_file_that_it_stands_in() {
        let folder = folder(&[
            ("main.toml", "use = ['sub/common.toml']\nnme = 'x'\n"),
            ("sub/common.toml", "\n[target]\ntimeot = '5s'\n[[step]]\nget = 1\n[[step]]\nheder = 1\n"),
        ]);
        let shown = read(&folder, "main.toml").unwrap_err();
        let places = ["main.toml:2:1", "sub/common.toml:3:1", "sub/common.toml:5:7", "sub/common.toml:7:1"];
        let found: Vec<_> = places.iter().filter_map(|place| shown.find(place)).collect();
        assert!(found.len() == places.len() && found.is_sorted(), "{shown}");
        assert!(shown.contains("did you mean `name`?") && shown.contains("did you mean `timeout`?"), "{shown}");
    }

    #[test]
    fn every_name_that_leads_nowhere_is_a_mistake_at_its_place() {
        let main = "use = [\n  'comon.toml',\n  'sub',\n  5,\n  'broken.toml',\n  'binary.toml',\n]\nnme = 1\n";
        let folder = folder(&[
            ("main.toml", main),
            ("common.toml", ""),
            ("sub/x.toml", ""),
            ("broken.toml", "use = ['none.toml']\nb = \n"),
            ("binary.toml", ""),
        ]);
        std::fs::write(folder.path().join("binary.toml"), [0xff, 0xfe]).unwrap();
        let shown = read(&folder, "main.toml").unwrap_err();
        for part in ["main.toml:2:3", "did you mean `common.toml`", "main.toml:3:3", "main.toml:4:3"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        for part in ["a list of file names, found integer", "broken.toml:2:", "main.toml:6:3", "UTF-8", "`nme`"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("none.toml"), "what is not TOML uses nothing: {shown}");
        let alone = ScenarioFile::parse("s.toml", "use = 'common.toml'", None).unwrap_err().to_string();
        assert!(alone.contains("s.toml:1:7") && alone.contains("use = [\"common.toml\"]"), "{alone}");
    }

    #[test]
    fn circles_are_shown_where_they_close() {
        let folder = folder(&[
            ("main.toml", "use = ['a.toml']"),
            ("a.toml", "use = ['b.toml']"),
            ("b.toml", "use = ['a.toml']"),
            ("self.toml", "use = ['./self.toml']"),
        ]);
        let shown = read(&folder, "main.toml").unwrap_err();
        assert!(shown.contains("b.toml:1:8") && shown.matches("error:").count() == 1, "{shown}");
        assert_eq!(shown.lines().next().unwrap().matches(" → ").count(), 2, "a → b → a: {shown}");
        assert!(read(&folder, "self.toml").unwrap_err().contains("in a circle"));
    }

    #[test]
    fn the_work_is_bounded() {
        let chain = |length: usize| {
            let mut files = vec![("0.toml".to_owned(), String::new())];
            files.extend((1..=length).map(|depth| (format!("{depth}.toml"), format!("use = ['{}.toml']", depth - 1))));
            let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            read(&folder(&files), &format!("{length}.toml"))
        };
        assert!(chain(MOST_DEPTH).is_ok());
        assert!(chain(MOST_DEPTH + 1).unwrap_err().contains("1.toml:1:8"));

        let wide = |count: usize| {
            let mut names = String::new();
            (0..count).for_each(|file| write!(names, "'{file}.toml', ").unwrap());
            let folder = folder(&[("main.toml", &format!("use = [{names}]"))]);
            (0..count).for_each(|file| std::fs::write(folder.path().join(format!("{file}.toml")), "").unwrap());
            read(&folder, "main.toml")
        };
        assert!(wide(MOST_FILES).is_ok());
        let shown = wide(MOST_FILES + 2).unwrap_err();
        assert!(shown.contains("more than 64 files") && shown.matches("error:").count() == 1, "{shown}");

        let sized =
            |bytes: usize| read(&folder(&[("main.toml", "use = ['x']"), ("x", &" ".repeat(bytes))]), "main.toml");
        assert!(sized(MOST_BYTES as usize).is_ok());
        assert!(sized(MOST_BYTES as usize + 1).unwrap_err().contains("larger than 1024 KiB"));
    }
}
