//! Who is shown each second of a load when it is complete. None of them holds it up.

use std::path::Path;

use super::samples::Samples;
use crate::cli::RunArgs;
use crate::export::Exports;
use crate::metrics::Second;
use crate::plan::Plan;
use crate::report::Subject;

/// All that look on.
#[derive(Debug, Default)]
pub(super) struct Onlookers {
    exports: Option<Exports>,
    samples: Option<Samples>,
    /// How many requests each worker keeps for `samples`.
    pub(super) most_samples: u64,
}

impl Onlookers {
    /// Those that the command line asks for, of a run of `plan` whose folder is `folder`.
    pub(super) fn of(args: &RunArgs, plan: &Plan, folder: &Path, started_at: &jiff::Timestamp) -> anyhow::Result<Self> {
        let subject = Subject::of(plan);
        let exports = match args.export.is_empty() {
            true => None,
            false => {
                let run_id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let labels = [("run", &subject.name), ("run_id", &run_id)];
                let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
                let steps = (0..subject.series.len()).map(|series| subject.name_of(series).to_owned()).collect();
                Some(Exports::start(&args.export, labels.into(), steps, started_at.as_millisecond())?)
            }
        };
        let samples = args.samples.map(|most| Samples::create(folder, &subject, most)).transpose()?;
        Ok(Self { exports, samples, most_samples: args.samples.unwrap_or(0) })
    }

    /// Shows them the next complete second; gives what somebody should know of.
    pub(super) fn see(&mut self, second: &Second) -> Vec<String> {
        let exported = self.exports.as_mut().and_then(|exports| exports.see(second));
        let sampled = self.samples.as_mut().and_then(|samples| samples.see(second));
        exported.into_iter().chain(sampled).collect()
    }

    /// There will be no more seconds: waits, not for long, until all is written and sent; gives what is missing.
    pub(super) fn finish(self) -> Vec<String> {
        let exported = self.exports.map(Exports::finish).unwrap_or_default();
        let sampled = self.samples.map(Samples::finish).unwrap_or_default();
        exported.into_iter().chain(sampled).collect()
    }
}
