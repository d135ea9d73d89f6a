//! What was counted so far, by one worker or by all: plain, mergeable data.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounting::JourneyEnding;
use super::errors::Errors;
use super::histogram::Histogram;
use super::sample::{Role, Sample};
use super::warm_up::WarmUp;
use crate::failure::Failure;

/// Nobody who asks to be left alone for longer than a day is believed, in seconds.
const LONGEST_RETRY_AFTER_S: u64 = 24 * 3_600;

/// When a request could not be made.
#[derive(Debug, Clone, Copy)]
pub struct Unsent {
    /// In nanoseconds from the start of the load.
    pub at_ns: u64,
    /// Whether that is within the window.
    pub in_window: bool,
    /// Whether it belongs to the warm-up.
    pub warm_up: bool,
}

/// Requests and journeys, counted. Serialised are the counts alone: histograms and series are for whoever writes them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// By series of steps; see [`super::Series`].
    #[serde(skip)]
    pub steps: Vec<StepTally>,
    /// How late requests that had a scheduled time were sent.
    #[serde(skip)]
    pub send_lag: Histogram,
    /// From the first byte of an answer to its last.
    #[serde(skip)]
    pub receive: Histogram,
    /// Journeys whose time came.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_due: u64,
    /// Journeys that ended with every step passed.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_passed: u64,
    /// Journeys that ended with a failed step.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_failed: u64,
    /// Journeys that were taken up.
    #[serde(skip_serializing_if = "is_zero")]
    pub journeys_started: u64,
    /// Of those, the ones taken up before the end of the schedule.
    #[serde(skip_serializing_if = "is_zero")]
    pub started_in_window: u64,
    /// Errors by class.
    #[serde(skip_serializing_if = "Errors::is_empty")]
    pub errors: Errors,
    /// What belongs to the warm-up: it is in none of the other figures but those of journeys, connections and refusals.
    #[serde(skip_serializing_if = "WarmUp::is_empty")]
    pub warm_up: WarmUp,
    /// Connections that were opened.
    #[serde(skip_serializing_if = "is_zero")]
    pub connections_opened: u64,
    /// Of those, the ones that speak HTTP/2.
    #[serde(skip_serializing_if = "is_zero")]
    pub connections_http2: u64,
    /// Requests that went over a connection that had carried others.
    #[serde(skip_serializing_if = "is_zero")]
    pub connections_reused: u64,
    /// Answers with status 429 or 503, expected or not, those of the warm-up too.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused: u64,
    /// The longest `Retry-After` among them, in seconds; a day at the most, and zero if there was none.
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_s: u64,
}

/// The requests of one step, counted. Serialised are the counts alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepTally {
    /// Requests that came to an end.
    #[serde(skip_serializing_if = "is_zero")]
    pub requests: u64,
    /// Of those, the failed ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// Of those, the ones whose step was tried again.
    #[serde(skip_serializing_if = "is_zero")]
    pub tried_again: u64,
    /// Of those, the redirects that were followed.
    #[serde(skip_serializing_if = "is_zero")]
    pub redirects: u64,
    /// Requests that came to an end within the window.
    #[serde(skip_serializing_if = "is_zero")]
    pub in_window: u64,
    /// Steps that passed within the window: what was tried again or led on counts once.
    #[serde(skip_serializing_if = "is_zero")]
    pub passed_in_window: u64,
    /// Expectations met.
    #[serde(skip_serializing_if = "is_zero")]
    pub checks_passed: u64,
    /// Expectations missed.
    #[serde(skip_serializing_if = "is_zero")]
    pub checks_failed: u64,
    /// Done − due.
    #[serde(skip)]
    pub response: Histogram,
    /// Done − sent.
    #[serde(skip)]
    pub service: Histogram,
    /// First byte − sent.
    #[serde(skip)]
    pub first_byte: Histogram,
    /// How long it took to connect, of requests that opened a connection.
    #[serde(skip)]
    pub connect: Histogram,
    /// How long the TLS handshake took, of requests that did one.
    #[serde(skip)]
    pub tls: Histogram,
    /// The failed ones by class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<Failure, u64>,
}

/// For serde: zeros are not written.
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Tally {
    /// Nothing counted yet, of `series` series of steps.
    pub fn new(series: usize) -> Self {
        Self { steps: vec![StepTally::default(); series], ..Self::default() }
    }

    /// Counts one request in `series`; `example` is asked for only while examples of its failure are wanted.
    pub fn record(&mut self, sample: &Sample, series: usize, in_window: bool, example: impl FnOnce() -> String) {
        if sample.warm_up {
            // What ends within the window is its throughput, whoever asked for it.
            self.steps[series].ended(sample, in_window);
            return self.warm_up.record(sample, example);
        }
        if sample.scheduled {
            self.send_lag.record(sample.send_lag_us());
        }
        if let Some(us) = sample.receive_us() {
            self.receive.record(us);
        }
        self.steps[series].record(sample, in_window);
        if let Some(failure) = sample.failure {
            self.errors.note(failure, sample.done_ns, sample.step, example);
        }
    }

    /// Counts a request that could not be made, as a failed expectation without any time.
    pub fn not_sent(&mut self, step: usize, series: usize, at: Unsent, message: String) {
        let (counted, errors) = match at.warm_up {
            true => (&mut self.warm_up.requests, &mut self.warm_up.errors),
            false => (&mut self.steps[series], &mut self.errors),
        };
        counted.requests += 1;
        counted.failed += 1;
        counted.in_window += u64::from(at.in_window && !at.warm_up);
        counted.checks_failed += 1;
        *counted.errors.entry(Failure::Check).or_default() += 1;
        errors.note(Failure::Check, at.at_ns, step, || message);
    }

    /// Counts a journey's end.
    pub fn journey_ended(&mut self, ending: JourneyEnding, warm_up: bool) {
        if warm_up {
            self.warm_up.journey_ended(ending);
        }
        match ending {
            JourneyEnding::Passed => self.journeys_passed += 1,
            JourneyEnding::Failed => self.journeys_failed += 1,
        }
    }

    /// Counts an answer that refuses, and for how long it asks to be left alone, if it does.
    pub fn note_refusal(&mut self, retry_after: Option<Duration>) {
        self.refused += 1;
        // Who comes back within the last second is too early.
        let seconds = retry_after.map_or(0, |time| time.as_secs() + u64::from(time.subsec_nanos() > 0));
        self.retry_after_s = self.retry_after_s.max(seconds.min(LONGEST_RETRY_AFTER_S));
    }

    /// Adds all that `other` counted; exact, and in any order.
    pub fn merge(&mut self, other: &Self) {
        self.steps.resize_with(self.steps.len().max(other.steps.len()), StepTally::default);
        for (own, other) in self.steps.iter_mut().zip(&other.steps) {
            own.merge(other);
        }
        self.send_lag.merge(&other.send_lag);
        self.receive.merge(&other.receive);
        self.journeys_due += other.journeys_due;
        self.journeys_passed += other.journeys_passed;
        self.journeys_failed += other.journeys_failed;
        self.journeys_started += other.journeys_started;
        self.started_in_window += other.started_in_window;
        self.connections_opened += other.connections_opened;
        self.connections_http2 += other.connections_http2;
        self.connections_reused += other.connections_reused;
        self.refused += other.refused;
        self.retry_after_s = self.retry_after_s.max(other.retry_after_s);
        self.errors.merge(&other.errors);
        self.warm_up.merge(&other.warm_up);
    }

    /// All steps as one.
    pub fn all_steps(&self) -> StepTally {
        let mut all = StepTally::default();
        self.steps.iter().for_each(|step| all.merge(step));
        all
    }

    /// The counts alone, without times and series.
    pub fn without_times(&self) -> Self {
        let (requests, errors) = (self.warm_up.requests.without_times(), self.warm_up.errors.clone());
        let warm_up = WarmUp { requests, errors, ..self.warm_up };
        Self {
            steps: Vec::new(),
            send_lag: Histogram::default(),
            receive: Histogram::default(),
            errors: self.errors.clone(),
            warm_up,
            ..*self
        }
    }

    /// Journeys that passed, and all that came to an end, without those of the warm-up.
    pub fn judged_journeys(&self) -> (u64, u64) {
        let passed = self.journeys_passed.saturating_sub(self.warm_up.journeys_passed);
        let failed = self.journeys_failed.saturating_sub(self.warm_up.journeys_failed);
        (passed, passed + failed)
    }

    /// The steps of some series as one.
    pub fn of_series(&self, series: &[usize]) -> StepTally {
        let mut several = StepTally::default();
        series.iter().filter_map(|series| self.steps.get(*series)).for_each(|step| several.merge(step));
        several
    }
}

impl StepTally {
    pub(super) fn record(&mut self, sample: &Sample, in_window: bool) {
        let failed = u64::from(sample.failure.is_some());
        self.requests += 1;
        self.failed += failed;
        self.tried_again += u64::from(sample.role == Role::TriedAgain);
        self.redirects += u64::from(sample.role == Role::Followed);
        self.ended(sample, in_window);
        self.checks_passed += sample.checks.passed;
        self.checks_failed += sample.checks.failed;
        self.response.record(sample.response_us());
        self.service.record(sample.service_us());
        if let Some(us) = sample.first_byte_us() {
            self.first_byte.record(us);
        }
        if let Some(us) = sample.connect_us {
            self.connect.record(us);
        }
        if let Some(us) = sample.tls_us {
            self.tls.record(us);
        }
        if let Some(failure) = sample.failure {
            *self.errors.entry(failure).or_default() += 1;
        }
    }

    /// Counts the end of a request, if it came within the window.
    fn ended(&mut self, sample: &Sample, in_window: bool) {
        let passed = sample.role == Role::Final && sample.failure.is_none();
        self.in_window += u64::from(in_window);
        self.passed_in_window += u64::from(in_window && passed);
    }

    /// The counts alone, without times.
    pub fn without_times(&self) -> Self {
        Self {
            response: Histogram::default(),
            service: Histogram::default(),
            first_byte: Histogram::default(),
            connect: Histogram::default(),
            tls: Histogram::default(),
            errors: self.errors.clone(),
            ..*self
        }
    }

    /// How often a step came to an end: its last requests, without those that were tried again or led on.
    pub fn outcomes(&self) -> u64 {
        self.requests - self.tried_again - self.redirects
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.merge_counts(other);
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.first_byte.merge(&other.first_byte);
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.merge_errors(other);
    }

    /// Adds what `other` counted but for times and classes of errors.
    pub fn merge_counts(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.tried_again += other.tried_again;
        self.redirects += other.redirects;
        self.in_window += other.in_window;
        self.passed_in_window += other.passed_in_window;
        self.checks_passed += other.checks_passed;
        self.checks_failed += other.checks_failed;
    }

    /// Adds the classes of errors that `other` counted.
    pub fn merge_errors(&mut self, other: &Self) {
        for (failure, count) in &other.errors {
            *self.errors.entry(*failure).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::errors::MOST_EXAMPLES;
    use super::*;
    use crate::metrics::Checks;

    fn any_sample() -> impl Strategy<Value = Sample> {
        (0usize..3, 0u64..10_000_000, 0u64..9_000_000, 0u64..80_000_000, prop::option::of(400u16..404)).prop_map(
            |(step, due_ns, lag, took, status)| Sample {
                step,
                due_ns,
                sent_ns: due_ns + lag,
                first_byte_ns: status.is_none().then_some(due_ns + lag + took / 2),
                done_ns: due_ns + lag + took,
                connect_us: status.map(u64::from),
                tls_us: None,
                failure: status.map(Failure::Http),
                checks: Checks { passed: u64::from(status.is_none()), failed: u64::from(status.is_some()) },
                scheduled: step == 0,
                role: Role::Final,
                warm_up: step == 2,
            },
        )
    }

    fn of(samples: &[Sample]) -> Tally {
        let mut tally = Tally::new(3);
        for sample in samples {
            tally.record(sample, sample.step, true, || format!("{:?}", sample.failure));
            if sample.failure == Some(Failure::Http(403)) {
                tally.note_refusal(sample.first_byte_ns.or(Some(sample.done_ns)).map(Duration::from_nanos));
            }
        }
        tally
    }

    fn merged(parts: &[&Tally]) -> Tally {
        let mut all = Tally::new(3);
        parts.iter().for_each(|part| all.merge(part));
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn merging_is_associative_commutative_and_loses_nothing(
            a in prop::collection::vec(any_sample(), 0..20),
            b in prop::collection::vec(any_sample(), 0..20),
            c in prop::collection::vec(any_sample(), 0..20),
        ) {
            let (ta, tb, tc) = (of(&a), of(&b), of(&c));
            let left = merged(&[&merged(&[&ta, &tb]), &tc]);
            let right = merged(&[&ta, &merged(&[&tb, &tc])]);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &merged(&[&tc, &tb, &ta]));
            let all = [left.all_steps(), left.warm_up.requests.clone()];
            prop_assert_eq!(all.iter().map(|part| part.requests).sum::<u64>() as usize, a.len() + b.len() + c.len());
            prop_assert_eq!(all.iter().map(|part| part.response.count()).sum::<u64>() as usize, a.len() + b.len() + c.len());
        }
    }

    #[test]
    fn the_longest_retry_after_is_kept_of_all_refusals() {
        let mut tally = Tally::new(0);
        tally.note_refusal(None);
        assert_eq!((tally.refused, tally.retry_after_s), (1, 0));
        for (asked_ms, longest_s) in [(2_000, 2), (2_001, 3), (1_000, 3), (0, 3), (u64::MAX, 24 * 3_600)] {
            tally.note_refusal(Some(Duration::from_millis(asked_ms)));
            assert_eq!(tally.retry_after_s, longest_s, "{asked_ms}ms");
        }
        let mut other = Tally::new(0);
        other.note_refusal(Some(Duration::from_secs(7)));
        assert_eq!(serde_json::to_string(&other.without_times()).unwrap(), r#"{"refused":1,"retry_after_s":7}"#);
        other.merge(&tally);
        assert_eq!((other.refused, other.retry_after_s), (7, 24 * 3_600));
    }

    #[test]
    fn examples_are_bounded_and_made_only_when_kept() {
        let sample = Sample {
            step: 0,
            due_ns: 0,
            sent_ns: 0,
            first_byte_ns: None,
            connect_us: None,
            tls_us: None,
            done_ns: 1,
            failure: Some(Failure::Reset),
            checks: Checks::default(),
            scheduled: true,
            role: Role::Final,
            warm_up: false,
        };
        let mut tally = Tally::new(1);
        let mut made = 0;
        for _ in 0..10 {
            tally.record(&sample, 0, true, || {
                made += 1;
                String::new()
            });
        }
        assert_eq!((made, tally.errors.get(&Failure::Reset).unwrap().count), (MOST_EXAMPLES, 10));
    }
}
