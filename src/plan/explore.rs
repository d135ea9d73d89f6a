//! `[explore]`: which rates an exploration may try, how well the capacity is to be known, and what that may cost.

use std::time::Duration;

use crate::scenario::{ExploreSection, Spanned};
use crate::units::{format_duration, format_rate, format_share, parse_share};
use crate::values::Resolver;

const LEAST_PRECISION: f64 = 0.01;
const MOST_PRECISION: f64 = 0.5;
/// In less there is no time to try two rates and to be sure of either.
const LEAST_BUDGET: Duration = Duration::from_secs(30);

/// What an exploration may do.
#[derive(Debug, Clone, PartialEq)]
pub struct Explore {
    /// The first rate that is tried, in journeys per second.
    pub from_per_s: f64,
    /// The highest rate that is tried.
    pub to_per_s: f64,
    /// What `to_per_s` may never be above.
    pub ceiling_per_s: Option<f64>,
    /// How far the ends of the interval may be from the capacity, as a share of it.
    pub precision: f64,
    /// How long it may take in all.
    pub budget: Duration,
    /// How many requests may be sent in all.
    pub max_requests: Option<u64>,
    /// How old the setup may be when a rate is tried.
    pub setup_every: Duration,
}

impl Default for Explore {
    fn default() -> Self {
        Self {
            from_per_s: 10.0,
            to_per_s: 2_000.0,
            ceiling_per_s: None,
            precision: 0.05,
            budget: Duration::from_secs(300),
            max_requests: None,
            setup_every: Duration::from_secs(600),
        }
    }
}

/// What is asked for in place of what a plan says; the ceiling cannot be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExploreAsked {
    /// The first rate that is tried, in journeys per second.
    pub from_per_s: Option<f64>,
    /// The highest rate that is tried.
    pub to_per_s: Option<f64>,
    /// How well the capacity is to be known.
    pub precision: Option<f64>,
    /// How long it may take in all.
    pub budget: Option<Duration>,
    /// How many requests may be sent in all.
    pub max_requests: Option<u64>,
}

/// What cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {hint}")]
pub struct ExploreError {
    key: Key,
    message: String,
    hint: String,
}

/// The key whose value is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    From,
    To,
    Ceiling,
    Precision,
    Budget,
    MaxRequests,
}

impl Explore {
    /// The same with what is `asked` in its place.
    ///
    /// # Errors
    /// With what is wrong and what to do, the first mistake of several.
    pub fn with(&self, asked: &ExploreAsked) -> Result<Self, ExploreError> {
        let explore = Self {
            from_per_s: asked.from_per_s.unwrap_or(self.from_per_s),
            to_per_s: asked.to_per_s.unwrap_or(self.to_per_s),
            precision: asked.precision.unwrap_or(self.precision),
            budget: asked.budget.unwrap_or(self.budget),
            max_requests: asked.max_requests.or(self.max_requests),
            ..self.clone()
        };
        explore.mistakes().into_iter().next().map_or(Ok(explore), Err)
    }

    /// All that is wrong.
    fn mistakes(&self) -> Vec<ExploreError> {
        let (from, to) = (format_rate(self.from_per_s), format_rate(self.to_per_s));
        let rates = [
            (Key::From, "the first rate", Some(self.from_per_s), "10/s"),
            (Key::To, "the highest rate", Some(self.to_per_s), "2000/s"),
            (Key::Ceiling, "the ceiling", self.ceiling_per_s, "2000/s"),
        ];
        let zeros = rates.into_iter().filter(|(_, _, rate, _)| rate.is_some_and(|rate| rate <= 0.0));
        let mut mistakes: Vec<ExploreError> = zeros
            .map(|(key, what, _, example)| wrong(key, format!("{what} is zero"), format!("for example {example}")))
            .collect();
        if mistakes.is_empty() {
            if let Some(ceiling) = self.ceiling_per_s.filter(|ceiling| self.to_per_s > *ceiling) {
                let message = format!("the highest rate of {to} is above the ceiling of {}", format_rate(ceiling));
                mistakes.push(wrong(Key::To, message, "ask for less, or raise `ceiling` in the file"));
            }
            if self.from_per_s >= self.to_per_s {
                let message = format!("the first rate of {from} is not below the highest of {to}");
                mistakes.push(wrong(Key::From, message, "exploring climbs: set `from` lower or `to` higher"));
            }
        }
        if !(LEAST_PRECISION..=MOST_PRECISION).contains(&self.precision) {
            let message = format!("a precision of {} cannot be asked for", format_share(self.precision));
            let (least, most) = (format_share(LEAST_PRECISION), format_share(MOST_PRECISION));
            mistakes.push(wrong(Key::Precision, message, format!("from {least} to {most}, for example 5%")));
        }
        if self.budget < LEAST_BUDGET {
            let message = format!("a budget of {} is too little to find anything out", format_duration(self.budget));
            let hint = format!("at least {}, for example 5m", format_duration(LEAST_BUDGET));
            mistakes.push(wrong(Key::Budget, message, hint));
        }
        if self.max_requests == Some(0) {
            mistakes.push(wrong(Key::MaxRequests, "no request may be sent at all", "for example 100000"));
        }
        mistakes
    }
}

fn wrong(key: Key, message: impl Into<String>, hint: impl Into<String>) -> ExploreError {
    ExploreError { key, message: message.into(), hint: hint.into() }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, written: Option<&Spanned<ExploreSection>>) -> Explore {
    let mut explore = Explore::default();
    let Some(written) = written else { return explore };
    let before = resolver.mistakes.0.len();
    let section = written.get_ref();
    let mut rate = |text: &Option<Spanned<String>>| text.as_ref().and_then(|text| resolver.rate(text));
    let (from, to, ceiling) = (rate(&section.from), rate(&section.to), rate(&section.ceiling));
    let unread = resolver.mistakes.0.len() > before;
    let budget = section.budget.as_ref().and_then(|text| resolver.duration(text, false));
    let setup_every = section.setup_every.as_ref().and_then(|text| resolver.duration(text, true));
    let precision = section.precision.as_ref().and_then(|text| resolver.parsed(text, parse_share));
    explore.max_requests = section.max_requests.as_ref().and_then(|most| resolver.count("max_requests", most, 1));
    explore.from_per_s = from.unwrap_or(explore.from_per_s);
    explore.ceiling_per_s = ceiling;
    explore.to_per_s = to.unwrap_or(explore.to_per_s.min(ceiling.unwrap_or(f64::INFINITY)));
    explore.precision = precision.unwrap_or(explore.precision);
    explore.budget = budget.unwrap_or(explore.budget);
    explore.setup_every = setup_every.unwrap_or(explore.setup_every);
    for mistake in explore.mistakes() {
        let place = match mistake.key {
            Key::From => section.from.as_ref().or(section.to.as_ref()).or(section.ceiling.as_ref()),
            Key::To => section.to.as_ref().or(section.ceiling.as_ref()),
            Key::Ceiling => section.ceiling.as_ref(),
            Key::Precision => section.precision.as_ref(),
            Key::Budget => section.budget.as_ref(),
            Key::MaxRequests => None,
        };
        // A rate that could not be read has been told, and says nothing of the others.
        if !(unread && matches!(mistake.key, Key::From | Key::To)) {
            resolver.mistake(place.map_or(written.span(), Spanned::span), mistake.message, mistake.hint);
        }
    }
    explore
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;

    const LOAD: &str = "[[step]]\nget = \"/x\"\n[load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"9s\"\n";

    #[test]
    fn a_file_that_says_nothing_has_the_defaults() {
        assert_eq!(plan(LOAD).explore, Explore::default());
    }

    #[test]
    fn what_the_file_says_is_taken_and_the_highest_rate_is_cut_down_to_the_ceiling() {
        let section = "[explore]\nfrom = \"90/m\"\nceiling = \"500/s\"\nprecision = \"2%\"\nbudget = \"8m\"\nmax_requests = 9000\nsetup_every = \"4m\"\n";
        let wanted = Explore {
            from_per_s: 1.5,
            to_per_s: 500.0,
            ceiling_per_s: Some(500.0),
            precision: 0.02,
            budget: Duration::from_secs(480),
            max_requests: Some(9_000),
            setup_every: Duration::from_secs(240),
        };
        assert_eq!(plan(&format!("{LOAD}{section}")).explore, wanted);
    }

    #[test]
    fn the_command_line_wins_but_over_the_ceiling() {
        let explore = plan(&format!("{LOAD}[explore]\nto = \"300/s\"\nceiling = \"500/s\"\n")).explore;
        let asked = ExploreAsked { to_per_s: Some(400.0), precision: Some(0.1), ..ExploreAsked::default() };
        let with = explore.with(&asked).unwrap();
        assert_eq!((with.from_per_s, with.to_per_s, with.precision), (10.0, 400.0, 0.1));
        let above = ExploreAsked { to_per_s: Some(501.0), ..ExploreAsked::default() };
        let error = explore.with(&above).unwrap_err().to_string();
        assert!(error.contains("501/s is above the ceiling of 500/s: ask for less"), "{error}");
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused_on_the_command_line_as_well() {
        let none = ExploreAsked::default;
        for (asked, said) in [
            (ExploreAsked { from_per_s: Some(2_000.0), ..none() }, "not below the highest"),
            (ExploreAsked { from_per_s: Some(0.0), ..none() }, "the first rate is zero"),
            (ExploreAsked { precision: Some(0.6), ..none() }, "from 1% to 50%"),
            (ExploreAsked { budget: Some(Duration::from_secs(29)), ..none() }, "at least 30s"),
            (ExploreAsked { max_requests: Some(0), ..none() }, "no request"),
        ] {
            let error = Explore::default().with(&asked).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
