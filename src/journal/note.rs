//! What is no histogram: comments of a journal that other readers skip.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::{Outcome, StepTally, Tally};
use crate::verdict::Ending;

/// What such a comment starts with, behind the `#`.
pub(super) const START: &str = "[mnload ";
/// What it ends with.
pub(super) const END: &str = "]";
/// The version of their form; readers of 1 read all that start with `1.`.
pub(super) const VERSION: &str = "1.0.0";

/// One comment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Note<H> {
    /// What the run is; the first of all.
    Head(Head<H>),
    /// What else was counted in a second, behind its histograms: with it the second is complete.
    Second(Box<SecondNote>),
    /// The load came to its end, whichever.
    End(End),
}

/// What the run is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head<H> {
    /// The version of this form.
    pub(super) version: String,
    /// The version of mnload that wrote it.
    pub(super) mnload_version: String,
    /// The names of the series as they are in tags, in order.
    pub(super) series: Vec<String>,
    /// What else there is to know of the run.
    pub(super) about: H,
}

/// What else was counted in a second.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SecondNote {
    /// Which it is, from the start of the load.
    pub(super) number: u64,
    /// How many times, and the lowest and highest of them in microseconds, of each histogram of the second, in order.
    pub(super) times: Vec<(u64, u64, u64)>,
    /// Counts of the whole second.
    pub(super) counts: Tally,
    /// Counts of the series that had something.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) steps: BTreeMap<usize, StepTally>,
    /// How steps came out one by one, where a gate asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) outcomes: Vec<Outcome>,
    /// How many seconds before it could not be written.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) left_out: u64,
}

/// How the load came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct End {
    /// completed, aborted, interrupted or terminated.
    pub ending: Ending,
    /// How many seconds the journal holds.
    pub seconds: u64,
    /// How many could not be written.
    pub left_out: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
