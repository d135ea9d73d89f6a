//! One gate expression: `METRIC [of STEP] (< | <= | > | >=) BOUND`, parsed with the place of every mistake.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use crate::diagnostic::nearest;
use crate::units;

/// A statement about a run that holds or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The figure that is judged.
    pub metric: Metric,
    /// The step that it is of; all steps if none.
    pub of: Option<String>,
    /// How it must compare.
    pub comparison: Comparison,
    /// With what.
    pub bound: Bound,
}

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A percentile of the response time.
    Percentile(Percentile),
    /// The highest response time.
    Max,
    /// The mean response time.
    Mean,
    /// Failed requests of all.
    ErrorRate,
    /// Expectations met of all.
    Checks,
    /// Journeys that passed, of all that were started.
    Journeys,
    /// Passed requests per second.
    Rate,
}

/// A percentile in thousandths of a percent, so that `p99.9` is a whole number and equality is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentile(u32);

/// How a figure must compare with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// A time.
    Time(Duration),
    /// A percentage, as written: 1 for `1%`.
    Percent(f64),
    /// Events per second.
    PerSecond(f64),
}

/// A text that is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GateError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the expression.
    pub span: Range<usize>,
    /// What to write.
    pub hint: String,
}

const METRICS: [&str; 11] =
    ["p50", "p90", "p95", "p99", "p99.9", "max", "mean", "error_rate", "checks", "journeys", "rate"];
const EXAMPLES: &str =
    "gates look like: p95 < 600ms, p99 of search <= 1s, error_rate < 1%, journeys >= 95%, rate >= 50/s";

impl Percentile {
    /// As a share, from 0 to 1.
    pub fn quantile(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }

    /// The fewest samples of which at least one lies beyond the percentile.
    pub fn least_samples(self) -> u64 {
        100_000u64.div_ceil(u64::from(100_000 - self.0))
    }

    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > 2 || fraction.len() > 3 {
            return None;
        }
        let thousandths = whole.parse::<u32>().ok()? * 1_000 + format!("{fraction:0<3}").parse::<u32>().ok()?;
        (thousandths > 0).then_some(Self(thousandths))
    }
}

impl Comparison {
    /// Whether `observed` compares so with `bound`.
    pub fn holds(self, observed: f64, bound: f64) -> bool {
        match self {
            Self::Below => observed < bound,
            Self::AtMost => observed <= bound,
            Self::Above => observed > bound,
            Self::AtLeast => observed >= bound,
        }
    }
}

impl Gate {
    /// The bound in the unit of the metric: microseconds, a fraction of one, or events per second.
    pub fn bound_value(&self) -> f64 {
        match self.bound {
            Bound::Time(time) => time.as_nanos() as f64 / 1e3,
            Bound::Percent(percent) => percent / 100.0,
            Bound::PerSecond(rate) => rate,
        }
    }
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let error =
            |span: Range<usize>, message: String, hint: &str| GateError { message, span, hint: hint.to_owned() };
        let whole = 0..text.len();
        let operator = text
            .find(['<', '>', '=', '!'])
            .ok_or_else(|| error(whole.clone(), "a gate needs a comparison: <, <=, > or >=".to_owned(), EXAMPLES))?;
        let end =
            operator + text[operator..].find(|c| !['<', '>', '=', '!'].contains(&c)).unwrap_or(text.len() - operator);
        let comparison = match &text[operator..end] {
            "<" => Comparison::Below,
            "<=" => Comparison::AtMost,
            ">" => Comparison::Above,
            ">=" => Comparison::AtLeast,
            other => return Err(error(operator..end, format!("`{other}` is not a comparison"), "use <, <=, > or >=")),
        };
        let (metric, of) = left_side(&text[..operator])?;
        let bound_at = end + (text[end..].len() - text[end..].trim_start().len());
        let bound = bound(metric, text[end..].trim()).map_err(|(message, hint)| {
            let span = if bound_at < text.len() { bound_at..text.trim_end().len() } else { whole };
            error(span, message, &hint)
        })?;
        Ok(Self { metric, of, comparison, bound })
    }
}

/// `METRIC [of STEP]`
fn left_side(text: &str) -> Result<(Metric, Option<String>), GateError> {
    let start = text.len() - text.trim_start().len();
    let word = text[start..].split_whitespace().next().unwrap_or_default();
    let word_span = start..start + word.len();
    let metric = metric(word).ok_or_else(|| {
        let message = if word.is_empty() {
            "the gate does not say which figure".to_owned()
        } else {
            format!("unknown figure `{word}`")
        };
        let is_percentile = word.strip_prefix('p').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let hint = match nearest(word, METRICS) {
            _ if is_percentile => "percentiles go from p0.001 to p99.999, such as p50, p95 or p99.9".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the figures are: {}, and any percentile such as p75", METRICS.join(", ")),
        };
        GateError { message, span: word_span.clone(), hint }
    })?;
    let rest = text[word_span.end..].trim();
    if rest.is_empty() {
        return Ok((metric, None));
    }
    let rest_start = text.len() - text[word_span.end..].trim_start().len();
    let of =
        rest.strip_prefix("of").filter(|step| step.is_empty() || step.starts_with(char::is_whitespace)).map(str::trim);
    match of {
        Some(_) if metric == Metric::Journeys => Err(GateError {
            message: "`journeys` is of the whole run, not of one step".to_owned(),
            span: rest_start..rest_start + rest.len(),
            hint: "leave this out, or write `checks` or `error_rate`, which are of steps, too".to_owned(),
        }),
        Some(step) if !unquoted(step).is_empty() => Ok((metric, Some(unquoted(step).to_owned()))),
        Some(_) => Err(GateError {
            message: "`of` needs the name of a step".to_owned(),
            span: rest_start..rest_start + 2,
            hint: "name a step as in its `name`: p95 of search < 300ms".to_owned(),
        }),
        None => Err(GateError {
            message: format!("`{rest}` does not belong here"),
            span: rest_start..rest_start + rest.len(),
            hint: EXAMPLES.to_owned(),
        }),
    }
}

fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.unwrap_or(text)
}

fn metric(word: &str) -> Option<Metric> {
    Some(match word {
        "max" => Metric::Max,
        "mean" => Metric::Mean,
        "error_rate" => Metric::ErrorRate,
        "checks" => Metric::Checks,
        "journeys" => Metric::Journeys,
        "rate" => Metric::Rate,
        _ => Metric::Percentile(Percentile::parse(word.strip_prefix('p')?)?),
    })
}

/// The bound in the unit that `metric` needs, or what is wrong and what to write.
fn bound(metric: Metric, text: &str) -> Result<Bound, (String, String)> {
    if text.is_empty() {
        return Err(("the gate has no bound".to_owned(), EXAMPLES.to_owned()));
    }
    let unit_error = |error: units::UnitError| (error.problem, error.hint);
    match metric {
        Metric::ErrorRate | Metric::Checks | Metric::Journeys => {
            units::parse_share(text).map_err(unit_error)?;
            // As written, so that printing gives the same text.
            let percent = text.trim_end_matches('%').trim().parse().unwrap_or_default();
            Ok(Bound::Percent(percent))
        }
        Metric::Rate => units::parse_rate(text).map(Bound::PerSecond).map_err(unit_error),
        Metric::Percentile(_) | Metric::Max | Metric::Mean => {
            units::parse_duration(text).map(Bound::Time).map_err(unit_error)
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        if let Some(step) = &self.of {
            // What would be read as quotes or as a gap needs quotes of its own.
            match unquoted(step.trim()) == step {
                true => write!(f, " of {step}")?,
                false => write!(f, " of '{step}'")?,
            }
        }
        write!(f, " {} {}", self.comparison, self.bound)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(Percentile(thousandths)) => {
                let (whole, fraction) = (thousandths / 1_000, thousandths % 1_000);
                match fraction {
                    0 => write!(f, "p{whole}"),
                    _ => write!(f, "p{whole}.{}", format!("{fraction:03}").trim_end_matches('0')),
                }
            }
            Self::Max => f.write_str("max"),
            Self::Mean => f.write_str("mean"),
            Self::ErrorRate => f.write_str("error_rate"),
            Self::Checks => f.write_str("checks"),
            Self::Journeys => f.write_str("journeys"),
            Self::Rate => f.write_str("rate"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) if time.is_zero() => f.write_str("0ms"),
            Self::Time(time) => write!(f, "{}", humantime::format_duration(*time)),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::PerSecond(rate) => write!(f, "{rate}/s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn gates_read_as_they_are_written() {
        for text in [
            "p95 < 600ms",
            "p99.9 of search <= 1s",
            "max < 2s",
            "mean of sign in < 250ms",
            "error_rate < 1%",
            "checks >= 95%",
            "journeys >= 95%",
            "rate >= 50/s",
            "p50 of GET /api/health > 0ms",
            "error_rate of search < 0.5%",
        ] {
            assert_eq!(gate(text).to_string(), text);
        }
        assert_eq!(gate("  p95<600ms "), gate("p95 < 600ms"));
        assert_eq!(gate("p95 of 'a step' < 1s").of.as_deref(), Some("a step"));
        for quoted in ["p95 of ' a ' < 1s", "p95 of ''a'' < 1s"] {
            assert_eq!(gate(quoted).to_string(), quoted);
        }
        assert_eq!(gate("p99.90 < 1s"), gate("p99.9 < 1s"));
    }

    #[test]
    fn mistakes_say_where_and_what_to_do() {
        for (text, place, message, hint) in [
            ("p95", "p95", "needs a comparison", "p95 < 600ms"),
            ("p95 == 600ms", "==", "not a comparison", "use <"),
            ("error_rat < 1%", "error_rat", "unknown figure", "did you mean `error_rate`?"),
            ("p100 < 1s", "p100", "unknown figure", "p"),
            ("p0 < 1s", "p0", "unknown figure", "p50"),
            ("p95 < 600", "600", "not a duration", "500ms"),
            ("error_rate < 600ms", "600ms", "not a percentage", "1%"),
            ("rate > 5", "5", "not a rate", "20/s"),
            ("p95 of < 1s", "of", "needs the name of a step", "p95 of search"),
            ("p95 for search < 1s", "for search", "does not belong here", "gates look like"),
            ("journeys of search >= 95%", "of search", "of the whole run", "leave this out"),
            ("journeys >= 9", "9", "not a percentage", "%"),
            ("journey >= 95%", "journey", "unknown figure", "did you mean `journeys`?"),
            ("p95 <", "p95 <", "no bound", "gates look like"),
            ("< 5ms", "", "which figure", "the figures are"),
        ] {
            let error = text.parse::<Gate>().unwrap_err();
            assert_eq!(&text[error.span.clone()], place, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
            assert!(error.hint.contains(hint), "{text}: {}", error.hint);
        }
    }

    #[test]
    fn a_percentile_needs_a_sample_beyond_it() {
        let least = |text: &str| match gate(text).metric {
            Metric::Percentile(percentile) => percentile.least_samples(),
            _ => 0,
        };
        assert_eq!([least("p50 < 1s"), least("p95 < 1s"), least("p99 < 1s"), least("p99.9 < 1s")], [2, 20, 100, 1000]);
    }

    fn any_gate() -> impl Strategy<Value = Gate> {
        let comparison = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">=")];
        let time = (0u64..100_000_000_000).prop_map(|ns| Bound::Time(Duration::from_nanos(ns)));
        let with_time = (1u32..100_000).prop_map(|p| Metric::Percentile(Percentile(p)));
        let of_steps = prop_oneof![
            (prop_oneof![with_time, Just(Metric::Max), Just(Metric::Mean)], time),
            (prop_oneof![Just(Metric::ErrorRate), Just(Metric::Checks)], (0.0..=100.0).prop_map(Bound::Percent)),
            (Just(Metric::Rate), (0.0..1e9).prop_map(Bound::PerSecond)),
        ];
        let of_runs = (0.0..=100.0).prop_map(|percent| ((Metric::Journeys, Bound::Percent(percent)), None));
        let left = prop_oneof![5 => (of_steps, prop::option::of("[a-z][a-z /]{0,10}[a-z]")), 1 => of_runs];
        (left, comparison).prop_map(|(((metric, bound), of), comparison)| {
            let comparison = gate(&format!("max {comparison} 1s")).comparison;
            Gate { metric, of, comparison, bound }
        })
    }

    proptest! {
        #[test]
        fn parsing_what_was_printed_is_the_same_gate(gate in any_gate()) {
            prop_assert_eq!(gate.to_string().parse::<Gate>(), Ok(gate));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            if let Err(error) = text.parse::<Gate>() {
                prop_assert!(text.get(error.span).is_some());
            }
        }
    }
}
