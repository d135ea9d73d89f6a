//! Carrying a release out: which item may start, its command whatever that does, how it came out, who confirms it.
//!
//! ```text
//! Checklist → Schedule → process → readers → judge → Done per item
//! ```
//!
//! `schedule` and `judge` are pure; `process` starts one command; `runner` is all of it, in threads. What holds of
//! earlier runs is not repeated (`resume`, by the hashes of `inputs`); a confirmation holds for one state of the
//! working tree (`signoff`, `tree`). Nothing here prints: an [`Onlooker`] is told.

mod assemble;
mod attempt;
mod capture;
mod collect;
mod content;
#[cfg(test)]
mod fixture;
mod ground;
mod inputs;
mod judge;
mod launch;
mod process;
mod resume;
mod runner;
mod schedule;
mod secrets;
mod select;
mod shell;
mod signal;
mod signoff;
mod tree;

pub use assemble::{Circumstances, result_of};
pub use ground::{Ground, Onlooker, file_time};
pub use process::Halt;
pub use resume::{Earlier, Found, RESULT, since};
pub use runner::{Done, Foreseen, carry_out, foreseen};
pub use schedule::{Schedule, Step};
pub use secrets::note_environment;
pub use select::Selection;
pub use shell::Starter;
pub use signoff::{Book, Signing, asked, given};
pub use tree::{Left, commit_of, tracked_of};
