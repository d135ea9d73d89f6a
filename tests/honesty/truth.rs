//! A run beside what its server saw, and the law that both must agree.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions, Faults, Latency};
use mnload::report::RunResult;

use crate::support::Workspace;
use crate::support::seen::{
    NUMBERED, Seen, against_schedule, assert_each_came_once, lags, ms, quantile, sorted, worst_burst,
};
use crate::support::starved::{Starved, Watch};

/// How far a figure may be from the truth.
const TOLERANCE: f64 = 0.01;
/// So many runs may be disturbed before one must be honest.
const ATTEMPTS: usize = 3;
const QUANTILES: [f64; 3] = [0.90, 0.95, 0.99];

/// An even load against a server with faults.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) faults: Faults,
    /// What every answer takes besides.
    pub(crate) latency: Duration,
    pub(crate) rate_per_s: u64,
    pub(crate) seconds: u64,
    /// More of the scenario's `[target]`.
    pub(crate) target: &'static str,
}

/// What a run of a shape left.
pub(crate) struct Ran {
    shape: &'static str,
    pub(crate) result: RunResult,
    pub(crate) stdout: String,
    /// What the server saw, by arrivals.
    pub(crate) seen: Vec<Seen>,
    /// The arrivals that the server did not see.
    pub(crate) missing: BTreeSet<u64>,
    /// How long the machine kept client and server from running, and when.
    starved: Starved,
    /// When the server's clock starts.
    first: Instant,
}

impl Shape {
    pub(crate) fn arrivals(&self) -> u64 {
        self.rate_per_s * self.seconds
    }

    pub(crate) fn due(&self, number: u64) -> Duration {
        Duration::from_secs(1) * number as u32 / self.rate_per_s as u32
    }

    /// Runs it until what it reports is honest by `truth`: a machine that is busy for a moment adds waits that nothing
    /// tells from the generator's own, but it does not do so each time.
    pub(crate) fn honest_run(&self, truth: impl Fn(&Ran) -> Option<Vec<Duration>>) -> Ran {
        for _ in 1..ATTEMPTS {
            let ran = self.run();
            match ran.honest(truth(&ran).as_deref()) {
                Ok(()) => return ran,
                Err(words) => println!("{words}; tried again"),
            }
        }
        let ran = self.run();
        ran.honest(truth(&ran).as_deref()).unwrap_or_else(|words| panic!("{words}"));
        ran
    }

    /// Runs it with default settings; one at a time, since loads disturb each other.
    pub(crate) fn run(&self) -> Ran {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let Self { name: shape, faults, latency, rate_per_s, seconds, target } = *self;
        let latency = Latency::Fixed(latency);
        let demo = Demo::start(DemoOptions { faults, latency, record: true, ..DemoOptions::default() }).unwrap();
        let load = format!("[load]\nmodel = \"open\"\nrate = \"{rate_per_s}/s\"\nduration = \"{seconds}s\"\n");
        let target = format!("[target]\nbase_url = \"{}\"\n{target}", demo.base_url());
        let workspace = Workspace::with(&format!("{target}{load}[[step]]\nget = \"/health\"\n{NUMBERED}"));
        let running = workspace.start(&[]);
        let watch = Watch::of(running.child.id());
        let outcome = running.finish();
        let (starved, result, records) = (watch.end(), outcome.result(), demo.records());
        let first = demo.first_seen().unwrap();

        let seen = against_schedule(&records, |number| self.due(number));
        let came: BTreeSet<u64> = seen.iter().map(|seen| seen.number).collect();
        let missing: BTreeSet<u64> = (0..self.arrivals()).filter(|number| !came.contains(number)).collect();
        assert_each_came_once(&records, self.arrivals(), &missing);
        assert_eq!(result.accounting.scheduled, self.arrivals(), "{}", outcome.stdout);
        assert!(result.accounting.balances());
        let lags = lags(&seen);
        println!(
            "{shape}: the server saw {} of {} arrivals, late by {:.2} ms at p50 and {:.2} ms at p99, at most {} in a \
             millisecond; send lag p99 {:.2} ms; {:.1} ms starved at the worst",
            seen.len(),
            self.arrivals(),
            ms(quantile(&lags, 0.5)),
            ms(quantile(&lags, 0.99)),
            worst_burst(&seen),
            result.times_us.send_lag.p99 as f64 / 1e3,
            ms(starved.worst()),
        );
        Ran { shape, result, stdout: outcome.stdout, seen, missing, starved, first }
    }
}

impl Ran {
    /// What everybody waited as the server saw it; those it did not see waited no time.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        let refused = self.missing.iter().map(|_| Duration::ZERO);
        sorted(self.seen.iter().map(|seen| seen.waited.unwrap()).chain(refused))
    }

    /// The same, each with what the machine may have added to it.
    fn most_waits(&self) -> Vec<Duration> {
        let refused = self.missing.iter().map(|_| Duration::ZERO);
        let most = |seen: &Seen| seen.waited.unwrap() + self.starved.around(self.first + seen.answered.unwrap());
        sorted(self.seen.iter().map(most).chain(refused))
    }

    /// How long the machine kept client and server from running at the worst.
    pub(crate) fn starved(&self) -> Duration {
        self.starved.worst()
    }

    /// Whether p90, p95 and p99 are what the server saw, and `truth` where the server itself kept to that; what is too much
    /// if not.
    ///
    /// Less than what people waited is never right: it panics. More may be the machine's doing: what the kernel counts as time in
    /// which client and server were ready to run, and did not, is allowed on top.
    fn honest(&self, truth: Option<&[Duration]>) -> Result<(), String> {
        let (waits, most_waits) = (self.waits(), self.most_waits());
        let response = self.result.times_us.response;
        let reported = [response.p90, response.p95, response.p99].map(Duration::from_micros);
        let within = |one: Duration, other: Duration| one.abs_diff(other) <= other.mul_f64(TOLERANCE);
        for (share, reported) in QUANTILES.into_iter().zip(reported) {
            let (seen, truth) = (quantile(&waits, share), truth.map(|truth| quantile(truth, share)));
            let name = format!("{}, p{:.0}", self.shape, share * 100.0);
            let by_arithmetic = truth.map_or(String::new(), |truth| format!("{:.1} ms by arithmetic, ", ms(truth)));
            let starved = quantile(&most_waits, share) - seen;
            println!(
                "{name}: {by_arithmetic}{:.1} ms as the server saw it, reported {:.1} ms ({:.1} ms allowed to the machine)",
                ms(seen),
                ms(reported),
                ms(starved)
            );
            for (truth, whose) in [(Some(seen), "the server's"), (truth, "arithmetic's")] {
                let Some(truth) = truth else { continue };
                let least = truth.mul_f64(1.0 - TOLERANCE);
                assert!(reported >= least, "{name} hides what people wait: {reported:?}, {whose} truth is {truth:?}");
            }
            let most = seen.mul_f64(1.0 + TOLERANCE) + starved;
            if reported > most {
                return Err(format!("{name} adds waits of its own: {reported:?}, the server saw {seen:?}"));
            }
            if let Some(truth) = truth.filter(|truth| within(seen, *truth)) {
                let most = truth.mul_f64(1.0 + TOLERANCE) + starved;
                if reported > most {
                    return Err(format!("{name} adds waits of its own: {reported:?} of {truth:?} by arithmetic"));
                }
            }
        }
        Ok(())
    }
}
