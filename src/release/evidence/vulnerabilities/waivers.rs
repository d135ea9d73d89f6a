//! What is known and borne for a time: each waiver says why, and until when.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Issue;
use crate::scenario::Spanned;
use crate::values::Resolver;

/// Something that is borne for a time.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverSection {
    /// What: `GHSA-…`, `CVE-…`, a rule, or the name of a package.
    pub id: Option<Spanned<String>>,
    /// Why it can be borne.
    pub reason: Option<Spanned<String>>,
    /// The last day on which it is, as `2026-12-31` (UTC).
    pub expires: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub(super) struct Waiver {
    id: String,
    reason: String,
    expires: Date,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<WaiverSection>) -> Option<Waiver> {
    let written = section.get_ref();
    let mut text = |value: &Option<Spanned<String>>, missing: &str, hint: &str| {
        let text = value.as_ref().and_then(|value| resolver.known(value));
        match text.map(|text| text.trim().to_owned()) {
            Some(text) if !text.is_empty() => Some(text),
            None if value.is_some() => None,
            _ => {
                let span = value.as_ref().map_or(section.span(), Spanned::span);
                resolver.mistake(span, missing, hint);
                None
            }
        }
    };
    let id = text(&written.id, "this waiver does not say what it is for", "add id = \"GHSA-…\", a CVE or a package");
    let reason = text(&written.reason, "this waiver has no reason", "add reason = \"why it can be borne\"");
    let expires = text(&written.expires, "this waiver has no end", "add its last day: expires = \"2026-12-31\"");
    let expires = expires.and_then(|day| match day.parse::<Date>() {
        Ok(date) => Some(date),
        Err(_) => {
            let span = written.expires.as_ref().map_or(section.span(), Spanned::span);
            resolver.mistake(span, format!("`{day}` is no day"), "write it as 2026-12-31");
            None
        }
    });
    Some(Waiver { id: id?, reason: reason?, expires: expires? })
}

#[cfg(test)]
impl Waiver {
    pub(super) fn new(id: &str, reason: &str, expires: &str) -> Self {
        Self { id: id.to_owned(), reason: reason.to_owned(), expires: expires.parse().unwrap() }
    }
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "until {} ({})", self.expires, self.reason)
    }
}

/// Waivers on one day, and whether they were needed.
pub(super) struct Waivers<'w> {
    today: Date,
    all: Vec<(&'w Waiver, bool)>,
}

impl<'w> Waivers<'w> {
    pub(super) fn at(waivers: &'w [Waiver], now: Timestamp) -> Self {
        let today = now.to_zoned(TimeZone::UTC).date();
        Self { today, all: waivers.iter().map(|waiver| (waiver, false)).collect() }
    }

    /// A waiver that holds for `issue`, if there is one for each of its causes.
    pub(super) fn of(&mut self, issue: &Issue) -> Option<&'w Waiver> {
        let today = self.today;
        let mut found = None;
        let mut all_are_waived = !issue.causes.is_empty();
        for cause in &issue.causes {
            let mut is_waived = false;
            for (waiver, needed) in &mut self.all {
                if cause.iter().any(|id| id.eq_ignore_ascii_case(&waiver.id)) {
                    *needed = true;
                    if today <= waiver.expires {
                        is_waived = true;
                        found = found.or(Some(*waiver));
                    }
                }
            }
            all_are_waived &= is_waived;
        }
        found.filter(|_| all_are_waived)
    }

    /// What is to be said of waivers that are over, and of those that nothing needs.
    pub(super) fn remarks(&self) -> Vec<String> {
        let remark = |(waiver, needed): &(&Waiver, bool)| match (needed, self.today > waiver.expires) {
            (true, true) => Some(format!("the waiver of {} ended on {}: it does not count", waiver.id, waiver.expires)),
            (false, _) => Some(format!("nothing needs the waiver of {}: take it away", waiver.id)),
            (true, false) => None,
        };
        self.all.iter().filter_map(remark).collect()
    }
}
