//! What one request said about the target, and whether the plan fits its rate limits.

use std::time::Duration;

use super::lines::{labelled, warning};
use super::statement::counted;
use crate::forecast::{Fit, Forecast, Policy, RateLimits, Window, fit};
use crate::plan::Plan;
use crate::units::{format_count, format_duration, format_rate};

/// What came of asking the target.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Nobody asked.
    Nobody,
    /// There was no answer.
    NoAnswer {
        /// What was asked.
        request: String,
        /// What happened.
        error: String,
        /// What that means and what to do; empty if nothing is known.
        hint: &'static str,
    },
    /// There was one.
    Answer {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// The version of HTTP, such as `HTTP/1.1`.
        version: String,
        /// How long it took, connecting included.
        took: Duration,
        /// What its headers say.
        limits: RateLimits,
    },
}

/// The target's part of the page, with ANSI colours.
pub fn render(plan: &Plan, forecast: &Forecast, asked: &Asked) -> String {
    let redacted = |text: &str| plan.secrets.redact(text).into_owned();
    match asked {
        Asked::Nobody => labelled("target", "not asked"),
        Asked::NoAnswer { request, error, hint } => {
            let text = format!("{request} was not answered: {error}. {hint}");
            labelled("target", redacted(&text).trim_end())
        }
        Asked::Answer { request, status, version, took, limits } => {
            let took = format_duration(*took);
            let text = format!("{request} was answered with {status} over {version} in {took}, connecting included");
            let mut out = labelled("target", &redacted(&text));
            if let Some(words) = refusing_now(*status, limits) {
                out.push_str(&warning(&words));
            }
            for policy in &limits.policies {
                out.push_str(&labelled("limit", &redacted(&words_of(policy))));
                if let Some(words) = objection(policy, fit(policy, forecast), forecast) {
                    out.push_str(&warning(&words));
                }
            }
            if limits.policies.is_empty() {
                out.push_str(&labelled(
                    "limits",
                    "none announced in the headers of this answer; there may be some all the same",
                ));
            }
            out
        }
    }
}

/// That the target refuses requests already, and for how long.
pub(super) fn refusing_now(status: u16, limits: &RateLimits) -> Option<String> {
    let time = limits.retry_after.filter(|_| [429, 503].contains(&status))?;
    Some(format!("the target refuses requests now, and asks to stay away for {}", format_duration(time)))
}

fn words_of(policy: &Policy) -> String {
    let requests = policy.limit.map_or_else(|| "so many requests".to_owned(), |limit| counted(limit, "request"));
    let window = match policy.window {
        Window::Known(window) => format!("per {}", format_duration(window)),
        Window::AtLeast(window) => format!("per window of at least {}", format_duration(window)),
        Window::Unknown => "per window of unknown length".to_owned(),
    };
    let name = policy.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let remaining = policy.remaining.map(|remaining| format!("; {} left", format_count(remaining))).unwrap_or_default();
    let reset = policy.resets_in.map(|reset| format!(", reset in {}", format_duration(reset))).unwrap_or_default();
    format!("{requests} {window}{remaining}{reset} ({}{name})", policy.header)
}

/// What stands against the plan, in plain words.
pub(super) fn objection(policy: &Policy, fit: Fit, forecast: &Forecast) -> Option<String> {
    let allowed = allowed(policy);
    match fit {
        Fit::Fits | Fit::Unknown => None,
        Fit::RefusedInSetup => Some(format!(
            "{allowed}: setup alone will be refused. Wait until the limit is reset, or raise it on staging"
        )),
        Fit::RefusedAfter { time, fitting_journeys_per_s } => {
            let rate = format_rate(forecast.traffic.peak_requests_per_s().unwrap_or_default());
            let rate = rate.trim_end_matches("/s");
            let reset = policy.resets_in.filter(|_| is_used_up(policy)).map(format_duration);
            let reset = reset.map(|time| format!(" when the limit is reset in {time}")).unwrap_or_default();
            let lower = match fitting_journeys_per_s.and_then(writable_rate) {
                Some(rate) => format!(", or lower the load to {rate}{reset}"),
                None => String::new(),
            };
            let when = if time < Duration::from_secs(1) {
                "at once".to_owned()
            } else {
                format!("after about {}", roughly(time))
            };
            Some(format!(
                "this plan sends up to {rate} requests/s; {allowed}: it will be refused {when}. Raise the limit on staging{lower}"
            ))
        }
        Fit::RefusedAfterRequests { requests, unless_journeys_take } => {
            let all = forecast.traffic.requests().planned.map_or_else(
                || "sends requests as fast as the target answers".to_owned(),
                |all| format!("sends {}", counted(all.round() as u64, "request")),
            );
            let unless = unless_journeys_take
                .map(|time| format!(" unless each journey takes {} or longer", roughly(time)))
                .unwrap_or_default();
            Some(format!(
                "this plan {all}; {allowed}: it will be refused after {} of them{unless}. Raise the limit on staging, or lower the load",
                format_count(requests)
            ))
        }
    }
}

fn allowed(policy: &Policy) -> String {
    let limit = policy.limit.or(policy.remaining).unwrap_or_default();
    let window = match policy.window {
        Window::Known(window) => format!(" per {} ", format_duration(window)),
        Window::AtLeast(window) => format!(" in {} or more ", format_duration(window)),
        Window::Unknown => " ".to_owned(),
    };
    let left = match policy.remaining {
        Some(remaining) if is_used_up(policy) => {
            format!(", of which {} are left", format_count(remaining))
        }
        _ => String::new(),
    };
    format!("the target allows {}{window}from one address{left}", format_count(limit))
}

/// Whether others than the one who asked have used it.
fn is_used_up(policy: &Policy) -> bool {
    policy.limit.zip(policy.remaining).is_some_and(|(limit, remaining)| remaining.saturating_add(1) < limit)
}

/// A time of which nobody needs the milliseconds.
fn roughly(time: Duration) -> String {
    format_duration(Duration::from_secs_f64(time.as_secs_f64().round()))
}

/// A rate as a scenario can have it, rounded down: `6.6/m`.
fn writable_rate(per_s: f64) -> Option<String> {
    let units = [("s", 1.0), ("m", 60.0), ("h", 3_600.0)];
    let (unit, seconds) = units.into_iter().find(|(_, seconds)| per_s * seconds >= 1.0)?;
    let tenths = (per_s * seconds * 10.0).floor() / 10.0;
    Some(format!("{tenths}/{unit}"))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderName};

    use super::*;
    use crate::forecast::fixture::HOST;
    use crate::forecast::rate_limits;
    use crate::plan::fixture::plan;
    use crate::report::lines::COLUMNS;

    /// The page for `load` against a target that answers with `headers`.
    #[track_caller]
    fn said(load: &str, status: u16, headers: &[(&'static str, &str)]) -> String {
        let plan = plan(&format!("[load]\n{load}\n[[step]]\nget = \"/health\"\n"));
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        let asked = Asked::Answer {
            request: "GET /health".to_owned(),
            status,
            version: "HTTP/1.1".to_owned(),
            took: Duration::from_millis(12),
            limits: rate_limits(&headers, jiff::Timestamp::UNIX_EPOCH),
        };
        let page = render(&plan, &Forecast::of(&plan, &HOST), &asked);
        let page = anstream::adapter::strip_str(&page).to_string();
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS), "{page}");
        page
    }

    const OPEN: &str = "model = \"open\"\nrate = \"20/s\"\nduration = \"1m\"";

    #[test]
    fn a_plan_that_is_too_much_is_told_when_and_what_to_do() {
        let headers = [
            ("ratelimit-policy", "100;w=900"),
            ("ratelimit-limit", "100"),
            ("ratelimit-remaining", "99"),
            ("ratelimit-reset", "900"),
        ];
        insta::assert_snapshot!(said(OPEN, 200, &headers));
        insta::assert_snapshot!(said("model = \"closed\"\nusers = 10\nduration = \"1m\"", 200, &headers));
        insta::assert_snapshot!(said("model = \"closed\"\nusers = 10\niterations = 500", 200, &headers));
    }

    #[test]
    fn several_policies_are_judged_each() {
        let headers =
            [("ratelimit-policy", "\"burst\";q=1000;w=1, \"day\";q=1000;w=86400"), ("ratelimit", "\"day\";r=10;t=60")];
        insta::assert_snapshot!(said(OPEN, 200, &headers));
    }

    #[test]
    fn a_target_that_refuses_already_or_announces_nothing() {
        insta::assert_snapshot!(said(
            OPEN,
            429,
            &[
                ("retry-after", "900"),
                ("x-ratelimit-limit", "5"),
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "900")
            ]
        ));
        insta::assert_snapshot!(said("model = \"once\"", 200, &[]));
    }

    #[test]
    fn the_rate_that_is_named_can_be_written_and_never_rounds_up() {
        for (per_s, text) in [
            (99.0 / 900.0, Some("6.6/m")),
            (20.0, Some("20/s")),
            (1.99, Some("1.9/s")),
            (0.0005, Some("1.8/h")),
            (1e-9, None),
        ] {
            assert_eq!(writable_rate(per_s).as_deref(), text);
            assert!(text.is_none_or(|text| crate::units::parse_rate(text).unwrap() <= per_s));
        }
    }
}
