//! A run as the build servers want to be told of it: pure text, in each one's own form.
//!
//! Which of them is there follows from the environment alone ([`Server::of`]); `docs/ci.md` says what comes of it.

pub(super) mod azure;
mod exploration;
pub(super) mod github;

pub use azure::told as told_to_azure;
pub use exploration::outputs as exploration_outputs;
pub use github::{guarded, outputs as github_outputs, step_summary, told as told_to_github};

use std::collections::BTreeMap;

use super::Kind;
use super::finding::is_warning;
use super::inert::line;
use super::result::RunResult;
use crate::verdict::{Finding, Status, Verdict};

const LONGEST: usize = 500;

/// A build server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// GitHub Actions, and what behaves like it.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
}

impl Server {
    /// The one that `variable` of the environment tells of; none if there is none that is known.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_set = |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        match () {
            () if is_set("GITHUB_ACTIONS") => Some(Self::GitHub),
            () if is_set("GITLAB_CI") => Some(Self::GitLab),
            () if is_set("TF_BUILD") => Some(Self::Azure),
            () => None,
        }
    }

    /// The reports that the run folder has because of it.
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Self::GitLab => &[Kind::Gitlab, Kind::OpenMetrics],
            Self::GitHub | Self::Azure => &[],
        }
    }
}

/// Where a scenario lies in its repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Its file, from the root of the repository.
    pub file: String,
    /// The lines of its gates by name, as far as they stand in that file.
    pub lines: BTreeMap<String, usize>,
}

/// How much an issue weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Error,
    Warning,
}

/// Something that a build shows beside its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issue {
    pub(super) weight: Weight,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) line: Option<usize>,
}

/// At most `most` errors and as many warnings, what weighs most first; the last of each says how many more there are.
fn issues(result: &RunResult, place: &Place, most: usize) -> Vec<Issue> {
    let mut all = Vec::new();
    // What makes a run say nothing comes before what it would have said.
    for statuses in [[Status::Invalid, Status::NoData], [Status::Fail, Status::Fail]] {
        let meant = result.findings.iter().filter(|finding| !finding.warn && statuses.contains(&finding.status));
        all.extend(meant.map(|finding| of_finding(finding, Weight::Error, place)));
    }
    if result.verdict != Verdict::Pass {
        let failed = result.calls.iter().filter(|call| !call.tried_again);
        all.extend(failed.filter_map(|call| Some((call, call.failure.as_ref()?))).map(|(call, failure)| {
            let first = failure.evidence.checks.first();
            let seen =
                first.map(|check| format!(": {}: wanted {}, found {}", check.target, check.expected, check.actual));
            issue(Weight::Error, &call.step, &format!("{}{}", failure.class, seen.unwrap_or_default()), None)
        }));
        if all.is_empty() {
            let why = result.reasons.first().map_or("it cannot be known", String::as_str);
            all.push(issue(Weight::Error, &result.name, why, None));
        }
    }
    let warned = result.findings.iter().filter(|finding| is_warning(finding));
    all.extend(warned.map(|finding| of_finding(finding, Weight::Warning, place)));
    // Gates that warn are among the warnings, too.
    let told: Vec<String> = super::finding::warnings(&result.findings);
    let others = result.warnings.iter().filter(|warning| !told.contains(warning));
    all.extend(others.map(|warning| issue(Weight::Warning, &result.name, warning, None)));
    shortened(&all, most)
}

/// At most `most` of each weight, errors first; the last of each says how many more there are.
pub(super) fn shortened(all: &[Issue], most: usize) -> Vec<Issue> {
    [Weight::Error, Weight::Warning].into_iter().flat_map(|weight| first_of(all, weight, most)).collect()
}

fn first_of(all: &[Issue], weight: Weight, most: usize) -> Vec<Issue> {
    let of_weight: Vec<&Issue> = all.iter().filter(|issue| issue.weight == weight).collect();
    if of_weight.len() <= most {
        return of_weight.into_iter().cloned().collect();
    }
    let shown = most.saturating_sub(1);
    let more = format!("{} more, see the summary", of_weight.len() - shown);
    of_weight.into_iter().take(shown).cloned().chain([issue(weight, "and more", &more, None)]).collect()
}

fn of_finding(finding: &Finding, weight: Weight, place: &Place) -> Issue {
    let observed = finding.observed.as_deref().map(|observed| format!(", observed {observed}")).unwrap_or_default();
    let reason = finding.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let message = format!("wanted {}{observed}{reason}", finding.wanted);
    issue(weight, &finding.name, &message, place.lines.get(&finding.name).copied())
}

/// An issue in one line.
pub(super) fn issue(weight: Weight, title: &str, message: &str, at: Option<usize>) -> Issue {
    Issue { weight, title: line(title, LONGEST), message: line(message, LONGEST), line: at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Fixture, finding, invalid};

    type Variables = [(&'static str, &'static str)];

    #[test]
    fn the_environment_alone_decides() {
        let table: [(&Variables, Option<Server>); 9] = [
            (&[], None),
            (&[("CI", "true")], None),
            (&[("GITHUB_ACTIONS", "true")], Some(Server::GitHub)),
            (&[("GITHUB_ACTIONS", "false")], None),
            (&[("GITHUB_ACTIONS", "")], None),
            (&[("CI", "true"), ("GITLAB_CI", "true")], Some(Server::GitLab)),
            (&[("TF_BUILD", "True")], Some(Server::Azure)),
            (&[("JENKINS_URL", "http://jenkins.example")], None),
            (&[("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")], Some(Server::GitHub)),
        ];
        for (environment, wanted) in table {
            let variable =
                |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, it)| (*it).to_owned());
            assert_eq!(Server::of(variable), wanted, "{environment:?}");
        }
        assert_eq!(Server::GitLab.kinds(), [Kind::Gitlab, Kind::OpenMetrics]);
    }

    #[test]
    fn what_weighs_most_comes_first_and_what_is_too_much_is_counted() {
        let fail = |number: usize| finding(&format!("gate {number}"), Status::Fail, "p95 < 1ms", Some("2ms"));
        let mut findings: Vec<Finding> = (0..14).map(fail).collect();
        findings.push(Finding { warn: true, ..fail(99) });
        findings.push(invalid("punctual", "lag < 1ms", "9ms", "it was late"));
        let result = Fixture { findings, ..Fixture::default() }.report().result;
        let place = Place { lines: [("gate 0".to_owned(), 7)].into(), ..Place::default() };
        let issues = issues(&result, &place, 10);
        let titles: Vec<&str> = issues.iter().map(|issue| issue.title.as_str()).collect();
        assert_eq!(
            (titles.len(), titles[0], titles[1], titles[9], titles[10]),
            (11, "punctual", "gate 0", "and more", "gate 99")
        );
        assert_eq!((issues[1].line, issues[9].message.as_str()), (Some(7), "6 more, see the summary"));
        assert_eq!(issues[1].message, "wanted p95 < 1ms, observed 2ms");
    }

    #[test]
    fn a_verdict_that_no_gate_explains_is_told_and_a_pass_is_not() {
        let result = Fixture { findings: Vec::new(), ..Fixture::default() }.report().result;
        assert_eq!(issues(&result, &Place::default(), 10).len(), 1);
        let result =
            Fixture { findings: vec![finding("a", Status::Pass, "b", None)], ..Fixture::default() }.report().result;
        assert_eq!(issues(&result, &Place::default(), 10), []);
        assert_eq!(issues(&Fixture::once().report().result, &Place::default(), 10).len(), 3, "the gate and two calls");
    }
}
