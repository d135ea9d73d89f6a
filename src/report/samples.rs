//! `samples.csv`: every request as a row, as long as there is room for it; the header stays as it is.

use std::io::{self, Write};

use csv::Writer;

use super::csv::harmless;
use super::subject::Subject;
use crate::metrics::{Role, Sample};

const HEADER: [&str; 10] = [
    "done_us",
    "due_us",
    "sent_us",
    "first_byte_us",
    "step",
    "outcome",
    "error",
    "warm_up",
    "response_us",
    "service_us",
];

/// Writes requests as they come.
#[derive(Debug)]
pub struct SampleRows<W: Write> {
    writer: Writer<W>,
    steps: Vec<String>,
    left: u64,
}

impl<W: Write> SampleRows<W> {
    /// Starts with the header; has room for `most` requests of `subject`.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn new(out: W, subject: &Subject, most: u64) -> io::Result<Self> {
        let mut writer = Writer::from_writer(out);
        writer.write_record(HEADER)?;
        let steps = subject.steps.iter().map(|step| harmless(&step.name)).collect();
        Ok(Self { writer, steps, left: most })
    }

    /// Adds `samples` in the order in which they were done; says for how many there was room.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn add(&mut self, samples: &[Sample]) -> io::Result<u64> {
        let mut ordered: Vec<&Sample> = samples.iter().collect();
        ordered.sort_by_key(|sample| (sample.done_ns, sample.step));
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(ordered.len());
        for sample in &ordered[..room] {
            self.write(sample)?;
        }
        self.left -= room as u64;
        self.writer.flush()?;
        Ok(room as u64)
    }

    fn write(&mut self, sample: &Sample) -> io::Result<()> {
        let us = |ns: u64| (ns / 1_000).to_string();
        let outcome = match (sample.role, sample.failure) {
            (Role::TriedAgain, _) => "tried_again",
            (Role::Followed, _) => "redirected",
            (Role::Final, Some(_)) => "failed",
            (Role::Final, None) => "passed",
        };
        let row = [
            us(sample.done_ns),
            us(sample.due_ns),
            us(sample.sent_ns),
            sample.first_byte_ns.map(us).unwrap_or_default(),
            self.steps.get(sample.step).cloned().unwrap_or_default(),
            outcome.to_owned(),
            sample.failure.map(|failure| failure.to_string()).unwrap_or_default(),
            sample.warm_up.to_string(),
            sample.response_us().to_string(),
            sample.service_us().to_string(),
        ];
        Ok(self.writer.write_record(row)?)
    }

    /// What they were written to.
    ///
    /// # Errors
    /// When the last of them cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::metrics::Checks;
    use crate::plan::fixture::plan;

    #[test]
    fn requests_stand_in_the_order_in_which_they_ended_up_to_the_bound() {
        let subject = Subject::of(&plan("[[step]]\nname = \"=1+1\"\nget = \"/x\"\n"));
        let sample = |done_ms: u64, failure| Sample {
            step: 0,
            due_ns: done_ms * 1_000_000 - 900_000,
            sent_ns: done_ms * 1_000_000 - 800_000,
            first_byte_ns: Some(done_ms * 1_000_000 - 100_000),
            connect_us: None,
            tls_us: None,
            done_ns: done_ms * 1_000_000,
            failure,
            checks: Checks::default(),
            scheduled: true,
            role: Role::Final,
            warm_up: false,
        };
        let mut rows = SampleRows::new(Vec::new(), &subject, 2).unwrap();
        rows.add(&[sample(9, None), sample(7, Some(Failure::Http(503)))]).unwrap();
        rows.add(&[sample(11, None)]).unwrap();
        let text = rows.finish().unwrap();
        insta::assert_snapshot!(String::from_utf8(text).unwrap());
    }
}
