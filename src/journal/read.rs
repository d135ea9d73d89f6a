//! A journal back to seconds, line by line: a crash leaves a torn end, and a stranger whatever he likes.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::sync::Arc;

use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::note::{self, End, Head, Note, SecondNote};
use super::{check, histogram, tags};
use crate::metrics::{Second, Tally};

/// No line is longer.
const LONGEST_LINE: u64 = 64 << 20;
/// No run has so many series.
const MOST_SERIES: usize = 20_000;
/// The histograms of one second are no more, as text.
const LARGEST_SECOND: usize = 256 << 20;

/// Why a journal, or the rest of one, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The file is not there, or not to be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It does not start as a journal does.
    #[error("it is no journal of mnload: {0}")]
    Foreign(String),
    /// Something in it cannot be.
    #[error("line {line}: {problem}")]
    Line {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Gives the seconds of a journal in order.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: u64,
    series: usize,
    places: BTreeMap<String, usize>,
    /// The histograms of the second under way: when it begins, the tag and the text.
    waiting: Vec<(u64, String, String)>,
    waiting_bytes: usize,
    before: Option<u64>,
    left_out: u64,
    end: Option<End>,
    torn: bool,
}

/// One line, taken apart.
enum Line {
    Histogram(u64, String, String),
    Second(Box<SecondNote>),
    End(End),
    Other,
}

impl<R: BufRead> Reader<R> {
    /// Reads as far as what the run is.
    ///
    /// # Errors
    /// When it is no journal, of another major version, or one that was cut off before that.
    pub fn open<H: DeserializeOwned>(input: R) -> Result<(H, Self), Damage> {
        let mut reader = Self {
            input,
            line: 0,
            series: 0,
            places: BTreeMap::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            before: None,
            left_out: 0,
            end: None,
            torn: false,
        };
        let foreign = |problem: &str| Damage::Foreign(problem.to_owned());
        while let Some(line) = reader.next_line()? {
            let Some(json) = noted(&line) else {
                // Only comments and the legend stand before it.
                match line.starts_with('#') || line.starts_with('"') {
                    true => continue,
                    false => return Err(foreign("it does not say what the run is")),
                }
            };
            let head: Value = serde_json::from_str(json).map_err(|error| reader.wrong(error))?;
            if !head["head"]["version"].as_str().is_some_and(|version| version.starts_with("1.")) {
                return Err(foreign("it is of another version"));
            }
            let head: Head<H> = serde_json::from_value(head["head"].clone()).map_err(|error| reader.wrong(error))?;
            if head.series.len() > MOST_SERIES {
                return Err(reader.wrong("it has more steps than any run"));
            }
            reader.series = head.series.len();
            reader.places = tags::places(&head.series);
            return Ok((head.about, reader));
        }
        Err(foreign("it is empty, or was cut off at its start"))
    }

    /// The next second; none at the end, or where it is torn.
    ///
    /// # Errors
    /// When a line cannot be; nothing is read behind it.
    pub fn next_second(&mut self) -> Result<Option<Second>, Damage> {
        while let Some(line) = self.next_line()? {
            match self.taken_apart(&line)? {
                Line::Histogram(start, tag, text) => {
                    self.waiting_bytes += tag.len() + text.len();
                    if self.waiting_bytes > LARGEST_SECOND {
                        return Err(self.wrong("a second has more histograms than can be"));
                    }
                    self.waiting.push((start, tag, text));
                }
                Line::Second(note) => return self.complete(*note).map(Some),
                Line::End(end) => self.end = Some(end),
                Line::Other => {}
            }
        }
        self.torn |= !self.waiting.is_empty();
        Ok(None)
    }

    /// How many series of steps the run has.
    pub fn series(&self) -> usize {
        self.series
    }

    /// How many seconds are known to be missing, of those read so far.
    pub fn left_out(&self) -> u64 {
        self.end.map_or(self.left_out, |end| end.left_out)
    }

    /// How the load ended, once all is read; none if the process was gone before.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether it ends in the middle of a line or of a second, once all is read.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// The next whole line, without its end.
    fn next_line(&mut self) -> Result<Option<String>, Damage> {
        let mut line = Vec::new();
        (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        if line.pop() != Some(b'\n') {
            if line.len() as u64 + 1 >= LONGEST_LINE {
                return Err(self.wrong("it is longer than any"));
            }
            self.torn = true;
            return Ok(None);
        }
        String::from_utf8(line).map(Some).map_err(|_| self.wrong("it is no text"))
    }

    fn taken_apart(&self, line: &str) -> Result<Line, Damage> {
        if let Some(json) = noted(line) {
            let document: Value = serde_json::from_str(json).map_err(|error| self.wrong(error))?;
            check::counts(&document).map_err(|problem| self.wrong(problem))?;
            let note: Note<IgnoredAny> = serde_json::from_value(document).map_err(|error| self.wrong(error))?;
            return match note {
                Note::Head(_) => Err(self.wrong("it says twice what the run is")),
                Note::Second(_) | Note::End(_) if self.end.is_some() => Err(self.wrong("it goes on behind its end")),
                Note::Second(note) => Ok(Line::Second(note)),
                Note::End(end) => Ok(Line::End(end)),
            };
        }
        if line.starts_with('#') || line.starts_with('"') || line.is_empty() {
            return Ok(Line::Other);
        }
        let whole = format!("{line}\n");
        match IntervalLogIterator::new(whole.as_bytes()).next() {
            Some(Ok(LogEntry::Interval(interval))) => {
                let tag = interval.tag().map(|tag| tag.as_str().to_owned()).unwrap_or_default();
                Ok(Line::Histogram(interval.start_timestamp().as_secs(), tag, interval.encoded_histogram().to_owned()))
            }
            _ => Err(self.wrong("it is neither a histogram nor a comment")),
        }
    }

    /// The second that `note` ends.
    fn complete(&mut self, note: SecondNote) -> Result<Second, Damage> {
        let wrong = |problem: &str| Damage::Line { line: self.line, problem: problem.to_owned() };
        check::second(&note, self.before, self.series).map_err(wrong)?;
        if self.waiting.len() != note.times.len() {
            return Err(wrong("a second has not as many histograms as it says"));
        }
        let mut tally = Tally::new(self.series);
        let steps = std::mem::replace(&mut tally, note.counts);
        tally.steps = steps.steps;
        for (number, step) in note.steps {
            tally.steps[number] = step;
        }
        for ((start, tag, text), (count, low, high)) in self.waiting.iter().zip(note.times) {
            let place = tags::place(&mut tally, &self.places, tag).filter(|_| *start == note.number);
            let place = place.ok_or_else(|| wrong("a histogram belongs to no step, or to another second"))?;
            *place = histogram::decoded(text, low, high).map_err(wrong)?;
            if place.count() != count {
                return Err(wrong("a histogram has not as many times as it says"));
            }
        }
        check::tally(&tally).map_err(wrong)?;
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.before = Some(note.number);
        self.left_out += note.left_out;
        Ok(Second { number: note.number, tally: Arc::new(tally), outcomes: note.outcomes.into(), ..Second::default() })
    }

    fn wrong(&self, problem: impl ToString) -> Damage {
        Damage::Line { line: self.line, problem: problem.to_string() }
    }
}

/// The JSON of a comment of ours.
fn noted(line: &str) -> Option<&str> {
    line.strip_prefix('#')?.strip_prefix(note::START)?.strip_suffix(note::END)
}
