//! What stands around a comparison of two runs or two explorations: its verdict, and the first line for people.

use anstyle::AnsiColor;
use serde::{Deserialize, Serialize};

use super::console::coloured;
use super::finding::reasons;
use crate::verdict::{Ending, Finding, Verdict};

/// What `mnload compare --format json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareDocument<C> {
    /// `mnload.comparison` of runs, `mnload.exploration-comparison` of explorations.
    pub schema: String,
    /// Semantic version of this shape.
    pub schema_version: String,
    /// The version of mnload that compared.
    pub mnload_version: String,
    /// pass, fail or inconclusive.
    pub verdict: Verdict,
    /// What the process exits with.
    pub exit_code: u8,
    /// Why the verdict is not pass.
    pub reasons: Vec<String>,
    /// The comparison itself.
    #[serde(flatten)]
    pub comparison: C,
}

impl<C> CompareDocument<C> {
    /// The document of `comparison`, whose `findings` decide.
    pub(super) fn judged([schema, schema_version]: [&str; 2], comparison: C, findings: fn(&C) -> &[Finding]) -> Self {
        let verdict = Verdict::of(findings(&comparison));
        Self {
            schema: schema.to_owned(),
            schema_version: schema_version.to_owned(),
            mnload_version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict,
            exit_code: verdict.exit_code(Ending::Completed, 1) as u8,
            reasons: reasons(findings(&comparison)),
            comparison,
        }
    }

    /// The verdict with what it means: `pass`, `fail`, or that it is `open`.
    pub(super) fn headline(&self, [pass, fail, open]: [&str; 3]) -> String {
        let (word, colour, meaning) = match self.verdict {
            Verdict::Pass => ("PASS", AnsiColor::Green, pass),
            Verdict::Fail => ("FAIL", AnsiColor::Red, fail),
            Verdict::Inconclusive => ("INCONCLUSIVE", AnsiColor::Yellow, open),
        };
        let style = coloured(colour).bold();
        format!("{style}{word}{style:#}  {meaning} (exit {})\n", self.exit_code)
    }
}
