//! The three rate limits of a MediaNest-like staging host: per address and in fixed windows.
//!
//! Takes an address, a path and the moment; gives the headers that announce the limit and, when it is used up, the 429.
//! Off unless asked for. Pure: the moment is passed in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{HeaderValue, RETRY_AFTER};

use super::moment::Moment;
use super::reply::{self, Reply};

/// More addresses than this are not remembered; then the table starts anew.
const MOST_ADDRESSES: usize = 10_000;

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests allowed per window.
    pub requests: u32,
    /// The window's length; it starts with an address's first request.
    pub window: Duration,
}

impl Quota {
    /// `requests` in every `seconds`.
    #[must_use]
    pub const fn per_seconds(requests: u32, seconds: u64) -> Self {
        Self { requests, window: Duration::from_secs(seconds) }
    }
}

/// The limits per address; the default is what a MediaNest staging host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Every path: announced by `RateLimit-*`, with Reset in seconds.
    pub global: Quota,
    /// Paths under `/api`: announced by `X-RateLimit-*`, with Reset as epoch seconds.
    pub api: Quota,
    /// Logins: announced by `X-RateLimit-*`, with Reset in ISO 8601.
    pub login: Quota,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            global: Quota::per_seconds(100, 900),
            api: Quota::per_seconds(100, 60),
            login: Quota::per_seconds(5, 900),
        }
    }
}

/// The three limits with their counts.
#[derive(Debug)]
pub(super) struct Limiters {
    global: Limiter,
    api: Limiter,
    login: Limiter,
}

impl Limiters {
    pub(super) fn new(limits: RateLimits) -> Self {
        Self { global: Limiter::new(limits.global), api: Limiter::new(limits.api), login: Limiter::new(limits.login) }
    }

    /// Counts one request; writes the limits' headers to `headers` and gives the 429 if one of them is used up.
    pub(super) fn admit(
        &mut self,
        peer: IpAddr,
        path: &str,
        is_login: bool,
        now: Moment,
        headers: &mut HeaderMap,
    ) -> Option<Reply> {
        let standing = self.global.take(peer, now.elapsed);
        announce_global(headers, self.global.quota, standing);
        if standing.refused {
            return Some(refuse(headers, standing, "too many requests from this address"));
        }
        if path.starts_with("/api/") {
            let standing = self.api.take(peer, now.elapsed);
            let reset = HeaderValue::from(now.later(standing.resets_in).epoch_ms().div_ceil(1_000));
            announce_x(headers, self.api.quota, standing, reset);
            if standing.refused {
                return Some(refuse(headers, standing, "too many API requests from this address"));
            }
        }
        if is_login {
            let standing = self.login.take(peer, now.elapsed);
            let reset = HeaderValue::try_from(now.later(standing.resets_in).iso()).ok()?;
            announce_x(headers, self.login.quota, standing, reset);
            if standing.refused {
                return Some(refuse(headers, standing, "too many sign-ins from this address"));
            }
        }
        None
    }
}

/// What is left of a quota after a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    remaining: u32,
    resets_in: Duration,
    refused: bool,
}

impl Standing {
    /// Whole seconds until the window ends, rounded up so that whoever waits them is not early.
    fn reset_seconds(self) -> u64 {
        self.resets_in.as_secs() + u64::from(self.resets_in.subsec_nanos() > 0)
    }
}

#[derive(Debug)]
struct Limiter {
    quota: Quota,
    windows: HashMap<IpAddr, Window>,
}

#[derive(Debug)]
struct Window {
    started: Duration,
    used: u32,
}

impl Limiter {
    fn new(quota: Quota) -> Self {
        Self { quota, windows: HashMap::new() }
    }

    fn take(&mut self, peer: IpAddr, now: Duration) -> Standing {
        let Quota { requests, window: length } = self.quota;
        if self.windows.len() >= MOST_ADDRESSES && !self.windows.contains_key(&peer) {
            self.windows.clear();
        }
        let window = self.windows.entry(peer).or_insert(Window { started: now, used: 0 });
        if now.saturating_sub(window.started) >= length {
            *window = Window { started: now, used: 0 };
        }
        window.used = window.used.saturating_add(1);
        Standing {
            remaining: requests.saturating_sub(window.used),
            resets_in: (window.started + length).saturating_sub(now),
            refused: window.used > requests,
        }
    }
}

fn announce_global(headers: &mut HeaderMap, quota: Quota, standing: Standing) {
    if let Ok(policy) = HeaderValue::try_from(format!("{};w={}", quota.requests, quota.window.as_secs())) {
        headers.insert("ratelimit-policy", policy);
    }
    headers.insert("ratelimit-limit", quota.requests.into());
    headers.insert("ratelimit-remaining", standing.remaining.into());
    headers.insert("ratelimit-reset", standing.reset_seconds().into());
}

fn announce_x(headers: &mut HeaderMap, quota: Quota, standing: Standing, reset: HeaderValue) {
    headers.insert("x-ratelimit-limit", quota.requests.into());
    headers.insert("x-ratelimit-remaining", standing.remaining.into());
    headers.insert("x-ratelimit-reset", reset);
}

fn refuse(headers: &mut HeaderMap, standing: Standing, message: &str) -> Reply {
    headers.insert(RETRY_AFTER, standing.reset_seconds().into());
    reply::too_many_requests(message, standing.reset_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: u64) -> Moment {
        Moment::new(Duration::from_secs(seconds), 1_700_000_000_000)
    }

    fn small() -> Limiters {
        Limiters::new(RateLimits {
            global: Quota::per_seconds(4, 900),
            api: Quota::per_seconds(3, 60),
            login: Quota::per_seconds(2, 900),
        })
    }

    #[test]
    fn a_limit_counts_down_refuses_and_opens_again() {
        let mut limiter = Limiter::new(Quota::per_seconds(2, 60));
        let take = |limiter: &mut Limiter, second| limiter.take(PEER, Duration::from_secs(second));
        assert_eq!(take(&mut limiter, 10).remaining, 1);
        assert_eq!(take(&mut limiter, 20).remaining, 0);
        let third = take(&mut limiter, 30);
        assert!(third.refused);
        assert_eq!(third.reset_seconds(), 40);
        assert!(!take(&mut limiter, 70).refused);
    }

    #[test]
    fn addresses_do_not_share_a_window() {
        let mut limiter = Limiter::new(Quota::per_seconds(1, 60));
        assert!(!limiter.take(PEER, Duration::ZERO).refused);
        assert!(!limiter.take([127, 0, 0, 2].into(), Duration::ZERO).refused);
        assert!(limiter.take(PEER, Duration::ZERO).refused);
    }

    #[test]
    fn each_limit_writes_reset_in_its_own_way() {
        let mut limiters = small();
        let mut headers = HeaderMap::new();
        assert!(limiters.admit(PEER, "/api/x", false, at(0), &mut headers).is_none());
        assert_eq!(headers["ratelimit-policy"], "4;w=900");
        assert_eq!(headers["ratelimit-reset"], "900");
        assert_eq!(headers["x-ratelimit-reset"], "1700000060");
        assert!(limiters.admit(PEER, "/api/auth/login", true, at(0), &mut headers).is_none());
        assert_eq!(headers["x-ratelimit-reset"], "2023-11-14T22:28:20.000Z");
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let mut limiters = small();
        let mut headers = HeaderMap::new();
        for _ in 0..3 {
            assert!(limiters.admit(PEER, "/api/x", false, at(0), &mut headers).is_none());
        }
        let refusal = limiters.admit(PEER, "/api/x", false, at(10), &mut headers).unwrap();
        assert_eq!(refusal.status(), 429);
        assert_eq!(headers["retry-after"], "50");
        let refusal = limiters.admit(PEER, "/health", false, at(10), &mut headers).unwrap();
        assert_eq!(refusal.status(), 429);
        assert_eq!(headers["retry-after"], "890");
    }
}
