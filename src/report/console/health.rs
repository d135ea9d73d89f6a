//! Where every journey went, and the generator's own health.

use crate::report::lines::labelled;
use crate::report::result::{GeneratorResult, RunResult};
use crate::report::statement::counted;
use crate::report::strain;
use crate::units::{format_bytes, format_count, format_duration, format_rate, format_us};

/// Where every journey went, whether the rate was reached, and the generator's own health.
pub(super) fn health(result: &RunResult) -> String {
    let (generator, rates, lag) = (&result.generator, &result.rates, &result.times_us.send_lag);
    let rate = format!(
        "offered {}, achieved {} journeys; {} requests; {} in all",
        format_rate(rates.offered_per_s),
        format_rate(rates.achieved_per_s),
        format_rate(rates.requests_per_s),
        elapsed(result)
    );
    let (busy, at_once) = match generator.unknown {
        true => (" of unknown load".to_owned(), "not known".to_owned()),
        false => (
            format!(
                " {:.0}% busy{}; {}",
                generator.cpu_share * 100.0,
                strain::busiest(result),
                format_bytes(generator.peak_rss_bytes)
            ),
            format!("at most {}", format_count(generator.peak_in_flight)),
        ),
    };
    let worker = format!(
        "send lag p99 {}, max {}; {}{busy}",
        format_us(lag.p99),
        format_us(lag.max),
        counted(generator.workers, "worker")
    );
    let in_flight = format!(
        "{at_once} of {}; {}{}, reused for {}",
        format_count(result.plan.max_in_flight),
        counted(generator.connections_opened, "connection"),
        over_http2(generator),
        counted(generator.connections_reused, "request")
    );
    let lines = [("rate", rate), ("generator", worker), ("in flight", in_flight)];
    let lines: String = lines.iter().map(|(label, text)| labelled(label, text)).collect();
    journeys(result) + &warm_up(result) + &lines + &strain::line(result) + insecure(result)
}

/// The same for a smoke check, which has no rate to speak of.
pub(super) fn once(result: &RunResult) -> String {
    let connections = counted(result.generator.connections_opened, "connection");
    let took = format!("{} in all; {connections}{}", elapsed(result), over_http2(&result.generator));
    journeys(result) + &labelled("took", &took) + insecure(result)
}

/// How many connections speak HTTP/2, if any do.
fn over_http2(generator: &GeneratorResult) -> String {
    match generator.connections_http2 {
        0 => String::new(),
        all if all == generator.connections_opened => " (HTTP/2)".to_owned(),
        some => format!(" ({} of them HTTP/2)", format_count(some)),
    }
}

fn journeys(result: &RunResult) -> String {
    let accounting = &result.accounting;
    let counts = format!(
        "{} scheduled = {} passed + {} failed + {} abandoned + {} unstarted",
        format_count(accounting.scheduled),
        format_count(accounting.passed),
        format_count(accounting.failed),
        format_count(accounting.abandoned),
        format_count(accounting.unstarted),
    );
    labelled("journeys", &counts)
}

fn warm_up(result: &RunResult) -> String {
    result.warm_up.as_ref().map(|warm_up| labelled("warm-up", &warm_up.told())).unwrap_or_default()
}

fn elapsed(result: &RunResult) -> String {
    // A span that no clock counts is a broken file, not a reason to stop.
    format_duration(std::time::Duration::try_from_secs_f64(result.elapsed_s).unwrap_or_default())
}

fn insecure(result: &RunResult) -> &'static str {
    if result.plan.insecure { "  INSECURE   certificates were not checked\n" } else { "" }
}
