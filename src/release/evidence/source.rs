//! Where evidence is read from: the output of the item's command, or a file that must not be older than it.

use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::super::figure::SourceRead;
use crate::diagnostic::Source;
use crate::scenario::Spanned;
use crate::units::{format_bytes, format_duration};
use crate::values::{Resolver, Secrets};

/// No report that a team reads is longer.
const MOST_BYTES: u64 = 64 << 20;
/// Clocks of containers and file systems may differ by so much.
const CLOCKS: Duration = Duration::from_secs(2);
/// The clocks of other machines may be ahead by so much.
pub(super) const OTHER_CLOCKS: Duration = Duration::from_secs(60);

/// Where evidence is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What is read.
    pub kind: PlaceKind,
    /// How old it may be; none where it must only be younger than the command that makes it.
    pub max_age: Option<Duration>,
    /// Where the release file names it.
    pub span: Range<usize>,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKind {
    /// What the item's command printed.
    Stdout,
    /// What it complained about.
    Stderr,
    /// A file.
    File(PathBuf),
    /// A file that no command makes: it counts as it is now, however old it is.
    Standing(PathBuf),
    /// Something that is asked now, and cannot be old.
    Live,
}

/// What a command printed, as far as it was kept.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The bytes, as they came.
    pub bytes: Vec<u8>,
    /// Whether there were more.
    pub cut: bool,
}

/// All that a reader may know beside its own section.
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// When the command that makes the evidence started, by the clock of the file system; none if nothing here makes it.
    pub since: Option<SystemTime>,
    /// What the item's command printed.
    pub stdout: Option<&'a Output>,
    /// What it complained about.
    pub stderr: Option<&'a Output>,
    /// The folder of the run of mnload that the item has made; none if it makes none.
    pub run_folder: Option<&'a Path>,
    /// The folder of the run that it is compared with.
    pub baseline: Option<&'a Path>,
    /// What must not be shown.
    pub secrets: &'a Secrets,
    /// Files and folders that only releases write, and that are no part of what is released: real paths.
    pub left_out: &'a [PathBuf],
    /// Whether all is to end.
    pub halt: &'a dyn Fn() -> bool,
}

/// A report that was read whole.
#[derive(Debug)]
pub struct Evidence {
    /// Its bytes; never empty.
    pub bytes: Vec<u8>,
    /// What is said of where it came from.
    pub source: SourceRead,
    /// The file's name, from which a format may follow; empty for an output.
    pub file_name: String,
}

impl Place {
    /// `stdout`, `stderr` or a path, beside the file that names it.
    pub(in crate::release) fn resolve(
        resolver: &mut Resolver<'_>,
        from: &Spanned<String>,
        max_age: Option<&Spanned<String>>,
    ) -> Option<Self> {
        let max_age = max_age.and_then(|age| resolver.duration(age, true));
        let text = resolver.known(from)?;
        let kind = match text.as_str() {
            "" => {
                resolver.mistake(from.span(), "this names no evidence", "write stdout, stderr or the path of a file");
                return None;
            }
            "stdout" => PlaceKind::Stdout,
            "stderr" => PlaceKind::Stderr,
            _ => PlaceKind::File(resolver.path(from)?),
        };
        Some(Self { kind, max_age, span: from.span() })
    }

    /// A file that no command makes, beside the file that names it.
    pub(in crate::release) fn standing(resolver: &mut Resolver<'_>, from: &Spanned<String>) -> Option<Self> {
        let place = Self::resolve(resolver, from, None)?;
        match place.kind {
            PlaceKind::File(path) => Some(Self { kind: PlaceKind::Standing(path), ..place }),
            _ => {
                resolver.mistake(from.span(), "this is no file", "name the path of a file");
                None
            }
        }
    }

    /// A place that is asked now.
    pub(in crate::release) fn live(span: Range<usize>) -> Self {
        Self { kind: PlaceKind::Live, max_age: None, span }
    }

    /// The place as it is written, for people.
    pub fn written<'s>(&self, source: &'s Source) -> &'s str {
        source.text_at(&self.span).unwrap_or_default()
    }
}

impl<'a> Context<'a> {
    /// One in which nothing was run.
    pub fn bare(now: Timestamp, secrets: &'a Secrets) -> Self {
        Self {
            now,
            since: None,
            stdout: None,
            stderr: None,
            run_folder: None,
            baseline: None,
            secrets,
            left_out: &[],
            halt: &|| false,
        }
    }

    /// Reads all of what is at `place`.
    ///
    /// # Errors
    /// Why there is no evidence, as a sentence: no such file, an empty one, one that is too old, too large, or cut off.
    pub fn evidence(&self, place: &Place) -> Result<Evidence, String> {
        let (name, output) = match &place.kind {
            PlaceKind::Stdout => ("stdout", self.stdout),
            PlaceKind::Stderr => ("stderr", self.stderr),
            PlaceKind::File(path) => {
                let (facts, modified) = self.fresh(path, place.max_age)?;
                return whole(path, &facts, modified);
            }
            PlaceKind::Standing(path) => {
                let (facts, modified) = facts_of(path)?;
                return whole(path, &facts, modified);
            }
            PlaceKind::Live => return Err("there is nothing to read".to_owned()),
        };
        let output = output.ok_or_else(|| format!("there is no {name}: no command ran"))?;
        if output.cut {
            return Err(format!("{name} is longer than what is kept of it, so its end is not known"));
        }
        if output.bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(format!("the command wrote nothing to {name}"));
        }
        let source = SourceRead {
            name: name.to_owned(),
            path: None,
            sha256: Some(hexadecimal(&output.bytes)),
            made_at: Some(self.now.to_string()),
        };
        Ok(Evidence { bytes: output.bytes.clone(), source, file_name: String::new() })
    }

    /// What is at `path` and when it was changed last, if that is not too long ago.
    ///
    /// # Errors
    /// When there is nothing, or it is older than the command that should have made it, or than `max_age`, or from a time
    /// that is still to come.
    pub fn fresh(&self, path: &Path, max_age: Option<Duration>) -> Result<(Metadata, SystemTime), String> {
        let (facts, modified) = facts_of(path)?;
        self.in_time(&path.display().to_string(), modified, max_age)?;
        Ok((facts, modified))
    }

    /// Refuses what was changed last at `modified`, if that is not the time for it.
    ///
    /// # Errors
    /// As [`Self::fresh`].
    pub fn in_time(&self, shown: &str, modified: SystemTime, max_age: Option<Duration>) -> Result<(), String> {
        let shown_time = rfc3339(modified).unwrap_or_default();
        // Readers that wait do so after the context's time.
        let now = SystemTime::from(self.now).max(SystemTime::now());
        if modified > now + CLOCKS {
            // It would stay younger than its command in all runs to come.
            return Err(format!("{shown} is from a time that is still to come, so its age says nothing: {shown_time}"));
        }
        if let Some(since) = self.since.filter(|since| modified + CLOCKS < *since) {
            let by = since.duration_since(modified).map(format_duration).unwrap_or_default();
            return Err(format!(
                "{shown} is older, by {by}, than the command that should have made it: it is from {shown_time}"
            ));
        }
        let age = self.age_s(modified);
        if let Some(most) = max_age.filter(|most| age > most.as_secs_f64()) {
            return Err(format!("{shown} is older than {}: it is from {shown_time}", format_duration(most)));
        }
        Ok(())
    }

    /// Refuses evidence that says of itself that it was made before the command that should have made it, or that it is
    /// still to be made.
    ///
    /// # Errors
    /// When it was.
    pub fn made(&self, what: &str, at: Timestamp) -> Result<(), String> {
        let at_time = SystemTime::from(at);
        match self.since {
            _ if self.age_s(at_time) < -OTHER_CLOCKS.as_secs_f64() => {
                Err(format!("{what} says that it was made at {at}, which is still to come"))
            }
            Some(since) if at_time + CLOCKS < since => Err(format!(
                "{what} says that it was made at {at}, before the command that should have made it started"
            )),
            _ => Ok(()),
        }
    }

    /// How long ago `time` was, in seconds; negative if it is still to come.
    pub fn age_s(&self, time: SystemTime) -> f64 {
        let now = SystemTime::from(self.now);
        match now.duration_since(time) {
            Ok(age) => age.as_secs_f64(),
            Err(ahead) => -ahead.duration().as_secs_f64(),
        }
    }
}

/// What is at `path`, and when it was changed last.
pub(super) fn facts_of(path: &Path) -> Result<(Metadata, SystemTime), String> {
    let shown = path.display();
    let facts = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{shown} does not exist"),
        _ => format!("cannot read {shown}: {error}"),
    })?;
    let modified = facts.modified().map_err(|error| format!("the age of {shown} is not known: {error}"))?;
    Ok((facts, modified))
}

/// All of the file at `path`.
fn whole(path: &Path, facts: &Metadata, modified: SystemTime) -> Result<Evidence, String> {
    let shown = path.display();
    if !facts.is_file() {
        return Err(format!("{shown} is no file"));
    }
    if facts.len() > MOST_BYTES {
        return Err(format!("{shown} is larger than {}: no report of a tool is", format_bytes(MOST_BYTES)));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read {shown}: {error}"))?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(format!("{shown} is empty"));
    }
    let source = SourceRead {
        name: shown.to_string(),
        path: Some(path.to_path_buf()),
        sha256: Some(hexadecimal(&bytes)),
        made_at: rfc3339(modified),
    };
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Evidence { bytes, source, file_name })
}

/// Why there is no evidence, and where it may be instead: a report that nothing writes is the commonest mistake.
pub(super) fn with_advice(why: String, place: &Place) -> String {
    let PlaceKind::File(path) = &place.kind else { return why };
    if path.exists() {
        return why;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else {
        return format!("{why}, nor does its folder: check what the command calls its report");
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let alike = paths.filter(|other| other.extension().is_some() && other.extension() == path.extension());
    let mut names: Vec<String> =
        alike.filter_map(|other| Some(other.file_name()?.to_string_lossy().into_owned())).collect();
    names.sort_unstable();
    names.truncate(3);
    match names.as_slice() {
        [] => format!("{why}: nothing wrote it; check what the command calls its report"),
        names => format!("{why}: nothing wrote it; beside it there is {}", names.join(", ")),
    }
}

/// SHA-256 in hexadecimal digits.
pub(in crate::release) fn hexadecimal(bytes: &[u8]) -> String {
    digits(Sha256::new_with_prefix(bytes))
}

/// The hexadecimal digits of a hash.
pub(in crate::release) fn digits(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A time of the file system as text.
pub(in crate::release) fn rfc3339(time: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(time).ok()?;
    // Whole seconds are what people compare.
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_to_come_is_no_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xml");
        fs::write(&path, "<a/>").unwrap();
        let secrets = Secrets::default();
        let since = SystemTime::now() - Duration::from_secs(5);
        let context = Context { since: Some(since), ..Context::bare(Timestamp::now(), &secrets) };
        let hour = Some(Duration::from_secs(3_600));
        assert!(context.fresh(&path, hour).is_ok());
        let ahead = SystemTime::now() + Duration::from_secs(90);
        File::options().append(true).open(&path).unwrap().set_modified(ahead).unwrap();
        for max_age in [None, hour] {
            let why = context.fresh(&path, max_age).unwrap_err();
            assert!(why.contains("still to come"), "{why}");
        }
        // A file that no command makes counts as it is.
        let standing = Place { kind: PlaceKind::Standing(path), max_age: None, span: 0..0 };
        assert!(context.evidence(&standing).is_ok());
        let said = |ahead_s: i64| context.made("it", Timestamp::now() + jiff::SignedDuration::from_secs(ahead_s));
        assert_eq!(said(30), Ok(()), "another machine's clock");
        assert!(said(90).unwrap_err().contains("still to come"));
    }
}
