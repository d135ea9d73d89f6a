//! One axis: where a value lies, and which round values are named. Pure arithmetic behind plotters' `Ranged`.

use std::ops::Range;
use std::time::Duration;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::units::{format_count, format_duration, format_rate, format_share, format_us_f64};

/// Times whose highest is more than this many times the lowest are drawn on a log scale.
const WIDE_SPREAD: f64 = 25.0;
/// From here on people count in minutes.
const MINUTE_US: f64 = 60e6;
/// No rate that is drawn is lower, or higher.
const LEAST_RATE: f64 = 1e-3;
const MOST_RATE: f64 = 1e9;
/// What is left free at the ends of a log scale of rates, as a factor.
const ROOM_BESIDE: f64 = 1.12;
/// Steps between seconds that people count in.
const CLOCK_STEPS_S: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 21_600.0,
    43_200.0, 86_400.0,
];

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Microseconds.
    Time,
    /// Seconds from the start.
    Elapsed,
    /// Events.
    Count,
    /// Events per second.
    Rate,
    /// Shares of one.
    Share,
    /// One in how many is above: 1 / (1 − quantile).
    Tail,
    /// Places one above the other, which have names of their own.
    Lane,
}

/// One axis of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    unit: Unit,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    /// Times in microseconds between `lowest` and `highest`: linear from zero, or logarithmic if they are far apart.
    pub(crate) fn times(lowest: f64, highest: f64) -> Self {
        let (lowest, highest) = (lowest.max(1.0), highest.max(1.0));
        let log = highest / lowest > WIDE_SPREAD;
        let (from, to) = match log {
            true => (round_down(lowest), round_up(highest * 1.1)),
            false => (0.0, (highest * 1.08).max(10.0)),
        };
        Self { unit: Unit::Time, log, from, to }
    }

    /// Times in microseconds as equal factors, between round times around `lowest` and `highest`.
    pub(crate) fn factors(lowest: f64, highest: f64) -> Self {
        let lowest = lowest.max(1.0);
        Self { unit: Unit::Time, log: true, from: round_down(lowest), to: round_up(highest.max(lowest * 1.1)) }
    }

    /// So many places, the first at the bottom.
    pub(crate) fn lanes(count: usize) -> Self {
        Self { unit: Unit::Lane, log: false, from: 0.0, to: count.max(1) as f64 }
    }

    /// Seconds from the start, up to `end`.
    pub(crate) fn elapsed(end: f64) -> Self {
        Self { unit: Unit::Elapsed, log: false, from: 0.0, to: end.max(1.0) }
    }

    /// Counts from zero to `highest`.
    pub(crate) fn counts(highest: f64) -> Self {
        Self { unit: Unit::Count, log: false, from: 0.0, to: (highest * 1.08).max(1.0) }
    }

    /// Rates per second between `lowest` and `highest`: linear from zero, or as equal factors if they are far apart.
    pub(crate) fn rates(lowest: f64, highest: f64) -> Self {
        let within = |value: f64| if value.is_finite() { value.clamp(LEAST_RATE, MOST_RATE) } else { MOST_RATE };
        let (lowest, highest) = (within(lowest), within(highest));
        let log = highest / lowest > WIDE_SPREAD;
        let (from, to) = if log { (lowest / ROOM_BESIDE, highest * ROOM_BESIDE) } else { (0.0, highest * 1.08) };
        Self { unit: Unit::Rate, log, from, to }
    }

    /// Rates in equal steps between `from` and `to`.
    pub(crate) fn rates_between(from: f64, to: f64) -> Self {
        let axis = Self::rates(from, to).even_from_zero();
        let to = if to.is_finite() { to.clamp(LEAST_RATE * 2.0, MOST_RATE) } else { MOST_RATE };
        let from = if from.is_finite() { from.clamp(0.0, to * 0.9) } else { 0.0 };
        Self { from, to, ..axis }
    }

    /// The same from zero on, in equal steps.
    pub(crate) fn even_from_zero(self) -> Self {
        Self { log: false, from: 0.0, ..self }
    }

    /// Shares from none to `highest`.
    pub(crate) fn shares(highest: f64) -> Self {
        let highest = if highest.is_finite() { highest.clamp(0.0, 1.0) } else { 1.0 };
        Self { unit: Unit::Share, log: false, from: 0.0, to: (highest * 1.08).max(0.01) }
    }

    /// Quantiles as 1 / (1 − quantile), logarithmic, up to one in `rarest`.
    pub(crate) fn tail(rarest: f64) -> Self {
        Self { unit: Unit::Tail, log: true, from: 1.0, to: rarest.max(10.0) }
    }

    /// Whether equal steps are equal factors.
    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    /// The last second, where the axis counts seconds.
    pub(crate) fn last_second(&self) -> Option<f64> {
        (self.unit == Unit::Elapsed).then_some(self.to)
    }

    /// The lowest value that is shown.
    pub(crate) fn start(&self) -> f64 {
        self.from
    }

    /// The highest value that is shown.
    pub(crate) fn end(&self) -> f64 {
        self.to
    }

    /// At most about `most` round values: where they lie, from 0 to 1, and what they are called.
    pub(crate) fn marks(&self, most: usize) -> impl Iterator<Item = (f64, String)> {
        self.ticks(most).into_iter().map(|tick| (self.share(tick), self.label(tick)))
    }

    /// Where `value` lies, from 0 to 1; what is outside lies at the edge.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let share = match self.log {
            true => (value.max(f64::MIN_POSITIVE) / self.from).ln() / (self.to / self.from).ln(),
            false => (value - self.from) / (self.to - self.from),
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// At most about `most` round values.
    fn ticks(&self, most: usize) -> Vec<f64> {
        let most = most.max(1);
        let even = self.to / most as f64;
        let ticks = match (self.unit, self.log) {
            (Unit::Tail, _) => {
                std::iter::once(2.0).chain((1..12).map(|decade| 10f64.powi(decade))).filter(|u| *u <= self.to).collect()
            }
            (Unit::Rate, true) => round_rates(self.from, self.to, most),
            (Unit::Rate | Unit::Share, false) => {
                let even = (self.to - self.from) / most as f64;
                multiples(round_up(even), self.to).into_iter().filter(|v| *v >= self.from).collect()
            }
            (_, true) => round_times(self.from, self.to, most),
            (Unit::Lane, _) => return multiples(1.0, self.to),
            (Unit::Elapsed, _) => multiples(clock_step(even), self.to),
            (Unit::Count, _) => multiples(round_up(even).max(1.0), self.to),
            (Unit::Time, _) if self.to > MINUTE_US => multiples(clock_step(even / 1e6) * 1e6, self.to),
            (Unit::Time, _) => multiples(round_up(even), self.to),
        };
        // One more than asked for stands at zero.
        let every = ticks.len().saturating_sub(1).div_ceil(most);
        ticks.into_iter().step_by(every.max(1)).collect()
    }

    fn label(&self, value: f64) -> String {
        match self.unit {
            Unit::Time if value == 0.0 => "0".to_owned(),
            Unit::Time if value >= MINUTE_US => format_duration(Duration::from_secs_f64(value / 1e6)),
            Unit::Time => format_us_f64(value),
            Unit::Lane => String::new(),
            Unit::Elapsed => format_duration(Duration::from_secs_f64(value.max(0.0))),
            Unit::Count => format_count(value as u64),
            Unit::Rate if value == 0.0 => "0".to_owned(),
            Unit::Rate => format_rate(value),
            Unit::Share => format_share(value),
            // One in ten above is 90 %; more nines than f64 shows exactly are never drawn.
            Unit::Tail => {
                let nines = value.log10().round() as usize;
                format!("{:.*}%", nines.saturating_sub(2), 100.0 - 100.0 / value)
            }
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.share(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Only named lines are drawn: a finer grid says nothing more.
        match hint.weight().allow_light_points() {
            true => Vec::new(),
            false => self.ticks(hint.bold_points()),
        }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

/// 1, 2, 5, 10, 20, … at or above `value`.
fn round_up(value: f64) -> f64 {
    let decade = decade_of(value);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * decade).find(|round| *round >= value).unwrap_or(value)
}

/// … at or below it.
fn round_down(value: f64) -> f64 {
    let decade = decade_of(value);
    [5.0, 2.0, 1.0].into_iter().map(|digit| digit * decade).find(|round| *round <= value).unwrap_or(decade)
}

fn decade_of(value: f64) -> f64 {
    10f64.powf(value.max(1e-9).log10().floor())
}

/// Round times between the two: powers of ten up to seconds, then what clocks show; with 2 and 5 if there is room.
fn round_times(from: f64, to: f64, most: usize) -> Vec<f64> {
    let between = |digits: &[f64], clock: &[f64]| {
        let decades = (0..8).flat_map(|decade| digits.iter().map(move |digit| digit * 10f64.powi(decade)));
        let times = decades.filter(|us| *us < MINUTE_US).chain(clock.iter().map(|minutes| minutes * MINUTE_US));
        times.filter(|us| (from..=to).contains(us)).collect::<Vec<_>>()
    };
    let fine = between(&[1.0, 2.0, 5.0], &[1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0, 1440.0]);
    if fine.len() <= most { fine } else { between(&[1.0], &[1.0, 10.0, 60.0, 600.0]) }
}

/// Round rates between the two: powers of ten, with 2 and 5 or with 3 if there is room.
fn round_rates(from: f64, to: f64, most: usize) -> Vec<f64> {
    let between = |digits: &[f64]| {
        let decades = (-3..10).flat_map(|decade| digits.iter().map(move |digit| digit * 10f64.powi(decade)));
        decades.filter(|rate| (from..=to).contains(rate)).collect::<Vec<_>>()
    };
    let finer = [between(&[1.0, 2.0, 5.0]), between(&[1.0, 3.0])];
    finer.into_iter().find(|rates| rates.len() <= most).unwrap_or_else(|| between(&[1.0]))
}

fn clock_step(wanted_s: f64) -> f64 {
    CLOCK_STEPS_S.into_iter().find(|step| *step >= wanted_s).unwrap_or_else(|| round_up(wanted_s))
}

fn multiples(step: f64, to: f64) -> Vec<f64> {
    (0..100).map(|k| f64::from(k) * step).take_while(|value| *value <= to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|tick| axis.label(tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_have_units() {
        assert_eq!(labels(&Axis::times(9e3, 40e3), 5), ["0", "10ms", "20ms", "30ms", "40ms"]);
        assert_eq!(labels(&Axis::times(800.0, 5e6), 8), ["1ms", "10ms", "100ms", "1s", "10s"]);
        assert_eq!(labels(&Axis::times(2e7, 2e8), 4), ["0", "1m", "2m", "3m"]);
        assert_eq!(labels(&Axis::times(8e6, 4e9), 6), ["10s", "1m", "10m", "1h"]);
        assert_eq!(labels(&Axis::elapsed(120.0), 4), ["0s", "30s", "1m", "1m 30s", "2m"]);
        assert_eq!(labels(&Axis::counts(3.0), 5), ["0", "1", "2", "3"]);
        assert_eq!(labels(&Axis::rates(10.0, 640.0), 9), ["10/s", "20/s", "50/s", "100/s", "200/s", "500/s"]);
        assert_eq!(labels(&Axis::rates(10.0, 640.0), 5), ["10/s", "30/s", "100/s", "300/s"]);
        assert_eq!(labels(&Axis::rates(280.0, 310.0), 4), ["0", "100/s", "200/s", "300/s"]);
        assert_eq!(labels(&Axis::rates_between(250.0, 350.0), 5), ["260/s", "280/s", "300/s", "320/s", "340/s"]);
        assert_eq!(labels(&Axis::shares(0.025), 3), ["0%", "1%", "2%"]);
        assert_eq!(labels(&Axis::tail(20_000.0), 8), ["50%", "90%", "99%", "99.9%", "99.99%"]);
    }

    #[test]
    fn every_axis_has_room_and_a_tick_whatever_the_values() {
        for axis in [
            Axis::times(0.0, 0.0),
            Axis::times(0.0, 9e9),
            Axis::times(3.6e9, 3.6e9),
            Axis::factors(0.0, 0.0),
            Axis::factors(5.9e3, 5.95e3),
            Axis::factors(1.0, 1e13),
            Axis::lanes(0),
            Axis::lanes(6),
            Axis::elapsed(0.0),
            Axis::elapsed(1e7),
            Axis::counts(0.0),
            Axis::counts(1e12),
            Axis::rates(0.0, 0.0),
            Axis::rates(-1.0, 1e300),
            Axis::rates(f64::NAN, 12.0),
            Axis::rates(300.0, 310.0),
            Axis::rates_between(300.0, 300.0),
            Axis::rates_between(f64::NAN, 0.0),
            Axis::shares(0.0),
            Axis::shares(1e300),
            Axis::tail(0.0),
            Axis::tail(1e9),
        ] {
            assert!(axis.to > axis.from, "{axis:?}");
            assert!((1..=9).contains(&axis.ticks(8).len()), "{axis:?} {:?}", axis.ticks(8));
            assert!((0..=1000).contains(&axis.map(&f64::NAN, (0, 1000))), "{axis:?}");
        }
    }

    #[test]
    fn values_outside_lie_at_the_edge() {
        let axis = Axis::times(1e3, 1e6);
        assert_eq!((axis.map(&0.0, (100, 0)), axis.map(&1e12, (100, 0))), (100, 0));
    }
}
