//! What an answer must be for its step to pass, and what is taken from it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use minijinja::Value as Variable;
use serde_json::Value as Json;

use crate::answer::{Check, Documents, Missed, Outline, Part, ReadError, Seen, Selector, StatusSet};
use crate::diagnostic::nearest;
use crate::failure::Failure;
use crate::metrics::Checks;
use crate::scenario::{Entries, Spanned, StepSection, Value};
use crate::values::Resolver;
use crate::values::{Node, Scope, Secrets, tells};

/// What an answer must be.
#[derive(Debug, Clone)]
pub struct Expect {
    checks: Vec<Check<Node>>,
    extracts: Vec<Extract>,
    /// What is built of a JSON body.
    outline: Option<Outline>,
    needs_body: bool,
}

/// A variable and where its value stands in the answer.
#[derive(Debug, Clone)]
struct Extract {
    name: String,
    slot: usize,
    selector: Selector,
    /// Without the part the variable stays as it is, and nothing has failed.
    optional: bool,
    /// Where a value is noted that must stand in no output.
    secrets: Option<Secrets>,
}

/// What came of looking at an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// Why the step failed, if it did.
    pub failure: Option<Failure>,
    /// What was wanted and what was there instead, for each expectation that was missed.
    pub missed: Vec<Miss>,
    /// How many expectations were met and missed.
    pub checks: Checks,
}

/// An expectation that was missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// What was looked at.
    pub target: String,
    /// What it should have been.
    pub wanted: String,
    /// What it was.
    pub found: String,
    /// Both in full, where that says more and was asked for.
    pub documents: Option<Box<Documents>>,
    /// All of it in one sentence.
    pub sentence: String,
}

impl Miss {
    /// All of it in one sentence, without secrets. What was looked at is told as the scenario writes it: a name such as
    /// `cookie:` in front would make a secret of what follows.
    fn told(&self, secrets: &Secrets) -> String {
        match self.sentence.strip_prefix(&self.target) {
            Some(rest) => format!("{}{}", secrets.redact_noted(&self.target), secrets.redact(rest)),
            None => secrets.redact(&self.sentence).into_owned(),
        }
    }
}

impl Expect {
    /// Whether the answer's body must be kept.
    pub fn needs_body(&self) -> bool {
        self.needs_body
    }

    /// Whether the certificate is looked at.
    pub fn needs_certificate(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::CertificateDays(_)))
    }

    /// What of a JSON body has to be built to judge it.
    pub fn outline(&self) -> Option<&Outline> {
        self.outline.as_ref()
    }

    /// How many expectations there are.
    pub fn count(&self) -> u64 {
        (self.checks.len() + self.extracts.iter().filter(|extract| !extract.optional).count()) as u64
    }

    /// Looks at an answer for the journey of `scope`, which gets the values that are taken from it.
    pub fn judge(&self, seen: &Seen<'_>, scope: &Scope) -> Judged {
        let mut judged = Judged { failure: None, missed: Vec::new(), checks: Checks::default() };
        for check in &self.checks {
            match holds(check, seen, scope) {
                Ok(()) => judged.checks.passed += 1,
                Err(miss) => {
                    let is_status = matches!(check, Check::Status(_));
                    judged.miss(if is_status { Failure::Http(seen.facts().status) } else { Failure::Check }, miss);
                }
            }
        }
        for extract in &self.extracts {
            match extract.selector.select(seen) {
                Ok(value) => {
                    judged.checks.passed += u64::from(!extract.optional);
                    if let (Some(secrets), Json::String(text)) = (&extract.secrets, &value) {
                        secrets.note_given(text);
                    }
                    scope.set(extract.slot, Variable::from(minijinja::value::Serde(&value)));
                }
                Err(_) if extract.optional => {}
                Err(missing) => {
                    let target = format!("{} → `{}`", missing.selector, extract.name);
                    let sentence = format!("no value for `{}`: {missing}", extract.name);
                    let (wanted, found) = ("a value".to_owned(), format!("nothing: {}", missing.found));
                    judged.miss(Failure::Check, Miss { target, wanted, found, documents: None, sentence });
                }
            }
        }
        judged
    }
}

impl Judged {
    /// An answer that never came: every one of `count` expectations is missed, for the reason in `message`.
    pub fn unanswered(failure: Failure, message: &str, count: u64) -> Self {
        Self::without(failure, ("answer", "an answer"), message, count)
    }

    /// A redirect that leads nowhere: every one of `count` expectations is missed, for the reason in `message`.
    pub fn misled(message: &str, count: u64) -> Self {
        Self::without(Failure::Check, ("redirect", "a redirect that can be followed"), message, count)
    }

    fn without(failure: Failure, (target, wanted): (&str, &str), message: &str, count: u64) -> Self {
        let miss = Miss {
            target: target.to_owned(),
            wanted: wanted.to_owned(),
            found: message.to_owned(),
            documents: None,
            sentence: message.to_owned(),
        };
        Self { failure: Some(failure), missed: vec![miss], checks: Checks { passed: 0, failed: count } }
    }

    /// Everything that was missed, in one line, without secrets.
    pub fn told(&self, secrets: &Secrets) -> String {
        self.missed.iter().map(|miss| miss.told(secrets)).collect::<Vec<_>>().join("; ")
    }

    fn miss(&mut self, failure: Failure, miss: Miss) {
        self.checks.failed += 1;
        // The status tells most: it is what the failure is called, whatever else is wrong.
        self.failure.get_or_insert(failure);
        self.missed.push(miss);
    }
}

/// Whether `check` is met, else what was wanted and what was found.
fn holds(check: &Check<Node>, seen: &Seen<'_>, scope: &Scope) -> Result<(), Miss> {
    let rendered = match check.wanted() {
        Some(Node::Constant(_)) | None => None,
        Some(node) => Some(node.render(scope).map_err(|error| not_rendered(check, &error.to_string()))?),
    };
    check.judge(seen, |node| value_of(node, rendered.as_ref())).map_err(|missed| {
        let Missed { wanted, mut found, mut documents } = missed;
        // What is not there can be told; what is there is a credential.
        if matches!(check, Check::Part { selector, .. } if is_private(selector)) && !found.starts_with("nothing") {
            (found, documents) = ("[redacted]".to_owned(), None);
        }
        let subject = match check {
            Check::Part { selector, .. } => format!("{selector}: "),
            _ => String::new(),
        };
        let sentence = format!("{subject}expected {wanted}, got {found}");
        Miss { target: check.target(), wanted, found, documents, sentence }
    })
}

/// Whether what the selector finds is a credential, going by its name: a cookie, such a header, or such a field.
fn is_private(selector: &Selector) -> bool {
    let text = selector.to_string();
    match selector {
        Selector::Cookie(_) => true,
        Selector::Header(_) => tells(&text),
        Selector::Json(_) => tells(text.rsplit(['.', '[']).next().unwrap_or_default()),
        Selector::Regex(_) | Selector::Status | Selector::Body => false,
    }
}

/// An expectation whose wanted value could not be made.
fn not_rendered(check: &Check<Node>, problem: &str) -> Miss {
    Miss {
        target: check.target(),
        wanted: "a value that can be compared".to_owned(),
        found: problem.to_owned(),
        documents: None,
        sentence: problem.to_owned(),
    }
}

/// The wanted value: the constant itself, or what it was rendered to.
fn value_of<'n>(node: &'n Node, rendered: Option<&Json>) -> Cow<'n, Json> {
    match node {
        Node::Constant(json) => Cow::Borrowed(json),
        _ => Cow::Owned(rendered.cloned().unwrap_or_default()),
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.checks.iter().find_map(|check| match check {
            Check::Status(statuses) => Some(statuses.to_string()),
            _ => None,
        });
        f.write_str(&status.unwrap_or_default())?;
        match self.count() - 1 {
            0 => Ok(()),
            1 => f.write_str(" and 1 more check"),
            more => write!(f, " and {more} more checks"),
        }
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &StepSection) -> Expect {
    let mut checks = Vec::new();
    for (key, value) in section.expect.iter().flat_map(|entries| &entries.get_ref().0) {
        checks.extend(checks_of(resolver, key, value));
    }
    let has_status = checks.iter().any(|check| matches!(check, Check::Status(_)));
    if !has_status {
        checks.insert(0, Check::Status(StatusSet::default()));
    }
    // The status first: it explains most of what else is missing.
    checks.sort_by_key(|check| !matches!(check, Check::Status(_)));
    let extracts: Vec<Extract> = section
        .extract
        .iter()
        .flat_map(|entries| &entries.get_ref().0)
        .filter_map(|(name, selector)| extract_of(resolver, name, selector))
        .collect();
    let needs_body =
        checks.iter().any(Check::needs_body) || extracts.iter().any(|extract| extract.selector.needs_body());
    let outline = Outline::of(&checks, extracts.iter().map(|extract| &extract.selector));
    Expect { checks, extracts, outline, needs_body }
}

/// The expectations that one line of `expect` means.
fn checks_of(resolver: &mut Resolver<'_>, key: &Spanned<String>, value: &Spanned<Value>) -> Vec<Check<Node>> {
    let before = resolver.mistakes.0.len();
    let written = resolver.json_as_written(value);
    if resolver.mistakes.0.len() > before {
        return Vec::new();
    }
    match Check::read(key.get_ref(), &written) {
        Ok(checks) => {
            let span = value.span();
            checks
                .into_iter()
                .filter_map(|check| check.try_map(|json| resolver.node_of(json, &span).ok_or(())).ok())
                .collect()
        }
        Err(error) => {
            let span = place_of(resolver, &error, key, value);
            resolver.mistake(span, error.message, error.hint);
            Vec::new()
        }
    }
}

/// Where in the file the mistake stands.
fn place_of(resolver: &Resolver<'_>, error: &ReadError, key: &Spanned<String>, value: &Spanned<Value>) -> Range<usize> {
    let entry = |name: &str| match value.get_ref() {
        Value::Table(entries) => entries.0.iter().find(|(key, _)| key.get_ref() == name),
        _ => None,
    };
    match &error.part {
        Part::Key(part) => resolver.source.within(&key.span(), key.get_ref(), part.clone()),
        Part::Value => value.span(),
        Part::Matcher(name) => entry(name).map_or(value.span(), |(key, _)| key.span()),
        Part::MatcherValue(name) => entry(name).map_or(value.span(), |(_, value)| value.span()),
    }
}

fn extract_of(resolver: &mut Resolver<'_>, name: &Spanned<String>, written: &Spanned<Value>) -> Option<Extract> {
    let (from, optional) = match written.get_ref() {
        Value::Table(entries) => of_table(resolver, written, entries)?,
        _ => (written, false),
    };
    let Value::String(text) = from.get_ref() else {
        resolver.mistake(
            from.span(),
            "this does not say where the value stands",
            "for example \"json:$.data.token\" or \"header:X-Id\"",
        );
        return None;
    };
    let slot = resolver.slot(name.get_ref());
    match Selector::parse(text) {
        Ok(selector) => {
            let name = name.get_ref().clone();
            let secrets = (tells(&name) || is_private(&selector)).then(|| resolver.secrets.clone());
            Some(Extract { name, slot, selector, optional, secrets })
        }
        Err(error) => {
            let span = resolver.source.within(&from.span(), text, error.span);
            resolver.mistake(span, error.message, error.hint);
            None
        }
    }
}

/// `{ from, optional }`: where the value stands, and whether it may be missing.
fn of_table<'w>(
    resolver: &mut Resolver<'_>,
    written: &Spanned<Value>,
    entries: &'w Entries,
) -> Option<(&'w Spanned<Value>, bool)> {
    let (mut from, mut optional) = (None, false);
    for (key, value) in &entries.0 {
        match (key.get_ref().as_str(), value.get_ref()) {
            ("from", _) => from = Some(value),
            ("optional", Value::Boolean(yes)) => optional = *yes,
            ("optional", _) => resolver.mistake(value.span(), "`optional` is true or false", "write optional = true"),
            (other, _) => {
                let near = nearest(other, ["from", "optional"]).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or_else(|| "the keys here are: from, optional".to_owned());
                resolver.mistake(key.span(), format!("unknown key `{other}`"), hint);
            }
        }
    }
    if from.is_none() {
        let hint = "for example { from = \"header:X-New-Token\", optional = true }";
        resolver.mistake(written.span(), "this does not say where the value stands", hint);
    }
    Some((from?, optional))
}

impl Resolver<'_> {
    /// `written` as JSON; what is known before the run is filled in, other templates stay as they are.
    fn json_as_written(&mut self, written: &Spanned<Value>) -> Json {
        match written.get_ref() {
            Value::String(text) => match self.known_value(text) {
                Some(known) => known,
                None => Json::String(self.known_text(text, &written.span())),
            },
            Value::Array(items) => items.iter().map(|item| self.json_as_written(item)).collect::<Vec<_>>().into(),
            Value::Table(entries) => {
                let fields = entries.0.iter().map(|(key, value)| (key.get_ref().clone(), self.json_as_written(value)));
                Json::Object(fields.collect())
            }
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => self.json(written),
        }
    }
}
