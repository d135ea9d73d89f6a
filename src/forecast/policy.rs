//! The rate limits that an answer's headers announce.
//!
//! Understood are `RateLimit-Policy` and `RateLimit` as in all drafts of draft-ietf-httpapi-ratelimit-headers,
//! `RateLimit-Limit`, `-Remaining` and `-Reset` of its older ones, the same with `X-` in front, and `Retry-After`
//! (RFC 9110, section 10.2.3).

use std::time::Duration;

use hyper::header::HeaderMap;
use jiff::Timestamp;

use super::structured::{Member, members};
use crate::client::{LONGEST_WAIT_S, retry_after, wait_until};

/// Two headers mean one limit if they agree so far on when it is reset: one rounds up, another down.
const SAME_RESET: Duration = Duration::from_secs(2);

/// What an answer says about rate limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Each limit that is announced.
    pub policies: Vec<Policy>,
    /// How long to stay away.
    pub retry_after: Option<Duration>,
}

/// One limit: so many requests in so much time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The header that announces it.
    pub header: &'static str,
    /// What the target calls it, if it does.
    pub name: Option<String>,
    /// Requests in a window.
    pub limit: Option<u64>,
    /// The length of the window.
    pub window: Window,
    /// Requests that are left in this window.
    pub remaining: Option<u64>,
    /// When this window ends.
    pub resets_in: Option<Duration>,
}

/// How long a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// As announced.
    Known(Duration),
    /// At least so long: it ends then.
    AtLeast(Duration),
    /// Nothing is said about it.
    Unknown,
}

/// The rate limits in `headers`, read at the moment `now`.
pub fn rate_limits(headers: &HeaderMap, now: Timestamp) -> RateLimits {
    let mut policies: Vec<Policy> = list(headers, "ratelimit-policy").iter().filter_map(policy_of).collect();
    standing(headers, now, &mut policies);
    for family in [
        Family { header: "RateLimit-Limit", names: ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] },
        Family {
            header: "X-RateLimit-Limit",
            names: ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
        },
        Family {
            header: "X-Rate-Limit-Limit",
            names: ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"],
        },
    ] {
        family.read(headers, now, &mut policies);
    }
    RateLimits { policies, retry_after: retry_after(headers, now) }
}

/// `100;w=900`, or `"default";q=100;w=900`.
fn policy_of(member: &Member) -> Option<Policy> {
    // Some limit bytes, or requests under way: nothing that a count of requests could be compared with.
    if member.parameter("qu").is_some_and(|unit| !unit.eq_ignore_ascii_case("requests")) {
        return None;
    }
    let (name, limit) = match member.parameter("q") {
        Some(quota) => (Some(member.item.clone()), whole(quota)?),
        None => (None, whole(&member.item)?),
    };
    let window = member.parameter("w").and_then(seconds).map_or(Window::Unknown, Window::Known);
    Some(Policy { name, limit: Some(limit), window, ..Policy::by("RateLimit-Policy") })
}

/// `RateLimit`: `limit=100, remaining=50, reset=30`, or `"default";r=50;t=30`.
fn standing(headers: &HeaderMap, now: Timestamp, policies: &mut Vec<Policy>) {
    let list = list(headers, "ratelimit");
    let entry = |wanted: &str| {
        let found = list.iter().filter_map(Member::entry).find(|(key, _)| key.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.to_owned())
    };
    if let Some(limit) = entry("limit").as_deref().and_then(whole) {
        let remaining = entry("remaining").as_deref().and_then(whole);
        let resets_in = entry("reset").and_then(|reset| wait_until(&reset, now));
        settle(policies, Policy { limit: Some(limit), remaining, resets_in, ..Policy::by("RateLimit") });
        return;
    }
    for member in list.iter().filter(|member| member.parameter("r").is_some()) {
        let (remaining, resets_in) = (member.parameter("r").and_then(whole), member.parameter("t").and_then(seconds));
        match policies.iter_mut().find(|policy| policy.name.as_ref() == Some(&member.item)) {
            Some(policy) => (policy.remaining, policy.resets_in) = (remaining, resets_in),
            // Its policy may be one that counts something else; then this counts it, too.
            None if headers.contains_key("ratelimit-policy") => {}
            None => {
                let name = Some(member.item.clone());
                let window = resets_in.map_or(Window::Unknown, Window::AtLeast);
                policies.push(Policy { name, remaining, resets_in, window, ..Policy::by("RateLimit") });
            }
        }
    }
}

/// Three headers of one limit.
struct Family {
    header: &'static str,
    names: [&'static str; 3],
}

impl Family {
    fn read(&self, headers: &HeaderMap, now: Timestamp, policies: &mut Vec<Policy>) {
        let [limit, remaining, reset] = self.names;
        let list = list(headers, limit);
        // An early draft has the policies behind the limit: `100, 100;w=60, 1000;w=3600`.
        for policy in list.iter().skip(1).filter_map(policy_of) {
            policies.push(Policy { header: self.header, ..policy });
        }
        let Some(limit) = list.first().and_then(|first| whole(&first.item)) else { return };
        let remaining = text(headers, remaining).and_then(whole);
        let resets_in = text(headers, reset).and_then(|text| wait_until(text, now));
        let window = list.first().and_then(|first| first.parameter("w")).and_then(seconds);
        let window = window.map_or(Window::Unknown, Window::Known);
        settle(policies, Policy { limit: Some(limit), remaining, resets_in, window, ..Policy::by(self.header) });
    }
}

/// Adds what `seen` says to the policy that it means, or takes it as one of its own.
fn settle(policies: &mut Vec<Policy>, seen: Policy) {
    let fits = |policy: &&mut Policy| match (policy.remaining, policy.window) {
        _ if policy.limit != seen.limit => false,
        (None, Window::Known(window)) => seen.resets_in.is_none_or(|resets_in| resets_in <= window + SAME_RESET),
        (None, _) => true,
        (Some(_), _) => {
            policy.remaining == seen.remaining
                && policy.resets_in.zip(seen.resets_in).is_none_or(|(a, b)| a.abs_diff(b) <= SAME_RESET)
        }
    };
    // Of several windows that it could mean, the shortest one ends first.
    let shortest = |policy: &&mut Policy| match policy.window {
        Window::Known(window) => window,
        Window::AtLeast(_) | Window::Unknown => Duration::MAX,
    };
    match policies.iter_mut().filter(fits).min_by_key(shortest) {
        Some(policy) => {
            policy.remaining = policy.remaining.or(seen.remaining);
            policy.resets_in = policy.resets_in.or(seen.resets_in);
        }
        None => {
            let window = match (seen.window, seen.resets_in) {
                (Window::Unknown, Some(resets_in)) => Window::AtLeast(resets_in),
                (window, _) => window,
            };
            policies.push(Policy { window, ..seen });
        }
    }
}

impl Policy {
    fn by(header: &'static str) -> Self {
        Self { header, name: None, limit: None, window: Window::Unknown, remaining: None, resets_in: None }
    }
}

/// All values of the header as one list.
fn list(headers: &HeaderMap, name: &str) -> Vec<Member> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(members).collect()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn whole(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn seconds(text: &str) -> Option<Duration> {
    whole(text).filter(|seconds| *seconds <= LONGEST_WAIT_S).map(Duration::from_secs)
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
