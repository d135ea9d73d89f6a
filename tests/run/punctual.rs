//! How punctual a load is, as the server sees it: what the report says about send lag must be what arrives.
#![expect(clippy::print_stdout, reason = "the figures are worth a look with --nocapture")]

use std::time::Duration;

use mnload::demo::{Demo, DemoOptions};

use crate::support::Workspace;
use crate::support::seen::{NUMBERED, against_schedule, lags, ms, quantile, worst_burst};

const PER_S: u64 = 200;
const ARRIVALS: u64 = 600;

/// Two views of one load's lateness, as p50, p99 and the most arrivals in a millisecond.
struct Views {
    reported_p99: Duration,
    seen_p50: Duration,
    seen_p99: Duration,
    burst: usize,
}

impl Views {
    fn of_a_run(workers: &str) -> Self {
        let demo = Demo::start(DemoOptions { record: true, ..DemoOptions::without_latency() }).unwrap();
        let load = format!("[load]\nmodel = \"open\"\nrate = \"{PER_S}/s\"\nduration = \"3s\"\n");
        let target = format!("[target]\nbase_url = \"{}\"\n", demo.base_url());
        let workspace = Workspace::with(&format!("{target}{load}[[step]]\nget = \"/health\"\n{NUMBERED}"));
        let result = workspace.run(&["--workers", workers]).result();
        let seen = against_schedule(&demo.records(), |number| Duration::from_secs(number) / PER_S as u32);
        assert_eq!((result.accounting.passed, seen.len() as u64), (ARRIVALS, ARRIVALS));
        let lags = lags(&seen);
        Self {
            reported_p99: Duration::from_micros(result.times_us.send_lag.p99),
            seen_p50: quantile(&lags, 0.5),
            seen_p99: quantile(&lags, 0.99),
            burst: worst_burst(&seen),
        }
    }

    /// Whether both say the same: what lies between being sent and being seen is a connection and a wake of the server.
    fn agree(&self) -> bool {
        let most = self.reported_p99.mul_f64(0.2).max(Duration::from_millis(1));
        self.reported_p99.abs_diff(self.seen_p99) <= most
    }
}

impl std::fmt::Display for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p50, p99, reported] = [self.seen_p50, self.seen_p99, self.reported_p99].map(ms);
        write!(f, "the server saw p50 {p50:.3} ms, p99 {p99:.3} ms, at most {} in 1 ms", self.burst)?;
        write!(f, "; reported p99 {reported:.3} ms")
    }
}

#[test]
fn send_lag_is_what_the_server_sees() {
    // A machine that keeps the server from running makes it see requests later than they came; that passes.
    for workers in ["1", "2"] {
        let agreed = (0..8).any(|_| {
            let views = Views::of_a_run(workers);
            println!("{workers} workers: {views}");
            views.agree()
        });
        assert!(agreed, "the report and the server do not agree in any of eight runs");
    }
}
