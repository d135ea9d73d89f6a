//! An exploration for people at a terminal: the verdict first, then why, the capacity, the curve, and every rate.

use anstyle::AnsiColor;

use super::sketch::sketch;
use super::words;
use crate::explore::{ExplorationResult, Outcome, Point};
use crate::report::Detail;
use crate::report::console::{align_right, coloured, finished, fits, sentences, table, verdict_line};
use crate::report::inert::cut;
use crate::report::lines::{labelled, warning};
use crate::units::format_count;

/// Of more rates the last are shown, which lie around the limit.
const MOST_POINTS: usize = 60;
/// More warnings, and more gates, are left to the page.
const MOST_LINES: usize = 12;
const LONGEST: usize = 600;

/// The exploration as text, with ANSI colours.
pub fn render(result: &ExplorationResult, detail: Detail) -> String {
    let mut out = verdict_line(result.verdict, result.ending, result.exit_code, &result.name);
    out.push_str(&sentences(&words::reasons(result)));
    if detail == Detail::Full {
        let warnings = result.warnings.iter().take(MOST_LINES).map(|text| warning(&cut(text, LONGEST))).collect();
        for section in [found(result), sketch(result).unwrap_or_default(), points(result), about(result), warnings] {
            if !section.is_empty() {
                out.push('\n');
                out.push_str(&section);
            }
        }
    }
    out
}

/// The capacity, what limits it, and what the curve says.
fn found(result: &ExplorationResult) -> String {
    let parts = [words::capacity(result), words::interval(result)];
    let mut told = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    let precision = words::precision(result);
    if !precision.is_empty() {
        told.push_str(&format!(" ({precision})"));
    }
    if let Some(requests) = words::requests_per_s(result) {
        told.push_str(&format!("; that is {} requests/s", words::bare(requests)));
    }
    let mut out = labelled("capacity", &told);
    out.push_str(&labelled("limited by", &cut(&words::limited_by(result), LONGEST)));
    if let Some(knee) = &result.knee {
        out.push_str(&labelled("knee", &words::knee(knee)));
    }
    if let Some(law) = &result.scalability {
        out.push_str(&labelled("scaling", &words::scalability(law)));
    }
    out
}

/// What the columns of the table are, the last left out where there is no room.
const COLUMNS: [&str; 9] = ["rate/s", "outcome", "achieved", "p50", "p95", "service", "errors", "time", "at once"];

/// Every rate, the lowest first.
fn points(result: &ExplorationResult) -> String {
    let shown = &result.points[result.points.len().saturating_sub(MOST_POINTS)..];
    if shown.is_empty() {
        return String::new();
    }
    let sorted = words::by_rate(shown);
    let with = |columns: usize| {
        let mut table = table::<0>([]);
        table.set_header(&COLUMNS[..columns]);
        sorted.iter().for_each(|point| {
            table.add_row(&cells(point)[..columns]);
        });
        align_right(&mut table, 0..1);
        align_right(&mut table, 2..columns);
        finished(&table, |line| {
            let is = |outcome| line.contains(&format!(" {} ", words::outcome(outcome)));
            match () {
                () if is(Outcome::Breaks) => Some(coloured(AnsiColor::Red)),
                () if is(Outcome::Generator) => Some(coloured(AnsiColor::Yellow)),
                () => None,
            }
        })
    };
    let mut out = with(COLUMNS.len());
    if !fits(&out) {
        out = with(COLUMNS.len() - 1);
    }
    let left_out = result.points.len() - shown.len();
    if left_out > 0 {
        out.push_str(&format!("  and {} more rates before them: see report.html\n", format_count(left_out as u64)));
    }
    out
}

fn cells(point: &Point) -> [String; 9] {
    let (response, service) = (&point.response_us, &point.service_us);
    [
        words::bare(point.rate_per_s),
        words::outcome(point.outcome).to_owned(),
        words::bare(point.achieved_per_s),
        words::time(response.count, response.p50),
        words::time(response.count, response.p95),
        words::time(service.count, service.p95),
        words::share(point.error_rate),
        words::seconds(point.lasted_s),
        words::bare(point.in_flight),
    ]
}

/// What it stands on.
fn about(result: &ExplorationResult) -> String {
    let mut out = labelled("sent", &words::effort(result));
    let asked = &result.asked;
    let gates = asked.gates.iter().take(MOST_LINES).map(|(name, wanted)| format!("{name}: {wanted}"));
    let gates: Vec<String> = gates.collect();
    if !gates.is_empty() {
        out.push_str(&labelled("gates", &cut(&gates.join("; "), LONGEST)));
    }
    let left_out = asked.left_out.iter().take(MOST_LINES).map(|(name, why)| format!("{name} ({why})"));
    let left_out: Vec<String> = left_out.collect();
    if !left_out.is_empty() {
        out.push_str(&labelled("left out", &cut(&left_out.join("; "), LONGEST)));
    }
    for (at, sentence) in words::generator(&result.points).iter().take(MOST_LINES).enumerate() {
        // What it was short of is worth a look.
        out.push_str(&match at {
            0 => labelled("generator", &cut(sentence, LONGEST)),
            _ => warning(&cut(sentence, LONGEST)),
        });
    }
    let refused: u64 = result.points.iter().map(|point| point.refused).fold(0, u64::saturating_add);
    if refused > 0 {
        let first = result.points.iter().filter(|point| point.refused > 0).map(|point| point.rate_per_s);
        let at = words::rate(first.fold(f64::INFINITY, f64::min));
        let told = format!("{} answers with status 429 or 503, the first at {at}", format_count(refused));
        out.push_str(&labelled("refused", &told));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn explorations_of_every_kind_look_as_before_and_fit_80_columns() {
        for (name, result) in fixture::small() {
            let text = plain(&render(&result, Detail::Full));
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{wide:#?}");
            insta::assert_snapshot!(format!("console_{name}"), text);
        }
    }

    #[test]
    fn whatever_is_long_or_odd_stays_within_80_columns() {
        for result in [fixture::hostile(), fixture::huge(), fixture::many()] {
            let text = plain(&render(&result, Detail::Full));
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{wide:#?}");
            assert!(text.lines().count() < 250, "{}", text.lines().count());
        }
    }

    #[test]
    fn the_verdict_and_why_stand_first_and_alone_if_that_is_all_that_is_asked_for() {
        let text = plain(&render(&fixture::generator(), Detail::Quiet));
        assert!(text.starts_with("INCONCLUSIVE  Shop capacity (exit 4)\n  the generator was the limit"), "{text}");
        assert!(text.lines().count() <= 3, "{text}");
        let text = plain(&render(&fixture::found(), Detail::Full));
        assert!(text.starts_with("PASS  Shop capacity (exit 0)\n"), "{text}");
    }
}
