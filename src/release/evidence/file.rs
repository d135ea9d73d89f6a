//! `read = { file = "dist/server.js" }`: whether a file or a folder is there, how large and how old it is.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::source::{Context, Place, PlaceKind, digits, facts_of, rfc3339};
use crate::scenario::{Short, Spanned};
use crate::values::Resolver;

/// What it gives: a folder's size is that of all files in it.
pub(super) const FIGURES: [(&str, Unit); 3] = [("size", Unit::Bytes), ("age", Unit::Seconds), ("files", Unit::Count)];
/// More files than this are not counted.
const MOST_FILES: u64 = 1_000_000;

/// A file or a folder.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSection {
    /// Its path, relative to the release file.
    pub from: Option<Spanned<String>>,
    /// How old it may be.
    pub max_age: Option<Spanned<String>>,
    /// The SHA-256 that it must have, as hexadecimal digits.
    pub sha256: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Files {
    pub(super) from: Place,
    sha256: Option<String>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<Short<FileSection>>) -> Option<Files> {
    let written = match section.get_ref() {
        Short::Text(path) => {
            FileSection { from: Some(Spanned::new(section.span(), path.clone())), ..FileSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let Some(from) = &written.from else {
        resolver.mistake(section.span(), "this names no file", "for example read = { file = \"dist/server.js\" }");
        return None;
    };
    let place = Place::resolve(resolver, from, written.max_age.as_ref())?;
    if !matches!(place.kind, PlaceKind::File(_)) {
        resolver.mistake(from.span(), "an output is no file", "read it with `text`, or name a file");
        return None;
    }
    let sha256 = written.sha256.as_ref().and_then(|digits| {
        let text = resolver.known(digits)?.to_ascii_lowercase();
        let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            resolver.mistake(digits.span(), "this is no SHA-256", "it has 64 hexadecimal digits");
        }
        is_hash.then_some(text)
    });
    Some(Files { from: place, sha256 })
}

impl Files {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let PlaceKind::File(path) = &self.from.kind else { return Reading::nothing("an output is no file") };
        let (facts, own_time) = match facts_of(path) {
            Ok(found) => found,
            Err(why) => return Reading::nothing(why),
        };
        let Contents { size, files, newest } = match facts.is_dir() {
            true => match contents(path) {
                Ok(contents) => contents,
                Err(error) => return Reading::nothing(format!("cannot read {}: {error}", path.display())),
            },
            false => Contents { size: facts.len(), files: 1, newest: None },
        };
        // A folder's own time is only that of its list of names: what was made is in it.
        let (shown, modified) = match newest {
            Some((modified, file)) => (format!("{}, the newest file in {},", file.display(), path.display()), modified),
            None => (path.display().to_string(), own_time),
        };
        if let Err(why) = context.in_time(&shown, modified, self.from.max_age) {
            return Reading::nothing(why);
        }
        let mut reading = Reading::default();
        reading.figure("size", Figure::Bytes(size));
        reading.figure("age", Figure::Seconds(context.age_s(modified).max(0.0)));
        reading.figure("files", Figure::Count(files));
        let sha256 = facts.is_file().then(|| hash(path)).and_then(Result::ok);
        if let Some(wanted) = &self.sha256 {
            match &sha256 {
                Some(found) if found == wanted => {}
                Some(found) => reading.broken.push(format!("{} has the SHA-256 {found}", path.display())),
                None => {
                    reading.missing.push(format!("{} has no SHA-256: it is no file that can be read", path.display()))
                }
            }
        }
        let name = path.display().to_string();
        reading.sources.push(SourceRead { name, path: Some(path.clone()), sha256, made_at: rfc3339(modified) });
        reading
    }
}

/// What lies below a folder.
#[derive(Debug, Default)]
struct Contents {
    /// The bytes of all files.
    size: u64,
    /// How many there are.
    files: u64,
    /// The newest that is not empty: a stamp that somebody touched is nothing that was made.
    newest: Option<(SystemTime, PathBuf)>,
}

fn contents(folder: &Path) -> io::Result<Contents> {
    let mut all = Contents::default();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let facts = entry.metadata()?;
            if facts.is_dir() {
                open.push(entry.path());
                continue;
            }
            all.size += facts.len();
            all.files += 1;
            let modified = facts.modified()?;
            if facts.len() > 0 && all.newest.as_ref().is_none_or(|(newest, _)| modified > *newest) {
                all.newest = Some((modified, entry.path()));
            }
            if all.files >= MOST_FILES {
                return Ok(all);
            }
        }
    }
    Ok(all)
}

/// SHA-256 of a file of any size, in hexadecimal digits.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = [0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(digits(digest)),
            read => digest.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::values::Secrets;

    fn dated(path: &Path, text: &str, time: SystemTime) {
        fs::write(path, text).unwrap();
        File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn a_folder_is_as_new_as_the_newest_file_that_holds_something() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        fs::create_dir_all(site.join("assets")).unwrap();
        let since = SystemTime::now() - Duration::from_secs(60);
        let long_ago = since - Duration::from_secs(30 * 24 * 3_600);
        dated(&site.join("index.html"), "<p>", long_ago);
        // This makes the folder new, too.
        dated(&site.join(".stamp"), "", SystemTime::now());
        let secrets = Secrets::default();
        let context = Context { since: Some(since), ..Context::bare(Timestamp::now(), &secrets) };
        let from = Place { kind: PlaceKind::File(site.clone()), max_age: None, span: 0..0 };
        let files = Files { from, sha256: None };
        let stale = files.read(&context);
        assert!(stale.missing[0].contains("index.html, the newest file in"), "{stale:?}");
        assert!(stale.missing[0].contains("is older, by"), "{stale:?}");
        // A build that writes into a file deep below leaves the folder's own time, and what a cache keeps may be old.
        dated(&site.join("assets/app.js"), "1", SystemTime::now());
        File::open(&site).unwrap().set_modified(long_ago).unwrap();
        let fresh = files.read(&context);
        assert!(fresh.missing.is_empty(), "{fresh:?}");
        assert_eq!(fresh.figures[0], ("size".to_owned(), Figure::Bytes(4)));
        assert_eq!(fresh.figures[2], ("files".to_owned(), Figure::Count(3)));
        dated(&site.join("assets/app.js"), "1", SystemTime::now() + Duration::from_secs(3_600));
        assert!(files.read(&context).missing[0].contains("still to come"));
    }
}
