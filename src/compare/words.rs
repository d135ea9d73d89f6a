//! Comparisons in words: ratios, intervals, and how long a run would have to be to tell.

use std::time::Duration;

use super::judge::TAIL;
use super::measure::{Measured, Sides};
use super::rules::Rule;
use super::{MachineFacts, Row, Unit};
use crate::gate::Metric;
use crate::units::{format_duration, format_rate, format_share, format_us_f64};

/// Beyond so many times the load it is not worth saying how long.
const MOST_TIMES: f64 = 30.0;

/// A figure with its unit.
pub fn figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Us => format_us_f64(value),
        Unit::Share => format_share(value),
        Unit::PerS => format_rate(value),
    }
}

/// `1.08x`
pub fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}x") } else { format!("{ratio:.0}x") }
}

/// A difference of two shares, in percentage points.
pub(super) fn points(share: f64) -> String {
    format!("{:.2} points", share * 100.0)
}

/// `0.97x to 1.04x`, or `-0.1 to +0.4 points`.
pub(super) fn interval(unit: Unit, low: f64, high: f64) -> String {
    match unit {
        Unit::Us | Unit::PerS => format!("{} to {}", times(low), times(high)),
        Unit::Share => format!("{:+.2} to {:+.2} points", low * 100.0, high * 100.0),
    }
}

/// `1.34x: 212ms to 284ms`
pub(super) fn observed(row: &Row) -> Option<String> {
    let (base, new) = row.base.zip(row.new)?;
    let both = format!("{} to {}", figure(row.unit, base), figure(row.unit, new));
    Some(match row.ratio {
        Some(ratio) => format!("{}: {both}", times(ratio)),
        None => both,
    })
}

/// What keeps a rule open, and what would decide it.
pub(super) fn undecided(sides: &Sides<'_>, rule: &Rule, measured: &Measured, level: f64) -> String {
    let is_share = matches!(rule.gate.metric, Metric::ErrorRate(_));
    let unit = if is_share { Unit::Share } else { Unit::Us };
    let scale = |value: f64| if is_share { value } else { value.exp() };
    let spread = measured.change.as_ref().map(|change| {
        let (low, high) = (scale(change.low(TAIL)), scale(change.high(TAIL)));
        format!("the change is anywhere from {}", interval(unit, low, high))
    });
    let bound = format!("{}x", rule.gate.bound_value());
    let open = match is_share {
        true => format!("; more than {bound} and {} is neither shown nor ruled out", points(sides.least_rise)),
        false => format!(", so {bound} is neither kept nor broken for certain"),
    };
    format!("{}{open}; {}", spread.unwrap_or_default(), way_out(sides, measured, level))
}

/// About how much more load would tell, if the figures stayed as they are.
fn way_out(sides: &Sides<'_>, measured: &Measured, level: f64) -> String {
    let Some(excess) = &measured.excess else { return String::new() };
    let reach = excess.reach(if excess.point > 0.0 { level } else { TAIL });
    let factor = (reach / excess.point.abs().max(1e-12)).powi(2).max(1.5);
    if factor > MOST_TIMES || !factor.is_finite() {
        return "it is so close to the bound that no run of usual length tells".to_owned();
    }
    let windows = sides.base.runs().iter().chain(sides.new).map(|run| run.window_s);
    let window_s = windows.fold(f64::INFINITY, f64::min);
    let runs = sides.base.runs().len().max(sides.new.len()).max(1);
    let more_runs = (factor * runs as f64).ceil().max(runs as f64 + 1.0);
    if !window_s.is_finite() || window_s <= 0.0 {
        return format!("about {more_runs} runs on each side would tell");
    }
    let grain_s = if factor * window_s < 120.0 { 10.0 } else { 60.0 };
    let long = Duration::try_from_secs_f64((factor * window_s / grain_s).ceil() * grain_s).unwrap_or(Duration::MAX);
    format!("runs of about {}, or {more_runs} of these on each side, would tell", format_duration(long))
}

impl MachineFacts {
    /// In a few words.
    pub(crate) fn told(&self) -> String {
        let cores = self.cores.map_or(String::new(), |cores| format!("{cores} cores of "));
        let cpu = self.cpu.as_deref().unwrap_or("an unknown processor");
        let rest: Vec<&str> = [&self.architecture, &self.system]
            .into_iter()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        match rest.is_empty() {
            true => format!("{cores}{cpu}"),
            false => format!("{cores}{cpu} ({})", rest.join(", ")),
        }
    }
}
