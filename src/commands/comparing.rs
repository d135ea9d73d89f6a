//! What is the same for all that `mnload compare` compares: options of the command line, and where the document goes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::CommandError;
use crate::cli::{CompareArgs, Format};
use crate::compare::{Options, Rule, Rules};
use crate::report;

/// What the command line asks for.
pub(super) fn options(args: &CompareArgs) -> Options {
    let own = || args.gate.iter().map(|gate| Rule::own(Rule::name_of(gate), gate.clone())).collect();
    let rules = if args.gate.is_empty() { Rules::Default { margin: args.margin } } else { Rules::Own(own()) };
    Options { rules, least_rise: args.least_rise, different_scenarios: args.different_scenarios, ..Options::default() }
}

/// The asked-for `document`, which `render` makes a text of, on stdout.
pub(super) fn shown<Document: Serialize>(
    args: &CompareArgs,
    document: &Document,
    render: impl FnOnce(&Document) -> String,
) -> Result<(), CommandError> {
    let mut out = anstream::stdout();
    let written = match args.format {
        Format::Text => write!(out, "{}", report::inert(&render(document))).map_err(anyhow::Error::from),
        Format::Json => json(document, &mut out),
    };
    Ok(written.context("cannot write to standard output")?)
}

/// The document as a file.
pub(super) fn write(document: &impl Serialize, path: &Path) -> Result<(), CommandError> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(json(document, &mut BufWriter::new(file)).with_context(|| format!("cannot write {}", path.display()))?)
}

fn json(document: &impl Serialize, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    report::write_json(document, &mut *out)?;
    Ok(out.flush()?)
}
