//! `mnload demo`: starts the built-in target, says what it does, and serves until it is interrupted.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use anyhow::Context as _;

use super::signals::Signals;
use crate::cli::DemoArgs;
use crate::demo::{Demo, DemoOptions, Faults, Latency, Quota, RateLimits, Record, TlsFiles};

/// Runs the command; returns when the target was stopped by an interrupt.
///
/// # Errors
/// If the target cannot start or the outputs cannot be written to.
pub(super) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let options = options(args);
    // Opened before the start: a file that cannot be written to must not be found out about after the load.
    let record = args.record.as_ref().map(File::create).transpose().context("cannot write the file of --record")?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    runtime.block_on(async {
        // Before anybody learns that it runs: an interrupt right after that must find us ready.
        let mut signals = Signals::listen().context("cannot listen for signals")?;
        let demo = Demo::start(options.clone())?;
        introduce(&demo, &options).context("cannot write to standard output")?;
        signals.next().await;
        let records = demo.records();
        demo.stop();
        record.map_or(Ok(()), |file| write_records(file, &records)).context("cannot write the file of --record")
    })
}

fn options(args: &DemoArgs) -> DemoOptions {
    let tls = args.tls_cert.clone().zip(args.tls_key.clone());
    DemoOptions {
        listen: args.listen,
        seed: args.seed,
        latency: args.fixed_latency.map_or(args.latency, Latency::Fixed),
        capacity: args.capacity.map(|capacity| capacity.with_queue(args.queue)),
        login_delay: args.login_delay,
        token_lifetime: args.token_lifetime,
        rate_limits: args.rate_limits.then(RateLimits::default),
        faults: Faults {
            delay: args.delay,
            slow_down: args.slow_down,
            freeze: args.freeze,
            freeze_connections: args.freeze_connections,
            error_share: args.error_share,
            reset_share: args.reset_share,
            hang_share: args.hang_share,
            slow_body: args.slow_body,
            close_every: args.close_every,
            die_after: args.die_after,
            away: args.away,
        },
        http1_only: args.http1_only,
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        record: args.record.is_some(),
        ..DemoOptions::default()
    }
}

fn write_records(file: File, records: &[Record]) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    writeln!(out, "arrived_ns,answered_ns")?;
    for Record { arrived, answered, .. } in records {
        let answered = answered.map(|answered| answered.as_nanos().to_string()).unwrap_or_default();
        writeln!(out, "{},{answered}", arrived.as_nanos())?;
    }
    out.flush()
}

fn introduce(demo: &Demo, options: &DemoOptions) -> io::Result<()> {
    let mut people = anstream::stderr().lock();
    writeln!(people, "accounts: user@medianest.example, and userN@medianest.example for any number N")?;
    writeln!(people, "password: {}; bearer token for /metrics: {}", options.password, options.metrics_token)?;
    writeln!(people, "latency:  {}", options.latency)?;
    for line in switched_on(options) {
        writeln!(people, "{line}")?;
    }
    // Last, so that whoever waits for this line finds everything else said.
    let mut out = anstream::stdout().lock();
    writeln!(out, "mnload demo listening on {}", demo.base_url())?;
    out.flush()
}

/// One line for each thing that is not as usual.
fn switched_on(options: &DemoOptions) -> Vec<String> {
    let faults = &options.faults;
    let text = humantime::format_duration;
    let mut lines = Vec::new();
    let mut say = |on: bool, line: String| {
        if on {
            lines.push(line);
        }
    };
    if let Some(capacity) = options.capacity {
        say(true, format!("capacity: {capacity}"));
    }
    if let Some(RateLimits { global, api, login }) = options.rate_limits {
        let quota = |quota: Quota| format!("{} per {}", quota.requests, text(quota.window));
        say(
            true,
            format!("limits:   {} on every path, {} under /api, {} sign-ins", quota(global), quota(api), quota(login)),
        );
    }
    say(!options.login_delay.is_zero(), format!("login:    takes {} more", text(options.login_delay)));
    say(!faults.delay.is_zero(), format!("fault:    every answer is delayed by {}", text(faults.delay)));
    if let Some(slow_down) = faults.slow_down {
        say(true, format!("fault:    answers are delayed by {slow_down}"));
    }
    if let Some(freeze) = faults.freeze {
        let held = faults.freeze_connections.map_or(String::new(), |share| format!(" on {share} of the connections"));
        say(true, format!("fault:    nothing is answered{held} in {freeze}, counted from the first request"));
    }
    say(!faults.error_share.is_none(), format!("fault:    {} of the answers are status 500", faults.error_share));
    say(!faults.reset_share.is_none(), format!("fault:    {} of the requests are reset", faults.reset_share));
    say(!faults.hang_share.is_none(), format!("fault:    {} of the requests are never answered", faults.hang_share));
    say(!faults.slow_body.is_zero(), format!("fault:    bodies take {}", text(faults.slow_body)));
    if let Some(count) = faults.close_every {
        say(true, format!("fault:    connections end after {count} requests"));
    }
    if let Some(after) = faults.die_after {
        say(true, format!("fault:    dies {} after the first request", text(after)));
    }
    if let Some(absence) = faults.away {
        say(true, format!("fault:    away for {absence}"));
    }
    lines
}
