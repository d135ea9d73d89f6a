//! What an item's evidence must show: the conditions that are written, and those that go without saying.

use super::accept::Acceptance;
use super::evidence::Reader;
use super::file::ItemSection;
use crate::diagnostic::{listed, nearest};
use crate::scenario::{Spanned, Value};
use crate::values::Resolver;

/// The conditions that are written, and those of readers whose figures they do not name.
pub(super) fn accepted(resolver: &mut Resolver<'_>, section: &ItemSection, readers: &[Reader]) -> Vec<Acceptance> {
    let written: Vec<Spanned<String>> = match section.accept.as_ref().map(|accept| (accept.get_ref(), accept.span())) {
        None => Vec::new(),
        Some((Value::String(text), span)) => vec![Spanned::new(span, text.clone())],
        Some((Value::Array(items), _)) => items.iter().filter_map(|item| condition_text(resolver, item)).collect(),
        Some((_, span)) => {
            resolver.mistake(
                span,
                "`accept` is a condition or a list of them",
                "for example accept = \"lines >= 65%\"",
            );
            Vec::new()
        }
    };
    let before = resolver.mistakes.0.len();
    let mut accept: Vec<Acceptance> = Vec::new();
    for text in &written {
        accept.extend(condition(resolver, text, readers));
    }
    if resolver.mistakes.0.len() > before {
        return accept;
    }
    for reader in readers {
        let figures = reader.figures();
        let is_own = |one: &Acceptance| match &one.reader {
            Some(name) => name == reader.name(),
            None => figures.iter().any(|(name, _)| *name == one.figure),
        };
        let own: Vec<&Acceptance> = accept.iter().filter(|one| is_own(one)).collect();
        let is_open = |default: &Acceptance| match reader.keeps_defaults() {
            true => !own.iter().any(|one| one.figure == default.figure || reader.says_enough(one, default)),
            false => own.is_empty(),
        };
        let more: Vec<Acceptance> = defaults_of(reader).filter(is_open).collect();
        let unwanted: Vec<String> = match own.is_empty() && more.is_empty() && !reader.judges() {
            true => vec![format!("nothing is wanted of what `{}` reads", reader.name())],
            false => {
                let asked = reader.asked_for();
                let open = asked.iter().filter(|name| !own.iter().any(|one| one.figure == **name));
                open.map(|name| format!("nothing is wanted of the figure `{name}`")).collect()
            }
        };
        for message in unwanted {
            let place = section.read.as_ref().map_or(0..0, Spanned::span);
            let names = listed(figures.iter().map(|(name, _)| name.as_str()));
            let example = reader.example().unwrap_or("…");
            let hint = format!("add accept = \"{example}\"; the figures of `{}` are: {names}", reader.name());
            resolver.mistake(place, message, hint);
        }
        accept.extend(more);
    }
    accept
}

/// What is wanted of `reader` where the file does not say.
pub(super) fn defaults_of(reader: &Reader) -> impl Iterator<Item = Acceptance> {
    let parsed = reader.defaults().iter().filter_map(|text| Acceptance::parse(text).ok());
    let name = reader.name().to_owned();
    parsed.map(move |one| Acceptance { reader: Some(name.clone()), ..one })
}

fn condition_text(resolver: &mut Resolver<'_>, item: &Spanned<Value>) -> Option<Spanned<String>> {
    match item.get_ref() {
        Value::String(text) => Some(Spanned::new(item.span(), text.clone())),
        other => {
            let message = format!("a condition is a text, not {}", other.type_name());
            resolver.mistake(item.span(), message, "for example \"failed == 0\"");
            None
        }
    }
}

fn condition(resolver: &mut Resolver<'_>, written: &Spanned<String>, readers: &[Reader]) -> Option<Acceptance> {
    let text = resolver.known(written)?;
    let accept = match Acceptance::parse(&text) {
        Ok(accept) => accept,
        Err(error) => {
            let span = resolver.source.within(&written.span(), &text, error.span);
            resolver.mistake(span, error.message, error.hint);
            return None;
        }
    };
    let of = readers.iter().filter(|reader| accept.reader.as_deref().is_none_or(|name| name == reader.name()));
    let figures: Vec<_> =
        of.flat_map(|reader| reader.figures().into_iter().map(|figure| (reader.name(), figure))).collect();
    let mut found = figures.iter().filter(|(_, (name, _))| *name == accept.figure);
    let problem = match (found.next(), found.next()) {
        (Some((_, (_, unit))), None) => match accept.mismatch(*unit) {
            None => return Some(accept),
            Some(mismatch) => (mismatch, "change the bound, or the figure".to_owned()),
        },
        (Some((one, _)), Some((other, _))) => {
            let hint = format!("write {one}.{0} or {other}.{0}", accept.figure);
            (format!("`{}` may be of `{one}` or of `{other}`", accept.figure), hint)
        }
        (None, _) => {
            let names = || figures.iter().map(|(_, (name, _))| name.as_str());
            let hint = match nearest(&accept.figure, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if figures.is_empty() => "add a reader with read = { … }: conditions are about its figures".into(),
                None => format!("the figures here are: {}", listed(names())),
            };
            (format!("there is no figure `{}`", accept.figure), hint)
        }
    };
    let span = resolver.source.within(&written.span(), &text, 0..text.len());
    resolver.mistake(span, problem.0, problem.1);
    None
}
