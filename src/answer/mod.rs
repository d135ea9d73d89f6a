//! What is looked at in an answer: compiled checks, and selectors that take values out of it.
//!
//! Takes one complete [`Seen`] answer and what a plan compiled before the run; gives values, or what was [`Missing`],
//! and for checks nothing, or what was [`Missed`]. Knows no scenario, no clock and no socket. Texts that describe an
//! answer are one line, bounded and free of control characters; hiding secrets in them is for whoever shows them.

mod check;
mod decode;
mod difference;
mod judge;
mod matcher;
mod nearest;
mod number;
mod outline;
mod path;
mod plain;
mod read;
mod seen;
mod select;
mod selector;
mod skim;
mod status;
mod text;

pub use check::{Check, Version};
pub use decode::DECODED_AT_MOST;
pub use judge::{Documents, Missed};
pub use matcher::{Bound, JsonType, Matcher, Relation};
pub use outline::Outline;
pub use path::JsonQuery;
pub use read::{Part, ReadError};
pub use seen::{Facts, Seen};
pub use select::{Found, Missing};
pub use selector::{Selector, SelectorError};
pub use status::{StatusRange, StatusSet};
