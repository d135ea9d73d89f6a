//! What a release says on a terminal.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::cli::Format;
use crate::release::result::{ItemResult, ReleaseResult};
use crate::report::{clean, inert, write_json};
use crate::units::format_duration;
use crate::verdict::Status;

/// Writes the result to standard output, as text or as JSON with the text on stderr.
pub(super) fn show(result: &ReleaseResult, format: Format, quiet: bool, folder: &Path) {
    let text = inert(&summary(result, quiet, folder));
    let mut out = anstream::stdout();
    // Nobody may be reading any more; the run folder and the exit code say the same.
    let _ = match format {
        Format::Text => out.write_all(text.as_bytes()),
        Format::Json => {
            let _ = anstream::stderr().write_all(text.as_bytes());
            write_json(result, &mut out).map_err(std::io::Error::other)
        }
    };
    let _ = out.flush();
}

/// One item in one line.
pub(super) fn line(gate: &str, item: &ItemResult) -> String {
    let took = if item.elapsed_s > 0.0 && item.reused_from.is_none() {
        format!("  {}", format_duration(Duration::try_from_secs_f64(item.elapsed_s).unwrap_or_default()))
    } else {
        String::new()
    };
    let reused = if item.reused_from.is_some() { "  still holds" } else { "" };
    let reason = item.reasons.first().map(|reason| format!("  {reason}")).unwrap_or_default();
    clean(&format!("  {:7} {gate}/{}{took}{reused}{reason}", word(item.status), item.id))
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "PASS",
        Status::Fail => "FAIL",
        Status::NoData => "NO DATA",
        Status::Invalid => "INVALID",
        Status::Skipped => "skipped",
    }
}

fn summary(result: &ReleaseResult, quiet: bool, folder: &Path) -> String {
    let mut text = String::new();
    let mut say = |line: String| text.push_str(&format!("{line}\n"));
    let go = if result.go { "GO" } else { "NO-GO" };
    say(format!("\n{go}  {}", clean(&result.name)));
    for gate in &result.gates {
        let items = gate.items.iter().filter(|item| !quiet || !matches!(item.status, Status::Pass | Status::Skipped));
        items.for_each(|item| say(line(&gate.id, item)));
    }
    result.reasons.iter().for_each(|reason| say(format!("  {}", clean(reason))));
    result.warnings.iter().for_each(|warning| say(format!("  warning: {}", clean(warning))));
    say(format!("  result     {}", folder.join("result.json").display()));
    text
}
