//! Text to gates, from left to right; of every mistake it is said where it is and what to write.

use std::ops::Range;
use std::str::FromStr;

use super::part::Part;
use super::print::{KINDS, unquoted};
use super::right::{option, right_side};
use super::{Clock, Comparison, ErrorClass, Gate, GateError, Metric, Of, Options, Percentile, Statistic, sense};
use crate::diagnostic::nearest;
use crate::failure::Failure;

const FIGURES: [&str; 14] = [
    "p50",
    "p90",
    "p95",
    "p99",
    "p99.9",
    "max",
    "mean",
    "error_rate",
    "errors",
    "failures",
    "checks",
    "journeys",
    "rate",
    "capacity",
];
pub(super) const EXAMPLES: &str =
    "gates look like: p95 < 600ms, p99 of search <= 1s, error_rate < 1%, journeys >= 95%, rate >= 50/s";
/// What comparisons are made of.
pub(super) const OPERATORS: [char; 4] = ['<', '>', '=', '!'];

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let whole = Part { text, at: 0 };
        let operator =
            operator_of(text).ok_or_else(|| whole.wrong("a gate needs a comparison: <, <=, =, >= or >", EXAMPLES))?;
        let comparison = comparison(Part { text: &text[operator.clone()], at: operator.start })?;
        let (metric, of) = left_side(whole.until(operator.start))?;
        let mut parts = Vec::new();
        let mut rest = whole.from(operator.end);
        while let Some(comma) = rest.text.find(',') {
            parts.push(rest.until(comma).trimmed());
            rest = rest.from(comma + 1);
        }
        parts.push(rest.trimmed());
        let (bound, span) = right_side((metric, comparison), parts[0], whole)?;
        let mut options = Options::default();
        for part in &parts[1..] {
            option(*part, &mut options)?;
        }
        let gate = Self { metric, of, comparison, bound, span, options };
        sense::check(&gate, text, operator)?;
        Ok(gate)
    }
}

/// Where the comparison is: the first that is not within the quotes of a name.
fn operator_of(text: &str) -> Option<Range<usize>> {
    let first = text.find(OPERATORS)?;
    let open = [" '", ":'"].iter().filter_map(|quote| text.find(quote)).min().filter(|open| *open < first);
    // A bound has no quotes, so the last that a comparison follows ends the name.
    let closes = |at: &usize| text[at + 1..].trim_start().starts_with(OPERATORS);
    let close =
        open.and_then(|open| text.rmatch_indices('\'').map(|(at, _)| at).filter(|at| *at > open + 1).find(closes));
    let from = close.unwrap_or(0);
    let start = from + text[from..].find(OPERATORS)?;
    let end = start + text[start..].find(|c| !OPERATORS.contains(&c)).unwrap_or(text.len() - start);
    Some(start..end)
}

fn comparison(operator: Part<'_>) -> Result<Comparison, GateError> {
    Ok(match operator.text {
        "<" => Comparison::Below,
        "<=" => Comparison::AtMost,
        "=" | "==" => Comparison::Equal,
        ">=" => Comparison::AtLeast,
        ">" => Comparison::Above,
        other => {
            let hint = match other {
                "=<" => "did you mean `<=`?",
                "=>" => "did you mean `>=`?",
                _ => "use <, <=, =, >= or >",
            };
            return Err(operator.wrong(format!("`{other}` is not a comparison"), hint));
        }
    })
}

/// `FIGURE [of WHAT]`
fn left_side(left: Part<'_>) -> Result<(Metric, Of), GateError> {
    let (word, rest) = figure_word(left);
    let metric = metric(word)?;
    if rest.text.is_empty() {
        return Ok((metric, Of::All));
    }
    match rest.word() {
        (of, name) if of.text == "of" => Ok((metric, what(of, name)?)),
        _ => Err(rest.wrong(format!("`{}` does not belong here", rest.text), EXAMPLES)),
    }
}

/// The figure with its class, which may have gaps in it, and what comes after.
fn figure_word(left: Part<'_>) -> (Part<'_>, Part<'_>) {
    let part = left.trimmed();
    match (part.text.find('('), part.text.find(')')) {
        (Some(open), Some(close)) if open < close && !part.text[..open].contains(char::is_whitespace) => {
            (part.until(close + 1), part.from(close + 1).trimmed())
        }
        _ => part.word(),
    }
}

fn what(of: Part<'_>, name: Part<'_>) -> Result<Of, GateError> {
    let (kind, named) = name.word();
    let named_text = unquoted(named.text);
    match kind.text {
        kind if KINDS.contains(&kind) && named_text.is_empty() => Err(name.wrong(
            format!("`{kind}` needs a name"),
            "name it as in the steps: p95 of group browse < 300ms, p95 of tag kind:read < 300ms",
        )),
        "group" => Ok(Of::Group(named_text.to_owned())),
        "tag" => match named.text.split_once(':') {
            Some((tag, value)) if !tag.trim().is_empty() && !unquoted(value.trim()).is_empty() => {
                Ok(Of::Tag(tag.trim().to_owned(), unquoted(value.trim()).to_owned()))
            }
            _ => Err(named.wrong("a tag has a name and a value", "write it as name:value, as in: tag kind:read")),
        },
        _ if unquoted(name.text).is_empty() => {
            Err(of.wrong("`of` needs the name of a step", "name a step as in its `name`: p95 of search < 300ms"))
        }
        _ => Ok(Of::Step(unquoted(name.text).to_owned())),
    }
}

fn metric(word: Part<'_>) -> Result<Metric, GateError> {
    if let Some(open) = word.text.find('(') {
        return with_class(word.until(open), word.from(open));
    }
    let statistic = |part: Part<'_>| match part.text {
        "max" => Some(Statistic::Max),
        "mean" => Some(Statistic::Mean),
        text => text.strip_prefix('p').and_then(Percentile::parse).map(Statistic::Percentile),
    };
    let plain = match word.text {
        "error_rate" => Some(Metric::ErrorRate(None)),
        "errors" => Some(Metric::Errors(None)),
        "failures" => Some(Metric::Failures),
        "checks" => Some(Metric::Checks),
        "journeys" => Some(Metric::Journeys),
        "rate" => Some(Metric::Rate),
        "capacity" => Some(Metric::Capacity),
        _ => statistic(word).map(|statistic| Metric::Time(Clock::Response, statistic)),
    };
    if let Some(metric) = plain {
        return Ok(metric);
    }
    // `p99.9` has a point, too, and so has a percentile that is none.
    let is_percentile = is_percentile(word.text);
    let Some(point) = word.text.find('.').filter(|_| !is_percentile) else {
        return Err(unknown_figure(word));
    };
    let (name, rest) = (word.until(point), word.from(point + 1));
    let Some(clock) = Clock::ALL.into_iter().find(|clock| clock.name() == name.text) else {
        let names = Clock::ALL.map(Clock::name);
        let hint = match nearest(name.text, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the times are: {}", names.join(", ")),
        };
        return Err(name.wrong(format!("unknown time `{}`", name.text), hint));
    };
    match statistic(rest) {
        Some(statistic) => Ok(Metric::Time(clock, statistic)),
        None => {
            let hint =
                if self::is_percentile(rest.text) { PERCENTILES } else { "ask for pN, max or mean: service.p95" };
            Err(rest.wrong(format!("`{}` cannot be asked of a time", rest.text), hint))
        }
    }
}

const PERCENTILES: &str = "percentiles go from p0.001 to p99.999, such as p50, p95 or p99.9";

fn is_percentile(text: &str) -> bool {
    text.strip_prefix('p').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn unknown_figure(word: Part<'_>) -> GateError {
    let message = match word.text {
        "" => "the gate does not say which figure".to_owned(),
        text => format!("unknown figure `{text}`"),
    };
    let hint = match nearest(word.text, FIGURES) {
        _ if is_percentile(word.text) => PERCENTILES.to_owned(),
        _ if word.text == "p" => "percentiles are written without brackets: p95".to_owned(),
        _ if word.text.starts_with(|c: char| c.is_ascii_digit()) => {
            "the figure stands on the left, its bound on the right: p95 < 600ms".to_owned()
        }
        _ if word.text.starts_with("http_req_") => {
            "ask for a percentile: p95 of what a user waits, service.p95 of what the target takes".to_owned()
        }
        _ if Clock::ALL.iter().any(|clock| clock.name() == word.text) => {
            format!("ask for pN, max or mean of it: {}.p95", word.text)
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the figures are: {}, and any percentile such as p75", FIGURES.join(", ")),
    };
    word.wrong(message, hint)
}

/// `errors(http_429)` and `error_rate(5xx)`
fn with_class(name: Part<'_>, class: Part<'_>) -> Result<Metric, GateError> {
    let Some(inner) = class.text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else {
        return Err(class.wrong("a bracket is not closed", "write the class in brackets: errors(http_429) = 0"));
    };
    let of: fn(Option<ErrorClass>) -> Metric = match name.text {
        "errors" => Metric::Errors,
        "error_rate" => Metric::ErrorRate,
        _ if FIGURES.contains(&name.text) || is_percentile(name.text) => {
            let hint = "classes are of `errors` and of `error_rate`: errors(http_429) = 0";
            return Err(class.wrong(format!("`{}` has no classes", name.text), hint));
        }
        _ => return Err(unknown_figure(name)),
    };
    let inner = Part { text: inner, at: class.at + 1 }.trimmed();
    error_class(inner.text).map(|class| of(Some(class))).ok_or_else(|| {
        let hint = match nearest(inner.text, Failure::NAMES) {
            _ if inner.text.parse::<u16>().is_ok_and(|status| (100..1_000).contains(&status)) => {
                format!("did you mean `http_{}`?", inner.text)
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the classes are: {}, http_ and a status, 4xx, 5xx", Failure::NAMES.join(", ")),
        };
        inner.wrong(format!("unknown class of errors `{}`", inner.text), hint)
    })
}

fn error_class(text: &str) -> Option<ErrorClass> {
    let hundred = text.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok());
    match hundred {
        Some(hundred) => (1..=5).contains(&hundred).then_some(ErrorClass::Hundred(hundred)),
        None => text.parse().ok().map(ErrorClass::Exactly),
    }
}

impl Percentile {
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
