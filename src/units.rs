//! Rates, durations and shares as people write and read them.
//!
//! Takes text such as `20/s`, `10s`, `1%` and gives numbers; takes numbers and gives text with a unit.
//! Every error says what was expected, in words that fit behind a caret.

use std::time::Duration;

/// A text that is not the quantity it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct UnitError {
    /// What is wrong with the text.
    pub problem: String,
    /// How it could be written.
    pub hint: String,
}

impl UnitError {
    fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

/// Reads a duration such as `500ms`, `10s`, `1.5s`, `1m 30s` or `2h`.
///
/// # Errors
/// When the text is no duration, or has no unit.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let text = text.trim();
    let hint = "write a number and a unit: 500ms, 10s, 1.5s, 2m, 1h";
    let wrong = || match text.parse::<f64>() {
        Ok(_) => UnitError::new(format!("`{text}` is not a duration: it has no unit"), hint),
        Err(_) if text.is_empty() => UnitError::new("there is no duration here", hint),
        Err(_) => UnitError::new(format!("`{text}` is not a duration"), hint),
    };
    if let Some((whole, unit_per_s)) = decimal_and_unit(text) {
        return Duration::try_from_secs_f64(whole * unit_per_s).map_err(|_| wrong());
    }
    humantime::parse_duration(text).map_err(|_| wrong())
}

/// `1.5s` and the like, which humantime leaves out: the number and the unit in seconds.
fn decimal_and_unit(text: &str) -> Option<(f64, f64)> {
    let split = text.find(|c: char| c.is_ascii_alphabetic() || c == 'µ')?;
    let (number, unit) = (text[..split].trim(), &text[split..]);
    let looks_plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = number.parse::<f64>().ok().filter(|_| looks_plain)?;
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some((number, seconds))
}

/// Reads a rate such as `20/s`, `90/m` or `1000/h`, in events per second.
///
/// # Errors
/// When the text is no rate, is negative, or has no time unit.
pub fn parse_rate(text: &str) -> Result<f64, UnitError> {
    let text = text.trim();
    let wrong = |why: &str| {
        UnitError::new(
            format!("`{text}` is not a rate{why}"),
            "write how many a second, minute or hour: 20/s, 90/m, 1000/h",
        )
    };
    let (number, unit) = text.split_once('/').ok_or_else(|| wrong(": it has no time unit"))?;
    let number: f64 = number.trim().replace('_', "").parse().map_err(|_| wrong(""))?;
    if !number.is_finite() || number < 0.0 {
        return Err(wrong(": it must be zero or more"));
    }
    match unit.trim() {
        "s" | "sec" | "second" => Ok(number),
        "m" | "min" | "minute" => Ok(number / 60.0),
        "h" | "hour" => Ok(number / 3600.0),
        _ => Err(wrong(": the unit must be s, m or h")),
    }
}

/// Reads a share such as `1%` or `0.5%`, as a fraction of one.
///
/// # Errors
/// When the text is no percentage between 0 % and 100 %.
pub fn parse_share(text: &str) -> Result<f64, UnitError> {
    let hint = "write a percentage between 0% and 100%: 1%, 0.5%";
    text.trim()
        .strip_suffix('%')
        .and_then(|number| number.trim().parse::<f64>().ok())
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| UnitError::new(format!("`{}` is not a percentage", text.trim()), hint))
}

/// A time in microseconds with a fitting unit and three or four significant digits: `212ms`, `1.25s`.
pub fn format_us(us: u64) -> String {
    format_us_f64(us as f64)
}

/// As [`format_us`], for means and bounds.
pub fn format_us_f64(us: f64) -> String {
    match us {
        _ if us < 1_000.0 => format!("{}µs", significant(us)),
        _ if us < 999_950.0 => format!("{}ms", significant(us / 1e3)),
        _ if us < 600e6 => format!("{}s", significant(us / 1e6)),
        _ => format_duration(Duration::try_from_secs_f64(us / 1e6).unwrap_or(Duration::MAX)),
    }
}

/// A span of time for people: `2m`, `1m 30s`, `500ms`.
pub fn format_duration(duration: Duration) -> String {
    // The finer part of a long time is noise in a sentence.
    let grain_ns = match duration.as_secs() {
        _ if duration.is_zero() => return "0s".to_owned(),
        0 => return format_us_f64(duration.as_secs_f64() * 1e6),
        1..10 => 1_000_000,
        _ => 1_000_000_000,
    };
    let nanos = (duration.as_nanos() as u64).saturating_add(grain_ns / 2) / grain_ns * grain_ns;
    humantime::format_duration(Duration::from_nanos(nanos)).to_string()
}

/// A rate for people: `20/s`, `1.5/s`.
pub fn format_rate(per_s: f64) -> String {
    format!("{}/s", significant(per_s))
}

/// A fraction of one as a percentage: `0.42%`.
pub fn format_share(share: f64) -> String {
    format!("{}%", significant(share * 100.0))
}

/// A count with thousands separated: `1,204,000`.
pub fn format_count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of bytes with a binary unit: `12.4 MiB`.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", significant(value), UNITS[unit])
}

/// Three or four significant digits, no trailing zeros, never an exponent; whole parts are kept whole.
fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 1000.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_units_and_fractions() {
        for (text, ms) in [
            ("500ms", 500.0),
            ("10s", 10_000.0),
            ("1.5s", 1_500.0),
            ("1m 30s", 90_000.0),
            ("2m", 120_000.0),
            ("250us", 0.25),
        ] {
            assert_eq!(parse_duration(text).unwrap().as_secs_f64() * 1e3, ms, "{text}");
        }
        for text in ["", "10", "ten seconds", "-1s", "1e3s", "s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_need_a_time_unit() {
        assert_eq!(parse_rate("20/s"), Ok(20.0));
        assert_eq!(parse_rate("90/m"), Ok(1.5));
        assert_eq!(parse_rate("1_000 / s"), Ok(1000.0));
        for text in ["20", "20/d", "-1/s", "x/s", "inf/s"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_stay_between_nothing_and_all() {
        assert_eq!(parse_share("1%"), Ok(0.01));
        for text in ["1", "101%", "-1%", "x%"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_are_shown_with_a_fitting_unit() {
        assert_eq!(format_us(340), "340µs");
        assert_eq!(format_us(600_400), "600.4ms");
        assert_eq!(format_us(999_999), "1s");
        assert_eq!(format_us(1_250_000), "1.25s");
        assert!(format_us_f64(1e30).contains("years"), "{}", format_us_f64(1e30));
        for (ms, text) in [(90_000, "1m 30s"), (20_076, "20s"), (1_250, "1s 250ms"), (53, "53ms"), (0, "0s")] {
            assert_eq!(format_duration(Duration::from_millis(ms)), text);
        }
        assert_eq!(format_rate(20.0), "20/s");
        assert_eq!(format_share(0.0042), "0.42%");
        assert_eq!(format_count(1_204_000), "1,204,000");
        assert_eq!(format_bytes(13_002_342), "12.4 MiB");
    }
}
