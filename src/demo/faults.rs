//! What goes wrong on purpose: for a share of all requests, or for one request by its `x-demo-fault` header.
//!
//! Takes options, header text and a seed; gives for each request a [`FaultPlan`]. Pure: others carry the plan out.

use std::str::FromStr;
use std::time::Duration;

use hyper::StatusCode;
use rand::RngExt as _;
use rand_pcg::Pcg64;

use super::absence::Absence;
use super::freeze::Freeze;
use super::slow_down::SlowDown;

/// The faults that are switched on for all requests; the default has none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Faults {
    /// Added to the latency of every answer.
    pub delay: Duration,
    /// Added besides: answers that take longer and longer.
    pub slow_down: Option<SlowDown>,
    /// Times in which nothing is answered.
    pub freeze: Option<Freeze>,
    /// The share of connections that a freeze holds, spread evenly in the order they come; none means all.
    pub freeze_connections: Option<Share>,
    /// The share of requests answered with status 500.
    pub error_share: Share,
    /// The share of requests whose connection is reset (RST) instead of an answer; over HTTP/2 the request alone
    /// (RST_STREAM).
    pub reset_share: Share,
    /// The share of requests that are never answered.
    pub hang_share: Share,
    /// How long each answer's body takes after its head; zero sends both together.
    pub slow_body: Duration,
    /// Every connection ends after so many requests: the last answer says `connection: close`, or over HTTP/2 a GOAWAY
    /// comes with it.
    pub close_every: Option<u64>,
    /// The server dies this long after the first request: connections dropped, new ones refused.
    pub die_after: Option<Duration>,
    /// A time in which the server is away: connections closed, new ones refused.
    pub away: Option<Absence>,
}

impl Faults {
    /// True if the shares leave room for each other, that is, add up to at most 100 %.
    #[must_use]
    pub fn shares_fit(&self) -> bool {
        self.error_share.0 + self.reset_share.0 + self.hang_share.0 <= 1.0 + 1e-9
    }

    /// The freeze that holds connection number `connection`, counted from zero.
    #[must_use]
    pub fn freeze_of(&self, connection: u64) -> Option<Freeze> {
        self.freeze.filter(|_| self.freeze_connections.is_none_or(|share| share.takes(connection)))
    }
}

/// A share of all requests, written as a percentage: `2%`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share(f64);

impl Share {
    /// A share from 0 (none) to 1 (all); values outside are brought to the nearer end, and NaN is none.
    #[must_use]
    pub fn new(fraction: f64) -> Self {
        if fraction.is_nan() { Self(0.0) } else { Self(fraction.clamp(0.0, 1.0)) }
    }

    /// The share as a number from 0 to 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0
    }

    /// Whether it takes number `number` when it is spread evenly: 10 % takes 9, 19, 29, …
    #[must_use]
    pub fn takes(self, number: u64) -> bool {
        // Without the small addition the tenth part of ten is not quite one.
        let taken = |first: u64| (first as f64 * self.0 + 1e-9).floor();
        taken(number + 1) > taken(number)
    }

    /// True if it asks for nothing at all.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0.0
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rounded, since 7 % as a fraction and back is 7.000000000000001.
        write!(f, "{}%", (self.0 * 1e8).round() / 1e6)
    }
}

/// Why a text is no share.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a share; write a percentage from 0% to 100%, as in `2%`")]
pub struct ShareError(String);

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        text.strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok())
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(|percent| Self(percent / 100.0))
            .ok_or_else(|| ShareError(text.to_owned()))
    }
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FaultPlan {
    /// Added to its latency.
    pub(super) delay: Duration,
    /// Spread over its body.
    pub(super) slow_body: Duration,
    /// How it ends.
    pub(super) outcome: Outcome,
}

/// How a request ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With the route's answer.
    #[default]
    Answer,
    /// With this status instead of the route's answer; the route does nothing.
    Status(StatusCode),
    /// With the route's answer and `connection: close`, or over HTTP/2 with GOAWAY.
    CloseAfter,
    /// With the head and the first half of the body, then the connection is closed; over HTTP/2 the request is reset.
    Truncate,
    /// The connection is closed in order, without an answer; over HTTP/2 with all requests on it.
    Close,
    /// The connection is reset, without an answer; over HTTP/2 this request alone.
    Reset,
    /// Never; the connection stays open.
    Hang,
}

/// Why an `x-demo-fault` header is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum FaultHeaderError {
    #[error(
        "unknown fault `{0}` in x-demo-fault; there are delay=TIME, slow-body=TIME, status=CODE, error, reset, close, \
         close-after, truncate and hang, several separated by commas"
    )]
    Unknown(String),
    #[error("`{text}` in x-demo-fault is not a duration ({reason}); write it as in `delay=200ms`")]
    Duration { text: String, reason: String },
    #[error("`{0}` in x-demo-fault is not a status from 200 to 599")]
    Status(String),
    #[error("x-demo-fault names two ways for the request to end; leave one of them out")]
    TwoOutcomes,
}

impl FromStr for FaultPlan {
    type Err = FaultHeaderError;

    fn from_str(text: &str) -> Result<Self, FaultHeaderError> {
        let mut plan = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let outcome = match word.split_once('=') {
                Some(("delay", time)) => {
                    plan.delay = duration(time)?;
                    continue;
                }
                Some(("slow-body", time)) => {
                    plan.slow_body = duration(time)?;
                    continue;
                }
                Some(("status", code)) => Outcome::Status(status(code)?),
                _ => outcome_named(word)?,
            };
            if plan.outcome != Outcome::Answer {
                return Err(FaultHeaderError::TwoOutcomes);
            }
            plan.outcome = outcome;
        }
        Ok(plan)
    }
}

fn outcome_named(word: &str) -> Result<Outcome, FaultHeaderError> {
    match word {
        "error" => Ok(Outcome::Status(StatusCode::INTERNAL_SERVER_ERROR)),
        "reset" => Ok(Outcome::Reset),
        "close" => Ok(Outcome::Close),
        "close-after" => Ok(Outcome::CloseAfter),
        "truncate" => Ok(Outcome::Truncate),
        "hang" => Ok(Outcome::Hang),
        _ => Err(FaultHeaderError::Unknown(word.to_owned())),
    }
}

fn duration(text: &str) -> Result<Duration, FaultHeaderError> {
    humantime::parse_duration(text.trim())
        .map_err(|error| FaultHeaderError::Duration { text: text.to_owned(), reason: error.to_string() })
}

fn status(text: &str) -> Result<StatusCode, FaultHeaderError> {
    text.trim()
        .parse::<u16>()
        .ok()
        .filter(|code| (200..600).contains(code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| FaultHeaderError::Status(text.to_owned()))
}

/// Decides each request's fate; the same seed gives the same sequence.
#[derive(Debug)]
pub(super) struct FaultSource {
    faults: Faults,
    random: Pcg64,
}

impl FaultSource {
    /// A source for `faults`, fed by a random stream of its own.
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        const STREAM: u128 = 0x66_6175_6c74;
        Self { faults, random: Pcg64::new(u128::from(seed), STREAM) }
    }

    /// The next request's plan; `asked` is what its header says, which goes before the shares.
    pub(super) fn decide(&mut self, asked: FaultPlan) -> FaultPlan {
        // Drawn even when not needed: a header on one request does not change the fate of the next.
        let drawn = self.draw_outcome();
        let or = |asked: Duration, general: Duration| if asked.is_zero() { general } else { asked };
        FaultPlan {
            delay: or(asked.delay, self.faults.delay),
            slow_body: or(asked.slow_body, self.faults.slow_body),
            outcome: if asked == FaultPlan::default() { drawn } else { asked.outcome },
        }
    }

    fn draw_outcome(&mut self) -> Outcome {
        let Faults { error_share, reset_share, hang_share, .. } = self.faults;
        if error_share.is_none() && reset_share.is_none() && hang_share.is_none() {
            return Outcome::Answer;
        }
        let point: f64 = self.random.random();
        if point < error_share.0 {
            Outcome::Status(StatusCode::INTERNAL_SERVER_ERROR)
        } else if point < error_share.0 + reset_share.0 {
            Outcome::Reset
        } else if point < error_share.0 + reset_share.0 + hang_share.0 {
            Outcome::Hang
        } else {
            Outcome::Answer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_can_name_every_fault() {
        let read = |text: &str| text.parse::<FaultPlan>().unwrap();
        assert_eq!(read("delay=200ms").delay, Duration::from_millis(200));
        assert_eq!(read("slow-body=1s").slow_body, Duration::from_secs(1));
        assert_eq!(read("status=503").outcome, Outcome::Status(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(read("error").outcome, Outcome::Status(StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(read("reset").outcome, Outcome::Reset);
        assert_eq!(read("close").outcome, Outcome::Close);
        assert_eq!(read("close-after").outcome, Outcome::CloseAfter);
        assert_eq!(read("truncate").outcome, Outcome::Truncate);
        assert_eq!(read("hang").outcome, Outcome::Hang);
        let both = read("delay=5ms, status=503");
        assert_eq!(
            (both.delay, both.outcome),
            (Duration::from_millis(5), Outcome::Status(StatusCode::SERVICE_UNAVAILABLE))
        );
    }

    #[test]
    fn a_header_that_makes_no_sense_is_refused() {
        for text in ["explode", "delay", "delay=x", "status=99", "status=abc", "reset,hang", "status=600"] {
            assert!(text.parse::<FaultPlan>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_a_percentage() {
        assert_eq!("2%".parse::<Share>().unwrap().fraction(), 0.02);
        assert_eq!("7%".parse::<Share>().unwrap().to_string(), "7%");
        assert_eq!("100%".parse::<Share>().unwrap(), Share::new(1.0));
        for text in ["2", "0.02", "-1%", "101%", "%", "NaN%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_of_connections_is_spread_evenly() {
        let taken = |text: &str| (0..40).filter(|k| text.parse::<Share>().unwrap().takes(*k)).collect::<Vec<_>>();
        assert_eq!(taken("10%"), [9, 19, 29, 39]);
        assert_eq!((taken("0%").len(), taken("100%").len(), taken("50%").len()), (0, 40, 20));
        let faults = Faults { freeze: Some("1s/5s".parse().unwrap()), ..Faults::default() };
        assert!(faults.freeze_of(3).is_some(), "all connections, if no share is named");
        let some = Faults { freeze_connections: Some(Share::new(0.1)), ..faults };
        assert_eq!((some.freeze_of(3), some.freeze_of(9)), (None, faults.freeze));
    }

    #[test]
    fn about_the_asked_share_of_requests_goes_wrong() {
        let faults = Faults { error_share: Share::new(0.02), hang_share: Share::new(0.1), ..Faults::default() };
        let mut source = FaultSource::new(faults, 3);
        let fates: Vec<_> = (0..10_000).map(|_| source.decide(FaultPlan::default()).outcome).collect();
        let count = |wanted: Outcome| fates.iter().filter(|fate| **fate == wanted).count();
        assert!((150..250).contains(&count(Outcome::Status(StatusCode::INTERNAL_SERVER_ERROR))));
        assert!((900..1_100).contains(&count(Outcome::Hang)));
        assert_eq!(count(Outcome::Reset), 0);
    }

    #[test]
    fn a_header_goes_before_the_shares_and_does_not_shift_them() {
        let faults = Faults { error_share: Share::new(0.5), ..Faults::default() };
        let fates = |first: FaultPlan| {
            let mut source = FaultSource::new(faults, 3);
            (source.decide(first).outcome, (0..50).map(|_| source.decide(FaultPlan::default())).collect::<Vec<_>>())
        };
        let (asked, after_header) = fates("reset".parse().unwrap());
        let (_, after_none) = fates(FaultPlan::default());
        assert_eq!(asked, Outcome::Reset);
        assert_eq!(after_header, after_none);
    }
}
