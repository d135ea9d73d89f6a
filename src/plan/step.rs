//! One step of a flow: a request, what its answer must be, and how the journey goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use super::expect::{self, Expect};
use super::request::{self, Request};
use super::target::Target;
use super::think::{self, Think};
use crate::scenario::{Spanned, StepSection};
use crate::units;
use crate::values::Condition;
use crate::values::{Resolver, choice};

/// One step of a flow.
#[derive(Debug, Clone)]
pub struct Step {
    /// What reports and gates call it.
    pub name: String,
    /// Reports count the steps of one group together, too.
    pub group: Option<String>,
    /// Names and values by which gates can speak of several steps.
    pub tags: BTreeMap<String, String>,
    /// What is sent.
    pub request: Request,
    /// How long one request may take.
    pub timeout: Duration,
    /// What the answer must be.
    pub expect: Expect,
    /// When it is done at all.
    pub only: Only,
    /// How often it is done in a row.
    pub repeat: u64,
    /// What happens before a failure counts.
    pub again: Again,
    /// Redirects that are followed.
    pub redirects: u64,
    /// It sends the user's cookies and keeps new ones.
    pub cookies: bool,
    /// A pause after it.
    pub think: Option<Think>,
    /// What a failure means for the journey.
    pub on_failure: OnFailure,
}

/// When a step is done at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Only {
    /// Only if this holds.
    pub when: Option<Condition>,
    /// Only if this does not hold.
    pub unless: Option<Condition>,
    /// Only in this share of journeys, from 0 to 1.
    pub probability: Option<f64>,
}

/// What happens before a failure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Again {
    /// Nothing.
    #[default]
    Never,
    /// It is tried again so many times, with a pause before each.
    Retry(u64, Duration),
    /// It is asked again, with a pause in between, until it passes or the deadline is over.
    Poll(Duration, Duration),
}

impl Again {
    /// How often it is tried at the most.
    pub fn most_tries(self) -> f64 {
        match self {
            Self::Never => 1.0,
            Self::Retry(more, _) => 1.0 + more as f64,
            Self::Poll(every, deadline) => 1.0 + (deadline.as_secs_f64() / every.as_secs_f64()).floor(),
        }
    }
}

/// What a failure means for the journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// Its other steps are left out.
    #[default]
    StopJourney,
    /// It goes on.
    Continue,
    /// The whole run is stopped.
    AbortRun,
}

impl Step {
    /// The longest that `steps` can take, one after the other.
    pub fn longest_of(steps: &[Self]) -> Duration {
        steps.iter().map(Self::longest).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// The most requests of one time that it is done, whatever is tried again and wherever redirects lead.
    pub fn most_requests(&self) -> f64 {
        self.repeat as f64 * self.again.most_tries() * (1 + self.redirects) as f64
    }

    /// The longest that the step can take.
    pub fn longest(&self) -> Duration {
        let times = |count: u64, each: Duration| each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        let timeout = times(self.redirects.saturating_add(1), self.timeout);
        let once = match self.again {
            Again::Never => timeout,
            Again::Retry(more, pause) => timeout.saturating_add(times(more, timeout.saturating_add(pause))),
            Again::Poll(_, deadline) => deadline.saturating_add(timeout),
        };
        times(self.repeat, once.saturating_add(self.think.as_ref().map_or(Duration::ZERO, Think::longest)))
    }
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &Spanned<StepSection>,
    target: &mut Target,
) -> Option<Step> {
    let section = written.get_ref();
    let request = request::resolve(resolver, written, target);
    let expect = expect::resolve(resolver, section);
    let timeout =
        section.timeout.as_ref().and_then(|timeout| resolver.duration(timeout, true)).unwrap_or(target.timeout);
    let only = only(resolver, section);
    let repeat = section.repeat.as_ref().and_then(|repeat| resolver.count("repeat", repeat, 1)).unwrap_or(1);
    let again = again(resolver, section);
    let redirects = section.redirects.as_ref().and_then(|most| resolver.count("redirects", most, 0));
    let redirects = redirects.unwrap_or(target.redirects);
    if redirects > 0
        && let Ok(base) = target.base_url.parse()
    {
        // A redirect may lead there although no step does.
        target.endpoint_of(&base);
    }
    let cookies = section.cookies.as_ref().map_or(target.cookies, |cookies| *cookies.get_ref());
    let think = section.think.as_ref().and_then(|think| think::resolve(resolver, think));
    let group = section.group.as_ref().map(|group| resolver.text(group)).filter(|group| !group.is_empty());
    let tags = tags(resolver, section);
    let on_failure =
        section.on_failure.as_ref().and_then(|on_failure| resolver.parsed(on_failure, reaction)).unwrap_or_default();
    let name = section.name.as_ref().map(|name| resolver.text(name));
    if let Some(written) = section.name.as_ref().filter(|name| name.get_ref().trim().is_empty()) {
        resolver.mistake(
            written.span(),
            "the name of this step is empty",
            "leave `name` out, or say what the step does",
        );
    }
    let request = request?;
    let name = name.unwrap_or_else(|| request.summary());
    Some(Step {
        name,
        group,
        tags,
        request,
        redirects,
        cookies,
        timeout,
        expect,
        only,
        repeat,
        again,
        think,
        on_failure,
    })
}

/// The tags of a step; one without a name or a value could not be named in a gate.
fn tags(resolver: &mut Resolver<'_>, section: &StepSection) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (name, written) in section.tags.iter().flat_map(|tags| &tags.get_ref().0) {
        let value = resolver.scalar(name.get_ref(), written);
        if name.get_ref().trim().is_empty() || name.get_ref().contains(':') {
            let message = format!("`{}` cannot be the name of a tag", name.get_ref());
            resolver.mistake(
                name.span(),
                message,
                "gates name tags as name:value, so a name is not empty and has no `:`",
            );
        }
        tags.insert(name.get_ref().clone(), value);
    }
    tags
}

fn only(resolver: &mut Resolver<'_>, section: &StepSection) -> Only {
    Only {
        when: section.when.as_ref().and_then(|when| resolver.condition(when)),
        unless: section.unless.as_ref().and_then(|unless| resolver.condition(unless)),
        probability: section.probability.as_ref().and_then(|share| resolver.parsed(share, units::parse_share)),
    }
}

fn again(resolver: &mut Resolver<'_>, section: &StepSection) -> Again {
    if let (Some(_), Some(poll)) = (&section.retry, &section.poll) {
        resolver.mistake(
            poll.span(),
            "`retry` and `poll` contradict each other",
            "retry counts tries, poll counts time: keep one",
        );
    }
    if let Some(retry) = &section.retry {
        let times = retry.get_ref().times.as_ref().and_then(|times| resolver.count("times", times, 1));
        let pause = retry.get_ref().pause.as_ref().and_then(|pause| resolver.duration(pause, false));
        if retry.get_ref().times.is_none() {
            resolver.mistake(retry.span(), "`retry` needs `times`", "for example { times = 2, pause = \"500ms\" }");
        }
        return Again::Retry(times.unwrap_or(1), pause.unwrap_or(Duration::ZERO));
    }
    let Some(poll) = &section.poll else { return Again::Never };
    let every = poll.get_ref().every.as_ref().and_then(|every| resolver.duration(every, true));
    let deadline = poll.get_ref().deadline.as_ref().and_then(|deadline| resolver.duration(deadline, true));
    if poll.get_ref().deadline.is_none() {
        resolver.mistake(
            poll.span(),
            "`poll` needs `deadline`",
            "for example { every = \"500ms\", deadline = \"30s\" }",
        );
    }
    Again::Poll(every.unwrap_or(Duration::from_secs(1)), deadline.unwrap_or(Duration::from_secs(30)))
}

pub(super) fn reaction(text: &str) -> Result<OnFailure, units::UnitError> {
    let choices = [
        ("stop_journey", OnFailure::StopJourney),
        ("continue", OnFailure::Continue),
        ("abort_run", OnFailure::AbortRun),
    ];
    choice(text, &choices)
}
