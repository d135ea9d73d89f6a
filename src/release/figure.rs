//! What evidence says: figures with a unit, and the reading that they came from.

use std::path::PathBuf;
use std::time::Duration;

use crate::units::{format_bytes, format_count, format_duration, format_share, parse_duration, parse_share};

/// What a figure counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// A part of a whole, from 0 to 1.
    Share,
    /// A time, in seconds.
    Seconds,
    /// A size, in bytes.
    Bytes,
    /// A number without a unit, as a query gives it.
    Number,
    /// Whatever the evidence holds: number, text, true or false.
    Any,
}

/// The value of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// How many.
    Count(u64),
    /// A part of a whole, from 0 to 1.
    Share(f64),
    /// A time, in seconds.
    Seconds(f64),
    /// A size.
    Bytes(u64),
    /// A number without a unit.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Boolean(bool),
}

impl Figure {
    /// The value as a number; none of a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            // Exact up to 2^53, more than anything here counts.
            #[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^53")]
            Self::Count(count) | Self::Bytes(count) => Some(*count as f64),
            Self::Share(number) | Self::Seconds(number) | Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Boolean(_) => None,
        }
    }

    /// Whether `bound` is in the unit of this value, or needs none.
    pub fn is_like(&self, bound: &Self) -> bool {
        match self {
            Self::Count(_) | Self::Number(_) => matches!(bound, Self::Count(_) | Self::Number(_)),
            Self::Share(_) => matches!(bound, Self::Share(_)),
            Self::Seconds(_) => matches!(bound, Self::Seconds(_)),
            Self::Bytes(_) => matches!(bound, Self::Bytes(_) | Self::Count(_)),
            Self::Text(_) => matches!(bound, Self::Text(_)),
            Self::Boolean(_) => matches!(bound, Self::Boolean(_)),
        }
    }

    /// The value with its unit, for people.
    pub fn shown(&self) -> String {
        match self {
            Self::Count(count) => format_count(*count),
            Self::Share(share) => floored(*share, 2),
            Self::Seconds(seconds) => {
                Duration::try_from_secs_f64(*seconds).map_or_else(|_| format!("{seconds} s"), format_duration)
            }
            Self::Bytes(bytes) => format_bytes(*bytes),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Boolean(value) => value.to_string(),
        }
    }

    /// As [`Self::shown`], with as many digits as it takes to lie on the same side of `bound` as the value itself:
    /// nobody believes that 65% is less than 65%.
    pub fn shown_against(&self, bound: &Self) -> String {
        let (Some(value), Some(limit)) = (self.number(), bound.number()) else { return self.shown() };
        let tells = |shown: f64| shown.partial_cmp(&limit) == value.partial_cmp(&limit);
        match self {
            Self::Share(share) => {
                let texts = (2..=12).map(|decimals| floored(*share, decimals));
                let mut telling = texts.filter(|text| parse_share(text).is_ok_and(tells));
                telling.next().unwrap_or_else(|| self.shown())
            }
            Self::Seconds(seconds) => {
                let texts = [self.shown(), format!("{seconds:.3}s"), format!("{seconds}s")];
                let is_telling = |text: &String| parse_duration(text).is_ok_and(|shown| tells(shown.as_secs_f64()));
                texts.into_iter().find(is_telling).unwrap_or_else(|| self.shown())
            }
            Self::Bytes(bytes)
                if matches!(bound, Self::Bytes(limit) | Self::Count(limit)
                if limit != bytes && format_bytes(*limit) == format_bytes(*bytes)) =>
            {
                format!("{} B", format_count(*bytes))
            }
            _ => self.shown(),
        }
    }
}

/// A share as a percentage that is never more than it, as coverage tools write it: 64.996% is not 65%, and what is
/// called 100% is all.
fn floored(share: f64, decimals: u32) -> String {
    let scale = 10_f64.powi(decimals.cast_signed());
    // A share of counts is no decimal fraction; this forgives the last bits of one.
    let units = (share * 100.0 * scale + 1e-7).floor();
    if units == 0.0 && share > 0.0 {
        return format_share(share);
    }
    let text = format!("{:.*}", decimals as usize, units / scale);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// What one reader made of its evidence.
///
/// What is `missing` outweighs everything: nothing is known then. What is `broken` is known, and bad.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The figures by name, in the order in which they are shown.
    pub figures: Vec<(String, Figure)>,
    /// Why it says nothing: no file, an old one, an unknown shape, nothing in it. One sentence each.
    pub missing: Vec<String>,
    /// What it says that must not be, beyond what figures are compared with. One sentence each.
    pub broken: Vec<String>,
    /// What is worth knowing and decides nothing: skipped tests, waived vulnerabilities.
    pub notes: Vec<String>,
    /// What figures count, by their names: told where a condition on one does not hold.
    pub which: Vec<(String, String)>,
    /// What was read.
    pub sources: Vec<SourceRead>,
}

/// A file, an output or an address that evidence was read from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceRead {
    /// Its path, `stdout`, or a URL without credentials.
    pub name: String,
    /// The file, if it is one.
    pub path: Option<PathBuf>,
    /// SHA-256 of what was read, in hexadecimal digits.
    pub sha256: Option<String>,
    /// When it was made (RFC 3339), as far as that is known.
    pub made_at: Option<String>,
}

impl Reading {
    /// A reading that says nothing, and why.
    pub fn nothing(why: impl Into<String>) -> Self {
        Self { missing: vec![why.into()], ..Self::default() }
    }

    /// Adds a figure.
    pub fn figure(&mut self, name: &str, figure: Figure) {
        self.figures.push((name.to_owned(), figure));
    }

    /// Says what the figure `name` counts.
    pub fn which(&mut self, name: &str, told: impl Into<String>) {
        self.which.push((name.to_owned(), told.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_lies_where_the_value_lies() {
        use Figure::{Bytes, Count, Seconds, Share};
        for (figure, bound, wanted) in [
            (Share(0.649_96), Share(0.65), "64.99%"),
            (Share(0.65), Share(0.65), "65%"),
            (Share(0.29), Share(0.29), "29%"),
            (Share(0.646), Share(323.0 / 500.0), "64.6%"),
            (Share(0.650_000_1), Share(0.65), "65.00001%"),
            (Share(0.010_04), Share(0.01), "1.004%"),
            (Share(0.0094), Share(0.65), "0.94%"),
            (Share(0.999_999), Share(1.0), "99.99%"),
            (Share(1.0), Share(0.95), "100%"),
            (Share(0.0), Share(0.95), "0%"),
            (Seconds(300.4), Seconds(300.0), "300.400s"),
            (Seconds(299.0), Seconds(300.0), "4m 59s"),
            (Bytes((2 << 20) + 1), Bytes(2 << 20), "2,097,153 B"),
            (Bytes(2 << 20), Bytes(2 << 20), "2 MiB"),
            (Count(3), Count(0), "3"),
        ] {
            assert_eq!(figure.shown_against(&bound), wanted, "{figure:?} beside {bound:?}");
        }
        assert_eq!(Share(0.649_996).shown(), "64.99%");
    }
}
