//! What sections of a release file have in common: names and values, lists of texts, ids, owners.

use std::ops::Range;

use crate::diagnostic::{listed, nearest};
use crate::scenario::{Entries, Spanned};
use crate::values::Resolver;

/// Names and values, filled in.
pub(super) fn pairs(resolver: &mut Resolver<'_>, entries: Option<&Spanned<Entries>>) -> Vec<(String, String)> {
    let entries = entries.iter().flat_map(|entries| &entries.get_ref().0);
    entries.map(|(name, value)| (name.get_ref().clone(), resolver.scalar(name.get_ref(), value))).collect()
}

pub(super) fn texts(resolver: &mut Resolver<'_>, list: Option<&Spanned<Vec<Spanned<String>>>>) -> Vec<String> {
    list.iter().flat_map(|list| list.get_ref()).map(|text| resolver.text(text)).collect()
}

/// A name that the command line, file names and environment variables can hold.
pub(super) fn identifier(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<String>>,
    owner: Range<usize>,
    what: &str,
) -> String {
    let Some(written) = written else {
        resolver.mistake(owner, format!("{what} needs an id"), "for example id = \"typecheck\"");
        return String::new();
    };
    let id = resolver.text(written);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 60 || !id.chars().all(plain) || id.starts_with('-') {
        let hint = "an id has up to 60 letters, digits, - and _; the title may be any text";
        resolver.mistake(written.span(), format!("`{id}` cannot be an id"), hint);
    }
    id
}

pub(super) fn owners<'r>(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<Vec<Spanned<String>>>>,
    roles: impl Iterator<Item = &'r String> + Clone,
) -> Vec<String> {
    for owner in written.iter().flat_map(|list| list.get_ref()) {
        let known = roles.clone().any(|role| role == owner.get_ref());
        if roles.clone().next().is_some() && !known {
            let names = || roles.clone().map(String::as_str);
            let hint = match nearest(owner.get_ref(), names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the roles are: {}", listed(names())),
            };
            resolver.mistake(owner.span(), format!("there is no role `{}`", owner.get_ref()), hint);
        }
    }
    texts(resolver, written)
}
