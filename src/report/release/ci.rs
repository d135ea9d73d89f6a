//! A release as the build servers want to be told of it: the same forms as a run, about items.

use std::path::Path;

use super::words;
use crate::release::result::{ItemResult, ReleaseResult};
use crate::report::ci::{Issue, Place, Weight, azure, github, issue, shortened};
use crate::report::finding::warns;
use crate::verdict::Verdict;

/// GitHub's annotations, one in a line; `place.lines` are those of items, by id.
pub fn told_to_github(result: &ReleaseResult, place: &Place) -> String {
    github::annotations(&issues(result, place, github::MOST), place)
}

/// Azure's issues, one in a line, and the line that takes `summary` up.
pub fn told_to_azure(result: &ReleaseResult, place: &Place, summary: &Path) -> String {
    azure::lines(&issues(result, place, azure::MOST), place, summary)
}

/// The outputs of a step of GitHub, each between lines that its value cannot hold, since `token` is in none.
pub fn outputs(result: &ReleaseResult, report_path: &str, token: &str) -> String {
    let verdict = serde_json::to_value(result.verdict).unwrap_or_default();
    let values = [
        ("verdict", verdict.as_str().unwrap_or_default()),
        ("go", if result.go { "true" } else { "false" }),
        ("exit_code", &result.exit_code.to_string()),
        ("report_path", report_path),
    ];
    github::between(&values, token)
}

/// At most `most` errors and as many warnings: what is not known comes before what failed.
fn issues(result: &ReleaseResult, place: &Place, most: usize) -> Vec<Issue> {
    let of_item = |item: &ItemResult, weight: Weight| {
        let why = match &item.reasons[..] {
            [] => words::observed(item),
            reasons => reasons.join("; "),
        };
        issue(weight, &format!("{}: {}", item.id, item.title), &why, place.lines.get(&item.id).copied())
    };
    let mut all: Vec<Issue> = words::red(result).into_iter().map(|item| of_item(item, Weight::Error)).collect();
    if all.is_empty() && result.verdict != Verdict::Pass {
        let why = result.reasons.first().map_or("it cannot be known", String::as_str);
        all.push(issue(Weight::Error, &result.name, why, None));
    }
    let warned = words::items(result).filter(|item| warns(item.status, item.warn));
    all.extend(warned.map(|item| of_item(item, Weight::Warning)));
    all.extend(result.warnings.iter().map(|warning| issue(Weight::Warning, &result.name, warning, None)));
    shortened(&all, most)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn what_keeps_it_from_being_a_go_is_told_at_its_place() {
        let place = Place { file: "release.toml".to_owned(), lines: [("coverage".to_owned(), 12)].into() };
        let told = told_to_github(&fixture::no_go(), &place);
        assert!(
            told.starts_with("::error file=release.toml,title=audit%3A No critical or high vulnerability::"),
            "{told}"
        );
        assert!(told.contains("::error file=release.toml,line=12,title=coverage%3A Coverage::"), "{told}");
        assert!(told.contains("::warning file=release.toml,title=docs%3A Documents build::"), "{told}");
        assert_eq!(told_to_github(&fixture::go(), &place), "");
        let azure = told_to_azure(&fixture::go(), &place, Path::new("/run/summary.md"));
        assert_eq!(azure, "##vso[task.uploadsummary]/run/summary.md\n");
    }

    #[test]
    fn a_verdict_that_no_item_explains_is_told() {
        let told = told_to_github(&fixture::empty(), &Place::default());
        assert_eq!(told.lines().count(), 1, "{told}");
    }

    #[test]
    fn outputs_are_the_ones_that_are_documented() {
        let text = outputs(&fixture::go(), "reports/r/report.html", "t");
        let names: Vec<&str> = text.lines().filter_map(|line| line.split_once("<<")).map(|(name, _)| name).collect();
        assert_eq!(names, ["verdict", "go", "exit_code", "report_path"]);
        assert!(text.contains("go<<mnload_t\ntrue\nmnload_t\n"), "{text}");
    }
}
