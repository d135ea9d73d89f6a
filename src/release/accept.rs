//! What evidence must show: `lines >= 65%`, `tests.failed == 0`, `status == "ok"`; parsed once, judged by comparing.

use std::fmt;
use std::ops::Range;

use super::figure::{Figure, Reading, Unit};
use crate::units::{UnitError, parse_duration, parse_share};
use crate::verdict::Status;

/// How a figure and its bound must lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// The longer signs first, so that none is taken for the start of another.
const RELATIONS: [(&str, Relation); 6] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("==", Relation::Equal),
    ("!=", Relation::NotEqual),
    ("<", Relation::Below),
    (">", Relation::Above),
];

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptance {
    /// The reader whose figure it is, where the figure's name alone does not tell.
    pub reader: Option<String>,
    /// The figure.
    pub figure: String,
    /// How it must lie to the bound.
    pub relation: Relation,
    /// The bound.
    pub bound: Figure,
    /// As it is written.
    pub text: String,
}

/// A condition that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What to write.
    pub hint: String,
}

/// How a condition came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Pass, fail or no data.
    pub status: Status,
    /// The figure, if there is one.
    pub observed: Option<String>,
}

impl Acceptance {
    /// Reads a condition.
    ///
    /// # Errors
    /// When it is no `FIGURE RELATION BOUND`.
    pub fn parse(text: &str) -> Result<Self, AcceptError> {
        const HINT: &str = "write a figure, a comparison and a bound: lines >= 65%, failed == 0, age < 24h";
        let wrong = |message: String, span: Range<usize>| AcceptError { message, span, hint: HINT.to_owned() };
        let found = RELATIONS.iter().filter_map(|(sign, relation)| Some((text.find(sign)?, *sign, *relation)));
        // Of signs at one place the longest, which stands first.
        let Some((at, sign, relation)) = found.min_by_key(|(at, sign, _)| (*at, usize::MAX - sign.len())) else {
            return Err(wrong(format!("`{}` compares nothing", text.trim()), 0..text.len()));
        };
        let name = text[..at].trim();
        let is_name =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let (reader, figure) = match name.split_once('.') {
            Some((reader, figure)) => (Some(reader.trim()), figure.trim()),
            None => (None, name),
        };
        if !is_name(figure) || reader.is_some_and(|reader| !is_name(reader)) {
            return Err(wrong(format!("`{name}` is no name of a figure"), 0..at.max(1)));
        }
        let bound_at = at + sign.len();
        let bound = bound(&text[bound_at..]).map_err(|error| AcceptError {
            message: error.problem,
            span: bound_at..text.len(),
            hint: error.hint,
        })?;
        Ok(Self {
            reader: reader.map(str::to_owned),
            figure: figure.to_owned(),
            relation,
            bound,
            text: text.trim().to_owned(),
        })
    }

    /// What is wrong with comparing a figure of `unit` with the bound; none if it makes sense.
    pub fn mismatch(&self, unit: Unit) -> Option<String> {
        let is_whole = matches!(self.bound, Figure::Count(_));
        let (fits, wanted) = match unit {
            Unit::Count => (is_whole, "a whole number: 0, 10"),
            Unit::Share => (matches!(self.bound, Figure::Share(_)), "a percentage: 65%"),
            Unit::Seconds => (matches!(self.bound, Figure::Seconds(_)), "a duration: 30s, 24h"),
            Unit::Bytes => (is_whole || matches!(self.bound, Figure::Bytes(_)), "a size: 1, 10KiB, 2MiB"),
            Unit::Number => (is_whole || matches!(self.bound, Figure::Number(_)), "a number: 0.5"),
            // A document's number says nothing of its unit: 0.94 may be a share, or a percentage.
            Unit::Any => (
                is_whole || matches!(self.bound, Figure::Number(_) | Figure::Text(_) | Figure::Boolean(_)),
                "a number as it stands in the document (0.65, 10), a text in quotes, true or false",
            ),
        };
        (!fits).then(|| format!("`{}` is compared with {wanted}", self.figure))
    }

    /// Compares with the figure that the readings hold, each by the name of its reader.
    pub fn check(&self, readings: &[(&str, &Reading)]) -> Checked {
        let of = || readings.iter().filter(|(reader, _)| self.reader.as_deref().is_none_or(|wanted| wanted == *reader));
        let found = of().flat_map(|(_, reading)| &reading.figures).find(|(name, _)| *name == self.figure);
        let Some((name, figure)) = found else { return Checked { status: Status::NoData, observed: None } };
        let holds = match (figure, &self.bound) {
            (Figure::Text(found), Figure::Text(wanted)) => self.of_equality(found == wanted),
            (Figure::Boolean(found), Figure::Boolean(wanted)) => self.of_equality(found == wanted),
            (found, wanted) => match (found.number(), wanted.number()) {
                (Some(number), Some(limit)) if found.is_like(wanted) && number.is_finite() => {
                    Some(self.holds(number, limit))
                }
                _ => None,
            },
        };
        let status = match holds {
            Some(true) => Status::Pass,
            Some(false) => Status::Fail,
            None => Status::NoData,
        };
        let mut observed = figure.shown_against(&self.bound);
        let which = of().find_map(|(_, reading)| reading.which.iter().find(|(of, _)| of == name));
        if let (Status::Fail, Some((_, which))) = (status, which) {
            observed = format!("{observed} ({which})");
        }
        Checked { status, observed: Some(observed) }
    }

    fn of_equality(&self, equal: bool) -> Option<bool> {
        match self.relation {
            Relation::Equal => Some(equal),
            Relation::NotEqual => Some(!equal),
            _ => None,
        }
    }

    fn holds(&self, found: f64, wanted: f64) -> bool {
        // Figures come from the same arithmetic as bounds do; this only forgives the last bits of a decimal fraction.
        let same = (found - wanted).abs() <= f64::EPSILON * found.abs().max(wanted.abs()) * 4.0;
        match self.relation {
            Relation::Below => found < wanted && !same,
            Relation::AtMost => found < wanted || same,
            Relation::Above => found > wanted && !same,
            Relation::AtLeast => found > wanted || same,
            Relation::Equal => same,
            Relation::NotEqual => !same,
        }
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A bound by its form: `65%`, `"text"`, `true`, `24h`, `2MiB`, `10`, `0.5`.
fn bound(text: &str) -> Result<Figure, UnitError> {
    let text = text.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    if let Some(inner) = quoted {
        return Ok(Figure::Text(inner.to_owned()));
    }
    if text.ends_with('%') {
        return parse_share(text).map(Figure::Share);
    }
    if let Ok(value) = text.parse::<bool>() {
        return Ok(Figure::Boolean(value));
    }
    if let Ok(count) = text.parse::<u64>() {
        return Ok(Figure::Count(count));
    }
    if let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) {
        return Ok(Figure::Number(number));
    }
    if let Some(bytes) = size(text) {
        return Ok(Figure::Bytes(bytes));
    }
    if let Ok(duration) = parse_duration(text) {
        return Ok(Figure::Seconds(duration.as_secs_f64()));
    }
    Err(UnitError {
        problem: if text.is_empty() { "there is no bound here".into() } else { format!("`{text}` is no bound") },
        hint: "write 65%, 10, 0.5, 24h, 2MiB, true, or a text in 'quotes'".into(),
    })
}

fn size(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
    let (number, unit) = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)))?;
    number.trim().parse::<u64>().ok()?.checked_mul(*unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str, figure: Figure) -> Status {
        let mut reading = Reading::default();
        reading.figure("x", figure);
        Acceptance::parse(text).unwrap().check(&[("tests", &reading)]).status
    }

    #[test]
    fn a_figure_is_compared_with_its_bound_and_nothing_is_no_pass() {
        use Figure::{Boolean, Bytes, Count, Number, Seconds, Share, Text};
        use Status::{Fail, NoData, Pass};
        for (text, figure, wanted) in [
            ("x >= 65%", Share(0.65), Pass),
            ("x >= 65%", Share(13.0 / 20.0), Pass),
            ("x >= 65%", Share(0.649_999), Fail),
            ("x >= 65%", Share(0.0094), Fail),
            ("x > 65%", Share(0.65), Fail),
            ("x == 0", Count(0), Pass),
            ("x==0", Count(1), Fail),
            ("x != 0", Count(1), Pass),
            ("x < 24h", Seconds(86_399.0), Pass),
            ("x <= 2MiB", Bytes(2 << 20), Pass),
            ("x > 0", Bytes(0), Fail),
            ("x < 0.6", Number(0.59), Pass),
            ("x < 0.6", Number(f64::NAN), NoData),
            ("x == 'ok'", Text("ok".into()), Pass),
            ("x == \"ok\"", Text("no".into()), Fail),
            ("x < 5", Text("3".into()), NoData),
            ("x == true", Boolean(true), Pass),
            ("tests.x == 1", Count(1), Pass),
            ("coverage.x == 1", Count(1), NoData),
            ("y == 1", Count(1), NoData),
            ("x < 10", Number(9.5), Pass),
            ("x >= 1", Bytes(1), Pass),
        ] {
            assert_eq!(status(text, figure.clone()), wanted, "{text} of {figure:?}");
        }
    }

    #[test]
    fn a_number_without_a_unit_is_compared_with_no_bound_that_has_one() {
        use Figure::{Bytes, Count, Number, Seconds, Share};
        for (text, figure) in [
            ("x >= 65%", Number(0.94)),
            ("x >= 65%", Count(94)),
            ("x < 5s", Number(0.3)),
            ("x < 5s", Count(3)),
            ("x < 5KiB", Count(3)),
            ("x < 5KiB", Number(3.0)),
            ("x >= 1", Share(1.0)),
            ("x >= 0.65", Share(0.7)),
            ("x < 10", Seconds(3.0)),
            ("x < 10s", Bytes(3)),
            ("x < 0.5", Bytes(0)),
        ] {
            assert_eq!(status(text, figure.clone()), Status::NoData, "{text} of {figure:?}");
        }
        for (text, fits) in [
            ("pct >= 65%", false),
            ("pct < 5s", false),
            ("pct > 1KiB", false),
            ("pct >= 0.65", true),
            ("pct >= 65", true),
            ("pct == 'ok'", true),
            ("pct == true", true),
        ] {
            let mismatch = Acceptance::parse(text).unwrap().mismatch(Unit::Any);
            assert_eq!(mismatch.is_none(), fits, "{text}: {mismatch:?}");
        }
    }

    #[test]
    fn what_a_figure_counts_is_named_where_its_condition_does_not_hold() {
        let mut reading = Reading::default();
        reading.figure("down", Figure::Count(1));
        reading.which("down", "db: Exited (1)");
        let observed = |text: &str| Acceptance::parse(text).unwrap().check(&[("containers", &reading)]).observed;
        assert_eq!(observed("down == 0").as_deref(), Some("1 (db: Exited (1))"));
        assert_eq!(observed("down <= 1").as_deref(), Some("1"));
    }

    #[test]
    fn what_is_no_condition_says_where_and_what_to_write() {
        for (text, part, span) in [
            ("lines", "compares nothing", 0..5),
            ("lines >= 650%", "not a percentage", 8..13),
            ("lines >= many", "no bound", 8..13),
            (">= 5", "no name", 0..1),
            ("a b > 5", "no name", 0..4),
        ] {
            let error = Acceptance::parse(text).unwrap_err();
            assert!(error.message.contains(part), "{error:?}");
            assert_eq!(error.span, span, "{error:?}");
        }
        assert!(Acceptance::parse("lines >= 65").unwrap().mismatch(Unit::Share).is_some());
        assert!(Acceptance::parse("lines >= 65%").unwrap().mismatch(Unit::Share).is_none());
    }
}
