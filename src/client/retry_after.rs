//! How long an answer asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3), and moments as headers write them.

use std::time::Duration;

use hyper::header::{HeaderMap, RETRY_AFTER};
use jiff::Timestamp;

/// Longer than any time that makes sense, in seconds: a number beyond it is a mistake, or a moment.
pub const LONGEST_WAIT_S: u64 = 366 * 24 * 3_600;
/// A larger number than this is a moment in seconds since 1970, not a span.
const FIRST_EPOCH_S: u64 = 1_000_000_000;
/// …and beyond this in milliseconds.
const FIRST_EPOCH_MS: u64 = 1_000_000_000_000;

/// How long to stay away, counted from `now`, as `headers` have it; none if they say nothing that makes sense.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    wait_until(headers.get(RETRY_AFTER)?.to_str().ok()?, now)
}

/// How long it is until the moment that `text` means: seconds, a moment since 1970, ISO 8601 or an HTTP date.
pub fn wait_until(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let until = |moment: Timestamp| {
        let left = Duration::try_from(moment.duration_since(now)).unwrap_or_default();
        (left.as_secs() <= LONGEST_WAIT_S).then_some(left)
    };
    if let Ok(number) = text.parse::<f64>() {
        // Some write fractions; numbers beyond reason become the largest ones, which are refused below.
        let number = if number >= 0.0 { number.ceil() as u64 } else { return None };
        return match number {
            FIRST_EPOCH_MS.. => until(Timestamp::from_millisecond(i64::try_from(number).ok()?).ok()?),
            FIRST_EPOCH_S.. => until(Timestamp::from_second(i64::try_from(number).ok()?).ok()?),
            ..=LONGEST_WAIT_S => Some(Duration::from_secs(number)),
            _ => None,
        };
    }
    let date = || jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    until(text.parse().ok().or_else(date)?)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    /// Tuesday, 14 November 2023, 22:13:20 UTC.
    const NOW: i64 = 1_700_000_000;

    fn read(value: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
        retry_after(&headers, Timestamp::from_second(NOW).unwrap()).map(|time| time.as_secs())
    }

    #[test]
    fn it_is_seconds_or_a_date() {
        for (value, wanted_s) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("1.2", Some(2)),
            ("Tue, 14 Nov 2023 22:14:20 GMT", Some(60)),
            ("Tue, 14 Nov 2023 22:00:00 GMT", Some(0)),
            ("1700000030", Some(30)),
            ("2023-11-14T22:13:30Z", Some(10)),
            ("-5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999", None),
            ("Fri, 14 Nov 2053 22:14:20 GMT", None),
        ] {
            assert_eq!(read(value), wanted_s, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }
}
