//! `mnload doctor`: what this machine is good for, before anything depends on it.

use std::io::Write as _;

use anyhow::Context as _;

use crate::cli::{DoctorArgs, Format};
use crate::doctor;
use crate::report::{self, DoctorDocument};

pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let checkup = doctor::examine().context("cannot examine this machine")?;
    let text = match args.format {
        Format::Text => report::render_doctor(&checkup),
        Format::Json => {
            let document = DoctorDocument::of(&checkup);
            let text = serde_json::to_string_pretty(&document).context("cannot write the examination as JSON")?;
            format!("{text}\n")
        }
    };
    let mut out = anstream::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).context("cannot write to standard output")
}
