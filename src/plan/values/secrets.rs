//! What must stand in no output: every value that a scenario read as `secret.NAME`, or that was extracted as one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use minijinja::value::{Enumerator, Object, Value};
use regex::Regex;

use super::environment::Environment;

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";
/// Shorter values stand in too many innocent words to be taken out.
const SHORTEST: usize = 4;

/// The secrets that were read so far. Debug output counts them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeMap<String, String>>>);

impl Secrets {
    /// `text` without any secret.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = Cow::Borrowed(text);
        for secret in known.values().filter(|secret| secret.len() >= SHORTEST) {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        match scrubbed(&text) {
            Some(clean) => Cow::Owned(clean),
            None => text,
        }
    }

    /// Notes a value that must not be shown.
    pub(in crate::plan) fn note(&self, name: &str, value: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), value.to_owned());
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Secrets({})", known.len())
    }
}

/// The text without what looks like a credential: tokens in the form of a JWT, and the values of telling names.
fn scrubbed(text: &str) -> Option<String> {
    static CREDENTIALS: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = concat!(
        r"(?i)(?P<jwt>eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)",
        r#"|(?P<name>"?(?:[\w-]*(?:token|password|passwd|secret|authorization|cookie|api[_-]?key|session)[\w-]*)"?\s*[:=]\s*"?)(?P<value>(?:(?:bearer|basic)\s+)?[^\s",;}]+)"#,
        r"|(?P<scheme>\b(?:bearer|basic)\s+)(?P<credential>[\w.~+/=-]{8,})",
    );
    let credentials = CREDENTIALS.get_or_init(|| Regex::new(pattern).ok()).as_ref()?;
    let clean = credentials.replace_all(text, |found: &regex::Captures<'_>| {
        let before = found.name("name").or_else(|| found.name("scheme")).map_or("", |name| name.as_str());
        format!("{before}{REDACTED}")
    });
    matches!(clean, Cow::Owned(_)).then(|| clean.into_owned())
}

/// `secret.NAME`: the environment's value, noted as a secret when it is asked for.
#[derive(Debug)]
pub(super) struct SecretEnvironment {
    pub(super) environment: Environment,
    pub(super) secrets: Secrets,
}

impl Object for SecretEnvironment {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let value = self.environment.get(name)?;
        self.secrets.note(name, value);
        Some(Value::from(value))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_and_never_shown() {
        let secrets = Secrets::default();
        secrets.note("PASSWORD", "hunter2");
        secrets.note("SHORT", "ab");
        assert_eq!(secrets.redact("password hunter2 and hunter2, ab"), "password [redacted] and [redacted], ab");
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }

    #[test]
    fn what_looks_like_a_credential_is_taken_out_wherever_it_comes_from() {
        let secrets = Secrets::default();
        for (text, canary) in [
            ("got {\"data\":{\"token\":\"s3cr3t-canary\"}}", "canary"),
            ("set-cookie: auth-token=canary; Path=/", "canary"),
            ("authorization: Bearer canary.canary.canary", "canary"),
            ("it says bearer canary-canary", "canary"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.canary", "eyJ"),
        ] {
            let shown = secrets.redact(text);
            assert!(!shown.contains(canary) && shown.contains(REDACTED), "{shown}");
        }
        let innocent = "expected status 200, got status 503";
        assert!(matches!(secrets.redact(innocent), Cow::Borrowed(_)));
    }
}
