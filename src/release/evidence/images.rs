//! `read = { images = { repositories = ["backend"] } }`: what `docker image ls --format json` prints.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, Unit};
use super::rows::{Row, rows, text};
use super::source::{Context, Place};
use crate::scenario::Spanned;
use crate::values::Resolver;

/// What it gives: of each repository, the fewest.
pub(super) const FIGURES: [(&str, Unit); 2] = [("tags", Unit::Count), ("images", Unit::Count)];

/// The images that must be there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagesSection {
    /// `stdout` (default) or a file.
    pub from: Option<Spanned<String>>,
    /// How old the file may be.
    pub max_age: Option<Spanned<String>>,
    /// The repositories, as `docker image ls` names them.
    pub repositories: Option<Spanned<Vec<Spanned<String>>>>,
    /// Tags that each of them must have.
    pub tags: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Images {
    pub(super) from: Place,
    repositories: Vec<String>,
    tags: Vec<String>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<ImagesSection>) -> Option<Images> {
    let written = section.get_ref();
    let stdout = Spanned::new(section.span(), "stdout".to_owned());
    let from = Place::resolve(resolver, written.from.as_ref().unwrap_or(&stdout), written.max_age.as_ref());
    let mut names = |list: &Option<Spanned<Vec<Spanned<String>>>>| -> Vec<String> {
        list.iter().flat_map(|list| list.get_ref()).map(|name| resolver.text(name)).collect()
    };
    let (repositories, tags) = (names(&written.repositories), names(&written.tags));
    if repositories.is_empty() {
        let hint = "name those that are deployed: repositories = [\"backend\"]";
        resolver.mistake(section.span(), "no repository is named", hint);
    }
    Some(Images { from: from?, repositories, tags })
}

impl Images {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let evidence = match context.evidence(&self.from) {
            Ok(evidence) => evidence,
            Err(why) => return Reading::nothing(why),
        };
        let mut reading = match rows(&evidence.bytes, &evidence.source.name) {
            Ok(rows) => self.count(&rows),
            Err(why) => Reading::nothing(why),
        };
        reading.sources.push(evidence.source);
        reading
    }

    fn count(&self, rows: &[Row]) -> Reading {
        let mut reading = Reading::default();
        let (mut fewest_tags, mut fewest_images) = (u64::MAX, u64::MAX);
        if rows.iter().any(|row| !row.contains_key("Repository") || !row.contains_key("Tag")) {
            return Reading::nothing("this is no list of images: print it with `docker image ls --format json`");
        }
        for repository in &self.repositories {
            let own: Vec<&Row> = rows.iter().filter(|row| text(row, "Repository") == Some(repository)).collect();
            if own.is_empty() {
                reading.missing.push(format!("there is no image of {repository}"));
                continue;
            }
            // What `latest` points to moves, and what has no tag cannot be named: neither is a way back.
            let tagged: Vec<(&str, &str)> = own
                .iter()
                .filter_map(|row| Some((text(row, "Tag")?, text(row, "ID").unwrap_or_default())))
                .filter(|(tag, _)| !["", "latest", "<none>"].contains(tag))
                .collect();
            let tags: BTreeSet<&str> = tagged.iter().map(|(tag, _)| *tag).collect();
            let images: BTreeSet<&str> = tagged.iter().map(|(_, image)| *image).collect();
            let lacking = self.tags.iter().filter(|tag| !own.iter().any(|row| text(row, "Tag") == Some(tag)));
            reading.broken.extend(lacking.map(|tag| format!("there is no image {repository}:{tag}")));
            if images.len() < tags.len() {
                let (tags, images) = (tags.len(), images.len());
                reading.notes.push(format!("{repository}: {tags} tags are {images} different images"));
            }
            fewest_tags = fewest_tags.min(tags.len() as u64);
            fewest_images = fewest_images.min(images.len() as u64);
        }
        if fewest_tags < u64::MAX {
            reading.figure("tags", Figure::Count(fewest_tags));
            reading.figure("images", Figure::Count(fewest_images));
        }
        reading
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::source::{Output, PlaceKind};
    use super::*;
    use crate::values::Secrets;

    fn read(tags: &[&str], printed: &str) -> Reading {
        let from = Place { kind: PlaceKind::Stdout, max_age: None, span: 0..0 };
        let repositories = vec!["backend".to_owned(), "frontend".to_owned()];
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let (stdout, secrets) = (Output { bytes: printed.into(), cut: false }, Secrets::default());
        let context = Context { stdout: Some(&stdout), ..Context::bare(Timestamp::UNIX_EPOCH, &secrets) };
        Images { from, repositories, tags }.read(&context)
    }

    fn image(repository: &str, tag: &str, id: &str) -> String {
        serde_json::json!({"Repository": repository, "Tag": tag, "ID": id, "CreatedAt": "2026-11-21"}).to_string()
            + "\n"
    }

    #[test]
    fn the_repository_with_the_fewest_real_tags_counts() {
        let frontend = image("frontend", "a1", "1") + &image("frontend", "b2", "1") + &image("frontend", "c3", "3");
        let backend = image("backend", "a1", "4") + &image("backend", "latest", "4") + &image("backend", "<none>", "5");
        let reading = read(&["a1", "b2"], &(frontend.clone() + &backend));
        let figures = [("tags".to_owned(), Figure::Count(1)), ("images".to_owned(), Figure::Count(1))];
        assert_eq!(reading.figures, figures);
        assert_eq!(reading.broken, ["there is no image backend:b2"]);
        assert_eq!(reading.notes, ["frontend: 3 tags are 2 different images"]);
        assert_eq!(read(&[], &frontend).missing, ["there is no image of backend"]);
        assert!(read(&[], "{\"a\":1}").missing[0].contains("no list of images"));
    }
}
