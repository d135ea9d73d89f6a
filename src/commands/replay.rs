//! A run from its journal: everything that was counted, and what gates saw of it second by second.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::gate::{self, Metric, NamedGate, Prospect, Span, Trace, Watcher};
use crate::journal::{Damage, Reader};
use crate::metrics::{Aggregate, Batches, Snapshot, Tally, Timeline};
use crate::report::{self, Occasion, Remains, Report, RunResult, Subject};
use crate::verdict::{Ending, Finding, Kind, Status};

/// What a journal knows of its run besides what was counted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct About {
    /// Threads that sent.
    pub(super) workers: u64,
    /// When, where and how it was run.
    pub(super) occasion: Occasion,
    /// What it was a run of.
    pub(super) subject: Subject,
}

/// A journal that was read as far as it goes.
#[derive(Debug)]
pub(crate) struct Replayed {
    about: About,
    gates: Vec<NamedGate>,
    counted: (Tally, Timeline, Batches),
    traces: Vec<Trace>,
    remains: Remains,
    /// How many seconds are known to be missing within it.
    left_out: u64,
    ended: bool,
    torn: bool,
    damage: Option<Damage>,
}

/// Reads the journal at `path`.
pub(super) fn replay(path: &Path) -> anyhow::Result<Replayed> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    replayed(BufReader::new(file)).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a journal.
pub(crate) fn replayed(input: impl BufRead) -> anyhow::Result<Replayed> {
    let (about, mut reader) = Reader::open::<About>(input)?;
    let series = reader.series();
    let gates = checked(&about, series)?;
    let mut aggregate = Aggregate::new(1, series);
    let mut watcher = Watcher::new(&gates, vec![prospect(&about.subject); gates.len()]);
    let mut remains = Remains::default();
    let damage = loop {
        let second = match reader.next_second() {
            Ok(Some(second)) => second,
            Ok(None) => break None,
            Err(damage) => break Some(damage),
        };
        remains.see(&about.subject, &second);
        // Nobody is there any more who could be asked to stop.
        watcher.see(&second);
        let tally = Tally::clone(&second.tally);
        let snapshot = Snapshot {
            worker: 0,
            second: second.number,
            tally,
            outcomes: Vec::new(),
            samples: Vec::new(),
            last: false,
        };
        aggregate.take(snapshot, |_| {});
    };
    watcher.load_ended(Duration::from_secs(remains.seconds));
    Ok(Replayed {
        counted: aggregate.finish(),
        traces: watcher.finish(),
        left_out: reader.left_out(),
        ended: reader.end().is_some(),
        torn: reader.is_torn(),
        about,
        gates,
        remains,
        damage,
    })
}

/// What the plan said of the load, as far as windows and rows ask: when it is judged, and when it is over.
fn prospect(subject: &Subject) -> Prospect {
    let ends = subject.ends_after();
    Prospect {
        judged_from: Duration::from_micros(subject.judged_from_us),
        ends: ends.filter(|_| subject.all_open),
        ends_at_the_latest: ends,
        ..Prospect::default()
    }
}

/// The gates, if everything in `about` fits together.
fn checked(about: &About, series: usize) -> anyhow::Result<Vec<NamedGate>> {
    let subject = &about.subject;
    let Some(gates) = subject.gates() else { bail!("it has gates that this version does not know") };
    let named = gates.iter().filter_map(|gate| gate.series.as_ref()).flatten();
    let fits = subject.series.len() == series
        && named.into_iter().all(|number| *number < series)
        && subject.series.iter().flatten().all(|step| *step < subject.steps.len());
    if !fits {
        bail!("what it says of the run does not fit together");
    }
    Ok(gates)
}

/// What goes by time cannot be judged where seconds are missing: they would count as seconds without a request.
fn unjudged(finding: &mut Finding) {
    if finding.status != Status::Skipped {
        let reason = Some("seconds of the run are missing in its journal".to_owned());
        *finding = Finding {
            status: Status::NoData,
            observed: None,
            interval: None,
            first_broken_s: None,
            reason,
            ..finding.clone()
        };
    }
}

impl Replayed {
    /// The report of the run, which was killed.
    pub(crate) fn killed(self) -> Report {
        let warnings = self.warnings();
        let About { workers, occasion, subject } = self.about;
        let mut summary = report::killed(&subject, workers, &self.remains, self.counted);
        summary.warnings = warnings;
        let mut findings = gate::judge(&self.gates, &summary, &self.traces);
        if self.left_out > 0 {
            let timed =
                self.gates.iter().map(|named| named.gate.metric == Metric::Rate || named.gate.span != Span::Whole);
            findings.iter_mut().zip(timed).filter(|(_, timed)| *timed).for_each(|(finding, _)| unjudged(finding));
        }
        // That it was killed explains what the others lack.
        findings.sort_by_key(|finding| (finding.kind, finding.name.as_str()) != (Kind::Validity, "completed"));
        report::report_of(&subject, summary, findings, &occasion)
    }

    /// The report of the run that left `result`.
    pub(super) fn finished(self, result: RunResult) -> Report {
        let (total, timeline, _) = self.counted;
        let all = total.all_steps();
        Report { result, timeline, response_curve: all.response.curve(), service_curve: all.service.curve() }
    }

    /// Why it does not show all of the run that left `result`, if it does not.
    pub(super) fn lacks(&self, result: &RunResult) -> Option<String> {
        if self.about.occasion.started_at != result.started_at || self.about.subject.name != result.name {
            return Some("it is of another run".to_owned());
        }
        let total = &self.counted.0;
        let requests = result.steps.0.iter().map(|(_, step)| step.requests).sum::<u64>();
        let counted = total.steps.iter().map(|step| step.requests).sum::<u64>();
        let same = requests == counted && total.journeys_started == result.accounting.started();
        let was_killed = result.ending == Ending::Killed;
        match &self.damage {
            _ if was_killed && same => None,
            Some(damage) => Some(format!("it is damaged: {damage}")),
            None if self.left_out > 0 => Some(format!("{} of its seconds could not be written", self.left_out)),
            None if !self.ended || self.torn => Some("it was cut off".to_owned()),
            None if !same => Some("it counts other requests than result.json".to_owned()),
            None => None,
        }
    }

    /// What is to be said of the journal of a run that was killed.
    fn warnings(&self) -> Vec<String> {
        let lost = match self.ended {
            true => "the load had come to its end, and the reports had not".to_owned(),
            false => "this is what the journal holds: the last second or two of the run are lost".to_owned(),
        };
        let torn = self.torn.then(|| "the journal ends in the middle of a second, which is left out".to_owned());
        let left_out = (self.left_out > 0)
            .then(|| format!("{} seconds could not be written to the journal, and are missing", self.left_out));
        let damage = self.damage.as_ref().map(|damage| {
            format!("the journal is damaged, and what comes behind is left out: {}", report::clean(&damage.to_string()))
        });
        std::iter::once(lost).chain(torn).chain(left_out).chain(damage).collect()
    }
}
