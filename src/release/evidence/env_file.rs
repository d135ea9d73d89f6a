//! `read = { env_file = { from = ".env.staging", example = ".env.staging.example" } }`: the keys of an environment file.
//!
//! Its values are looked at and never told: not in messages, not in notes, not as a hash.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::placeholder::{is_placeholder, passwords};
use super::source::{Context, Place, PlaceKind};
use crate::scenario::{Entries, Short, Spanned, Value};
use crate::values::{Resolver, tells};

/// What it gives: keys. `extra` is there only with an example, `empty` and `placeholders` not of a template.
pub(super) const FIGURES: [(&str, Unit); 5] = [
    ("keys", Unit::Count),
    ("missing", Unit::Count),
    ("extra", Unit::Count),
    ("empty", Unit::Count),
    ("placeholders", Unit::Count),
];

/// Longer names of keys are told of none.
const LONGEST_KEY: usize = 64;
/// So long a word may be part of a value that was wrapped.
const WRAPPED_FROM: usize = 16;

/// An environment file, and what it must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvFileSection {
    /// The file, relative to the release file.
    pub from: Option<Spanned<String>>,
    /// A file, or a list of files, whose keys it must have.
    pub example: Option<Spanned<Value>>,
    /// Keys that it must have; `*` stands for any letters, and at least one key.
    pub required: Option<Spanned<Vec<Spanned<String>>>>,
    /// Keys that may be missing, empty or a placeholder; `*` stands for any letters.
    pub optional: Option<Spanned<Vec<Spanned<String>>>>,
    /// Whether only its owner may read it; true by default, but for a template.
    pub private: Option<Spanned<bool>>,
    /// Whether it is an example itself, whose values are placeholders.
    pub template: Option<Spanned<bool>>,
    /// Keys and the values that they must have. These values are shown.
    pub equals: Option<Spanned<Entries>>,
    /// Keys and a text that their values must hold. These texts are shown.
    pub contains: Option<Spanned<Entries>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct EnvFile {
    pub(super) from: Place,
    pub(super) examples: Vec<Place>,
    required: Vec<String>,
    optional: Vec<String>,
    private: bool,
    pub(super) template: bool,
    equals: Vec<(String, String)>,
    contains: Vec<(String, String)>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<Short<EnvFileSection>>) -> Option<EnvFile> {
    let written = match section.get_ref() {
        Short::Text(path) => {
            EnvFileSection { from: Some(Spanned::new(section.span(), path.clone())), ..EnvFileSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let Some(from) = &written.from else {
        let hint = "for example from = \".env.staging\"";
        resolver.mistake(section.span(), "this names no environment file", hint);
        return None;
    };
    let from = Place::standing(resolver, from)?;
    let examples = match written.example.as_ref().map(|example| (example.get_ref(), example.span())) {
        None => Vec::new(),
        Some((Value::String(path), span)) => vec![Spanned::new(span, path.clone())],
        Some((Value::Array(paths), _)) => paths.iter().filter_map(|path| path_of(resolver, path)).collect(),
        Some((_, span)) => {
            resolver.mistake(span, "an example is a file, or a list of files", "for example \".env.example\"");
            Vec::new()
        }
    };
    let examples = examples.iter().filter_map(|path| Place::standing(resolver, path)).collect::<Vec<_>>();
    let template = written.template.as_ref().is_some_and(|flag| *flag.get_ref());
    let env = EnvFile {
        from,
        examples,
        required: patterns(resolver, &written.required),
        optional: patterns(resolver, &written.optional),
        private: written.private.as_ref().map_or(!template, |flag| *flag.get_ref()),
        template,
        equals: super::super::written::pairs(resolver, written.equals.as_ref()),
        contains: super::super::written::pairs(resolver, written.contains.as_ref()),
    };
    if let Some((key, _)) = env.contains.iter().find(|(_, text)| text.is_empty()) {
        resolver.mistake(section.span(), format!("every value of `{key}` holds this"), "write what is looked for");
    }
    if template && env.examples.is_empty() && env.required.is_empty() {
        let hint = "name the file whose keys it must have: example = \".env.example\"";
        resolver.mistake(section.span(), "a template is compared with nothing here", hint);
    }
    Some(env)
}

fn path_of(resolver: &mut Resolver<'_>, path: &Spanned<Value>) -> Option<Spanned<String>> {
    match path.get_ref() {
        Value::String(text) => Some(Spanned::new(path.span(), text.clone())),
        other => {
            let message = format!("an example is a file, not {}", other.type_name());
            resolver.mistake(path.span(), message, "for example \".env.example\"");
            None
        }
    }
}

fn patterns(resolver: &mut Resolver<'_>, list: &Option<Spanned<Vec<Spanned<String>>>>) -> Vec<String> {
    let mut patterns = Vec::new();
    for written in list.iter().flat_map(|list| list.get_ref()) {
        let pattern = resolver.text(written);
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_.-*".contains(c);
        if pattern.is_empty() || !pattern.chars().all(is_key) {
            let hint = "write a name such as JWT_SECRET, or FEATURE_FLAG_* for all that start so";
            resolver.mistake(written.span(), format!("`{pattern}` cannot be a key"), hint);
        }
        patterns.push(pattern);
    }
    patterns
}

/// Whether `key` is one that `pattern` means, where `*` stands for any letters.
pub(super) fn fits(pattern: &str, key: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = key.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A file's keys and values, and the keys that stand there twice.
#[derive(Default)]
struct Keys {
    values: BTreeMap<String, String>,
    twice: BTreeSet<String>,
}

impl EnvFile {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let mut reading = Reading::default();
        let mut all = Vec::new();
        for place in std::iter::once(&self.from).chain(&self.examples) {
            match keys(context, place, &mut reading.sources) {
                Ok(keys) => all.push(keys),
                Err(why) => reading.missing.push(why),
            }
        }
        if !reading.missing.is_empty() || all.is_empty() {
            return reading;
        }
        let own = all.remove(0);
        let known: BTreeSet<&str> = all.iter().flat_map(|keys| keys.values.keys()).map(String::as_str).collect();
        let is_wrapped =
            |key: &&String| !known.contains(key.as_str()) && own.values[*key].is_empty() && is_scrambled(key);
        if own.values.keys().any(|key| is_wrapped(&key)) {
            let shown = reading.sources.first().map(|source| source.name.clone()).unwrap_or_default();
            reading.missing.push(format!("{shown} {WRAPPED}"));
            return reading;
        }
        if let (true, PlaceKind::Standing(path)) = (self.private, &self.from.kind) {
            match mode(path) {
                Ok(mode) if mode & 0o077 == 0 => {}
                Ok(mode) => {
                    let shown = path.display();
                    let what =
                        format!("{shown} has mode {mode:03o}: others than its owner may use it; chmod 600 {shown}");
                    reading.broken.push(what);
                }
                Err(why) => reading.missing.push(why),
            }
        }
        self.compare(&own, &all, &mut reading);
        self.values(&own, &all, &mut reading);
        reading
    }

    fn is_optional(&self, key: &str) -> bool {
        self.optional.iter().any(|pattern| fits(pattern, key))
    }

    fn compare(&self, own: &Keys, examples: &[Keys], reading: &mut Reading) {
        let wanted: BTreeSet<&str> = examples.iter().flat_map(|keys| keys.values.keys()).map(String::as_str).collect();
        let is_there = |pattern: &&str| own.values.keys().any(|key| fits(pattern, key));
        let required = self.required.iter().map(String::as_str);
        let missing: BTreeSet<&str> = required
            .chain(wanted.iter().copied().filter(|key| !self.is_optional(key)))
            .filter(|pattern| !is_there(pattern))
            .collect();
        reading.figure("keys", Figure::Count(own.values.len() as u64));
        reading.figure("missing", Figure::Count(missing.len() as u64));
        // These are names of the release file and of examples.
        tell("missing", "missing", &missing, &missing, reading);
        if !examples.is_empty() {
            let is_known = |key: &&str| wanted.contains(key) || self.required.iter().any(|pattern| fits(pattern, key));
            let extra: BTreeSet<&str> = own.values.keys().map(String::as_str).filter(|key| !is_known(key)).collect();
            reading.figure("extra", Figure::Count(extra.len() as u64));
            tell("extra", "in no example", &extra, &wanted, reading);
        }
        let twice: BTreeSet<&str> = own.twice.iter().map(String::as_str).collect();
        tell("", "there twice, of which the last counts", &twice, &wanted, reading);
    }

    fn values(&self, own: &Keys, examples: &[Keys], reading: &mut Reading) {
        if !self.template {
            let judged = || own.values.iter().filter(|(key, _)| !self.is_optional(key));
            let empty: BTreeSet<&str> = keys_of(judged().filter(|(_, value)| value.trim().is_empty()));
            // What stands in a file that everybody may read is no secret.
            let is_published = |key: &str, value: &str| {
                let own = passwords(value);
                let is_secret = tells(key) || key.to_ascii_uppercase().ends_with("_KEY") || !own.is_empty();
                let same = |keys: &Keys| {
                    keys.values.get(key).is_some_and(|example| {
                        example == value || passwords(example).iter().any(|password| own.contains(password))
                    })
                };
                is_secret && !value.trim().is_empty() && examples.iter().any(same)
            };
            let is_open = |(key, value): &(&String, &String)| is_placeholder(value) || is_published(key, value);
            let placeholders: BTreeSet<&str> = keys_of(judged().filter(is_open));
            reading.figure("empty", Figure::Count(empty.len() as u64));
            let known: BTreeSet<&str> = keys_of(examples.iter().flat_map(|keys| &keys.values));
            tell("empty", "empty", &empty, &known, reading);
            reading.figure("placeholders", Figure::Count(placeholders.len() as u64));
            tell("placeholders", "placeholders, or as in the example", &placeholders, &known, reading);
        }
        for (key, wanted) in &self.equals {
            match own.values.get(key) {
                Some(value) if value == wanted => {}
                Some(_) => reading.broken.push(format!("{key} is not `{wanted}`")),
                None => reading.broken.push(format!("{key} is not there; it must be `{wanted}`")),
            }
        }
        for (key, wanted) in &self.contains {
            match own.values.get(key) {
                Some(value) if value.contains(wanted) => {}
                Some(_) => reading.broken.push(format!("{key} does not hold `{wanted}`")),
                None => reading.broken.push(format!("{key} is not there; it must hold `{wanted}`")),
            }
        }
    }
}

fn keys_of<'k>(pairs: impl Iterator<Item = (&'k String, &'k String)>) -> BTreeSet<&'k str> {
    pairs.map(|(key, _)| key.as_str()).collect()
}

/// What is said of a file in which a value goes on in the next line.
const WRAPPED: &str = "has a line that looks like the rest of a value that was wrapped: write each value in one line";

/// Whether `key` looks like one: anything else may be a piece of a secret that was wrapped.
fn is_plain(key: &str) -> bool {
    let is_first = |c: char| c.is_ascii_uppercase() || c == '_';
    key.len() <= LONGEST_KEY && key.starts_with(is_first) && key.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// Whether `key` looks like the end of a secret.
fn is_scrambled(key: &str) -> bool {
    let has = |of: fn(&char) -> bool| key.chars().any(|c| of(&c));
    key.len() >= WRAPPED_FROM && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && !key.contains('_')
}

/// Notes the keys that something is wrong with, in one line, and what the figure `figure` counts: by name those that are
/// `known` from elsewhere or look like keys, the others by their number.
fn tell(figure: &str, what: &str, keys: &BTreeSet<&str>, known: &BTreeSet<&str>, reading: &mut Reading) {
    let (named, others): (Vec<&str>, Vec<&str>) =
        keys.iter().copied().partition(|key| known.contains(key) || is_plain(key));
    let more = match others.len() {
        0 => None,
        1 => Some("1 that has no usual name".to_owned()),
        more => Some(format!("{more} that have no usual name")),
    };
    let parts: Vec<String> = named.into_iter().map(str::to_owned).chain(more).collect();
    if !parts.is_empty() {
        if !figure.is_empty() {
            reading.which(figure, parts.join(", "));
        }
        reading.notes.push(format!("{what}: {}", parts.join(", ")));
    }
}

fn keys(context: &Context<'_>, place: &Place, sources: &mut Vec<SourceRead>) -> Result<Keys, String> {
    let evidence = context.evidence(place)?;
    let name = evidence.source.name.clone();
    // A hash of a few unknown letters tells them.
    sources.push(SourceRead { sha256: None, ..evidence.source });
    let mut keys = Keys::default();
    let mut before = "the start".to_owned();
    for line in dotenvy::from_read_iter(&evidence.bytes[..]) {
        // The library's message may quote the line, and with it a secret.
        let (key, value) = line.map_err(|_| format!("{name} has a line that is not NAME=value, behind {before}"))?;
        // What is left of a secret in Base64 whose line was broken.
        if !value.is_empty() && value.chars().all(|c| c == '=') {
            return Err(format!("{name} {WRAPPED}"));
        }
        before = if is_plain(&key) { format!("`{key}`") } else { "a key that has no usual name".to_owned() };
        if keys.values.insert(key.clone(), value).is_some() {
            keys.twice.insert(key);
        }
    }
    match keys.values.is_empty() {
        true => Err(format!("{name} has no keys")),
        false => Ok(keys),
    }
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> Result<u32, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let facts = std::fs::metadata(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(facts.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(path: &std::path::Path) -> Result<u32, String> {
    Err(format!("who may read {} is not known on this system; say private = false", path.display()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
