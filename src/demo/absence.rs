//! The absence: a server that is away for a while, like one that is being restarted.
//!
//! Pure: when it goes and for how long. The accept loop carries it out.

use std::str::FromStr;
use std::time::Duration;

/// Away for `lasts`, from `after` the first request on: nothing listens, so new connections are refused. What is under
/// way when it goes is answered first; connections are closed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// How long it is away; above zero.
    pub lasts: Duration,
    /// When it goes.
    pub after: Duration,
}

impl std::fmt::Display for Absence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (lasts, after) = (humantime::format_duration(self.lasts), humantime::format_duration(self.after));
        write!(f, "{lasts} from {after} after the first request")
    }
}

/// Why an absence cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AbsenceError {
    /// Not of the form `LASTS@AFTER`.
    #[error("`{0}` is not a time away; write how long and when, as in `1s@10s`")]
    Form(String),
    /// One of the two durations cannot be read.
    #[error("`{text}` in a time away is not a duration ({reason}); write it as in `1s@10s`")]
    Duration {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It would be away for no time.
    #[error("a time away must be above zero, as in `1s@10s`")]
    Empty,
}

impl FromStr for Absence {
    type Err = AbsenceError;

    fn from_str(text: &str) -> Result<Self, AbsenceError> {
        let (lasts, after) = text.split_once('@').ok_or_else(|| AbsenceError::Form(text.to_owned()))?;
        let span = |part: &str| {
            humantime::parse_duration(part.trim())
                .map_err(|error| AbsenceError::Duration { text: part.to_owned(), reason: error.to_string() })
        };
        let absence = Self { lasts: span(lasts)?, after: span(after)? };
        if absence.lasts.is_zero() { Err(AbsenceError::Empty) } else { Ok(absence) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_is_how_long_and_when() {
        let absence: Absence = "1s@10s".parse().unwrap();
        assert_eq!(absence, Absence { lasts: Duration::from_secs(1), after: Duration::from_secs(10) });
        assert_eq!(absence.to_string(), "1s from 10s after the first request");
    }

    #[test]
    fn what_is_no_absence_is_refused_with_an_example() {
        for text in ["1s", "0s@1s", "a@1s", "1s@b", ""] {
            assert!(text.parse::<Absence>().unwrap_err().to_string().contains("1s@10s"), "{text}");
        }
    }
}
