//! Text to gates: reads from left to right, and says of every mistake where it is and what to write.

use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use super::print::{KINDS, unquoted};
use super::{
    Bound, Clock, Comparison, ErrorClass, Gate, GateError, Metric, Of, Options, Percentile, Span, Statistic, sense,
};
use crate::diagnostic::nearest;
use crate::failure::Failure;
use crate::units;

const FIGURES: [&str; 13] = [
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
];
const OPTIONS: [&str; 4] = ["at least N samples", "strict", "warn", "abort"];
pub(super) const EXAMPLES: &str =
    "gates look like: p95 < 600ms, p99 of search <= 1s, error_rate < 1%, journeys >= 95%, rate >= 50/s";
/// What comparisons are made of.
pub(super) const OPERATORS: [char; 4] = ['<', '>', '=', '!'];

/// A part of the expression, and where it begins.
#[derive(Debug, Clone, Copy)]
struct Part<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Part<'t> {
    /// Without the gaps around it.
    fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), at: self.at + self.text.len() - text.len() }
    }

    fn from(self, start: usize) -> Self {
        Self { text: &self.text[start..], at: self.at + start }
    }

    fn until(self, end: usize) -> Self {
        Self { text: &self.text[..end], at: self.at }
    }

    /// The first word, and what comes after it.
    fn word(self) -> (Self, Self) {
        let part = self.trimmed();
        let end = part.text.find(char::is_whitespace).unwrap_or(part.text.len());
        (part.until(end), part.from(end).trimmed())
    }

    fn span(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    fn wrong(self, message: impl Into<String>, hint: impl Into<String>) -> GateError {
        GateError { message: message.into(), span: self.span(), hint: hint.into() }
    }
}

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
        let (bound, span) = right_side(metric, parts[0], whole)?;
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
        other => return Err(operator.wrong(format!("`{other}` is not a comparison"), "use <, <=, =, >= or >")),
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

/// `BOUND [over TIME | in a row]`
fn right_side(metric: Metric, part: Part<'_>, whole: Part<'_>) -> Result<(Bound, Span), GateError> {
    let over = part.text.find(" over ").or_else(|| part.text.strip_suffix(" over").map(str::len));
    let (bound_part, span) = if let Some(at) = over {
        let time = part.from(at + " over".len()).trimmed();
        let place = if time.text.is_empty() { part.from(at).trimmed() } else { time };
        let time = units::parse_duration(time.text).map_err(|error| place.wrong(error.problem, error.hint))?;
        (part.until(at), Span::Over(time))
    } else if let Some(bound) = part.text.strip_suffix("in a row") {
        (part.until(bound.len()), Span::InARow)
    } else {
        (part, Span::Whole)
    };
    let bound_part = bound_part.trimmed();
    if let Some((at, option)) = bound_part.text.match_indices(' ').map(|(at, _)| (at, bound_part.from(at + 1))).next()
        && ["strict", "warn", "abort", "at"].contains(&option.word().0.text)
    {
        return Err(bound_part.from(at).trimmed().wrong(
            format!("`{}` needs a comma before it", option.text),
            format!("write: {metric} < {}, {}", &bound_part.text[..at], option.text),
        ));
    }
    let place = if bound_part.text.is_empty() { whole } else { bound_part };
    let bound = bound(metric, bound_part.text).map_err(|(message, hint)| place.wrong(message, hint))?;
    Ok((bound, span))
}

/// The bound in the unit that `metric` needs, or what is wrong and what to write.
fn bound(metric: Metric, text: &str) -> Result<Bound, (String, String)> {
    if text.is_empty() {
        return Err(("the gate has no bound".to_owned(), EXAMPLES.to_owned()));
    }
    if let Some(factor) = text.strip_suffix("baseline") {
        let factor = factor.trim();
        let number = factor.strip_suffix(['x', '×']).and_then(|number| number.trim().parse::<f64>().ok());
        return number.filter(|factor| factor.is_finite() && *factor > 0.0).map(Bound::Baseline).ok_or_else(|| {
            let message = format!("`{factor}` is not a multiple of the baseline");
            (message, "write how many times the baseline it may be: p95 < 1.2x baseline".to_owned())
        });
    }
    let unit_error = |error: units::UnitError| (error.problem, error.hint);
    match metric {
        Metric::ErrorRate(_) | Metric::Checks | Metric::Journeys => {
            units::parse_share(text).map_err(unit_error)?;
            // As written, so that printing gives the same text.
            let percent = text.trim_end_matches('%').trim().parse().unwrap_or_default();
            Ok(Bound::Percent(percent))
        }
        Metric::Rate => units::parse_rate(text).map(Bound::PerSecond).map_err(unit_error),
        Metric::Time(..) => units::parse_duration(text).map(Bound::Time).map_err(unit_error),
        Metric::Errors(_) | Metric::Failures => text.parse().map(Bound::Count).map_err(|_| {
            let hint = match text.ends_with('%') {
                true => format!("`{metric}` is a number; for a share of all write error_rate: error_rate < {text}"),
                false => format!("write a whole number: {metric} < 5"),
            };
            (format!("`{text}` is not a number of events"), hint)
        }),
    }
}

/// One option, which may stand only once.
fn option(part: Part<'_>, options: &mut Options) -> Result<(), GateError> {
    let (first, rest) = part.word();
    let was_there = match (first.text, rest.text) {
        ("strict", "") => std::mem::replace(&mut options.strict, true),
        ("warn", "") => std::mem::replace(&mut options.warn, true),
        ("abort", "") => options.abort.replace(Duration::ZERO).is_some(),
        ("abort", _) => options.abort.replace(grace(rest)?).is_some(),
        ("at", _) => options.at_least.replace(samples(part, rest)?).is_some(),
        ("", _) => return Err(part.wrong("there is nothing after the comma", options_hint())),
        ("over" | "in", _) => {
            return Err(part.wrong(
                format!("`{}` stands behind a comma", part.text),
                "leave the comma out: p95 < 600ms over 10m, failures of health < 3 in a row",
            ));
        }
        (text, _) => {
            let hint = match nearest(text, ["strict", "warn", "abort"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => options_hint(),
            };
            return Err(part.wrong(format!("unknown option `{}`", part.text), hint));
        }
    };
    match was_there {
        true => Err(part.wrong(format!("`{}` is said twice", first.text), "say it once")),
        false => Ok(()),
    }
}

fn options_hint() -> String {
    format!("the options are: {}", OPTIONS.join(", "))
}

/// `after TIME`
fn grace(rest: Part<'_>) -> Result<Duration, GateError> {
    let (after, time) = rest.word();
    if after.text != "after" || time.text.is_empty() {
        return Err(rest.wrong(
            format!("`{}` does not belong here", rest.text),
            "write how long nothing is stopped: abort after 30s",
        ));
    }
    units::parse_duration(time.text).map_err(|error| time.wrong(error.problem, error.hint))
}

/// `least N samples`
fn samples(whole: Part<'_>, rest: Part<'_>) -> Result<u64, GateError> {
    let words: Vec<&str> = rest.text.split_whitespace().collect();
    let number = match words[..] {
        ["least", number, "samples" | "sample"] => number.replace('_', "").parse().ok().filter(|number| *number > 0),
        _ => None,
    };
    number.ok_or_else(|| {
        whole.wrong(format!("`{}` is not a number of samples", whole.text), "write: at least 200 samples")
    })
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
