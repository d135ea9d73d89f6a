//! Trivy's JSON: vulnerabilities, failed checks of configuration and secrets, by target.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::super::shapes::word;
use super::severity::Severity;
use super::{Audit, Issue};

/// What is counted of a target: the list, the names that a waiver may use, and what says what it is.
const LISTS: [(&str, [&str; 4], &str); 3] = [
    ("Vulnerabilities", ["VulnerabilityID", "PkgName", "PkgID", "PkgPath"], "Title"),
    ("Misconfigurations", ["ID", "AVDID", "Type", "Namespace"], "Title"),
    ("Secrets", ["RuleID", "Category", "", ""], "Title"),
];

pub(super) fn is(json: &Json) -> bool {
    json.get("SchemaVersion").is_some() && json.get("ArtifactName").is_some()
}

pub(super) fn audit(json: &Json) -> Result<Audit, String> {
    let version = json.get("SchemaVersion").unwrap_or(&Json::Null);
    if version.as_u64() != Some(2) {
        return Err(format!("it is of version {version}, and only version 2 is known"));
    }
    let targets = json.get("Results").and_then(Json::as_array).filter(|targets| !targets.is_empty());
    let targets = targets.ok_or("it lists no target, so nothing is known to have been scanned")?;
    let mut audit = Audit { made: word(json, "CreatedAt").parse::<Timestamp>().ok(), ..Audit::default() };
    let mut licenses = 0;
    for target in targets {
        if !target.is_object() {
            return Err("a target is no object".to_owned());
        }
        for (key, names, title) in LISTS {
            for found in found(target, key)? {
                // A check of configuration that holds is listed, too.
                if word(found, "Status") != "PASS" {
                    audit.issues.push(issue(target, found, &names, title));
                }
            }
        }
        licenses += found(target, "Licenses")?.len();
    }
    if licenses > 0 {
        audit.notes.push(format!("{licenses} licenses in it are not looked at"));
    }
    let system = json.get("Metadata").and_then(|metadata| metadata.get("OS"));
    if system.and_then(|system| system.get("EOSL")).and_then(Json::as_bool) == Some(true) {
        audit.notes.push("its system is no longer supported, so new vulnerabilities may not be known".to_owned());
    }
    Ok(audit)
}

/// The list at `key`, which is left out if it is empty.
fn found<'j>(target: &'j Json, key: &str) -> Result<&'j [Json], String> {
    match target.get(key) {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::Array(list)) => Ok(list),
        Some(_) => Err(format!("`{key}` is no list")),
    }
}

fn issue(target: &Json, found: &Json, names: &[&str], title: &str) -> Issue {
    let severity = Severity::of_word(word(found, "Severity")).unwrap_or(Severity::Unknown);
    let all: Vec<String> =
        names.iter().map(|key| word(found, key).to_owned()).filter(|name| !name.is_empty()).collect();
    let fixed = match word(found, "FixedVersion") {
        "" => String::new(),
        version => format!(", fixed in {version}"),
    };
    let package = match word(found, "PkgName") {
        "" => word(target, "Target").to_owned(),
        package => format!("{package} {}", word(found, "InstalledVersion")),
    };
    let id = all.first().cloned().unwrap_or_default();
    let title = format!("{id} in {package}{fixed}: {}", word(found, title));
    // Places such as a type or a namespace say where, and would waive too much.
    let waivable = all.into_iter().take(2).collect();
    Issue { severity, title, causes: vec![waivable] }
}
