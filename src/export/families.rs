//! What is exported: sums since the start of the load, by name. One list for every way to export it.

use crate::metrics::{Histogram, Second, StepTally, Tally};

/// Names and values that stand at a metric.
pub type Labels = Vec<(String, String)>;

/// Longer values of labels are cut.
const LONGEST_LABEL: usize = 200;

/// A metric with all that is counted under its name.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// Its name, without what a kind adds to it.
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) samples: Vec<(Labels, Value)>,
}

/// What its values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sum that only grows.
    Counter,
    /// Something that is so at the moment.
    Gauge,
    /// Times.
    Times,
}

/// One value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Count(u64),
    Times(Box<Histogram>),
}

/// All that was counted so far.
#[derive(Debug)]
pub(super) struct Sums {
    labels: Labels,
    steps: Vec<String>,
    start_ms: i64,
    /// Seconds that are complete.
    seconds: u64,
    total: Tally,
}

impl Family {
    /// The name under which Prometheus keeps its samples.
    pub(super) fn full_name(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge => self.name.to_owned(),
            Kind::Times => format!("{}_seconds", self.name),
        }
    }
}

/// A label's value: without what moves the cursor or hides text, and not too long.
fn value_of(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_LABEL).collect()
}

impl Sums {
    /// Nothing yet, of a load that starts at `start_ms` and whose series of steps are called `steps`.
    pub(super) fn new(labels: Labels, steps: Vec<String>, start_ms: i64) -> Self {
        let total = Tally::new(steps.len());
        let labels = labels.into_iter().map(|(name, value)| (name, value_of(&value))).collect();
        let mut names: Vec<String> = Vec::with_capacity(steps.len());
        for step in &steps {
            // Two series of one name would be none that can be read.
            let name = value_of(step);
            let numbered = (2..).map(|number| format!("{name}~{number}"));
            let unused = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
            names.extend(unused);
        }
        Self { labels, steps: names, start_ms, seconds: 0, total }
    }

    /// Adds a complete second.
    pub(super) fn add(&mut self, second: &Second) {
        self.seconds = second.number + 1;
        self.total.merge(&second.tally);
    }

    /// When the last complete second ended (Unix, in milliseconds).
    pub(super) fn at_ms(&self) -> i64 {
        self.start_ms.saturating_add(self.seconds.saturating_mul(1_000) as i64)
    }

    /// Everything, by name.
    pub(super) fn families(&self) -> Vec<Family> {
        let total = &self.total;
        let counts = [
            ("mnload_journeys_due", "Journeys whose time had come.", total.journeys_due),
            ("mnload_journeys_started", "Journeys that were started.", total.journeys_started),
            ("mnload_connections_opened", "Connections that were opened.", total.connections_opened),
            (
                "mnload_warm_up_requests",
                "Requests of the warm-up, which are in no other metric of requests.",
                total.warm_up.requests.requests,
            ),
        ];
        let mut all: Vec<Family> =
            counts.map(|(name, help, count)| self.counter(name, help, vec![(Labels::new(), count)])).into();
        let journeys = [("passed", total.journeys_passed), ("failed", total.journeys_failed)];
        let outcome = |(name, count): (&str, u64)| (vec![("outcome".to_owned(), name.to_owned())], count);
        all.push(self.counter("mnload_journeys_ended", "Journeys that came to an end.", journeys.map(outcome).into()));
        all.push(self.of_steps("mnload_requests", "Requests that came to an end.", |step| step.requests));
        all.push(self.failures());
        all.push(self.of_steps("mnload_checks_passed", "Expectations that were met.", |step| step.checks_passed));
        all.push(self.of_steps("mnload_checks_failed", "Expectations that were missed.", |step| step.checks_failed));
        all.push(self.times("mnload_response", "From when a request was due to its last byte.", |step| &step.response));
        all.push(self.times("mnload_service", "From when a request was sent to its last byte.", |step| &step.service));
        all.push(Family {
            name: "mnload_send_lag",
            help: "From when a request was due to when it was sent: the generator's own lateness.",
            kind: Kind::Times,
            samples: vec![(self.labels.clone(), Value::Times(Box::new(total.send_lag.clone())))],
        });
        all.push(Family {
            name: "mnload_run_seconds",
            help: "Seconds of the load that are complete.",
            kind: Kind::Gauge,
            samples: vec![(self.labels.clone(), Value::Count(self.seconds))],
        });
        all
    }

    fn counter(&self, name: &'static str, help: &'static str, counts: Vec<(Labels, u64)>) -> Family {
        let samples = counts.into_iter().map(|(labels, count)| (self.with(labels), Value::Count(count)));
        Family { name, help, kind: Kind::Counter, samples: samples.collect() }
    }

    fn of_steps(&self, name: &'static str, help: &'static str, count: fn(&StepTally) -> u64) -> Family {
        self.counter(name, help, self.steps().map(|(step, tally)| (vec![step], count(tally))).collect())
    }

    fn failures(&self) -> Family {
        let of = |(step, tally): ((String, String), &StepTally)| {
            let class = |(failure, count): (&crate::failure::Failure, &u64)| {
                (vec![("class".to_owned(), failure.to_string()), step.clone()], *count)
            };
            tally.errors.iter().map(class).collect::<Vec<_>>()
        };
        self.counter("mnload_requests_failed", "Failed requests by class.", self.steps().flat_map(of).collect())
    }

    fn times(&self, name: &'static str, help: &'static str, times: fn(&StepTally) -> &Histogram) -> Family {
        let sample = |(step, tally): ((String, String), &StepTally)| {
            (self.with(vec![step]), Value::Times(Box::new(times(tally).clone())))
        };
        Family { name, help, kind: Kind::Times, samples: self.steps().map(sample).collect() }
    }

    fn steps(&self) -> impl Iterator<Item = ((String, String), &StepTally)> {
        let name = |series: usize| self.steps.get(series).cloned().unwrap_or_default();
        self.total.steps.iter().enumerate().map(move |(series, tally)| (("step".to_owned(), name(series)), tally))
    }

    /// In the order of names, as receivers want them.
    fn with(&self, labels: Labels) -> Labels {
        let mut all: Labels = self.labels.iter().cloned().chain(labels).collect();
        all.sort();
        all
    }
}
