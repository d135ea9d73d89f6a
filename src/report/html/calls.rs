//! A smoke check's calls for the page: where the time of each went, and what there is to see of those that failed.

use serde::Serialize;

use super::Room;
use super::page::{NONE, format_us};
use super::tables::short;
use crate::metrics::{Excerpt, FailedCheck, HeaderLine};
use crate::report::inert::cut;
use crate::report::result::{CallFailure, CallResult, RunResult};
use crate::units::format_bytes;

/// The calls of a once run.
#[derive(Debug, Serialize)]
pub(super) struct Calls {
    rows: Vec<Row>,
    /// How many calls there are beyond those.
    left_out: u64,
    /// Steps that no request was sent for, in one line; empty for none.
    not_done: String,
    failures: Vec<Failure>,
    failures_left_out: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    step: String,
    flow: String,
    /// For CSS.
    class: &'static str,
    outcome: &'static str,
    status: String,
    /// Lookup, connect, TLS, wait, receive, total.
    times: Vec<String>,
    bytes: String,
}

#[derive(Debug, Serialize)]
struct Failure {
    step: String,
    class: String,
    checks: Vec<Check>,
    /// Lines of the request, and of the answer.
    request: Vec<String>,
    response: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Check {
    target: String,
    lines: Vec<Line>,
}

/// One line of a difference.
#[derive(Debug, Serialize)]
struct Line {
    /// For CSS.
    class: &'static str,
    text: String,
}

/// The calls of `result`; none unless it is a once run.
pub(super) fn of(result: &RunResult, room: Room) -> Option<Calls> {
    let (rows, failures) = (room.rows, room.rows / 8);
    let failed = result.calls.iter().filter_map(|call| Some((call, call.failure.as_ref()?)));
    result.is_once().then(|| Calls {
        rows: result.calls.iter().take(rows).map(row).collect(),
        left_out: result.calls.len().saturating_sub(rows) as u64 + result.calls_left_out,
        not_done: result.steps_not_done().into_iter().take(rows).map(short).collect::<Vec<_>>().join(", "),
        failures: failed.clone().take(failures).map(|(call, failure)| failure_of(call, failure, room)).collect(),
        failures_left_out: failed.count().saturating_sub(failures),
    })
}

fn row(call: &CallResult) -> Row {
    let phases = &call.phases_us;
    let (class, outcome) = match (call.passed, call.tried_again) {
        _ if call.redirected => ("skipped", "redirected"),
        (true, _) => ("pass", "passed"),
        (false, true) => ("skipped", "tried again"),
        (false, false) => ("fail", "failed"),
    };
    let times = [phases.lookup, phases.connect, phases.tls, phases.wait, phases.receive, Some(phases.total)];
    Row {
        step: short(&call.step),
        flow: short(&call.flow),
        class,
        outcome,
        status: call.status.map_or(NONE.to_owned(), |status| status.to_string()),
        times: times.into_iter().map(|us| us.map_or(NONE.to_owned(), format_us)).collect(),
        bytes: format_bytes(call.bytes),
    }
}

fn failure_of(call: &CallResult, failure: &CallFailure, room: Room) -> Failure {
    let evidence = &failure.evidence;
    let request = evidence.request.as_ref();
    let response = evidence.response.as_ref();
    Failure {
        step: short(&call.step),
        class: short(&failure.class),
        checks: evidence.checks.iter().take(room.rows / 8).map(|failed| check(failed, room)).collect(),
        request: request
            .map(|sent| message(format!("{} {}", sent.method, sent.url), &sent.headers, &sent.body, room))
            .unwrap_or_default(),
        response: response
            .map(|seen| message(seen.status_line.clone(), &seen.headers, &seen.body, room))
            .unwrap_or_default(),
    }
}

fn check(check: &FailedCheck, room: Room) -> Check {
    let own = [format!("- {}", check.expected), format!("+ {}", check.actual)];
    let lines: &[String] = if check.diff.is_empty() { &own } else { &check.diff };
    let line = |line: &String| Line {
        class: match line.as_bytes().first() {
            Some(b'-') => "wanted",
            Some(b'+') => "found",
            _ => "same",
        },
        text: cut(&line.replace('\t', "    "), room.text * 2),
    };
    Check { target: short(&check.target), lines: lines.iter().take(room.rows / 4).map(line).collect() }
}

/// A message as it is written: its first line, its headers, an empty line and its body, as far as there is room.
fn message(first: String, headers: &[HeaderLine], body: &Excerpt, room: Room) -> Vec<String> {
    let mut lines = vec![first];
    lines.extend(headers.iter().map(|line| format!("{}: {}", line.name, line.value)));
    if !body.text.is_empty() || !body.note.is_empty() {
        lines.push(String::new());
    }
    lines.extend(body.text.lines().map(|line| line.replace('\t', "    ")));
    if !body.note.is_empty() {
        lines.push(format!("({})", body.note));
    }
    let more = lines.len().saturating_sub(room.rows / 4);
    lines.truncate(room.rows / 4);
    lines.iter_mut().for_each(|line| *line = cut(line, room.text * 2));
    if more > 0 {
        lines.push(format!("({more} more lines are in result.json)"));
    }
    lines
}
