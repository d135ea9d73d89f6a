//! Gates on windows and on failures in a row, from what was seen of them over time.

use std::time::Duration;

use super::NamedGate;
use super::budget::Budget;
use super::figure::shown;
use super::language::{Metric, Span};
use super::watch::{Rows, Seen, Trace, Windows, Worst, fewest};
use crate::metrics::Summary;
use crate::units::{format_count, format_duration, format_us};
use crate::verdict::{Finding, Status};

/// Judges a gate that is not about the run as a whole.
pub(super) fn judge(named: &NamedGate, summary: &Summary, trace: &Trace, finding: Finding) -> Finding {
    let finding = Finding { first_broken_s: trace.first_broken_s, ..finding };
    match &trace.seen {
        Seen::Windows(windows) => by_windows(named, summary, windows, finding),
        Seen::Rows(rows) => by_rows(named, rows, finding),
        Seen::Nothing => no_data(finding, "nobody watched this gate while the run went on".to_owned()),
    }
}

fn by_windows(named: &NamedGate, summary: &Summary, windows: &Windows, finding: Finding) -> Finding {
    let (gate, metric) = (&named.gate, named.gate.metric);
    let Span::Over(length) = gate.span else { return finding };
    let Some(Worst { figure, ends_s, samples, counted, .. }) = &windows.worst else {
        return no_data(Finding { samples: windows.most_samples, ..finding }, without_windows(named, length, windows));
    };
    let (figure, ends_s) = (*figure, *ends_s);
    let of = match windows.judged {
        1 => "the only window".to_owned(),
        all => format!("worst of {} windows", format_count(all)),
    };
    let observed = format!("{} ({of}, ended at {})", shown(metric, figure), at(ends_s));
    let budget = Budget::of_part(gate, figure, counted.part(length).lag.as_ref(), Some(summary));
    let finding = Finding {
        observed: Some(observed),
        samples: *samples,
        error_budget_us: budget.map(|budget| budget.whole_us()),
        ..finding
    };
    if let Some(doubt) = budget.and_then(|budget| budget.doubt(gate, figure)) {
        return Finding { status: Status::Invalid, reason: Some(doubt), ..finding };
    }
    if !gate.holds(figure) {
        let (broken, all) = (format_count(windows.broken), format_count(windows.judged));
        let first =
            finding.first_broken_s.map_or(String::new(), |second| format!(", the first ended at {}", at(second)));
        let reason = format!("{broken} of {all} windows of {} are broken{first}", format_duration(length));
        return Finding { status: Status::Fail, reason: Some(reason), ..finding };
    }
    let nothing_seen = metric == Metric::Rate && summary.requests(named.series.as_deref()).tally.outcomes() == 0;
    if nothing_seen {
        return no_data(finding, "no request gave a figure to judge".to_owned());
    }
    match windows.too_few {
        0 => Finding { status: Status::Pass, ..finding },
        _ => no_data(finding, too_few(named, length, windows)),
    }
}

/// Why no window could be judged.
fn without_windows(named: &NamedGate, length: Duration, windows: &Windows) -> String {
    match windows.too_few {
        0 => format!(
            "no stretch of {} lies within the load after the warm-up: the load was shorter than the window, or its requests came to an end for a shorter time",
            format_duration(length)
        ),
        _ => too_few(named, length, windows),
    }
}

fn too_few(named: &NamedGate, length: Duration, windows: &Windows) -> String {
    let all = windows.judged + windows.too_few;
    format!(
        "{} of {} windows of {} had fewer than the {} samples that {} needs: make the window longer, or the rate higher",
        format_count(windows.too_few),
        format_count(all),
        format_duration(length),
        format_count(fewest(&named.gate)),
        named.gate.metric
    )
}

fn by_rows(named: &NamedGate, rows: &Rows, finding: Finding) -> Finding {
    let finding = Finding { samples: rows.outcomes, ..finding };
    if rows.outcomes == 0 {
        return no_data(finding, "no such step came to an end".to_owned());
    }
    let from = format_us(rows.began_ns / 1_000);
    let observed = match rows.longest {
        0 => "none".to_owned(),
        longest => format!("{} (the longest row, from {from} on)", format_count(longest)),
    };
    let finding = Finding { observed: Some(observed), ..finding };
    let least = fewest(&named.gate);
    match rows.broken_ns {
        Some(broken_ns) => {
            let reason = format!("the failure at {} was one too many in a row", format_us(broken_ns / 1_000));
            Finding { status: Status::Fail, reason: Some(reason), ..finding }
        }
        None if rows.outcomes < least => {
            let reason = format!("{} needs at least {least} samples, there were {}", named.gate.metric, rows.outcomes);
            no_data(finding, reason)
        }
        None => Finding { status: Status::Pass, ..finding },
    }
}

fn no_data(finding: Finding, reason: String) -> Finding {
    Finding { status: Status::NoData, first_broken_s: None, reason: Some(reason), ..finding }
}

/// A moment of a run.
pub(super) fn at(second: u64) -> String {
    format_duration(Duration::from_secs(second))
}
