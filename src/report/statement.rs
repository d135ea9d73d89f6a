//! A plan in a sentence or two: what will be sent, how fast, and how much at one time.

use std::time::Duration;

use super::console::clean;
use crate::load::{Arrivals, Load, Open, Until};
use crate::plan::{Plan, Stream};
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
    let workers = counted(plan.limits.workers as u64, "worker");
    let to = format!("to {}", plan.target.base_url);
    let streams = match &plan.streams[..] {
        [only] => of_stream(plan, only, &to),
        several => {
            let named = several.iter().map(|stream| {
                let name = if stream.name.is_empty() { "the other flows" } else { &stream.name };
                let after = match stream.start_after.is_zero() {
                    true => String::new(),
                    false => format!(" after {}", format_duration(stream.start_after)),
                };
                format!("{name}{after}: {}", of_stream(plan, stream, "each"))
            });
            format!("{to}: {}", named.collect::<Vec<_>>().join("; "))
        }
    };
    format!("{streams}; {workers}")
}

/// What one stream will do; `to` says where its requests go.
fn of_stream(plan: &Plan, stream: &Stream, to: &str) -> String {
    let requests = counted(plan.requests_per_journey(stream), "request");
    let warm_up = match stream.warm_up.is_zero() {
        true => String::new(),
        false => format!("; the first {} are warm-up, not judged", format_duration(stream.warm_up)),
    };
    match &stream.load {
        Load::Once => {
            let all = plan.steps.iter().map(|step| step.repeat).sum();
            format!("once through {} {to}", counted(all, "request"))
        }
        Load::Open(open) => {
            let (count, exactly) = open.foreseen();
            let journeys = format!("{}{}", if exactly { "" } else { "about " }, counted(count, "journey"));
            let at_once = format!("at most {} under way at one time", format_count(stream.max_in_flight));
            format!("{journeys} of {requests} {to}, {}; {at_once}{warm_up}", pace(open))
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
            format!("{users} with journeys of {requests} {to}, {until}{cap}{warm_up}")
        }
    }
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
