//! Cases of `junit.xml`: names of their own, and what makes one red.

use std::collections::{HashMap, HashSet};

use quick_junit::{NonSuccessKind, TestCaseStatus};

use super::inert::line;

/// Longer names are cut.
pub(super) const LONGEST_NAME: usize = 300;
/// Longer lines are cut.
pub(super) const LONGEST_LINE: usize = 500;
/// More cases than this are left to `result.json`.
pub(super) const MOST_CASES: usize = 5_000;

/// Names that came already get a number.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// How often each came.
    seen: HashMap<String, u64>,
}

impl Names {
    /// `kind: name`, with a number behind it if that is taken.
    pub(super) fn unique(&mut self, kind: &str, name: &str) -> String {
        let name = format!("{kind}: {}", line(name, LONGEST_NAME));
        let seen = self.seen.entry(name.clone()).or_default();
        loop {
            *seen += 1;
            let unique = if *seen == 1 { name.clone() } else { format!("{name} ({seen})") };
            if self.taken.insert(unique.clone()) {
                return unique;
            }
        }
    }
}

/// A case that is no success.
pub(super) fn red(kind: NonSuccessKind, ty: &str, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message).set_type(line(ty, LONGEST_NAME)).set_description(description);
    status
}

/// A case that was not done.
pub(super) fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(line(why, LONGEST_LINE));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_whatever_they_are() {
        let mut names = Names::default();
        let given = ["a", "a (2)", "a", "a", "b"].map(|name| names.unique("gate", name));
        let mut unique = given.to_vec();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 5, "{given:?}");
        assert_eq!((given[0].as_str(), given[4].as_str()), ("gate: a", "gate: b"));
    }
}
