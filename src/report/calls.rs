//! A smoke check for people: where the time of each call went, and all there is to see of those that failed.
//!
//! In the manner of curl: `>` is what was sent, `<` what came back, `-` what was wanted and `+` what was found instead.

use anstyle::{AnsiColor, Style};

use super::build::failure_of;
use super::console::{align_right, clean, coloured, finished, fitted, short, shortened, table as empty_table};
use super::lines::{COLUMNS, labelled};
use super::result::{CallFailure, CallResult, RunResult};
use crate::metrics::{Call, Evidence, Excerpt, FailedCheck, HeaderLine};
use crate::units::{format_count, format_us};

/// More calls than this are left to the files, those first that passed.
const MOST_CALLS: usize = 60;
/// More failures than this are left to the files.
const MOST_FAILURES: usize = 10;
/// More headers than this are left to the files.
const MOST_HEADERS: usize = 16;
/// How long a line may be.
const WIDTH: usize = COLUMNS;
/// More lines than this are left to the files, however a text is wrapped.
const MOST_LINES: usize = 30;

/// The calls with the phases of each.
pub(super) fn table(result: &RunResult) -> String {
    let calls = shown(result);
    let mut out = fitted(|longest| calls_as(&calls, longest));
    let left_out = (result.calls.len() - calls.len()) as u64 + result.calls_left_out;
    if left_out > 0 {
        out.push_str(&format!("  and {} more calls: see report.html\n", format_count(left_out)));
    }
    let not_done = result.steps_not_done();
    if !not_done.is_empty() {
        let names = not_done.into_iter().map(clean).collect::<Vec<_>>().join(", ");
        out.push_str(&labelled("not done", &names));
    }
    out
}

/// The calls that are shown, in their order.
fn shown(result: &RunResult) -> Vec<&CallResult> {
    let mut passed_left_out = result.calls.len().saturating_sub(MOST_CALLS);
    let mut calls: Vec<&CallResult> = result.calls.iter().rev().collect();
    calls.retain(|call| {
        let left_out = passed_left_out > 0 && call.failure.is_none();
        passed_left_out -= usize::from(left_out);
        !left_out
    });
    calls.reverse();
    calls.truncate(MOST_CALLS);
    calls
}

fn calls_as(calls: &[&CallResult], longest: usize) -> String {
    let mut table = empty_table(["step", "status", "lookup", "connect", "TLS", "wait", "receive", "total"]);
    align_right(&mut table, 1..8);
    let time = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), format_us);
    for call in calls {
        let phases = &call.phases_us;
        let status = call.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        table.add_row([
            shortened(&call.step, longest),
            match (call.tried_again, call.redirected) {
                (true, _) => format!("{status} again"),
                (_, true) => format!("{status} →"),
                (false, false) => status,
            },
            time(phases.lookup),
            time(phases.connect),
            time(phases.tls),
            time(phases.wait),
            time(phases.receive),
            format_us(phases.total),
        ]);
    }
    // Lines and calls go in step, but for the head.
    let line = std::cell::Cell::new(0);
    finished(&table, |_| {
        let at = line.replace(line.get() + 1);
        calls.get(at).is_some_and(|call| call.failure.is_some()).then(|| coloured(AnsiColor::Red))
    })
}

/// What there is to see of each call that failed.
pub(super) fn failures(result: &RunResult) -> String {
    let failed = result.calls.iter().filter_map(|call| Some((call, call.failure.as_ref()?)));
    let shown = failed.clone().take(MOST_FAILURES).map(|(call, failure)| failed_call(&call.step, failure));
    let mut out = shown.collect::<Vec<_>>().join("\n");
    let more = failed.count().saturating_sub(MOST_FAILURES);
    if more > 0 {
        out.push_str(&format!("\n  and {more} more failed calls: see report.html\n"));
    }
    out
}

/// What there is to see of `call`, which `step` asked for and which failed, with ANSI colours; none if it did not.
pub fn render_failed(step: &str, call: &Call) -> Option<String> {
    failure_of(call).map(|failure| failed_call(step, &failure))
}

fn failed_call(step: &str, failure: &CallFailure) -> String {
    let red = coloured(AnsiColor::Red).bold();
    let mut out = format!("  {red}{}{red:#}  {}\n", short(step), clean(&failure.class));
    let Evidence { checks, request, response } = &failure.evidence;
    checks.iter().for_each(|check| out.push_str(&missed(check)));
    if let Some(request) = request {
        out.push('\n');
        out.push_str(&lines(">", &format!("{} {}", request.method, request.url), Style::new().bold()));
        out.push_str(&message(">", &request.headers, &request.body));
    }
    if let Some(response) = response {
        out.push('\n');
        out.push_str(&lines("<", &response.status_line, Style::new().bold()));
        out.push_str(&message("<", &response.headers, &response.body));
    }
    out
}

/// What was wanted and what was found.
fn missed(check: &FailedCheck) -> String {
    let (wanted, found) = (coloured(AnsiColor::Red), coloured(AnsiColor::Green));
    let mut out = format!("    {}\n", clean(&check.target));
    if check.diff.is_empty() {
        out.push_str(&lines("  -", &check.expected, wanted));
        out.push_str(&lines("  +", &check.actual, found));
    }
    for line in &check.diff {
        let (sign, text) =
            line.split_at_checked(1).filter(|(sign, _)| ["-", "+", " "].contains(sign)).unwrap_or((" ", line));
        let style = match sign {
            "-" => wanted,
            "+" => found,
            _ => Style::new(),
        };
        out.push_str(&lines(&format!("  {sign}"), text.strip_prefix(' ').unwrap_or(text), style));
    }
    out
}

fn message(sign: &str, headers: &[HeaderLine], body: &Excerpt) -> String {
    let header = |line: &HeaderLine| lines(sign, &format!("{}: {}", line.name, line.value), Style::new());
    let mut out: String = headers.iter().take(MOST_HEADERS).map(header).collect();
    let dimmed = Style::new().dimmed();
    if headers.len() > MOST_HEADERS {
        let more = headers.len() - MOST_HEADERS;
        out.push_str(&lines(sign, &format!("(and {more} more headers)"), dimmed));
    }
    if !body.text.is_empty() {
        out.push_str(&lines(sign, "", dimmed));
        out.push_str(&lines(sign, &body.text, Style::new()));
    }
    if !body.note.is_empty() {
        out.push_str(&lines(sign, &format!("({})", body.note), dimmed));
    }
    out
}

/// `text` with `sign` before each line, wrapped where it is too long.
fn lines(sign: &str, text: &str, style: Style) -> String {
    let room = WIDTH - 5 - sign.chars().count();
    let mut all = Vec::new();
    for line in text.split('\n') {
        let line: Vec<char> = clean(&line.trim_end_matches('\r').replace('\t', "    ")).chars().collect();
        match line.is_empty() {
            true => all.push(String::new()),
            false => all.extend(line.chunks(room).map(|part| part.iter().collect::<String>())),
        }
    }
    let more = all.len().saturating_sub(MOST_LINES);
    all.truncate(MOST_LINES);
    let shown = |line: &String| match line.is_empty() {
        true => format!("    {style}{sign}{style:#}\n"),
        false => format!("    {style}{sign} {line}{style:#}\n"),
    };
    let mut out: String = all.iter().map(shown).collect();
    if more > 0 {
        out.push_str(&format!("    {sign} (and {more} more lines)\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn each_call_has_a_line_with_its_phases() {
        let text = plain(&table(&Fixture::once().report().result));
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["step", "status", "lookup", "connect", "TLS", "wait", "receive", "total"]);
        assert_eq!(rows[1], ["health", "200", "310µs", "95µs", "1.87ms", "1.24ms", "80µs", "3.3ms"]);
        assert_eq!(rows[3], ["stream", "-", "-", "-", "-", "-", "-", "20.4ms"]);
    }

    #[test]
    fn of_many_calls_those_that_failed_are_shown() {
        let mut result = Fixture::once().report().result;
        let (passed, failed) = (result.calls[0].clone(), result.calls[1].clone());
        result.calls = vec![passed; 1_000];
        result.calls.push(failed);
        let text = plain(&table(&result));
        assert_eq!(text.lines().count(), MOST_CALLS + 2, "{text}");
        assert!(text.contains("  sign in") && text.ends_with("  and 941 more calls: see report.html\n"), "{text}");
    }

    #[test]
    fn a_failure_shows_what_was_sent_what_came_and_how_it_differs() {
        let text = plain(&failures(&Fixture::once().report().result));
        for line in [
            "  sign in  http_401",
            "      - status 200",
            "      + status 401",
            "      -   \"a\": 1",
            "    > POST https://staging.example.test/api/auth/login",
            "    > authorization: [redacted]",
            "    < HTTP/1.1 401 Unauthorized",
            "      + connection closed before message completed",
        ] {
            assert!(text.lines().any(|shown| shown.trim_end() == line), "{line:?} is missing:\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn a_hostile_text_stays_in_its_lines() {
        let text = plain(&lines(">", &"\u{1b}[31m\n".repeat(100), Style::new()));
        assert_eq!(text.lines().count(), MOST_LINES + 1);
        assert!(!text.contains('\u{1b}'));
    }
}
