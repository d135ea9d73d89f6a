//! Findings, and the one pure function from findings to the run's verdict and exit code.

use serde::{Deserialize, Serialize};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A gate of the scenario.
    Gate,
    /// Whether the run can be judged at all: the generator's own behaviour.
    Validity,
    /// How a run compares with earlier ones.
    Baseline,
    /// An item of a release.
    Item,
}

/// How a finding came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// There is nothing to judge it by.
    NoData,
    /// The figures cannot be trusted.
    Invalid,
    /// It was not asked for this time.
    Skipped,
}

/// One judged statement, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// The gate's name, or the name of the property of the run.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// How it came out.
    pub status: Status,
    /// The statement as written.
    pub wanted: String,
    /// The figure that was observed, with its unit; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// By how much the figure may be too high through the generator itself and through rounding, in microseconds; absent
    /// where it is no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_budget_us: Option<f64>,
    /// How many samples the figure stands on.
    pub samples: u64,
    /// Where the figure would lie if the run were done again and again; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// When it was first broken, in seconds from the start of the load; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_broken_s: Option<u64>,
    /// Whether it is only reported, and decides nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub warn: bool,
    /// Why it came out so, where the figures alone do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a figure lies, as far as its samples tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Interval {
    /// The share of such intervals that hold the true figure, from 0 to 1.
    pub confidence: f64,
    /// Its lower end, in the unit of the bound: microseconds, a fraction of one, events per second; absent where the
    /// samples are too few for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Its upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Both as text with their unit: `198ms to 240ms`.
    pub text: String,
    /// How many samples that know nothing of each other would say as much.
    pub effective_samples: u64,
}

impl Finding {
    /// A finding without any evidence yet.
    pub fn new(name: impl Into<String>, kind: Kind, wanted: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            status: Status::NoData,
            wanted: wanted.into(),
            observed: None,
            error_budget_us: None,
            samples: 0,
            interval: None,
            first_broken_s: None,
            warn: false,
            reason: None,
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a run says about the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every gate holds, and the figures can be trusted.
    Pass,
    /// At least one gate does not hold, and the figures can be trusted.
    Fail,
    /// It cannot be known.
    Inconclusive,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The plan was carried out.
    #[default]
    Completed,
    /// Stopped by a step whose failure ends the run, or for a gate that could no longer hold.
    Aborted,
    /// Stopped by Ctrl-C.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
    /// Gone without a word: what is known of it is what its journal holds.
    Killed,
}

/// The exit codes, which other programs rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Every gate passed.
    Passed = 0,
    /// Something broke in mnload or its environment.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The scenario is invalid, or the target was not reachable before the start.
    Invalid = 3,
    /// The run says nothing certain.
    Inconclusive = 4,
    /// Nothing ran.
    NothingRan = 5,
    /// A gate or a check failed.
    Failed = 99,
    /// Ctrl-C; a partial report was written.
    Interrupted = 130,
    /// SIGTERM; a partial report was written.
    Terminated = 143,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

impl Verdict {
    /// The verdict that follows from `findings` alone.
    ///
    /// What cannot be trusted proves nothing, so it outweighs a failure; no finding at all proves nothing either.
    pub fn of(findings: &[Finding]) -> Self {
        let any = |statuses: &[Status]| {
            findings.iter().filter(|finding| !finding.warn).any(|finding| statuses.contains(&finding.status))
        };
        if any(&[Status::Invalid, Status::NoData]) {
            Self::Inconclusive
        } else if any(&[Status::Fail]) {
            Self::Fail
        } else if any(&[Status::Pass]) {
            Self::Pass
        } else {
            Self::Inconclusive
        }
    }

    /// The exit code of a run that ended in `ending` after starting `started` journeys.
    pub fn exit_code(self, ending: Ending, started: u64) -> ExitCode {
        match (ending, self) {
            (Ending::Interrupted, _) => ExitCode::Interrupted,
            (Ending::Terminated, _) => ExitCode::Terminated,
            // Nothing is known of the rest of it.
            (Ending::Killed, _) => ExitCode::Inconclusive,
            (Ending::Completed | Ending::Aborted, _) if started == 0 => ExitCode::NothingRan,
            (Ending::Completed | Ending::Aborted, Self::Pass) => ExitCode::Passed,
            (Ending::Completed | Ending::Aborted, Self::Fail) => ExitCode::Failed,
            (Ending::Completed | Ending::Aborted, Self::Inconclusive) => ExitCode::Inconclusive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(status: Status) -> Finding {
        Finding { status, ..Finding::new("latency", Kind::Gate, "p95 < 600ms") }
    }

    #[test]
    fn four_beats_ninety_nine_beats_zero() {
        use Status::{Fail, Invalid, NoData, Pass, Skipped};
        let table: [(&[Status], Verdict); 9] = [
            (&[], Verdict::Inconclusive),
            (&[Skipped], Verdict::Inconclusive),
            (&[Pass], Verdict::Pass),
            (&[Pass, Skipped], Verdict::Pass),
            (&[Pass, Fail], Verdict::Fail),
            (&[Pass, NoData], Verdict::Inconclusive),
            (&[Pass, Invalid], Verdict::Inconclusive),
            (&[Fail, NoData], Verdict::Inconclusive),
            (&[Pass, Fail, Invalid], Verdict::Inconclusive),
        ];
        for (statuses, wanted) in table {
            let findings: Vec<_> = statuses.iter().copied().map(finding).collect();
            assert_eq!(Verdict::of(&findings), wanted, "{statuses:?}");
        }
    }

    /// Each status, as a gate and as a warning.
    fn all_findings() -> Vec<Finding> {
        let all = [Status::Pass, Status::Fail, Status::NoData, Status::Invalid, Status::Skipped].map(finding);
        all.into_iter().flat_map(|gate| [gate.clone(), Finding { warn: true, ..gate }]).collect()
    }

    /// Up to three findings of every kind, in every order.
    fn all_small_runs() -> Vec<Vec<Finding>> {
        let mut runs = vec![Vec::new()];
        let mut longest = runs.clone();
        for _ in 0..3 {
            let with_one_more = |run: &Vec<Finding>| {
                let run = run.clone();
                all_findings().into_iter().map(move |finding| [run.clone(), vec![finding]].concat())
            };
            longest = longest.iter().flat_map(with_one_more).collect();
            runs.extend(longest.iter().cloned());
        }
        runs
    }

    #[test]
    fn every_small_run_is_judged_as_the_worst_of_what_decides() {
        // A row for each status that may be the worst: INCONCLUSIVE before FAIL before PASS.
        let table = [
            (Status::NoData, Verdict::Inconclusive),
            (Status::Invalid, Verdict::Inconclusive),
            (Status::Fail, Verdict::Fail),
            (Status::Pass, Verdict::Pass),
        ];
        let runs = all_small_runs();
        assert_eq!(runs.len(), 1 + 10 + 100 + 1_000);
        for run in runs {
            let decides = |status: Status| run.iter().any(|finding| !finding.warn && finding.status == status);
            let worst = table.into_iter().find(|(status, _)| decides(*status));
            let wanted = worst.map_or(Verdict::Inconclusive, |(_, verdict)| verdict);
            let statuses: Vec<_> = run.iter().map(|finding| (finding.status, finding.warn)).collect();
            assert_eq!(Verdict::of(&run), wanted, "{statuses:?}");
            let reversed: Vec<_> = run.iter().rev().cloned().collect();
            assert_eq!(Verdict::of(&reversed), wanted, "{statuses:?} in another order");
            let gates: Vec<_> = run.iter().filter(|finding| !finding.warn).cloned().collect();
            assert_eq!(Verdict::of(&gates), wanted, "{statuses:?} without its warnings");
        }
    }

    #[test]
    fn every_verdict_and_ending_has_its_exit_code() {
        use Ending::{Aborted, Completed, Interrupted, Terminated};
        use Verdict::{Fail, Inconclusive, Pass};
        for started in [0, 1, u64::MAX] {
            for (verdict, code) in [(Pass, 0), (Fail, 99), (Inconclusive, 4)] {
                for (ending, wanted) in [(Completed, code), (Aborted, code), (Interrupted, 130), (Terminated, 143)] {
                    // Nothing that ran is neither good nor bad; a signal is told whatever ran.
                    let wanted = if started == 0 && wanted < 130 { 5 } else { wanted };
                    assert_eq!(verdict.exit_code(ending, started) as u8, wanted, "{verdict:?} {ending:?} {started}");
                }
                assert_eq!(verdict.exit_code(Ending::Killed, started) as u8, 4, "{verdict:?} {started}");
            }
        }
    }

    #[test]
    fn a_run_of_warnings_alone_is_no_pass() {
        let warnings = [finding(Status::Pass), finding(Status::Pass)].map(|gate| Finding { warn: true, ..gate });
        assert_eq!(Verdict::of(&warnings), Verdict::Inconclusive);
    }
}
