//! What must stand in no output: every value that a scenario read as `secret.NAME`, or that was extracted as one.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use minijinja::value::{Enumerator, Object, Value};
use regex::Regex;

use super::environment::Environment;

/// What stands in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";
/// Shorter values stand in too many innocent words to be taken out.
const SHORTEST: usize = 4;

/// The cut at the end of a text that was too long.
const CUT: char = '…';
/// Parts of the names whose values are not shown.
const TELLING: [&str; 10] =
    ["token", "password", "passwd", "secret", "authorization", "cookie", "api-key", "apikey", "session", "x-auth"];

/// More secrets than this are not kept of what answers give: examples of failures are few.
const MOST_GIVEN: usize = 200;

/// What any text holds that has to do with credentials, in lower case.
const SUSPICIOUS: [&str; 12] = [
    "eyj",
    "token",
    "passw",
    "secret",
    "authorization",
    "cookie",
    "api-key",
    "api_key",
    "apikey",
    "session",
    "bearer",
    "basic",
];

/// The secrets that were read so far. Debug output counts them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeMap<String, Secret>>>);

/// A secret, and how it looks where it was written into something else.
struct Secret {
    value: String,
    forms: Vec<String>,
}

impl Secrets {
    /// `text` without any secret.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let text = self.redact_noted(text);
        match scrubbed(&text) {
            Some(clean) => Cow::Owned(clean),
            None => text,
        }
    }

    /// `text` without the secrets that are known; what only looks like one stays.
    pub fn redact_noted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = Cow::Borrowed(text);
        for form in known.values().flat_map(|secret| &secret.forms) {
            if text.contains(form.as_str()) {
                text = Cow::Owned(text.replace(form.as_str(), REDACTED));
            }
            if text.contains(CUT)
                && let Some(clean) = without_torn(&text, form)
            {
                text = Cow::Owned(clean);
            }
        }
        text
    }

    /// `value` without any secret; nothing of it if it belongs to a name such as `Cookie`.
    pub fn redact_named(&self, name: &str, value: &str) -> String {
        match tells(name) {
            true => REDACTED.to_owned(),
            false => self.redact(value).into_owned(),
        }
    }

    /// Notes a value that an answer gave, and that must not be shown; of many the first.
    pub(crate) fn note_given(&self, value: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if value.len() >= SHORTEST && known.len() < MOST_GIVEN && !known.values().any(|secret| secret.value == value) {
            // No environment variable has such a name.
            let name = format!("={}", known.len());
            known.insert(name, Secret { value: value.to_owned(), forms: forms(value) });
        }
    }

    /// Notes a value that must not be shown.
    pub(crate) fn note(&self, name: &str, value: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(name).is_none_or(|secret| secret.value != value) {
            known.insert(name.to_owned(), Secret { value: value.to_owned(), forms: forms(value) });
        }
    }
}

/// Whether `name` is one whose value is not shown.
pub(crate) fn tells(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    TELLING.iter().any(|telling| name.contains(telling))
}

/// How `value` may be written: as it is, in one line, in JSON, in a URL and in a form; the longest first.
fn forms(value: &str) -> Vec<String> {
    let quoted = |text: &str| {
        let json = serde_json::Value::from(text).to_string();
        json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).map(str::to_owned).unwrap_or_default()
    };
    // A message that quotes a JSON text quotes it once more.
    let (json, again) = (quoted(value), quoted(&quoted(value)));
    let in_path = |byte: u8| byte > b' ' && byte < 0x7F && !b"\"<>\\^`{|}#".contains(&byte);
    let in_query = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte);
    let mut forms = vec![
        value.to_owned(),
        value.split_whitespace().collect::<Vec<_>>().join(" "),
        json,
        again,
        percent_encoded(value, in_path),
        percent_encoded(value, in_query),
        form_urlencoded::byte_serialize(value.as_bytes()).collect(),
    ];
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort_by_key(|form| (Reverse(form.len()), form.clone()));
    forms.dedup();
    forms
}

fn percent_encoded(text: &str, stays: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match stays(byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

/// The text without the first part of a secret where the text was cut right behind it.
fn without_torn(text: &str, secret: &str) -> Option<String> {
    let mut found = false;
    let parts = text.split_inclusive(CUT).map(|part| {
        let clean = torn_at_the_end(part, secret);
        found |= clean.is_some();
        clean.unwrap_or_else(|| part.to_owned())
    });
    let clean: String = parts.collect();
    found.then_some(clean)
}

/// `part` without the first part of `secret`, if it was cut there.
fn torn_at_the_end(part: &str, secret: &str) -> Option<String> {
    let before = part.strip_suffix(CUT)?;
    let starts = secret.char_indices().map(|(end, _)| &secret[..end]).rev();
    let torn = starts.take_while(|start| start.len() >= SHORTEST).find(|start| before.ends_with(start))?;
    Some(format!("{}{REDACTED}{CUT}", &before[..before.len() - torn.len()]))
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Secrets({})", known.len())
    }
}

/// The text without what looks like a credential: tokens in the form of a JWT, and the values of telling names.
fn scrubbed(text: &str) -> Option<String> {
    // Most texts hold none, and to compile the expression takes longer than a whole smoke check.
    let lower = text.to_lowercase();
    let in_url = lower.contains("://") && lower.contains('@');
    if !in_url && !SUSPICIOUS.iter().any(|part| lower.contains(part)) {
        return None;
    }
    static CREDENTIALS: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = concat!(
        r"(?i)(?P<jwt>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)",
        r#"|(?P<name>\\*"?(?:[A-Za-z0-9_-]*(?:token|password|passwd|secret|authorization|cookie|api[_-]?key|session)[A-Za-z0-9_-]*)\\*"?[ \t\r\n]*[:=][ \t\r\n]*)"#,
        r#"(?P<value>"(?:[^"\\]|\\.)*"?|\\+"(?:[^"\\]|\\\\\\"|\\[^"])*|(?:(?:bearer|basic)[ \t\r\n]+)?[^ \t\r\n",;}]+)"#,
        r#"|(?P<part>name="[^"\r\n]*(?:token|password|passwd|secret|api[_-]?key|session)[^"\r\n]*"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)[^\r\n]+"#,
        r"|(?P<user>://)[^/ \t\r\n@]+@",
        r"|(?P<scheme>(?-u:\b)(?:bearer|basic)[ \t\r\n]+)(?P<credential>[A-Za-z0-9_.~+/=-]{8,})",
    );
    let credentials = CREDENTIALS.get_or_init(|| Regex::new(pattern).ok()).as_ref()?;
    let clean = credentials.replace_all(text, |found: &regex::Captures<'_>| {
        let kept = ["name", "part", "user", "scheme"].iter().find_map(|group| found.name(group));
        let before = kept.map_or("", |kept| kept.as_str());
        let after = if found.name("user").is_some() { "@" } else { "" };
        format!("{before}{REDACTED}{after}")
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
        self.environment.note_secret(name);
        let value = self.environment.get(name)?;
        self.secrets.note(name, &value);
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
    fn users_in_urls_and_passwords_in_parts_are_taken_out() {
        let secrets = Secrets::default();
        assert_eq!(secrets.redact("to http://me:pw12@host/x?y"), "to http://[redacted]@host/x?y");
        let part = "name=\"password\"\r\n\r\nhunter2\r\n--b";
        assert_eq!(secrets.redact(part), "name=\"password\"\r\n\r\n[redacted]\r\n--b");
        assert_eq!(secrets.redact("see http://host/a@b"), "see http://host/a@b");
    }

    #[test]
    fn secrets_are_taken_out_and_never_shown() {
        let secrets = Secrets::default();
        secrets.note("PASSWORD", "hunter2");
        secrets.note("SHORT", "ab");
        assert_eq!(secrets.redact("password hunter2 and hunter2, ab"), "password [redacted] and [redacted], ab");
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }

    #[test]
    fn a_secret_is_known_however_it_is_written_and_where_it_is_cut() {
        let secrets = Secrets::default();
        secrets.note("PASSWORD", "pass \"word\"/ä\n&x");
        for text in [
            r#"{"a":"pass \"word\"/ä\n&x"}"#,
            "/a?q=pass%20%22word%22/%C3%A4%0A%26x&b=1",
            "/a?q=pass%20%22word%22/%C3%A4%0A&x",
            "a=pass+%22word%22%2F%C3%A4%0A%26x",
            r#"it says: pass "word"/ä &x"#,
            r#"it says: pass "wo…"#,
        ] {
            let shown = secrets.redact(text);
            assert!(shown.contains(REDACTED) && !shown.contains("pass") && !shown.contains("wo"), "{shown}");
        }
        assert_eq!(secrets.redact("a pas…"), "a pas…", "too little of it to know it by");
    }

    #[test]
    fn values_of_telling_names_are_not_shown_at_all() {
        let secrets = Secrets::default();
        for name in ["Authorization", "Set-Cookie", "X_API_KEY", "x-auth-token"] {
            assert_eq!(secrets.redact_named(name, "a; b c"), REDACTED);
        }
        assert_eq!(secrets.redact_named("Accept", "*/*"), "*/*");
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
            ("{\"password\": \"a long canary\"}", "canary"),
            ("got \"{\\\"password\\\":\\\"a long canary\\\",\\\"a\\\":1}\"", "canary"),
            (r#"{\"password\":\"a \\\"quoted\\\" canary\",\"a\":1}"#, "canary"),
            ("{\"password\": \"a \\\"quoted\\\" canary\"}", "canary"),
        ] {
            let shown = secrets.redact(text);
            assert!(!shown.contains(canary) && shown.contains(REDACTED), "{shown}");
        }
        let innocent = "expected status 200, got status 503";
        assert!(matches!(secrets.redact(innocent), Cow::Borrowed(_)));
    }
}
