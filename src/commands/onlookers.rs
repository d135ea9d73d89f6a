//! Who is shown each second of a load when it is complete. None of them holds it up.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use anyhow::Context as _;

use super::machine::machine_facts;
use super::outputs::Outputs;
use super::repeat::commit_of;
use super::replay::About;
use super::samples::Samples;
use crate::cli::RunArgs;
use crate::export::{Exports, Wanted};
use crate::journal::{Facts, Keeper, series_tags};
use crate::metrics::Second;
use crate::plan::Plan;
use crate::report::{Commit, Occasion, Subject};
use crate::verdict::Ending;

/// A commit that is not known by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// All that look on.
#[derive(Debug)]
pub(super) struct Onlookers {
    journal: Keeper,
    commit: Receiver<Option<Commit>>,
    exports: Option<Exports>,
    samples: Option<Samples>,
    /// How many requests each worker keeps for `samples`.
    pub(super) most_samples: u64,
}

/// What they leave.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What went wrong beside the load.
    pub(super) warnings: Vec<String>,
    /// The commit of the scenario's repository.
    pub(super) commit: Option<Commit>,
}

/// What is known of a run that starts now, before anything is sent.
pub(super) fn occasion(started_at: &jiff::Timestamp, command: String) -> Occasion {
    Occasion { started_at: format!("{started_at:.0}"), machine: machine_facts(), command, commit: None }
}

impl Onlookers {
    /// Those of a run of `plan`, whose file is `scenario`.
    pub(super) fn start(plan: &Plan, outputs: &Outputs, occasion: &Occasion, scenario: &Path) -> anyhow::Result<Self> {
        let subject = Subject::of(plan);
        let (workers, mut occasion, scenario) = (plan.limits.workers as u64, occasion.clone(), scenario.to_path_buf());
        let (told, commit) = sync_channel(1);
        let started = std::time::SystemTime::now();
        // Beside the load: asking for the commit takes a moment, and more in a large repository.
        let facts = move || {
            occasion.commit = commit_of(&scenario);
            // Nobody asks for it when the run has broken down.
            let _ = told.send(occasion.commit.clone());
            let names = (0..subject.series.len()).map(|series| subject.step_of(series).map(|step| step.name.as_str()));
            Facts { started, series: series_tags(names), about: About { workers, occasion, subject } }
        };
        let journal = Keeper::start(outputs.journal()?, facts).context("cannot start a thread for the journal")?;
        Ok(Self { journal, commit, exports: None, samples: None, most_samples: 0 })
    }

    /// The same with those that the command line asks for besides; the run folder is `folder`.
    pub(super) fn asked_for(
        self,
        args: &RunArgs,
        exports: &[Wanted],
        plan: &Plan,
        folder: &Path,
        started_at: &jiff::Timestamp,
    ) -> anyhow::Result<Self> {
        let subject = Subject::of(plan);
        let exports = match exports.is_empty() {
            true => None,
            false => {
                let run_id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let labels = [("run", &subject.name), ("run_id", &run_id)];
                let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
                let steps = (0..subject.series.len()).map(|series| subject.name_of(series).to_owned()).collect();
                Some(Exports::start(exports, labels.into(), steps, started_at.as_millisecond())?)
            }
        };
        let samples = args.samples.map(|most| Samples::create(folder, &subject, most)).transpose()?;
        Ok(Self { exports, samples, most_samples: args.samples.unwrap_or(0), ..self })
    }

    /// Shows them the next complete second; gives what somebody should know of.
    pub(super) fn see(&mut self, second: &Second) -> Vec<String> {
        let kept = self.journal.see(second);
        let exported = self.exports.as_mut().and_then(|exports| exports.see(second));
        let sampled = self.samples.as_mut().and_then(|samples| samples.see(second));
        kept.into_iter().chain(exported).chain(sampled).collect()
    }

    /// There will be no more seconds of a run that ended so: waits, not for long, until all is written and sent.
    pub(super) fn finish(self, ending: Ending) -> Seen {
        let commit = self.commit.recv_timeout(PATIENCE).ok().flatten();
        let exported = self.exports.map(Exports::finish).unwrap_or_default();
        let sampled = self.samples.map(Samples::finish).unwrap_or_default();
        Seen { warnings: self.journal.finish(ending).into_iter().chain(exported).chain(sampled).collect(), commit }
    }
}
