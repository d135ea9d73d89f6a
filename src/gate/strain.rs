//! What the generator was short of: a core, a turn on it, files or ports. A generator that is short measures itself.

use std::time::Duration;

use super::NamedGate;
use super::language::Statistic;
use super::validity::{invalid, upper_bound_us};
use crate::failure::Failure;
use crate::metrics::{LATE, Summary, WorkerUse};
use crate::units::{format_count, format_us, format_us_f64};
use crate::verdict::Finding;

/// A worker that has something to do for more than this share of the time may be what was measured.
const SATURATED: f64 = 0.95;
/// Shorter runs are over before shares of time mean something.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
/// A single late tick may be chance; two are a share.
const LEAST_LATE: u64 = 2;

/// What the generator was short of, each cause once.
pub(super) fn findings(gates: &[NamedGate], summary: &Summary) -> Vec<Finding> {
    let sockets = out_of_sockets(summary).or_else(|| out_of_files(summary));
    let time = saturated(summary).or_else(|| stood_still(gates, summary));
    [sockets, time].into_iter().flatten().collect()
}

/// The worker that had hardly an idle moment, counted from 1.
pub(super) fn exhausted(summary: &Summary) -> Option<(usize, WorkerUse)> {
    let busiest = summary.generator.busiest_worker().filter(|_| summary.elapsed >= LONG_ENOUGH);
    busiest.filter(|(_, worker)| worker.never_idle() > SATURATED)
}

/// How busy `worker` was, and what to do about it.
fn words(number: usize, worker: WorkerUse, summary: &Summary) -> String {
    let generator = &summary.generator;
    let who = match generator.workers {
        1 => "the one worker was".to_owned(),
        all => format!("worker {number} of {all} was"),
    };
    let (waiting, stolen) = (worker.waiting_share.unwrap_or(0.0), worker.stolen_share.unwrap_or(0.0));
    if worker.cpu_share <= SATURATED && stolen > waiting.max(1.0 - SATURATED) {
        return format!(
            "{who} busy {:.0}% of the time, and the host of this machine kept its core for about another {:.0}%, so the generator may have been the limit: run it on a machine that need not share its cores, or use a smaller rate or fewer users",
            worker.cpu_share * 100.0,
            stolen * 100.0
        );
    }
    if worker.cpu_share <= SATURATED && waiting > 1.0 - SATURATED {
        return format!(
            "{who} busy {:.0}% of the time and kept waiting for a core for {:.0}%, so the generator may have been the limit: something else kept this machine's cores busy; run it where it is quiet, and the target on another machine",
            worker.cpu_share * 100.0,
            waiting * 100.0
        );
    }
    let workers = generator.workers as u64;
    // One more needs a core, and a journey of its own.
    let room = generator.machine.cores.is_none_or(|cores| workers < cores) && workers < generator.max_in_flight;
    let more = match room {
        true => format!("use --workers {}, a smaller rate or fewer users", workers + 1),
        false => "use a smaller rate or fewer users, or a larger machine".to_owned(),
    };
    let busy = worker.cpu_share * 100.0;
    format!("{who} busy {busy:.0}% of the time, so the generator may have been the limit: {more}")
}

fn saturated(summary: &Summary) -> Option<Finding> {
    let (number, worker) = exhausted(summary)?;
    let lag = &summary.total.send_lag;
    let late = match lag.quantile_us(0.99).filter(|us| u128::from(*us) > LATE.as_micros()) {
        Some(us) => format!("; the generator was late by {} at p99", format_us(us)),
        None => String::new(),
    };
    let observed = format!("{:.0}%", worker.never_idle() * 100.0);
    let wanted = format!("each worker at most {:.0}% busy or without the core it wanted", SATURATED * 100.0);
    let reason = format!("{}{late}", words(number, worker, summary));
    Some(invalid("generator had time", wanted, observed, summary.all_steps.requests, reason))
}

/// Stalls touch a gate when so many moments were noticed late by a tenth of its bound that its percentile is among them.
fn stood_still(gates: &[NamedGate], summary: &Summary) -> Option<Finding> {
    let generator = &summary.generator;
    let ticks = generator.loop_lag.count();
    let loop_lag = generator.loop_lag.buckets();
    let touched = gates.iter().filter(|named| named.skip.is_none()).filter_map(|named| {
        let (_, statistic) = named.gate.metric.time()?;
        let (beyond, least) = match statistic {
            Statistic::Percentile(percentile) => (1.0 - percentile.quantile(), LEAST_LATE),
            Statistic::Max => (0.0, 1),
            Statistic::Mean => (0.5, LEAST_LATE),
        };
        let limit_us = (upper_bound_us(named)? / 10.0).max(LATE.as_secs_f64() * 1e6);
        let late = loop_lag.iter().filter(|(us, _)| *us as f64 > limit_us).map(|(_, count)| count);
        let late: u64 = late.sum();
        (late >= least && late as f64 > beyond * ticks as f64).then_some((named, limit_us, late))
    });
    let (named, limit_us, late) = touched.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let share = late as f64 / ticks.max(1) as f64 * 100.0;
    let longest = format_us(generator.loop_lag.quantile_us(1.0).unwrap_or_default());
    let reason = format!(
        "the generator stood still {} times, for {longest} at the longest: {share:.1}% of all moments were noticed too late for `{}`; something else kept this machine busy, or a worker had too much at once; run it where it is quiet, or use more --workers",
        format_count(generator.stalls),
        named.gate
    );
    let wanted = format!("noticed within {}", format_us_f64(limit_us));
    Some(invalid("generator kept going", wanted, format!("{longest} late"), ticks, reason))
}

fn out_of_sockets(summary: &Summary) -> Option<Finding> {
    let refused = summary.total.errors.get(&Failure::Generator)?;
    let said = refused.examples.first().map(|example| example.message.clone()).unwrap_or_default();
    let reason = format!(
        "this machine ran out of sockets or ports ({said}{}): raise the limit on open files, or lower users, max_in_flight or the rate",
        in_use(summary)
    );
    Some(invalid(
        "generator had sockets",
        "every request can be sent".to_owned(),
        format!("{} could not", refused.count),
        summary.all_steps.requests,
        reason,
    ))
}

/// How much of what is limited was in use, as far as the system tells.
fn in_use(summary: &Summary) -> String {
    let machine = &summary.generator.machine;
    let of = |used: Option<u64>, limit: Option<u64>, what: &str| {
        let (used, limit) = used.zip(limit)?;
        Some(format!("; {} of {} {what}", format_count(used), format_count(limit)))
    };
    let files = of(machine.open_files, machine.open_files_limit, "open files");
    let ports = of(machine.local_ports, machine.local_ports_limit, "local ports in use, by an estimate");
    [files, ports].into_iter().flatten().collect()
}

/// At the limit the next connection cannot be had, whether or not a request has met it.
fn out_of_files(summary: &Summary) -> Option<Finding> {
    let machine = &summary.generator.machine;
    let (open, limit) = machine.open_files.zip(machine.open_files_limit)?;
    (open >= limit).then(|| {
        let reason = format!(
            "this machine lets mnload have {} files open, and it had: raise the limit (ulimit -n), or lower users, max_in_flight or the rate",
            format_count(limit)
        );
        let wanted = format!("fewer than {} open files", format_count(limit));
        invalid("generator had sockets", wanted, format_count(open), summary.all_steps.requests, reason)
    })
}
