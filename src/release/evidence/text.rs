//! `read = { text = { from = "stdout", contains = "…" } }`: what a text must hold and must not hold.

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, Unit};
use super::source::{Context, Place};
use crate::scenario::Spanned;
use crate::values::Resolver;

/// What it gives.
pub(super) const FIGURES: [(&str, Unit); 2] = [("lines", Unit::Count), ("matches", Unit::Count)];

/// What is read, and what it must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSection {
    /// `stdout` (default), `stderr` or a file.
    pub from: Option<Spanned<String>>,
    /// How old the file may be.
    pub max_age: Option<Spanned<String>>,
    /// Texts that must be there.
    pub contains: Option<Spanned<Vec<Spanned<String>>>>,
    /// Texts that must not be there.
    pub lacks: Option<Spanned<Vec<Spanned<String>>>>,
    /// A regular expression that must match; `matches` counts how often.
    pub matches: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Text {
    pub(super) from: Place,
    contains: Vec<String>,
    lacks: Vec<String>,
    matches: Option<Regex>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<TextSection>) -> Option<Text> {
    let written = section.get_ref();
    let stdout = Spanned::new(section.span(), "stdout".to_owned());
    let from = Place::resolve(resolver, written.from.as_ref().unwrap_or(&stdout), written.max_age.as_ref());
    let mut texts = |list: &Option<Spanned<Vec<Spanned<String>>>>| -> Vec<String> {
        list.iter().flat_map(|list| list.get_ref()).map(|text| resolver.text(text)).collect()
    };
    let (contains, lacks) = (texts(&written.contains), texts(&written.lacks));
    for empty in [&written.contains, &written.lacks].into_iter().flatten().flat_map(|list| list.get_ref()) {
        if empty.get_ref().is_empty() {
            resolver.mistake(empty.span(), "every text holds this", "write what is looked for");
        }
    }
    let matches = written.matches.as_ref().and_then(|pattern| {
        let text = resolver.known(pattern)?;
        match Regex::new(&text) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let message = format!("this is no regular expression: {error}");
                resolver.mistake(pattern.span(), message, "see docs.rs/regex for how one is written");
                None
            }
        }
    });
    Some(Text { from: from?, contains, lacks, matches })
}

impl Text {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let evidence = match context.evidence(&self.from) {
            Ok(evidence) => evidence,
            Err(why) => return Reading::nothing(why),
        };
        let text = String::from_utf8_lossy(&evidence.bytes);
        let name = &evidence.source.name;
        let mut reading = Reading::default();
        reading.figure("lines", Figure::Count(text.lines().count() as u64));
        if let Some(pattern) = &self.matches {
            let matches = pattern.find_iter(&text).count() as u64;
            reading.figure("matches", Figure::Count(matches));
            if matches == 0 {
                reading.broken.push(format!("{name} does not match `{pattern}`"));
            }
        }
        let lacking = self.contains.iter().filter(|part| !text.contains(part.as_str()));
        reading.broken.extend(lacking.map(|part| format!("{name} does not hold `{part}`")));
        let held = self.lacks.iter().filter(|part| text.contains(part.as_str()));
        reading.broken.extend(held.map(|part| format!("{name} holds `{part}`, which it must not")));
        reading.sources.push(evidence.source);
        reading
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::source::{Output, PlaceKind};
    use super::*;
    use crate::values::Secrets;

    fn read(text: &Text, printed: &str) -> Reading {
        let stdout = Output { bytes: printed.into(), cut: false };
        let secrets = Secrets::default();
        let now = Timestamp::UNIX_EPOCH;
        text.read(&Context { stdout: Some(&stdout), ..Context::bare(now, &secrets) })
    }

    #[test]
    fn what_is_looked_for_must_be_there_and_nothing_printed_is_no_evidence() {
        let from = Place { kind: PlaceKind::Stdout, max_age: None, span: 0..0 };
        let text = Text {
            from,
            contains: vec!["in sync".to_owned()],
            lacks: vec!["drift".to_owned()],
            matches: Regex::new(r"\d+ migrations").ok(),
        };
        assert_eq!(read(&text, "12 migrations, in sync\n").broken, Vec::<String>::new());
        assert_eq!(read(&text, "drift\n").broken.len(), 3);
        assert_eq!(read(&text, " \n").missing, ["the command wrote nothing to stdout"]);
    }
}
