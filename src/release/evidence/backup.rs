//! `read = { backup = "backups/staging-*.sql.gz" }`: the newest backup, and whether it is whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::env_file::fits;
use super::file::hash;
use super::source::{Context, Place, PlaceKind, rfc3339};
use crate::scenario::{Short, Spanned};
use crate::units::format_bytes;
use crate::values::Resolver;

/// What it gives; `unpacked` is its size without compression.
pub(super) const FIGURES: [(&str, Unit); 4] =
    [("size", Unit::Bytes), ("unpacked", Unit::Bytes), ("age", Unit::Seconds), ("files", Unit::Count)];
/// So much of its beginning and of its end is looked at.
const LOOK: usize = 4 << 10;
/// More than this is not unpacked.
const MOST_UNPACKED: u64 = 256 << 30;
/// How the dumps of databases begin and end, as text: the name, the beginning, the end.
const DUMPS: [(&str, &str, &str); 4] = [
    ("pg_dumpall", "PostgreSQL database cluster dump", "PostgreSQL database cluster dump complete"),
    ("pg_dump", "PostgreSQL database dump", "PostgreSQL database dump complete"),
    ("mysqldump", "-- MySQL dump", "-- Dump completed"),
    ("mariadb-dump", "-- MariaDB dump", "-- Dump completed"),
];

/// A backup.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupSection {
    /// Its path, relative to the release file; `*` in its name stands for any letters, and the newest file counts.
    pub from: Option<Spanned<String>>,
    /// How old it may be.
    pub max_age: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Backup {
    pub(super) from: Place,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<Short<BackupSection>>) -> Option<Backup> {
    let written = match section.get_ref() {
        Short::Text(path) => {
            BackupSection { from: Some(Spanned::new(section.span(), path.clone())), ..BackupSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let Some(from) = &written.from else {
        let hint = "for example read = { backup = \"backups/staging-*.sql.gz\" }";
        resolver.mistake(section.span(), "this names no backup", hint);
        return None;
    };
    let place = Place::resolve(resolver, from, written.max_age.as_ref())?;
    let PlaceKind::File(path) = &place.kind else {
        resolver.mistake(from.span(), "an output is no backup", "name the file that the command leaves");
        return None;
    };
    if path.parent().is_some_and(|folder| folder.to_string_lossy().contains('*')) {
        resolver.mistake(
            from.span(),
            "a * may stand in the name of the file alone",
            "for example backups/staging-*.sql.gz",
        );
        return None;
    }
    Some(Backup { from: place })
}

impl Backup {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let PlaceKind::File(pattern) = &self.from.kind else { return Reading::nothing("an output is no backup") };
        let candidates = match candidates(pattern) {
            Ok(candidates) => candidates,
            Err(why) => return Reading::nothing(why),
        };
        let Some((_, path)) = candidates.last() else {
            return Reading::nothing(format!("there is no file {}", pattern.display()));
        };
        let shown = path.display();
        let (facts, modified) = match context.fresh(path, self.from.max_age) {
            Ok(found) => found,
            Err(why) => return Reading::nothing(why),
        };
        let mut reading = Reading::default();
        reading.figure("size", Figure::Bytes(facts.len()));
        if facts.len() > 0 {
            match look_at(path) {
                Ok(look) => look.judge(&shown.to_string(), &mut reading),
                Err(error) => reading.missing.push(format!("cannot read {shown}: {error}")),
            }
        }
        reading.figure("age", Figure::Seconds(context.age_s(modified).max(0.0)));
        reading.figure("files", Figure::Count(candidates.len() as u64));
        let (name, sha256) = (shown.to_string(), hash(path).ok());
        reading.sources.push(SourceRead { name, path: Some(path.clone()), sha256, made_at: rfc3339(modified) });
        reading
    }
}

/// The files that `pattern` means, the newest last.
fn candidates(pattern: &Path) -> Result<Vec<(SystemTime, PathBuf)>, String> {
    let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = pattern.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {}", folder.display()),
        _ => format!("cannot read {}: {error}", folder.display()),
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let facts = fs::metadata(entry.path());
        let modified = facts.ok().filter(fs::Metadata::is_file).and_then(|facts| facts.modified().ok());
        if let Some(modified) = modified.filter(|_| fits(&name, &entry.file_name().to_string_lossy())) {
            found.push((modified, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// What was seen of a backup.
#[derive(Debug, Default)]
struct Look {
    packed: bool,
    unpacked: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Why it could not be unpacked to its end.
    torn: Option<String>,
    /// It is larger than what is unpacked.
    endless: bool,
}

fn look_at(path: &Path) -> io::Result<Look> {
    let mut file = File::open(path)?;
    let mut magic = Vec::new();
    Read::by_ref(&mut file).take(2).read_to_end(&mut magic)?;
    let whole = io::Cursor::new(magic.clone()).chain(file);
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let packed = named || magic == [0x1f, 0x8b];
    let mut look = Look { packed, ..Look::default() };
    match packed {
        true => look.take(MultiGzDecoder::new(io::BufReader::new(whole))),
        false => look.take(whole),
    }
    Ok(look)
}

impl Look {
    fn take(&mut self, mut bytes: impl Read) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match bytes.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => {
                    let part = &buffer[..read];
                    self.unpacked += read as u64;
                    let room = LOOK.saturating_sub(self.head.len()).min(read);
                    self.head.extend_from_slice(&part[..room]);
                    self.tail.extend_from_slice(&part[read.saturating_sub(LOOK)..]);
                    let too_much = self.tail.len().saturating_sub(LOOK);
                    self.tail.drain(..too_much);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.torn = Some(error.to_string());
                    return;
                }
            }
            if self.unpacked > MOST_UNPACKED {
                self.endless = true;
                return;
            }
        }
    }

    fn judge(&self, name: &str, reading: &mut Reading) {
        if let Some(why) = &self.torn {
            reading.broken.push(format!("{name} cannot be unpacked to its end: {why}"));
            return;
        }
        if self.endless {
            reading
                .missing
                .push(format!("{name} holds more than {}: its end was not looked at", format_bytes(MOST_UNPACKED)));
            return;
        }
        reading.figure("unpacked", Figure::Bytes(self.unpacked));
        if self.packed && self.unpacked == 0 {
            reading.broken.push(format!("{name} holds nothing: it is an empty file, compressed"));
            return;
        }
        if self.head.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace()) && self.unpacked <= LOOK as u64 {
            reading.broken.push(format!("{name} holds nothing but space"));
            return;
        }
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.tail));
        let dump = DUMPS.iter().find(|(_, begin, _)| head.contains(begin));
        match dump {
            Some((tool, _, end)) if !tail.contains(end) => {
                reading.broken.push(format!("{name} was cut off: a dump of {tool} ends with `{end}`"));
            }
            Some((tool, ..)) => reading.notes.push(format!("{name} is a whole dump of {tool}")),
            None if self.head.starts_with(b"PGDMP") => {
                let note = "is an archive of pg_dump, whose end is not looked at: `pg_restore --list` reads it";
                reading.notes.push(format!("{name} {note}"));
            }
            None => reading.notes.push(format!("{name} is no dump whose end is known: only its size is judged")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use jiff::Timestamp;

    use super::*;
    use crate::values::Secrets;

    const WHOLE: &str =
        "--\n-- PostgreSQL database dump\n--\nCREATE TABLE users ();\n--\n-- PostgreSQL database dump complete\n--\n";

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(files: &[(&str, Vec<u8>, u64)], pattern: &str) -> Reading {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes, age_s) in files {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            let time = SystemTime::now() - Duration::from_secs(*age_s);
            File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        }
        let kind = PlaceKind::File(folder.path().join(pattern));
        let from = Place { kind, max_age: Some(Duration::from_secs(3_600)), span: 0..0 };
        let secrets = Secrets::default();
        Backup { from }.read(&Context::bare(Timestamp::now(), &secrets))
    }

    fn one(name: &str, bytes: Vec<u8>) -> Reading {
        read(&[(name, bytes, 0)], name)
    }

    #[test]
    fn the_newest_counts_and_must_be_new_enough() {
        let old = ("staging-1.sql", WHOLE.into(), 7_200);
        let new = ("staging-2.sql", WHOLE.into(), 60);
        let reading = read(&[new.clone(), old.clone(), ("other.txt", vec![1], 0)], "staging-*.sql");
        assert_eq!(reading.figures[0], ("size".to_owned(), Figure::Bytes(WHOLE.len() as u64)));
        assert_eq!(reading.figures[3], ("files".to_owned(), Figure::Count(2)));
        assert!(reading.notes[0].contains("whole dump of pg_dump"), "{reading:?}");
        assert!(reading.sources[0].name.ends_with("staging-2.sql"));
        assert!(read(&[old], "staging-*.sql").missing[0].contains("is older than"));
        assert!(read(&[], "staging-*.sql").missing[0].contains("there is no file"));
        assert!(read(&[], "none/staging-*.sql").missing[0].contains("there is no folder"));
    }

    #[test]
    fn a_backup_that_is_not_whole_is_broken() {
        assert!(one("b.sql.gz", packed(WHOLE.as_bytes())).broken.is_empty());
        let torn = packed(WHOLE.as_bytes());
        for (name, bytes, wanted) in [
            ("b.sql.gz", packed(b""), "holds nothing"),
            ("b.sql.gz", torn[..torn.len() - 6].to_vec(), "cannot be unpacked"),
            ("b.sql.gz", b"pg_dump: error".to_vec(), "cannot be unpacked"),
            ("b.sql", WHOLE.as_bytes()[..60].to_vec(), "was cut off"),
            ("b.sql.gz", packed(&WHOLE.as_bytes()[..60]), "was cut off"),
            (
                "b.sql",
                b"-- PostgreSQL database cluster dump\n-- PostgreSQL database dump complete".to_vec(),
                "was cut off",
            ),
            ("b.sql", b" \n\n".to_vec(), "nothing but space"),
        ] {
            let reading = one(name, bytes);
            assert!(reading.broken.first().is_some_and(|why| why.contains(wanted)), "{wanted}: {reading:?}");
        }
        let empty = one("b.sql", Vec::new());
        assert_eq!(empty.figures[0], ("size".to_owned(), Figure::Bytes(0)), "size > 0 judges it");
        assert!(one("b.dump", b"PGDMP\x01".to_vec()).notes[0].contains("pg_restore"));
    }
}
