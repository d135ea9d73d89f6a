//! A plan in a sentence or two: what will be sent, how fast, and how much at one time.

use std::time::Duration;

use super::console::clean;
use crate::load::{Arrivals, Load, Open, Until};
use crate::plan::Plan;
use crate::units::{format_count, format_duration, format_rate};

/// What `plan` will do.
pub fn statement(plan: &Plan) -> String {
    clean(&plan.secrets.redact(&sentence(plan)))
}

/// What `plan` waits for before it does anything; none if for nothing.
pub fn waiting(plan: &Plan) -> Option<String> {
    let wait = plan.target.wait_for.as_ref()?;
    let request = &wait.step.request;
    // A full URL needs no base.
    let base = if request.written.starts_with('/') { plan.target.base_url.as_str() } else { "" };
    let (wanted, deadline) = (&wait.step.expect, format_duration(wait.deadline));
    let words = format!("waiting for {} {base}{}: {wanted}, at most {deadline}", request.method, request.written);
    Some(clean(&plan.secrets.redact(&words)))
}

fn sentence(plan: &Plan) -> String {
    let requests = counted(plan.requests_per_journey(), "request");
    let workers = counted(plan.limits.workers as u64, "worker");
    let base = &plan.target.base_url;
    let what = match &plan.load {
        Load::Once => {
            let all = plan.steps.iter().map(|step| step.repeat).sum();
            format!("once through {} to {base}", counted(all, "request"))
        }
        Load::Open(open) => {
            // Counting random arrivals means drawing them all.
            let journeys = match open.arrivals {
                Arrivals::Poisson if open.profile.expected() > 1e6 => {
                    format!("about {}", counted(open.profile.expected() as u64, "journey"))
                }
                Arrivals::Even | Arrivals::Poisson => counted(open.count(), "journey"),
            };
            format!("{journeys} of {requests} to {base}, {}", pace(open))
        }
        Load::Closed(closed) => {
            let users = counted(closed.users, "user");
            let until = match closed.until {
                Until::Elapsed(time) => format!("for {}", format_duration(time)),
                Until::Iterations(journeys, None) => format!("until {} are done", counted(journeys, "journey")),
                Until::Iterations(journeys, Some(time)) => {
                    format!("until {} are done, at most {}", counted(journeys, "journey"), format_duration(time))
                }
            };
            let cap =
                closed.max_rate.map(|rate| format!(", at most {} journeys", format_rate(rate))).unwrap_or_default();
            format!("{users} with journeys of {requests} to {base}, {until}{cap}")
        }
    };
    let at_once = match &plan.load {
        Load::Open(_) => format!("; at most {} under way at one time", format_count(plan.limits.max_in_flight)),
        Load::Once | Load::Closed(_) => String::new(),
    };
    format!("{what}{at_once}; {workers}")
}

fn pace(open: &Open) -> String {
    let duration = format_duration(open.profile.duration());
    let spread = match open.arrivals {
        Arrivals::Even => "even",
        Arrivals::Poisson => "Poisson",
    };
    let segments: Vec<_> = open.profile.segments().iter().filter(|segment| segment.over > Duration::ZERO).collect();
    match segments[..] {
        [only] if only.from_per_s == only.to_per_s => {
            format!("{spread} arrivals at {} for {duration}", format_rate(only.to_per_s))
        }
        _ => format!("{spread} arrivals at up to {} over {duration}", format_rate(open.profile.peak_per_s())),
    }
}

/// `1 request`, `2,400 journeys`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", format_count(count), if count == 1 { "" } else { "s" })
}
