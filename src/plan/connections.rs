//! `[target] http` and `connections`: what is spoken, whose connections are, how long they are used and for how much.

use std::time::Duration;

use crate::scenario::{ConnectionsSection, Short, Spanned};
use crate::units::UnitError;
use crate::values::{Resolver, choice};

/// How connections are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connections {
    /// Who may send the next request over a connection; none if the load decides.
    pub per: Option<Per>,
    /// No connection is used for longer.
    pub max_age: Option<Duration>,
    /// No connection carries more requests.
    pub max_requests: Option<u64>,
    /// The most requests at one time over one connection that is shared, where it speaks HTTP/2; see [`Self::streams`].
    pub streams: Option<u64>,
}

/// What a shared HTTP/2 connection carries at one time if nobody says: what the standard advises targets to take.
const DEFAULT_STREAMS: u64 = 100;

impl Connections {
    /// The most requests at one time over one connection that is shared, where it speaks HTTP/2.
    pub fn streams(&self) -> u64 {
        self.streams.unwrap_or(DEFAULT_STREAMS)
    }
}

/// Which HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Http {
    /// Over TLS what the target picks, HTTP/2 before HTTP/1.1; HTTP/1.1 without.
    #[default]
    Auto,
    /// HTTP/1.1 alone.
    One,
    /// HTTP/2 alone, without TLS by prior knowledge.
    Two,
}

impl Http {
    const NAMES: [(&str, Self); 3] = [("auto", Self::Auto), ("1.1", Self::One), ("2", Self::Two)];

    /// As it is written.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, http)| *http == self).map_or("auto", |(name, _)| name)
    }
}

/// Who may send the next request over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// The user who opened it.
    User,
    /// Whoever needs one.
    Pooled,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, written: &Spanned<Short<ConnectionsSection>>) -> Connections {
    match written.get_ref() {
        Short::Text(text) => {
            let per = resolver.parsed(&Spanned::new(written.span(), text.clone()), per_of);
            Connections { per, ..Connections::default() }
        }
        Short::Table(section) => {
            let mut per = section.policy.as_ref().and_then(|policy| resolver.parsed(policy, per_of));
            let streams = section.streams.as_ref().and_then(|most| resolver.count("streams", most, 1));
            if let (Some(Per::User), Some(written)) = (per, &section.streams) {
                resolver.mistake(
                    written.span(),
                    "`streams` and the policy \"user\" contradict each other: one user sends one request at a time",
                    "leave one of them out, or write policy = \"pooled\"",
                );
            } else if streams.is_some() {
                // Whoever says how many requests share a connection wants them to.
                per = Some(Per::Pooled);
            }
            Connections {
                per,
                max_age: section.max_age.as_ref().and_then(|age| resolver.duration(age, true)),
                max_requests: section.max_requests.as_ref().and_then(|most| resolver.count("max_requests", most, 1)),
                streams,
            }
        }
    }
}

/// What `text` says is spoken.
pub(super) fn http_of(text: &str) -> Result<Http, UnitError> {
    choice(text, &Http::NAMES)
}

fn per_of(text: &str) -> Result<Per, UnitError> {
    choice(text, &[("user", Per::User), ("pooled", Per::Pooled)])
}
