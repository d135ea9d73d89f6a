//! Errors by class, with the first few of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Examples kept of one class of error.
pub(super) const MOST_EXAMPLES: usize = 3;

/// Errors by class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors(BTreeMap<Failure, ErrorTally>);

/// The errors of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorTally {
    /// How many.
    pub count: u64,
    /// When the first came, in nanoseconds from the start of the load.
    pub first_ns: u64,
    /// When the last came.
    pub last_ns: u64,
    /// The first few.
    pub examples: Vec<ErrorExample>,
}

/// One error, kept to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ErrorExample {
    /// When, in nanoseconds from the start of the load.
    pub at_ns: u64,
    /// In which step.
    pub step: usize,
    /// What was said, without secrets.
    pub message: String,
}

impl Errors {
    /// Counts one error; `example` is asked for only while examples of its class are wanted.
    pub fn note(&mut self, failure: Failure, at_ns: u64, step: usize, example: impl FnOnce() -> String) {
        let error = self.0.entry(failure).or_insert_with(|| ErrorTally::starting_at(at_ns));
        error.count += 1;
        error.first_ns = error.first_ns.min(at_ns);
        error.last_ns = error.last_ns.max(at_ns);
        if error.examples.len() < MOST_EXAMPLES {
            error.examples.push(ErrorExample { at_ns, step, message: example() });
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (failure, theirs) in &other.0 {
            self.0.entry(*failure).or_insert_with(|| ErrorTally::starting_at(theirs.first_ns)).merge(theirs);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was counted of `failure`, if anything was.
    pub fn get(&self, failure: &Failure) -> Option<&ErrorTally> {
        self.0.get(failure)
    }

    /// The earliest of the examples that were kept.
    pub fn first_example(&self) -> Option<&ErrorExample> {
        self.0.values().flat_map(|error| &error.examples).min()
    }

    /// The classes, the most frequent first.
    pub fn by_count(&self) -> Vec<(Failure, &ErrorTally)> {
        let mut errors: Vec<_> = self.0.iter().map(|(failure, tally)| (*failure, tally)).collect();
        errors.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
        errors
    }
}

impl ErrorTally {
    fn starting_at(first_ns: u64) -> Self {
        Self { count: 0, first_ns, last_ns: first_ns, examples: Vec::new() }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.first_ns = self.first_ns.min(other.first_ns);
        self.last_ns = self.last_ns.max(other.last_ns);
        self.examples.extend(other.examples.iter().cloned());
        // The earliest ones stay, so that the order of merging does not matter.
        self.examples.sort();
        self.examples.truncate(MOST_EXAMPLES);
    }
}
