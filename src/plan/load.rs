//! `[load]` as one of the three models, with keys that belong to another model refused.

use std::ops::Range;
use std::time::Duration;

use crate::load::{Arrivals, Closed, Load, Open, Pacing, RateProfile, Segment, Until};
use crate::scenario::{LoadSection, Spanned, StageSection};
use crate::units::UnitError;
use crate::values::{Resolver, choice};

/// `[load]`, resolved.
#[derive(Debug, Clone)]
pub(super) struct PlannedLoad {
    pub(super) load: Load,
    pub(super) seed: u64,
    pub(super) max_in_flight: Option<u64>,
    pub(super) drain: Option<Duration>,
    pub(super) warm_up: Duration,
}

/// Enough for a million a second over a quarter of an hour; a schedule this long is still counted in seconds.
const MOST_ARRIVALS: f64 = 1e9;

/// Fixed, so that two runs of one file are alike unless the file says otherwise.
const DEFAULT_SEED: u64 = 1;

/// The load that `written` means; without a model only if `optional`.
pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: Option<&Spanned<LoadSection>>,
    optional: bool,
) -> PlannedLoad {
    let mut planned =
        PlannedLoad { load: Load::Once, seed: DEFAULT_SEED, max_in_flight: None, drain: None, warm_up: Duration::ZERO };
    let Some(written) = written else { return planned };
    let section = written.get_ref();
    if let Some(seed) = &section.seed {
        planned.seed = resolver.count("seed", seed, 0).unwrap_or(DEFAULT_SEED);
    }
    planned.max_in_flight = section.max_in_flight.as_ref().and_then(|most| resolver.count("max_in_flight", most, 1));
    planned.drain = section.drain.as_ref().and_then(|drain| resolver.duration(drain, false));
    let Some(model) = &section.model else {
        if optional {
            refuse_foreign_keys(resolver, written, "once");
            return planned;
        }
        resolver.mistake(
            written.span(),
            "[load] does not say which model it is",
            "add model = \"once\", \"open\" or \"closed\"",
        );
        return planned;
    };
    let name = resolver.text(model);
    refuse_foreign_keys(resolver, written, &name);
    let load = match name.as_str() {
        "once" => Some(Load::Once),
        "open" => open(resolver, written, planned.seed),
        "closed" => closed(resolver, written),
        other => {
            resolver.mistake(
                model.span(),
                format!("unknown model `{other}`"),
                "the models are \"once\", \"open\" and \"closed\"",
            );
            None
        }
    };
    if let Some(load) = load {
        planned.warm_up = warm_up(resolver, section, &load).unwrap_or_default();
        planned.load = load;
    }
    planned
}

/// How long journeys count as warm-up: what is written, else the climb of the rate.
fn warm_up(resolver: &mut Resolver<'_>, section: &LoadSection, load: &Load) -> Option<Duration> {
    let Some(written) = &section.warm_up else {
        let climb = section.ramp_up.as_ref().filter(|_| section.stages.is_none());
        return match load {
            Load::Open(open) if climb.is_some() => open.profile.segments().first().map(|climb| climb.over),
            Load::Once | Load::Open(_) | Load::Closed(_) => None,
        };
    };
    let warm_up = resolver.duration(written, false)?;
    if load.duration().is_some_and(|all| warm_up >= all) {
        let hint = "warm_up is the first part of the load: make it shorter, or the load longer";
        resolver.mistake(written.span(), "nothing would be left to judge: the load ends before its warm-up", hint);
        return None;
    }
    Some(warm_up)
}

/// A key that another model has is a misunderstanding, not a detail.
fn refuse_foreign_keys(resolver: &mut Resolver<'_>, written: &Spanned<LoadSection>, model: &str) {
    let section = written.get_ref();
    fn at<T>(key: &Option<Spanned<T>>) -> Option<Range<usize>> {
        key.as_ref().map(Spanned::span)
    }
    let stages = section.stages.as_ref().map(|stages| stages.first().map_or(written.span(), Spanned::span));
    let keys = [
        ("rate", at(&section.rate), &["open"] as &[&str]),
        ("stages", stages, &["open"]),
        ("ramp_up", at(&section.ramp_up), &["open"]),
        ("arrivals", at(&section.arrivals), &["open"]),
        ("pacing", at(&section.pacing), &["open"]),
        ("max_in_flight", at(&section.max_in_flight), &["open"]),
        ("users", at(&section.users), &["closed"]),
        ("iterations", at(&section.iterations), &["closed"]),
        ("max_rate", at(&section.max_rate), &["closed"]),
        ("keep_state", at(&section.keep_state), &["closed"]),
        ("duration", at(&section.duration), &["open", "closed"]),
        ("drain", at(&section.drain), &["open", "closed"]),
        ("warm_up", at(&section.warm_up), &["open", "closed"]),
    ];
    for (key, place, models) in keys {
        if let (Some(place), true) = (place, !models.contains(&model) && ["once", "open", "closed"].contains(&model)) {
            let belongs = models.join(" and ");
            resolver.mistake(
                place,
                format!("`{key}` means nothing in the {model} model"),
                format!("it belongs to the {belongs} model"),
            );
        }
    }
}

fn open(resolver: &mut Resolver<'_>, written: &Spanned<LoadSection>, seed: u64) -> Option<Load> {
    let section = written.get_ref();
    let arrivals =
        section.arrivals.as_ref().and_then(|text| resolver.parsed(text, arrivals_of)).unwrap_or(Arrivals::Even);
    let pacing = section.pacing.as_ref().and_then(|text| resolver.parsed(text, pacing_of)).unwrap_or_default();
    let profile = match &section.stages {
        Some(stages) if stages.is_empty() => {
            resolver.mistake(written.span(), "`stages` is empty", "for example [{ over = \"30s\", to = \"20/s\" }]");
            return None;
        }
        Some(stages) => staged(resolver, section, stages)?,
        None => steady(resolver, written)?,
    };
    if profile.expected() > MOST_ARRIVALS {
        let message = format!("this load has {:.0} million journeys", profile.expected() / 1e6);
        resolver.mistake(written.span(), message, "a run has at most 1000 million: lower the rate or the duration");
        return None;
    }
    Some(Load::Open(Open { profile, arrivals, seed, pacing }))
}

fn arrivals_of(text: &str) -> Result<Arrivals, UnitError> {
    choice(text, &[("even", Arrivals::Even), ("poisson", Arrivals::Poisson)])
}

fn pacing_of(text: &str) -> Result<Pacing, UnitError> {
    choice(text, &[("default", Pacing::Default), ("precise", Pacing::Precise), ("economy", Pacing::Economy)])
}

/// `rate`, `duration` and perhaps `ramp_up`.
fn steady(resolver: &mut Resolver<'_>, written: &Spanned<LoadSection>) -> Option<RateProfile> {
    let section = written.get_ref();
    let rate = required(resolver, written, "rate", "20/s", section.rate.as_ref());
    let duration = required(resolver, written, "duration", "2m", section.duration.as_ref());
    let rate = rate.and_then(|rate| resolver.rate(rate));
    let duration = duration.and_then(|duration| resolver.duration(duration, true));
    let ramp_up = section.ramp_up.as_ref().and_then(|text| Some((text.span(), resolver.duration(text, false)?)));
    let (rate, duration) = (rate?, duration?);
    match ramp_up {
        Some((span, ramp_up)) if ramp_up >= duration => {
            let hint = "ramp_up is the first part of duration: make it shorter, or use stages";
            resolver.mistake(span, "the load would end before it has ramped up", hint);
            None
        }
        Some((_, ramp_up)) => Some(RateProfile::with_ramp_up(rate, duration, ramp_up)),
        None => Some(RateProfile::constant(rate, duration)),
    }
}

fn staged(resolver: &mut Resolver<'_>, section: &LoadSection, stages: &[Spanned<StageSection>]) -> Option<RateProfile> {
    let given = [("duration", &section.duration), ("ramp_up", &section.ramp_up)];
    for (key, place) in given.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?.span()))) {
        resolver.mistake(place, format!("`{key}` contradicts `stages`"), "the stages say how long everything takes");
    }
    let mut from_per_s = match &section.rate {
        Some(rate) => resolver.rate(rate)?,
        None => 0.0,
    };
    let mut segments = Vec::with_capacity(stages.len());
    for stage in stages {
        let (over, to) = (stage.get_ref().over.as_ref(), stage.get_ref().to.as_ref());
        let (Some(over), Some(to)) = (over, to) else {
            resolver.mistake(
                stage.span(),
                "a stage needs `over` and `to`",
                "for example { over = \"30s\", to = \"20/s\" }",
            );
            continue;
        };
        if let (Some(over), Some(to_per_s)) = (resolver.duration(over, false), resolver.rate(to)) {
            segments.push(Segment { over, from_per_s, to_per_s });
            from_per_s = to_per_s;
        }
    }
    Some(RateProfile::new(segments))
}

/// One journey in a month, per second.
const LOWEST_MAX_RATE: f64 = 1.0 / (31.0 * 86_400.0);

fn closed(resolver: &mut Resolver<'_>, written: &Spanned<LoadSection>) -> Option<Load> {
    let section = written.get_ref();
    let users = match &section.users {
        Some(users) => resolver.count("users", users, 1),
        None => {
            resolver.mistake(written.span(), "the closed model needs `users`", "for example users = 10");
            None
        }
    };
    let duration = section.duration.as_ref().and_then(|duration| resolver.duration(duration, true));
    let iterations = section.iterations.as_ref().and_then(|iterations| resolver.count("iterations", iterations, 1));
    let max_rate = section.max_rate.as_ref().and_then(|rate| Some((rate.span(), resolver.rate(rate)?)));
    if let Some((span, _)) = max_rate.as_ref().filter(|(_, rate)| *rate <= 0.0) {
        resolver.mistake(span.clone(), "a `max_rate` of zero never starts anything", "for example max_rate = \"50/s\"");
    }
    if let Some((span, _)) = max_rate.as_ref().filter(|(_, rate)| *rate > 0.0 && *rate < LOWEST_MAX_RATE) {
        let message = "a `max_rate` below one in a month starts nothing that anybody waits for";
        resolver.mistake(span.clone(), message, "for example max_rate = \"50/s\"");
    }
    let until = match (iterations, duration) {
        (Some(iterations), duration) => Until::Iterations(iterations, duration),
        (None, Some(duration)) => Until::Elapsed(duration),
        (None, None) => {
            if section.duration.is_none() && section.iterations.is_none() {
                resolver.mistake(
                    written.span(),
                    "the closed model needs an end",
                    "add duration = \"1m\" or iterations = 1000",
                );
            }
            return None;
        }
    };
    let max_rate = max_rate.map(|(_, rate)| rate);
    let keep_state = section.keep_state.as_ref().is_some_and(|keep| *keep.get_ref());
    Some(Load::Closed(Closed { users: users?, until, max_rate, keep_state }))
}

fn required<'s>(
    resolver: &mut Resolver<'_>,
    written: &Spanned<LoadSection>,
    key: &str,
    example: &str,
    value: Option<&'s Spanned<String>>,
) -> Option<&'s Spanned<String>> {
    if value.is_none() {
        resolver.mistake(
            written.span(),
            format!("the open model needs `{key}`"),
            format!("for example {key} = \"{example}\""),
        );
    }
    value
}
