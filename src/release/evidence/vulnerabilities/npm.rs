//! `npm audit --json`, version 2: packages, and the advisories or other packages that each is unsafe by.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::super::shapes::{count, object, word};
use super::severity::Severity;
use super::{Audit, Issue};

/// The severities of npm, which it counts.
const COUNTED: [Severity; 5] = [Severity::Info, Severity::Low, Severity::Moderate, Severity::High, Severity::Critical];

pub(super) fn is(json: &Json) -> bool {
    let could_not_ask = json.get("message").is_some() && json.get("error").is_some();
    json.get("auditReportVersion").is_some() || could_not_ask
}

pub(super) fn audit(json: &Json) -> Result<Audit, String> {
    let Some(version) = json.get("auditReportVersion") else {
        return Err(format!("npm could not audit: {}", word(json, "message")));
    };
    if version.as_u64() != Some(2) {
        return Err(format!("it is of version {version}, and only version 2 is known"));
    }
    let metadata = json.get("metadata").ok_or("it has no metadata, so it is not known what was audited")?;
    if count(metadata.get("dependencies").unwrap_or(&Json::Null), "total")? == 0 {
        return Err("it audited no packages".to_owned());
    }
    let packages = object(json, "vulnerabilities")?;
    let mut audit = Audit::default();
    for (name, package) in packages {
        audit.issues.push(issue(name, package, packages)?);
    }
    // What a severity of no known name is counted as, npm does not tell either.
    let says = metadata.get("vulnerabilities").unwrap_or(&Json::Null);
    for severity in COUNTED {
        let says = count(says, severity.name())?;
        let lists = audit.issues.iter().filter(|issue| issue.severity == severity).count() as u64;
        if says != lists {
            let name = severity.name();
            return Err(format!("it contradicts itself: {name} is {says} by its totals, and {lists} by its packages"));
        }
    }
    let total = count(says, "total")?;
    if total != packages.len() as u64 {
        return Err(format!("it contradicts itself: it counts {total} packages, and lists {}", packages.len()));
    }
    Ok(audit)
}

fn issue(name: &str, package: &Json, packages: &Map<String, Json>) -> Result<Issue, String> {
    let severity = Severity::of_word(word(package, "severity")).unwrap_or(Severity::Unknown);
    let own =
        advisories(package).map(|advisory| Severity::of_word(word(advisory, "severity")).unwrap_or(Severity::Unknown));
    let worst = Severity::worst(own.chain([severity]));
    if worst != severity {
        let (worst, says) = (worst.name(), severity.name());
        return Err(format!("it contradicts itself: {name} is {says}, and has a cause that is {worst}"));
    }
    let mut causes = Vec::new();
    let mut titles = Vec::new();
    let mut seen = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(at) = open.pop() {
        let Some(package) = packages.get(at) else {
            // A cause that is not told cannot be waived by itself.
            causes.push(vec![name.to_owned(), at.to_owned()]);
            continue;
        };
        for advisory in advisories(package) {
            let url = word(advisory, "url");
            let source = advisory.get("source").map(Json::to_string).unwrap_or_default();
            let id = url.rsplit('/').next().unwrap_or_default().to_owned();
            titles.push(format!("{id} {}", word(advisory, "title")));
            let names = [id, url.to_owned(), source, at.to_owned(), name.to_owned()];
            causes.push(names.into_iter().filter(|name| !name.is_empty()).collect());
        }
        let others = via(package).filter_map(Json::as_str);
        open.extend(others.filter(|other| seen.insert(other)));
    }
    if causes.is_empty() {
        causes.push(vec![name.to_owned()]);
    }
    Ok(Issue { severity, title: format!("{name} by {}", titles.join(", ")), causes })
}

fn via(package: &Json) -> impl Iterator<Item = &Json> {
    package.get("via").and_then(Json::as_array).into_iter().flatten()
}

fn advisories(package: &Json) -> impl Iterator<Item = &Json> {
    via(package).filter(|via| via.is_object())
}
