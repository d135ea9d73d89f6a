//! What must stand in nothing that a release keeps: secrets of the file, and values of the environment whose names tell.

use super::super::result::{ItemResult, RoleResult};
use crate::values::{Secrets, tells};
use crate::verdict::Finding;

/// Shorter values stand in too many innocent words.
const SHORTEST: usize = 6;
/// Ends of names whose values are secret as well.
const ENDS: [&str; 8] = ["_KEY", "_PASS", "PASSPHRASE", "_PAT", "_AUTH", "_CREDENTIALS", "_DSN", "_PWD"];
/// What a desktop calls a session is none that opens anything.
const DESKTOP: [&str; 4] = ["XDG_", "DESKTOP_", "GDM", "SESSION_MANAGER"];

/// Notes the values of all variables whose names tell that they are secret.
pub fn note_environment<'v>(secrets: &Secrets, variables: impl IntoIterator<Item = (&'v str, &'v str)>) {
    variables.into_iter().for_each(|(name, value)| note(secrets, name, value));
}

/// Notes the value if its name tells that it is secret.
pub(super) fn note(secrets: &Secrets, name: &str, value: &str) {
    let upper = name.to_ascii_uppercase();
    let is_secret = (tells(name) || ENDS.iter().any(|end| upper.ends_with(end)))
        && !DESKTOP.iter().any(|start| upper.starts_with(start));
    // `TOKEN_TTL=900` and `COOKIE_SECURE=true` are no secrets.
    let is_plain = value.len() < SHORTEST || value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 12;
    if is_secret && !is_plain {
        // One name may have several values, of which a later one must not let an earlier one go.
        secrets.note(&format!("{name}={value}"), value);
    }
}

/// Takes every secret out of all that is said of an item.
pub(super) fn clean(item: &mut ItemResult, secrets: &Secrets) {
    let mut texts: Vec<&mut String> = vec![&mut item.title, &mut item.rationale, &mut item.repeat];
    texts.extend(item.reasons.iter_mut().chain(&mut item.artifacts));
    if let Some(command) = &mut item.command {
        // What it printed was cleaned as a whole.
        texts.extend([&mut command.text, &mut command.dir]);
    }
    for evidence in &mut item.evidence {
        texts.extend(evidence.sources.iter_mut().map(|source| &mut source.name));
        texts.extend(evidence.figures.iter_mut().map(|figure| &mut figure.text));
        texts.extend(evidence.missing.iter_mut().chain(&mut evidence.broken).chain(&mut evidence.notes));
    }
    for check in &mut item.checks {
        texts.extend(std::iter::once(&mut check.wanted).chain(&mut check.observed));
    }
    if let Some(manual) = &mut item.manual {
        texts.push(&mut manual.ask);
        let sign_offs = manual.signed.iter_mut().chain(&mut manual.expired);
        texts.extend(sign_offs.flat_map(|sign_off| [&mut sign_off.by, &mut sign_off.note]));
    }
    clean_all(texts, secrets);
}

/// Takes every secret out of what an item says about the release.
pub(super) fn clean_finding(finding: &mut Finding, secrets: &Secrets) {
    let known = finding.observed.iter_mut().chain(&mut finding.reason);
    clean_all(known.chain(std::iter::once(&mut finding.wanted)), secrets);
}

/// Takes every secret out of what is said of a role.
pub(super) fn clean_role(role: &mut RoleResult, secrets: &Secrets) {
    clean_all([&mut role.title, &mut role.duty].into_iter().chain(&mut role.people), secrets);
}

fn clean_all<'t>(texts: impl IntoIterator<Item = &'t mut String>, secrets: &Secrets) {
    for text in texts {
        if let std::borrow::Cow::Owned(clean) = secrets.redact(text) {
            *text = clean;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_telling_names_are_noted_and_plain_ones_are_not() {
        let secrets = Secrets::default();
        let variables = [
            ("METRICS_TOKEN", "canary-1"),
            ("ENCRYPTION_KEY", "canary-2"),
            ("PGPASSWORD", "canary-3"),
            ("TOKEN_TTL", "900000"),
            ("COOKIE_SECURE", "true"),
            ("XDG_SESSION_DESKTOP", "ubuntu-desktop"),
            ("HOME", "/home/someone"),
        ];
        note_environment(&secrets, variables);
        let text = "canary-1 canary-2 canary-3 900000 true ubuntu-desktop /home/someone";
        let clean = "[redacted] [redacted] [redacted] 900000 true ubuntu-desktop /home/someone";
        assert_eq!(secrets.redact(text), clean);
    }

    #[test]
    fn every_value_that_a_telling_name_ever_had_is_noted() {
        let secrets = Secrets::default();
        let variables = [
            ("SSH_PASSPHRASE", "canary-1"),
            ("GITHUB_PAT", "canary-2"),
            ("npm_config__auth", "canary-3"),
            ("DEPLOY_TOKEN", "canary-4"),
            ("DEPLOY_TOKEN", "canary-5"),
            ("GOPATH", "/home/go"),
        ];
        note_environment(&secrets, variables);
        let text = "canary-1 canary-2 canary-3 canary-4 canary-5 /home/go";
        assert_eq!(secrets.redact(text), "[redacted] [redacted] [redacted] [redacted] [redacted] /home/go");
    }
}
