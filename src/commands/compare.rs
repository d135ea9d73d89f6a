//! `mnload compare`: is NEW worse than BASE?

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::baseline::{baseline, runs};
use super::{CommandError, interleave};
use crate::cli::{CompareArgs, Format};
use crate::compare::{self, Options, Rule, Rules};
use crate::report::{self, ComparisonDocument};
use crate::verdict::{Ending, ExitCode};

pub(super) fn run(args: &CompareArgs) -> Result<ExitCode, CommandError> {
    if let Some(times) = args.interleave {
        return interleave::run(args, times);
    }
    let with = |more: &[String], first: &Option<String>| first.iter().chain(more).cloned().collect::<Vec<_>>();
    let base = baseline(&with(&args.base, &args.positional_base))?;
    let new = runs(&with(&args.new, &args.positional_new))?;
    let document = ComparisonDocument::of(compare::compare(&base, &new, &options(args))?);
    if let Some(path) = &args.out {
        write(&document, path)?;
    }
    show(args, &document)?;
    Ok(document.verdict.exit_code(Ending::Completed, 1))
}

/// What the command line asks for.
pub(super) fn options(args: &CompareArgs) -> Options {
    let own = || args.gate.iter().map(|gate| Rule::own(Rule::name_of(gate), gate.clone())).collect();
    let rules = if args.gate.is_empty() { Rules::Default { margin: args.margin } } else { Rules::Own(own()) };
    Options { rules, least_rise: args.least_rise, different_scenarios: args.different_scenarios, ..Options::default() }
}

/// The asked-for document on stdout.
pub(super) fn show(args: &CompareArgs, document: &ComparisonDocument) -> Result<(), CommandError> {
    let mut out = anstream::stdout();
    let written = match args.format {
        Format::Text => {
            write!(out, "{}", report::inert(&report::render_comparison(document))).map_err(anyhow::Error::from)
        }
        Format::Json => json(document, &mut out),
    };
    Ok(written.context("cannot write to standard output")?)
}

/// The document as a file.
pub(super) fn write(document: &ComparisonDocument, path: &Path) -> Result<(), CommandError> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(json(document, &mut BufWriter::new(file)).with_context(|| format!("cannot write {}", path.display()))?)
}

fn json(document: &ComparisonDocument, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    report::write_json(document, &mut *out)?;
    Ok(out.flush()?)
}
