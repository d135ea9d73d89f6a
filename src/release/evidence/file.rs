//! `read = { file = "dist/server.js" }`: whether a file or a folder is there, how large and how old it is.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::source::{Context, Place, PlaceKind, rfc3339};
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
        let (facts, modified) = match context.fresh(path, self.from.max_age) {
            Ok(found) => found,
            Err(why) => return Reading::nothing(why),
        };
        let (size, files) = match facts.is_dir() {
            true => match contents(path) {
                Ok(contents) => contents,
                Err(error) => return Reading::nothing(format!("cannot read {}: {error}", path.display())),
            },
            false => (facts.len(), 1),
        };
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

/// The bytes and the number of all files below `folder`.
fn contents(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut size, mut files) = (0, 0);
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let facts = entry.metadata()?;
            match facts.is_dir() {
                true => open.push(entry.path()),
                false => (size, files) = (size + facts.len(), files + 1),
            }
            if files >= MOST_FILES {
                return Ok((size, files));
            }
        }
    }
    Ok((size, files))
}

/// SHA-256 of a file of any size, in hexadecimal digits.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = [0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => digest.update(&buffer[..read]),
        }
    }
}
