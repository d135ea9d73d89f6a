//! Whether a plan fits a rate limit, and when it would be refused if not.
//!
//! Counts requests in every stretch of time as long as the window, which is what sliding windows do and the worst that
//! fixed ones can. A journey's requests are counted where the journey is due; nothing is tried again.

use std::time::Duration;

use super::policy::{Policy, Window};
use super::stream::StreamForecast;
use super::{Amount, Forecast};
use crate::load::{Closed, Load};

/// Moments of the load that are looked at, beside those at which its rate bends.
const MOMENTS: u32 = 2_000;
/// The one request with which a plan learns about a limit.
const ASKING: f64 = 1.0;

/// How a plan stands to a rate limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// It stays within.
    Fits,
    /// Setup alone is too much.
    RefusedInSetup,
    /// It is refused so long after the start of the load.
    RefusedAfter {
        /// How long.
        time: Duration,
        /// Journeys per second that would stay within a window of their own, if any would.
        fitting_journeys_per_s: Option<f64>,
    },
    /// It is refused after so many requests of the load, whenever that is.
    RefusedAfterRequests {
        /// How many.
        requests: u64,
        /// What each journey would have to take, at least, for the plan to stay within.
        unless_journeys_take: Option<Duration>,
    },
    /// The headers do not say enough.
    Unknown,
}

/// How the plan of `forecast` stands to `policy`, if it were started now.
pub fn fit(policy: &Policy, forecast: &Forecast) -> Fit {
    let Some(limit) = policy.limit.or(policy.remaining) else { return Fit::Unknown };
    let (used, setup) = (used_now(policy, limit), planned(forecast.setup));
    // Somewhere in a window of unknown length, its reset says nothing of the pace that it allows.
    let paced = match policy.window {
        Window::Known(_) => true,
        Window::AtLeast(_) => used <= ASKING,
        Window::Unknown => false,
    };
    let budget = Budget { limit: limit as f64, used, resets_in: policy.resets_in, setup, paced };
    if budget.used + setup > budget.limit {
        return Fit::RefusedInSetup;
    }
    let window = match policy.window {
        Window::Known(window) | Window::AtLeast(window) => Some(window),
        Window::Unknown => None,
    };
    match forecast.traffic.requests_until(Duration::ZERO) {
        Some(_) => scheduled(&budget, window, forecast),
        None => at_the_targets_pace(&budget, window, forecast),
    }
}

/// What is allowed, and how much of it is gone.
struct Budget {
    limit: f64,
    /// Used before the plan starts, until the window is reset.
    used: f64,
    resets_in: Option<Duration>,
    /// Requests of setup.
    setup: f64,
    /// Whether the length of the window is known well enough to name a pace that it allows.
    paced: bool,
}

impl Budget {
    fn left(&self) -> f64 {
        (self.limit - self.used - self.setup).max(0.0)
    }
}

fn used_now(policy: &Policy, limit: u64) -> f64 {
    policy.remaining.map_or(0, |remaining| limit.saturating_sub(remaining)) as f64
}

fn planned(amount: Amount) -> f64 {
    amount.planned.unwrap_or(amount.least)
}

/// A load on a schedule: every window can be counted.
fn scheduled(budget: &Budget, window: Option<Duration>, forecast: &Forecast) -> Fit {
    let traffic = &forecast.traffic;
    let end = traffic.ends().unwrap_or_default();
    let window = window.unwrap_or(end).max(Duration::from_millis(1));
    let resets_in = budget.resets_in.unwrap_or(window);
    let until = |time: Duration| traffic.requests_until(time).unwrap_or_default();
    let exceeded = |time: Duration| {
        let before = time.checked_sub(window).map_or(0.0, until);
        let setup = if time < window { budget.setup } else { 0.0 };
        let used = if time < resets_in { budget.used } else { 0.0 };
        // Requests are whole: what is short of one more is within.
        until(time) - before + setup + used > budget.limit + 1e-6
    };
    let mut moments: Vec<Duration> = (0..=MOMENTS).map(|k| end * k / MOMENTS).collect();
    let bends = traffic.streams.iter().flat_map(StreamForecast::bends);
    let after = |bend: Duration| [Some(bend), bend.checked_add(window), resets_in.checked_sub(Duration::from_nanos(1))];
    moments.extend(bends.flat_map(after).flatten().filter(|time| *time <= end));
    moments.sort();
    let Some(first) = moments.iter().position(|time| exceeded(*time)) else { return Fit::Fits };
    let (mut within, mut beyond) = (first.checked_sub(1).map_or(Duration::ZERO, |at| moments[at]), moments[first]);
    while beyond - within > Duration::from_millis(1) {
        let middle = within + (beyond - within) / 2;
        match exceeded(middle) {
            true => beyond = middle,
            false => within = middle,
        }
    }
    let journeys = forecast.traffic.journeys().planned.unwrap_or_default();
    let per_journey = if journeys > 0.0 { until(end) / journeys } else { 0.0 };
    // What was used up before comes back with the reset; whoever asks about the limit uses it, too.
    let fitting = (budget.limit - budget.setup - ASKING).max(0.0) / window.as_secs_f64() / per_journey;
    Fit::RefusedAfter {
        time: beyond,
        fitting_journeys_per_s: Some(fitting).filter(|rate| budget.paced && rate.is_normal()),
    }
}

/// A load whose pace the target decides: only its size and its slowest pace are known.
fn at_the_targets_pace(budget: &Budget, window: Option<Duration>, forecast: &Forecast) -> Fit {
    let left = budget.left();
    if forecast.traffic.requests().planned.is_some_and(|all| all <= left) {
        return Fit::Fits;
    }
    let users = |stream: &StreamForecast| match &stream.load {
        Load::Closed(Closed { users, max_rate, .. }) => Some((*users as f64, *max_rate)),
        Load::Once | Load::Open(_) => None,
    };
    // A pace that would fit can be named for one load; of several, any could give way.
    let unless_journeys_take = match &forecast.traffic.streams[..] {
        [only] if budget.paced => users(only).zip(window).and_then(|((users, max_rate), window)| {
            let fitting = left / window.as_secs_f64() / planned(only.per_journey);
            if max_rate.is_some_and(|most| most <= fitting) {
                return Some(Duration::ZERO);
            }
            Duration::try_from_secs_f64(users / fitting).ok()
        }),
        _ => None,
    };
    let unhurried = forecast.traffic.streams.first().map(|stream| stream.shortest_journey).unwrap_or_default();
    if unless_journeys_take.is_some_and(|least| least <= unhurried) {
        return Fit::Fits;
    }
    Fit::RefusedAfterRequests { requests: left as u64, unless_journeys_take }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::fixture::forecast;

    const STEP: &str = "[[step]]\nget = \"/health\"\n";
    const FIFTEEN_MINUTES: u64 = 900;

    fn policy(limit: u64, window_s: u64, remaining: u64) -> Policy {
        let window = Duration::from_secs(window_s);
        Policy {
            header: "RateLimit-Policy",
            name: None,
            limit: Some(limit),
            window: Window::Known(window),
            remaining: Some(remaining),
            resets_in: Some(window),
        }
    }

    fn open(rate: &str, duration: &str) -> Forecast {
        forecast(&format!("[load]\nmodel = \"open\"\nrate = \"{rate}\"\nduration = \"{duration}\"\n{STEP}"))
    }

    #[track_caller]
    fn refused_after(fit: Fit) -> (f64, f64) {
        match fit {
            Fit::RefusedAfter { time, fitting_journeys_per_s: Some(rate) } => (time.as_secs_f64(), rate),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plan_that_uses_the_quota_up_is_refused_then() {
        let (after, fitting) = refused_after(fit(&policy(100, FIFTEEN_MINUTES, 100), &open("20/s", "1m")));
        assert!((after - 5.0).abs() < 0.01, "{after}");
        assert!((fitting - 99.0 / 900.0).abs() < 1e-9, "{fitting}");
        let (after, _) = refused_after(fit(&policy(100, FIFTEEN_MINUTES, 40), &open("20/s", "1m")));
        assert!((after - 2.0).abs() < 0.01, "{after}");
    }

    #[test]
    fn the_rate_that_is_named_fits() {
        let policy = policy(100, FIFTEEN_MINUTES, 99);
        assert_eq!(fit(&policy, &open("6.6/m", "2h")), Fit::Fits);
        assert!(matches!(fit(&policy, &open("6.8/m", "2h")), Fit::RefusedAfter { .. }));
        assert_eq!(fit(&policy, &open("20/s", "4s")), Fit::Fits, "a short run fits at any rate");
    }

    #[test]
    fn a_peak_late_in_the_run_is_found() {
        let stages = "stages = [{ over = \"0s\", to = \"1/s\" }, { over = \"10m\", to = \"1/s\" }, { over = \"0s\", to = \"50/s\" }, { over = \"3s\", to = \"50/s\" }]";
        let spike = forecast(&format!("[load]\nmodel = \"open\"\n{stages}\n{STEP}"));
        let (after, _) = refused_after(fit(&policy(90, 2, 90), &spike));
        assert!((600.0..603.0).contains(&after), "{after}");
        assert_eq!(fit(&policy(200, 2, 200), &spike), Fit::Fits);
    }

    #[test]
    fn a_window_that_is_reset_is_full_again() {
        let nearly_over = Policy { resets_in: Some(Duration::from_secs(1)), ..policy(100, 10, 5) };
        assert_eq!(fit(&nearly_over, &open("4/s", "30s")), Fit::Fits);
        assert!(matches!(fit(&policy(100, 10, 5), &open("4/s", "30s")), Fit::RefusedAfter { .. }));
    }

    #[test]
    fn setup_counts_and_may_be_too_much_alone() {
        let with_setup = forecast(&format!("[[setup]]\nname = \"a\"\nget = \"/a\"\nrepeat = 5\n{STEP}"));
        assert_eq!(fit(&policy(10, 60, 10), &with_setup), Fit::Fits);
        assert_eq!(fit(&policy(10, 60, 4), &with_setup), Fit::RefusedInSetup);
        assert_eq!(
            fit(&policy(10, 60, 5), &with_setup),
            Fit::RefusedAfterRequests { requests: 0, unless_journeys_take: None }
        );
    }

    #[test]
    fn users_are_refused_unless_their_journeys_are_slow_enough() {
        let closed = |more: &str| forecast(&format!("[load]\nmodel = \"closed\"\nusers = 10\n{more}\n{STEP}"));
        let of = |more: &str| fit(&policy(100, 50, 100), &closed(more));
        let five = Some(Duration::from_secs(5));
        assert_eq!(of("duration = \"1m\""), Fit::RefusedAfterRequests { requests: 100, unless_journeys_take: five });
        assert_eq!(of("duration = \"1m\"\nmax_rate = \"2/s\""), Fit::Fits);
        assert_eq!(of("iterations = 100"), Fit::Fits);
        assert_eq!(of("iterations = 101"), Fit::RefusedAfterRequests { requests: 100, unless_journeys_take: five });
        assert_eq!(of("duration = \"1m\"\n[[step]]\nname = \"slow\"\nget = \"/\"\nthink = \"10s\""), Fit::Fits);
    }

    #[test]
    fn no_pace_is_named_for_a_window_whose_length_is_not_known() {
        let in_the_midst = Policy { window: Window::AtLeast(Duration::from_secs(5)), ..policy(100, 5, 40) };
        let fit_of = |policy: &Policy| fit(policy, &open("20/s", "1m"));
        assert!(matches!(fit_of(&in_the_midst), Fit::RefusedAfter { fitting_journeys_per_s: None, .. }));
        let fresh = Policy { remaining: Some(99), ..in_the_midst };
        // 20/s in 5 s are 100, and one was spent on asking.
        assert!(
            matches!(fit_of(&fresh), Fit::RefusedAfter { fitting_journeys_per_s: Some(_), .. }),
            "{:?}",
            fit_of(&fresh)
        );
        let users = forecast(&format!("[load]\nmodel = \"closed\"\nusers = 9\nduration = \"1m\"\n{STEP}"));
        let unpaced = Policy { window: Window::AtLeast(Duration::from_secs(5)), ..policy(100, 5, 40) };
        let wanted = Fit::RefusedAfterRequests { requests: 40, unless_journeys_take: None };
        assert_eq!(fit(&unpaced, &users), wanted);
    }

    #[test]
    fn what_is_not_announced_is_not_made_up() {
        let nothing = Policy { limit: None, remaining: None, ..policy(1, 1, 1) };
        assert_eq!(fit(&nothing, &open("20/s", "1m")), Fit::Unknown);
        let no_window = Policy { window: Window::Unknown, resets_in: None, ..policy(100, 1, 100) };
        assert_eq!(fit(&no_window, &open("20/s", "5s")), Fit::Fits);
        assert!(matches!(fit(&no_window, &open("20/s", "6s")), Fit::RefusedAfter { .. }));
    }
}
