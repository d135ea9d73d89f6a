//! The run over time: one row per stretch of time and series of steps, and one for all of them together.

use std::collections::BTreeMap;

use super::histogram::{Histogram, Latency};
use super::history::History;
use super::tally::{StepTally, Tally};
use crate::failure::Failure;

/// One stretch of time of one series of steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimelineRow {
    /// When it begins, in seconds from the start of the load.
    pub second: u64,
    /// How many seconds it takes: one for the newest, more the older it is in a long run.
    pub seconds: u64,
    /// The series of steps; none for all together.
    pub step: Option<usize>,
    /// Requests that came to an end in it.
    pub requests: u64,
    /// Of those, the failed ones.
    pub failed: u64,
    /// Of those, the ones of the warm-up, which are in no series (only where `step` is none).
    pub warm_up: u64,
    /// Journeys that started in it (only where `step` is none).
    pub started: u64,
    /// Their response times.
    pub response: Latency,
    /// Their service times.
    pub service: Latency,
    /// What else there is to see of all steps together (only where `step` is none).
    pub detail: Option<Box<RowDetail>>,
}

/// What is kept of all steps together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowDetail {
    /// Journeys that were due.
    pub due: u64,
    /// The failed requests by class.
    pub errors: BTreeMap<Failure, u64>,
    /// How many response times lie in each band, by the band's number; see [`band_of`].
    pub bands: Vec<(u8, u64)>,
}

/// So many bands of a heatmap double the time.
const BANDS_PER_DOUBLING: f64 = 4.0;

/// The band of a heatmap that a time belongs to: four to a doubling, from 1 µs on.
pub fn band_of(us: u64) -> u8 {
    ((us.max(1) as f64).log2() * BANDS_PER_DOUBLING).floor().min(255.0) as u8
}

/// The lowest time of a band, in microseconds.
pub fn lowest_of_band(band: u8) -> f64 {
    (f64::from(band) / BANDS_PER_DOUBLING).exp2()
}

/// The rows, in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// All steps together first, then each series, for every stretch of time; none of them overlap.
    pub rows: Vec<TimelineRow>,
}

impl Timeline {
    /// The rows of all steps together.
    pub fn overall(&self) -> impl Iterator<Item = &TimelineRow> {
        self.rows.iter().filter(|row| row.step.is_none())
    }

    /// How many rows a run of so many seconds and series has at the most.
    pub fn most_rows(series: usize, seconds: u64) -> u64 {
        History::most_rows(series, seconds)
    }
}

impl TimelineRow {
    /// `count` of this row's, per second.
    pub fn per_s(&self, count: u64) -> f64 {
        count as f64 / self.seconds.max(1) as f64
    }
}

/// What the rows of one stretch of time are made of: exact, whatever it is put together from.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretch {
    started: u64,
    due: u64,
    warm_up: u64,
    errors: BTreeMap<Failure, u64>,
    all: Part,
    series: Vec<Part>,
}

/// The part of one series.
#[derive(Debug, Clone, Default)]
struct Part {
    requests: u64,
    failed: u64,
    response: Histogram,
    service: Histogram,
}

impl Stretch {
    /// Adds what was counted, `all` being all of its requests together.
    pub(super) fn add(&mut self, tally: &Tally, all: &StepTally) {
        let series = &tally.steps;
        self.started += tally.journeys_started;
        self.due += tally.journeys_due;
        all.errors.iter().for_each(|(failure, count)| *self.errors.entry(*failure).or_default() += count);
        self.warm_up += tally.warm_up.requests.requests;
        self.all.add(all);
        self.series.resize_with(self.series.len().max(series.len()), Part::default);
        self.series.iter_mut().zip(series).for_each(|(part, counted)| part.add(counted));
    }

    /// Its rows, if it takes `seconds` from `second` on.
    pub(super) fn rows(&self, second: u64, seconds: u64) -> Vec<TimelineRow> {
        let row = |step, part: &Part| TimelineRow {
            second,
            seconds,
            step,
            requests: part.requests,
            failed: part.failed,
            warm_up: if step.is_none() { self.warm_up } else { 0 },
            started: if step.is_none() { self.started } else { 0 },
            detail: step.is_none().then(|| {
                Box::new(RowDetail { due: self.due, errors: self.errors.clone(), bands: bands(&part.response) })
            }),
            response: part.response.latency(),
            service: part.service.latency(),
        };
        let series = self.series.iter().enumerate().map(|(step, part)| row(Some(step), part));
        std::iter::once(row(None, &self.all)).chain(series).collect()
    }

    /// The memory that it has on the heap.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let histograms = |part: &Part| part.response.bytes() + part.service.bytes();
        let parts = std::iter::once(&self.all).chain(&self.series).map(histograms).sum::<usize>();
        self.series.capacity() * size_of::<Part>() + parts
    }
}

/// The bands of a heatmap that hold something.
fn bands(times: &Histogram) -> Vec<(u8, u64)> {
    let mut bands: Vec<(u8, u64)> = Vec::new();
    for (us, count) in times.buckets() {
        match bands.last_mut() {
            Some((band, sum)) if *band == band_of(us) => *sum += count,
            _ => bands.push((band_of(us), count)),
        }
    }
    bands
}

impl Part {
    fn add(&mut self, counted: &StepTally) {
        self.requests += counted.requests;
        self.failed += counted.failed;
        self.response.merge(&counted.response);
        self.service.merge(&counted.service);
    }
}
