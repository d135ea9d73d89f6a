//! A pause after a step, as people make them: fixed, between two bounds, or spread by a distribution.

use std::time::Duration;

use rand_distr::{Distribution as _, Exp, LogNormal, Normal};

use crate::scenario::{Short, Spanned, ThinkSection};
use crate::units::{self, UnitError};
use crate::values::Scope;
use crate::values::{LONGEST, Resolver, choice};

/// A pause after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Think {
    spread: Spread,
    longest: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Spread {
    Uniform(Duration),
    Exponential(Exp<f64>),
    Normal(Normal<f64>),
    LogNormal(LogNormal<f64>),
}

/// The kinds that have a name.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Exponential,
    Normal,
    LogNormal,
}

/// A draw beyond so many times the typical pause is cut off there: a journey must come to an end.
const CUT_OFF: u32 = 10;
/// The standard normal's 95th percentile.
const Z95: f64 = 1.644_853_626_951_472_6;

impl Think {
    /// The pause of the next draw in `scope`.
    pub fn pause(&self, scope: &Scope) -> Duration {
        let seconds = match self.spread {
            Spread::Uniform(shortest) if shortest == self.longest => return shortest,
            Spread::Uniform(shortest) => return shortest + (self.longest - shortest).mul_f64(scope.draw()),
            Spread::Exponential(spread) => scope.sample(|random| spread.sample(random)),
            Spread::Normal(spread) => scope.sample(|random| spread.sample(random)),
            Spread::LogNormal(spread) => scope.sample(|random| spread.sample(random)),
        };
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(self.longest).min(self.longest)
    }

    /// No pause is shorter.
    pub fn shortest(&self) -> Duration {
        match self.spread {
            Spread::Uniform(shortest) => shortest,
            Spread::Exponential(_) | Spread::Normal(_) | Spread::LogNormal(_) => Duration::ZERO,
        }
    }

    /// No pause is longer.
    pub fn longest(&self) -> Duration {
        self.longest
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, written: &Spanned<Short<ThinkSection>>) -> Option<Think> {
    match written.get_ref() {
        Short::Text(text) => resolver.parsed(&Spanned::new(written.span(), text.clone()), range),
        Short::Table(section) => distribution(resolver, written, section),
    }
}

/// `1s` or `1s..3s`.
fn range(text: &str) -> Result<Think, UnitError> {
    let (shortest, longest) = text.split_once("..").unwrap_or((text, text));
    let (shortest, longest) = (units::parse_duration(shortest)?, units::parse_duration(longest)?);
    if longest > LONGEST {
        let problem = format!("`{text}` is longer than a run can be");
        return Err(UnitError { problem, hint: "at most 720h".to_owned() });
    }
    match shortest <= longest {
        true => Ok(Think { spread: Spread::Uniform(shortest), longest }),
        false => Err(UnitError {
            problem: format!("`{text}` ends before it begins"),
            hint: "write the shorter pause first: 1s..3s".to_owned(),
        }),
    }
}

/// `{ distribution = "exponential", mean = "2s" }` and its like.
fn distribution(
    resolver: &mut Resolver<'_>,
    written: &Spanned<Short<ThinkSection>>,
    section: &ThinkSection,
) -> Option<Think> {
    let Some(name) = &section.distribution else {
        resolver.mistake(
            written.span(),
            "`think` as a table needs `distribution`",
            "for example { distribution = \"exponential\", mean = \"2s\" }",
        );
        return None;
    };
    let kind = resolver.parsed(name, kind_of)?;
    let given = [
        ("mean", &section.mean, &[Kind::Exponential, Kind::Normal] as &[Kind]),
        ("deviation", &section.deviation, &[Kind::Normal]),
        ("median", &section.median, &[Kind::LogNormal]),
        ("p95", &section.p95, &[Kind::LogNormal]),
    ];
    let mut times = [None; 4];
    for ((key, value, kinds), time) in given.into_iter().zip(&mut times) {
        match (value, kinds.contains(&kind)) {
            (Some(value), true) => *time = Some(resolver.duration(value, true)?),
            (Some(value), false) => {
                let message = format!("`{key}` means nothing in this distribution");
                resolver.mistake(value.span(), message, example(kind));
            }
            (None, true) => {
                resolver.mistake(written.span(), format!("this distribution needs `{key}`"), example(kind));
                return None;
            }
            (None, false) => {}
        }
    }
    let [mean, deviation, median, p95] = times.map(|time| time.unwrap_or_default());
    let (typical, spread) = match kind {
        Kind::Exponential => (mean, Exp::new(1.0 / mean.as_secs_f64()).ok().map(Spread::Exponential)),
        Kind::Normal => (mean, Normal::new(mean.as_secs_f64(), deviation.as_secs_f64()).ok().map(Spread::Normal)),
        Kind::LogNormal if p95 <= median => {
            resolver.mistake(written.span(), "`p95` must be longer than `median`", example(kind));
            return None;
        }
        Kind::LogNormal => {
            let (middle, tail) = (median.as_secs_f64().ln(), p95.as_secs_f64().ln());
            (p95, LogNormal::new(middle, (tail - middle) / Z95).ok().map(Spread::LogNormal))
        }
    };
    let longest = section.max.as_ref().and_then(|max| resolver.duration(max, true));
    Some(Think { spread: spread?, longest: longest.unwrap_or(typical.saturating_mul(CUT_OFF)) })
}

fn kind_of(text: &str) -> Result<Kind, UnitError> {
    choice(text, &[("exponential", Kind::Exponential), ("normal", Kind::Normal), ("lognormal", Kind::LogNormal)])
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Exponential => "for example { distribution = \"exponential\", mean = \"2s\" }",
        Kind::Normal => "for example { distribution = \"normal\", mean = \"2s\", deviation = \"500ms\" }",
        Kind::LogNormal => "for example { distribution = \"lognormal\", median = \"2s\", p95 = \"8s\" }",
    }
}
