//! A run in stretches, as `result.json` keeps it: enough to compare two runs from their results alone.
//!
//! Times are pairs of variable-length integers (LEB128) in base64: how far a time, in microseconds, is above the one
//! before it, and how often it came. `docs/compare.md` describes the form.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use super::build::Commit;
use super::result::RunResult;
use super::subject::Subject;
use crate::compare::{Counts, MachineFacts, Run, StepRun};
use crate::gate::Clock;
use crate::metrics::{Histogram, StepTally, Summary};
use crate::verdict::{Ending, Kind, Status};

/// Steps beyond these are kept together.
const MOST_STEPS: usize = 200;
/// So are steps whose times would make the file larger than this, in bytes.
const MOST_BYTES: usize = 4 << 20;
/// A file with more of these was not written by mnload: it would take time and memory without bound.
const MOST_STRETCHES: usize = 64;
const MOST_TIMES: usize = 40_000;
const MOST_COUNTED: u64 = u32::MAX as u64;

/// What a run was a run of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Identity {
    /// A hash of what the scenario sends and when, without where it goes, the seed and secrets.
    pub scenario_hash: String,
    /// The machine that sent.
    #[serde(default)]
    pub machine: MachineFacts,
    /// The commit of the repository that the scenario lies in; none where it lies in no repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
}

/// A run in a few stretches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stretches {
    /// When each begins, in seconds from the start of the load.
    pub begin_s: Vec<u64>,
    /// How long each is; the last may be shorter.
    pub seconds: Vec<u64>,
    /// The steps, the busiest ones if there are very many.
    pub steps: Vec<StepStretches>,
    /// All other steps as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<StepStretches>,
    /// How many steps those are.
    #[serde(default, skip_serializing_if = "super::result::is_zero")]
    pub steps_left_out: u64,
}

/// One step's requests; each list has an entry for each stretch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepStretches {
    /// What it is called.
    pub name: String,
    /// The group that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its tags by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Requests that came to an end.
    pub requests: Vec<u64>,
    /// How often the step came to an end: requests without those that were tried again or led on.
    pub outcomes: Vec<u64>,
    /// Of those, the failed ones.
    pub failed: Vec<u64>,
    /// Those that passed within the window.
    pub passed: Vec<u64>,
    /// The failed ones by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Vec<u64>>,
    /// Times by clock: `response`, `service`, and those that gates compare with a baseline.
    pub times: BTreeMap<String, Vec<String>>,
}

impl Stretches {
    /// The stretches of a run of `subject`; none of a once run, or of nothing.
    pub(super) fn of(subject: &Subject, summary: &Summary) -> Option<Self> {
        let all = summary.batches.all();
        if subject.once || all.is_empty() {
            return None;
        }
        let clocks: Vec<Clock> = subject.clocks.iter().filter_map(|name| Clock::named(name)).collect();
        let tallies = |series: usize| all.iter().filter_map(move |batch| batch.tally.steps.get(series)).cloned();
        let mut order: Vec<usize> = (0..subject.series.len()).collect();
        order.sort_by_key(|series| std::cmp::Reverse(summary.total.steps[*series].requests));
        let (mut kept, mut others, mut bytes, mut left_out) = (Vec::new(), Vec::<StepTally>::new(), 0, 0);
        for series in order {
            let of_step: Vec<StepTally> = tallies(series).collect();
            let step = subject.step_of(series);
            let written = step.filter(|_| kept.len() < MOST_STEPS).map(|step| StepStretches {
                group: step.group.clone(),
                tags: step.tags.clone(),
                ..StepStretches::of(&step.name, &of_step, &clocks)
            });
            let size = written.as_ref().map_or(0, StepStretches::bytes);
            match written.filter(|_| bytes + size <= MOST_BYTES) {
                Some(written) => {
                    bytes += size;
                    kept.push((series, written));
                }
                None => {
                    left_out += if step.is_some() { 1 } else { subject.steps_folded };
                    others.resize_with(all.len(), StepTally::default);
                    others.iter_mut().zip(&of_step).for_each(|(sum, tally)| sum.merge(tally));
                }
            }
        }
        kept.sort_by_key(|(series, _)| *series);
        Some(Self {
            begin_s: all.iter().map(|batch| batch.second).collect(),
            seconds: all.iter().map(|batch| batch.seconds).collect(),
            steps: kept.into_iter().map(|(_, step)| step).collect(),
            others: (!others.is_empty()).then(|| StepStretches::of("(other)", &others, &clocks)),
            steps_left_out: left_out,
        })
    }
}

impl StepStretches {
    fn of(name: &str, stretches: &[StepTally], clocks: &[Clock]) -> Self {
        let each = |count: fn(&StepTally) -> u64| stretches.iter().map(count).collect::<Vec<_>>();
        let mut errors: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (at, tally) in stretches.iter().enumerate() {
            for (failure, count) in &tally.errors {
                errors.entry(failure.to_string()).or_insert_with(|| vec![0; stretches.len()])[at] += count;
            }
        }
        let times = clocks.iter().map(|clock| {
            let histogram = |tally: &StepTally| match clock {
                Clock::Service => encoded(&tally.service),
                Clock::FirstByte => encoded(&tally.first_byte),
                Clock::Connect => encoded(&tally.connect),
                Clock::Tls => encoded(&tally.tls),
                Clock::Response | Clock::Lag => encoded(&tally.response),
            };
            (clock.name().to_owned(), stretches.iter().map(histogram).collect())
        });
        Self {
            name: name.to_owned(),
            group: None,
            tags: BTreeMap::new(),
            requests: each(|tally| tally.requests),
            outcomes: each(StepTally::outcomes),
            failed: each(|tally| tally.failed),
            passed: each(|tally| tally.passed_in_window),
            errors,
            times: times.collect(),
        }
    }

    fn bytes(&self) -> usize {
        self.times.values().flatten().map(String::len).sum()
    }

    fn read(&self) -> Result<StepRun, Unreadable> {
        let lists = [&self.outcomes, &self.failed, &self.passed].into_iter().chain(self.errors.values());
        let is_sound =
            |list: &Vec<u64>| list.len() <= MOST_STRETCHES && list.iter().all(|count| *count <= MOST_COUNTED);
        if !lists.into_iter().all(is_sound) {
            return Err(Unreadable::Times);
        }
        let at = |list: &[u64], place: usize| list.get(place).copied().unwrap_or(0);
        let counts = (0..self.outcomes.len()).map(|place| Counts {
            outcomes: at(&self.outcomes, place),
            failed: at(&self.failed, place),
            passed: at(&self.passed, place),
        });
        let times = self.times.iter().map(|(clock, stretches)| {
            let read = stretches.iter().map(|text| decoded(text).ok_or(Unreadable::Times));
            Ok((clock.clone(), read.collect::<Result<_, _>>()?))
        });
        Ok(StepRun {
            name: self.name.clone(),
            group: self.group.clone(),
            tags: self.tags.clone(),
            errors: self.errors.clone(),
            counts: counts.collect(),
            times: times.collect::<Result<_, Unreadable>>()?,
        })
    }
}

/// Why a result cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A once run has no stretches.
    #[error("it is a once run: one pass through the steps has no figures to compare")]
    Once,
    /// Nothing is kept of it.
    #[error("it keeps no stretches: nothing was judged in it, or an older mnload wrote it; run it again")]
    NoStretches,
    /// Times are not written as they should be.
    #[error("its stretches are damaged")]
    Times,
}

impl RunResult {
    /// The run as it is compared, read from `origin`.
    ///
    /// # Errors
    /// When it does not hold what a comparison needs.
    pub fn compared(&self, origin: &str) -> Result<Run, Unreadable> {
        if self.is_once() {
            return Err(Unreadable::Once);
        }
        let (Some(stretches), Some(identity)) = (&self.stretches, &self.identity) else {
            return Err(Unreadable::NoStretches);
        };
        let bytes: usize = stretches.steps.iter().chain(&stretches.others).map(StepStretches::bytes).sum();
        // Nobody wrote more than this: a file that has it would take memory and time without end.
        if stretches.begin_s.len() > MOST_STRETCHES || stretches.steps.len() > MOST_STEPS || bytes > 2 * MOST_BYTES {
            return Err(Unreadable::Times);
        }
        let begin_s = self.warm_up.as_ref().map_or(0.0, |warm_up| warm_up.seconds);
        let end_s = begin_s + self.window_s;
        // Rates are of the window: what a stretch has outside of it is no time of theirs, and what lies between two, before
        // the first or behind the last, in which nothing came to an end, is.
        let begins: Vec<f64> = stretches.begin_s.iter().map(|begin| *begin as f64).collect();
        let within = |at: usize| {
            let begin = if at == 0 { begin_s } else { begins[at] };
            let end = begins.get(at + 1).copied().unwrap_or(f64::INFINITY);
            (end.min(end_s) - begin.max(begin_s)).max(0.0)
        };
        Ok(Run {
            origin: origin.to_owned(),
            scenario: self.name.clone(),
            scenario_hash: identity.scenario_hash.clone(),
            started_at: self.started_at.clone(),
            mnload_version: self.mnload_version.clone(),
            base_url: self.plan.base_url.clone(),
            machine: identity.machine.clone(),
            window_s: self.window_s,
            doubts: self.doubts(),
            stretch_s: (0..begins.len()).map(within).collect(),
            steps: stretches.steps.iter().map(StepStretches::read).collect::<Result<_, _>>()?,
            others: stretches.others.as_ref().map(StepStretches::read).transpose()?,
        })
    }

    /// Why its figures cannot be trusted.
    fn doubts(&self) -> Vec<String> {
        let broken = |finding: &&crate::verdict::Finding| {
            finding.kind == Kind::Validity && matches!(finding.status, Status::Invalid | Status::NoData)
        };
        let mut doubts: Vec<String> =
            self.findings.iter().filter(broken).filter_map(|finding| finding.reason.clone()).collect();
        if self.ending == Ending::Aborted {
            doubts.push("it was stopped before its end".to_owned());
        }
        doubts
    }
}

fn encoded(histogram: &Histogram) -> String {
    let mut bytes = Vec::new();
    let mut before = 0;
    for (us, count) in histogram.edges() {
        varint(us - before, &mut bytes);
        varint(count, &mut bytes);
        before = us;
    }
    STANDARD_NO_PAD.encode(bytes)
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The times and their counts; none of a text that is not written so.
fn decoded(text: &str) -> Option<Vec<(u64, u64)>> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let mut rest = bytes.iter();
    let mut times = Vec::new();
    let mut us = 0u64;
    while rest.len() > 0 {
        us = us.checked_add(read_varint(&mut rest)?)?;
        // More than this was never counted; sums of such a file must not overflow.
        times.push((us, read_varint(&mut rest).filter(|count| *count <= MOST_COUNTED)?));
        if times.len() > MOST_TIMES {
            return None;
        }
    }
    Some(times)
}

fn read_varint(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn times_come_back_as_they_were_and_give_the_same_percentiles(times in prop::collection::vec(0u64..90_000_000, 0..300)) {
            let mut histogram = Histogram::default();
            times.iter().for_each(|us| histogram.record(*us));
            let back = decoded(&encoded(&histogram)).unwrap();
            prop_assert_eq!(&back, &histogram.edges());
            prop_assert_eq!(back.iter().map(|(_, count)| count).sum::<u64>(), times.len() as u64);
            let rank = (times.len() as f64 * 0.95).ceil() as u64;
            let mut seen = 0;
            let at = back.iter().find(|(_, count)| { seen += count; seen >= rank }).map(|(us, _)| *us);
            prop_assert_eq!(at, histogram.quantile_us(0.95));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9+/=]{0,40}") {
            let _ = decoded(&text);
        }
    }
}
