//! The journal of a run: what was counted in each second, on disk when the next one is over, readable long after a crash.
//!
//! It is an interval log of HdrHistogram (V2, one tag per series and kind of time) that other tools can read. What is no
//! histogram stands in comments that they skip: `#[mnload {…}]`. Takes [`crate::metrics::Second`]s and gives them back;
//! what the run was is data that it does not look at.

mod check;
mod histogram;
mod hold;
mod keeper;
mod log;
mod note;
mod read;
mod tags;
#[cfg(test)]
mod tests;

pub use hold::{is_gone, is_held_by_another};
pub use keeper::{Facts, Keeper};
pub use log::{Log, Parts};
pub use note::End;
pub use read::{Damage, Reader};
pub use tags::series_tags;

/// What its file is called in the run folder.
pub const FILE_NAME: &str = "journal.hlog";
