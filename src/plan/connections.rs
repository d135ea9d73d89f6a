//! `[target] connections`: whose connections are, how long they are used and for how much.

use std::time::Duration;

use super::resolver::{Resolver, choice};
use crate::scenario::{ConnectionsSection, Short, Spanned};
use crate::units::UnitError;

/// How connections are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connections {
    /// Who may send the next request over a connection; none if the load decides.
    pub per: Option<Per>,
    /// No connection is used for longer.
    pub max_age: Option<Duration>,
    /// No connection carries more requests.
    pub max_requests: Option<u64>,
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
        Short::Table(section) => Connections {
            per: section.policy.as_ref().and_then(|policy| resolver.parsed(policy, per_of)),
            max_age: section.max_age.as_ref().and_then(|age| resolver.duration(age, true)),
            max_requests: section.max_requests.as_ref().and_then(|most| resolver.count("max_requests", most, 1)),
        },
    }
}

fn per_of(text: &str) -> Result<Per, UnitError> {
    choice(text, &[("user", Per::User), ("pooled", Per::Pooled)])
}
