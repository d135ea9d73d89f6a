//! `mnload compare`: is NEW worse than BASE?

use super::baseline::{baseline, runs};
use super::comparing::{options, shown, write};
use super::{CommandError, explorations, interleave};
use crate::cli::CompareArgs;
use crate::compare;
use crate::report::{ComparisonDocument, render_comparison};
use crate::verdict::{Ending, ExitCode};

pub(super) fn run(args: &CompareArgs) -> Result<ExitCode, CommandError> {
    if let Some(times) = args.interleave {
        return interleave::run(args, times);
    }
    let with = |more: &[String], first: &Option<String>| first.iter().chain(more).cloned().collect::<Vec<_>>();
    let (base, new) = (with(&args.base, &args.positional_base), with(&args.new, &args.positional_new));
    if let Some(code) = explorations::compared(args, &base, &new)? {
        return Ok(code);
    }
    let (base, new) = (baseline(&base)?, runs(&new)?);
    let document = ComparisonDocument::of(compare::compare(&base, &new, &options(args))?);
    if let Some(path) = &args.out {
        write(&document, path)?;
    }
    shown(args, &document, render_comparison)?;
    Ok(document.verdict.exit_code(Ending::Completed, 1))
}
