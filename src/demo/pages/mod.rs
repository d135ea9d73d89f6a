//! What each route does: a call in, an answer out, grouped by what the routes are about.

pub(super) mod account;
pub(super) mod media;
pub(super) mod open;
