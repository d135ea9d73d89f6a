//! The gates of a release: commands that a team has, evidence that is read, confirmations that are signed, one go or no-go.
//!
//! ```text
//! ReleaseFile → Checklist → Outcome per item → Findings → Verdict → ReleaseResult
//! as written    checked     run and read       judged
//! ```
//!
//! `file` is what is written, [`checklist`] what it means (`resolve` finds out), [`evidence`] reads what commands leave, [`accept`] compares
//! it, [`run`] carries it all out, and [`result`] is what reports are made of. What is not known is never a pass.

pub mod accept;
pub mod checklist;
pub mod evidence;
mod figure;
pub mod file;
mod item;
mod order;
mod resolve;
pub mod result;
mod rollback;
pub mod run;
mod schema;
mod wanted;
pub mod work;
mod written;

pub use checklist::{Checklist, ReleaseFile, RunFacts};
pub use figure::{Figure, Reading, SourceRead, Unit};
pub use schema::schema;
