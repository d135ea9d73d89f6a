//! An exploration while it is under way: a moving line on a terminal, a plain line for each point and now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words;
use crate::explore::{Outcome, Phase, Point};
use crate::report::clean;
use crate::report::inert::cut;
use crate::units::format_us;

/// What has room behind the time and the mark of the moving line, on a terminal of 80 columns.
const WIDEST: usize = 72;
/// How often a plain line comes while a point runs.
const PLAIN_EVERY_S: u64 = 10;

/// Shows an exploration while it is under way, on stderr.
#[derive(Debug)]
pub struct ExplorationProgress {
    view: View,
    now: Now,
}

#[derive(Debug)]
enum View {
    Nothing,
    Lines { next_s: u64 },
    Bar(ProgressBar),
}

/// The point that runs.
#[derive(Debug, Clone, Copy)]
struct Now {
    number: u64,
    phase: Phase,
    rate_per_s: f64,
}

/// What is known by now: of the point that runs, and of the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SoFar {
    /// How long the point has been loaded.
    pub seconds: u64,
    /// 95 of 100 responses took no longer, in microseconds; none without any.
    pub p95_us: Option<u64>,
    /// Requests that failed of all; none of nothing.
    pub error_rate: Option<f64>,
    /// How it looks as if it would come out; none where that is open.
    pub leaning: Option<Outcome>,
    /// The highest rate that is known to hold.
    pub holds_per_s: Option<f64>,
    /// The lowest that is known to be too much.
    pub breaks_per_s: Option<f64>,
    /// How long the exploration will still take, about; none if that is not known.
    pub remaining_s: Option<f64>,
}

impl ExplorationProgress {
    /// A view that fits where stderr goes; none at all if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let view = match (quiet, terminal) {
            (true, _) => View::Nothing,
            (false, false) => View::Lines { next_s: PLAIN_EVERY_S },
            (false, true) => View::Bar(bar()),
        };
        Self { view, now: Now { number: 0, phase: Phase::Climb, rate_per_s: 0.0 } }
    }

    /// A point begins.
    pub fn point_started(&mut self, number: u64, phase: Phase, rate_per_s: f64) {
        self.now = Now { number, phase, rate_per_s };
        match &mut self.view {
            View::Nothing => {}
            View::Bar(bar) => bar.set_message(self.now.words()),
            View::Lines { next_s } => *next_s = PLAIN_EVERY_S,
        }
    }

    /// Shows the point that runs so far.
    pub fn update(&mut self, so_far: &SoFar) {
        match &mut self.view {
            View::Nothing => {}
            View::Bar(bar) => bar.set_message(short(self.now, so_far)),
            View::Lines { next_s } if so_far.seconds >= *next_s => {
                *next_s = so_far.seconds / PLAIN_EVERY_S * PLAIN_EVERY_S + PLAIN_EVERY_S;
                tell(&sentence(self.now, so_far));
            }
            View::Lines { .. } => {}
        }
    }

    /// The target is left alone before the next point: `why`, as a clause (`3 requests are still under way`).
    pub fn recovering(&mut self, why: &str) {
        // Elsewhere a wait is no news: the next line says what came of it.
        if let View::Bar(bar) = &self.view {
            bar.set_message(cut(&clean(&format!("the target recovers: {why}")), WIDEST - 1));
        }
    }

    /// A point is over.
    pub fn point_done(&mut self, point: &Point) {
        let line = done(point);
        match &self.view {
            View::Nothing => {}
            View::Bar(bar) => bar.println(line),
            View::Lines { .. } => tell(&line),
        }
    }

    /// Says something above the moving line.
    pub fn say(&self, line: &str) {
        match &self.view {
            View::Bar(bar) => bar.println(line),
            View::Lines { .. } | View::Nothing => tell(line),
        }
    }

    /// Clears the moving line.
    pub fn finish(&mut self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }
}

fn tell(line: &str) {
    // A stderr that is gone must not end the exploration.
    let _ = writeln!(anstream::stderr(), "{line}");
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
    // The template is a constant: a wrong one falls back to the library's own look.
    let style = ProgressStyle::with_template("{elapsed:>4} {spinner} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

impl Now {
    fn words(self) -> String {
        format!("point {}  {} at {}", self.number, words::phase(self.phase), words::rate(self.rate_per_s))
    }
}

/// The figures that a person watches.
fn sentence(now: Now, so_far: &SoFar) -> String {
    let p95 = so_far.p95_us.map_or_else(|| "-".to_owned(), format_us);
    let errors = so_far.error_rate.map_or_else(|| "-".to_owned(), words::percent);
    let mut out = format!("{}  {}s  p95 {p95}  errors {errors}", now.words(), so_far.seconds);
    let leaning = match so_far.leaning {
        Some(Outcome::Holds) => "  seems to hold",
        Some(Outcome::Breaks) => "  seems to break",
        Some(Outcome::Generator) => "  the generator is short of something",
        Some(Outcome::Unclear | Outcome::Interrupted) | None => "",
    };
    out.push_str(leaning);
    let known = match (so_far.holds_per_s, so_far.breaks_per_s) {
        (Some(holds), Some(breaks)) => {
            format!("   holds at {}, breaks at {}", words::rate(holds), words::rate(breaks))
        }
        (Some(holds), None) => format!("   holds at {}", words::rate(holds)),
        (None, Some(breaks)) => format!("   breaks at {}", words::rate(breaks)),
        (None, None) => String::new(),
    };
    out.push_str(&known);
    if let Some(remaining) = so_far.remaining_s {
        out.push_str(&format!("   about {} left", words::seconds(remaining.max(0.0).round())));
    }
    out
}

/// The same in one line of a terminal: what has no room is left out, what a person watches least first.
fn short(now: Now, so_far: &SoFar) -> String {
    let rates = match (so_far.holds_per_s, so_far.breaks_per_s) {
        (Some(holds), Some(breaks)) => format!("limit {} to {}", words::bare(holds), words::rate(breaks)),
        (Some(holds), None) => format!("limit over {}", words::rate(holds)),
        (None, Some(breaks)) => format!("limit under {}", words::rate(breaks)),
        (None, None) => String::new(),
    };
    let leaning = match so_far.leaning {
        Some(Outcome::Holds) => "holds?",
        Some(Outcome::Breaks) => "breaks?",
        Some(Outcome::Generator) => "generator short?",
        Some(Outcome::Unclear | Outcome::Interrupted) | None => "",
    };
    let left = so_far.remaining_s.map(|left| format!("{} left", words::seconds(left.max(0.0).round())));
    let p95 = so_far.p95_us.map(|us| format!("p95 {}", format_us(us)));
    let errors = so_far.error_rate.map(|share| format!("errors {}", words::percent(share)));
    // Each with its place in the line, the most important first.
    let parts = [
        (4, left.unwrap_or_default()),
        (3, rates),
        (0, p95.unwrap_or_default()),
        (2, leaning.to_owned()),
        (1, errors.unwrap_or_default()),
    ];
    let head = format!("{}  {}s", now.words(), so_far.seconds);
    let mut room = WIDEST.saturating_sub(head.chars().count());
    let mut shown: Vec<(u8, String)> = Vec::new();
    for (place, part) in parts {
        let needed = part.chars().count() + 2;
        if !part.is_empty() && needed <= room {
            room -= needed;
            shown.push((place, part));
        }
    }
    shown.sort();
    shown.into_iter().fold(head, |line, (_, part)| format!("{line}  {part}"))
}

/// A finished point in one line.
fn done(point: &Point) -> String {
    let now = Now { number: point.number, phase: point.phase, rate_per_s: point.rate_per_s };
    let p95 = words::time(point.response_us.count, point.response_us.p95);
    let figures = format!("{}  p95 {p95}", words::seconds(point.lasted_s));
    let errors = words::share(point.error_rate);
    clean(&format!("{}: {}  {figures}  errors {errors}  {}", now.words(), words::outcome(point.outcome), point.reason))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    const NOW: Now = Now { number: 7, phase: Phase::Repeat, rate_per_s: 297.0 };

    #[test]
    fn the_line_holds_what_a_person_watches() {
        let so_far = SoFar {
            seconds: 8,
            p95_us: Some(31_000),
            error_rate: Some(0.0),
            leaning: None,
            holds_per_s: Some(285.0),
            breaks_per_s: Some(312.0),
            remaining_s: Some(100.4),
        };
        assert_eq!(
            sentence(NOW, &so_far),
            "point 7  repeat at 297/s  8s  p95 31ms  errors 0%   holds at 285/s, breaks at 312/s   about 1m 40s left"
        );
        assert_eq!(sentence(NOW, &SoFar::default()), "point 7  repeat at 297/s  0s  p95 -  errors -");
        let odd = SoFar { remaining_s: Some(f64::NAN), leaning: Some(Outcome::Breaks), ..SoFar::default() };
        assert!(sentence(NOW, &odd).ends_with("seems to break   about 0s left"), "{}", sentence(NOW, &odd));
    }

    #[test]
    fn the_moving_line_fits_into_80_columns_and_keeps_what_matters_most() {
        let mut so_far = SoFar {
            seconds: 8,
            p95_us: Some(31_200),
            error_rate: Some(0.0),
            leaning: Some(Outcome::Holds),
            holds_per_s: Some(285.0),
            breaks_per_s: Some(312.0),
            remaining_s: Some(100.4),
        };
        let line = short(NOW, &so_far);
        assert_eq!(line, "point 7  repeat at 297/s  8s  holds?  limit 285 to 312/s  1m 40s left");
        (so_far.seconds, so_far.holds_per_s, so_far.breaks_per_s) = (128, Some(11_285.3), Some(12_312.8));
        so_far.remaining_s = Some(14_325.0);
        let late = Now { number: 142, rate_per_s: 12_297.3, ..NOW };
        for leaning in [Outcome::Holds, Outcome::Breaks, Outcome::Generator, Outcome::Unclear] {
            so_far.leaning = Some(leaning);
            // The time and the mark stand before it.
            let line = short(late, &so_far);
            assert!(line.chars().count() <= WIDEST, "{line}");
            assert!(line.ends_with(" left"), "{line}");
        }
        assert_eq!(short(NOW, &SoFar::default()), "point 7  repeat at 297/s  0s");
    }

    #[test]
    fn a_point_that_is_over_is_one_line_whatever_its_reason_holds() {
        let mut point = fixture::found().points[0].clone();
        assert!(done(&point).starts_with("point 1  climb at 10/s: holds  "), "{}", done(&point));
        point.reason = "a\nb\u{1b}[31m".to_owned();
        assert!(done(&point).ends_with("a\u{FFFD}b\u{FFFD}[31m"), "{}", done(&point));
    }
}
