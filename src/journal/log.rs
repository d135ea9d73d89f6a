//! Seconds to the lines of a journal.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriter, IntervalLogWriterBuilder, Tag};
use serde::Serialize;

use super::note::{self, End, Head, Note, SecondNote};
use super::tags;
use crate::metrics::{Histogram, Second, StepTally};

/// The line that the library leaves out, and that other writers write.
const LEGEND: &str = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
/// Histograms are of microseconds, and the highest time of each stands in milliseconds before it, as readers expect.
const US_PER_MS: f64 = 1_000.0;

/// What a [`Log`] writes to and with.
#[derive(Default)]
pub struct Parts {
    text: Text,
    serializer: V2DeflateSerializer,
}

/// The lines so far, which two look at in turn.
#[derive(Clone, Default)]
struct Text(Rc<RefCell<Vec<u8>>>);

/// The lines of one journal, made second by second; whoever makes them takes them away.
pub struct Log<'p> {
    lines: IntervalLogWriter<'p, 'p, Text, V2DeflateSerializer>,
    text: Text,
    series: Vec<String>,
    counts: Hdr<u64>,
}

impl<'p> Log<'p> {
    /// A journal of a run that began at `started`, whose series have the tags `series`; `about` is what else is known.
    ///
    /// # Errors
    /// When `about` cannot be written as JSON.
    pub fn begin(
        parts: &'p mut Parts,
        started: SystemTime,
        series: Vec<String>,
        about: impl Serialize,
    ) -> io::Result<Self> {
        let text = parts.text.clone();
        let lines = IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("[Times in microseconds, Interval_Max in milliseconds]")
            .with_start_time(started)
            .with_base_time(started)
            .with_max_value_divisor(US_PER_MS)
            .begin_log_with(&mut parts.text, &mut parts.serializer)?;
        let mut log = Self { lines, text, series: Vec::new(), counts: Histogram::library() };
        log.text.write_all(LEGEND.as_bytes())?;
        let head = Head {
            version: note::VERSION.to_owned(),
            mnload_version: env!("CARGO_PKG_VERSION").to_owned(),
            series: series.clone(),
            about,
        };
        log.note(&Note::Head(head))?;
        log.series = series;
        Ok(log)
    }

    /// Adds a second, before which `left_out` were left out.
    ///
    /// # Errors
    /// When it cannot be written as text, which is a mistake in mnload.
    pub fn second(&mut self, second: &Second, left_out: u64) -> io::Result<()> {
        let Self { lines, series, counts, .. } = self;
        let (start, length) = (Duration::from_secs(second.number), Duration::from_secs(1));
        let mut times = Vec::new();
        for (tag, histogram) in tags::histograms(&second.tally, series) {
            histogram.copy_to(counts);
            lines.write_histogram(counts, start, length, Tag::new(&tag)).map_err(io::Error::other)?;
            let (lowest, highest) = histogram.extremes().unwrap_or_default();
            times.push((histogram.count(), lowest, highest));
        }
        let nothing = StepTally::default();
        let something = second.tally.steps.iter().enumerate().filter(|(_, step)| **step != nothing);
        let note = SecondNote {
            number: second.number,
            times,
            counts: second.tally.without_times(),
            steps: something.map(|(number, step)| (number, step.without_times())).collect(),
            outcomes: second.outcomes.to_vec(),
            left_out,
        };
        self.note(&Note::<()>::Second(Box::new(note)))
    }

    /// Adds how the load ended.
    ///
    /// # Errors
    /// When it cannot be written as text, which is a mistake in mnload.
    pub fn end(&mut self, end: End) -> io::Result<()> {
        self.note(&Note::<()>::End(end))
    }

    /// The lines since they were taken last.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.text.0.borrow_mut())
    }

    fn note<H: Serialize>(&mut self, note: &Note<H>) -> io::Result<()> {
        let json = serde_json::to_string(note)?;
        self.lines.write_comment(&format!("{}{json}{}", note::START, note::END))
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
