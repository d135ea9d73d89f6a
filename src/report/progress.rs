//! A run while it is under way: a moving line on a terminal, a plain line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::metrics::Live;
use crate::units::{format_count, format_duration, format_share, format_us};

/// How often a plain line comes.
const PLAIN_EVERY_S: u64 = 10;

/// Shows a run while it is under way, on stderr.
#[derive(Debug)]
pub struct Progress {
    view: View,
    duration: Option<Duration>,
}

#[derive(Debug)]
enum View {
    Nothing,
    Lines { next_s: u64 },
    Bar(ProgressBar),
}

impl Progress {
    /// A view that fits where stderr goes; none at all if `quiet`.
    pub fn new(duration: Option<Duration>, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let view = match (quiet, terminal) {
            (true, _) => View::Nothing,
            (false, false) => View::Lines { next_s: PLAIN_EVERY_S },
            (false, true) => View::Bar(bar(duration)),
        };
        Self { view, duration }
    }

    /// Shows the run so far.
    pub fn update(&mut self, live: &Live) {
        match &mut self.view {
            View::Nothing => {}
            View::Bar(bar) => {
                if self.duration.is_some() {
                    bar.set_position(live.seconds.min(bar.length().unwrap_or(u64::MAX)));
                }
                bar.set_message(sentence(live));
            }
            View::Lines { next_s } if live.seconds >= *next_s => {
                *next_s = live.seconds / PLAIN_EVERY_S * PLAIN_EVERY_S + PLAIN_EVERY_S;
                let of = self.duration.map(|duration| format!(" of {}", format_duration(duration))).unwrap_or_default();
                // A stderr that is gone must not end the run.
                let _ = writeln!(anstream::stderr(), "{:>5}s{of}  {}", live.seconds, sentence(live));
            }
            View::Lines { .. } => {}
        }
    }

    /// Clears the moving line.
    pub fn finish(&mut self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }

    /// Says something above the moving line.
    pub fn say(&self, line: &str) {
        match &self.view {
            View::Bar(bar) => bar.println(line),
            View::Lines { .. } | View::Nothing => drop(writeln!(anstream::stderr(), "{line}")),
        }
    }
}

fn bar(duration: Option<Duration>) -> ProgressBar {
    let (bar, template) = match duration {
        Some(duration) => (ProgressBar::new(duration.as_secs().max(1)), "{elapsed:>4} [{bar:24}] {msg}"),
        None => (ProgressBar::new_spinner(), "{elapsed:>4} {spinner} {msg}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
    // The template is a constant: a wrong one falls back to the library's own look.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// The figures that a person watches.
fn sentence(live: &Live) -> String {
    let error_rate = if live.requests == 0 { 0.0 } else { live.failed as f64 / live.requests as f64 };
    let p95 = if live.requests == 0 { "-".to_owned() } else { format_us(live.response.p95) };
    format!(
        "{} journeys/s  {} requests/s  p95 so far {p95}  errors {} ({})",
        format_count(live.started_per_s),
        format_count(live.requests_per_s),
        format_count(live.failed),
        format_share(error_rate)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_holds_what_a_person_watches() {
        let mut live = Live { requests: 400, failed: 2, started_per_s: 20, requests_per_s: 60, ..Live::default() };
        live.response.p95 = 12_400;
        assert_eq!(sentence(&live), "20 journeys/s  60 requests/s  p95 so far 12.4ms  errors 2 (0.5%)");
        assert!(sentence(&Live::default()).contains("p95 so far -"));
    }
}
