//! What is asked before the run, until the target answers that it is ready.

use std::time::Duration;

use super::step::{self, Step};
use super::target::Target;
use crate::scenario::{Entries, Short, Spanned, StepSection, Value, WaitForSection};
use crate::values::Resolver;

const DEFAULT_EVERY: Duration = Duration::from_secs(1);
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60);
/// The statuses that pass if the file does not say.
const READY: &str = "2xx";

/// What is asked before the run until it answers as wanted.
#[derive(Debug, Clone)]
pub struct WaitFor {
    /// The request and what its answer must be.
    pub step: Step,
    /// How long to wait between two requests.
    pub every: Duration,
    /// How long it may take in all.
    pub deadline: Duration,
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &Spanned<Short<WaitForSection>>,
    target: &mut Target,
) -> Option<WaitFor> {
    let span = written.span();
    let empty = WaitForSection::default();
    let (path, table) = match written.get_ref() {
        Short::Text(path) => (Some(Spanned::new(span.clone(), path.clone())), &empty),
        Short::Table(table) => (table.get.clone(), table),
    };
    let every = table.every.as_ref().and_then(|every| resolver.duration(every, true)).unwrap_or(DEFAULT_EVERY);
    let deadline =
        table.deadline.as_ref().and_then(|deadline| resolver.duration(deadline, true)).unwrap_or(DEFAULT_DEADLINE);
    let Some(path) = path else {
        resolver.mistake(span, "`wait_for` needs `get`", "for example { get = \"/health\", deadline = \"60s\" }");
        return None;
    };
    let before = resolver.mistakes.0.len();
    // Nothing but what is known before the run exists by then.
    let known = Spanned::new(path.span(), resolver.text(&path));
    if resolver.mistakes.0.len() > before {
        return None;
    }
    let status = table.status.clone().unwrap_or_else(|| Spanned::new(span.clone(), Value::String(READY.to_owned())));
    let expect = Entries(vec![(Spanned::new(status.span(), "status".to_owned()), status)]);
    let section = StepSection {
        name: Some(Spanned::new(span.clone(), "wait_for".to_owned())),
        get: Some(known),
        expect: Some(Spanned::new(span.clone(), expect)),
        ..StepSection::default()
    };
    let step = step::resolve(resolver, &Spanned::new(span, section), target)?;
    Some(WaitFor { step, every, deadline })
}
