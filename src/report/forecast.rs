//! What a plan would do, as a page for people: counts, rates, what it takes of this machine, and the load over time.

use std::borrow::Cow;
use std::time::Duration;

use super::lines::{broken, labelled, warning};
use super::route::route;
use super::sketch::sketch;
use super::statement::{counted, statement};
use crate::forecast::{Amount, Forecast, Host, Obstacle, StreamForecast, obstacles, of_flow, share_streams};
use crate::gate::{Metric, Origin};
use crate::load::{Arrivals, Closed, Load};
use crate::plan::{Again, Explore, Flow, Per, Plan, Step, Stream};
use crate::units::{format_bytes, format_count, format_duration, format_rate, format_share};

/// Longer than this is not said exactly.
const LONG: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// The page, with ANSI colours.
pub fn render(plan: &Plan, forecast: &Forecast, host: &Host) -> String {
    let redacted = |text: &str| plan.secrets.redact(text).into_owned();
    let mut out = broken(&format!("{}: {}", redacted(&plan.name), statement(plan)), 2) + "\n\n";
    out.push_str(&figures(plan, forecast, host));
    if let Some(sketch) = sketch(&forecast.traffic) {
        out.push_str(&format!("\n{sketch}"));
    }
    out.push('\n');
    for (number, step) in plan.steps.iter().enumerate() {
        out.push_str(&labelled(&format!("step {}", number + 1), &step_line(plan, number, step)));
    }
    for named in &plan.gates {
        let origin = match (named.origin == Origin::Default, named.gate.metric) {
            (true, _) => "  (added by mnload)",
            (false, Metric::Capacity) => "  (found by mnload explore)",
            (false, _) => "",
        };
        out.push_str(&labelled("gate", &format!("{}: {}{origin}", redacted(&named.name), named.gate)));
    }
    if plan.explore != Explore::default() {
        out.push_str(&labelled("explore", &exploring(&plan.explore)));
    }
    out.push_str(&labelled("seed", &plan.seed.to_string()));
    let found = obstacles(forecast, host);
    if !found.is_empty() {
        out.push('\n');
        found.into_iter().for_each(|obstacle| out.push_str(&warning(&words_of(obstacle))));
    }
    out
}

/// What `mnload explore` would do with it.
fn exploring(explore: &Explore) -> String {
    let (from, to) = (format_rate(explore.from_per_s), format_rate(explore.to_per_s));
    let ceiling = explore.ceiling_per_s.map(|most| format!(", never above {}", format_rate(most))).unwrap_or_default();
    let (precision, budget) = (format_share(explore.precision), format_duration(explore.budget));
    let requests = explore.max_requests.map(|most| format!(" and {}", counted(most, "request"))).unwrap_or_default();
    format!("mnload explore tries {from} to {to}{ceiling}, to ±{precision}, in {budget}{requests} at the most")
}

fn step_line(plan: &Plan, number: usize, step: &Step) -> String {
    let flow = plan.flows.iter().find(|flow| flow.steps.contains(&number)).map_or("", |flow| flow.name.as_str());
    // Each part on its own: a name such as `token` in front of a colon would make a secret of what follows.
    let redacted = |text: &str| plan.secrets.redact(text).into_owned();
    let flow = if flow.is_empty() { String::new() } else { format!("{} / ", redacted(flow)) };
    let (name, summary, timeout) = (redacted(&step.name), step.request.summary(), format_duration(step.timeout));
    // A step without a name of its own is called what it sends.
    let what = if step.name == summary { redacted(&summary) } else { format!("{name}: {}", redacted(&summary)) };
    let mut line = format!("{flow}{what} → {} within {timeout}", redacted(&step.expect.to_string()));
    if step.redirects > 0 {
        line.push_str(&format!("; follows up to {}", counted(step.redirects, "redirect")));
    }
    if step.repeat > 1 {
        line.push_str(&format!("; {} times in a row", format_count(step.repeat)));
    }
    if step.only.when.is_some() || step.only.unless.is_some() {
        line.push_str("; on a condition");
    }
    if let Some(share) = step.only.probability {
        line.push_str(&format!("; in {} of journeys", format_share(share)));
    }
    match step.again {
        Again::Never => {}
        Again::Retry(more, _) => line.push_str(&format!("; tried up to {} more", counted(more, "time"))),
        Again::Poll(every, deadline) => {
            let (every, deadline) = (format_duration(every), format_duration(deadline));
            line.push_str(&format!("; asked every {every} for up to {deadline}"));
        }
    }
    line
}

fn figures(plan: &Plan, forecast: &Forecast, host: &Host) -> String {
    let traffic = &forecast.traffic;
    let mut out = labelled("journeys", &journeys(plan, forecast));
    out.push_str(&labelled("requests", &requests(forecast)));
    if plan.flows.len() > 1 && !plan.is_once() {
        out.push_str(&labelled("flows", &flows(plan)));
    }
    let rates = match (traffic.peak_journeys_per_s(), traffic.peak_requests_per_s()) {
        (Some(journeys), Some(requests)) => {
            format!("{} journeys, {} requests at the highest", format_rate(journeys), format_rate(requests))
        }
        _ => traffic.streams.iter().filter_map(pace).collect::<Vec<_>>().join("; "),
    };
    if !rates.is_empty() {
        out.push_str(&labelled("rate", &rates));
    }
    out.push_str(&labelled("at once", &at_once(plan, forecast)));
    out.push_str(&labelled("sockets", &sockets(plan, forecast, host)));
    if let Some(route) = route(plan) {
        out.push_str(&labelled("route", &route));
    }
    out.push_str(&labelled("memory", &memory(forecast)));
    out.push_str(&labelled("time", &time(plan, forecast)));
    out
}

fn journeys(plan: &Plan, forecast: &Forecast) -> String {
    let all = amount(forecast.traffic.journeys());
    match plan.streams.iter().map(|stream| &stream.load).collect::<Vec<_>>()[..] {
        [Load::Once] if plan.flows.len() == 1 => "1".to_owned(),
        [Load::Once] => format!("{}, one through each flow", format_count(plan.flows.len() as u64)),
        [Load::Open(open)] if open.arrivals == Arrivals::Poisson && forecast.traffic.journeys().is_exact() => {
            format!("{all}, as seed {} draws them", plan.seed)
        }
        [_] => all,
        _ => {
            let each = plan.streams.iter().zip(&forecast.traffic.streams);
            let each =
                each.map(|(stream, forecast)| format!("{}: {}", name_of(plan, stream), amount(forecast.journeys)));
            format!("{all} ({})", each.collect::<Vec<_>>().join("; "))
        }
    }
}

/// What a stream is called among several.
fn name_of(plan: &Plan, stream: &Stream) -> String {
    if stream.name.is_empty() { "the other flows".to_owned() } else { plan.secrets.redact(&stream.name).into_owned() }
}

fn requests(forecast: &Forecast) -> String {
    let load = forecast.traffic.requests();
    let mut text = match load.planned {
        Some(_) => amount(load),
        None => format!("{} in a journey; {}", amount(per_journey(forecast)), amount(load)),
    };
    for (name, around) in [("setup", forecast.setup), ("teardown", forecast.teardown)] {
        if around != Amount::default() {
            text.push_str(&format!("; and in {name} {}", amount(around)));
        }
    }
    text
}

fn per_journey(forecast: &Forecast) -> Amount {
    forecast.traffic.streams.first().map(|stream| stream.per_journey).unwrap_or_default()
}

/// A number with what makes it uncertain.
fn amount(amount: Amount) -> String {
    worded(amount, "")
}

/// The same, of what `noun` says; none for a bare number.
fn worded(amount: Amount, noun: &str) -> String {
    let number = |value: f64| match value.fract().abs() < 1e-9 || value >= 100.0 {
        true => format_count(value.round() as u64),
        false => format!("{value:.1}"),
    };
    let about = if amount.drawn { "about " } else { "" };
    match (amount.planned, amount.most) {
        (Some(planned), most) => {
            let plural = if planned == 1.0 { "" } else { "s" };
            let what = if noun.is_empty() { String::new() } else { format!(" {noun}{plural}") };
            let mut text = format!("{about}{}{what}", number(planned));
            if amount.least < planned {
                text.push_str(&format!(", at least {about}{} if no condition holds", number(amount.least)));
            }
            if let Some(most) = most.filter(|most| *most > planned) {
                text.push_str(&format!(", at most {about}{} if all is tried again", number(most)));
            }
            text
        }
        (None, Some(most)) => format!("as many as the target's pace allows, at most {} if no step fails", number(most)),
        (None, None) => "as many as the target's pace allows".to_owned(),
    }
}

fn flows(plan: &Plan) -> String {
    let of_stream = |stream: &Stream| {
        let flows: Vec<_> = stream.flows.iter().filter_map(|flow| plan.flows.get(*flow)).collect();
        let total: u64 = flows.iter().map(|flow| flow.weight).sum();
        let share = |flow: &Flow| match stream.name.is_empty() {
            true => format!("{} of journeys", format_share(flow.weight as f64 / total.max(1) as f64)),
            false => "a load of its own".to_owned(),
        };
        let each = flows.into_iter().map(|flow| {
            let own = worded(of_flow(plan, flow), "request");
            format!("{}: {}, {own} in each", plan.secrets.redact(&flow.name), share(flow))
        });
        each.collect::<Vec<_>>()
    };
    plan.streams.iter().flat_map(of_stream).collect::<Vec<_>>().join("; ")
}

/// How fast users are, which is the target's to say.
fn pace(stream: &StreamForecast) -> Option<String> {
    let Load::Closed(Closed { users, max_rate, .. }) = &stream.load else { return None };
    let pauses = stream.shortest_journey;
    let at = |answers: Duration| {
        let rate = *users as f64 / (pauses + answers).as_secs_f64();
        (format_rate(max_rate.map_or(rate, |most| most.min(rate))), format_duration(answers))
    };
    let ((fast, little), (slow, much)) = (at(Duration::from_millis(100)), at(Duration::from_secs(1)));
    let cap = max_rate.map(|most| format!(", never above {}", format_rate(most))).unwrap_or_default();
    let pauses = match pauses.is_zero() {
        true => String::new(),
        false => format!(" beside its pauses of {}", format_duration(pauses)),
    };
    Some(format!("the target sets it: {fast} journeys if one takes {little}{pauses}, {slow} if it takes {much}{cap}"))
}

fn at_once(plan: &Plan, forecast: &Forecast) -> String {
    let most = format_count(forecast.at_once);
    match plan.streams.iter().map(|stream| &stream.load).collect::<Vec<_>>()[..] {
        [Load::Once] => "one request after the other".to_owned(),
        [Load::Closed(_)] => format!("{} from the start to the end", counted(forecast.at_once, "user")),
        [Load::Open(_)] => {
            let peak = forecast.traffic.peak_journeys_per_s().unwrap_or_default();
            let journey = Duration::try_from_secs_f64(forecast.at_once as f64 / peak).ok();
            let reached = journey.filter(|_| peak > 0.0).map(|journey| {
                format!("; so many are reached when a journey takes {}, then arrivals wait", span(journey))
            });
            format!("{most} journeys at the most{}", reached.unwrap_or_default())
        }
        _ => {
            let each = plan.streams.iter();
            let each = each.map(|stream| format!("{}: {}", name_of(plan, stream), format_count(stream.max_in_flight)));
            format!("{most} journeys at the most ({})", each.collect::<Vec<_>>().join("; "))
        }
    }
}

/// What becomes of a connection after a journey.
fn kept(plan: &Plan) -> Cow<'static, str> {
    if share_streams(plan) {
        let streams = counted(plan.target.connections.streams(), "request");
        return format!("each for {streams} at one time").into();
    }
    let everybody_is_new = plan.streams.iter().any(|stream| matches!(stream.load, Load::Open(_)));
    match plan.target.connections.per {
        // The side that hangs up keeps the port for a minute.
        Some(Per::User) if everybody_is_new => {
            "opened anew for each journey, whose ports are busy for a minute after it".into()
        }
        Some(Per::User | Per::Pooled) | None => "kept for the next journey".into(),
    }
}

fn sockets(plan: &Plan, forecast: &Forecast, host: &Host) -> String {
    let ports = host.ports.map(|ports| format!(", and has {} to one address", counted(ports, "port")));
    format!(
        "{} at the most, {}; this machine allows {} of {} open files{}",
        format_count(forecast.connections),
        kept(plan),
        format_count(host.sockets()),
        format_count(host.open_files),
        ports.unwrap_or_default()
    )
}

fn memory(forecast: &Forecast) -> String {
    let memory = &forecast.memory;
    format!(
        "about {} at the most: {} program and data, {} connections, {} histograms, {} seconds (an estimate without the bodies of answers)",
        format_bytes(memory.whole()),
        format_bytes(memory.program),
        format_bytes(memory.connections),
        format_bytes(memory.figures),
        format_bytes(memory.seconds)
    )
}

fn time(plan: &Plan, forecast: &Forecast) -> String {
    let longest = &forecast.longest;
    let parts = [
        ("start-up", longest.start_up),
        ("load", longest.load),
        ("last answers", longest.drain),
        ("teardown", longest.teardown),
    ];
    let parts = parts.into_iter().filter(|(_, time)| !time.is_zero());
    let parts = parts.map(|(name, time)| format!("{name} {}", span(time))).collect::<Vec<_>>().join(", ");
    let whole = span(longest.whole());
    match plan.duration() {
        Some(duration) => format!("{} of load; {whole} at the longest ({parts})", span(duration)),
        None => format!("until all is done; {whole} at the longest ({parts}), were every answer as late as it may"),
    }
}

fn span(time: Duration) -> String {
    if time > LONG { "more than ten years".to_owned() } else { format_duration(time) }
}

/// What stands in the way, and the way out.
pub(super) fn words_of(obstacle: Obstacle) -> String {
    match obstacle {
        Obstacle::OpenFiles { wanted, allowed } => format!(
            "up to {} connections at one time may be needed, and this machine allows {}: raise the limit on open files (ulimit -n), or lower users or max_in_flight",
            format_count(wanted),
            format_count(allowed)
        ),
        Obstacle::Ports { wanted, allowed } => format!(
            "up to {} connections to one address may be needed, and this machine has ports for {}: widen net.ipv4.ip_local_port_range, or lower users or max_in_flight",
            format_count(wanted),
            format_count(allowed)
        ),
        Obstacle::Memory { wanted, allowed } => format!(
            "the run may take {} more memory, and {} are free: lower users, max_in_flight, workers or the number of steps",
            format_bytes(wanted),
            format_bytes(allowed)
        ),
    }
}

#[cfg(test)]
#[path = "forecast/tests.rs"]
mod tests;
