//! Gates as text: what is printed is read as the same gate.

use std::fmt;
use std::time::Duration;

use super::parse::OPERATORS;
use super::{Bound, Clock, Comparison, ErrorClass, Gate, Metric, Of, Options, Percentile, Span, Statistic};

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {} {}{}{}", self.metric, self.of, self.comparison, self.bound, self.span, self.options)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_class = |f: &mut fmt::Formatter<'_>, name: &str, class: &Option<ErrorClass>| match class {
            Some(class) => write!(f, "{name}({class})"),
            None => f.write_str(name),
        };
        match self {
            Self::Time(Clock::Response, statistic) => write!(f, "{statistic}"),
            Self::Time(clock, statistic) => write!(f, "{}.{statistic}", clock.name()),
            Self::ErrorRate(class) => of_class(f, "error_rate", class),
            Self::Errors(class) => of_class(f, "errors", class),
            Self::Failures => f.write_str("failures"),
            Self::Checks => f.write_str("checks"),
            Self::Journeys => f.write_str("journeys"),
            Self::Rate => f.write_str("rate"),
            Self::Capacity => f.write_str("capacity"),
        }
    }
}

impl Clock {
    /// Every one, with the word for it.
    pub(super) const ALL: [Self; 6] =
        [Self::Response, Self::Service, Self::Lag, Self::FirstByte, Self::Connect, Self::Tls];

    /// The time of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|clock| clock.name() == name)
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
            Self::Lag => "lag",
            Self::FirstByte => "ttfb",
            Self::Connect => "connect",
            Self::Tls => "tls",
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percentile) => write!(f, "{percentile}"),
            Self::Max => f.write_str("max"),
            Self::Mean => f.write_str("mean"),
        }
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1_000, self.0 % 1_000);
        match fraction {
            0 => write!(f, "p{whole}"),
            _ => write!(f, "p{whole}.{}", format!("{fraction:03}").trim_end_matches('0')),
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(failure) => write!(f, "{failure}"),
            Self::Hundred(hundred) => write!(f, "{hundred}xx"),
        }
    }
}

impl fmt::Display for Of {
    /// With a gap before it, if there is anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Step(step) if KINDS.iter().any(|kind| first_word(step) == *kind) => write!(f, " of '{step}'"),
            Self::Step(step) => write!(f, " of {}", quoted(step)),
            Self::Group(group) => write!(f, " of group {}", quoted(group)),
            Self::Tag(name, value) => write!(f, " of tag {name}:{}", quoted(value)),
        }
    }
}

/// The words before a name that is not a step's.
pub(super) const KINDS: [&str; 2] = ["group", "tag"];

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// `name` in quotes if it would be read as quotes, as a gap or as a comparison.
fn quoted(name: &str) -> String {
    match unquoted(name.trim()) == name && !name.is_empty() && !name.contains(OPERATORS) {
        true => name.to_owned(),
        false => format!("'{name}'"),
    }
}

/// `text` without the quotes around it, if there are any.
pub(super) fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.unwrap_or(text)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::Above => ">",
        })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => f.write_str(&written(*time)),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::PerSecond(rate) => write!(f, "{rate}/s"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Baseline(factor) => write!(f, "{factor}x baseline"),
        }
    }
}

impl fmt::Display for Span {
    /// With a gap before it, if there is anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Over(time) => write!(f, " over {}", written(*time)),
            Self::InARow => f.write_str(" in a row"),
        }
    }
}

impl fmt::Display for Options {
    /// With a comma before each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(samples) = self.at_least {
            write!(f, ", at least {samples} samples")?;
        }
        if self.strict {
            f.write_str(", strict")?;
        }
        match self.abort {
            None => {}
            Some(Duration::ZERO) => f.write_str(", abort")?,
            Some(grace) => write!(f, ", abort after {}", written(grace))?,
        }
        if self.warn { f.write_str(", warn") } else { Ok(()) }
    }
}

/// Exactly this time, whatever it is.
fn written(time: Duration) -> String {
    match time.is_zero() {
        true => "0ms".to_owned(),
        false => humantime::format_duration(time).to_string(),
    }
}
